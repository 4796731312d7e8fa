package observable

import "context"

// Skip leaves out the first n items.
//
//	1 2 3 4  Skip(2)  =>  3 4 |
func (o Observable[T]) Skip(n int) Observable[T] {
	if n < 0 {
		panic(badArgument("Skip", "n", n, "0 or more"))
	}
	if n == 0 {
		return o
	}
	return Observable[T]{src: &skipSource[T]{o.src, n}}
}

type skipSource[T any] struct {
	up Source[T]
	n  int
}

func (s *skipSource[T]) synchronous() bool { return isSynchronous(s.up) }

func (s *skipSource[T]) Subscribe(ctx context.Context, o Observer[T]) {
	subscribe(ctx, s.up, &skipObserver[T]{down: o, left: s.n})
}

type skipObserver[T any] struct {
	down Observer[T]
	up   Disposable
	left int // items to be left out
}

func (s *skipObserver[T]) OnSubscribe(d Disposable) {
	s.up = d
	s.down.OnSubscribe(d)
}

func (s *skipObserver[T]) OnNext(v T) {
	if s.left > 0 {
		s.left--
		return
	}
	s.down.OnNext(v)
}

func (s *skipObserver[T]) OnError(err error) { s.down.OnError(err) }
func (s *skipObserver[T]) OnComplete()       { s.down.OnComplete() }

// Blame implements [Stage].
func (s *skipObserver[T]) Blame() (bool, Disposable, any) { return false, s.up, s.down }

// SkipWhile leaves out items until skip returns false for one, and emits that
// and all that follow.
//
//	1 2 3 1  SkipWhile(<3)  =>  3 1 |
func (o Observable[T]) SkipWhile(skip func(T) bool) Observable[T] {
	if skip == nil {
		panic(badArgument("SkipWhile", "skip", nil, "a function"))
	}
	return Observable[T]{src: &skipWhileSource[T]{o.src, skip}}
}

type skipWhileSource[T any] struct {
	up   Source[T]
	skip func(T) bool
}

func (s *skipWhileSource[T]) synchronous() bool { return isSynchronous(s.up) }

func (s *skipWhileSource[T]) Subscribe(ctx context.Context, o Observer[T]) {
	subscribe(ctx, s.up, &skipWhileObserver[T]{down: o, skip: s.skip})
}

type skipWhileObserver[T any] struct {
	down Observer[T]
	up   Disposable
	skip func(T) bool
	open bool // skip has returned false
	busy bool // skip is running (rule C9)
}

func (s *skipWhileObserver[T]) OnSubscribe(d Disposable) {
	s.up = d
	s.down.OnSubscribe(d)
}

func (s *skipWhileObserver[T]) OnNext(v T) {
	if !s.open {
		s.busy = true
		skip := s.skip(v)
		s.busy = false
		if skip {
			return
		}
		s.open = true
	}
	s.down.OnNext(v)
}

func (s *skipWhileObserver[T]) OnError(err error) { s.down.OnError(err) }
func (s *skipWhileObserver[T]) OnComplete()       { s.down.OnComplete() }

// Blame implements [Stage].
func (s *skipWhileObserver[T]) Blame() (bool, Disposable, any) { return s.busy, s.up, s.down }
