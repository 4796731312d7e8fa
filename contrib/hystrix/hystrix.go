package hystrix

import "context"

// The functions of a call. run does the work; a fallback serves when run did
// not, and gets the reason.
type (
	runFunc       func() error
	fallbackFunc  func(error) error
	runFuncC      func(context.Context) error
	fallbackFuncC func(context.Context, error) error
)

// Do calls run in a place of the circuit called name, on a goroutine of its own,
// and waits. It returns nil if run or the fallback did, and else the first of these
// that applies: the fallback's error and the reason for the fallback, both found by
// errors.Is and errors.As; run's own error; ErrTimeout, ErrMaxConcurrency or
// ErrCircuitOpen. fallback may be nil.
//
// After a timeout run may still be running when fallback starts and when Do
// returns: what both write to needs a lock.
func Do(name string, run runFunc, fallback fallbackFunc) error {
	return circuitOf(name).do(context.Background(), call{run: run, fallback: fallback})
}

// DoC is [Do] with a context. run's has the values of ctx and ends as soon as
// nobody waits for run: at the timeout, or with ctx. When ctx ends first, the reason
// is ctx.Err(), and fallback, which gets ctx itself, is called all the same.
func DoC(ctx context.Context, name string, run runFuncC, fallback fallbackFuncC) error {
	return circuitOf(name).do(present(ctx), call{runC: run, fallbackC: fallback})
}

// Go starts what [Do] does and returns at once. The channel gets the error, if
// there is one; after a success it gets nothing and stays open, so run and
// fallback tell of theirs by a channel of their own.
func Go(name string, run runFunc, fallback fallbackFunc) chan error {
	return circuitOf(name).start(context.Background(), call{run: run, fallback: fallback})
}

// GoC is [Go] with a context, as [DoC] is Do.
func GoC(ctx context.Context, name string, run runFuncC, fallback fallbackFuncC) chan error {
	return circuitOf(name).start(present(ctx), call{runC: run, fallbackC: fallback})
}

// present returns a context for callers that give none.
func present(ctx context.Context) context.Context {
	if ctx == nil {
		return context.Background()
	}
	return ctx
}
