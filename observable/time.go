package observable

import (
	"context"
	"time"
)

// Timer emits 0 when d has passed and completes. A d of zero or less is at
// once. Time is that of the scheduler on; without one it is [Go]'s.
//
//	Timer(2s)  =>  ..0|
func Timer(d time.Duration, on ...Scheduler) Observable[int] {
	return Observable[int]{src: &tickSource{first: d, on: schedulerOf("Timer", on)}}
}

// Interval emits 0, 1, 2 and so on, the first when period has passed and then
// one each period, until it is disposed. The rate is fixed: an observer that is
// late gets the overdue items at once, none is left out. Time is that of the
// scheduler on; without one it is [Go]'s.
//
//	Interval(2s)  =>  ..0..1..2..
func Interval(period time.Duration, on ...Scheduler) Observable[int] {
	return interval("Interval", period, period, on)
}

// IntervalAfter is [Interval] whose first item comes when initial has passed
// (RxJava: interval with an initial delay). An initial of zero or less is at
// once.
//
//	IntervalAfter(1s, 2s)  =>  .0..1..2..
func IntervalAfter(initial, period time.Duration, on ...Scheduler) Observable[int] {
	return interval("IntervalAfter", initial, period, on)
}

// IntervalRange is [IntervalAfter] that counts from start on, and completes
// after count items, or if that is 0, when initial has passed. A negative count
// and a range that overflows are refused.
//
//	IntervalRange(5, 3, 1s, 2s)  =>  .5..6..7|
func IntervalRange(start, count int, initial, period time.Duration, on ...Scheduler) Observable[int] {
	if count < 0 || count > 0 && start > 0 && start+(count-1) < start {
		panic(badArgument("IntervalRange", "count", count, "0 or more, without overflow"))
	}
	o := interval("IntervalRange", initial, period, on)
	s := o.src.(*tickSource)
	if count == 0 {
		return Observable[int]{src: &delaySource[int]{d: max(initial, 0), on: s.on}}
	}
	s.start, s.count = start, count
	return o
}

func interval(operator string, first, period time.Duration, on []Scheduler) Observable[int] {
	if period <= 0 {
		panic(badArgument(operator, "period", period, "a positive duration"))
	}
	return Observable[int]{src: &tickSource{first: first, period: period, on: schedulerOf(operator, on)}}
}

type tickSource struct {
	first, period time.Duration // period is zero for one tick alone
	on            Scheduler
	start         int // the first item
	count         int // how many ticks there are; zero: as many as the period allows
}

func (s *tickSource) Subscribe(ctx context.Context, o Observer[int]) {
	t := &ticker{ctx: ctx, down: o, worker: s.on.Worker(), n: s.start, left: s.count}
	if s.period == 0 {
		t.left = 1
	}
	announce[int](ctx, t, o)
	if t.Disposed() {
		return
	}
	onRefusal(t.worker, t)
	var err error
	if s.period == 0 {
		_, err = t.worker.After(s.first, t.tick)
	} else {
		_, err = t.worker.Every(s.first, s.period, t.tick)
	}
	if err != nil {
		t.refused(err)
	}
}

// ticker is one subscription of a tickSource. Its fields are the worker's
// tasks', which never overlap.
type ticker struct {
	emission
	ctx    context.Context
	down   Observer[int]
	worker Worker
	n      int
	left   int // ticks to come; what is not above zero never ends
	over   bool
}

func (t *ticker) tick() {
	if t.Disposed() || t.over {
		return
	}
	at := items
	defer catch(t.ctx, &at, t, t.down)
	n := t.n
	t.n++
	t.left--
	t.down.OnNext(n)
	if t.left == 0 && !t.Disposed() {
		t.over = true
		t.worker.Dispose()
		at = idle
		End(t.ctx, t, t.down, nil)
	}
	at = idle
}

// refused is called instead of tick when the scheduler has no place for it.
func (t *ticker) refused(err error) {
	if t.Disposed() || t.over {
		return
	}
	t.over = true
	t.worker.Dispose()
	End(t.ctx, t, t.down, err)
}

func (t *ticker) Dispose() {
	t.emission.Dispose()
	t.worker.Dispose()
}
