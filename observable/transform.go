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
//
//	1 x 3  MapErr(parse)  =>  1 #
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

// FilterMap emits the values of project(v) for the items v for which it also
// returns true (RxJava: mapOptional).
//
//	1 x 2  FilterMap(parse)  =>  1 2 |
func FilterMap[T, R any](o Observable[T], project func(T) (R, bool)) Observable[R] {
	if project == nil {
		panic(badArgument("FilterMap", "project", nil, "a function"))
	}
	return Observable[R]{src: &filterMapSource[T, R]{o.src, project}}
}

type filterMapSource[T, R any] struct {
	up      Source[T]
	project func(T) (R, bool)
}

func (s *filterMapSource[T, R]) synchronous() bool { return isSynchronous(s.up) }

func (s *filterMapSource[T, R]) Subscribe(ctx context.Context, o Observer[R]) {
	subscribe(ctx, s.up, &filterMapObserver[T, R]{down: o, project: s.project})
}

type filterMapObserver[T, R any] struct {
	down    Observer[R]
	up      Disposable
	project func(T) (R, bool)
	busy    bool // project is running (rule C9)
}

func (f *filterMapObserver[T, R]) OnSubscribe(d Disposable) {
	f.up = d
	f.down.OnSubscribe(d)
}

func (f *filterMapObserver[T, R]) OnNext(v T) {
	f.busy = true
	r, keep := f.project(v)
	f.busy = false
	if keep {
		f.down.OnNext(r)
	}
}

func (f *filterMapObserver[T, R]) OnError(err error) { f.down.OnError(err) }
func (f *filterMapObserver[T, R]) OnComplete()       { f.down.OnComplete() }

func (f *filterMapObserver[T, R]) Blame() (bool, Disposable, any) { return f.busy, f.up, f.down }
