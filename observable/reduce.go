package observable

import "context"

// conclude emits v and completes, when the source has given its end: it is a
// boundary. r is the Disposable that down was given; after a natural end of the
// source it alone knows of a Dispose inside OnNext.
func conclude[T any](ctx context.Context, r *relay, down Observer[T], v T) {
	at := items
	defer catch(ctx, &at, r, down)
	if !r.Disposed() {
		down.OnNext(v)
	}
	if !r.Disposed() {
		at = terminal
		down.OnComplete()
	}
	at = idle
}

// Reduce emits one item, when the source completes: what accumulate makes of
// the first two, then of that and the third, and so on. A source of one item
// gives that, an empty one nothing. [ScanNoSeed] emits each step.
//
//	1 2 3 |  Reduce(+)  =>  6 |
func Reduce[T any](o Observable[T], accumulate func(acc, v T) T) Observable[T] {
	if accumulate == nil {
		panic(badArgument("Reduce", "accumulate", nil, "a function"))
	}
	return Observable[T]{src: &reduceSource[T]{o.src, accumulate}}
}

type reduceSource[T any] struct {
	up         Source[T]
	accumulate func(T, T) T
}

func (s *reduceSource[T]) synchronous() bool { return isSynchronous(s.up) }

func (s *reduceSource[T]) Subscribe(ctx context.Context, o Observer[T]) {
	subscribe(ctx, s.up, &reduceObserver[T]{relay: new(relay), ctx: ctx, down: o, accumulate: s.accumulate})
}

// reduceObserver's relay, as that of any stage that keeps items to the end, is
// an object of its own: who keeps the Disposable does not keep the items (rule
// C18).
type reduceObserver[T any] struct {
	*relay
	ctx        context.Context
	down       Observer[T]
	accumulate func(T, T) T
	acc        T
	some       bool // acc is set
	busy       bool // accumulate is running (rule C9)
}

func (r *reduceObserver[T]) OnSubscribe(d Disposable) {
	r.up = d
	r.down.OnSubscribe(r.relay)
}

func (r *reduceObserver[T]) OnNext(v T) {
	if !r.some {
		r.acc, r.some = v, true
		return
	}
	r.busy = true
	r.acc = r.accumulate(r.acc, v)
	r.busy = false
}

func (r *reduceObserver[T]) OnError(err error) {
	r.take()
	r.down.OnError(err)
}

func (r *reduceObserver[T]) OnComplete() {
	if v := r.take(); r.some {
		conclude(r.ctx, r.relay, r.down, v)
		return
	}
	r.down.OnComplete()
}

// take returns the accumulator and lets go of it (rule C18).
func (r *reduceObserver[T]) take() T {
	v := r.acc
	var zero T
	r.acc = zero
	return v
}

// Blame implements [Stage].
func (r *reduceObserver[T]) Blame() (bool, Disposable, any) { return r.busy, r.handle(), r.down }

// ReduceSeed emits one item, when the source completes: seed, if it was empty,
// else what accumulate made of seed and all items (RxJava: reduce with a seed).
// For a seed that is a pointer or a map, which all subscriptions would share, use
// [ReduceWith]. [Scan] emits each step.
//
//	1 2 3 |  ReduceSeed(10, +)  =>  16 |
func ReduceSeed[T, R any](o Observable[T], seed R, accumulate func(acc R, v T) R) Observable[R] {
	if accumulate == nil {
		panic(badArgument("ReduceSeed", "accumulate", nil, "a function"))
	}
	return Observable[R]{src: &foldSource[T, R]{o.src, seed, accumulate}}
}

// ReduceWith is [ReduceSeed] with a seed that each subscription makes for
// itself. If seed panics the source is not subscribed to.
//
//	1 2 3 |  ReduceWith(new, +)  =>  6 |
func ReduceWith[T, R any](o Observable[T], seed func() R, accumulate func(acc R, v T) R) Observable[R] {
	switch {
	case seed == nil:
		panic(badArgument("ReduceWith", "seed", nil, "a function"))
	case accumulate == nil:
		panic(badArgument("ReduceWith", "accumulate", nil, "a function"))
	}
	return seeded(o, seed, func(seed R) Observable[R] { return ReduceSeed(o, seed, accumulate) })
}

// seeded calls seed at each subscription and subscribes to what build makes of
// its result and up.
func seeded[T, S, R any](up Observable[T], seed func() S, build func(S) Observable[R]) Observable[R] {
	return Observable[R]{src: &seededSource[R]{
		func(context.Context) Observable[R] { return build(seed()) },
		isSynchronous(up.src),
	}}
}

type seededSource[R any] struct {
	deferSource[R]
	immediate bool
}

func (s *seededSource[R]) synchronous() bool { return s.immediate }

type foldSource[T, R any] struct {
	up         Source[T]
	seed       R
	accumulate func(R, T) R
}

func (s *foldSource[T, R]) synchronous() bool { return isSynchronous(s.up) }

func (s *foldSource[T, R]) Subscribe(ctx context.Context, o Observer[R]) {
	subscribe(ctx, s.up, &foldObserver[T, R]{relay: new(relay), ctx: ctx, down: o, acc: s.seed, accumulate: s.accumulate})
}

type foldObserver[T, R any] struct {
	*relay
	ctx        context.Context
	down       Observer[R]
	accumulate func(R, T) R
	acc        R
	busy       bool // accumulate is running (rule C9)
}

func (f *foldObserver[T, R]) OnSubscribe(d Disposable) {
	f.up = d
	f.down.OnSubscribe(f.relay)
}

func (f *foldObserver[T, R]) OnNext(v T) {
	f.busy = true
	f.acc = f.accumulate(f.acc, v)
	f.busy = false
}

func (f *foldObserver[T, R]) OnError(err error) {
	f.take()
	f.down.OnError(err)
}

func (f *foldObserver[T, R]) OnComplete() { conclude(f.ctx, f.relay, f.down, f.take()) }

// take returns the accumulator and lets go of it (rule C18).
func (f *foldObserver[T, R]) take() R {
	v := f.acc
	var zero R
	f.acc = zero
	return v
}

// Blame implements [Stage].
func (f *foldObserver[T, R]) Blame() (bool, Disposable, any) { return f.busy, f.handle(), f.down }
