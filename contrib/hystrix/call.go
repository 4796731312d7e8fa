package hystrix

import (
	"cmp"
	"context"
	"errors"

	"github.com/quillgo/quill/command"
	"github.com/quillgo/quill/observable"
)

// call is the input of an execution: one of the run functions, and at most one
// of the fallbacks.
type call struct {
	run       runFunc
	runC      runFuncC
	fallback  fallbackFunc
	fallbackC fallbackFuncC
	record    *record // nil if nobody collects
}

func (in call) served() bool { return in.fallback != nil || in.fallbackC != nil }

// work is the body of the circuit's command.
func (c *circuit) work(ctx context.Context, in call) (struct{}, error) {
	in.record.begins()
	defer in.record.ends()
	if in.run != nil {
		return struct{}{}, forEngine(in.run())
	}
	return struct{}{}, forEngine(in.runC(ctx))
}

// serve is the fallback of the circuit's command.
func (c *circuit) serve(ctx context.Context, in call, cause error) (struct{}, error) {
	e, reason := translate(cause)
	in.record.falls(e)
	return struct{}{}, in.callFallback(ctx, reason)
}

func (in call) callFallback(ctx context.Context, reason error) error {
	if in.fallback != nil {
		return in.fallback(reason)
	}
	return in.fallbackC(ctx, reason)
}

// command returns the command for a call: the engine counts a missing fallback
// and one that failed apart.
func (c *circuit) command(in call) *command.Command[call, struct{}] {
	if in.served() {
		return c.backed
	}
	return c.bare
}

// do is Do.
func (c *circuit) do(ctx context.Context, in call) error {
	c.handOver()
	if !c.feed.wanted() {
		_, err := c.command(in).Execute(ctx, in)
		if err == nil {
			return nil
		}
		return c.conclude(ctx, in, err)
	}
	in.record = newRecord()
	defer c.report(in.record) // also if the fallback ends this goroutine
	_, err := c.command(in).Execute(ctx, in)
	return c.conclude(ctx, in, err)
}

// start is Go.
func (c *circuit) start(ctx context.Context, in call) chan error {
	errs := make(chan error, 1) // for one error at most: to send it blocks nobody
	c.handOver()
	if c.feed.wanted() {
		in.record = newRecord()
	}
	c.command(in).ToFuture(ctx, in).OnDone(func(_ struct{}, err error) {
		if err == nil && in.record == nil {
			return // nothing below here: a new goroutine's stack is small
		}
		if _, plain := err.(*command.Error); err == nil || plain || !in.served() { //nolint:errorlint // not what run returned
			c.tell(ctx, in, err, errs)
			return
		}
		go c.tell(ctx, in, err, errs) // ends with the fallback, which conclude calls
	})
	return errs
}

// tell ends a call of start.
func (c *circuit) tell(ctx context.Context, in call, err error, errs chan<- error) {
	told := observable.ErrGoexit // stands if the fallback ends the goroutine
	defer func() {
		c.report(in.record)
		if told != nil {
			errs <- told
		}
	}()
	told = c.conclude(ctx, in, err)
}

// conclude returns what the caller gets for what the engine said, and completes
// the record. An end that the engine has no fallback for has one here: it is
// called on this goroutine.
func (c *circuit) conclude(ctx context.Context, in call, err error) error {
	if err == nil {
		in.record.succeeds()
		return nil
	}
	if e, ok := err.(*command.Error); ok { //nolint:errorlint // the engine's own: what run returned is wrapped in it
		what, reason := translate(e.Err)
		switch {
		case !in.served():
			in.record.fails(what)
		case e.FallbackErr != nil: // else it ended its goroutine, and that is the reason
			return &fallbackError{e.FallbackErr, reason}
		}
		return reason
	}
	var given *contextEnd
	switch {
	case errors.As(err, &given):
		err = given.err
	case command.IsBadRequest(err):
		return err // the caller's fault: no fallback, and counted as an attempt only
	default:
		err = cmp.Or(ctx.Err(), err) // the caller left
	}
	return in.left(ctx, err)
}

// left ends a call whose reason is the end of a context.
func (in call) left(ctx context.Context, reason error) error {
	what := contextCanceled
	if errors.Is(reason, context.DeadlineExceeded) {
		what = contextDeadlineExceeded
	}
	if !in.served() {
		in.record.fails(what)
		return reason
	}
	in.record.falls(what)
	if err := in.guarded(ctx, reason); err != nil {
		return &fallbackError{err, reason}
	}
	in.record.succeeds()
	return nil
}

// guarded calls the fallback; a panic is its error.
func (in call) guarded(ctx context.Context, reason error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = observable.NewPanicError(r)
		}
	}()
	return in.callFallback(ctx, reason)
}
