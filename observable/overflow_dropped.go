package observable

import "context"

// OnBackpressureBufferFunc is [OnBackpressureBuffer] that calls dropped with each
// item that the buffer has no room for: the oldest or the newest one in it, as
// overflow says, or with [OverflowError] the item that failed the stream (RxJava:
// onBackpressureBuffer with onDropped). Items that are in the buffer when the
// stream fails or is disposed are let go without a call.
//
//	1 2 3 4 5 |  OnBackpressureBufferFunc(2, OverflowDropOldest), 1 takes long  =>  1 (dropped 2) (dropped 3) 4 5 |
//
// dropped runs on the source's goroutine, without a lock, and may run while the
// observer is busy with another item. A panic of it stops the source and fails
// the stream.
func OnBackpressureBufferFunc[T any](o Observable[T], n int, overflow Overflow, dropped func(v T), on ...Scheduler) Observable[T] {
	switch {
	case n < 1:
		panic(badArgument("OnBackpressureBufferFunc", "n", n, "1 or more"))
	case overflow > OverflowDropLatest:
		panic(badArgument("OnBackpressureBufferFunc", "overflow", overflow, "OverflowError, OverflowDropOldest or OverflowDropLatest"))
	}
	return dropping("OnBackpressureBufferFunc", o, n, overflow, dropped, on)
}

// OnBackpressureDropFunc is [OnBackpressureDrop] that calls dropped with each
// item that it drops, as [OnBackpressureBufferFunc] does (RxJava:
// onBackpressureDrop with onDrop).
//
//	1 2 3 4 5 |  OnBackpressureDropFunc, 1 takes long  =>  1 (dropped 2) (dropped 3) 4 5 |
func OnBackpressureDropFunc[T any](o Observable[T], dropped func(v T), on ...Scheduler) Observable[T] {
	return dropping("OnBackpressureDropFunc", o, 0, OverflowDropLatest, dropped, on)
}

// OnBackpressureLatestFunc is [OnBackpressureLatest] that calls dropped with each
// item whose place a newer one takes, as [OnBackpressureBufferFunc] does (RxJava:
// onBackpressureLatest with onDropped).
//
//	1 2 3 4 5 |  OnBackpressureLatestFunc, 1 takes long  =>  1 (dropped 2) 3 4 5 |
func OnBackpressureLatestFunc[T any](o Observable[T], dropped func(v T), on ...Scheduler) Observable[T] {
	return dropping("OnBackpressureLatestFunc", o, 1, OverflowDropOldest, dropped, on)
}

func dropping[T any](operator string, o Observable[T], n int, overflow Overflow, dropped func(T), on []Scheduler) Observable[T] {
	if dropped == nil {
		panic(badArgument(operator, "dropped", nil, "a function"))
	}
	return Observable[T]{src: &droppingSource[T]{overflowSource[T]{o.src, n, overflow, schedulerOf(operator, on)}, dropped}}
}

type droppingSource[T any] struct {
	overflowSource[T]
	dropped func(T)
}

func (s *droppingSource[T]) Subscribe(ctx context.Context, o Observer[T]) {
	q := &droppingObserver[T]{dropped: s.dropped}
	q.ctx, q.down, q.of, q.worker = ctx, o, &s.overflowSource, s.on.Worker()
	q.task = q.drain
	onRefusal(q.worker, q)
	subscribe(ctx, s.up, q)
}

// droppingObserver is an overflowObserver that tells what it drops. It needs no
// flag around dropped, since it is the one to fail for all that runs on the
// source's goroutine.
type droppingObserver[T any] struct {
	overflowObserver[T]
	dropped func(T)
}

func (q *droppingObserver[T]) OnNext(v T) {
	q.mu.Lock()
	lost, failed := v, false
	switch {
	case q.state.Load() != 0:
		q.mu.Unlock()
		return
	case q.queue.n < q.of.n, q.of.n == 0 && !q.active:
		q.queue.push(v)
		q.release()
		return
	case q.of.n == 0:
	case q.of.full == OverflowDropOldest:
		lost = q.queue.pop()
		q.queue.push(v)
	case q.of.full == OverflowDropLatest:
		lost = q.queue.replaceNewest(v)
	default:
		failed = true
	}
	q.mu.Unlock() // whoever filled the queue has woken the drain
	if failed {
		q.failed(ErrOverflow) // first, so that a panic of dropped does not hide it
	}
	q.dropped(lost)
}

// replaceNewest puts v in the place of the newest item, which it returns. The
// caller knows that there is one.
func (q *fifo[T]) replaceNewest(v T) T {
	newest := &q.ring[(q.head+q.n-1)&(len(q.ring)-1)]
	lost := *newest
	*newest = v
	return lost
}
