package breaker

import (
	"context"
	"sync/atomic"

	"github.com/quillgo/quill/observable"
)

// Guard makes o a stream that asks b before each subscription, fails with the
// open error if that refuses, and reports how the subscription ended: completion
// is a Success, an error what [Settings].Classify says. A Dispose is no result
// (Ignore), unless the subscription's context has ended: then its error is
// classified, so that a deadline that passed is a failure.
func Guard[T any](o observable.Observable[T], b *Breaker) observable.Observable[T] {
	if b == nil {
		panic(&observable.ArgumentError{Operator: "breaker.Guard", Argument: "b", Want: "a Breaker"})
	}
	return observable.NewUnsafe[T](&guardSource[T]{o.Source(), b})
}

type guardSource[T any] struct {
	up      observable.Source[T]
	breaker *Breaker
}

func (s *guardSource[T]) Subscribe(ctx context.Context, o observable.Observer[T]) {
	g := &guardObserver[T]{ctx: ctx, breaker: s.breaker, down: o}
	var err error
	if g.permit, err = s.breaker.Acquire(); err != nil {
		observable.Error[T](err).Source().Subscribe(ctx, o)
		return
	}
	s.up.Subscribe(ctx, g)
}

type guardObserver[T any] struct {
	permit  Permit
	ctx     context.Context
	breaker *Breaker
	down    observable.Observer[T]
	up      observable.Disposable
	gone    atomic.Bool // disposed
}

func (g *guardObserver[T]) OnSubscribe(d observable.Disposable) {
	g.up = d
	g.down.OnSubscribe(g)
}

func (g *guardObserver[T]) OnNext(v T) { g.down.OnNext(v) }

func (g *guardObserver[T]) OnError(err error) {
	g.permit.Done(g.breaker.Classify(err))
	g.down.OnError(err)
}

func (g *guardObserver[T]) OnComplete() {
	g.permit.Done(Success)
	g.down.OnComplete()
}

func (g *guardObserver[T]) Dispose() {
	if g.gone.Swap(true) {
		return
	}
	if err := g.ctx.Err(); err != nil {
		g.permit.Done(g.breaker.Classify(err))
	} else {
		g.permit.Done(Ignore)
	}
	g.up.Dispose()
}

func (g *guardObserver[T]) Disposed() bool { return g.gone.Load() }

// Blame implements [observable.Stage]: no user function runs here.
func (g *guardObserver[T]) Blame() (bool, observable.Disposable, any) { return false, g, g.down }
