package observable

import (
	"context"
	"errors"

	"github.com/quillgo/quill/internal/lazyctx"
)

// FromFunc runs f once per subscription, on the subscriber's goroutine, and
// emits what it returns. The context given to f ends when the subscription is
// disposed, and has the values of the subscription's context. While f runs it
// retains the subscription's [Hold]; if that is gone f does not run.
//
//	FromFunc(return 1, nil)  =>  1 |
//	FromFunc(return 0, err)  =>  #
func FromFunc[T any](f func(ctx context.Context) (T, error)) Observable[T] {
	if f == nil {
		panic(badArgument("FromFunc", "f", nil, "a function"))
	}
	return Observable[T]{src: funcSource[T](f)}
}

type funcSource[T any] func(ctx context.Context) (T, error)

func (funcSource[T]) synchronous() bool { return true }

func (s funcSource[T]) Subscribe(ctx context.Context, o Observer[T]) {
	r := new(userRun)
	r.body.Init(ctx)
	at := items
	defer catch(ctx, &at, r, o)
	o.OnSubscribe(r)
	var v T
	var err error
	if r.Disposed() {
		at = idle
		return
	}
	if gone := r.run(&at, func() { v, err = s(&r.body) }); gone != nil {
		err = gone
	}
	switch {
	case r.Disposed():
		reportLate(ctx, err)
	case err != nil:
		at = terminal
		End(ctx, r, o, err)
	default:
		o.OnNext(v)
		if !r.Disposed() {
			at = terminal
			o.OnComplete()
		}
	}
	at = idle
}

// FromAction runs f once per subscription, on the subscriber's goroutine, and
// completes without an item when it returns nil; an error fails the stream. What
// is said of [FromFunc]'s function holds for f.
//
//	FromAction(flush)  =>  |
func FromAction[T any](f func(ctx context.Context) error) Observable[T] {
	if f == nil {
		panic(badArgument("FromAction", "f", nil, "a function"))
	}
	return Observable[T]{src: actionSource[T](f)}
}

type actionSource[T any] func(ctx context.Context) error

func (actionSource[T]) synchronous() bool { return true }

func (s actionSource[T]) Subscribe(ctx context.Context, o Observer[T]) {
	r := new(userRun)
	r.body.Init(ctx)
	at := items
	defer catch(ctx, &at, r, o)
	o.OnSubscribe(r)
	var err error
	if r.Disposed() {
		at = idle
		return
	}
	if gone := r.run(&at, func() { err = s(&r.body) }); gone != nil {
		err = gone
	}
	at = idle
	if r.Disposed() {
		reportLate(ctx, err)
		return
	}
	End(ctx, r, o, err)
}

// reportLate reports the error of a run that was disposed meanwhile (rule C8),
// unless it only says that the run's context, or its goroutine, has ended.
func reportLate(ctx context.Context, err error) {
	if err != nil && err != ErrGoexit && err != ErrHoldGone && !errors.Is(err, context.Canceled) && ctx.Err() == nil {
		ReportError(ctx, err)
	}
}

// retain retains the hold of ctx for user code that is about to run.
func retain(ctx context.Context) (release func(), ok bool) {
	h := HoldFrom(ctx)
	if h == nil {
		return func() {}, true
	}
	return h.Release, h.Retain()
}

// userRun is the handle of a source that runs a user function: disposing it
// ends the function's context.
type userRun struct {
	emission
	body lazyctx.Ctx
}

func (r *userRun) Dispose() {
	r.emission.Dispose()
	r.body.Cancel()
}

// run calls f while retaining the context's hold, and ends the function's
// context after it. It returns ErrHoldGone if f did not run. A panic or Goexit
// of f unwinds the caller, whose boundary finds *at == own.
func (r *userRun) run(at *phase, f func()) error {
	release, ok := retain(&r.body)
	if !ok {
		return ErrHoldGone
	}
	*at = own
	defer func() {
		release()
		r.body.Cancel()
	}()
	f()
	*at = items
	return nil
}

// Defer calls build at each subscription and subscribes to the stream that it
// returns.
//
//	Defer(Just(1, 2))  =>  1 2 |
func Defer[T any](build func(ctx context.Context) Observable[T]) Observable[T] {
	if build == nil {
		panic(badArgument("Defer", "build", nil, "a function"))
	}
	return Observable[T]{src: deferSource[T](build)}
}

type deferSource[T any] func(ctx context.Context) Observable[T]

func (s deferSource[T]) Subscribe(ctx context.Context, o Observer[T]) {
	s.build(ctx, o).Source().Subscribe(ctx, o)
}

// build calls the user's function; what goes wrong is the stream's error.
func (s deferSource[T]) build(ctx context.Context, o Observer[T]) (inner Observable[T]) {
	release, ok := retain(ctx)
	if !ok {
		return Error[T](ErrHoldGone)
	}
	defer release()
	err := try(func() { inner = s(ctx) }, func(err error) { Error[T](err).src.Subscribe(ctx, o) })
	if err != nil {
		inner = Error[T](err)
	}
	return inner
}
