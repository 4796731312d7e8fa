package observable

import (
	"context"
	"sync"
)

// SwitchMap subscribes to project(v) for each item v and emits what this inner
// stream emits until the next item comes: then it is stopped, and nothing of it
// is emitted any more, before project is called. A synchronous inner stream holds
// up the source and so runs to its end: give it [Observable.SubscribeOn] for
// anything to switch. The first error, of the source
// or of the inner stream, ends the stream. It completes when the source and the
// last inner stream have.
//
//	1        2                 SwitchMap(v, later 10v, later 100v)
//	1  10    2  20  200 |
func SwitchMap[T, R any](o Observable[T], project func(T) Observable[R]) Observable[R] {
	return switchMap("SwitchMap", o, project, false)
}

// SwitchMapDelayError is [SwitchMap] that goes on after an error: of an inner
// stream with the next one, of the source, with the inner stream that there is.
// It fails in the end with the errors, joined in the order in which they came. A
// panic of project is an error of the source.
//
//	1  10x   2      SwitchMapDelayError(v, later 10v)  =>  1  2  20 x
func SwitchMapDelayError[T, R any](o Observable[T], project func(T) Observable[R]) Observable[R] {
	return switchMap("SwitchMapDelayError", o, project, true)
}

// SwitchOnNext emits what the newest of the streams that o emits emits; when
// the next one comes the one before is stopped. The first error ends the stream.
//
//	a=(1 2 3 |)  b=(10 20 |)   SwitchOnNext  =>  1 2  10 20 |
func SwitchOnNext[T any](o Observable[Observable[T]]) Observable[T] {
	return switchMap("SwitchOnNext", o, identity[T], false)
}

// SwitchOnNextDelayError is [SwitchOnNext] with the errors of
// [SwitchMapDelayError].
//
//	a=(1 2x)  b=(10 20 |)   SwitchOnNextDelayError  =>  1 2  10 20 x
func SwitchOnNextDelayError[T any](o Observable[Observable[T]]) Observable[T] {
	return switchMap("SwitchOnNextDelayError", o, identity[T], true)
}

func switchMap[T, R any](name string, o Observable[T], project func(T) Observable[R], delay bool) Observable[R] {
	if project == nil {
		panic(badArgument(name, "project", nil, "a function"))
	}
	return Observable[R]{src: &switchMapSource[T, R]{o.src, project, delay}}
}

type switchMapSource[T, R any] struct {
	up      Source[T]
	project func(T) Observable[R]
	delay   bool
}

func (s *switchMapSource[T, R]) Subscribe(ctx context.Context, o Observer[R]) {
	m := &switchMapObserver[T, R]{project: s.project, delay: s.delay}
	m.ctx, m.down, m.owner = ctx, o, m
	subscribe(ctx, s.up, m)
}

// switchMapObserver observes the outer stream; switchMapInner the inner ones,
// each of which has a turn of its own.
type switchMapObserver[T, R any] struct {
	serial[R]
	up      Disposable
	project func(T) Observable[R]
	inside  bool // the outer stream's goroutine is inside down (rule C9)
	delay   bool // errors wait for the end

	swap  sync.Mutex
	inner *switchMapInner[T, R] // guarded by swap; nil while there is none
	over  bool                  // guarded by swap; the outer stream has ended
	dead  bool                  // guarded by swap; nobody wants another inner stream
}

func (m *switchMapObserver[T, R]) OnSubscribe(d Disposable) {
	m.up = d
	m.inside = true
	m.down.OnSubscribe(m)
	m.inside = false
}

func (m *switchMapObserver[T, R]) OnNext(v T) {
	turn := m.nextTurn()
	m.replace(nil)
	switch src := m.project(v).src.(type) {
	case nil:
	case *justSource[R]:
		m.inside = true
		m.next(src.value) // the turn is not over before this is
		m.inside = false
	case *errorSource[R]:
		m.innerError(src.err)
	default:
		in := &switchMapInner[T, R]{parent: m, turn: turn}
		if m.replace(in) {
			m.start(src, in)
		}
	}
}

// replace disposes the inner stream that there is and makes in the next one. It
// reports false if that is not wanted any more.
func (m *switchMapObserver[T, R]) replace(in *switchMapInner[T, R]) bool {
	m.swap.Lock()
	old, wanted := m.inner, !m.dead
	m.inner = nil
	if wanted {
		m.inner = in
	}
	m.swap.Unlock()
	if old != nil {
		old.Dispose()
	}
	return wanted
}

func (m *switchMapObserver[T, R]) start(src Source[R], in *switchMapInner[T, R]) {
	if m.delay { // else a panic fails the stream as it passes by
		made := false
		defer passing(&made, in)
		src.Subscribe(m.ctx, in)
		made = true
		return
	}
	src.Subscribe(m.ctx, in)
}

func (m *switchMapObserver[T, R]) OnError(err error) {
	if !m.delay {
		m.fail(err, m.stop)
		return
	}
	m.keep(err)
	m.OnComplete()
}

func (m *switchMapObserver[T, R]) OnComplete() {
	m.swap.Lock()
	last := !m.over && m.inner == nil
	m.over = true
	m.swap.Unlock()
	if last {
		m.finish()
	}
}

// innerError takes in the error of an inner stream.
func (m *switchMapObserver[T, R]) innerError(err error) {
	if m.delay {
		m.keep(err)
		return
	}
	m.fail(err, m.stop)
}

// leave lets go of in, which has ended. It reports whether in was still the
// inner stream, and whether all is done.
func (m *switchMapObserver[T, R]) leave(in *switchMapInner[T, R]) (current, last bool) {
	m.swap.Lock()
	defer m.swap.Unlock()
	if m.inner != in {
		return false, false
	}
	m.inner = nil
	return true, m.over
}

// failed is for a panic of project, or of what it returned.
func (m *switchMapObserver[T, R]) failed(err error) {
	m.up.Dispose()
	m.OnError(err)
}

// stop disposes everything above.
func (m *switchMapObserver[T, R]) stop() {
	m.swap.Lock()
	m.dead = true
	m.swap.Unlock()
	m.up.Dispose()
	m.replace(nil)
}

func (m *switchMapObserver[T, R]) Dispose() {
	if m.dispose() {
		m.stop()
	}
}

// Blame implements [Stage].
func (m *switchMapObserver[T, R]) Blame() (bool, Disposable, any) {
	return !m.inside, m.handle(), m.down
}

type switchMapInner[T, R any] struct {
	link
	parent *switchMapObserver[T, R]
	turn   uint32
	inside bool // the inner stream's goroutine is inside down (rule C9)
}

func (i *switchMapInner[T, R]) OnSubscribe(d Disposable) { i.set(d) }

func (i *switchMapInner[T, R]) OnNext(v R) {
	i.inside = true
	i.parent.nextOf(i.turn, v)
	i.inside = false
}

func (i *switchMapInner[T, R]) OnError(err error) {
	current, last := i.parent.leave(i)
	if !current {
		reportLate(i.parent.ctx, err)
		return
	}
	i.parent.innerError(err)
	if last && i.parent.delay {
		i.parent.finish()
	}
}

func (i *switchMapInner[T, R]) OnComplete() {
	if _, last := i.parent.leave(i); last {
		i.parent.finish()
	}
}

// failed is for a panic of the stream that passes by.
func (i *switchMapInner[T, R]) failed(err error) {
	i.Dispose()
	i.OnError(err)
}

// Blame implements [Stage].
func (i *switchMapInner[T, R]) Blame() (bool, Disposable, any) {
	return !i.inside, i.parent.handle(), i.parent.down
}
