package observable

import (
	"context"
	"sync/atomic"
	"time"
)

// Timeout fails with a [*TimeoutError], and stops the source, when no item and
// no end has come within d of the item before, or for the first of the
// subscription. The time that the observer takes for an item does not count. Time
// is that of the scheduler on; without one it is [Go]'s.
//
//	1 2 ....  Timeout(3s)  =>  1 2 ...#
//
// An item costs a look at the clock, and no timer: the one that is pending moves
// on when it finds that there was an item meanwhile.
func (o Observable[T]) Timeout(d time.Duration, on ...Scheduler) Observable[T] {
	return Observable[T]{src: &timeoutSource[T]{up: o.src, d: max(d, 0), on: schedulerOf("Timeout", on)}}
}

// TimeoutWith is [Observable.Timeout] that goes on with other instead of failing
// when it is too late for the source. other is not timed (RxJava: timeout with a
// fallback).
//
//	1 2 ....  TimeoutWith(3s, 8 9)  =>  1 2 ...8 9 |
func TimeoutWith[T any](o Observable[T], d time.Duration, other Observable[T], on ...Scheduler) Observable[T] {
	return Observable[T]{src: &timeoutSource[T]{
		up: o.src, d: max(d, 0), on: schedulerOf("TimeoutWith", on), other: other.Source(),
	}}
}

// TimeoutFirst is [Observable.Timeout] for the first signal alone: once there
// was an item it never fires. It is what a Hystrix command does, and for streams
// of one item the cheaper of the two.
//
//	....       TimeoutFirst(3s)  =>  ...#
//	1 ....  2  TimeoutFirst(3s)  =>  1 ....  2
func TimeoutFirst[T any](o Observable[T], d time.Duration, on ...Scheduler) Observable[T] {
	return Observable[T]{src: &timeoutSource[T]{up: o.src, d: max(d, 0), on: schedulerOf("TimeoutFirst", on), first: true}}
}

type timeoutSource[T any] struct {
	up    Source[T]
	d     time.Duration
	on    Scheduler
	first bool
	other Source[T] // nil: fail
}

func (s *timeoutSource[T]) Subscribe(ctx context.Context, o Observer[T]) {
	t := &timeoutObserver[T]{ctx: ctx, down: o, d: s.d, on: s.on, worker: s.on.Worker(), first: s.first}
	if s.other != nil {
		t.src, t.other = s.other, &successor[T]{ctx: ctx, owner: t, down: o}
	}
	announce(ctx, t, o)
	if t.Disposed() {
		return
	}
	t.task = t.expire
	onRefusal(t.worker, t)
	t.start = s.on.Now()
	t.arm(t.d)
	if t.word.Load()&timeoutOver == 0 {
		subscribe(ctx, s.up, t)
	}
}

// timeoutObserver lets the timer in between the items (a half serializer; rule
// C2). An item that is being delivered keeps the timer out; the end is whoever's
// sets timeoutOver.
type timeoutObserver[T any] struct {
	ctx    context.Context
	down   Observer[T]
	up     link
	d      time.Duration
	on     Scheduler
	start  time.Time // what word counts from
	worker Worker
	task   func() // expire
	first  bool   // only the first signal is timed
	passed bool   // the first signal has come, and nothing is timed; the emitter's
	ended  bool   // the end came from above, in time; the emitter's

	src   Source[T]     // goes on when it is too late
	other *successor[T] // observes src; nil if the stream fails then

	// word has the two bits below, and above them when the last item was taken, in
	// nanoseconds since start. timeoutOver is never cleared.
	word     atomic.Int64
	disposed atomic.Bool // from below; set before timeoutOver
	refusal  error       // written before timeoutOver, and then the reason for it
}

const (
	timeoutBusy = 1 << iota // an item is being delivered
	timeoutOver             // the end was claimed, or downstream disposed
	timeoutBits = iota
)

func (t *timeoutObserver[T]) OnSubscribe(d Disposable) { t.up.set(d) }

func (t *timeoutObserver[T]) OnNext(v T) {
	if t.passed {
		t.down.OnNext(v)
		return
	}
	if t.first {
		if t.claim() {
			t.passed = true
			t.worker.Dispose()
			t.down.OnNext(v)
		}
		return
	}
	w := t.word.Load()
	if w&(timeoutBusy|timeoutOver) != 0 || !t.word.CompareAndSwap(w, w|timeoutBusy) {
		return
	}
	t.down.OnNext(v)
	if !t.word.CompareAndSwap(w|timeoutBusy, int64(t.now())<<timeoutBits) && !t.Disposed() && t.refusal != nil {
		End(t.ctx, t, t.down, t.refusal)
	}
}

func (t *timeoutObserver[T]) OnError(err error) {
	switch {
	case t.passed:
		t.down.OnError(err)
	case t.claim():
		t.ended = true
		t.worker.Dispose()
		t.down.OnError(err)
	default:
		reportLate(t.ctx, err)
	}
}

func (t *timeoutObserver[T]) OnComplete() {
	if t.passed {
		t.down.OnComplete()
	} else if t.claim() {
		t.ended = true
		t.worker.Dispose()
		t.down.OnComplete()
	}
}

// now returns the time since start.
func (t *timeoutObserver[T]) now() time.Duration {
	if _, ok := t.on.(goScheduler); ok {
		return time.Since(t.start) // half the price of Now
	}
	return t.on.Now().Sub(t.start)
}

// claim reports whether the caller is the one who ends the timing.
func (t *timeoutObserver[T]) claim() bool {
	return t.word.Or(timeoutOver)&timeoutOver == 0
}

func (t *timeoutObserver[T]) arm(d time.Duration) {
	if _, err := t.worker.After(d, t.task); err != nil {
		t.refused(err)
	}
}

// expire is the timer's task.
func (t *timeoutObserver[T]) expire() {
	for {
		w := t.word.Load()
		if w&timeoutOver != 0 {
			return
		}
		if w&timeoutBusy != 0 {
			t.arm(t.d) // the item will be taken later than now
			return
		}
		if left := t.d - (t.now() - time.Duration(w>>timeoutBits)); left > 0 {
			t.arm(left)
			return
		}
		if t.word.CompareAndSwap(w, w|timeoutOver) {
			t.up.Dispose()
			t.worker.Dispose()
			if t.other != nil {
				t.other.begin(t.src)
			} else {
				End(t.ctx, t, t.down, &TimeoutError{After: t.d})
			}
			return
		}
	}
}

// refused ends the stream because the scheduler will not run the timer's task.
// An item that is being delivered comes first.
func (t *timeoutObserver[T]) refused(err error) {
	w := t.word.Load()
	if w&timeoutOver != 0 {
		return
	}
	t.refusal = err
	for !t.word.CompareAndSwap(w, w|timeoutOver) {
		if w = t.word.Load(); w&timeoutOver != 0 {
			return
		}
	}
	t.up.Dispose()
	t.worker.Dispose()
	if w&timeoutBusy == 0 {
		End(t.ctx, t, t.down, err)
	}
}

func (t *timeoutObserver[T]) Dispose() {
	t.disposed.Store(true)
	t.claim()
	t.up.Dispose()
	t.worker.Dispose()
	if t.other != nil {
		t.other.Dispose()
	}
}

// Disposed reports whether downstream disposed.
func (t *timeoutObserver[T]) Disposed() bool { return t.disposed.Load() }

// Blame implements [Stage]. When the timer or downstream has ended the stream,
// the emitter that comes late is not below, and must not look there: another
// goroutine is at work.
func (t *timeoutObserver[T]) Blame() (bool, Disposable, any) {
	w := t.word.Load()
	switch {
	case t.ended:
		return false, nil, t.down
	case !t.passed && w&timeoutOver != 0 && w&timeoutBusy == 0:
		return false, nil, nil
	}
	return false, t, t.down
}
