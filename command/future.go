package command

import (
	"context"
	"sync"
)

// Future is the result of an execution that was started by ToFuture. Its
// methods may be called concurrently, and any number of times.
type Future[Out any] struct {
	cancel func()
	done   chan struct{} // closed after out and err are set
	out    Out
	err    error
	// stop ends the watching of the caller's context; guarded by mu, since the
	// result may come before ToFuture has it.
	mu   sync.Mutex
	stop func() bool
	over bool
}

// Get waits for the result and returns it, which is what Execute would have. If
// ctx ends first Get returns context.Cause(ctx); the execution goes on.
func (f *Future[Out]) Get(ctx context.Context) (Out, error) {
	select {
	case <-f.done:
		return f.out, f.err
	default:
	}
	select {
	case <-f.done:
		return f.out, f.err
	case <-ctx.Done():
		var zero Out
		return zero, context.Cause(ctx)
	}
}

// Done returns a channel that is closed when the result is there.
func (f *Future[Out]) Done() <-chan struct{} { return f.done }

// Cancel ends the execution if it is still on: the body's context ends, Get
// gives context.Canceled, and nothing counts against the breaker. It does not wait
// for the body, and reports whether it came before the result.
func (f *Future[Out]) Cancel() bool {
	select {
	case <-f.done:
		return false
	default:
	}
	f.cancel()
	return true
}

// set publishes the result.
func (f *Future[Out]) set(out Out, err error) {
	f.out, f.err = out, err
	close(f.done)
	f.mu.Lock()
	f.over = true
	stop := f.stop
	f.mu.Unlock()
	if stop != nil {
		stop()
	}
}

// watch cancels the execution when ctx ends.
func (f *Future[Out]) watch(ctx context.Context) {
	if ctx.Done() == nil {
		return
	}
	stop := context.AfterFunc(ctx, f.cancel)
	f.mu.Lock()
	f.stop = stop
	over := f.over
	f.mu.Unlock()
	if over {
		stop()
	}
}

// toFuture is ToFuture for a command or a Call, whose record x is.
func (c *Command[In, Out]) toFuture(ctx context.Context, in In, x *execution) *Future[Out] {
	set := c.core.settings.Load()
	f := &Future[Out]{done: make(chan struct{})}
	switch _, way, err := c.way(ctx, in, set); {
	case err != nil:
		f.cancel = func() {}
		var zero Out
		f.set(zero, err)
		return f
	case way == shared || way == streamed:
		c.shareFuture(ctx, in, x, f)
		return f
	}
	d := c.detach(ctx, in, x)
	d.future = f
	f.cancel = func() { d.leaveBy(byCaller) }
	if !d.begin(ctx, c.core.use(), set, c.hooked(ctx, in)) {
		var zero Out
		f.set(zero, d.failure(nil))
		return f
	}
	if !d.enter(ctx) || !d.launch(set.Isolation) {
		d.claim(byRefusal)                // there is nothing to cancel
		go func() { f.set(d.result()) }() // ends with the fallback
		return f
	}
	f.watch(ctx)
	return f
}
