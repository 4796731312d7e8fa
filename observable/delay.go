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
func (o Observable[T]) Delay(d time.Duration, on ...Scheduler) Observable[T] {
	return Observable[T]{src: &delaySource[T]{o.src, max(d, 0), schedulerOf("Delay", on)}}
}

type delaySource[T any] struct {
	up Source[T]
	d  time.Duration
	on Scheduler
}

func (s *delaySource[T]) Subscribe(ctx context.Context, o Observer[T]) {
	d := &delayObserver[T]{ctx: ctx, down: o, d: s.d, on: s.on, worker: s.on.Worker()}
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

	mu    sync.Mutex
	queue fifo[delayed[T]] // guarded by mu
	// active says that a task is pending or running; while it is not, nobody
	// delivers. It is set by who finds it unset, and cleared by release.
	active  bool
	running bool      // guarded by mu; release is delivering
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

func (d *delayObserver[T]) OnNext(v T)  { d.enqueue(delayed[T]{v: v}) }
func (d *delayObserver[T]) OnComplete() { d.enqueue(delayed[T]{end: true}) }

func (d *delayObserver[T]) enqueue(s delayed[T]) {
	s.due = d.on.Now().Add(d.d)
	d.mu.Lock()
	if d.over || d.err != nil {
		d.mu.Unlock()
		return
	}
	d.queue.push(s)
	start := !d.active
	d.active = true
	d.mu.Unlock()
	if start {
		d.wait(d.d)
	}
}

func (d *delayObserver[T]) OnError(err error) {
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
		d.end()
	}
	return s, 0, true
}

// front returns when the oldest signal is due. The caller holds mu.
func (d *delayObserver[T]) front() time.Time { return d.queue.ring[d.queue.head].due }

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
	if d.err != nil {
		err = errors.Join(d.err, err)
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
	untold := !d.over
	d.end()
	d.mu.Unlock()
	d.worker.Dispose()
	if untold {
		reportLate(d.ctx, d.err) // accepted, but not told any more (rule C8)
	}
}

// Blame implements [Stage]: what is below runs in tasks, with a boundary of
// their own, so a panic that comes from above ends here.
func (d *delayObserver[T]) Blame() (bool, Disposable, any) { return true, d, d.down }

// failed implements failer.
func (d *delayObserver[T]) failed(cause error) {
	d.up.Dispose()
	d.OnError(cause)
}
