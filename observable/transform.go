package observable

import "context"

// Map emits project(v) for each item v. project may be called concurrently, by
// several subscriptions.
//
//	1 2 3  Map(x10)  =>  10 20 30 |
func Map[T, R any](o Observable[T], project func(T) R) Observable[R] {
	if project == nil {
		panic(badArgument("Map", "project", nil, "a function"))
	}
	return Observable[R]{src: &mapSource[T, R]{o.src, project}}
}

type mapSource[T, R any] struct {
	up      Source[T]
	project func(T) R
}

func (s *mapSource[T, R]) synchronous() bool { return isSynchronous(s.up) }

func (s *mapSource[T, R]) Subscribe(ctx context.Context, o Observer[R]) {
	subscribe(ctx, s.up, &mapObserver[T, R]{down: o, project: s.project})
}

// subscribe subscribes to a source that may be nil, the empty stream.
func subscribe[T any](ctx context.Context, src Source[T], o Observer[T]) {
	if src == nil {
		src = emptySource[T]{}
	}
	src.Subscribe(ctx, o)
}

type mapObserver[T, R any] struct {
	down    Observer[R]
	up      Disposable
	project func(T) R
	busy    bool // project is running (rule C9)
}

func (m *mapObserver[T, R]) OnSubscribe(d Disposable) {
	m.up = d
	m.down.OnSubscribe(d)
}

func (m *mapObserver[T, R]) OnNext(v T) {
	m.busy = true
	r := m.project(v)
	m.busy = false
	m.down.OnNext(r)
}

func (m *mapObserver[T, R]) OnError(err error) { m.down.OnError(err) }
func (m *mapObserver[T, R]) OnComplete()       { m.down.OnComplete() }

func (m *mapObserver[T, R]) Blame() (bool, Disposable, any) { return m.busy, m.up, m.down }

// MapErr emits project(ctx, v) for each item v and fails with the first error.
// ctx is the subscription's context. project may be called concurrently, by
// several subscriptions.
func MapErr[T, R any](o Observable[T], project func(ctx context.Context, v T) (R, error)) Observable[R] {
	if project == nil {
		panic(badArgument("MapErr", "project", nil, "a function"))
	}
	return Observable[R]{src: &mapErrSource[T, R]{o.src, project}}
}

type mapErrSource[T, R any] struct {
	up      Source[T]
	project func(context.Context, T) (R, error)
}

func (s *mapErrSource[T, R]) synchronous() bool { return isSynchronous(s.up) }

func (s *mapErrSource[T, R]) Subscribe(ctx context.Context, o Observer[R]) {
	subscribe(ctx, s.up, &mapErrObserver[T, R]{ctx: ctx, down: o, project: s.project})
}

type mapErrObserver[T, R any] struct {
	relay
	ctx     context.Context
	down    Observer[R]
	project func(context.Context, T) (R, error)
	busy    bool // project is running (rule C9)
}

func (m *mapErrObserver[T, R]) OnSubscribe(d Disposable) {
	m.up = d
	m.down.OnSubscribe(m)
}

func (m *mapErrObserver[T, R]) OnNext(v T) {
	m.busy = true
	r, err := m.project(m.ctx, v)
	m.busy = false
	if err == nil {
		m.down.OnNext(r)
		return
	}
	if m.Disposed() {
		reportLate(m.ctx, err)
		return
	}
	m.ended = true
	m.up.Dispose()
	End(m.ctx, m, m.down, err)
}

func (m *mapErrObserver[T, R]) OnError(err error) { m.down.OnError(err) }
func (m *mapErrObserver[T, R]) OnComplete()       { m.down.OnComplete() }

func (m *mapErrObserver[T, R]) Blame() (bool, Disposable, any) { return m.busy, m.handle(), m.down }

// Scan emits seed, and then for each item the accumulator so far: RxJava's
// scan with a seed. For a seed that is a pointer or a map, which all
// subscriptions would share, use [Defer].
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
