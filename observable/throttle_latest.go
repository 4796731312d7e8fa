package observable

import (
	"context"
	"time"
)

// ThrottleLatest emits an item and then, each time that d has passed, the last
// one that has come since; when there is none, the next item is emitted as it
// comes. What is waiting when the source completes is emitted before the
// completion with emitLast, and dropped without, which is RxJava's default; an
// error drops it. The time is kept, and items that waited are emitted, by the
// scheduler on, or without one by [Go].
//
//	1 2 . 3 . . . 4 5|  ThrottleLatest(2s)  =>  1 . 2 . 3 . . 4 .|
func ThrottleLatest[T any](o Observable[T], d time.Duration, emitLast bool, on ...Scheduler) Observable[T] {
	return Observable[T]{src: &throttleLatestSource[T]{o.src, max(d, 0), emitLast, schedulerOf("ThrottleLatest", on)}}
}

type throttleLatestSource[T any] struct {
	up       Source[T]
	d        time.Duration
	emitLast bool
	on       Scheduler
}

func (s *throttleLatestSource[T]) Subscribe(ctx context.Context, o Observer[T]) {
	t := &throttleLatest[T]{d: s.d, emitLast: s.emitLast, worker: s.on.Worker()}
	t.ctx, t.down, t.owner = ctx, o, t
	t.task = t.expire
	onRefusal(t.worker, t)
	subscribe(ctx, s.up, t)
}

type throttleLatest[T any] struct {
	holder[T]
	up       Disposable
	d        time.Duration
	emitLast bool
	worker   Worker
	task     func() // expire
	inside   bool   // the source's goroutine is inside down (rule C9)

	timed bool // guarded by mu; the timer runs, or is about to: items are held
}

func (t *throttleLatest[T]) OnSubscribe(d Disposable) {
	t.up = d
	t.inside = true
	t.down.OnSubscribe(t)
	t.inside = false
}

func (t *throttleLatest[T]) OnNext(v T) {
	t.mu.Lock()
	free := !t.timed
	t.timed = true
	if !free {
		t.hold(v)
	}
	t.mu.Unlock()
	if !free {
		return
	}
	t.inside = true
	t.next(v)
	t.inside = false
	t.arm()
}

// arm starts the timer, when an item has been emitted, as in RxJava, where that
// decides who is first when two things are due at once.
func (t *throttleLatest[T]) arm() {
	if _, err := t.worker.After(t.d, t.task); err != nil {
		t.failed(err)
	}
}

// expire is the timer's task.
func (t *throttleLatest[T]) expire() {
	t.mu.Lock()
	some := t.release()
	t.timed = some
	t.mu.Unlock()
	if some {
		t.enter()
		t.arm()
	}
}

func (t *throttleLatest[T]) OnError(err error) { t.failed(err) }
func (t *throttleLatest[T]) refused(err error) { t.failed(err) }
func (t *throttleLatest[T]) failed(err error)  { t.fail(err, t.stop) }

func (t *throttleLatest[T]) OnComplete() {
	t.worker.Dispose()
	t.complete(t.emitLast)
}

// stop disposes the producers.
func (t *throttleLatest[T]) stop() {
	t.up.Dispose()
	t.worker.Dispose()
	t.forget()
}

func (t *throttleLatest[T]) Dispose() {
	if t.dispose() {
		t.stop()
	}
}

// Blame implements [Stage].
func (t *throttleLatest[T]) Blame() (bool, Disposable, any) { return !t.inside, t.handle(), t.down }
