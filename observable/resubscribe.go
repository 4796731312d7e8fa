package observable

import (
	"context"
	"sync/atomic"
)

// resubscriber subscribes obs to a source again and again, in a loop when the
// source is synchronous (rule C16). It is embedded in obs.
type resubscriber[T any] struct {
	slot
	ctx  context.Context
	up   Source[T]
	down Observer[T]
	obs  Observer[T]
	// wanted counts the subscriptions asked for; whoever raises it from zero
	// makes them.
	wanted atomic.Int32
}

func (r *resubscriber[T]) OnSubscribe(d Disposable) { r.set(d) }
func (r *resubscriber[T]) OnNext(v T)               { r.down.OnNext(v) }
func (r *resubscriber[T]) OnError(err error)        { r.down.OnError(err) }
func (r *resubscriber[T]) OnComplete()              { r.down.OnComplete() }

// Blame implements [Stage]: the functions that decide have boundaries of their
// own.
func (r *resubscriber[T]) Blame() (bool, Disposable, any) { return false, r, r.down }

func (r *resubscriber[T]) again() {
	if r.wanted.Add(1) != 1 {
		return
	}
	going := true
	defer r.gone(&going)
	for !r.Disposed() {
		if r.ctx.Err() != nil {
			going = false
			End(r.ctx, r, r.down, context.Cause(r.ctx)) // nobody may be watching (rule C20)
			return
		}
		subscribe(r.ctx, r.up, r.obs)
		if r.wanted.Add(-1) == 0 {
			break
		}
	}
	going = false
}

// gone ends the stream if the goroutine ends, by a Goexit, that was asked for
// the next subscription.
func (r *resubscriber[T]) gone(going *bool) {
	if *going && r.wanted.Load() > 1 && !r.Disposed() {
		End(r.ctx, r, r.down, ErrGoexit)
	}
}
