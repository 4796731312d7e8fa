package observable

import (
	"context"
	"time"
)

// SkipLast leaves out the last n items: each item is emitted when n more have
// come, which are queued meanwhile.
//
//	1 2 3 4 |  SkipLast(2)  =>  1 2 |
func SkipLast[T any](o Observable[T], n int) Observable[T] {
	if n < 0 {
		panic(badArgument("SkipLast", "n", n, "0 or more"))
	}
	if n == 0 {
		return o
	}
	return Observable[T]{src: &skipLastSource[T]{o.src, n}}
}

type skipLastSource[T any] struct {
	up Source[T]
	n  int
}

func (s *skipLastSource[T]) synchronous() bool { return isSynchronous(s.up) }

func (s *skipLastSource[T]) Subscribe(ctx context.Context, o Observer[T]) {
	subscribe(ctx, s.up, &skipLastObserver[T]{down: o, n: s.n})
}

type skipLastObserver[T any] struct {
	down  Observer[T]
	up    Disposable
	n     int
	queue fifo[T]
}

func (s *skipLastObserver[T]) OnSubscribe(d Disposable) {
	s.up = d
	s.down.OnSubscribe(d)
}

func (s *skipLastObserver[T]) OnNext(v T) {
	if s.queue.n < s.n {
		s.queue.push(v)
		return
	}
	oldest := s.queue.pop()
	s.queue.push(v)
	s.down.OnNext(oldest)
}

func (s *skipLastObserver[T]) OnError(err error) {
	s.queue.clear()
	s.down.OnError(err)
}

func (s *skipLastObserver[T]) OnComplete() {
	s.queue.clear()
	s.down.OnComplete()
}

// Blame implements [Stage].
func (s *skipLastObserver[T]) Blame() (bool, Disposable, any) { return false, s.up, s.down }

// SkipLastTime leaves out the items of the last d before the end. It starts no
// timer: an item that came d ago or earlier is emitted when the next one comes,
// or the completion. An error drops the items that wait. Time is that of the
// scheduler on; without one it is [Go]'s (RxJava: skipLast with a time).
//
//	1 . 2 . 3 |  SkipLastTime(2s)  =>  1 2 |
func SkipLastTime[T any](o Observable[T], d time.Duration, on ...Scheduler) Observable[T] {
	return Observable[T]{src: &skipLastTimeSource[T]{o.src, max(d, 0), schedulerOf("SkipLastTime", on), false}}
}

// SkipLastTimeDelayError is [SkipLastTime] that treats an error as it does the
// completion: what came d ago or earlier is emitted before it.
//
//	1 . 2 . 3 #  SkipLastTimeDelayError(2s)  =>  1 2 #
func SkipLastTimeDelayError[T any](o Observable[T], d time.Duration, on ...Scheduler) Observable[T] {
	return Observable[T]{src: &skipLastTimeSource[T]{o.src, max(d, 0), schedulerOf("SkipLastTimeDelayError", on), true}}
}

type skipLastTimeSource[T any] struct {
	up         Source[T]
	d          time.Duration
	on         Scheduler
	delayError bool
}

// Only the scheduler's clock is used: nothing runs on it.
func (s *skipLastTimeSource[T]) synchronous() bool { return isSynchronous(s.up) }

func (s *skipLastTimeSource[T]) Subscribe(ctx context.Context, o Observer[T]) {
	subscribe(ctx, s.up, &skipLastTimeObserver[T]{relay: new(relay), ctx: ctx, down: o, of: s})
}

// See reduceObserver for the relay.
type skipLastTimeObserver[T any] struct {
	*relay
	ctx   context.Context
	down  Observer[T]
	of    *skipLastTimeSource[T]
	queue fifo[stamped[T]]
}

// stamped is an item that came at a time.
type stamped[T any] struct {
	v  T
	at time.Time
}

func (s *skipLastTimeObserver[T]) OnSubscribe(d Disposable) {
	s.up = d
	s.down.OnSubscribe(s.relay)
}

func (s *skipLastTimeObserver[T]) OnNext(v T) {
	s.queue.push(stamped[T]{v, s.of.on.Now()})
	s.release()
}

// release emits what came d ago or earlier.
func (s *skipLastTimeObserver[T]) release() {
	for s.queue.n > 0 && !s.Disposed() {
		// The time is read anew for each item, since the observer takes time.
		if s.of.on.Now().Sub(s.queue.ring[s.queue.head].at) < s.of.d {
			return
		}
		s.down.OnNext(s.queue.pop().v)
	}
}

func (s *skipLastTimeObserver[T]) OnError(err error) { s.end(err) }
func (s *skipLastTimeObserver[T]) OnComplete()       { s.end(nil) }

// end is a boundary, for items that come from a terminal signal.
func (s *skipLastTimeObserver[T]) end(err error) {
	at, told := items, err
	defer s.queue.clear()
	defer catchHandling(s.ctx, &at, &told, s.relay, s.down)
	if err == nil || s.of.delayError {
		s.release()
	}
	at = idle
	finish(s.ctx, s.relay, s.down, err)
}

// Blame implements [Stage].
func (s *skipLastTimeObserver[T]) Blame() (bool, Disposable, any) { return false, s.handle(), s.down }
