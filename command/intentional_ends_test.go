package command_test

import (
	"context"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/quillgo/quill/cache"
	"github.com/quillgo/quill/command"
	"github.com/quillgo/quill/metrics"
	"github.com/quillgo/quill/observable/observabletest"
)

// Entries of docs/intentional.md about how executions end before their time.

// A context that ended before: a call has begun and is cancelled, a stream does
// not begin.
func TestIntentional_EndedContext(t *testing.T) {
	inBubbles(t, func(t *testing.T, i command.Isolation) {
		ended, cancel := context.WithCancelCause(context.Background())
		cancel(errBody)
		for way, begins := range map[string]bool{"Execute": true, "ToFuture": true, "Observe": true, "ToObservable": false} {
			r := registry(t, command.RegistryOptions{})
			c := newCommand(t, spec{Registry: r, Settings: command.Settings{Isolation: i}, Fallback: fallback,
				Run: func(context.Context, int) (int, error) { t.Error("the body ran"); return 0, nil }})
			ctx, scope := cache.NewScope(ended)
			var err error
			switch way {
			case "Execute":
				_, err = c.Execute(ctx, 1)
			case "ToFuture":
				_, err = c.ToFuture(ctx, 1).Get(context.Background())
			case "Observe":
				err = c.Observe(ctx, 1).Wait(context.Background())
			default:
				o := observabletest.NewObserver[int](t)
				c.ToObservable(1).Subscribe(ctx, o)
				err = o.Err()
			}
			synctest.Wait()
			require.ErrorIs(t, err, errBody, way)
			if begins {
				require.Equal(t, map[metrics.Event]int64{metrics.Cancelled: 1}, counted(r), way)
				require.True(t, hasOnly(ctx, metrics.Events(0).With(metrics.Cancelled)), way)
			} else {
				require.Empty(t, counted(r), way)
				require.True(t, hasOnly(ctx), way)
			}
			scope.Close()
		}
	})
}

// The caller's deadline is TIMEOUT for the backend, and nobody is left for a
// fallback to serve; the caller's cancel is nothing for the backend.
func TestIntentional_CallersContextEndsFirst(t *testing.T) {
	inBubbles(t, func(t *testing.T, i command.Isolation) {
		for _, deadline := range []bool{true, false} {
			r := registry(t, command.RegistryOptions{})
			c := newCommand(t, spec{Registry: r, Run: hangs, Settings: command.Settings{Isolation: i},
				Fallback: func(context.Context, int, error) (int, error) { t.Error("the fallback ran"); return 0, nil }})
			ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
			want := context.DeadlineExceeded
			if !deadline {
				cancel()
				ctx, cancel = context.WithCancel(context.Background())
				time.AfterFunc(100*time.Millisecond, cancel)
				want = context.Canceled
			}
			_, err := c.Execute(ctx, 1)
			cancel()
			require.Equal(t, want, err, "as it is: not an Error")
			s, _ := r.Status("A")
			if deadline {
				require.Equal(t, map[metrics.Event]int64{metrics.Timeout: 1, metrics.ExceptionThrown: 1}, counted(r))
				require.Equal(t, 1, s.HealthErrors)
			} else {
				require.Equal(t, map[metrics.Event]int64{metrics.Cancelled: 1}, counted(r))
				require.Zero(t, s.HealthTotal)
			}
		}
	})
}

// What a body says when its caller has left is not its failure, whatever it
// says; and no fallback begins for a caller who has left.
func TestIntentional_NobodyIsThere(t *testing.T) {
	inBubbles(t, func(t *testing.T, i command.Isolation) {
		r := registry(t, command.RegistryOptions{})
		var leave context.CancelFunc
		c := newCommand(t, spec{Registry: r, Settings: command.Settings{Isolation: i},
			Run:      func(context.Context, int) (int, error) { leave(); return 0, errBody },
			Fallback: func(context.Context, int, error) (int, error) { t.Error("the fallback ran"); return 0, nil }})
		ctx, cancel := context.WithCancel(context.Background())
		leave = cancel
		_, err := c.Execute(ctx, 1)
		require.Equal(t, context.Canceled, err)
		require.Equal(t, map[metrics.Event]int64{metrics.Cancelled: 1}, counted(r))
	})
}

// runtime.Goexit of a body on the caller's goroutine leaves none for the
// fallback; elsewhere the fallback serves.
func TestIntentional_GoexitOfTheBody(t *testing.T) {
	inBubbles(t, func(t *testing.T, i command.Isolation) {
		r := registry(t, command.RegistryOptions{})
		ran := false
		c := newCommand(t, spec{Registry: r, Settings: command.Settings{Isolation: i},
			Run:      func(context.Context, int) (int, error) { runtime.Goexit(); return 0, nil },
			Fallback: func(context.Context, int, error) (int, error) { ran = true; return -1, nil }})
		done := make(chan struct{})
		go func() {
			defer close(done)
			_, _ = c.Execute(context.Background(), 1)
		}()
		<-done
		want := map[metrics.Event]int64{metrics.Failure: 1, metrics.FallbackSuccess: 1}
		if i == command.Semaphore {
			want = map[metrics.Event]int64{metrics.Failure: 1, metrics.FallbackMissing: 1, metrics.ExceptionThrown: 1}
		}
		require.Equal(t, want, counted(r))
		require.Equal(t, i == command.Pool, ran)
	})
}

// Rule 12: the body's context ends as soon as nobody waits, and no sooner.
func TestIntentional_BodysContextEnds(t *testing.T) {
	inBubbles(t, func(t *testing.T, i command.Isolation) {
		for way, leave := range map[string]func(c *command.Command[int, int]){
			"timeout": func(c *command.Command[int, int]) { _, _ = c.Execute(context.Background(), 1) },
			"cancel": func(c *command.Command[int, int]) {
				f := c.ToFuture(context.Background(), 1)
				time.Sleep(time.Millisecond)
				require.True(t, f.Cancel())
			},
			"dispose": func(c *command.Command[int, int]) {
				o := observabletest.NewObserver[int](t)
				go c.ToObservable(1).Subscribe(context.Background(), o)
				time.Sleep(time.Millisecond)
				o.Dispose()
			},
		} {
			var heard, kept error
			c := newCommand(t, spec{Settings: command.Settings{Isolation: i},
				Run: func(ctx context.Context, _ int) (int, error) {
					<-ctx.Done()
					heard, kept = ctx.Err(), context.WithoutCancel(ctx).Err()
					return 0, nil
				}})
			leave(c)
			synctest.Wait()
			require.Error(t, heard, way)
			require.NoError(t, kept, "a body that has to finish can")
		}
	})
}

// Rule 9: an observed execution is its subscribers'; the last one to leave ends
// it, and who comes after that is told so.
func TestIntentional_LastSubscriberEndsIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := registry(t, command.RegistryOptions{})
		c := newCommand(t, spec{Registry: r, Run: hangs, Settings: command.Settings{Timeout: time.Hour}})
		stream := c.Observe(context.Background(), 1)
		first, second := observabletest.NewObserver[int](t), observabletest.NewObserver[int](t)
		stream.Subscribe(context.Background(), first)
		stream.Subscribe(context.Background(), second)
		first.Dispose()
		synctest.Wait()
		require.Empty(t, counted(r), "the other goes on")
		second.Dispose()
		synctest.Wait()
		require.Equal(t, map[metrics.Event]int64{metrics.Cancelled: 1}, counted(r))
		late := observabletest.NewObserver[int](t)
		stream.Subscribe(context.Background(), late)
		require.Equal(t, context.Canceled, late.Err())
	})
}

// Who began a shared execution and leaves it is cancelled for itself.
func TestIntentional_LeaderLeaves(t *testing.T) {
	inBubbles(t, func(t *testing.T, i command.Isolation) {
		gate := make(chan struct{})
		r := registry(t, command.RegistryOptions{})
		c := newCommand(t, spec{Registry: r, Settings: command.Settings{Isolation: i, Timeout: time.Hour},
			CacheKey: func(int) (string, bool) { return "", true },
			Run:      func(_ context.Context, in int) (int, error) { <-gate; return in, nil }})
		ctx, scope := cache.NewScope(context.Background())
		defer scope.Close()
		leader := c.ToFuture(ctx, 1)
		follower := c.ToFuture(ctx, 1)
		synctest.Wait()
		leader.Cancel()
		close(gate)
		_, err := follower.Get(context.Background())
		require.NoError(t, err)
		require.Equal(t, map[metrics.Event]int64{metrics.Cancelled: 1, metrics.Success: 1, metrics.ResponseFromCache: 1}, counted(r))
		require.True(t, hasOnly(ctx, metrics.Events(0).With(metrics.Cancelled), metrics.Events(0).With(metrics.Success, metrics.ResponseFromCache)))
	})
}

// The end of a scope is the end of what is shared in it.
func TestIntentional_ScopeEndsItsExecutions(t *testing.T) {
	inBubbles(t, func(t *testing.T, i command.Isolation) {
		c := newCommand(t, spec{Run: hangs, Settings: command.Settings{Isolation: i, Timeout: time.Hour},
			CacheKey: func(int) (string, bool) { return "", true }})
		ctx, scope := cache.NewScope(context.Background())
		f := c.ToFuture(ctx, 1)
		synctest.Wait()
		scope.Close()
		_, err := f.Get(context.Background())
		require.ErrorIs(t, err, cache.ErrScopeClosed)
		_, err = c.Execute(ctx, 1)
		require.ErrorIs(t, err, cache.ErrScopeClosed)
	})
}
