package observable

import (
	"context"
	"sync/atomic"
)

// SubscribeOn subscribes to the source in a task of the scheduler s, so that a
// synchronous source emits there, and Subscribe returns at once. A refusal of
// the scheduler is the stream's error.
//
//	1 2 3 |  SubscribeOn(s)  =>  1 2 3 |   on s
func (o Observable[T]) SubscribeOn(s Scheduler) Observable[T] {
	checkScheduler("SubscribeOn", "s", s)
	return Observable[T]{src: &subscribeOnSource[T]{o.src, s}}
}

type subscribeOnSource[T any] struct {
	up Source[T]
	on Scheduler
}

func (s *subscribeOnSource[T]) Subscribe(ctx context.Context, o Observer[T]) {
	r := &subscribeOnObserver[T]{ctx: ctx, down: o, src: s.up, worker: s.on.Worker()}
	announce(ctx, r, o)
	if r.Disposed() {
		return
	}
	onRefusal(r.worker, r)
	if _, err := r.worker.Schedule(r.run); err != nil {
		r.refused(err)
	}
}

// subscribeOnObserver passes on what comes. Nothing does before run.
type subscribeOnObserver[T any] struct {
	link
	ctx    context.Context
	down   Observer[T]
	src    Source[T]
	worker Worker
	over   atomic.Bool // the end has been passed on
}

// run is the worker's task.
func (s *subscribeOnObserver[T]) run() {
	if s.Disposed() || s.over.Load() {
		return
	}
	returned := false
	defer s.guard(&returned)
	subscribe[T](s.ctx, s.src, s)
	returned = true
}

// guard is the boundary for what escapes from the source's Subscribe, as a
// Goexit does though it has been told.
func (s *subscribeOnObserver[T]) guard(returned *bool) {
	if *returned {
		return
	}
	at := items
	if s.over.Load() {
		at = terminal
	}
	fault(s.ctx, at, s, s.down, recover())
}

// refused ends the stream because run will not be called.
func (s *subscribeOnObserver[T]) refused(err error) {
	if s.Disposed() || s.over.Swap(true) {
		return
	}
	s.worker.Dispose()
	End(s.ctx, s, s.down, err)
}

func (s *subscribeOnObserver[T]) OnSubscribe(d Disposable) { s.set(d) }
func (s *subscribeOnObserver[T]) OnNext(v T)               { s.down.OnNext(v) }

func (s *subscribeOnObserver[T]) OnError(err error) {
	s.over.Store(true)
	s.worker.Dispose()
	s.down.OnError(err)
}

func (s *subscribeOnObserver[T]) OnComplete() {
	s.over.Store(true)
	s.worker.Dispose()
	s.down.OnComplete()
}

func (s *subscribeOnObserver[T]) Dispose() {
	s.link.Dispose()
	s.worker.Dispose()
}

// Blame implements [Stage].
func (s *subscribeOnObserver[T]) Blame() (bool, Disposable, any) { return false, s, s.down }
