package command

import (
	"context"
	"errors"

	"github.com/quillgo/quill/breaker"
	"github.com/quillgo/quill/isolation"
	"github.com/quillgo/quill/observable"
)

// chain is the pipeline from the breaker on as a stream: the composition of the
// exported operators, source first. x has begun; ctx is the subscription's.
func (c *Command[In, Out]) chain(ctx context.Context, in In, x *execution) observable.Observable[Out] {
	o := c.body(in, x)
	switch {
	case x.set.Isolation == Pool:
		o = isolation.On(o, x.slots())
	case x.async:
		o = o.SubscribeOn(observable.Go())
	}
	if x.set.Timeout > 0 {
		o = observable.TimeoutFirst(o, x.set.Timeout, observable.ClockScheduler(x.registry.clock.Source()))
	}
	if x.set.Isolation == Semaphore {
		o = isolation.Limit(o, x.semaphore)
	}
	o = breaker.Guard(o, x.breaker)
	o = observable.TakeUntilWhen(o, closing[Out](x.circuit))
	return o.OnErrorResumeNext(func(err error) observable.Observable[Out] {
		x.now = x.registry.clock.Now()
		x.settle(x.kindOf(err))
		if x.kind.final() {
			return observable.Error[Out](x.mayFallBack(ctx, false))
		}
		f := c.fallbackOf(in, x)
		if x.async {
			f = f.SubscribeOn(observable.Go())
		}
		if c.stream != nil {
			f = observable.TakeUntilWhen(f, closing[Out](x.circuit)) // it may have no end of its own
		}
		return f
	})
}

// subscribe runs the chain for x, which has begun, and sends its outcome to o.
func (c *Command[In, Out]) subscribe(ctx context.Context, in In, x *execution, o observable.Observer[Out]) {
	if ctx.Err() != nil {
		x.settle(callerLeft(ctx))
		fail(ctx, x.left(), o)
		return
	}
	x.kind, x.cause = Refused, observable.ErrGoexit // stands if the hook does not return
	refused := true
	defer func() {
		if refused { // no fallback, no event
			x.conclude()
			fail(ctx, x.failure(nil), o)
		}
	}()
	if err := x.hooked.start(hookStart); err != nil {
		x.cause = err
		return
	}
	refused, x.why = false, why{}
	c.chain(ctx, in, x).Source().Subscribe(ctx, &outcome[In, Out]{x: x, cmd: c, down: o})
}

// fail ends a stream before it began.
func fail[T any](ctx context.Context, err error, o observable.Observer[T]) {
	observable.Error[T](err).Source().Subscribe(ctx, o)
}

// ended is an error that carries its kind from the body to the fallback stage,
// so that kinds are never guessed from the errors that a body may meet
// ("Why an execution ended" in docs/intentional.md).
type ended struct {
	kind Kind
	err  error
}

func (e *ended) Error() string { return e.err.Error() }
func (e *ended) Unwrap() error { return e.err }

// kindOf tells what stopped a chain: the body, whose errors come as ended, or a
// guard, since nothing else can have sent a guard's error as it is.
func (x *execution) kindOf(err error) (Kind, error) {
	if errors.Is(err, isolation.ErrPoolClosed) && x.registry.aborted.Load() {
		return cancelled, ErrClosed
	}
	return kindOf(err)
}

func kindOf(err error) (Kind, error) {
	switch e := err.(type) {
	case *ended:
		return e.kind, e.err
	case *breaker.OpenError:
		return ShortCircuited, e
	case *observable.TimeoutError:
		return TimedOut, ErrTimeout
	}
	switch {
	case err == ErrClosed:
		return cancelled, err
	case errors.Is(err, isolation.ErrSemaphoreFull):
		return SemaphoreRejected, err
	case errors.Is(err, isolation.ErrPoolFull), errors.Is(err, isolation.ErrPoolClosed):
		return PoolRejected, err
	}
	return Failed, err
}

// classify is the breaker's view of what passes its guard.
func classify(err error) breaker.Outcome {
	switch err {
	case nil:
		return breaker.Success
	case context.Canceled:
		return outcomes[cancelled] // the guard was disposed with its context
	case context.DeadlineExceeded:
		return outcomes[expired]
	}
	kind, _ := kindOf(err)
	return outcomes[kind]
}
