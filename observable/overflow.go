package observable

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
)

// ErrOverflow is the error of [OnBackpressureBuffer] with [OverflowError] when
// the buffer is full (RxJava: MissingBackpressureException).
var ErrOverflow = errors.New("observable: buffer is full: the observer is too slow")

// Overflow says what becomes of an item that finds the buffer of
// [OnBackpressureBuffer] full.
type Overflow uint8

const (
	// OverflowError stops the source and fails the stream with [ErrOverflow],
	// which overtakes the items in the buffer.
	OverflowError Overflow = iota
	// OverflowDropOldest drops the item that has waited longest.
	OverflowDropOldest
	// OverflowDropLatest drops the newest item in the buffer, whose place the
	// item takes, as in RxJava: the oldest stay.
	OverflowDropLatest
)

// OnBackpressureBuffer lets a source that must not be held up run ahead of a
// slow observer by at most n items: the source puts its items into a buffer and
// goes on at once, and the observer takes them out, in order, in tasks of the
// scheduler on, or without one on a goroutine of its own ([Go]). The item that the
// observer is busy with does not count. overflow says what becomes of the item
// that is one too many.
//
//	1 2 3 4 5 |  OnBackpressureBuffer(2, OverflowDropOldest), 1 takes long  =>  1 4 5 |
//
// It is [Observable.ObserveOn] that never waits: there the source waits for
// room. An error of the source overtakes the buffer, as there; the completion
// comes after it. When the scheduler refuses a task the stream fails with its
// error, on the source's goroutine. With [Current] the observer's turn comes when
// the source returns, so a synchronous source meets nobody who takes anything.
func OnBackpressureBuffer[T any](o Observable[T], n int, overflow Overflow, on ...Scheduler) Observable[T] {
	switch {
	case n < 1:
		panic(badArgument("OnBackpressureBuffer", "n", n, "1 or more"))
	case overflow > OverflowDropLatest:
		panic(badArgument("OnBackpressureBuffer", "overflow", overflow, "OverflowError, OverflowDropOldest or OverflowDropLatest"))
	}
	return Observable[T]{src: &overflowSource[T]{o.src, n, overflow, schedulerOf("OnBackpressureBuffer", on)}}
}

// OnBackpressureDrop drops the items that come while the observer is busy with
// another, which it takes as [OnBackpressureBuffer] says: the source never waits,
// and no item does.
//
//	1 2 3 4 5 |  OnBackpressureDrop, 1 takes long  =>  1 4 5 |
func OnBackpressureDrop[T any](o Observable[T], on ...Scheduler) Observable[T] {
	return Observable[T]{src: &overflowSource[T]{up: o.src, on: schedulerOf("OnBackpressureDrop", on)}}
}

// OnBackpressureLatest keeps, of the items that come while the observer is busy
// with another, the newest one: it is OnBackpressureBuffer(o, 1,
// OverflowDropOldest, on...). A queue further down undoes it, as that of
// [Observable.Seq] does; [Observable.ForEach] and a [Observable.Chan] of 0 do not.
//
//	1 2 3 4 5 |  OnBackpressureLatest, 1 takes long  =>  1 3 4 5 |
func OnBackpressureLatest[T any](o Observable[T], on ...Scheduler) Observable[T] {
	return Observable[T]{src: &overflowSource[T]{o.src, 1, OverflowDropOldest, schedulerOf("OnBackpressureLatest", on)}}
}

type overflowSource[T any] struct {
	up   Source[T]
	n    int // 0: an item is taken only when the observer is not busy
	full Overflow
	on   Scheduler
}

func (s *overflowSource[T]) Subscribe(ctx context.Context, o Observer[T]) {
	q := &overflowObserver[T]{ctx: ctx, down: o, of: s, worker: s.on.Worker()}
	q.task = q.drain
	onRefusal(q.worker, q)
	subscribe(ctx, s.up, q)
}

// overflowObserver is a queue between two goroutines: whoever puts something in
// while nobody drains schedules the drain, which goes on until the queue is
// empty.
type overflowObserver[T any] struct {
	relay
	ctx    context.Context
	down   Observer[T]
	of     *overflowSource[T]
	worker Worker
	task   func() // drain

	// state has the bits below; bits are only ever added. Any of them keeps new
	// items out and stops the drain at the next one.
	state atomic.Uint32

	mu        sync.Mutex
	queue     fifo[T] // guarded by mu
	active    bool    // guarded by mu; the drain is scheduled or running
	completed bool    // guarded by mu
	err       error   // guarded by mu; set before overflowFailed
}

const (
	overflowOver   = 1 << iota // the end was told, or downstream disposed
	overflowFailed             // err overtakes the queue
)

func (q *overflowObserver[T]) OnSubscribe(d Disposable) {
	q.up = d
	q.down.OnSubscribe(q)
}

func (q *overflowObserver[T]) OnNext(v T) {
	q.mu.Lock()
	room := q.queue.n < q.of.n || q.of.n == 0 && !q.active
	switch {
	case q.state.Load() != 0:
	case room:
		q.queue.push(v)
		q.release()
		return
	case q.of.n == 0:
	case q.of.full == OverflowDropOldest:
		q.queue.pop()
		q.queue.push(v)
	case q.of.full == OverflowDropLatest:
		q.queue.replaceLast(v)
	default:
		q.mu.Unlock()
		q.failed(ErrOverflow)
		return
	}
	q.mu.Unlock() // whoever filled the queue has woken the drain
}

func (q *overflowObserver[T]) OnError(err error) {
	q.mu.Lock()
	if q.state.Load() == 0 {
		q.err = err
		if q.state.Or(overflowFailed)&overflowOver == 0 { // Dispose does not wait for mu
			q.release()
			return
		}
	}
	q.mu.Unlock()
	reportLate(q.ctx, err)
}

func (q *overflowObserver[T]) OnComplete() {
	q.mu.Lock()
	q.completed = true
	q.release()
}

// release schedules the drain unless it is active. It is called with mu held,
// and releases it.
func (q *overflowObserver[T]) release() {
	start := !q.active
	q.active = true
	q.mu.Unlock()
	if !start {
		return
	}
	if _, err := q.worker.Schedule(q.task); err != nil {
		q.refused(err)
	}
}

// drain is the worker's task.
func (q *overflowObserver[T]) drain() {
	at := items
	defer catch(q.ctx, &at, q, q.down)
	for {
		v, more, end := q.take()
		if !more {
			at = idle
			if end {
				q.worker.Dispose()
				End(q.ctx, q, q.down, q.err) // nobody writes err after the end
			}
			return
		}
		q.down.OnNext(v)
	}
}

// take returns the next item, or whether the end has come; neither when there is
// nothing to deliver.
func (q *overflowObserver[T]) take() (v T, more, end bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	state := q.state.Load()
	switch {
	case state&overflowOver != 0:
		return v, false, false
	case state != 0, q.completed && q.queue.n == 0:
		return v, false, q.close()
	case q.queue.n == 0:
		q.active = false
		return v, false, false
	}
	return q.queue.pop(), true, false
}

// close keeps everything further out, and reports whether that was still to do.
// The caller holds mu.
func (q *overflowObserver[T]) close() (first bool) {
	q.queue.clear()
	return q.state.Or(overflowOver)&overflowOver == 0
}

// refused ends the stream because the scheduler will not run the drain, so that
// nobody else delivers.
func (q *overflowObserver[T]) refused(err error) {
	q.mu.Lock()
	first := q.close()
	if q.err != nil {
		err = errors.Join(q.err, err)
	}
	q.mu.Unlock()
	if !first {
		return
	}
	q.up.Dispose()
	q.worker.Dispose()
	End(q.ctx, q, q.down, err)
}

func (q *overflowObserver[T]) Dispose() {
	before := q.state.Or(overflowOver) // at once: mu may be fought for
	q.relay.Dispose()
	q.worker.Dispose()
	q.mu.Lock()
	q.queue.clear()
	q.mu.Unlock()
	if before == overflowFailed {
		reportLate(q.ctx, q.err) // accepted, but not told any more (rule C8)
	}
}

// Blame implements [Stage]: what is below runs in tasks, with a boundary of
// their own, so a panic that comes from above ends here.
func (q *overflowObserver[T]) Blame() (bool, Disposable, any) { return true, q, q.down }

// failed implements failer.
func (q *overflowObserver[T]) failed(cause error) {
	q.up.Dispose()
	q.OnError(cause)
}

// replaceLast puts v in the place of the newest item. The caller knows that
// there is one.
func (q *fifo[T]) replaceLast(v T) {
	q.ring[(q.head+q.n-1)&(len(q.ring)-1)] = v
}
