package command

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/quillgo/quill/internal/lazyctx"
	"github.com/quillgo/quill/observable"
)

// body is the innermost stream: the user's function or stream, with the hooks
// around it.
func (c *Command[In, Out]) body(in In, x *execution) observable.Observable[Out] {
	return observable.NewUnsafe[Out](&bodySource[In, Out]{c, in, x})
}

// bodySource subscribes to one run of the body.
type bodySource[In, Out any] struct {
	cmd *Command[In, Out]
	in  In
	x   *execution
}

func (s *bodySource[In, Out]) Subscribe(ctx context.Context, o observable.Observer[Out]) {
	b := &bodyObserver[In, Out]{bodySource: s, ctx: ctx, down: o, active: true}
	if s.cmd.stream != nil {
		b.body.Init(ctx) // the timeout bounds the first item only
	} else {
		// The hold is the function's: what it may keep its context for is not held.
		s.x.arm(observable.WithoutHold(ctx), &b.body)
	}
	defer observable.Catch(ctx, &b.active, b, o)
	o.OnSubscribe(b)
	hold := observable.HoldFrom(ctx)
	if b.Disposed() || hold != nil && !hold.Retain() {
		b.active = false // nobody waits: the hold is the execution's own
		return
	}
	if s.x.set.Isolation == Pool {
		b.where = inPool
	}
	if s.cmd.stream != nil {
		b.subscribe(hold)
	} else {
		b.run(hold)
	}
	b.active = false
}

// bodyObserver is one run of the body: it observes a streaming body, and is the
// Disposable of either kind.
type bodyObserver[In, Out any] struct {
	*bodySource[In, Out]
	ctx   context.Context
	down  observable.Observer[Out]
	where uint64 // inPool or 0
	body  lazyctx.Ctx
	up    handle // a stream's
	// state is bodyOn until the body ended or its result lost its meaning, then
	// bodyOver or bodyLeft; a body that is over may be left too.
	state atomic.Uint32
	begun atomic.Bool // hooks were told that the body starts in the pool
	// active is false once a panic or Goexit that unwinds Subscribe has been told;
	// the goroutine's own.
	active bool
}

const (
	bodyOn uint32 = iota
	bodyOver
	bodyLeft
)

// start calls the hooks that come before the body; what they return fails it.
func (b *bodyObserver[In, Out]) start() (err error) {
	b.x.bodyStarts(b.where)
	if b.where == inPool {
		b.begun.Store(true)
		err = b.x.hooked.start(hookThreadStart)
	}
	if err == nil {
		err = b.x.hooked.start(hookExecutionStart)
	}
	return err
}

// threadComplete tells the hooks once that the pool's goroutine is of no more
// interest.
func (b *bodyObserver[In, Out]) threadComplete() {
	if b.begun.Swap(false) {
		b.x.hooked.tell(hookThreadComplete)
	}
}

// run calls Spec.Run. Whichever way it ends, ended tells it.
func (b *bodyObserver[In, Out]) run(hold observable.Hold) {
	b.x.inflight.Add(1) // a body that is left behind is still something to wait for
	defer b.x.checkOut()
	var out Out
	var err error
	returned := false
	defer func() {
		if !returned {
			err = observable.ErrGoexit
			if r := recover(); r != nil {
				err = observable.NewPanicError(r)
			}
		}
		if hold != nil {
			hold.Release()
		}
		b.ended(out, err)
		b.active = returned // a Goexit goes on unwinding
	}()
	if err = b.start(); err == nil {
		out, err = b.cmd.run(&b.body, b.in)
	}
	returned = true
}

// ended passes the result of Spec.Run on, or to whoever takes late ones.
func (b *bodyObserver[In, Out]) ended(out Out, err error) {
	// A body that comes back after its time has timed out, though the timer may
	// be a little late to say so.
	late := b.x.timedOut(b.x.registry.clock.Now())
	if late && err != observable.ErrGoexit || !b.state.CompareAndSwap(bodyOn, bodyOver) {
		b.cmd.tooLate(out, err, b.x.hooked)
		return
	}
	if late {
		// A Goexit goes on through the operators below, which are told before: they
		// would take it for the end that the timer is about to tell.
		b.cmd.tooLate(out, err, b.x.hooked)
		b.threadComplete()
		b.down.OnError(&observable.TimeoutError{After: b.x.set.Timeout})
		return
	}
	b.body.Cancel()
	if err != nil {
		b.fail(err)
		return
	}
	b.down.OnNext(emit(b.x.hooked, out, hookExecutionEmit))
	if !b.x.received.Load() { // the timeout came in between
		b.cmd.tooLate(out, nil, b.x.hooked)
		return
	}
	b.complete()
}

// subscribe calls Spec.Stream and subscribes to what it returns.
func (b *bodyObserver[In, Out]) subscribe(hold observable.Hold) {
	var stream observable.Observable[Out]
	var err error
	returned := false
	b.x.inflight.Add(1) // one that is left behind is still something to wait for
	func() {
		defer func() {
			b.x.checkOut()
			if hold != nil {
				hold.Release()
			}
			if returned {
				return
			}
			if r := recover(); r != nil {
				err = observable.NewPanicError(r)
				return
			}
			b.OnError(observable.ErrGoexit)
			b.active = false // the Goexit goes on unwinding
		}()
		if err = b.start(); err == nil {
			stream = b.cmd.stream(&b.body, b.in)
		}
		returned = true
	}()
	if err != nil {
		b.OnError(err)
		return
	}
	stream.Source().Subscribe(&b.body, b)
}

func (b *bodyObserver[In, Out]) OnSubscribe(d observable.Disposable) { b.up.set(d) }

func (b *bodyObserver[In, Out]) OnNext(v Out) {
	b.down.OnNext(emit(b.x.hooked, v, hookExecutionEmit))
}

func (b *bodyObserver[In, Out]) OnError(err error) {
	if b.state.CompareAndSwap(bodyOn, bodyOver) {
		b.body.Cancel()
		b.fail(err)
	}
}

func (b *bodyObserver[In, Out]) OnComplete() {
	if b.state.CompareAndSwap(bodyOn, bodyOver) {
		b.body.Cancel()
		b.complete()
	}
}

func (b *bodyObserver[In, Out]) fail(err error) {
	if b.ctx.Err() != nil { // the caller has left: what the body says of that is no failure
		b.cmd.tooLate(*new(Out), err, b.x.hooked)
		b.threadComplete()
		kind, cause := callerEnd(b.ctx)
		b.down.OnError(&ended{kind, cause})
		return
	}
	err = b.x.hooked.fail(err, hookExecutionError)
	b.threadComplete()
	kind, err := bodyFailure(err)
	b.down.OnError(&ended{kind, err})
}

func (b *bodyObserver[In, Out]) complete() {
	b.x.hooked.tell(hookExecutionSuccess)
	b.threadComplete()
	b.down.OnComplete()
}

// Dispose ends the body's context. Nobody waits for its result any more.
func (b *bodyObserver[In, Out]) Dispose() {
	if !b.state.CompareAndSwap(bodyOn, bodyLeft) {
		return
	}
	b.up.Dispose()
	_ = b.body.Err() // finds out whether it was the deadline
	b.body.Cancel()
	b.threadComplete()
}

func (b *bodyObserver[In, Out]) Disposed() bool { return b.state.Load() == bodyLeft }

// Blame implements observable.Stage: the user's functions have boundaries of
// their own.
func (b *bodyObserver[In, Out]) Blame() (bool, observable.Disposable, any) { return false, b, b.down }

// handle is the way to an upstream that may be disposed before it is known.
type handle struct {
	mu   sync.Mutex
	d    observable.Disposable // guarded by mu
	gone bool                  // guarded by mu
}

func (h *handle) set(d observable.Disposable) {
	h.mu.Lock()
	h.d = d
	gone := h.gone
	h.mu.Unlock()
	if gone {
		d.Dispose()
	}
}

func (h *handle) Dispose() {
	h.mu.Lock()
	h.gone = true
	d := h.d
	h.mu.Unlock()
	if d != nil {
		d.Dispose()
	}
}
