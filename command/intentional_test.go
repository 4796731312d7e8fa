package command_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/quillgo/quill/breaker"
	"github.com/quillgo/quill/cache"
	"github.com/quillgo/quill/command"
	"github.com/quillgo/quill/isolation"
	"github.com/quillgo/quill/metrics"
	"github.com/quillgo/quill/observable"
	"github.com/quillgo/quill/observable/observabletest"
)

// The tests here and in intentional_ends_test.go hold entries of
// docs/intentional.md that no other test is about.

// counted returns what was counted for A since the beginning, without zeros.
func counted(r *command.Registry) map[metrics.Event]int64 {
	s, _ := r.Status("A")
	all := map[metrics.Event]int64{}
	for e, n := range s.Metrics.Cumulative {
		if n != 0 {
			all[metrics.Event(e)] = n
		}
	}
	return all
}

// fails is a body.
func fails(context.Context, int) (int, error) { return 0, errBody }

// hangs is a body that obeys its context.
func hangs(ctx context.Context, _ int) (int, error) { <-ctx.Done(); return 0, ctx.Err() }

// Rule 4.
func TestIntentional_RejectedFallbackKeepsTheCause(t *testing.T) {
	inBubbles(t, func(t *testing.T, i command.Isolation) {
		c := newCommand(t, spec{Run: fails, Fallback: fallback, Settings: command.Settings{Isolation: i, FallbackSemaphore: command.None}})
		for way, err := range fourWays(context.Background(), c, 1) {
			var e *command.Error
			require.ErrorAs(t, err, &e, way)
			require.Equal(t, command.FallbackRejected, e.Kind, way)
			require.ErrorIs(t, err, errBody, way)
			require.ErrorIs(t, err, command.ErrFallbackRejected, way)
		}
	})
}

// Rule 7.
func TestIntentional_CallIsForOneExecution(t *testing.T) {
	inBubbles(t, func(t *testing.T, i command.Isolation) {
		ctx := context.Background()
		c := newCommand(t, spec{Run: identity, Settings: command.Settings{Isolation: i}})
		for range 3 { // a Command is for many
			_, err := c.Execute(ctx, 1)
			require.NoError(t, err)
		}
		call := c.Call(1)
		_, err := call.Execute(ctx)
		require.NoError(t, err)
		_, again := call.Execute(ctx)
		_, future := call.ToFuture(ctx).Get(ctx)
		for _, err := range []error{again, future, call.Observe(ctx).Wait(ctx), call.ToObservable().Wait(ctx)} {
			require.ErrorIs(t, err, command.ErrAlreadyExecuted)
		}
		require.Equal(t, metrics.Events(0).With(metrics.Success), call.Events())
	})
}

// Rule 8: an execution goes on with the settings that it found.
func TestIntentional_SettingsAreReadOnce(t *testing.T) {
	inBubbles(t, func(t *testing.T, i command.Isolation) {
		r := registry(t, command.RegistryOptions{})
		c := newCommand(t, spec{Registry: r, Settings: command.Settings{Isolation: i}, Fallback: fallback,
			Run: func(context.Context, int) (int, error) {
				return 0, errors.Join(errBody, r.Update("A", command.Settings{Isolation: i, Fallback: command.Off}))
			}})
		out, err := c.Execute(context.Background(), 1)
		require.NoError(t, err)
		require.Equal(t, -1, out)
		_, err = c.Execute(context.Background(), 1)
		require.ErrorIs(t, err, errBody, "the next one finds the change")
	})
}

// Rule 6: the scope is found on whatever goroutine the context gets to, and so
// are the caller's values. The fallback has the caller's context, not the body's.
func TestIntentional_ContextTravels(t *testing.T) {
	type key struct{}
	inBubbles(t, func(t *testing.T, i command.Isolation) {
		ctx, scope := cache.NewScope(context.WithValue(context.Background(), key{}, "v"))
		defer scope.Close()
		seen := func(where string, ctx context.Context) {
			require.Same(t, scope, cache.ScopeFrom(ctx), where)
			require.Equal(t, "v", ctx.Value(key{}), where)
		}
		c := newCommand(t, spec{Settings: command.Settings{Isolation: i},
			Run: func(ctx context.Context, in int) (int, error) { seen("body", ctx); return hangs(ctx, in) },
			Fallback: func(ctx context.Context, in int, _ error) (int, error) {
				seen("fallback", ctx)
				_, limited := ctx.Deadline()
				require.False(t, limited, "the timeout is the body's")
				return in, ctx.Err()
			}})
		for way, err := range fourWays(ctx, c, 1) {
			require.NoError(t, err, way)
		}
	})
}

// Rule 14: the call neither waits nor fails, whatever is refused.
func TestIntentional_ToFutureNeverBlocks(t *testing.T) {
	inBubbles(t, func(t *testing.T, i command.Isolation) {
		gate := make(chan struct{})
		r := registry(t, command.RegistryOptions{})
		require.NoError(t, r.ConfigurePool("A", isolation.PoolConfig{Core: 1}))
		c := newCommand(t, spec{Registry: r, Settings: command.Settings{Isolation: i, Semaphore: 1},
			Run:      func(context.Context, int) (int, error) { <-gate; return 1, nil },
			Fallback: func(context.Context, int, error) (int, error) { <-gate; return -1, nil },
		})
		running, refused := c.ToFuture(context.Background(), 1), c.ToFuture(context.Background(), 1)
		require.NoError(t, r.Update("A", command.Settings{Isolation: i, Semaphore: 1, Breaker: breaker.ForcedOpen}))
		short := c.ToFuture(context.Background(), 1)
		synctest.Wait()
		close(gate)
		for want, f := range map[int][]*command.Future[int]{1: {running}, -1: {refused, short}} {
			for _, f := range f {
				out, err := f.Get(context.Background())
				require.NoError(t, err)
				require.Equal(t, want, out)
			}
		}
	})
}

// Rule 15: the caller's goroutine does it all, when the body has returned.
func TestIntentional_FusedTimeoutIsDecidedAtTheReturn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var order []string
		c := newCommand(t, spec{Settings: command.Settings{Isolation: command.Semaphore},
			Run: func(ctx context.Context, in int) (int, error) {
				time.Sleep(time.Second)
				require.ErrorIs(t, ctx.Err(), context.DeadlineExceeded, "the body can know")
				time.Sleep(time.Minute)
				order = append(order, "body")
				return in, nil
			},
			Fallback: func(_ context.Context, _ int, cause error) (int, error) {
				order = append(order, "fallback")
				return -1, cause
			},
			Discard: func(v int, _ error) { order = append(order, fmt.Sprint("discard ", v)) },
		})
		start := time.Now()
		_, err := c.Execute(context.Background(), 7)
		require.ErrorIs(t, err, command.ErrTimeout)
		require.Equal(t, time.Minute+time.Second, time.Since(start))
		require.Equal(t, []string{"body", "fallback", "discard 7"}, order)
	})
}

// A body that meets what a guard would say has failed; Kind is no matter of
// types.
func TestIntentional_BodysOwnErrorsAreFailures(t *testing.T) {
	inBubbles(t, func(t *testing.T, i command.Isolation) {
		for _, met := range []error{breaker.ErrOpen, isolation.ErrPoolFull, isolation.ErrSemaphoreFull, command.ErrTimeout, context.Canceled} {
			r := registry(t, command.RegistryOptions{})
			c := newCommand(t, spec{Registry: r, Settings: command.Settings{Isolation: i},
				Run: func(context.Context, int) (int, error) { return 0, met }})
			for way, err := range fourWays(context.Background(), c, 1) {
				var e *command.Error
				require.ErrorAs(t, err, &e, way)
				require.Equal(t, command.Failed, e.Kind, "%s: %v", way, met)
			}
			require.EqualValues(t, 4, counted(r)[metrics.Failure])
		}
	})
}

// Counters and listener agree, EXCEPTION_THROWN and FALLBACK_DISABLED included.
func TestIntentional_CountersAreWhatTheListenerHeard(t *testing.T) {
	inBubbles(t, func(t *testing.T, i command.Isolation) {
		heard := map[metrics.Event]int64{}
		r := registry(t, command.RegistryOptions{Listener: command.Listener{Event: func(_ string, e metrics.Event) { heard[e]++ }}})
		c := newCommand(t, spec{Registry: r, Settings: command.Settings{Isolation: i}, Run: fails})
		execute := func(s command.Settings) {
			s.Isolation = i
			require.NoError(t, r.Update("A", s))
			_, err := c.Execute(context.Background(), 1)
			require.Error(t, err)
		}
		execute(command.Settings{})
		execute(command.Settings{Fallback: command.Off})
		execute(command.Settings{Breaker: breaker.ForcedOpen})
		require.Equal(t, map[metrics.Event]int64{
			metrics.Failure: 2, metrics.FallbackMissing: 2, metrics.FallbackDisabled: 1, metrics.ShortCircuited: 1,
			metrics.ExceptionThrown: 2, // not for who was short-circuited
		}, heard)
		require.Equal(t, heard, counted(r))
	})
}

// An execution's time is from its beginning, the Start hook included; one that
// was refused has none, by a pool either.
func TestIntentional_LatencyIsOfTheWholeExecution(t *testing.T) {
	inBubbles(t, func(t *testing.T, i command.Isolation) {
		r := registry(t, command.RegistryOptions{})
		require.NoError(t, r.ConfigurePool("A", isolation.PoolConfig{Core: 1}))
		c := newCommand(t, spec{Registry: r, Settings: command.Settings{Isolation: i, Semaphore: 1},
			Hooks: command.Hooks{Start: func(command.Info) error { time.Sleep(100 * time.Millisecond); return nil }},
			Run:   func(context.Context, int) (int, error) { time.Sleep(200 * time.Millisecond); return 1, nil }})
		call, other := c.Call(1), c.Call(1)
		done := make(chan struct{})
		go func() {
			defer close(done)
			_, err := call.Execute(context.Background())
			require.NoError(t, err)
		}()
		time.Sleep(50 * time.Millisecond)
		_, err := other.Execute(context.Background())
		require.Error(t, err)
		require.True(t, other.IsResponseRejected())
		require.Negative(t, other.ExecutionLatency())
		<-done
		require.Equal(t, 300*time.Millisecond, call.ExecutionLatency())
	})
}

func TestIntentional_GroupIsTheName(t *testing.T) {
	r := registry(t, command.RegistryOptions{})
	c := newCommand(t, spec{Registry: r, Run: identity})
	require.Equal(t, "A", c.Group())
	_, err := c.Execute(context.Background(), 1)
	require.NoError(t, err)
	require.NotNil(t, r.Pool("A"), "the pool is the command's own")
	s, _ := r.Status("A")
	require.Equal(t, "A", s.PoolKey)
}

// Zero means not set: nobody is admitted with None, everybody with Unlimited.
func TestIntentional_ZeroIsNotSet(t *testing.T) {
	c := newCommand(t, spec{Run: identity, Settings: command.Settings{Isolation: command.Semaphore}})
	require.Equal(t, 10, c.Settings().Semaphore)
	require.Equal(t, time.Second, c.Settings().Timeout)
	c = newCommand(t, spec{Run: identity, Settings: command.Settings{Isolation: command.Semaphore, Semaphore: command.None}})
	_, err := c.Execute(context.Background(), 1)
	require.ErrorIs(t, err, isolation.ErrSemaphoreFull)
	synctest.Test(t, func(t *testing.T) {
		c := newCommand(t, spec{Settings: command.Settings{Isolation: command.Semaphore, Semaphore: command.Unlimited, Timeout: -1},
			Run: func(context.Context, int) (int, error) { time.Sleep(time.Hour); return 1, nil }})
		var done atomic.Int32
		for range 100 {
			go func() {
				_, err := c.Execute(context.Background(), 1)
				require.NoError(t, err)
				done.Add(1)
			}()
		}
		time.Sleep(2 * time.Hour)
		require.EqualValues(t, 100, done.Load())
	})
}

// The registry's hooks are around the command's.
func TestIntentional_HooksAreValues(t *testing.T) {
	var order []string
	hooks := func(name string) command.Hooks {
		return command.Hooks{
			Start: func(command.Info) error { order = append(order, name+" start"); return nil },
			Emit:  func(_ command.Info, v any) any { order = append(order, name+" emit"); return v.(int) * 10 },
		}
	}
	for range 2 { // nothing is registered for good
		order = nil
		r := registry(t, command.RegistryOptions{Hooks: hooks("registry")})
		out, err := newCommand(t, spec{Registry: r, Run: identity, Hooks: hooks("command")}).Execute(context.Background(), 1)
		require.NoError(t, err)
		require.Equal(t, 100, out)
		require.Equal(t, []string{"registry start", "command start", "command emit", "registry emit"}, order)
	}
}

// The entries of the request cache are told apart by the type of the result.
func TestIntentional_CacheKnowsTheType(t *testing.T) {
	r := registry(t, command.RegistryOptions{})
	ctx, scope := cache.NewScope(context.Background())
	defer scope.Close()
	same := func(int) (string, bool) { return "k", true }
	number := newCommand(t, spec{Registry: r, Run: identity, CacheKey: same})
	text := newCommand(t, command.Spec[int, string]{Registry: r, CacheKey: same,
		Run: func(context.Context, int) (string, error) { return "text", nil }})
	n, err := number.Execute(ctx, 7)
	require.NoError(t, err)
	require.Equal(t, 7, n)
	s, err := text.Execute(ctx, 7)
	require.NoError(t, err)
	require.Equal(t, "text", s)
}

// Execute of a streaming command wants one item. What it gives otherwise does
// not change what happened.
func TestIntentional_StreamingExecute(t *testing.T) {
	for n, want := range []struct {
		err   error
		event metrics.Event
	}{{observable.ErrEmpty, metrics.Success}, {nil, metrics.Success}, {observable.ErrTooMany, metrics.Cancelled}} {
		r := registry(t, command.RegistryOptions{})
		c := newCommand(t, spec{Registry: r, Stream: func(_ context.Context, n int) observable.Observable[int] { return observable.Range(1, n) }})
		out, err := c.Execute(context.Background(), n)
		require.ErrorIs(t, err, want.err)
		require.EqualValues(t, 1, counted(r)[want.event], "%d items", n)
		if want.err == nil {
			require.Equal(t, 1, out)
		}
	}
}

// Each fallback of a timeout has a goroutine to itself, however many there are.
func TestIntentional_FallbacksDoNotWaitForEachOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := make(chan struct{})
		var waiting atomic.Int32
		r := registry(t, command.RegistryOptions{})
		require.NoError(t, r.ConfigurePool("A", isolation.PoolConfig{Core: 100}))
		c := newCommand(t, spec{Registry: r, Settings: command.Settings{FallbackSemaphore: command.Unlimited}, Run: hangs,
			Fallback: func(context.Context, int, error) (int, error) { waiting.Add(1); <-gate; return -1, nil }})
		for n := range 90 {
			switch n % 3 {
			case 0:
				go func() { _, _ = c.Execute(context.Background(), n) }()
			case 1:
				c.ToFuture(context.Background(), n)
			default:
				c.ToObservable(n).Subscribe(context.Background(), observabletest.NewObserver[int](t))
			}
		}
		time.Sleep(time.Second + 1)
		synctest.Wait()
		require.EqualValues(t, 90, waiting.Load())
		close(gate)
	})
}

// hasOnly reports whether the log of ctx's scope is these sets of events.
func hasOnly(ctx context.Context, want ...metrics.Events) bool {
	var got []metrics.Events
	for _, e := range command.LogFrom(ctx).Entries() {
		got = append(got, e.Events)
	}
	return slices.Equal(got, want)
}
