package hystrix

import (
	"context"
	"errors"
	"fmt"

	"github.com/quillgo/quill/breaker"
	"github.com/quillgo/quill/command"
	"github.com/quillgo/quill/isolation"
	"github.com/quillgo/quill/observable"
)

// CircuitError is why a circuit gave no result of run's. It can be compared with
// ==, and is found by errors.Is and errors.As where a fallback failed as well.
type CircuitError struct {
	Message string
}

func (e CircuitError) Error() string { return "hystrix: " + e.Message }

// The refusals of a circuit.
var (
	// ErrMaxConcurrency says that all places of the circuit were taken.
	ErrMaxConcurrency = CircuitError{Message: "max concurrency"}
	// ErrCircuitOpen says that the circuit was open.
	ErrCircuitOpen = CircuitError{Message: "circuit open"}
	// ErrTimeout says that run took too long.
	ErrTimeout = CircuitError{Message: "timeout"}
)

// fallbackError is the error of a call of which run and fallback failed.
type fallbackError struct{ fallback, run error }

func (e *fallbackError) Error() string {
	return fmt.Sprintf("fallback failed with '%v'. run error was '%v'", e.fallback, e.run)
}

func (e *fallbackError) Unwrap() []error { return []error{e.fallback, e.run} }

// runError is what run returned, wrapped on its way through the engine so that
// none of it is taken for something that the engine says itself.
type runError struct{ err error }

func (e *runError) Error() string { return e.err.Error() }

// contextEnd is a context's error that run returned. It says that somebody gave
// up, nothing about the backend, so it goes through the engine as a bad request.
type contextEnd struct{ err error }

func (e *contextEnd) Error() string { return e.err.Error() }

// forEngine wraps what run returned.
func forEngine(err error) error {
	switch {
	case err == nil:
		return nil
	case err == context.Canceled || err == context.DeadlineExceeded: //nolint:errorlint // one that wraps them may say more
		return command.BadRequest(&contextEnd{err})
	case command.IsBadRequest(err):
		return err
	}
	return &runError{err}
}

// translate returns what the engine's reason for having no result is called here:
// the event, and the error that the caller and the fallback get. The reason is the
// engine's own value, as what run returned is wrapped.
func translate(cause error) (event, error) {
	switch e := cause.(type) { //nolint:errorlint // by identity, see above
	case *runError:
		return failure, e.err
	case *breaker.OpenError:
		return shortCircuit, ErrCircuitOpen
	case *observable.PanicError:
		return failure, e // whatever run panicked with
	}
	switch {
	case cause == command.ErrTimeout: //nolint:errorlint // by identity, see above
		return timeout, ErrTimeout
	case errors.Is(cause, isolation.ErrPoolFull):
		return rejected, ErrMaxConcurrency
	}
	return failure, cause // runtime.Goexit
}
