package observable

import (
	"context"
	"time"
)

// Debounce emits an item when d has passed since it came and no other has come
// meanwhile, which would take its place. What is waiting when the source
// completes is emitted before the completion; an error drops it. The emitting is
// done by the scheduler on, or without one by [Go]; the source is never blocked
// (RxJava: debounce, throttleWithTimeout).
//
//	1 2 3 . . . 4 |  Debounce(2s)  =>  . . . . 3 . . 4|
//
// On the real clock an item costs a look at the clock and no timer: the one that
// is pending moves on when it finds that there was another item.
func Debounce[T any](o Observable[T], d time.Duration, on ...Scheduler) Observable[T] {
	return Observable[T]{src: &debounceSource[T]{o.src, max(d, 0), schedulerOf("Debounce", on)}}
}

type debounceSource[T any] struct {
	up Source[T]
	d  time.Duration
	on Scheduler
}

func (s *debounceSource[T]) Subscribe(ctx context.Context, o Observer[T]) {
	d := &debounceObserver[T]{d: s.d, on: s.on, worker: s.on.Worker()}
	d.ctx, d.down, d.owner = ctx, o, d
	d.task = d.expire
	_, d.moves = s.on.(goScheduler)
	onRefusal(d.worker, d)
	subscribe(ctx, s.up, d)
}

type debounceObserver[T any] struct {
	holder[T]
	up     Disposable
	d      time.Duration
	on     Scheduler
	worker Worker
	task   func() // expire
	inside bool   // the source's goroutine is inside down (rule C9)
	// moves says that one timer is armed while items wait, which moves on to the
	// newest one. Without, each item has a timer of its own from when it comes, as
	// in RxJava, where that decides who is first when two things are due at once:
	// on the real clock there is no such thing.
	moves bool

	due   time.Time  // guarded by mu; when the item that is held will be emitted
	armed bool       // guarded by mu; a timer is pending, or about to be
	timer Disposable // guarded by mu; the newest one; nil if timers move
}

func (d *debounceObserver[T]) OnSubscribe(up Disposable) {
	d.up = up
	d.inside = true
	d.down.OnSubscribe(d)
	d.inside = false
}

func (d *debounceObserver[T]) OnNext(v T) {
	due := d.on.Now().Add(d.d)
	d.mu.Lock()
	d.hold(v)
	d.due = due
	timer, arm := d.timer, !d.armed || !d.moves
	d.armed = true
	d.mu.Unlock()
	if timer != nil {
		timer.Dispose()
	}
	if arm {
		d.arm(d.d)
	}
}

func (d *debounceObserver[T]) arm(after time.Duration) {
	timer, err := d.worker.After(after, d.task)
	if err != nil {
		d.refused(err)
		return
	}
	if !d.moves {
		d.mu.Lock()
		d.timer = timer
		d.mu.Unlock()
	}
}

// expire is the timer's task.
func (d *debounceObserver[T]) expire() {
	now := d.on.Now()
	d.mu.Lock()
	if left := d.due.Sub(now); d.held && left > 0 {
		d.mu.Unlock()
		d.arm(left)
		return
	}
	d.armed = false
	some := d.release()
	d.mu.Unlock()
	if some {
		d.enter()
	}
}

func (d *debounceObserver[T]) OnError(err error)   { d.failed(err) }
func (d *debounceObserver[T]) failed(err error)    { d.fail(err, d.stop) }
func (d *debounceObserver[T]) refused(cause error) { d.failed(cause) }

func (d *debounceObserver[T]) OnComplete() {
	d.worker.Dispose()
	d.complete(true)
}

// stop disposes the producers.
func (d *debounceObserver[T]) stop() {
	d.up.Dispose()
	d.worker.Dispose()
	d.forget()
}

func (d *debounceObserver[T]) Dispose() {
	if d.dispose() {
		d.stop()
	}
}

// Blame implements [Stage].
func (d *debounceObserver[T]) Blame() (bool, Disposable, any) { return !d.inside, d.handle(), d.down }
