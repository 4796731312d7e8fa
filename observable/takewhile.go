package observable

import "context"

// TakeWhile emits items until keep returns false for one: then it stops the
// source and completes, without that item.
//
//	1 2 3 1  TakeWhile(<3)  =>  1 2 |
func (o Observable[T]) TakeWhile(keep func(T) bool) Observable[T] {
	if keep == nil {
		panic(badArgument("TakeWhile", "keep", nil, "a function"))
	}
	return Observable[T]{src: &takeWhileSource[T]{o.src, keep}}
}

type takeWhileSource[T any] struct {
	up   Source[T]
	keep func(T) bool
}

func (s *takeWhileSource[T]) synchronous() bool { return isSynchronous(s.up) }

func (s *takeWhileSource[T]) Subscribe(ctx context.Context, o Observer[T]) {
	subscribe(ctx, s.up, &takeWhileObserver[T]{down: o, keep: s.keep})
}

type takeWhileObserver[T any] struct {
	relay
	down Observer[T]
	keep func(T) bool
	busy bool // keep is running (rule C9)
}

func (t *takeWhileObserver[T]) OnSubscribe(d Disposable) {
	t.up = d
	t.down.OnSubscribe(t)
}

func (t *takeWhileObserver[T]) OnNext(v T) {
	t.busy = true
	keep := t.keep(v)
	t.busy = false
	if keep {
		t.down.OnNext(v)
		return
	}
	if !t.Disposed() {
		t.ended = true
		t.up.Dispose()
		t.down.OnComplete()
	}
}

func (t *takeWhileObserver[T]) OnError(err error) { t.down.OnError(err) }
func (t *takeWhileObserver[T]) OnComplete()       { t.down.OnComplete() }

// Blame implements [Stage].
func (t *takeWhileObserver[T]) Blame() (bool, Disposable, any) { return t.busy, t.handle(), t.down }
