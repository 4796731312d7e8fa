package observable

import (
	"context"
	"errors"
	"sync/atomic"
)

// watch subscribes obs to src and ends the subscription when ctx ends (rule
// C20). It is used at the outermost subscription only.
func watch[T any](ctx context.Context, src Source[T], obs Observer[T]) {
	if ctx.Err() != nil {
		Error[T](context.Cause(ctx)).src.Subscribe(ctx, obs)
		return
	}
	w := &watcher[T]{ctx: ctx, down: obs}
	w.wip.Store(1)
	w.stop = context.AfterFunc(ctx, w.cancelled)
	src.Subscribe(ctx, w)
}

// watcher lets the end of the context in between the signals of a stream. The
// two may meet: whoever leaves last tells the end (a half serializer; rule C2).
type watcher[T any] struct {
	up   link
	ctx  context.Context
	down Observer[T]
	stop func() bool // stops the watching
	gone atomic.Bool // the observer disposed: it is told nothing more (rule C7)
	// wip counts who is inside: a signal being delivered, and the end of the
	// context once it came. It starts at one, for OnSubscribe, which comes first
	// (rule C1), and stays above zero after any end, which keeps everything out
	// (rule C3).
	wip atomic.Int32
}

func (w *watcher[T]) OnSubscribe(d Disposable) {
	w.up.set(d)
	w.down.OnSubscribe(w)
	w.leave()
}

func (w *watcher[T]) OnNext(v T) {
	if w.wip.CompareAndSwap(0, 1) {
		w.down.OnNext(v)
		w.leave()
	}
}

func (w *watcher[T]) OnError(err error) {
	if w.wip.CompareAndSwap(0, 1) {
		w.stop()
		if end := w.ctx.Err(); end != nil && errors.Is(err, end) {
			err = context.Cause(w.ctx) // somebody above was faster to notice
		}
		w.down.OnError(err)
		return
	}
	reportLate(w.ctx, err)
}

func (w *watcher[T]) OnComplete() {
	if w.wip.CompareAndSwap(0, 1) {
		w.stop()
		w.down.OnComplete()
	}
}

// Dispose is called by the observer: it stops the stream and the watching.
func (w *watcher[T]) Dispose() {
	w.gone.Store(true)
	w.up.Dispose()
	w.stop()
}

// Disposed reports whether the observer disposed.
func (w *watcher[T]) Disposed() bool { return w.gone.Load() }

// Blame implements [Stage]: a watcher runs no user function.
func (w *watcher[T]) Blame() (bool, Disposable, any) { return false, w, w.down }

func (w *watcher[T]) leave() {
	if w.wip.Add(-1) != 0 {
		w.tellEnd()
	}
}

// cancelled is called when the context ends.
func (w *watcher[T]) cancelled() {
	w.up.Dispose()
	if w.wip.Add(1) == 1 {
		w.tellEnd()
	}
}

func (w *watcher[T]) tellEnd() {
	if !w.Disposed() {
		End(w.ctx, w, w.down, context.Cause(w.ctx))
	}
}

// Hold is something that user code occupies while it runs, such as the permit
// of a bulkhead, which must not be free again before the code has returned. It
// travels in the subscription's context; sources that run user code retain it
// for as long as the code runs.
type Hold interface {
	// Retain takes one more reference and reports whether the hold still stood;
	// if not, the code must not run.
	Retain() bool
	// Release drops a reference that Retain took.
	Release()
}

type holdKey struct{}

// WithHold returns a context whose subscriptions retain h while they run user
// code, besides the hold that ctx may have.
func WithHold(ctx context.Context, h Hold) context.Context {
	if outer := HoldFrom(ctx); outer != nil {
		h = holds{outer, h}
	}
	return context.WithValue(ctx, holdKey{}, h)
}

// WithoutHold returns a context without the hold that ctx may have: for a
// connection that several subscriptions share, which must not depend on what the
// first of them occupies.
func WithoutHold(ctx context.Context) context.Context {
	if HoldFrom(ctx) == nil {
		return ctx
	}
	return context.WithValue(ctx, holdKey{}, nil)
}

// holds is two holds that are retained together or not at all.
type holds struct{ outer, inner Hold }

func (h holds) Retain() bool {
	if !h.outer.Retain() {
		return false
	}
	if !h.inner.Retain() {
		h.outer.Release()
		return false
	}
	return true
}

func (h holds) Release() {
	h.inner.Release()
	h.outer.Release()
}

// HoldFrom returns the hold of ctx, or nil. It is for authors of sources that
// run user code.
func HoldFrom(ctx context.Context) Hold {
	h, _ := ctx.Value(holdKey{}).(Hold)
	return h
}
