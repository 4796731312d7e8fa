package command_test

import (
	"context"
	"errors"
	"math"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/quillgo/quill/cache"
	"github.com/quillgo/quill/command"
	"github.com/quillgo/quill/isolation"
	"github.com/quillgo/quill/metrics"
	"github.com/quillgo/quill/observable"
)

var bg = context.Background()

// ends reports, in a bubble, whether f returns (or its goroutine ends).
func ends(t *testing.T, f func()) {
	t.Helper()
	done := false
	go func() { defer func() { done = true }(); f() }()
	time.Sleep(2 * time.Hour)
	synctest.Wait()
	if !done {
		t.Error("hangs")
	}
}

func drained(t *testing.T, r *command.Registry) {
	t.Helper()
	ctx, cancel := context.WithTimeout(bg, time.Hour)
	defer cancel()
	require.NoError(t, r.Shutdown(ctx))
}

func TestRegression_FallbackGoexitInAFuture(t *testing.T) {
	inBubbles(t, func(t *testing.T, i command.Isolation) {
		c := newCommand(t, spec{Run: fails, Settings: command.Settings{Isolation: i},
			Fallback: func(context.Context, int, error) (int, error) { runtime.Goexit(); return 0, nil }})
		ends(t, func() { _, _ = c.ToFuture(bg, 1).Get(bg) })
	})
}

func TestRegression_HoldOfAnEndedBody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := registry(t, command.RegistryOptions{})
		inner := newCommand(t, spec{Name: "Inner", Registry: r, Run: identity, Settings: command.Settings{Timeout: -1}})
		var kept context.Context
		outer := newCommand(t, spec{Registry: r, Run: func(ctx context.Context, in int) (int, error) { kept = context.WithoutCancel(ctx); return in, nil }})
		_, err := outer.ToObservable(1).First(bg) // with outer.Execute all is well
		require.NoError(t, err)
		v, err := observable.FromFunc(func(context.Context) (int, error) { return 3, nil }).First(kept)
		require.NoError(t, err)
		require.Equal(t, 3, v)
		ends(t, func() { _, _ = inner.ToObservable(2).First(kept) })
	})
}

func TestRegression_CloseEndsFusedBodies(t *testing.T) {
	for _, timeout := range []time.Duration{-1, 24 * time.Hour} {
		t.Run(timeout.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := registry(t, command.RegistryOptions{})
				c := newCommand(t, spec{Registry: r, Settings: command.Settings{Isolation: command.Semaphore, Timeout: timeout},
					Run: func(ctx context.Context, _ int) (int, error) {
						r.Close() // or anybody, before the body asks for Done
						<-ctx.Done()
						return 0, ctx.Err()
					}})
				ends(t, func() { _, _ = c.Execute(bg, 1) })
			})
		})
	}
}

// A fallback function has the caller's context and ends by itself.
func TestRegression_CloseEndsStreamingFallbacks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := registry(t, command.RegistryOptions{})
		c := newCommand(t, spec{Registry: r,
			Stream: func(context.Context, int) observable.Observable[int] { return observable.Error[int](errBody) },
			FallbackStream: func(context.Context, int, error) observable.Observable[int] {
				return observable.Never[int]()
			}})
		go func() { time.Sleep(time.Minute); r.Close() }()
		_, err := c.ToFuture(bg, 1).Get(bg)
		require.ErrorIs(t, err, command.ErrClosed)
		drained(t, r)
	})
}

func TestRegression_GoexitInAHook(t *testing.T) {
	for name, h := range map[string]command.Hooks{
		"Start":            {Start: func(command.Info) error { runtime.Goexit(); return nil }},
		"ExecutionSuccess": {ExecutionSuccess: func(command.Info) { runtime.Goexit() }},
		"ThreadComplete":   {ThreadComplete: func(command.Info) { runtime.Goexit() }},
		"Success":          {Success: func(command.Info) { runtime.Goexit() }},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := registry(t, command.RegistryOptions{})
				c := newCommand(t, spec{Registry: r, Run: identity, Hooks: h})
				ends(t, func() { _, _ = c.Execute(bg, 1) })
				drained(t, r)
			})
		})
	}
}

func TestRegression_GoexitInAListener(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := registry(t, command.RegistryOptions{Listener: command.Listener{Event: func(string, metrics.Event) { runtime.Goexit() }}})
		c := newCommand(t, spec{Registry: r, Run: identity})
		ends(t, func() { _, _ = c.ToFuture(bg, 1).Get(bg) })
		drained(t, r)
	})
}

// 6
type goes struct{ before func() }

func (g goes) OnSubscribe(observable.Disposable) { g.before(); runtime.Goexit() }
func (goes) OnNext(int)                          {}
func (goes) OnError(error)                       {}
func (goes) OnComplete()                         {}

func TestRegression_LeaderGoesBeforeTheStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := registry(t, command.RegistryOptions{})
		c := newCommand(t, spec{Registry: r, Run: identity, CacheKey: func(int) (string, bool) { return "", true }})
		ctx, _ := cache.NewScope(bg)
		ends(t, func() {
			other := make(chan struct{})
			go c.ToObservable(1).Subscribe(ctx, goes{func() {
				go func() { _, _ = c.Execute(ctx, 1); close(other) }()
				time.Sleep(time.Second) // the other has joined
			}})
			<-other
		})
	})
}

func TestRegression_LeaderGoesInTheStartHook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first := true
		c := newCommand(t, spec{Run: identity, CacheKey: func(int) (string, bool) { return "", true },
			Hooks: command.Hooks{Start: func(command.Info) error {
				if first {
					first = false
					runtime.Goexit()
				}
				return nil
			}}})
		ctx, _ := cache.NewScope(bg)
		go func() { _, _ = c.Execute(ctx, 1) }()
		synctest.Wait()
		ends(t, func() { _, _ = c.Execute(ctx, 1) })
	})
}

func TestRegression_GreatestTimeout(t *testing.T) {
	inBubbles(t, func(t *testing.T, i command.Isolation) {
		c := newCommand(t, spec{Run: func(ctx context.Context, in int) (int, error) { return in, ctx.Err() },
			Settings: command.Settings{Isolation: i, Timeout: math.MaxInt64}})
		time.Sleep(time.Nanosecond) // begun + Timeout overflows unless begun is 0
		_, err := c.Execute(bg, 1)
		require.NoError(t, err)
	})
}

func TestRegression_HugeLimit(t *testing.T) {
	s := command.Settings{Isolation: command.Semaphore, Semaphore: math.MaxInt}
	_, err := command.New(spec{Name: "B", Registry: registry(t, command.RegistryOptions{}), Run: identity, Settings: s})
	require.Error(t, err) // without: the first Execute panics
}

func TestRegression_HugeLimitByUpdate(t *testing.T) {
	r := registry(t, command.RegistryOptions{})
	c := newCommand(t, spec{Registry: r, Run: identity, Settings: command.Settings{Isolation: command.Semaphore, Semaphore: command.None}})
	_, _ = c.Execute(bg, 1)
	require.Error(t, r.Update("A", command.Settings{Semaphore: math.MaxInt})) // nil, and the limit stays None
}

func TestRegression_HugeBuckets(t *testing.T) {
	s := command.Settings{LatencyWindow: 1 << 62, LatencyBuckets: 1 << 62}
	c, err := command.New(spec{Name: "B", Registry: registry(t, command.RegistryOptions{}), Run: identity, Settings: s})
	if err == nil {
		require.NotPanics(t, func() { _, _ = c.Execute(bg, 1) }) // makeslice: len out of range
	}
}

func TestRegression_CancelDuringTheFallback(t *testing.T) {
	inBubbles(t, func(t *testing.T, i command.Isolation) {
		gate := make(chan struct{})
		c := newCommand(t, spec{Run: fails, Settings: command.Settings{Isolation: i},
			Fallback: func(context.Context, int, error) (int, error) { <-gate; return 7, nil }})
		f := c.ToFuture(bg, 1)
		synctest.Wait()
		before := f.Cancel()
		close(gate)
		_, err := f.Get(bg)
		require.Equal(t, before, errors.Is(err, context.Canceled)) // true, and 7, nil
	})
}

func TestRegression_ValueLostBetweenItemAndEnd(t *testing.T) {
	inBubbles(t, func(t *testing.T, i command.Isolation) {
		ctx, cancel := context.WithCancel(bg)
		defer cancel()
		discarded := 0
		c := newCommand(t, spec{Run: identity, Settings: command.Settings{Isolation: i}, Discard: func(int, error) { discarded++ },
			Hooks: command.Hooks{ExecutionSuccess: func(command.Info) { cancel(); time.Sleep(time.Millisecond) }}})
		_, err := c.ToObservable(1).First(ctx)
		synctest.Wait()
		time.Sleep(time.Second)
		require.ErrorIs(t, err, context.Canceled)
		require.Equal(t, 1, discarded)
	})
}

func TestRegression_ScopeCloseHasATerminalEvent(t *testing.T) {
	inBubbles(t, func(t *testing.T, i command.Isolation) {
		r := registry(t, command.RegistryOptions{})
		c := newCommand(t, spec{Registry: r, Run: hangs, Settings: command.Settings{Isolation: i, Timeout: time.Hour},
			CacheKey: func(int) (string, bool) { return "", true }})
		ctx, scope := cache.NewScope(bg)
		f := c.ToFuture(ctx, 1)
		synctest.Wait()
		scope.Close()
		_, err := f.Get(bg)
		require.ErrorIs(t, err, cache.ErrScopeClosed)
		synctest.Wait()
		require.NotEmpty(t, counted(r)) // nothing at all
	})
}

func TestRegression_SharedPoolClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, way := range []string{"Execute", "ToObservable"} {
			p, _ := isolation.NewPool("p", isolation.PoolConfig{Core: 1, Queue: 1}, nil)
			gate := make(chan struct{})
			c := newCommand(t, spec{Run: func(context.Context, int) (int, error) { <-gate; return 1, nil }, Fallback: fallback, SharedPool: p,
				Settings: command.Settings{Timeout: time.Hour}})
			c.ToFuture(bg, 1)
			synctest.Wait()
			go func() { time.Sleep(time.Second); p.Close() }()
			var v int
			var err error
			if way == "Execute" {
				v, err = c.Execute(bg, 2) // command: registry is closed
			} else {
				v, err = c.ToObservable(2).First(bg) // -1, nil
			}
			close(gate)
			synctest.Wait()
			if err != nil || v != -1 {
				t.Errorf("%s: %d, %v", way, v, err)
			}
		}
	})
}

func TestRegression_EndedContextMeetsTheCache(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := registry(t, command.RegistryOptions{})
		c := newCommand(t, spec{Registry: r, Run: identity, CacheKey: func(int) (string, bool) { return "", true }})
		ctx, _ := cache.NewScope(bg)
		ended, cancel := context.WithCancel(ctx)
		cancel()
		_, err := c.Execute(ended, 1) // a miss: not begun, not logged, nothing counted
		require.ErrorIs(t, err, context.Canceled)
		if n := counted(r)[metrics.Cancelled]; n != 1 {
			t.Errorf("CANCELLED %d", n)
		}
		_, _ = c.Execute(ctx, 1)
		_, hit := c.Execute(ended, 1)                // nil
		_, observed := c.Observe(ended, 1).First(bg) // nil
		_, future := c.ToFuture(ended, 1).Get(bg)    // context.Canceled
		_, call := c.Call(1).Execute(ended)          // context.Canceled
		t.Log(hit, observed, future, call)
		if (hit == nil) != (future == nil) || (hit == nil) != (call == nil) {
			t.Error("the ways differ")
		}
	})
}

func TestRegression_FailureThenTheCallerLeaves(t *testing.T) {
	ctx, cancel := context.WithCancel(bg)
	hook, discarded := 0, 0
	c := newCommand(t, spec{Run: fails, Fallback: fallback, Settings: command.Settings{Isolation: command.Semaphore},
		Discard: func(int, error) { discarded++ },
		Hooks:   command.Hooks{ExecutionError: func(_ command.Info, e error) error { hook++; cancel(); return e }}})
	_, err := c.Execute(ctx, 1)
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, [2]int{1, 0}, [2]int{hook, discarded}) // 2 and 1: the error was not late
}

func TestRegression_LatePanicWithAContextsError(t *testing.T) {
	inBubbles(t, func(t *testing.T, i command.Isolation) {
		discarded := 0
		c := newCommand(t, spec{Settings: command.Settings{Isolation: i}, Discard: func(int, error) { discarded++ },
			Run: func(ctx context.Context, _ int) (int, error) {
				<-ctx.Done()
				time.Sleep(time.Nanosecond)
				panic(ctx.Err())
			}})
		_, _ = c.Execute(bg, 1)
		time.Sleep(time.Second)
		synctest.Wait()
		require.Equal(t, 1, discarded)
	})
}

func TestRegression_ShutdownWaitsForStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := make(chan struct{})
		r := registry(t, command.RegistryOptions{})
		c := newCommand(t, spec{Registry: r, Stream: func(context.Context, int) observable.Observable[int] { <-gate; return observable.Just(1) }})
		_, err := c.ToFuture(bg, 1).Get(bg)
		require.ErrorIs(t, err, command.ErrTimeout)
		ctx, cancel := context.WithTimeout(bg, time.Hour)
		defer cancel()
		require.Error(t, r.Shutdown(ctx)) // nil, though Spec.Stream has not returned
		close(gate)
	})
}

func TestRegression_KeyAndSettingsOnce(t *testing.T) {
	n := 0
	r := registry(t, command.RegistryOptions{})
	c := newCommand(t, spec{Registry: r, Run: identity, CacheKey: func(int) (string, bool) {
		n++
		_ = r.Update("A", command.Settings{Breaker: 2}) // ForcedOpen, for those who begin from now on
		return "", true
	}})
	ctx, _ := cache.NewScope(bg)
	_, _ = c.Execute(ctx, 1)
	require.Equal(t, 1, n)
}

func TestRegression_NilContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := registry(t, command.RegistryOptions{})
		c := newCommand(t, spec{Registry: r, Run: identity})
		require.Panics(t, func() { _, _ = c.Execute(nil, 1) }) //nolint:staticcheck // that is the test
		drained(t, r)
	})
}
