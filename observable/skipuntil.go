package observable

import (
	"context"
	"sync/atomic"
	"time"
)

// SkipTime leaves out the items that come before d has passed since the
// subscription. Time is that of the scheduler on; without one it is [Go]'s
// (RxJava: skip with a time).
//
//	1 2 3 4  SkipTime(2s)  =>  3 4 |
func SkipTime[T any](o Observable[T], d time.Duration, on ...Scheduler) Observable[T] {
	return SkipUntilWhen(o, Observable[int]{src: &tickSource{first: d, on: schedulerOf("SkipTime", on)}})
}

// SkipUntilWhen leaves out the source's items until other emits an item or
// completes (RxJava: skipUntil). Then other is stopped; before that, an error of
// it fails the stream.
//
//	1 2 3 4
//	    x      SkipUntilWhen  =>  3 4 |
func SkipUntilWhen[T, U any](o Observable[T], other Observable[U]) Observable[T] {
	return Observable[T]{src: &skipUntilSource[T, U]{o.src, other.src}}
}

type skipUntilSource[T, U any] struct {
	up    Source[T]
	other Source[U]
}

func (s *skipUntilSource[T, U]) Subscribe(ctx context.Context, o Observer[T]) {
	u := &skipUntil[T]{ctx: ctx, down: o}
	k := &opener[T, U]{gate: u}
	u.other = k
	announce(ctx, u, o)
	if u.state.Load() != 0 {
		return
	}
	made := false
	defer passing(&made, u)
	subscribe(ctx, s.other, k)
	if u.state.Load()&^skipOpen == 0 {
		subscribe(ctx, s.up, u)
	}
	made = true
}

// skipUntil observes the source. It needs no drain loop: the other stream says
// something downstream only by claiming the end while nothing has been let
// through.
type skipUntil[T any] struct {
	ctx    context.Context
	down   Observer[T]
	up     link
	other  Disposable
	state  atomic.Uint32 // bits; they are only ever added
	inside bool          // the source's goroutine is inside down (rule C9)
}

const (
	skipOpen     = 1 << iota // items pass
	skipOver                 // the end was claimed
	skipDisposed             // from below
)

func (u *skipUntil[T]) OnSubscribe(d Disposable) { u.up.set(d) }

func (u *skipUntil[T]) OnNext(v T) {
	if u.state.Load() != skipOpen {
		return
	}
	u.inside = true
	u.down.OnNext(v)
	u.inside = false
}

func (u *skipUntil[T]) OnError(err error) { u.failed(err) }

func (u *skipUntil[T]) OnComplete() {
	if u.claim() {
		u.other.Dispose()
		End(u.ctx, u, u.down, nil)
	}
}

// claim reports whether the source may give the end.
func (u *skipUntil[T]) claim() bool {
	return u.state.Or(skipOver)&(skipOver|skipDisposed) == 0
}

// failed implements failer, for the source.
func (u *skipUntil[T]) failed(err error) { u.fail(err, u.claim()) }

// fail gives err as the end if the caller has claimed it.
func (u *skipUntil[T]) fail(err error, mine bool) {
	if !mine {
		reportLate(u.ctx, err)
		return
	}
	u.stop()
	End(u.ctx, u, u.down, err)
}

func (u *skipUntil[T]) stop() {
	u.up.Dispose()
	u.other.Dispose()
}

func (u *skipUntil[T]) Dispose() {
	u.state.Or(skipDisposed)
	u.stop()
}

// Disposed reports whether downstream disposed.
func (u *skipUntil[T]) Disposed() bool { return u.state.Load()&skipDisposed != 0 }

// handle is what the Blame of both observers reports.
func (u *skipUntil[T]) handle() Disposable {
	if u.state.Load()&skipOver != 0 {
		return nil
	}
	return u
}

// Blame implements [Stage].
func (u *skipUntil[T]) Blame() (bool, Disposable, any) { return !u.inside, u.handle(), u.down }

// opener observes the other stream.
type opener[T, U any] struct {
	link
	gate *skipUntil[T]
}

func (k *opener[T, U]) OnSubscribe(d Disposable) { k.set(d) }

func (k *opener[T, U]) OnNext(U) {
	k.Dispose()
	k.gate.state.CompareAndSwap(0, skipOpen)
}

func (k *opener[T, U]) OnError(err error) { k.failed(err) }
func (k *opener[T, U]) OnComplete()       { k.gate.state.CompareAndSwap(0, skipOpen) }

// failed implements failer, for the other stream. While it can claim the end,
// the source's goroutine lets nothing through.
func (k *opener[T, U]) failed(err error) {
	k.gate.fail(err, k.gate.state.CompareAndSwap(0, skipOver))
}

// Blame implements [Stage]: the other stream's goroutine is never inside down
// without a boundary.
func (k *opener[T, U]) Blame() (bool, Disposable, any) { return true, k.gate, k.gate.down }
