// Package peers makes each library ready for the same job, so that the
// benchmarks, the memory measurement and nothing else differ in how they call
// it. It hands out the libraries' own types: a wrapper around a call would cost
// allocations that the library does not owe.
package peers

import (
	"context"
	"errors"
	"math"
	"time"
)

// Setup is the job that a library is made ready for. All of them judge a window
// of ten seconds in buckets of one (quill: of half a second, its default) and
// open at 50 % errors.
type Setup struct {
	// Limit is the size of the bulkhead.
	Limit int
	// Timeout bounds one call; negative means no bound.
	Timeout time.Duration
	// Volume is how many results the window needs before it is judged.
	Volume int
	// Sleep is how long an open breaker refuses.
	Sleep time.Duration
	// Run and Fallback are what the libraries that take them at construction
	// are given; the others get the same functions at the call. quill takes both,
	// failsafe-go the fallback.
	Run      func(ctx context.Context, id int) (int, error)
	Fallback func(ctx context.Context, id int, cause error) (int, error)
}

// Unreachable is a Volume that is never reached: for calls that all fail and
// must nevertheless all be run.
const Unreachable = math.MaxInt32

// Default is the job of the success path.
func Default() Setup {
	return Setup{Limit: 100, Timeout: time.Second, Volume: 20, Sleep: 5 * time.Second, Run: Work, Fallback: Substitute}
}

// ErrBody is the error of a body that fails.
var ErrBody = errors.New("bench: body failed")

// ErrFull is the refusal of the bulkheads that are written by hand.
var ErrFull = errors.New("bench: full")

// Fallen is the value of every fallback.
const Fallen = -1

// Work is the body that succeeds. What it returns depends on what it gets, so
// that every answer can be checked.
//
//go:noinline
func Work(_ context.Context, id int) (int, error) { return id + 1, nil }

// AskDone is the body that asks its context for the end, as every network call
// does.
//
//go:noinline
func AskDone(ctx context.Context, id int) (int, error) {
	select {
	case <-ctx.Done():
		return 0, ctx.Err()
	default:
		return id + 1, nil
	}
}

// Fail is the body that fails.
//
//go:noinline
func Fail(context.Context, int) (int, error) { return 0, ErrBody }

// Substitute is the fallback that serves whatever went wrong.
func Substitute(context.Context, int, error) (int, error) { return Fallen, nil }

// ServeFailure is the fallback that serves only the body's own error.
func ServeFailure(_ context.Context, _ int, cause error) (int, error) {
	if !errors.Is(cause, ErrBody) {
		return 0, cause
	}
	return Fallen, nil
}
