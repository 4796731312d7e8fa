package observable

import "context"

// CombineLatest3 is [CombineLatest2] for three sources.
//
//	1     2 |
//	  a     |
//	    x   y |   CombineLatest3  =>  1ax 2ax 2ay |
func CombineLatest3[A, B, C, R any](
	a Observable[A], b Observable[B], c Observable[C],
	combine func(A, B, C) R,
) Observable[R] {
	if combine == nil {
		panic(badArgument("CombineLatest3", "combine", nil, "a function"))
	}
	return Observable[R]{src: &latest3Source[A, B, C, R]{a.src, b.src, c.src, combine}}
}

type latest3Source[A, B, C, R any] struct {
	a       Source[A]
	b       Source[B]
	c       Source[C]
	combine func(A, B, C) R
}

func (s *latest3Source[A, B, C, R]) Subscribe(ctx context.Context, o Observer[R]) {
	l := &latest3[A, B, C, R]{fn: s.combine}
	l.a.from(s.a, &l.current.a)
	l.b.from(s.b, &l.current.b)
	l.c.from(s.c, &l.current.c)
	l.all = [...]latestInput[tuple3[A, B, C], R]{&l.a, &l.b, &l.c}
	l.run(ctx, o, l.all[:], l)
}

type latest3[A, B, C, R any] struct {
	latest[tuple3[A, B, C], R]
	a   latestLane[A, tuple3[A, B, C], R]
	b   latestLane[B, tuple3[A, B, C], R]
	c   latestLane[C, tuple3[A, B, C], R]
	all [3]latestInput[tuple3[A, B, C], R]
	fn  func(A, B, C) R
}

type tuple3[A, B, C any] struct {
	a A
	b B
	c C
}

func (l *latest3[A, B, C, R]) combine(s tuple3[A, B, C]) R {
	return l.fn(s.a, s.b, s.c)
}

// CombineLatest4 is [CombineLatest2] for four sources.
//
//	1 |  a |  x |  p q |  CombineLatest4  =>  1axp 1axq |
func CombineLatest4[A, B, C, D, R any](
	a Observable[A], b Observable[B], c Observable[C], d Observable[D],
	combine func(A, B, C, D) R,
) Observable[R] {
	if combine == nil {
		panic(badArgument("CombineLatest4", "combine", nil, "a function"))
	}
	return Observable[R]{src: &latest4Source[A, B, C, D, R]{a.src, b.src, c.src, d.src, combine}}
}

type latest4Source[A, B, C, D, R any] struct {
	a       Source[A]
	b       Source[B]
	c       Source[C]
	d       Source[D]
	combine func(A, B, C, D) R
}

func (s *latest4Source[A, B, C, D, R]) Subscribe(ctx context.Context, o Observer[R]) {
	l := &latest4[A, B, C, D, R]{fn: s.combine}
	l.a.from(s.a, &l.current.a)
	l.b.from(s.b, &l.current.b)
	l.c.from(s.c, &l.current.c)
	l.d.from(s.d, &l.current.d)
	l.all = [...]latestInput[tuple4[A, B, C, D], R]{&l.a, &l.b, &l.c, &l.d}
	l.run(ctx, o, l.all[:], l)
}

type latest4[A, B, C, D, R any] struct {
	latest[tuple4[A, B, C, D], R]
	a   latestLane[A, tuple4[A, B, C, D], R]
	b   latestLane[B, tuple4[A, B, C, D], R]
	c   latestLane[C, tuple4[A, B, C, D], R]
	d   latestLane[D, tuple4[A, B, C, D], R]
	all [4]latestInput[tuple4[A, B, C, D], R]
	fn  func(A, B, C, D) R
}

type tuple4[A, B, C, D any] struct {
	a A
	b B
	c C
	d D
}

func (l *latest4[A, B, C, D, R]) combine(s tuple4[A, B, C, D]) R {
	return l.fn(s.a, s.b, s.c, s.d)
}

// CombineLatest5 is [CombineLatest2] for five sources.
//
//	1 |  a |  x |  p |  u v |  CombineLatest5  =>  1axpu 1axpv |
func CombineLatest5[A, B, C, D, E, R any](
	a Observable[A], b Observable[B], c Observable[C], d Observable[D], e Observable[E],
	combine func(A, B, C, D, E) R,
) Observable[R] {
	if combine == nil {
		panic(badArgument("CombineLatest5", "combine", nil, "a function"))
	}
	return Observable[R]{src: &latest5Source[A, B, C, D, E, R]{a.src, b.src, c.src, d.src, e.src, combine}}
}

type latest5Source[A, B, C, D, E, R any] struct {
	a       Source[A]
	b       Source[B]
	c       Source[C]
	d       Source[D]
	e       Source[E]
	combine func(A, B, C, D, E) R
}

func (s *latest5Source[A, B, C, D, E, R]) Subscribe(ctx context.Context, o Observer[R]) {
	l := &latest5[A, B, C, D, E, R]{fn: s.combine}
	l.a.from(s.a, &l.current.a)
	l.b.from(s.b, &l.current.b)
	l.c.from(s.c, &l.current.c)
	l.d.from(s.d, &l.current.d)
	l.e.from(s.e, &l.current.e)
	l.all = [...]latestInput[tuple5[A, B, C, D, E], R]{&l.a, &l.b, &l.c, &l.d, &l.e}
	l.run(ctx, o, l.all[:], l)
}

type latest5[A, B, C, D, E, R any] struct {
	latest[tuple5[A, B, C, D, E], R]
	a   latestLane[A, tuple5[A, B, C, D, E], R]
	b   latestLane[B, tuple5[A, B, C, D, E], R]
	c   latestLane[C, tuple5[A, B, C, D, E], R]
	d   latestLane[D, tuple5[A, B, C, D, E], R]
	e   latestLane[E, tuple5[A, B, C, D, E], R]
	all [5]latestInput[tuple5[A, B, C, D, E], R]
	fn  func(A, B, C, D, E) R
}

type tuple5[A, B, C, D, E any] struct {
	a A
	b B
	c C
	d D
	e E
}

func (l *latest5[A, B, C, D, E, R]) combine(s tuple5[A, B, C, D, E]) R {
	return l.fn(s.a, s.b, s.c, s.d, s.e)
}

// CombineLatest6 is [CombineLatest2] for six sources.
//
//	1 |  a |  x |  p |  u |  k l |  CombineLatest6  =>  1axpuk 1axpul |
func CombineLatest6[A, B, C, D, E, F, R any](
	a Observable[A], b Observable[B], c Observable[C], d Observable[D], e Observable[E], f Observable[F],
	combine func(A, B, C, D, E, F) R,
) Observable[R] {
	if combine == nil {
		panic(badArgument("CombineLatest6", "combine", nil, "a function"))
	}
	return Observable[R]{src: &latest6Source[A, B, C, D, E, F, R]{a.src, b.src, c.src, d.src, e.src, f.src, combine}}
}

type latest6Source[A, B, C, D, E, F, R any] struct {
	a       Source[A]
	b       Source[B]
	c       Source[C]
	d       Source[D]
	e       Source[E]
	f       Source[F]
	combine func(A, B, C, D, E, F) R
}

func (s *latest6Source[A, B, C, D, E, F, R]) Subscribe(ctx context.Context, o Observer[R]) {
	l := &latest6[A, B, C, D, E, F, R]{fn: s.combine}
	l.a.from(s.a, &l.current.a)
	l.b.from(s.b, &l.current.b)
	l.c.from(s.c, &l.current.c)
	l.d.from(s.d, &l.current.d)
	l.e.from(s.e, &l.current.e)
	l.f.from(s.f, &l.current.f)
	l.all = [...]latestInput[tuple6[A, B, C, D, E, F], R]{&l.a, &l.b, &l.c, &l.d, &l.e, &l.f}
	l.run(ctx, o, l.all[:], l)
}

type latest6[A, B, C, D, E, F, R any] struct {
	latest[tuple6[A, B, C, D, E, F], R]
	a   latestLane[A, tuple6[A, B, C, D, E, F], R]
	b   latestLane[B, tuple6[A, B, C, D, E, F], R]
	c   latestLane[C, tuple6[A, B, C, D, E, F], R]
	d   latestLane[D, tuple6[A, B, C, D, E, F], R]
	e   latestLane[E, tuple6[A, B, C, D, E, F], R]
	f   latestLane[F, tuple6[A, B, C, D, E, F], R]
	all [6]latestInput[tuple6[A, B, C, D, E, F], R]
	fn  func(A, B, C, D, E, F) R
}

type tuple6[A, B, C, D, E, F any] struct {
	a A
	b B
	c C
	d D
	e E
	f F
}

func (l *latest6[A, B, C, D, E, F, R]) combine(s tuple6[A, B, C, D, E, F]) R {
	return l.fn(s.a, s.b, s.c, s.d, s.e, s.f)
}
