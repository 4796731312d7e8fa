package observable

import "context"

// StartWith emits values and then what the source emits, which is subscribed to
// after them (RxJava: startWithItem, startWithArray, startWithIterable). To
// start with another stream, use [Concat]. values is not copied.
//
//	3 4 |  StartWith(1, 2)  =>  1 2 3 4 |
func (o Observable[T]) StartWith(values ...T) Observable[T] {
	if len(values) == 0 {
		return o
	}
	return Observable[T]{src: &startWithSource[T]{o.src, values}}
}

type startWithSource[T any] struct {
	up     Source[T]
	values []T
}

func (s *startWithSource[T]) synchronous() bool { return isSynchronous(s.up) }

func (s *startWithSource[T]) Subscribe(ctx context.Context, o Observer[T]) {
	w := &startWithObserver[T]{down: o}
	if w.start(ctx, s.values) {
		subscribe(ctx, s.up, w)
	}
}

type startWithObserver[T any] struct {
	link
	down Observer[T]
}

// start emits values and reports whether to go on with the source.
func (w *startWithObserver[T]) start(ctx context.Context, values []T) bool {
	at := items
	defer catch(ctx, &at, w, w.down)
	w.down.OnSubscribe(w)
	for i, v := range values {
		if w.Disposed() {
			break
		}
		if i%pollEvery == pollEvery-1 && ctx.Err() != nil {
			at = idle
			End(ctx, w, w.down, context.Cause(ctx)) // nobody may be watching (rule C20)
			return false
		}
		w.down.OnNext(v)
	}
	at = idle
	return !w.Disposed()
}

func (w *startWithObserver[T]) OnSubscribe(d Disposable) { w.set(d) }
func (w *startWithObserver[T]) OnNext(v T)               { w.down.OnNext(v) }
func (w *startWithObserver[T]) OnError(err error)        { w.down.OnError(err) }
func (w *startWithObserver[T]) OnComplete()              { w.down.OnComplete() }

// Blame implements [Stage]: there is no user function.
func (w *startWithObserver[T]) Blame() (bool, Disposable, any) { return false, w, w.down }
