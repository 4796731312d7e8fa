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
	decided atomic.Bool // how the subscription ended, for the breaker
	busy    bool        // the breaker is told of an end: Classify or a listener may run (C9)
}

func (g *guardObserver[T]) OnSubscribe(d observable.Disposable) {
	g.up = d
	g.down.OnSubscribe(g)
}

func (g *guardObserver[T]) OnNext(v T) { g.down.OnNext(v) }

func (g *guardObserver[T]) OnError(err error) {
	if !g.decided.Swap(true) {
		g.busy = true
		g.failed(err)
		g.busy = false
	}
	g.down.OnError(err)
}

func (g *guardObserver[T]) OnComplete() {
	if !g.decided.Swap(true) {
		g.busy = true
		g.permit.Done(Success)
		g.busy = false
	}
	g.down.OnComplete()
}

// failed reports err as what Classify says. One that does not return is a
// failure too.
func (g *guardObserver[T]) failed(err error) {
	defer g.permit.Done(Failure)
	g.permit.Done(g.breaker.Classify(err))
}

// Dispose disposes upstream each time: when it returns that is done, also if
// another goroutine was here first (C4), or if the breaker's user code ends this
// one.
func (g *guardObserver[T]) Dispose() {
	g.gone.Store(true)
	defer g.up.Dispose()
	if g.decided.Swap(true) {
		return
	}
	if err := g.ctx.Err(); err != nil {
		defer g.report()
		g.failed(err)
	} else {
		g.permit.Done(Ignore)
	}
}

// report is deferred: it reports the panic of a Classify that nobody can be told
// (C8).
func (g *guardObserver[T]) report() {
	if r := recover(); r != nil {
		observable.ReportError(g.ctx, observable.NewPanicError(r))
	}
}

func (g *guardObserver[T]) Disposed() bool { return g.gone.Load() }

// Blame implements [observable.Stage].
func (g *guardObserver[T]) Blame() (bool, observable.Disposable, any) { return g.busy, g, g.down }
