package observable

import "context"

// Repeat subscribes n times to the source, the next time when it has completed,
// or for ever if n is [Unlimited]. Repeat(0) completes at once. An error ends
// the stream.
//
//	1 2 |  Repeat(3)  =>  1 2 1 2 1 2 |
//
// A synchronous source without items that is repeated for ever keeps its
// goroutine busy until the stream is disposed or the context ends.
func (o Observable[T]) Repeat(n int) Observable[T] {
	switch {
	case n == 0:
		return Observable[T]{}
	case n < 0 && n != Unlimited:
		panic(badArgument("Repeat", "n", n, "0 or more, or Unlimited"))
	}
	return Observable[T]{src: &repeatSource[T]{up: o.src, n: n}}
}

// RepeatUntil subscribes again when the source has completed, until stop, which
// is called then, says true. If stop panics that is the stream's error.
//
//	1 2 |  RepeatUntil(it is late)  =>  1 2 1 2 |
func RepeatUntil[T any](o Observable[T], stop func() bool) Observable[T] {
	if stop == nil {
		panic(badArgument("RepeatUntil", "stop", nil, "a function"))
	}
	return Observable[T]{src: &repeatSource[T]{o.src, Unlimited, stop}}
}

type repeatSource[T any] struct {
	up   Source[T]
	n    int
	stop func() bool // nil: never
}

func (s *repeatSource[T]) synchronous() bool { return isSynchronous(s.up) }

func (s *repeatSource[T]) Subscribe(ctx context.Context, o Observer[T]) {
	r := &repeatObserver[T]{stop: s.stop, left: s.n}
	r.ctx, r.up, r.down, r.obs = ctx, s.up, o, r
	announce(ctx, r, o)
	r.again()
}

type repeatObserver[T any] struct {
	resubscriber[T]
	stop func() bool
	left int // subscriptions that remain, with the present one, or Unlimited
}

func (r *repeatObserver[T]) OnComplete() {
	if r.left > 0 {
		r.left--
	}
	over := r.left == 0
	if r.stop != nil {
		fail := func(p error) { End(r.ctx, r, r.down, p) }
		if p := try(func() { over = r.stop() }, fail); p != nil {
			fail(p)
			return
		}
	}
	if over {
		r.down.OnComplete()
		return
	}
	r.again()
}
