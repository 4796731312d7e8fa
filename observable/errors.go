package observable

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"
)

// ErrEmpty is what First, Last and Single return for a stream that completed
// without an item (RxJava: NoSuchElementException).
var ErrEmpty = errors.New("observable: stream is empty")

// ErrTooMany is what Single returns for a stream of more than one item.
var ErrTooMany = errors.New("observable: stream has more than one item")

// ErrGoexit is the error of a stream whose user function called
// runtime.Goexit (as testing.T.FailNow does). The goroutine still ends; the
// error tells those who wait elsewhere.
var ErrGoexit = errors.New("observable: user function called runtime.Goexit")

// ErrHoldGone is the error of a source that did not run its user code, because
// what its context holds ([Hold]) had been given back: the context was kept for
// longer than what it belonged to.
var ErrHoldGone = errors.New("observable: what the context holds was given back before the source ran")

// ErrSubscribedTwice is what the second observer of a stream gets that can
// have only one in its life, such as a [UnicastSubject].
var ErrSubscribedTwice = errors.New("observable: stream admits one observer only")

// PanicError is a panic of user code as an error (rules C9 and C10): Value is
// what was passed to panic, Stack the stack of the panicking goroutine.
type PanicError struct {
	Value any
	Stack []byte
}

func (e *PanicError) Error() string {
	return fmt.Sprintf("observable: user function panicked: %v", e.Value)
}

// Unwrap returns the panic's value if it was an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// NewPanicError wraps a recovered value with the stack of the calling
// goroutine. It is for code that recovers on quill's behalf, inside the
// deferred function that recovered.
func NewPanicError(recovered any) *PanicError {
	if p, ok := recovered.(*PanicError); ok {
		return p
	}
	return &PanicError{Value: recovered, Stack: debug.Stack()}
}

// TimeoutError is the error of the Timeout operators. errors.Is(err,
// context.DeadlineExceeded) holds, and Timeout reports true as net.Error asks.
type TimeoutError struct {
	After time.Duration // zero if it was another stream that said so
}

func (e *TimeoutError) Error() string {
	if e.After == 0 {
		return "observable: no signal in time"
	}
	return fmt.Sprintf("observable: no signal within %v", e.After)
}

// Timeout reports true.
func (e *TimeoutError) Timeout() bool { return true }

// Is reports whether target is context.DeadlineExceeded.
func (e *TimeoutError) Is(target error) bool { return target == context.DeadlineExceeded }

// ArgumentError is the value of the panic with which an operator refuses an
// impossible argument when the chain is assembled.
type ArgumentError struct {
	Operator string // the function that was called, such as "Take"
	Argument string // the name of its parameter
	Value    any
	Want     string // what would be right
}

func (e *ArgumentError) Error() string {
	return fmt.Sprintf("observable: %s: %s is %v, want %s", e.Operator, e.Argument, e.Value, e.Want)
}

func badArgument(operator, argument string, value any, want string) *ArgumentError {
	return &ArgumentError{Operator: operator, Argument: argument, Value: value, Want: want}
}

// UndeliverableError is what the error handler gets for an error that nobody
// can be told any more: it came after the end, after Dispose, or from a source
// that lost (rule C8).
type UndeliverableError struct{ Err error }

func (e *UndeliverableError) Error() string { return "observable: undeliverable: " + e.Err.Error() }

// Unwrap returns the error that could not be delivered.
func (e *UndeliverableError) Unwrap() error { return e.Err }

// NotHandledError is what the error handler gets for the error of a stream
// whose observer gave no way to handle it (rule C11).
type NotHandledError struct{ Err error }

func (e *NotHandledError) Error() string { return "observable: error not handled: " + e.Err.Error() }

// Unwrap returns the error that was not handled.
func (e *NotHandledError) Unwrap() error { return e.Err }

// ProtocolError is what the error handler gets when a source breaks the
// protocol, for example with a second OnSubscribe (rule C1).
type ProtocolError struct{ Violation string }

func (e *ProtocolError) Error() string { return "observable: protocol violation: " + e.Violation }

type errorHandlerKey struct{}

// WithErrorHandler returns a context whose subscriptions send the errors that
// nobody can be told (rule C8) to handle, instead of slog.Default. handle may be
// called from any goroutine, also several at once; it gets an
// [*UndeliverableError], or as they are a [*NotHandledError], a
// [*ProtocolError], or a joined error of an observer that panicked while it was
// told an error.
func WithErrorHandler(ctx context.Context, handle func(error)) context.Context {
	if handle == nil {
		panic(badArgument("WithErrorHandler", "handle", nil, "a function"))
	}
	return context.WithValue(ctx, errorHandlerKey{}, handle)
}

// ReportError gives err, wrapped as an [*UndeliverableError], to the error
// handler of ctx, for authors of operators (rule C8).
func ReportError(ctx context.Context, err error) {
	undeliverable(ctx, &UndeliverableError{Err: err})
}

// undeliverable hands err as it is to ctx's handler, or to slog. A handler
// that panics must not break the stream that is being cleaned up.
func undeliverable(ctx context.Context, err error) {
	handle, ok := ctx.Value(errorHandlerKey{}).(func(error))
	if !ok {
		slog.Default().Error("observable: error that nobody was told", "error", err)
		return
	}
	defer func() {
		if r := recover(); r != nil {
			slog.Default().Error("observable: error handler panicked", "error", err, "panic", r)
		}
	}()
	handle(err)
}
