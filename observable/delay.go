package observable

import (
	"context"
	"errors"
	"sync"
	"time"
)

// Delay emits each item, and the completion, d later than it came. An error is
// not delayed: it overtakes the items that are still waiting, which are dropped.
// Items that wait are queued without bound; the source is never blocked. They
// are emitted by the scheduler on, or without one by [Go].
//
//	1 2 3 |  Delay(3s)  =>  ...1 2 3 |
func Delay[T any](o Observable[T], d time.Duration, on ...Scheduler) Observable[T] {
	return Observable[T]{src: &delaySource[T]{o.src, max(d, 0), schedulerOf("Delay", on), false}}
}

// DelayDelayError is [Delay] that delays an error, too, which comes
// after the items before it then.
//
//	1 2 3 #  DelayDelayError(3s)  =>  ...1 2 3 #
func DelayDelayError[T any](o Observable[T], d time.Duration, on ...Scheduler) Observable[T] {
	return Observable[T]{src: &delaySource[T]{o.src, max(d, 0), schedulerOf("DelayDelayError", on), true}}
}

type delaySource[T any] struct {
	up         Source[T]
	d          time.Duration
	on         Scheduler
	delayError bool
}

func (s *delaySource[T]) Subscribe(ctx context.Context, o Observer[T]) {
	d := &delayObserver[T]{ctx: ctx, down: o, d: s.d, on: s.on, worker: s.on.Worker(), delayError: s.delayError}
	d.task = d.release
	onRefusal(d.worker, d)
	subscribe(ctx, s.up, d)
}

// delayObserver queues what comes, with its due time, and has one task pending
// for the oldest: the delay is the same for all, so the queue is in order.
type delayObserver[T any] struct {
	relay
	ctx    context.Context
	down   Observer[T]
	d      time.Duration
	on     Scheduler
	worker Worker
	task   func() // release
	// delayError says that an error waits in the queue, as the end.
	delayError bool

	mu    sync.Mutex
	queue fifo[delayed[T]] // guarded by mu
	// active says that a task is pending or running; while it is not, nobody
	// delivers. It is set by who finds it unset, and cleared by release.
	active  bool
	running bool      // guarded by mu; release is delivering
	last    error     // guarded by mu; the error that the end in the queue is, if any
	err     error     // guarded by mu; the end, when it is an error
	until   time.Time // guarded by mu; err overtakes what is due after this
	over    bool      // guarded by mu; the end is being told, or downstream disposed
}

// delayed is an item, or the completion, that waits.
type delayed[T any] struct {
	v   T
	due time.Time
	end bool
}

func (d *delayObserver[T]) OnSubscribe(up Disposable) {
	d.up = up
	d.down.OnSubscribe(d)
}

func (d *delayObserver[T]) OnNext(v T)  { d.enqueue(delayed[T]{v: v}, nil) }
func (d *delayObserver[T]) OnComplete() { d.enqueue(delayed[T]{end: true}, nil) }

// enqueue queues s; err is for an end.
func (d *delayObserver[T]) enqueue(s delayed[T], err error) {
	s.due = d.on.Now().Add(d.d)
	d.mu.Lock()
	if d.over || d.err != nil || d.last != nil {
		d.mu.Unlock()
		reportLate(d.ctx, err)
		return
	}
	d.queue.push(s)
	d.last = err
	start := !d.active
	d.active = true
	d.mu.Unlock()
	if start {
		d.wait(d.d)
	}
}

func (d *delayObserver[T]) OnError(err error) {
	if d.delayError {
		d.enqueue(delayed[T]{end: true}, err)
		return
	}
	now := d.on.Now()
	d.mu.Lock()
	late := d.over || d.err != nil
	if !late {
		d.err, d.until, d.active = err, now, true
	}
	d.mu.Unlock()
	if late {
		reportLate(d.ctx, err)
		return
	}
	d.wait(0)
}

// wait has release called when that much time has passed.
func (d *delayObserver[T]) wait(after time.Duration) {
	if _, err := d.worker.After(after, d.task); err != nil {
		d.refused(err)
	}
}

// release delivers what is due, in a task of the worker.
func (d *delayObserver[T]) release() {
	at := items
	defer catch(d.ctx, &at, d, d.down)
	for {
		s, wait, more := d.take()
		switch {
		case wait > 0:
			d.wait(wait)
		case more && !s.end:
			d.down.OnNext(s.v)
			continue
		case more:
			d.worker.Dispose()
			at = idle
			End(d.ctx, d, d.down, d.err) // nobody writes err after the end
		}
		at = idle
		return
	}
}

// take returns the next due signal, or how long to wait for it; neither when
// there is nothing to deliver.
func (d *delayObserver[T]) take() (s delayed[T], wait time.Duration, more bool) {
	now := d.on.Now()
	d.mu.Lock()
	defer d.mu.Unlock()
	d.running = false
	some := d.queue.n > 0
	switch {
	case d.over:
		return s, 0, false
	case d.err != nil && (!some || d.front().After(d.until)):
		d.end()
		return delayed[T]{end: true}, 0, true
	case !some:
		d.active = false
		return s, 0, false
	}
	if wait = d.front().Sub(now); wait > 0 {
		return s, wait, false
	}
	d.running = true
	s = d.queue.pop()
	if s.end {
		d.err = d.last
		d.end()
	}
	return s, 0, true
}

// front returns when the oldest signal is due. The caller holds mu.
func (d *delayObserver[T]) front() time.Time { return d.queue.ring[d.queue.head].due }

// accepted returns the error that is to be told, or nil. The caller holds mu.
func (d *delayObserver[T]) accepted() error {
	if d.err != nil {
		return d.err
	}
	return d.last
}

// end keeps everything further out. The caller holds mu.
func (d *delayObserver[T]) end() {
	d.over = true
	d.queue.clear()
}

// refused ends the stream because the scheduler will not run the task.
func (d *delayObserver[T]) refused(err error) {
	d.mu.Lock()
	if d.over {
		d.mu.Unlock()
		return
	}
	if before := d.accepted(); before != nil {
		err = errors.Join(before, err)
	}
	d.err, d.until = err, time.Time{}
	mine := !d.running // else it is release that sees err
	if mine {
		d.end()
	}
	d.mu.Unlock()
	d.up.Dispose()
	d.worker.Dispose()
	if mine {
		End(d.ctx, d, d.down, err)
	}
}

func (d *delayObserver[T]) Dispose() {
	d.relay.Dispose()
	d.mu.Lock()
	var untold error
	if !d.over {
		untold = d.accepted()
	}
	d.end()
	d.mu.Unlock()
	d.worker.Dispose()
	reportLate(d.ctx, untold) // accepted, but not told any more (rule C8)
}

// Blame implements [Stage]: what is below runs in tasks, with a boundary of
// their own, so a panic that comes from above ends here.
func (d *delayObserver[T]) Blame() (bool, Disposable, any) { return true, d, d.down }

// failed implements failer.
func (d *delayObserver[T]) failed(cause error) {
	d.up.Dispose()
	d.OnError(cause)
}
