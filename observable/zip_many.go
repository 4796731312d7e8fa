package observable

import "context"

// Zip4 is [Zip2] for four sources.
//
//	1 2 |  a b |  x y |  p q |  Zip4  =>  1axp 2byq |
func Zip4[A, B, C, D, R any](
	a Observable[A], b Observable[B], c Observable[C], d Observable[D],
	combine func(A, B, C, D) R,
) Observable[R] {
	if combine == nil {
		panic(badArgument("Zip4", "combine", nil, "a function"))
	}
	return Observable[R]{src: &zip4Source[A, B, C, D, R]{a.src, b.src, c.src, d.src, combine}}
}

type zip4Source[A, B, C, D, R any] struct {
	a       Source[A]
	b       Source[B]
	c       Source[C]
	d       Source[D]
	combine func(A, B, C, D) R
}

func (s *zip4Source[A, B, C, D, R]) Subscribe(ctx context.Context, o Observer[R]) {
	z := &zip4[A, B, C, D, R]{fn: s.combine}
	z.a.src, z.b.src, z.c.src, z.d.src = s.a, s.b, s.c, s.d
	z.all = [...]zipInput[R]{&z.a, &z.b, &z.c, &z.d}
	z.run(ctx, o, z.all[:], z)
}

type zip4[A, B, C, D, R any] struct {
	zip[R]
	a   queueLane[A, R]
	b   queueLane[B, R]
	c   queueLane[C, R]
	d   queueLane[D, R]
	all [4]zipInput[R]
	fn  func(A, B, C, D) R
}

func (z *zip4[A, B, C, D, R]) combine() R {
	return z.fn(z.a.take(), z.b.take(), z.c.take(), z.d.take())
}

// Zip5 is [Zip2] for five sources.
//
//	1 2 |  a b |  x y |  p q |  u v |  Zip5  =>  1axpu 2byqv |
func Zip5[A, B, C, D, E, R any](
	a Observable[A], b Observable[B], c Observable[C], d Observable[D], e Observable[E],
	combine func(A, B, C, D, E) R,
) Observable[R] {
	if combine == nil {
		panic(badArgument("Zip5", "combine", nil, "a function"))
	}
	return Observable[R]{src: &zip5Source[A, B, C, D, E, R]{a.src, b.src, c.src, d.src, e.src, combine}}
}

type zip5Source[A, B, C, D, E, R any] struct {
	a       Source[A]
	b       Source[B]
	c       Source[C]
	d       Source[D]
	e       Source[E]
	combine func(A, B, C, D, E) R
}

func (s *zip5Source[A, B, C, D, E, R]) Subscribe(ctx context.Context, o Observer[R]) {
	z := &zip5[A, B, C, D, E, R]{fn: s.combine}
	z.a.src, z.b.src, z.c.src, z.d.src, z.e.src = s.a, s.b, s.c, s.d, s.e
	z.all = [...]zipInput[R]{&z.a, &z.b, &z.c, &z.d, &z.e}
	z.run(ctx, o, z.all[:], z)
}

type zip5[A, B, C, D, E, R any] struct {
	zip[R]
	a   queueLane[A, R]
	b   queueLane[B, R]
	c   queueLane[C, R]
	d   queueLane[D, R]
	e   queueLane[E, R]
	all [5]zipInput[R]
	fn  func(A, B, C, D, E) R
}

func (z *zip5[A, B, C, D, E, R]) combine() R {
	return z.fn(z.a.take(), z.b.take(), z.c.take(), z.d.take(), z.e.take())
}

// Zip6 is [Zip2] for six sources.
//
//	1 2 |  a b |  x y |  p q |  u v |  k l |  Zip6  =>  1axpuk 2byqvl |
func Zip6[A, B, C, D, E, F, R any](
	a Observable[A], b Observable[B], c Observable[C], d Observable[D], e Observable[E], f Observable[F],
	combine func(A, B, C, D, E, F) R,
) Observable[R] {
	if combine == nil {
		panic(badArgument("Zip6", "combine", nil, "a function"))
	}
	return Observable[R]{src: &zip6Source[A, B, C, D, E, F, R]{a.src, b.src, c.src, d.src, e.src, f.src, combine}}
}

type zip6Source[A, B, C, D, E, F, R any] struct {
	a       Source[A]
	b       Source[B]
	c       Source[C]
	d       Source[D]
	e       Source[E]
	f       Source[F]
	combine func(A, B, C, D, E, F) R
}

func (s *zip6Source[A, B, C, D, E, F, R]) Subscribe(ctx context.Context, o Observer[R]) {
	z := &zip6[A, B, C, D, E, F, R]{fn: s.combine}
	z.a.src, z.b.src, z.c.src, z.d.src, z.e.src, z.f.src = s.a, s.b, s.c, s.d, s.e, s.f
	z.all = [...]zipInput[R]{&z.a, &z.b, &z.c, &z.d, &z.e, &z.f}
	z.run(ctx, o, z.all[:], z)
}

type zip6[A, B, C, D, E, F, R any] struct {
	zip[R]
	a   queueLane[A, R]
	b   queueLane[B, R]
	c   queueLane[C, R]
	d   queueLane[D, R]
	e   queueLane[E, R]
	f   queueLane[F, R]
	all [6]zipInput[R]
	fn  func(A, B, C, D, E, F) R
}

func (z *zip6[A, B, C, D, E, F, R]) combine() R {
	return z.fn(z.a.take(), z.b.take(), z.c.take(), z.d.take(), z.e.take(), z.f.take())
}

// ZipSlice is [Zip2] for any number of sources of one type (RxJava: zipArray).
// combine gets the items in the order of the sources, in a slice of its own. No
// sources at all give the empty stream. The slice of sources is not copied.
//
//	1 2 3 |
//	8 9 |    ZipSlice  =>  [1 8] [2 9] |
func ZipSlice[T, R any](sources []Observable[T], combine func([]T) R) Observable[R] {
	return zipSliceOf("ZipSlice", sources, combine, false)
}

// ZipSliceDelayError is [Zip2DelayError] for any number of sources of one type.
//
//	1 2 3 |
//	8 9 #    ZipSliceDelayError  =>  [1 8] [2 9] #
func ZipSliceDelayError[T, R any](sources []Observable[T], combine func([]T) R) Observable[R] {
	return zipSliceOf("ZipSliceDelayError", sources, combine, true)
}

func zipSliceOf[T, R any](operator string, sources []Observable[T], combine func([]T) R, delayError bool) Observable[R] {
	if combine == nil {
		panic(badArgument(operator, "combine", nil, "a function"))
	}
	if len(sources) == 0 {
		return Observable[R]{}
	}
	return Observable[R]{src: &zipSliceSource[T, R]{sources, combine, delayError}}
}

type zipSliceSource[T, R any] struct {
	sources    []Observable[T]
	combine    func([]T) R
	delayError bool
}

func (s *zipSliceSource[T, R]) Subscribe(ctx context.Context, o Observer[R]) {
	z := &zipSlice[T, R]{all: make([]queueLane[T, R], len(s.sources)), fn: s.combine}
	lanes := make([]zipInput[R], len(s.sources))
	for i := range lanes {
		z.all[i].src = s.sources[i].src
		lanes[i] = &z.all[i]
	}
	z.delayError = s.delayError
	z.run(ctx, o, lanes, z)
}

type zipSlice[T, R any] struct {
	zip[R]
	all []queueLane[T, R]
	fn  func([]T) R
}

func (z *zipSlice[T, R]) combine() R {
	fronts := make([]T, len(z.all))
	for i := range fronts {
		fronts[i] = z.all[i].take()
	}
	return z.fn(fronts)
}
