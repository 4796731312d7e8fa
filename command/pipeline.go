package command

import (
	"context"
	"time"

	"github.com/quillgo/quill/internal/deadline"
	"github.com/quillgo/quill/internal/lazyctx"
	"github.com/quillgo/quill/metrics"
	"github.com/quillgo/quill/observable"
)

// The pipeline, in order:
//
//	request log -> request cache -> start hook -> breaker -> bulkhead -> timeout -> body
//	                                                refused, late, failed -> fallback
//	                                                      events, latency, end
//
// It is written down twice: in chain.go, entered from source.go, as the
// composition of the exported operators, for everything that is a stream; and
// here fused, for one value.
// Both share the record (execution.go), where countAt counts every event, settle
// records why the body gave no result, decide claims the one terminal event, and
// end writes latencies and closes the log's entry; and mayFallBack, lost and
// failure below, which know what follows.

// executeFused runs the command on the caller's goroutine (rule 15 of
// docs/intentional.md): no timer, no channel, no lock, and one allocation, the
// body's context.
func (c *Command[In, Out]) executeFused(ctx context.Context, in In, set *resolved, x *execution) (out Out, err error) {
	if !x.begin(ctx, c.core.use(), set, c.hooked(ctx, in)) {
		return out, x.failure(nil)
	}
	if x.watched() {
		return c.fuseWatched(ctx, in, x)
	}
	return c.fuse(ctx, in, x)
}

// fuseWatched is fuse where hooks or listeners may end the goroutine.
func (c *Command[In, Out]) fuseWatched(ctx context.Context, in In, x *execution) (Out, error) {
	defer x.unwound()
	return c.fuse(ctx, in, x)
}

// fuse is executeFused for a record that has begun.
func (c *Command[In, Out]) fuse(ctx context.Context, in In, x *execution) (out Out, err error) {
	if !x.enter(ctx) || !x.admit(x.takeSemaphore()) {
		return c.fallBack(ctx, in, x)
	}
	body := new(lazyctx.Ctx) // the user may keep it
	body.InitDeadline(ctx, x.deadlines, x.deadline())
	out, err = c.runFused(ctx, body, in, x)
	if x.kind == succeeded {
		return c.succeed(out, x), nil
	}
	late, result, resultErr := x.kind.late(), out, err // the caller may leave later: that makes nothing late
	out, err = c.fallBack(ctx, in, x)
	if late {
		c.tooLate(result, resultErr, x.hooked)
	}
	return out, err
}

// enter is what comes before the bulkhead: the caller's context, the start
// hook, the breaker. It reports false when the execution ends there.
func (x *execution) enter(ctx context.Context) bool {
	if ctx.Err() != nil {
		x.settle(callerLeft(ctx))
		return false
	}
	if err := x.hooked.start(hookStart); err != nil {
		x.kind, x.cause = Refused, err // no fallback, no event
		return false
	}
	var err error
	if x.permit, err = x.breaker.AcquireAt(x.now); err != nil {
		x.settle(ShortCircuited, err)
		return false
	}
	return true
}

// takeSemaphore asks the semaphore; nil is a permit.
func (x *execution) takeSemaphore() (Kind, error) {
	if x.semaphore.TryAcquire() {
		return succeeded, nil
	}
	return SemaphoreRejected, x.semaphore.Refusal()
}

// admit takes the bulkhead's answer. A trial that is refused hands its permit
// on (rule 1).
func (x *execution) admit(kind Kind, refusal error) bool {
	if refusal == nil {
		return true
	}
	x.permit.DoneAt(outcomes[kind], x.now)
	x.settle(kind, refusal)
	return false
}

// runFused calls the body and settles the execution, whichever way the body
// ends. After runtime.Goexit nothing returns to the caller, so there the
// execution ends here.
func (c *Command[In, Out]) runFused(ctx context.Context, body *lazyctx.Ctx, in In, x *execution) (out Out, err error) {
	returned := false
	defer func() {
		if returned {
			return
		}
		err = observable.ErrGoexit
		r := recover()
		if r != nil {
			err = observable.NewPanicError(r)
		}
		x.returned(ctx, body, err)
		if r == nil {
			_ = x.mayFallBack(ctx, false)
		}
	}()
	x.bodyStarts(0)
	if err = x.hooked.start(hookExecutionStart); err == nil {
		out, err = c.run(body, in)
	}
	returned = true
	x.returned(ctx, body, err)
	return out, err
}

// returned is called when the body of a fused execution has ended: the permit
// goes back, the breaker is told, the outcome is counted. All that is before the
// caller is told, and before a fallback starts (rule 2).
func (x *execution) returned(ctx context.Context, body *lazyctx.Ctx, err error) {
	x.now = x.registry.clock.Now()
	x.semaphore.Release()
	kind, cause := x.judge(ctx, body, err)
	body.Cancel()
	x.permit.DoneAt(outcomes[kind], x.now)
	if kind == succeeded {
		x.count(metrics.Success)
		return
	}
	x.settle(kind, cause)
}

// judge says what the return of a fused body means (rule 15, and "The caller's
// deadline" and "A body after its caller left" in docs/intentional.md).
// Lateness and the caller's end go before whatever the body returned; of the two
// the one that came first counts, as far as can be known.
func (x *execution) judge(ctx context.Context, body *lazyctx.Ctx, err error) (Kind, error) {
	late := x.timedOut(x.now)
	if ctx.Err() != nil && (!late || body.EndedByParent() || x.before(ctx)) {
		return callerEnd(ctx)
	}
	if late {
		return TimedOut, ErrTimeout
	}
	if err == nil {
		return succeeded, nil
	}
	if x.registry.aborted.Load() {
		return cancelled, ErrClosed
	}
	return bodyFailure(x.hooked.fail(err, hookExecutionError))
}

// deadline returns when the timeout will have passed.
func (x *execution) deadline() time.Duration {
	if x.set.Timeout <= 0 || x.set.Timeout >= deadline.Never-x.begun {
		return deadline.Never
	}
	return x.begun + x.set.Timeout
}

// timedOut reports whether the timeout has passed.
func (x *execution) timedOut(now time.Duration) bool {
	return x.set.Timeout > 0 && now-x.begun >= x.set.Timeout
}

// before reports whether the caller's deadline lies before the execution's.
func (x *execution) before(ctx context.Context) bool {
	at, ok := ctx.Deadline()
	return ok && at.Before(x.registry.clock.Epoch().Add(x.deadline()))
}

// callerLeft is callerEnd for an execution that had another end in view.
func callerLeft(ctx context.Context) (Kind, error) { return cancelled, context.Cause(ctx) }

// callerEnd says what the end of the caller's context means.
func callerEnd(ctx context.Context) (Kind, error) {
	if ctx.Err() == context.DeadlineExceeded {
		return expired, context.Cause(ctx)
	}
	return cancelled, context.Cause(ctx)
}

// bodyFailure says what an error of the body means.
func bodyFailure(err error) (Kind, error) {
	if IsBadRequest(err) {
		return BadlyRequested, err
	}
	return Failed, err
}

// succeed ends an execution with the body's value.
func (c *Command[In, Out]) succeed(out Out, x *execution) Out {
	if x.hooked != nil {
		out = emit(x.hooked, out, hookExecutionEmit)
		out = emit(x.hooked, out, hookEmit)
		x.hooked.tell(hookExecutionSuccess)
		x.hooked.tell(hookSuccess)
	}
	x.conclude()
	return out
}

// fallBack ends an execution whose body gave no result: with the fallback's, or
// with an error.
func (c *Command[In, Out]) fallBack(ctx context.Context, in In, x *execution) (out Out, err error) {
	if err := x.mayFallBack(ctx, c.fallback != nil); err != nil {
		return out, err
	}
	out, err = c.runFallback(ctx, in, x)
	if !x.marked(refusals) { // one that was refused has no latency: the clock need not be read again
		x.now = x.registry.clock.Now()
	}
	if err != nil {
		return out, x.fallbackFailed(err)
	}
	x.count(metrics.FallbackSuccess)
	if x.hooked != nil {
		out = emit(x.hooked, out, hookFallbackEmit)
		out = emit(x.hooked, out, hookEmit)
		x.hooked.tell(hookFallbackSuccess)
		x.hooked.tell(hookSuccess)
	}
	x.conclude()
	return out, nil
}

// mayFallBack decides whether a fallback runs, and takes its permit. Otherwise
// the execution ends, and the error is the caller's.
func (x *execution) mayFallBack(ctx context.Context, defined bool) error {
	switch x.kind {
	case Refused:
		x.conclude()
		return x.failure(nil)
	case cancelled:
		return x.left()
	case expired, BadlyRequested:
		return x.lost(nil)
	case gone:
		return x.cause
	}
	event, why := metrics.FallbackMissing, ErrNoFallback
	switch {
	case ctx.Err() != nil: // nobody is there to be served
		x.settle(callerLeft(ctx))
		return x.left()
	case x.set.Fallback == Off:
		event, why = metrics.FallbackDisabled, nil
	case !x.fallbacks.TryAcquire():
		event, why = metrics.FallbackRejection, ErrFallbackRejected
	case defined:
		return nil
	default:
		x.fallbacks.Release()
	}
	if !x.decide() {
		x.kind = gone
		return x.cause
	}
	x.count(event)
	return x.lost(why)
}

// runFallback calls the fallback and gives its permit back, whichever way it
// ends. After runtime.Goexit the execution ends here.
func (c *Command[In, Out]) runFallback(ctx context.Context, in In, x *execution) (out Out, err error) {
	returned := false
	defer func() {
		x.fallbacks.Release()
		if returned {
			return
		}
		if r := recover(); r != nil {
			err = observable.NewPanicError(r)
			return
		}
		_ = x.fallbackFailed(observable.ErrGoexit)
	}()
	if err = x.hooked.start(hookFallbackStart); err == nil {
		out, err = c.fallback(ctx, in, x.cause)
	}
	returned = true
	return out, err
}

// fallbackFailed ends an execution whose fallback failed.
func (x *execution) fallbackFailed(err error) error {
	err = x.hooked.fail(err, hookFallbackError)
	if !x.decide() {
		x.kind = gone
		return err
	}
	x.count(metrics.FallbackFailure)
	return x.lost(err)
}

// left ends an execution whose caller has left.
func (x *execution) left() error {
	if x.kind == gone {
		return x.cause
	}
	x.hooked.tell(hookUnsubscribe)
	x.conclude()
	return x.cause
}

// lost ends an execution that nothing serves. fallbackErr says why no fallback
// did.
func (x *execution) lost(fallbackErr error) error {
	if fallbackErr != ErrFallbackRejected {
		err := x.hooked.fail(x.cause, hookError(x.kind))
		if x.kind != BadlyRequested || IsBadRequest(err) {
			x.cause = err
		}
	}
	if x.kind != ShortCircuited && x.kind != SemaphoreRejected {
		x.count(metrics.ExceptionThrown)
	}
	x.conclude()
	return x.failure(fallbackErr)
}

// failure returns the error that the caller gets.
func (x *execution) failure(fallbackErr error) error {
	switch {
	case x.kind == BadlyRequested || x.kind == expired:
		return x.cause
	case fallbackErr == ErrFallbackRejected:
		return &Error{Command: x.name, Kind: FallbackRejected, Err: x.cause, FallbackErr: fallbackErr}
	case fallbackErr != nil:
		if b := marked[*bare](x.cause); b != nil {
			return b.err
		}
	}
	return &Error{Command: x.name, Kind: x.kind, Err: x.cause, FallbackErr: fallbackErr}
}

// late reports whether a body's result came after its execution was over.
func (k Kind) late() bool { return k == TimedOut || k == expired || k == cancelled }

// tooLate disposes of a body's result that nobody waited for.
func (c *Command[In, Out]) tooLate(v Out, err error, h *hooked) {
	if err != nil {
		err = h.fail(err, hookExecutionError)
		if saysContextEnded(err) {
			return
		}
	}
	if c.discard != nil {
		guarded(c.core.name, "Discard", func() { c.discard(v, err) })
	}
	if h != nil {
		h.discard(v, err)
	}
}

// saysContextEnded reports whether an error says that and no more: a panic, or
// several errors, may say something else as well.
func saysContextEnded(err error) bool {
	for err != nil {
		if err == context.Canceled || err == context.DeadlineExceeded {
			return true
		}
		one, ok := err.(interface{ Unwrap() error })
		if _, panicked := err.(*observable.PanicError); !ok || panicked {
			return false
		}
		err = one.Unwrap()
	}
	return false
}
