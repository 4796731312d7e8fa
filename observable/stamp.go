package observable

import (
	"context"
	"time"
)

// Timestamped is an item and when it came.
type Timestamped[T any] struct {
	Value T
	At    time.Time
}

// Timestamp gives each item the time at which it came. Time is that of the
// scheduler on, whose clock alone is used; without one it is [Go]'s.
//
//	. 1 . 2 |  Timestamp  =>  . {1, 12:00:01} . {2, 12:00:03} |
func Timestamp[T any](o Observable[T], on ...Scheduler) Observable[Timestamped[T]] {
	clock := schedulerOf("Timestamp", on)
	return Map(o, func(v T) Timestamped[T] { return Timestamped[T]{v, clock.Now()} })
}

// Timed is an item and the time that had passed since the one before, or for the
// first one since the subscription.
type Timed[T any] struct {
	Value   T
	Elapsed time.Duration
}

// TimeInterval gives each item the time since the one before it, or for the
// first one since the subscription. Time is that of the scheduler on, whose
// clock alone is used; without one it is [Go]'s.
//
//	. 1 . 2 |  TimeInterval  =>  . {1, 1s} . {2, 2s} |
func TimeInterval[T any](o Observable[T], on ...Scheduler) Observable[Timed[T]] {
	return Observable[Timed[T]]{src: &timeIntervalSource[T]{o.src, schedulerOf("TimeInterval", on)}}
}

type timeIntervalSource[T any] struct {
	up Source[T]
	on Scheduler
}

func (s *timeIntervalSource[T]) synchronous() bool { return isSynchronous(s.up) }

func (s *timeIntervalSource[T]) Subscribe(ctx context.Context, o Observer[Timed[T]]) {
	subscribe(ctx, s.up, &timeIntervalObserver[T]{down: o, on: s.on})
}

type timeIntervalObserver[T any] struct {
	down Observer[Timed[T]]
	up   Disposable
	on   Scheduler
	last time.Time // when the item before came, or the subscription was made
}

func (t *timeIntervalObserver[T]) OnSubscribe(d Disposable) {
	t.up = d
	t.last = t.on.Now()
	t.down.OnSubscribe(d)
}

func (t *timeIntervalObserver[T]) OnNext(v T) {
	now := t.on.Now()
	elapsed := now.Sub(t.last)
	t.last = now
	t.down.OnNext(Timed[T]{v, elapsed})
}

func (t *timeIntervalObserver[T]) OnError(err error) { t.down.OnError(err) }
func (t *timeIntervalObserver[T]) OnComplete()       { t.down.OnComplete() }

// Blame implements [Stage].
func (t *timeIntervalObserver[T]) Blame() (bool, Disposable, any) { return false, t.up, t.down }
