package command

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/quillgo/quill/metrics"
	"github.com/quillgo/quill/observable"
)

// Call is one execution of a command, to be started once by any of its four
// methods and inspected at any time, while it runs and after (HystrixCommand and
// HystrixInvokableInfo). A second start runs nothing and fails with an [*Error] of
// kind [Refused] that wraps [ErrAlreadyExecuted]: each of the four methods says
// how it arrives. The inspecting methods may be called concurrently.
type Call[In, Out any] struct {
	cmd  *Command[In, Out]
	in   In
	used atomic.Bool
	x    execution
}

func newCall[In, Out any](c *Command[In, Out], in In) *Call[In, Out] {
	return &Call[In, Out]{cmd: c, in: in}
}

// again reports, as an error, that the call was started before.
func (c *Call[In, Out]) again() error {
	if c.used.Swap(true) {
		return c.cmd.refuse(ErrAlreadyExecuted)
	}
	return nil
}

// Execute is [Command.Execute]. It returns [ErrAlreadyExecuted], in an [*Error],
// if the call was started before.
func (c *Call[In, Out]) Execute(ctx context.Context) (out Out, err error) {
	if err := c.again(); err != nil {
		return out, err
	}
	r := c.cmd.route(ctx, c.in)
	switch {
	case r.err != nil:
		return out, r.err
	case r.way == alone:
		return c.cmd.executeFused(ctx, c.in, r.set, &c.x)
	case r.way == pooled:
		return c.cmd.executePooled(ctx, c.in, r.set, &c.x)
	}
	return c.cmd.await(ctx, c.in, r, &c.x)
}

// ToFuture is [Command.ToFuture]. [Future.Get] gives [ErrAlreadyExecuted], in an
// [*Error], if the call was started before.
func (c *Call[In, Out]) ToFuture(ctx context.Context) *Future[Out] {
	if err := c.again(); err != nil {
		return failedFuture[Out](err)
	}
	return c.cmd.toFuture(ctx, c.in, &c.x)
}

// Observe is [Command.Observe]. The stream fails with [ErrAlreadyExecuted], in an
// [*Error], if the call was started before.
func (c *Call[In, Out]) Observe(ctx context.Context) observable.Observable[Out] {
	if err := c.again(); err != nil {
		return observable.Error[Out](err)
	}
	return c.cmd.observe(ctx, c.in, &c.x)
}

// ToObservable is [Command.ToObservable], of which the first subscription is the
// call's execution. Any other fails with [ErrAlreadyExecuted], in an [*Error], and
// so does the first if the call was started before; asking for the stream starts
// nothing.
func (c *Call[In, Out]) ToObservable() observable.Observable[Out] {
	return observable.Defer(func(context.Context) observable.Observable[Out] {
		if err := c.again(); err != nil {
			return observable.Error[Out](err)
		}
		return c.cmd.toObservable(c.in, &c.x)
	})
}

// snapshot is what there is to know about an execution at one moment.
type snapshot struct {
	marks                uint64
	emits, fallbackEmits int
	why                  why
	latency              time.Duration
}

// look takes a snapshot of the record.
func (x *execution) look() snapshot {
	if f := x.frozen.Load(); f != nil {
		return *f
	}
	s := snapshot{marks: x.marks.load(), latency: -1}
	s.emits, s.fallbackEmits = int(x.emits.Load()), int(x.fallbackEmits.Load())
	if s.marks&hasCause != 0 {
		s.why = x.shown
	}
	if s.marks&over != 0 {
		s.latency = time.Duration(x.latency.Load())
	}
	return s
}

// freeze makes a Call show the record as it is now, and CANCELLED, though the
// execution goes on for others.
func (x *execution) freeze() {
	s := x.look()
	s.marks = s.marks&^endMarks | 1<<metrics.Cancelled // it may just have ended otherwise, for others
	x.frozen.Store(&s)
	if x.entry != nil {
		x.entry.seal(s.marks)
	}
}

// adopt makes the record of a follower show what happened to the leader.
func (x *execution) adopt(leader *execution) {
	marks := leader.marks.load()
	x.emits.Store(leader.emits.Load())
	x.fallbackEmits.Store(leader.fallbackEmits.Load())
	if marks&hasCause != 0 {
		x.shown = leader.shown
	}
	x.marks.add(marks & (eventMarks | hasCause) &^ (1 << metrics.Cancelled))
}

// Events returns the events that have happened so far.
func (c *Call[In, Out]) Events() metrics.Events { return metrics.Events(c.x.look().marks & eventMarks) }

// Emits returns how many items the body of a streaming command has given.
func (c *Call[In, Out]) Emits() int { return c.x.look().emits }

// FallbackEmits returns how many items a streaming fallback has given.
func (c *Call[In, Out]) FallbackEmits() int { return c.x.look().fallbackEmits }

func (c *Call[In, Out]) happened(e metrics.Event) bool { return c.x.look().marks&(1<<e) != 0 }

// IsExecutionComplete reports whether the execution has ended other than by the
// caller leaving.
func (c *Call[In, Out]) IsExecutionComplete() bool { return c.x.look().marks&complete != 0 }

// IsExecutedInPool reports whether the body was started in a pool's goroutine
// (isExecutedInThread).
func (c *Call[In, Out]) IsExecutedInPool() bool { return c.x.look().marks&inPool != 0 }

// IsSuccessfulExecution reports whether the body succeeded.
func (c *Call[In, Out]) IsSuccessfulExecution() bool { return c.happened(metrics.Success) }

// IsFailedExecution reports whether the body failed.
func (c *Call[In, Out]) IsFailedExecution() bool { return c.happened(metrics.Failure) }

// IsResponseFromCache reports whether the call shares another's execution.
func (c *Call[In, Out]) IsResponseFromCache() bool { return c.x.look().marks&fromCache != 0 }

// IsResponseFromFallback reports whether a fallback served.
func (c *Call[In, Out]) IsResponseFromFallback() bool { return c.happened(metrics.FallbackSuccess) }

// IsResponseTimedOut reports whether the body was too late.
func (c *Call[In, Out]) IsResponseTimedOut() bool { return c.happened(metrics.Timeout) }

// IsResponseShortCircuited reports whether the breaker was open.
func (c *Call[In, Out]) IsResponseShortCircuited() bool { return c.happened(metrics.ShortCircuited) }

// IsResponseRejected reports whether a bulkhead was full.
func (c *Call[In, Out]) IsResponseRejected() bool {
	return c.IsResponseSemaphoreRejected() || c.IsResponsePoolRejected()
}

// IsResponseSemaphoreRejected reports whether the semaphore was full.
func (c *Call[In, Out]) IsResponseSemaphoreRejected() bool {
	return c.happened(metrics.SemaphoreRejected)
}

// IsResponsePoolRejected reports whether the pool was full
// (isResponseThreadPoolRejected).
func (c *Call[In, Out]) IsResponsePoolRejected() bool { return c.happened(metrics.ThreadPoolRejected) }

// FailedExecutionError returns the body's error, if it failed.
func (c *Call[In, Out]) FailedExecutionError() error {
	if s := c.x.look(); s.why.kind == Failed {
		return s.why.cause
	}
	return nil
}

// ExecutionError returns why the body gave no result, whatever the reason.
func (c *Call[In, Out]) ExecutionError() error {
	if s := c.x.look(); s.why.kind != cancelled {
		return s.why.cause
	}
	return nil
}

// ExecutionLatency returns how long the execution took, or -1 if it has not
// ended, was refused, or came from the cache.
func (c *Call[In, Out]) ExecutionLatency() time.Duration { return c.x.look().latency }
