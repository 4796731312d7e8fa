package observable

import "context"

// Scan emits seed, and then for each item the accumulator so far: RxJava's
// scan with a seed. For a seed that is a pointer or a map, which all
// subscriptions would share, use [ScanWith]; [ReduceSeed] emits the last one
// alone.
//
//	1 2 3  Scan(0, +)  =>  0 1 3 6 |
func Scan[T, R any](o Observable[T], seed R, accumulate func(acc R, v T) R) Observable[R] {
	if accumulate == nil {
		panic(badArgument("Scan", "accumulate", nil, "a function"))
	}
	return Observable[R]{src: &scanSource[T, R]{o.src, seed, accumulate}}
}

type scanSource[T, R any] struct {
	up         Source[T]
	seed       R
	accumulate func(R, T) R
}

func (s *scanSource[T, R]) synchronous() bool { return isSynchronous(s.up) }

func (s *scanSource[T, R]) Subscribe(ctx context.Context, o Observer[R]) {
	subscribe(ctx, s.up, &scanObserver[T, R]{down: o, acc: s.seed, accumulate: s.accumulate})
}

type scanObserver[T, R any] struct {
	down       Observer[R]
	up         Disposable
	acc        R
	accumulate func(R, T) R
	busy       bool // accumulate is running (rule C9)
}

func (s *scanObserver[T, R]) OnSubscribe(d Disposable) {
	s.up = d
	s.down.OnSubscribe(d)
	if !d.Disposed() {
		s.down.OnNext(s.acc)
	}
}

func (s *scanObserver[T, R]) OnNext(v T) {
	s.busy = true
	s.acc = s.accumulate(s.acc, v)
	s.busy = false
	s.down.OnNext(s.acc)
}

func (s *scanObserver[T, R]) OnError(err error) {
	s.forget()
	s.down.OnError(err)
}

func (s *scanObserver[T, R]) OnComplete() {
	s.forget()
	s.down.OnComplete()
}

// forget lets go of the last item (rule C18).
func (s *scanObserver[T, R]) forget() {
	var zero R
	s.acc = zero
}

func (s *scanObserver[T, R]) Blame() (bool, Disposable, any) { return s.busy, s.up, s.down }

// ScanWith is [Scan] with a seed that each subscription makes for itself. If
// seed panics the source is not subscribed to.
//
//	1 2 3  ScanWith(new, +)  =>  0 1 3 6 |
func ScanWith[T, R any](o Observable[T], seed func() R, accumulate func(acc R, v T) R) Observable[R] {
	switch {
	case seed == nil:
		panic(badArgument("ScanWith", "seed", nil, "a function"))
	case accumulate == nil:
		panic(badArgument("ScanWith", "accumulate", nil, "a function"))
	}
	return seeded(o, seed, func(seed R) Observable[R] { return Scan(o, seed, accumulate) })
}

// ScanNoSeed emits the first item as it is, and then for each item what
// accumulate makes of what was emitted before and the item (RxJava: scan without
// a seed). [Reduce] emits the last one alone.
//
//	1 2 3  ScanNoSeed(+)  =>  1 3 6 |
func ScanNoSeed[T any](o Observable[T], accumulate func(acc, v T) T) Observable[T] {
	if accumulate == nil {
		panic(badArgument("ScanNoSeed", "accumulate", nil, "a function"))
	}
	return Observable[T]{src: &scanNoSeedSource[T]{o.src, accumulate}}
}

type scanNoSeedSource[T any] struct {
	up         Source[T]
	accumulate func(T, T) T
}

func (s *scanNoSeedSource[T]) synchronous() bool { return isSynchronous(s.up) }

func (s *scanNoSeedSource[T]) Subscribe(ctx context.Context, o Observer[T]) {
	subscribe(ctx, s.up, &scanNoSeedObserver[T]{down: o, accumulate: s.accumulate})
}

type scanNoSeedObserver[T any] struct {
	down       Observer[T]
	up         Disposable
	acc        T
	some       bool // acc is set
	accumulate func(T, T) T
	busy       bool // accumulate is running (rule C9)
}

func (s *scanNoSeedObserver[T]) OnSubscribe(d Disposable) {
	s.up = d
	s.down.OnSubscribe(d)
}

func (s *scanNoSeedObserver[T]) OnNext(v T) {
	if s.some {
		s.busy = true
		v = s.accumulate(s.acc, v)
		s.busy = false
	}
	s.acc, s.some = v, true
	s.down.OnNext(v)
}

func (s *scanNoSeedObserver[T]) OnError(err error) {
	s.forget()
	s.down.OnError(err)
}

func (s *scanNoSeedObserver[T]) OnComplete() {
	s.forget()
	s.down.OnComplete()
}

// forget lets go of the last item (rule C18).
func (s *scanNoSeedObserver[T]) forget() {
	var zero T
	s.acc = zero
}

func (s *scanNoSeedObserver[T]) Blame() (bool, Disposable, any) { return s.busy, s.up, s.down }

// Pairwise emits each item but the first together with the one before it.
//
//	1 2 3  Pairwise  =>  [1 2] [2 3] |
func Pairwise[T any](o Observable[T]) Observable[[2]T] {
	return Observable[[2]T]{src: &pairwiseSource[T]{o.src}}
}

type pairwiseSource[T any] struct{ up Source[T] }

func (s *pairwiseSource[T]) synchronous() bool { return isSynchronous(s.up) }

func (s *pairwiseSource[T]) Subscribe(ctx context.Context, o Observer[[2]T]) {
	subscribe(ctx, s.up, &pairwiseObserver[T]{down: o})
}

type pairwiseObserver[T any] struct {
	down Observer[[2]T]
	up   Disposable
	last T
	some bool // last is set
}

func (p *pairwiseObserver[T]) OnSubscribe(d Disposable) {
	p.up = d
	p.down.OnSubscribe(d)
}

func (p *pairwiseObserver[T]) OnNext(v T) {
	pair, some := [2]T{p.last, v}, p.some
	p.last, p.some = v, true
	if some {
		p.down.OnNext(pair)
	}
}

func (p *pairwiseObserver[T]) OnError(err error) {
	p.forget()
	p.down.OnError(err)
}

func (p *pairwiseObserver[T]) OnComplete() {
	p.forget()
	p.down.OnComplete()
}

// forget lets go of the last item (rule C18).
func (p *pairwiseObserver[T]) forget() {
	var zero T
	p.last = zero
}

func (p *pairwiseObserver[T]) Blame() (bool, Disposable, any) { return false, p.up, p.down }
