package command

import (
	"context"
	"sync/atomic"

	"github.com/quillgo/quill/observable"
)

// fallbackOf is what a chain goes on with after its body gave no result: the
// fallback, or the error that the caller gets. x is settled. Whether a fallback
// may run is asked when it is subscribed to, so that a permit is never taken for
// one that is not.
func (c *Command[In, Out]) fallbackOf(in In, x *execution) observable.Observable[Out] {
	return observable.NewUnsafe[Out](&fallbackSource[In, Out]{c, in, x})
}

type fallbackSource[In, Out any] struct {
	cmd *Command[In, Out]
	in  In
	x   *execution
}

func (s *fallbackSource[In, Out]) Subscribe(ctx context.Context, o observable.Observer[Out]) {
	c := s.cmd
	if err := s.x.mayFallBack(ctx, c.fallback != nil || c.fallbackStream != nil); err != nil {
		fail(ctx, err, o)
		return
	}
	f := &fallbackObserver[In, Out]{fallbackSource: s, ctx: ctx, down: o, active: true}
	defer observable.Catch(ctx, &f.active, f, o)
	o.OnSubscribe(f)
	switch {
	case f.Disposed():
		f.giveBack()
	case c.fallbackStream != nil:
		f.subscribe()
	default:
		f.run()
	}
	f.active = false
}

// fallbackObserver is one run of a fallback, which holds a permit of the
// fallback semaphore: it observes a streaming one, and is the Disposable of
// either kind.
type fallbackObserver[In, Out any] struct {
	*fallbackSource[In, Out]
	ctx  context.Context
	down observable.Observer[Out]
	up   handle      // a stream's
	gone atomic.Bool // disposed
	back atomic.Bool // the permit has been given back
	// active is false once a panic or Goexit that unwinds Subscribe has been told;
	// the goroutine's own.
	active bool
}

// giveBack gives the permit back, once.
func (f *fallbackObserver[In, Out]) giveBack() {
	if !f.back.Swap(true) {
		f.x.fallbacks.Release()
	}
}

// run calls Spec.Fallback. Its permit follows it, whoever waits, as a body's does
// (rule 2 of docs/intentional.md).
func (f *fallbackObserver[In, Out]) run() {
	f.x.inflight.Add(1) // one that is left behind is still something to wait for
	defer f.x.checkOut()
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
		f.giveBack()
		f.returned(out, err)
		f.active = returned // a Goexit goes on unwinding
	}()
	if err = f.x.hooked.start(hookFallbackStart); err == nil {
		out, err = f.cmd.fallback(f.ctx, f.in, f.x.cause)
	}
	returned = true
}

func (f *fallbackObserver[In, Out]) returned(out Out, err error) {
	switch {
	case f.Disposed():
		f.cmd.tooLate(out, err, nil)
	case err != nil:
		f.fail(err)
	default:
		f.down.OnNext(emit(f.x.hooked, out, hookFallbackEmit))
		f.x.hooked.tell(hookFallbackSuccess)
		f.down.OnComplete()
	}
}

// subscribe calls Spec.FallbackStream and subscribes to what it returns.
func (f *fallbackObserver[In, Out]) subscribe() {
	var stream observable.Observable[Out]
	var err error
	returned := false
	f.x.inflight.Add(1) // one that is left behind is still something to wait for
	func() {
		defer func() {
			f.x.checkOut()
			if returned {
				return
			}
			err = observable.ErrGoexit
			if r := recover(); r != nil {
				err = observable.NewPanicError(r)
				return
			}
			f.OnError(err)
			f.active = false // the Goexit goes on unwinding
		}()
		if err = f.x.hooked.start(hookFallbackStart); err == nil {
			stream = f.cmd.fallbackStream(f.ctx, f.in, f.x.cause)
		}
		returned = true
	}()
	if err != nil {
		f.OnError(err)
		return
	}
	stream.Source().Subscribe(f.ctx, f)
}

func (f *fallbackObserver[In, Out]) OnSubscribe(d observable.Disposable) { f.up.set(d) }

func (f *fallbackObserver[In, Out]) OnNext(v Out) {
	f.down.OnNext(emit(f.x.hooked, v, hookFallbackEmit))
}

func (f *fallbackObserver[In, Out]) OnError(err error) {
	f.giveBack()
	f.fail(err)
}

func (f *fallbackObserver[In, Out]) OnComplete() {
	f.giveBack()
	f.x.hooked.tell(hookFallbackSuccess)
	f.down.OnComplete()
}

func (f *fallbackObserver[In, Out]) fail(err error) {
	f.x.now = f.x.registry.clock.Now()
	f.down.OnError(f.x.fallbackFailed(err))
}

// Dispose stops a streaming fallback, whose permit goes back at once; a
// function goes on until it returns.
func (f *fallbackObserver[In, Out]) Dispose() {
	if f.gone.Swap(true) {
		return
	}
	f.up.Dispose()
	if f.cmd.fallbackStream != nil {
		f.giveBack()
	}
}

func (f *fallbackObserver[In, Out]) Disposed() bool { return f.gone.Load() }

// Blame implements observable.Stage: the user's functions have boundaries of
// their own.
func (f *fallbackObserver[In, Out]) Blame() (bool, observable.Disposable, any) {
	return false, f, f.down
}
