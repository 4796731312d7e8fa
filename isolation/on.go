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
// code that o runs until that has returned (I2). A subscription that is disposed
// while it is queued leaves the queue and never runs.
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
	if !t.Disposed() {
		if err := s.pool.Submit(&t.task, t); err != nil {
			o.OnError(err)
		} else if t.submitted.Store(true); t.Disposed() {
			t.leave() // disposed before there was a task to take out of the queue
		}
	}
	active = false
}

// onObserver is one subscription: the task that subscribes, and the observer of
// what it subscribed to.
type onObserver[T any] struct {
	task   Task
	ctx    context.Context
	source *onSource[T]
	down   observable.Observer[T]
	gone   atomic.Bool // disposed
	// submitted is set after Submit, before which the task must not be touched.
	submitted atomic.Bool

	mu sync.Mutex
	up observable.Disposable // guarded by mu; nil until the task has subscribed
}

// Run implements [Runner].
func (t *onObserver[T]) Run(*Task) {
	active := true
	defer observable.Catch(t.ctx, &active, t, t.down)
	if !t.Disposed() {
		t.source.up.Subscribe(observable.WithHold(t.ctx, t.task.Permit()), t)
	}
	active = false
}

// Dropped implements [Runner]: the pool was closed while the task was queued.
func (t *onObserver[T]) Dropped(*Task) {
	if !t.Disposed() {
		t.down.OnError(t.source.pool.shut)
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
	t.task.Permit().Done()
	t.down.OnError(err)
}

func (t *onObserver[T]) OnComplete() {
	t.task.Permit().Done()
	t.down.OnComplete()
}

func (t *onObserver[T]) Dispose() {
	if t.gone.Swap(true) {
		return
	}
	t.mu.Lock()
	up := t.up
	t.mu.Unlock()
	if up != nil {
		up.Dispose()
	}
	if t.submitted.Load() {
		t.leave()
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

// Blame implements [observable.Stage]: no user function runs here.
func (t *onObserver[T]) Blame() (bool, observable.Disposable, any) { return false, t, t.down }
