package observable

import (
	"context"
	"sync/atomic"
	"time"
)

// ThrottleFirst emits an item and then drops those that come until d has passed.
// The time is kept by the scheduler on, or without one by [Go].
//
//	1 2 3 . . 4 5 |  ThrottleFirst(3s)  =>  1 . . . . 4 . |
func ThrottleFirst[T any](o Observable[T], d time.Duration, on ...Scheduler) Observable[T] {
	return Observable[T]{src: &throttleFirstSource[T]{o.src, max(d, 0), schedulerOf("ThrottleFirst", on)}}
}

type throttleFirstSource[T any] struct {
	up Source[T]
	d  time.Duration
	on Scheduler
}

func (s *throttleFirstSource[T]) Subscribe(ctx context.Context, o Observer[T]) {
	t := &throttleFirst[T]{d: s.d, worker: s.on.Worker()}
	t.ctx, t.down, t.owner = ctx, o, t
	t.task = t.open
	onRefusal(t.worker, t)
	subscribe(ctx, s.up, t)
}

// throttleFirst serialises because a scheduler may turn out late not to run the
// task.
type throttleFirst[T any] struct {
	serial[T]
	up     Disposable
	d      time.Duration
	worker Worker
	task   func()      // open
	shut   atomic.Bool // items are dropped
	inside bool        // the source's goroutine is inside down (rule C9)
}

func (t *throttleFirst[T]) OnSubscribe(d Disposable) {
	t.up = d
	t.inside = true
	t.down.OnSubscribe(t)
	t.inside = false
}

// OnNext starts the timer when the item has been taken, as RxJava does, where
// that decides who is first when two things are due at once.
func (t *throttleFirst[T]) OnNext(v T) {
	if t.shut.Load() {
		return
	}
	t.shut.Store(true)
	t.inside = true
	t.next(v)
	t.inside = false
	if _, err := t.worker.After(t.d, t.task); err != nil {
		t.failed(err)
	}
}

// open is the timer's task.
func (t *throttleFirst[T]) open() { t.shut.Store(false) }

func (t *throttleFirst[T]) OnError(err error) { t.failed(err) }
func (t *throttleFirst[T]) refused(err error) { t.failed(err) }
func (t *throttleFirst[T]) failed(err error)  { t.fail(err, t.stop) }

func (t *throttleFirst[T]) OnComplete() {
	t.worker.Dispose()
	t.finish()
}

// stop disposes the producers.
func (t *throttleFirst[T]) stop() {
	t.up.Dispose()
	t.worker.Dispose()
}

func (t *throttleFirst[T]) Dispose() {
	if t.dispose() {
		t.stop()
	}
}

// Blame implements [Stage].
func (t *throttleFirst[T]) Blame() (bool, Disposable, any) { return !t.inside, t.handle(), t.down }
