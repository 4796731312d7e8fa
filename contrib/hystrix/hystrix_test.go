package hystrix_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quillgo/quill/command"
	"github.com/quillgo/quill/contrib/hystrix"
	"github.com/quillgo/quill/observable"
)

var (
	errBoom = errors.New("boom")
	errBare = command.Bare(errBoom)
)

// ways are the four functions in one shape. Those of Go give nil once nothing
// more can come.
var ways = map[string]func(ctx context.Context, name string, run func(context.Context) error, fallback func(context.Context, error) error) error{
	"Do": func(_ context.Context, name string, run func(context.Context) error, fallback func(context.Context, error) error) error {
		return hystrix.Do(name, func() error { return run(context.Background()) }, plainly(fallback))
	},
	"DoC": func(ctx context.Context, name string, run func(context.Context) error, fallback func(context.Context, error) error) error {
		return hystrix.DoC(ctx, name, run, fallback)
	},
	"Go": func(_ context.Context, name string, run func(context.Context) error, fallback func(context.Context, error) error) error {
		return settled(hystrix.Go(name, func() error { return run(context.Background()) }, plainly(fallback)))
	},
	"GoC": func(ctx context.Context, name string, run func(context.Context) error, fallback func(context.Context, error) error) error {
		return settled(hystrix.GoC(ctx, name, run, fallback))
	},
}

func plainly(fallback func(context.Context, error) error) func(error) error {
	if fallback == nil {
		return nil
	}
	return func(cause error) error { return fallback(context.Background(), cause) }
}

// settled returns what came through the channel when everything in the bubble
// has come to rest, long after every timeout.
func settled(errs chan error) error {
	time.Sleep(time.Hour)
	synctest.Wait()
	select {
	case err, open := <-errs:
		if !open {
			panic("the channel was closed")
		}
		return err
	default:
		return nil
	}
}

// inEachWay runs f in a bubble for each of the four functions.
func inEachWay(t *testing.T, f func(t *testing.T, call func(name string, run func(context.Context) error, fallback func(context.Context, error) error) error)) {
	for way, call := range ways {
		t.Run(way, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				f(t, func(name string, run func(context.Context) error, fallback func(context.Context, error) error) error {
					return call(t.Context(), name, run, fallback)
				})
			})
		})
	}
}

func returns(err error) func(context.Context) error {
	return func(context.Context) error { return err }
}

// openUp makes the circuit of a name open.
func openUp(t *testing.T, name string) {
	t.Helper()
	for range 25 {
		_ = hystrix.Do(name, func() error { return errBoom }, nil)
	}
	require.True(t, circuitOf(t, name).IsOpen())
}

// TestResults: what each end gives, without a fallback, with one that serves and
// with one that fails.
func TestResults(t *testing.T) {
	gate := make(chan struct{})
	defer close(gate)
	for _, test := range []struct {
		name  string
		run   func(context.Context) error
		ready func(t *testing.T, name string)
		cause error // nil: run succeeds
	}{
		{name: "success", run: returns(nil)},
		{name: "failure", run: returns(errBoom), cause: errBoom},
		{name: "own circuit error", run: returns(hystrix.CircuitError{Message: "mine"}), cause: hystrix.CircuitError{Message: "mine"}},
		{name: "timeout", run: func(context.Context) error { time.Sleep(time.Minute); return nil }, cause: hystrix.ErrTimeout},
		{name: "open", run: returns(nil), ready: openUp, cause: hystrix.ErrCircuitOpen},
		{name: "full", run: returns(nil), cause: hystrix.ErrMaxConcurrency, ready: func(_ *testing.T, name string) {
			for range 10 {
				hystrix.Go(name, func() error { time.Sleep(time.Minute); return nil }, nil)
			}
		}},
		{name: "an error marked for the engine", run: returns(errBare), cause: errBare},
	} {
		t.Run(test.name, func(t *testing.T) {
			inEachWay(t, func(t *testing.T, call func(string, func(context.Context) error, func(context.Context, error) error) error) {
				prepared := func(suffix string) string {
					name := t.Name() + suffix
					if test.ready != nil {
						test.ready(t, name)
					}
					return name
				}
				err := call(prepared("1"), test.run, nil)
				assert.Equal(t, test.cause, err, "without a fallback, the very error")

				served := 0
				err = call(prepared("2"), test.run, func(_ context.Context, cause error) error {
					served++
					assert.Equal(t, test.cause, cause)
					return nil
				})
				assert.NoError(t, err)
				if test.cause == nil {
					assert.Zero(t, served)
					return
				}
				assert.Equal(t, 1, served)

				missing := hystrix.CircuitError{Message: "nothing in memory"}
				err = call(prepared("3"), test.run, returnsAny(missing))
				assert.EqualError(t, err, "fallback failed with '"+missing.Error()+"'. run error was '"+test.cause.Error()+"'")
				assert.ErrorIs(t, err, missing)
				assert.ErrorIs(t, err, test.cause)
				var found hystrix.CircuitError
				assert.ErrorAs(t, err, &found)
			})
		})
	}
}

func returnsAny(err error) func(context.Context, error) error {
	return func(context.Context, error) error { return err }
}

// TestCircuitError: the errors compare, and are found behind a failed fallback.
func TestCircuitError(t *testing.T) {
	assert.Equal(t, "hystrix: timeout", hystrix.ErrTimeout.Error())
	assert.Equal(t, "hystrix: circuit open", hystrix.ErrCircuitOpen.Error())
	assert.Equal(t, "hystrix: max concurrency", hystrix.ErrMaxConcurrency.Error())
	assert.True(t, hystrix.ErrTimeout == hystrix.CircuitError{Message: "timeout"})
	seen := map[error]int{hystrix.ErrTimeout: 1} // a value that can be a key
	assert.Equal(t, 1, seen[hystrix.CircuitError{Message: "timeout"}])
}

// TestPanics: a panic and a Goexit are failures of the call, wherever they come
// from, and the next call finds everything in its place.
func TestPanics(t *testing.T) {
	quiet(t)
	inEachWay(t, func(t *testing.T, call func(string, func(context.Context) error, func(context.Context, error) error) error) {
		name := configured(t, hystrix.CommandConfig{MaxConcurrentRequests: 1})
		panics := func(context.Context) error { panic(errBoom) }
		for range 3 {
			var p *observable.PanicError
			err := call(name, panics, nil)
			require.ErrorAs(t, err, &p)
			assert.Equal(t, errBoom, p.Value)
			assert.NotEmpty(t, p.Stack)

			assert.NoError(t, call(name, panics, func(_ context.Context, cause error) error {
				assert.ErrorIs(t, cause, errBoom)
				return nil
			}))
			err = call(name, returns(errBoom), func(context.Context, error) error { panic("fallback") })
			require.ErrorAs(t, err, &p)
			assert.Equal(t, "fallback", p.Value)
			assert.ErrorIs(t, err, errBoom)

			assert.ErrorIs(t, call(name, goexit, nil), observable.ErrGoexit)
			assert.Error(t, call(name, nil, nil), "nothing to run")
		}
		assert.NoError(t, call(name, returns(nil), nil))
	})
}

// TestGoexitOfAFallback: Do's ends the goroutine that called, as any function
// does; Go's is an error.
func TestGoexitOfAFallback(t *testing.T) {
	bubble(t, func(t *testing.T) {
		name := configured(t, hystrix.CommandConfig{MaxConcurrentRequests: 1})
		exits := func(error) error { return goexit(t.Context()) }
		returned := false
		go func() {
			_ = hystrix.Do(name, func() error { return errBoom }, exits)
			returned = true
		}()
		synctest.Wait()
		assert.False(t, returned)
		assert.ErrorIs(t, settled(hystrix.Go(name, func() error { return errBoom }, exits)), observable.ErrGoexit)

		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		errs := hystrix.GoC(ctx, name, returns(nil), func(context.Context, error) error { return goexit(t.Context()) })
		assert.ErrorIs(t, settled(errs), observable.ErrGoexit)
		assert.NoError(t, hystrix.Do(name, func() error { return nil }, nil))
	})
}

// TestGo_DoesNotBlock: Go is back before run has begun, and whatever the
// fallback does.
func TestGo_DoesNotBlock(t *testing.T) {
	bubble(t, func(t *testing.T) {
		name := configured(t, hystrix.CommandConfig{MaxConcurrentRequests: 1})
		gate := make(chan struct{})
		hystrix.Go(name, func() error { <-gate; return nil }, nil)
		hystrix.Go(name, func() error { return nil }, func(error) error { <-gate; return nil }) // refused
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		hystrix.GoC(ctx, name, returns(nil), func(context.Context, error) error { <-gate; return nil })
		close(gate)
	})
}

// TestGo_SuccessSendsNothing: nothing is sent, and the channel stays open.
func TestGo_SuccessSendsNothing(t *testing.T) {
	bubble(t, func(t *testing.T) {
		out := make(chan int, 1)
		errs := hystrix.Go(t.Name(), func() error { out <- 42; return nil }, nil)
		select {
		case v := <-out:
			assert.Equal(t, 42, v)
		case err := <-errs:
			t.Errorf("got %v", err)
		}
		assert.NoError(t, settled(errs))
		assert.Equal(t, 1, cap(errs))
	})
}

// TestContexts: the end of the caller's context is the reason as the context
// says it, for callers and fallbacks.
func TestContexts(t *testing.T) {
	type key struct{}
	run := func(ctx context.Context) error { <-ctx.Done(); return errBoom }
	for name, test := range map[string]struct {
		ended func(context.Context) (context.Context, context.CancelFunc)
		want  error
	}{
		"cancelled before": {func(ctx context.Context) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancel(ctx)
			cancel()
			return ctx, cancel
		}, context.Canceled},
		"cancelled": {func(ctx context.Context) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancelCause(ctx)
			time.AfterFunc(time.Millisecond, func() { cancel(errBoom) })
			return ctx, func() { cancel(nil) }
		}, context.Canceled},
		"deadline": {func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(ctx, time.Millisecond)
		}, context.DeadlineExceeded},
	} {
		for _, way := range []string{"DoC", "GoC"} {
			t.Run(name+" "+way, func(t *testing.T) {
				bubble(t, func(t *testing.T) {
					call := func(fallback func(context.Context, error) error) error {
						ctx, cancel := test.ended(context.WithValue(t.Context(), key{}, "value"))
						defer cancel()
						return ways[way](ctx, t.Name(), run, fallback)
					}
					assert.Equal(t, test.want, call(nil))
					served := 0
					assert.NoError(t, call(func(ctx context.Context, cause error) error {
						served++
						assert.Equal(t, test.want, cause)
						assert.Equal(t, test.want, ctx.Err(), "the caller's own")
						assert.Equal(t, "value", ctx.Value(key{}))
						return nil
					}))
					assert.Equal(t, 1, served, "as in hystrix-go")
					err := call(func(context.Context, error) error { panic(errBoom) })
					assert.ErrorIs(t, err, test.want)
					assert.ErrorIs(t, err, errBoom)
				})
			})
		}
	}
}

// TestDoC_NoContext: nil is a context that does not end.
func TestDoC_NoContext(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var none context.Context
		assert.NoError(t, hystrix.DoC(none, t.Name(), returns(nil), nil))
		assert.NoError(t, settled(hystrix.GoC(none, t.Name(), returns(nil), nil)))
	})
}

// TestRunsContext: run's context has the caller's values, and ends with the
// timeout or with the call.
func TestRunsContext(t *testing.T) {
	type key struct{}
	bubble(t, func(t *testing.T) {
		ctx := context.WithValue(t.Context(), key{}, "value")
		var kept context.Context
		begun := time.Now()
		ended := make(chan time.Duration, 1)
		err := hystrix.DoC(ctx, t.Name(), func(ctx context.Context) error {
			assert.Equal(t, "value", ctx.Value(key{}))
			at, ok := ctx.Deadline()
			assert.True(t, ok)
			assert.Equal(t, time.Second, at.Sub(begun))
			<-ctx.Done()
			ended <- time.Since(begun)
			return ctx.Err()
		}, nil)
		assert.Equal(t, hystrix.ErrTimeout, err)
		assert.Equal(t, time.Second, <-ended)

		require.NoError(t, hystrix.DoC(ctx, t.Name(), func(ctx context.Context) error { kept = ctx; return nil }, nil))
		assert.Error(t, kept.Err(), "nobody waits any more")
	})
}

// TestBadRequest: an error that run marked is the caller's fault: no fallback,
// and nothing against the backend.
func TestBadRequest(t *testing.T) {
	inEachWay(t, func(t *testing.T, call func(string, func(context.Context) error, func(context.Context, error) error) error) {
		for range 30 {
			err := call(t.Name(), returns(command.BadRequest(errBoom)), func(context.Context, error) error {
				t.Error("the fallback was called")
				return nil
			})
			assert.ErrorIs(t, err, errBoom)
		}
		assert.False(t, circuitOf(t, t.Name()).IsOpen())
	})
}
