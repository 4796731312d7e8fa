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
	r.ctx, r.up, r.obs, r.down = ctx, s.up, r, (*retryWhenEnd[T])(r)
	r.out.ctx, r.out.down, r.out.owner = ctx, o, r
	var when Observable[X]
	fail := func(err error) { Error[T](err).src.Subscribe(ctx, o) }
	if err := try(func() { when = s.handle(r.errors.Observable()) }, fail); err != nil {
		fail(err)
		return
	}
	w := &retryWhenSignal[T, X]{parent: r}
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

// retryWhenObserver observes the attempts. Their items go to the observer
// through out because the end may come from handle's stream at the same time.
type retryWhenObserver[T any] struct {
	resubscriber[T]
	out    serial[T]
	errors hub[error]
	when   Disposable  // the subscription to handle's stream
	active atomic.Bool // an attempt is running or about to
	inside bool        // the source's goroutine is inside out.down (rule C9)
}

// attempt subscribes to the source, unless it is subscribed to.
func (r *retryWhenObserver[T]) attempt() {
	if r.active.CompareAndSwap(false, true) {
		r.again()
	}
}

func (r *retryWhenObserver[T]) OnNext(v T) {
	r.inside = true
	r.out.next(v)
	r.inside = false
}

func (r *retryWhenObserver[T]) OnError(err error) {
	r.clear()
	r.active.Store(false)
	r.errors.OnNext(err)
}

func (r *retryWhenObserver[T]) OnComplete() { r.complete() }

func (r *retryWhenObserver[T]) complete() {
	r.stop()
	r.out.finish()
}

func (r *retryWhenObserver[T]) failed(err error) { r.out.fail(err, r.stop) }

// stop disposes everything above.
func (r *retryWhenObserver[T]) stop() {
	r.slot.Dispose()
	r.when.Dispose()
}

// Dispose implements [Disposable].
func (r *retryWhenObserver[T]) Dispose() {
	if r.out.dispose() {
		r.stop()
	}
}

// Disposed implements [Disposable].
func (r *retryWhenObserver[T]) Disposed() bool { return r.out.Disposed() }

// Blame implements [Stage].
func (r *retryWhenObserver[T]) Blame() (bool, Disposable, any) {
	return !r.inside, r.out.handle(), r.out.down
}

// retryWhenEnd is the observer as the resubscriber's downstream, which gets an
// error when the context has ended.
type retryWhenEnd[T any] retryWhenObserver[T]

func (e *retryWhenEnd[T]) OnSubscribe(Disposable) {}
func (e *retryWhenEnd[T]) OnNext(v T)             { (*retryWhenObserver[T])(e).OnNext(v) }
func (e *retryWhenEnd[T]) OnError(err error)      { (*retryWhenObserver[T])(e).failed(err) }
func (e *retryWhenEnd[T]) OnComplete()            { (*retryWhenObserver[T])(e).complete() }

// retryWhenSignal observes handle's stream.
type retryWhenSignal[T, X any] struct {
	link
	parent *retryWhenObserver[T]
}

func (w *retryWhenSignal[T, X]) OnSubscribe(d Disposable) { w.set(d) }
func (w *retryWhenSignal[T, X]) OnNext(X)                 { w.parent.attempt() }
func (w *retryWhenSignal[T, X]) OnError(err error)        { w.parent.failed(err) }
func (w *retryWhenSignal[T, X]) OnComplete()              { w.parent.complete() }

func (w *retryWhenSignal[T, X]) failed(err error) { w.parent.failed(err) }

// Blame implements [Stage]: the goroutine of handle's stream is never inside
// out.down without a boundary.
func (w *retryWhenSignal[T, X]) Blame() (bool, Disposable, any) {
	return true, w.parent, w.parent.out.down
}
