package isolation

import (
	"context"
	"sync/atomic"

	"github.com/quillgo/quill/observable"
)

// Limit makes o a stream that needs a permit of s for each subscription, and
// fails with the semaphore's refusal when there is none. The permit is held until
// the terminal signal or Dispose, and by user code that o runs until that has
// returned (I2). A subscription that is disposed while such code runs counts as
// abandoned until then.
func Limit[T any](o observable.Observable[T], s *Semaphore) observable.Observable[T] {
	if s == nil {
		panic(&observable.ArgumentError{Operator: "isolation.Limit", Argument: "s", Want: "a Semaphore"})
	}
	return observable.NewUnsafe[T](&limitSource[T]{o.Source(), s})
}

type limitSource[T any] struct {
	up        observable.Source[T]
	semaphore *Semaphore
}

func (l *limitSource[T]) Subscribe(ctx context.Context, o observable.Observer[T]) {
	permit, err := l.semaphore.Acquire()
	if err != nil {
		observable.Error[T](err).Source().Subscribe(ctx, o)
		return
	}
	up := &limitObserver[T]{permit: permit, down: o}
	returned := false
	defer func() {
		if !returned && up.up == nil {
			permit.Done() // upstream went down before it gave anybody the means to end it
		}
	}()
	l.up.Subscribe(observable.WithHold(ctx, permit), up)
	returned = true
}

type limitObserver[T any] struct {
	permit *Permit
	down   observable.Observer[T]
	up     observable.Disposable
	gone   atomic.Bool // disposed
}

func (l *limitObserver[T]) OnSubscribe(d observable.Disposable) {
	l.up = d
	l.down.OnSubscribe(l)
}

func (l *limitObserver[T]) OnNext(v T) { l.down.OnNext(v) }

// The permit is back before anybody is told of the end (I7).
func (l *limitObserver[T]) OnError(err error) {
	l.permit.Done()
	l.down.OnError(err)
}

func (l *limitObserver[T]) OnComplete() {
	l.permit.Done()
	l.down.OnComplete()
}

// Dispose gives the permit back also if upstream's Dispose, which may be user
// code, ends this goroutine.
func (l *limitObserver[T]) Dispose() {
	l.gone.Store(true)
	defer l.permit.Abandon()
	l.up.Dispose()
}

func (l *limitObserver[T]) Disposed() bool { return l.gone.Load() }

// Blame implements [observable.Stage]: no user function runs here.
func (l *limitObserver[T]) Blame() (bool, observable.Disposable, any) { return false, l, l.down }
