package observable

import (
	"context"
	"sync/atomic"
)

// Serialize mends a source whose signals may overlap, because several
// goroutines emit at once: they are passed on one at a time, in the order in
// which they came, and nothing after an end (rules C2 and C3). An error overtakes
// the items that wait. No goroutine waits for another; what comes while a signal
// is being delivered is queued without bound, and whoever delivers goes on with
// it.
//
//	1 2 (3 4 5) |  Serialize  =>  1 2 3 4 5 |
//
// It is for sources from outside, which [New] and [NewUnsafe] take; all streams
// of this package keep the rules. Subjects are told things by several goroutines
// without it.
func Serialize[T any](o Observable[T]) Observable[T] {
	if s, ok := o.src.(shielded[T]); ok { // a shield cannot stand signals that overlap, so it goes below
		return Observable[T]{src: shielded[T]{&serializeSource[T]{s.src}}}
	}
	return Observable[T]{src: &serializeSource[T]{o.src}}
}

type serializeSource[T any] struct{ up Source[T] }

func (s *serializeSource[T]) synchronous() bool { return isSynchronous(s.up) }

func (s *serializeSource[T]) Subscribe(ctx context.Context, o Observer[T]) {
	z := new(serializeObserver[T])
	z.ctx, z.down, z.owner = ctx, o, z
	z.wip.Store(1) // everything waits for OnSubscribe (rule C1)
	made := false
	defer passing(&made, z)
	subscribe(ctx, s.up, z)
	made = true
}

// serializeObserver is a boundary for what is below, at each signal: it has no
// goroutine that is known to be inside.
type serializeObserver[T any] struct {
	serial[T]
	up    link
	begun atomic.Bool // OnSubscribe was called
}

func (z *serializeObserver[T]) OnSubscribe(d Disposable) {
	if z.begun.Swap(true) {
		d.Dispose()
		undeliverable(z.ctx, &ProtocolError{"OnSubscribe was called twice"})
		return
	}
	z.up.set(d)
	at := items
	defer z.guard(&at)
	z.down.OnSubscribe(z)
	z.drain(&at)
	at = idle
}

func (z *serializeObserver[T]) OnNext(v T) {
	at := items
	defer z.guard(&at)
	z.next(v)
	at = idle
}

func (z *serializeObserver[T]) OnError(err error) { z.fail(failure(err), z.up.Dispose) }
func (z *serializeObserver[T]) OnComplete()       { z.finish() }

func (z *serializeObserver[T]) Dispose() {
	if z.dispose() {
		z.up.Dispose()
	}
}

// guard is the boundary of a signal; it must be deferred itself.
func (z *serializeObserver[T]) guard(at *phase) {
	if *at != idle {
		fault(z.ctx, *at, z, (*serializeBelow[T])(z), recover())
	}
}

// Blame implements [Stage]: what is below has a boundary here, so a panic that
// comes from above ends here.
func (z *serializeObserver[T]) Blame() (bool, Disposable, any) { return true, z.handle(), z.down }

// failed implements failer.
func (z *serializeObserver[T]) failed(cause error) {
	if !z.begun.Load() {
		z.OnSubscribe(new(emission))
	}
	z.OnError(cause)
}

// serializeBelow is the observer as its own boundary sees it.
type serializeBelow[T any] serializeObserver[T]

// Blame implements [Stage].
func (b *serializeBelow[T]) Blame() (bool, Disposable, any) { return false, b.handle(), b.down }
