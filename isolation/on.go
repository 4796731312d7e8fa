package isolation

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/quillgo/quill/observable"
)

// On makes o a stream that is subscribed to in a slot of p, on a goroutine of
// its own, and that fails with the pool's refusal, on the subscriber's goroutine,
// when there is neither a slot nor room in the queue. The slot is held while the
// Subscribe of o runs, but no longer than to the terminal signal, and by user
// code that o runs meanwhile until that has returned (I2). What o does after its
// Subscribe has returned, from a timer for example, it does without a slot. A
// subscription that is disposed while it is queued leaves the queue and never runs.
func On[T any](o observable.Observable[T], p *Pool) observable.Observable[T] {
	if p == nil {
		panic(&observable.ArgumentError{Operator: "isolation.On", Argument: "p", Want: "a Pool"})
	}
	return observable.NewUnsafe[T](&onSource[T]{o.Source(), p})
}

type onSource[T any] struct {
	up   observable.Source[T]
	pool *Pool
}

func (s *onSource[T]) Subscribe(ctx context.Context, o observable.Observer[T]) {
	t := &onObserver[T]{ctx: ctx, source: s, down: o}
	active := true
	defer observable.Catch(ctx, &active, t, o)
	o.OnSubscribe(t)
	active = false
	if t.Disposed() {
		return
	}
	if err := s.pool.Submit(&t.task, t); err != nil {
		observable.End(ctx, t, o, err)
	} else if t.submitted.Store(true); t.Disposed() {
		t.leave() // disposed before there was a task to take out of the queue
	}
}

// onObserver is one subscription: the task that subscribes, the observer of what
// it subscribed to, and the hold of the user code that this runs.
type onObserver[T any] struct {
	task   Task
	ctx    context.Context
	source *onSource[T]
	down   observable.Observer[T]
	gone   atomic.Bool // disposed
	over   atomic.Bool // the end was told
	// submitted is set once the task was accepted, before which it must not be
	// touched: by the task itself, which may be faster than its subscriber.
	submitted atomic.Bool

	mu sync.Mutex
	up observable.Disposable // guarded by mu; nil until the task has subscribed
}

// Run implements [Runner].
func (t *onObserver[T]) Run(*Task) {
	t.submitted.Store(true)
	active := true
	defer observable.Catch[T](t.ctx, &active, t, t)
	if !t.Disposed() {
		t.source.up.Subscribe(observable.WithHold(t.ctx, t), t)
	}
	active = false
}

// Retain implements [observable.Hold]. When the slot is back but o has not
// ended, it is code that needs no slot.
func (t *onObserver[T]) Retain() bool { return t.task.permit.Retain() || !t.Disposed() }

// Release implements [observable.Hold]. A reference that Retain could take keeps
// the slot out, and after one that it could not there are no more.
func (t *onObserver[T]) Release() {
	if t.task.permit.state.Load()&references != 0 {
		t.task.permit.Release()
	}
}

// Dropped implements [Runner]: the pool was closed while the task was queued.
func (t *onObserver[T]) Dropped(*Task) {
	if !t.Disposed() {
		observable.End(t.ctx, t, t.down, t.source.pool.shut)
	}
}

func (t *onObserver[T]) OnSubscribe(d observable.Disposable) {
	t.mu.Lock()
	t.up = d
	t.mu.Unlock()
	if t.Disposed() {
		d.Dispose()
	}
}

func (t *onObserver[T]) OnNext(v T) { t.down.OnNext(v) }

// The slot is free before anybody is told of the end (I7).
func (t *onObserver[T]) OnError(err error) {
	t.over.Store(true)
	t.task.Permit().Done()
	t.down.OnError(err)
}

func (t *onObserver[T]) OnComplete() {
	t.over.Store(true)
	t.task.Permit().Done()
	t.down.OnComplete()
}

// Dispose disposes upstream each time: when it returns that is done, also if
// another goroutine was here first (C4). The slot is left also if upstream's
// Dispose, which may be user code, ends this goroutine.
func (t *onObserver[T]) Dispose() {
	t.gone.Store(true)
	if t.submitted.Load() {
		defer t.leave()
	}
	t.mu.Lock()
	up := t.up
	t.mu.Unlock()
	if up != nil {
		up.Dispose()
	}
}

// leave takes the task out of the queue, or leaves its slot to the user code
// that runs in it.
func (t *onObserver[T]) leave() {
	if !t.task.Cancel() {
		t.task.Permit().Abandon()
	}
}

func (t *onObserver[T]) Disposed() bool { return t.gone.Load() }

// Blame implements [observable.Stage]: no user function runs here. After the end
// nothing passes any more, so that a Goexit that has been told is not told again.
func (t *onObserver[T]) Blame() (bool, observable.Disposable, any) {
	if t.over.Load() {
		return false, nil, t.down
	}
	return false, t, t.down
}
