package command

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
)

// Future is the result of an execution that was started by ToFuture. Its
// methods may be called concurrently, and any number of times.
type Future[Out any] struct {
	execution interface{ cancel() bool } // what Cancel ends

	out   Out // written before over is set
	err   error
	over  atomic.Bool
	waits bool           // guarded by mu; somebody waits by group, which has one until over
	group sync.WaitGroup // for those who wait without a channel

	mu   sync.Mutex
	done chan struct{}    // guarded by mu; made by the first who needs it, closed when over
	stop func() bool      // guarded by mu; ends the watching of the caller's context
	tell func(Out, error) // guarded by mu; what OnDone was given, called once over and then dropped
}

// Get waits for the result and returns it, which is what Execute would have. If
// ctx ends first Get returns context.Cause(ctx); the execution goes on.
func (f *Future[Out]) Get(ctx context.Context) (Out, error) {
	switch {
	case f.over.Load():
	case ctx.Done() == nil:
		f.wait()
	default:
		select {
		case <-f.Done():
		case <-ctx.Done():
			if !f.over.Load() {
				var zero Out
				return zero, context.Cause(ctx)
			}
		}
	}
	return f.out, f.err
}

// wait waits for the result, without a channel. The group belongs to the bubble of
// testing/synctest that the first to wait is in, as a channel would.
func (f *Future[Out]) wait() {
	f.mu.Lock()
	if f.over.Load() {
		f.mu.Unlock()
		return
	}
	if !f.waits {
		f.waits = true
		f.group.Add(1)
	}
	f.mu.Unlock()
	f.group.Wait()
}

// Done returns a channel that is closed when the result is there.
func (f *Future[Out]) Done() <-chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.done == nil {
		f.done = make(chan struct{})
		if f.over.Load() {
			close(f.done)
		}
	}
	return f.done
}

// Cancel ends the execution if it is still on: Get gives context.Canceled, and
// nothing counts against the breaker. The body's context ends too, unless others
// share the execution. It does not wait for the body. It reports false when it
// came too late: the body has returned, and there is a result or a fallback is
// about to give one.
func (f *Future[Out]) Cancel() bool { return !f.over.Load() && f.execution.cancel() }

// set is settle for who knows that there is no result yet.
func (f *Future[Out]) set(out Out, err error) {
	if !f.settle(out, err) {
		panic("command: a future was told two results")
	}
}

// settle publishes the result, unless there is one, and reports whether it did.
func (f *Future[Out]) settle(out Out, err error) bool {
	f.mu.Lock()
	if f.over.Load() {
		f.mu.Unlock()
		return false
	}
	f.out, f.err = out, err
	f.over.Store(true) // under mu, so that Done closes the channel or we do
	done, stop, tell, waits := f.done, f.stop, f.tell, f.waits
	f.tell = nil
	f.mu.Unlock()
	if done != nil {
		close(done)
	}
	if waits {
		f.group.Done()
	}
	if stop != nil {
		stop()
	}
	if tell != nil { // last: it is the user's, and may not return
		f.toldTo(tell)
	}
	return true
}

// OnDone has tell called with the result, once: by the goroutine that ends the
// execution, which may be that of the body, so that nobody need wait for it, or
// at once if the result is there already. The places in pool and semaphores are free
// by then. A second OnDone adds to the first. A panic of tell is logged.
func (f *Future[Out]) OnDone(tell func(out Out, err error)) {
	f.mu.Lock()
	if f.over.Load() {
		f.mu.Unlock()
		f.toldTo(tell)
		return
	}
	if first, second := f.tell, tell; first != nil {
		tell = func(out Out, err error) {
			defer f.toldTo(second)
			f.toldTo(first)
		}
	}
	f.tell = tell
	f.mu.Unlock()
}

// toldTo calls what OnDone was given.
func (f *Future[Out]) toldTo(tell func(Out, error)) {
	defer func() {
		if r := recover(); r != nil {
			slog.Default().Error("command: Future.OnDone's function panicked", "panic", r)
		}
	}()
	tell(f.out, f.err)
}

// watch cancels the execution when ctx ends.
func (f *Future[Out]) watch(ctx context.Context) {
	if ctx.Done() == nil {
		return
	}
	stop := context.AfterFunc(ctx, func() { f.execution.cancel() })
	f.mu.Lock()
	f.stop = stop
	f.mu.Unlock()
	if f.over.Load() { // set may have come before it could see stop
		stop()
	}
}

// nothing is an execution that there is nothing of to cancel.
type nothing struct{}

func (nothing) cancel() bool { return false }

// failedFuture is the future of an execution that was not begun.
func failedFuture[Out any](err error) *Future[Out] {
	f := new(Future[Out])
	f.execution = nothing{}
	var zero Out
	f.set(zero, err)
	return f
}

// toFuture is ToFuture for a command or a Call, whose record x is.
func (c *Command[In, Out]) toFuture(ctx context.Context, in In, x *execution) *Future[Out] {
	r := c.route(ctx, in)
	if r.err != nil {
		return failedFuture[Out](r.err)
	}
	if r.way == shared || r.way == streamed {
		f := new(Future[Out])
		o := &resultObserver[Out]{ctx: ctx, to: f}
		f.execution = o
		c.begin(ctx, in, r, x, true, o)
		f.watch(ctx)
		return f
	}
	both := new(struct { // one allocation: either keeps the other alive anyway
		run    detached[In, Out]
		future Future[Out]
	})
	d, f := &both.run, &both.future
	d.init(ctx, c, in, x)
	d.future, f.execution = f, d
	if !d.x.begin(ctx, c.core.use(), r.set, c.hooked(ctx, in)) {
		return failedFuture[Out](d.x.failure(nil))
	}
	if !d.start(r.set.Isolation) {
		d.claim(byRefusal) // there is nothing to cancel
		go d.deliver()     // ends with the fallback
		return f
	}
	f.watch(ctx)
	return f
}
