package observable

import "context"

// Zip2 emits combine of the first items of both sources, then of the second
// ones, and so on. Items that wait for their partner are queued without bound. It
// completes, and stops the other source, when one has completed and all its
// items are used; an error of either ends it at once.
//
// a is subscribed to before b. If a is synchronous all of it is therefore queued
// before b begins, and what both do is done one after the other;
// [Observable.SubscribeOn] on a lets them run at the same time.
//
//	1 2 3     \
//	a b |      Zip2  =>  1a 2b |
func Zip2[A, B, R any](a Observable[A], b Observable[B], combine func(A, B) R) Observable[R] {
	if combine == nil {
		panic(badArgument("Zip2", "combine", nil, "a function"))
	}
	return Observable[R]{src: &zip2Source[A, B, R]{a.src, b.src, combine, false}}
}

// Zip2DelayError is [Zip2] where an error waits, as completion does, until all
// items of its source are used. Which source ends first decides how the result
// ends; an error of the other that waits then goes to the error handler.
//
//	1 2 3 |
//	a b #    Zip2DelayError  =>  1a 2b #
func Zip2DelayError[A, B, R any](a Observable[A], b Observable[B], combine func(A, B) R) Observable[R] {
	if combine == nil {
		panic(badArgument("Zip2DelayError", "combine", nil, "a function"))
	}
	return Observable[R]{src: &zip2Source[A, B, R]{a.src, b.src, combine, true}}
}

type zip2Source[A, B, R any] struct {
	a          Source[A]
	b          Source[B]
	combine    func(A, B) R
	delayError bool
}

func (s *zip2Source[A, B, R]) Subscribe(ctx context.Context, o Observer[R]) {
	z := &zip2[A, B, R]{fn: s.combine}
	z.a.src, z.b.src = s.a, s.b
	z.all = [...]zipInput[R]{&z.a, &z.b}
	z.delayError = s.delayError
	z.run(ctx, o, z.all[:], z)
}

type zip2[A, B, R any] struct {
	zip[R]
	a   queueLane[A, R]
	b   queueLane[B, R]
	all [2]zipInput[R]
	fn  func(A, B) R
}

func (z *zip2[A, B, R]) combine() R { return z.fn(z.a.take(), z.b.take()) }

// Zip3 is [Zip2] for three sources.
//
//	1 2 3 |
//	a b |
//	x y z    Zip3  =>  1ax 2by |
func Zip3[A, B, C, R any](a Observable[A], b Observable[B], c Observable[C], combine func(A, B, C) R) Observable[R] {
	if combine == nil {
		panic(badArgument("Zip3", "combine", nil, "a function"))
	}
	return Observable[R]{src: &zip3Source[A, B, C, R]{a.src, b.src, c.src, combine}}
}

type zip3Source[A, B, C, R any] struct {
	a       Source[A]
	b       Source[B]
	c       Source[C]
	combine func(A, B, C) R
}

func (s *zip3Source[A, B, C, R]) Subscribe(ctx context.Context, o Observer[R]) {
	z := &zip3[A, B, C, R]{fn: s.combine}
	z.a.src, z.b.src, z.c.src = s.a, s.b, s.c
	z.all = [...]zipInput[R]{&z.a, &z.b, &z.c}
	z.run(ctx, o, z.all[:], z)
}

type zip3[A, B, C, R any] struct {
	zip[R]
	a   queueLane[A, R]
	b   queueLane[B, R]
	c   queueLane[C, R]
	all [3]zipInput[R]
	fn  func(A, B, C) R
}

func (z *zip3[A, B, C, R]) combine() R { return z.fn(z.a.take(), z.b.take(), z.c.take()) }

// zip is what the lanes of one subscription share.
type zip[R any] struct {
	junction[R]
	lanes      []zipInput[R]
	next       interface{ combine() R } // of the lanes' fronts
	delayError bool
}

// zipInput is a [queueLane] of a zip, whatever the type of its items.
type zipInput[R any] interface {
	Disposable
	begin(j *junction[R], delayError bool)
	ready() (some, over bool)
	advance()
	drop()
	last() error
}

// run subscribes to the sources of lanes.
func (z *zip[R]) run(ctx context.Context, o Observer[R], lanes []zipInput[R], next interface{ combine() R }) {
	z.ctx, z.down, z.op, z.lanes, z.next = ctx, o, z, lanes, next
	z.open(func() {
		for _, l := range lanes {
			if !z.live() {
				return
			}
			l.begin(&z.junction, z.delayError)
		}
	})
}

// step implements meeting: it emits a combination, or the end.
func (z *zip[R]) step() bool {
	all := true
	for _, l := range z.lanes {
		some, over := l.ready()
		if over && !some {
			z.end(l.last())
			return false
		}
		all = all && some
	}
	if !all {
		z.mu.Unlock()
		return false
	}
	for _, l := range z.lanes {
		l.advance()
	}
	z.mu.Unlock()
	z.busy = true
	r := z.next.combine()
	z.busy = false
	z.emit(r)
	return true
}

// stop implements meeting.
func (z *zip[R]) stop() {
	for _, l := range z.lanes {
		l.Dispose()
	}
}

// drop implements meeting.
func (z *zip[R]) drop() {
	for _, l := range z.lanes {
		l.drop()
		if err := l.last(); err != nil {
			z.delayed = append(z.delayed, err)
		}
	}
}
