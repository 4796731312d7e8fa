package observable

import (
	"context"
	"sync/atomic"
)

// Create runs f once per subscription, on the subscriber's goroutine. f emits
// through e and ends the stream by returning: nil completes it, an error fails
// it. The context ends when the subscription is disposed; while f runs the
// subscription's [Hold] is retained.
//
//	Create(Next(1), Next(2), return nil)  =>  1 2 |
//	Create(Next(1), return err)           =>  1 #
func Create[T any](f func(ctx context.Context, e *Emitter[T]) error) Observable[T] {
	if f == nil {
		panic(badArgument("Create", "f", nil, "a function"))
	}
	return Observable[T]{src: createSource[T](f)}
}

type createSource[T any] func(ctx context.Context, e *Emitter[T]) error

func (s createSource[T]) Subscribe(ctx context.Context, o Observer[T]) {
	e := &Emitter[T]{ctx: ctx, down: o}
	e.run.body.Init(ctx)
	at := items
	defer catch(ctx, &at, &e.run, o)
	o.OnSubscribe(&e.run)
	var err error
	if e.run.Disposed() {
		at = idle
		return
	}
	if gone := e.run.run(&at, func() { err = s(&e.run.body, e) }); gone != nil {
		err = gone
	}
	switch over := e.over.Swap(true); {
	case over || e.run.Disposed():
		reportLate(ctx, err)
	case err != nil:
		at = terminal
		End(ctx, &e.run, o, err)
	default:
		at = terminal
		o.OnComplete()
	}
	at = idle
}

// Emitter is how the function given to [Create] emits. It must not be used by
// two goroutines at once.
type Emitter[T any] struct {
	run  userRun
	ctx  context.Context
	down Observer[T]
	over atomic.Bool // set when f has returned or the chain below has failed
}

// Next emits v and reports whether more is wanted: it is false once the
// subscription is disposed, has failed below, or the function has returned.
// A panic of the chain below does not reach the caller.
func (e *Emitter[T]) Next(v T) bool {
	if e.run.Disposed() || e.over.Load() {
		return false
	}
	at := items
	defer e.guard(&at)
	e.down.OnNext(v)
	at = idle
	return !e.run.Disposed() && !e.over.Load()
}

func (e *Emitter[T]) guard(at *phase) {
	if *at != idle {
		e.over.Store(true)
		fault(e.ctx, *at, &e.run, e.down, recover())
	}
}
