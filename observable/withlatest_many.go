package observable

import "context"

// WithLatestFrom2 is [WithLatestFrom] with the latest items of two other streams. It
// completes at once when one of those completes without an item, as it does in
// RxJava.
//
//	1   2   3 |
//	  a   b
//	  x          WithLatestFrom2  =>  2ax 3bx |
func WithLatestFrom2[T, A, B, R any](
	o Observable[T], a Observable[A], b Observable[B],
	combine func(v T, a A, b B) R,
) Observable[R] {
	if combine == nil {
		panic(badArgument("WithLatestFrom2", "combine", nil, "a function"))
	}
	return Observable[R]{src: &withLatest2Source[T, A, B, R]{o.src, a.src, b.src,
		func(v T, s tuple2[A, B]) R { return combine(v, s.a, s.b) }}}
}

type withLatest2Source[T, A, B, R any] struct {
	up      Source[T]
	a       Source[A]
	b       Source[B]
	combine func(T, tuple2[A, B]) R
}

func (s *withLatest2Source[T, A, B, R]) Subscribe(ctx context.Context, o Observer[R]) {
	w := &withLatest2[T, A, B, R]{}
	w.a.from(s.a, &w.current.a)
	w.b.from(s.b, &w.current.b)
	w.all = [...]withLatestInput[T, tuple2[A, B], R]{&w.a, &w.b}
	w.combine = s.combine
	w.run(ctx, s.up, o, w.all[:])
}

type withLatest2[T, A, B, R any] struct {
	withLatest[T, tuple2[A, B], R]
	a   withLatestLane[A, T, tuple2[A, B], R]
	b   withLatestLane[B, T, tuple2[A, B], R]
	all [2]withLatestInput[T, tuple2[A, B], R]
}

// WithLatestFrom3 is [WithLatestFrom] with the latest items of three other streams.
// See [WithLatestFrom2].
//
//	a, x, p there, 1 2 |  WithLatestFrom3  =>  1axp 2axp |
func WithLatestFrom3[T, A, B, C, R any](
	o Observable[T], a Observable[A], b Observable[B], c Observable[C],
	combine func(v T, a A, b B, c C) R,
) Observable[R] {
	if combine == nil {
		panic(badArgument("WithLatestFrom3", "combine", nil, "a function"))
	}
	return Observable[R]{src: &withLatest3Source[T, A, B, C, R]{o.src, a.src, b.src, c.src,
		func(v T, s tuple3[A, B, C]) R { return combine(v, s.a, s.b, s.c) }}}
}

type withLatest3Source[T, A, B, C, R any] struct {
	up      Source[T]
	a       Source[A]
	b       Source[B]
	c       Source[C]
	combine func(T, tuple3[A, B, C]) R
}

func (s *withLatest3Source[T, A, B, C, R]) Subscribe(ctx context.Context, o Observer[R]) {
	w := &withLatest3[T, A, B, C, R]{}
	w.a.from(s.a, &w.current.a)
	w.b.from(s.b, &w.current.b)
	w.c.from(s.c, &w.current.c)
	w.all = [...]withLatestInput[T, tuple3[A, B, C], R]{&w.a, &w.b, &w.c}
	w.combine = s.combine
	w.run(ctx, s.up, o, w.all[:])
}

type withLatest3[T, A, B, C, R any] struct {
	withLatest[T, tuple3[A, B, C], R]
	a   withLatestLane[A, T, tuple3[A, B, C], R]
	b   withLatestLane[B, T, tuple3[A, B, C], R]
	c   withLatestLane[C, T, tuple3[A, B, C], R]
	all [3]withLatestInput[T, tuple3[A, B, C], R]
}

// WithLatestFrom4 is [WithLatestFrom] with the latest items of four other streams.
// See [WithLatestFrom2].
//
//	a, x, p, u there, 1 2 |  WithLatestFrom4  =>  1axpu 2axpu |
func WithLatestFrom4[T, A, B, C, D, R any](
	o Observable[T], a Observable[A], b Observable[B], c Observable[C], d Observable[D],
	combine func(v T, a A, b B, c C, d D) R,
) Observable[R] {
	if combine == nil {
		panic(badArgument("WithLatestFrom4", "combine", nil, "a function"))
	}
	return Observable[R]{src: &withLatest4Source[T, A, B, C, D, R]{o.src, a.src, b.src, c.src, d.src,
		func(v T, s tuple4[A, B, C, D]) R { return combine(v, s.a, s.b, s.c, s.d) }}}
}

type withLatest4Source[T, A, B, C, D, R any] struct {
	up      Source[T]
	a       Source[A]
	b       Source[B]
	c       Source[C]
	d       Source[D]
	combine func(T, tuple4[A, B, C, D]) R
}

func (s *withLatest4Source[T, A, B, C, D, R]) Subscribe(ctx context.Context, o Observer[R]) {
	w := &withLatest4[T, A, B, C, D, R]{}
	w.a.from(s.a, &w.current.a)
	w.b.from(s.b, &w.current.b)
	w.c.from(s.c, &w.current.c)
	w.d.from(s.d, &w.current.d)
	w.all = [...]withLatestInput[T, tuple4[A, B, C, D], R]{&w.a, &w.b, &w.c, &w.d}
	w.combine = s.combine
	w.run(ctx, s.up, o, w.all[:])
}

type withLatest4[T, A, B, C, D, R any] struct {
	withLatest[T, tuple4[A, B, C, D], R]
	a   withLatestLane[A, T, tuple4[A, B, C, D], R]
	b   withLatestLane[B, T, tuple4[A, B, C, D], R]
	c   withLatestLane[C, T, tuple4[A, B, C, D], R]
	d   withLatestLane[D, T, tuple4[A, B, C, D], R]
	all [4]withLatestInput[T, tuple4[A, B, C, D], R]
}
