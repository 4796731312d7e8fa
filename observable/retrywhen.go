package observable

import (
	"context"
	"sync/atomic"
)

// RetryWhen lets a stream decide when to subscribe again to a source that
// failed. handle is called once for each subscription, with the stream of the
// source's errors, and returns a stream: each item that this emits subscribes to
// the source again, its completion completes the result, its error fails it.
// Items that come while the source runs do nothing. handle's stream is
// subscribed to first: if it ends at once, the source never is.
//
//	RetryWhen(o, func(errors Observable[error]) Observable[int] {
//		return Map(errors.Take(3), wait)
//	})
//
// A ready-made handle that waits longer each time is [Backoff].
func RetryWhen[T, X any](o Observable[T], handle func(errors Observable[error]) Observable[X]) Observable[T] {
	if handle == nil {
		panic(badArgument("RetryWhen", "handle", nil, "a function"))
	}
	return Observable[T]{src: &retryWhenSource[T, X]{o.src, handle}}
}

type retryWhenSource[T, X any] struct {
	up     Source[T]
	handle func(Observable[error]) Observable[X]
}

func (s *retryWhenSource[T, X]) Subscribe(ctx context.Context, o Observer[T]) {
	r := new(retryWhenObserver[T])
	r.obs = r
	subscribeWhen(ctx, &r.whenObserver, s.up, o, s.handle)
}

type retryWhenObserver[T any] struct{ whenObserver[T, error] }

func (r *retryWhenObserver[T]) OnError(err error) { r.ended(err) }
func (r *retryWhenObserver[T]) OnComplete()       { r.complete() }

// whenObserver observes the runs of a source whose next one another stream asks
// for, handle's. Their items go to the observer through out because the end may
// come from handle's stream at the same time. It is embedded in obs.
type whenObserver[T, S any] struct {
	resubscriber[T]
	out    serial[T]
	ends   hub[S]      // what handle's stream is made of
	when   Disposable  // the subscription to handle's stream
	active atomic.Bool // a run is on or about to be
	inside bool        // the source's goroutine is inside out.down (rule C9)
}

// subscribeWhen subscribes to handle's stream, and r.obs to the source.
func subscribeWhen[T, S, X any](ctx context.Context, r *whenObserver[T, S], up Source[T], o Observer[T], handle func(Observable[S]) Observable[X]) {
	r.ctx, r.up, r.down = ctx, up, (*whenEnd[T, S])(r)
	r.out.ctx, r.out.down, r.out.owner = ctx, o, r
	var when Observable[X]
	fail := func(err error) { Error[T](err).src.Subscribe(ctx, o) }
	if err := try(func() { when = handle(r.ends.Observable()) }, fail); err != nil {
		fail(err)
		return
	}
	w := &whenSignal[T, S, X]{parent: r}
	r.when = w
	announce(ctx, r, o)
	if r.Disposed() {
		return
	}
	made := false
	defer passing(&made, r)
	subscribe(ctx, when.src, w)
	r.attempt()
	made = true
}

// attempt subscribes to the source, unless it is subscribed to.
func (r *whenObserver[T, S]) attempt() {
	if r.active.CompareAndSwap(false, true) {
		r.again()
	}
}

func (r *whenObserver[T, S]) OnNext(v T) {
	r.inside = true
	r.out.next(v)
	r.inside = false
}

// ended tells handle's stream that a run has ended.
func (r *whenObserver[T, S]) ended(how S) {
	r.clear()
	r.active.Store(false)
	r.ends.OnNext(how)
}

func (r *whenObserver[T, S]) complete() {
	r.stop()
	r.out.finish()
}

func (r *whenObserver[T, S]) failed(err error) { r.out.fail(err, r.stop) }

// stop disposes everything above.
func (r *whenObserver[T, S]) stop() {
	r.slot.Dispose()
	r.when.Dispose()
}

// Dispose implements [Disposable].
func (r *whenObserver[T, S]) Dispose() {
	if r.out.dispose() {
		r.stop()
	}
}

// Disposed implements [Disposable].
func (r *whenObserver[T, S]) Disposed() bool { return r.out.Disposed() }

// Blame implements [Stage].
func (r *whenObserver[T, S]) Blame() (bool, Disposable, any) {
	return !r.inside, r.out.handle(), r.out.down
}

// whenEnd is the observer as the resubscriber's downstream, which gets an error
// when the context has ended.
type whenEnd[T, S any] whenObserver[T, S]

func (e *whenEnd[T, S]) OnSubscribe(Disposable) {}
func (e *whenEnd[T, S]) OnNext(v T)             { (*whenObserver[T, S])(e).OnNext(v) }
func (e *whenEnd[T, S]) OnError(err error)      { (*whenObserver[T, S])(e).failed(err) }
func (e *whenEnd[T, S]) OnComplete()            { (*whenObserver[T, S])(e).complete() }

// whenSignal observes handle's stream.
type whenSignal[T, S, X any] struct {
	link
	parent *whenObserver[T, S]
}

func (w *whenSignal[T, S, X]) OnSubscribe(d Disposable) { w.set(d) }
func (w *whenSignal[T, S, X]) OnNext(X)                 { w.parent.attempt() }
func (w *whenSignal[T, S, X]) OnError(err error)        { w.parent.failed(err) }
func (w *whenSignal[T, S, X]) OnComplete()              { w.parent.complete() }

func (w *whenSignal[T, S, X]) failed(err error) { w.parent.failed(err) }

// Blame implements [Stage]: the goroutine of handle's stream is never inside
// out.down without a boundary.
func (w *whenSignal[T, S, X]) Blame() (bool, Disposable, any) {
	return true, w.parent, w.parent.out.down
}
