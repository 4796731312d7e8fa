package observable

import (
	"context"
	"time"
)

// DelaySubscription subscribes to the source when d has passed. Time is that of
// the scheduler on, which also runs the subscribing; without one it is [Go]'s.
//
//	1 2 |  DelaySubscription(3s)  =>  . . . 1 2 |
func DelaySubscription[T any](o Observable[T], d time.Duration, on ...Scheduler) Observable[T] {
	return DelaySubscriptionWhen(o, Observable[int]{src: &tickSource{first: d, on: schedulerOf("DelaySubscription", on)}})
}

// DelaySubscriptionWhen subscribes to the source when other emits or completes;
// then other is stopped. An error of other is that of the stream (RxJava:
// delaySubscription with a stream).
//
//	1 2 |
//	. . . x    DelaySubscriptionWhen  =>  . . . 1 2 |
func DelaySubscriptionWhen[T, U any](o Observable[T], other Observable[U]) Observable[T] {
	return Observable[T]{src: &delaySubscriptionSource[T, U]{o.src, other.src}}
}

type delaySubscriptionSource[T, U any] struct {
	up    Source[T]
	other Source[U]
}

func (s *delaySubscriptionSource[T, U]) Subscribe(ctx context.Context, o Observer[T]) {
	d := &delaySubscription[T, U]{src: s.up}
	d.main = successor[T]{ctx: ctx, owner: d, down: o}
	announce(ctx, d, o)
	if d.Disposed() {
		return
	}
	made := false
	defer passing(&made, d)
	subscribe(ctx, s.other, d)
	made = true
}

// delaySubscription observes the other stream, main then the source. It is also
// what downstream disposes.
type delaySubscription[T, U any] struct {
	other link
	src   Source[T]
	main  successor[T]
	over  bool // the other stream has said what there is to say; its goroutine's
}

func (d *delaySubscription[T, U]) OnSubscribe(up Disposable) { d.other.set(up) }

func (d *delaySubscription[T, U]) OnNext(U) {
	d.other.Dispose()
	d.begin()
}

func (d *delaySubscription[T, U]) OnComplete() { d.begin() }

func (d *delaySubscription[T, U]) begin() {
	if !d.over && !d.Disposed() {
		d.over = true
		d.main.begin(d.src)
	}
}

func (d *delaySubscription[T, U]) OnError(err error) { d.failed(err) }

// failed implements failer.
func (d *delaySubscription[T, U]) failed(err error) {
	if d.over || d.Disposed() {
		reportLate(d.main.ctx, err)
		return
	}
	d.over = true
	d.other.Dispose()
	End(d.main.ctx, d, d.main.down, err)
}

func (d *delaySubscription[T, U]) Dispose() {
	d.main.Dispose()
	d.other.Dispose()
}

// Disposed reports whether downstream disposed.
func (d *delaySubscription[T, U]) Disposed() bool { return d.main.Disposed() }

// Blame implements [Stage]: what is told for the other stream, and the
// subscription to the source, have boundaries of their own.
func (d *delaySubscription[T, U]) Blame() (bool, Disposable, any) { return true, d, d.main.down }
