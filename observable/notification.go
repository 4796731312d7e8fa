package observable

import (
	"context"
	"fmt"
)

// Signal says what a [Notification] stands for.
type Signal uint8

const (
	// SignalNext is an item.
	SignalNext Signal = iota
	// SignalError is the end with an error.
	SignalError
	// SignalComplete is the end without one.
	SignalComplete
)

// Notification is a signal as a value: what [Materialize] emits and
// [Dematerialize] takes. Value belongs to SignalNext, Err to SignalError. The
// zero value is the zero item.
type Notification[T any] struct {
	Kind  Signal
	Value T
	Err   error
}

// String returns the signal as "OnNext(1)", "OnError(text)" or "OnComplete".
func (n Notification[T]) String() string {
	switch n.Kind {
	case SignalNext:
		return fmt.Sprintf("OnNext(%v)", n.Value)
	case SignalError:
		return fmt.Sprintf("OnError(%v)", n.Err)
	case SignalComplete:
		return "OnComplete"
	}
	return fmt.Sprintf("Signal(%d)", n.Kind)
}

// Materialize emits each signal of the source as an item, the error or the
// completion too, and then completes.
//
//	1 2 #  Materialize  =>  OnNext(1) OnNext(2) OnError |
func Materialize[T any](o Observable[T]) Observable[Notification[T]] {
	return Observable[Notification[T]]{src: &materializeSource[T]{o.src}}
}

type materializeSource[T any] struct{ up Source[T] }

func (s *materializeSource[T]) synchronous() bool { return isSynchronous(s.up) }

func (s *materializeSource[T]) Subscribe(ctx context.Context, o Observer[Notification[T]]) {
	subscribe(ctx, s.up, &materializeObserver[T]{ctx: ctx, down: o})
}

type materializeObserver[T any] struct {
	relay
	ctx  context.Context
	down Observer[Notification[T]]
}

func (m *materializeObserver[T]) OnSubscribe(d Disposable) {
	m.up = d
	m.down.OnSubscribe(m)
}

func (m *materializeObserver[T]) OnNext(v T) { m.down.OnNext(Notification[T]{Value: v}) }

func (m *materializeObserver[T]) OnError(err error) {
	if m.Disposed() {
		reportLate(m.ctx, err)
		return
	}
	conclude(m.ctx, &m.relay, m.down, Notification[T]{Kind: SignalError, Err: err})
}

func (m *materializeObserver[T]) OnComplete() {
	conclude(m.ctx, &m.relay, m.down, Notification[T]{Kind: SignalComplete})
}

// Blame implements [Stage].
func (m *materializeObserver[T]) Blame() (bool, Disposable, any) { return false, m.handle(), m.down }

// Dematerialize gives the signals that the source's items stand for: the
// opposite of [Materialize]. The first one that is an end stops the source; a
// source that ends before passes its own end on. RxJava's dematerialize with a
// selector is Dematerialize(Map(o, selector)). An error without an Err, or a
// Kind that is none, fails with a [*ProtocolError].
//
//	OnNext(1) OnComplete OnNext(2)  Dematerialize  =>  1 |
func Dematerialize[T any](o Observable[Notification[T]]) Observable[T] {
	return Observable[T]{src: &dematerializeSource[T]{o.src}}
}

type dematerializeSource[T any] struct{ up Source[Notification[T]] }

func (s *dematerializeSource[T]) synchronous() bool { return isSynchronous(s.up) }

func (s *dematerializeSource[T]) Subscribe(ctx context.Context, o Observer[T]) {
	subscribe(ctx, s.up, &dematerializeObserver[T]{ctx: ctx, down: o})
}

type dematerializeObserver[T any] struct {
	relay
	ctx  context.Context
	down Observer[T]
}

func (d *dematerializeObserver[T]) OnSubscribe(up Disposable) {
	d.up = up
	d.down.OnSubscribe(d)
}

func (d *dematerializeObserver[T]) OnNext(n Notification[T]) {
	if n.Kind == SignalNext {
		d.down.OnNext(n.Value)
		return
	}
	err := n.Err
	switch {
	case n.Kind == SignalComplete:
		err = nil
	case n.Kind != SignalError:
		err = &ProtocolError{"a Notification is a " + n.String()}
	case err == nil:
		err = &ProtocolError{"a Notification of an error has none"}
	}
	if d.Disposed() {
		reportLate(d.ctx, err)
		return
	}
	d.ended = true
	d.up.Dispose()
	End(d.ctx, d, d.down, err)
}

func (d *dematerializeObserver[T]) OnError(err error) { d.down.OnError(err) }
func (d *dematerializeObserver[T]) OnComplete()       { d.down.OnComplete() }

// Blame implements [Stage].
func (d *dematerializeObserver[T]) Blame() (bool, Disposable, any) { return false, d.handle(), d.down }
