package command

import (
	"context"
	"errors"
	"fmt"

	"github.com/quillgo/quill/breaker"
)

// ErrTimeout is the cause of an execution whose body took too long. It is also
// a context.DeadlineExceeded.
var ErrTimeout error = timeoutError{}

type timeoutError struct{}

func (timeoutError) Error() string        { return "command: timed out" }
func (timeoutError) Timeout() bool        { return true }
func (timeoutError) Is(target error) bool { return target == context.DeadlineExceeded }

// Further causes of an [Error]. Those of an open breaker and of a full bulkhead
// are [breaker.ErrOpen], [isolation.ErrSemaphoreFull] and [isolation.ErrPoolFull].
var (
	ErrNoFallback       = errors.New("command: no fallback available")
	ErrFallbackRejected = errors.New("command: too many fallbacks at a time")
	ErrAlreadyExecuted  = errors.New("command: a Call can be executed once")
	ErrClosed           = errors.New("command: registry is closed")
)

// Kind says why an execution failed.
type Kind uint8

// The kinds of an [Error] (Hystrix's FailureType), and after them the ends that
// have no Error of their own.
const (
	succeeded         Kind = iota
	Failed                 // the body returned an error or panicked (COMMAND_EXCEPTION)
	TimedOut               // TIMEOUT
	ShortCircuited         // the breaker was open (SHORTCIRCUIT)
	PoolRejected           // REJECTED_THREAD_EXECUTION
	SemaphoreRejected      // REJECTED_SEMAPHORE_EXECUTION
	FallbackRejected       // REJECTED_SEMAPHORE_FALLBACK
	BadlyRequested         // the body returned a BadRequest; only hooks see this kind
	Refused                // not executed at all: no scope, registry closed, Call used before
	cancelled              // the caller left
	expired                // the caller's deadline passed
	gone                   // the caller left while something else was about to be the end
)

var kindNames = []string{"succeeded", "failed", "timed out", "short-circuited", "could not be queued for execution",
	"could not acquire a semaphore for execution", "fallback execution rejected", "bad request", "refused", "cancelled", "expired", "gone"}

func (k Kind) String() string { return name(k, kindNames...) }

// Error is how an execution that failed is reported: what went wrong, and why
// no fallback served. errors.Is and errors.As see both.
type Error struct {
	Command string
	Kind    Kind
	// Err is the cause: the body's error, ErrTimeout, breaker.ErrOpen, ...
	Err error
	// FallbackErr is the fallback's error, ErrNoFallback, ErrFallbackRejected, or
	// nil when fallbacks are off or none was due.
	FallbackErr error
}

func (e *Error) Error() string {
	switch {
	case e.FallbackErr == nil:
		return fmt.Sprintf("command: %s %v: %v", e.Command, e.Kind, e.Err)
	case errors.Is(e.FallbackErr, ErrNoFallback):
		return fmt.Sprintf("command: %s %v and no fallback available: %v", e.Command, e.Kind, e.Err)
	}
	return fmt.Sprintf("command: %s %v: %v; fallback: %v", e.Command, e.Kind, e.Err, e.FallbackErr)
}

// Unwrap returns Err and FallbackErr.
func (e *Error) Unwrap() []error {
	if e.FallbackErr == nil {
		return []error{e.Err}
	}
	return []error{e.Err, e.FallbackErr}
}

// BadRequest marks err as the caller's fault: no fallback runs, the breaker is
// not told, and the caller gets the marked error itself (HystrixBadRequestException).
// It unwraps to err.
func BadRequest(err error) error {
	if err == nil {
		return nil
	}
	return &badRequest{err}
}

type badRequest struct{ err error }

func (e *badRequest) Error() string { return e.err.Error() }
func (e *badRequest) Unwrap() error { return e.err }

// IsBadRequest reports whether err is, or wraps, a [BadRequest]. What an [Error]
// wraps does not count: it was dealt with there.
func IsBadRequest(err error) bool { return marked[*badRequest](err) != nil }

// Bare marks err to be handed to the caller as it is, not wrapped in an [Error],
// if there is no fallback or it fails (ExceptionNotWrappedByHystrix). Where
// fallbacks are switched off, or their semaphore is full, it is wrapped all the same,
// as in Hystrix. Otherwise it is a failure like any other.
func Bare(err error) error {
	if err == nil {
		return nil
	}
	return &bare{err}
}

type bare struct{ err error }

func (e *bare) Error() string { return e.err.Error() }
func (e *bare) Unwrap() error { return e.err }

// marked finds a marker of type M in err's tree, but not below an Error. It is
// errors.As without the allocation for the target.
func marked[M interface {
	comparable
	error
}](err error) (zero M) {
	for err != nil {
		if m, ok := err.(M); ok {
			return m
		}
		switch e := err.(type) {
		case *Error:
			return zero
		case interface{ Unwrap() error }:
			err = e.Unwrap()
		case interface{ Unwrap() []error }:
			for _, err := range e.Unwrap() {
				if m := marked[M](err); m != zero {
					return m
				}
			}
			return zero
		default:
			return zero
		}
	}
	return zero
}

// outcomes is what each kind means for the breaker (rule 1 of
// docs/intentional.md, and "The outcome Refused" there).
var outcomes = [...]breaker.Outcome{
	succeeded:         breaker.Success,
	Failed:            breaker.Failure,
	TimedOut:          breaker.Failure,
	expired:           breaker.Failure,
	PoolRejected:      breaker.Refused,
	SemaphoreRejected: breaker.Refused,
	cancelled:         breaker.Ignore,
}
