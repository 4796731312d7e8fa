package command_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/quillgo/quill/breaker"
	"github.com/quillgo/quill/cache"
	"github.com/quillgo/quill/command"
	"github.com/quillgo/quill/metrics"
	"github.com/quillgo/quill/observable"
)

// collected keeps what a stream emits.
type collected[T any] struct {
	mu   sync.Mutex
	all  []T
	over bool
}

func collect[T any](t testing.TB, o observable.Observable[T]) *collected[T] {
	c := new(collected[T])
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	o.Subscribe(ctx, observable.Funcs[T]{
		Next: func(v T) {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.all = append(c.all, v)
		},
		Complete: func() {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.over = true
		},
	})
	return c
}

// take waits, in a bubble, for what is on its way, and forgets it.
func (c *collected[T]) take() []T {
	synctest.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	all := c.all
	c.all = nil
	return all
}

func (c *collected[T]) completed() bool {
	synctest.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.over
}

// completions is what a test looks at.
func completions(all []command.Completion) (seen []string) {
	for _, c := range all {
		text := fmt.Sprintf("%s[%v]", c.Command, c.Events)
		if c.Emits+c.FallbackEmits > 0 {
			text += fmt.Sprintf("%d+%d", c.Emits, c.FallbackEmits)
		}
		seen = append(seen, text)
	}
	return seen
}

// addsUp checks that completions hold what the registry has counted.
func addsUp(t testing.TB, r *command.Registry, name string, all []command.Completion) {
	t.Helper()
	var got metrics.Counts
	for _, c := range all {
		for e := range c.Events.All() {
			switch e {
			case metrics.Emit:
				got[e] += int64(c.Emits)
			case metrics.FallbackEmit:
				got[e] += int64(c.FallbackEmits)
			default:
				got[e]++
			}
		}
	}
	status, _ := r.Status(name)
	want := status.Metrics.Cumulative
	want[metrics.ExceptionThrown], want[metrics.FallbackDisabled] = 0, 0
	require.Equal(t, want, got)
}

// Every way of an execution through the pipeline, and every way in which it can
// end, has one completion.
func TestCompletions_EveryEnd(t *testing.T) {
	settings := func(change func(*command.Settings)) command.Settings {
		s := command.Settings{Timeout: 100 * time.Millisecond}
		change(&s)
		return s
	}
	none := func(*command.Settings) {}
	leaving := func(how func(context.Context) (context.Context, context.CancelFunc)) func() (context.Context, context.CancelFunc) {
		return func() (context.Context, context.CancelFunc) { return how(context.Background()) }
	}
	stays := leaving(func(ctx context.Context) (context.Context, context.CancelFunc) { return context.WithCancel(ctx) })
	leaves := leaving(func(ctx context.Context) (context.Context, context.CancelFunc) {
		ctx, cancel := context.WithCancel(ctx)
		time.AfterFunc(10*time.Millisecond, cancel)
		return ctx, cancel
	})
	expires := leaving(func(ctx context.Context) (context.Context, context.CancelFunc) {
		return context.WithTimeout(ctx, 10*time.Millisecond)
	})
	gone := leaving(func(ctx context.Context) (context.Context, context.CancelFunc) {
		ctx, cancel := context.WithCancel(ctx)
		cancel()
		return ctx, cancel
	})
	for _, test := range []struct {
		name     string
		set      command.Settings
		run      func(context.Context, int) (int, error)
		fallback func(context.Context, int, error) (int, error)
		hooks    command.Hooks
		ctx      func() (context.Context, context.CancelFunc)
		want     string
	}{
		{name: "success", run: identity, want: "SUCCESS"},
		{name: "failure", run: fails, want: "FAILURE, FALLBACK_MISSING"},
		{name: "fallback", run: fails, fallback: fallback, want: "FAILURE, FALLBACK_SUCCESS"},
		{name: "fallback fails", run: fails, fallback: func(context.Context, int, error) (int, error) { return 0, errBody }, want: "FAILURE, FALLBACK_FAILURE"},
		{name: "fallback off", set: settings(func(s *command.Settings) { s.Fallback = command.Off }), run: fails, want: "FAILURE"},
		{name: "fallback rejected", set: settings(func(s *command.Settings) { s.FallbackSemaphore = command.None }), run: fails, fallback: fallback, want: "FAILURE, FALLBACK_REJECTION"},
		{name: "bad request", run: func(context.Context, int) (int, error) { return 0, command.BadRequest(errBody) }, want: "BAD_REQUEST"},
		{name: "panic", run: func(context.Context, int) (int, error) { panic("boom") }, want: "FAILURE, FALLBACK_MISSING"},
		{name: "timeout", run: hangs, fallback: fallback, want: "TIMEOUT, FALLBACK_SUCCESS"},
		{name: "short-circuited", set: settings(func(s *command.Settings) { s.Breaker = breaker.ForcedOpen }), run: identity, want: "SHORT_CIRCUITED, FALLBACK_MISSING"},
		{name: "caller cancels", run: hangs, fallback: fallback, ctx: leaves, want: "CANCELLED"},
		{name: "caller's deadline", run: hangs, fallback: fallback, ctx: expires, want: "TIMEOUT"},
		{name: "caller was gone", run: identity, ctx: gone, want: "CANCELLED"},
		{name: "start hook fails", run: identity, hooks: command.Hooks{Start: func(command.Info) error { return errBody }}, want: ""},
		{name: "start hook panics", run: identity, hooks: command.Hooks{Start: func(command.Info) error { panic("boom") }}, want: ""},
		{name: "success hook panics", run: identity, hooks: command.Hooks{Success: func(command.Info) { panic("boom") }}, want: "SUCCESS"},
	} {
		t.Run(test.name, func(t *testing.T) {
			inBubbles(t, func(t *testing.T, i command.Isolation) {
				if test.ctx == nil {
					test.ctx = stays
				}
				if test.set == (command.Settings{}) {
					test.set = settings(none)
				}
				test.set.Isolation = i
				r := registry(t, command.RegistryOptions{})
				defer r.Close()
				c := newCommand(t, command.Spec[int, int]{Registry: r, Run: test.run, Fallback: test.fallback, Hooks: test.hooks, Settings: test.set})
				all, own, other := collect(t, command.CompletionStream(r)), collect(t, command.CompletionStreamOf(r, "A")), collect(t, command.CompletionStreamOf(r, "B"))
				var sum []command.Completion
				for n := range 5 {
					ctx, cancel := test.ctx()
					begun := time.Now()
					switch n {
					case 0:
						_, _ = c.Execute(ctx, 1)
					case 1:
						_, _ = c.ToFuture(ctx, 1).Get(context.Background())
					case 2:
						_, _ = c.Observe(ctx, 1).Last(context.Background())
					case 3:
						_, _ = c.ToObservable(1).Last(ctx)
					case 4:
						_, _ = c.Call(1).Execute(ctx)
					}
					got := all.take()
					if n == 3 && len(got) == 0 && test.name == "caller was gone" {
						cancel()
						continue // it never was an execution: Subscribe itself refuses such a context
					}
					require.Len(t, got, 1, n)
					require.Equal(t, fmt.Sprintf("A[%s]", test.want), completions(got)[0], n)
					require.Equal(t, got, own.take(), n)
					require.Equal(t, "A", got[0].Group)
					if i == command.Pool {
						require.Equal(t, "A", got[0].Pool)
					} else {
						require.Empty(t, got[0].Pool)
					}
					require.Equal(t, i == command.Pool && got[0].Started, got[0].InPool)
					if got[0].Latency >= 0 {
						require.Equal(t, got[0].At.Sub(begun), got[0].Latency)
					}
					sum = append(sum, got...)
					cancel()
				}
				addsUp(t, r, "A", sum)
				require.Empty(t, other.take())
				r.Close()
				require.True(t, all.completed() && own.completed() && other.completed())
			})
		})
	}
}

func TestCompletions_Refused(t *testing.T) {
	inBubbles(t, func(t *testing.T, i command.Isolation) {
		r := registry(t, command.RegistryOptions{})
		all := collect(t, command.CompletionStream(r))
		gate := make(chan struct{})
		c := newCommand(t, command.Spec[int, int]{Registry: r, Settings: command.Settings{Isolation: i, Semaphore: 1, Timeout: -1},
			Run: func(context.Context, int) (int, error) { <-gate; return 1, nil }})
		futures := 1
		if i == command.Pool {
			futures = 10
		}
		for range futures {
			c.ToFuture(t.Context(), 1)
		}
		synctest.Wait()
		_, err := c.Execute(t.Context(), 1)
		require.Error(t, err)
		want := map[command.Isolation]string{command.Semaphore: "A[SEMAPHORE_REJECTED, FALLBACK_MISSING]", command.Pool: "A[THREAD_POOL_REJECTED, FALLBACK_MISSING]"}[i]
		got := all.take()
		require.Equal(t, []string{want}, completions(got))
		require.Negative(t, got[0].Latency)
		require.False(t, got[0].Started)
		close(gate)
		require.Len(t, all.take(), futures)

		f := c.ToFuture(t.Context(), 1)
		synctest.Wait()
		f.Cancel()
		all.take()
		r.Close()
		_, err = c.Execute(t.Context(), 1)
		require.ErrorIs(t, err, command.ErrClosed)
		require.True(t, all.completed())
		require.Empty(t, all.take(), "what a closed registry refuses is no execution")
		require.True(t, collect(t, command.CompletionStream(r)).completed() && collect(t, command.CompletionStreamOf(r, "A")).completed(), "late subscribers")
	})
}

func TestCompletions_Goexit(t *testing.T) {
	inBubbles(t, func(t *testing.T, i command.Isolation) {
		for name, s := range map[string]command.Spec[int, int]{
			"body":     {Run: func(context.Context, int) (int, error) { runtime.Goexit(); return 0, nil }},
			"fallback": {Run: fails, Fallback: func(context.Context, int, error) (int, error) { runtime.Goexit(); return 0, nil }},
			"hook":     {Run: identity, Hooks: command.Hooks{Success: func(command.Info) { runtime.Goexit() }}},
			"start":    {Run: identity, Hooks: command.Hooks{Start: func(command.Info) error { runtime.Goexit(); return nil }}},
		} {
			s.Registry = registry(t, command.RegistryOptions{})
			s.Settings.Isolation = i
			c := newCommand(t, s)
			all := collect(t, command.CompletionStream(s.Registry))
			var sum []command.Completion
			for _, way := range []func(){
				func() { _, _ = c.Execute(t.Context(), 1) },
				func() { _, _ = c.ToFuture(t.Context(), 1).Get(context.Background()) },
				func() { _, _ = c.ToObservable(1).Last(t.Context()) },
			} {
				done := make(chan struct{})
				go func() {
					defer close(done)
					way()
				}()
				synctest.Wait()
				select {
				case <-done:
				default:
					t.Fatal("the caller was not told: ", name)
				}
				got := all.take()
				require.Len(t, got, 1, name)
				sum = append(sum, got...)
			}
			addsUp(t, s.Registry, "A", sum)
		}
	})
}

func TestCompletions_Streamed(t *testing.T) {
	inBubbles(t, func(t *testing.T, i command.Isolation) {
		r := registry(t, command.RegistryOptions{})
		all := collect(t, command.CompletionStream(r))
		c := newCommand(t, command.Spec[int, int]{Registry: r, Settings: command.Settings{Isolation: i},
			Stream: func(_ context.Context, n int) observable.Observable[int] {
				if n < 0 {
					return observable.Concat(observable.Range(0, -n), observable.Error[int](errBody))
				}
				return observable.Range(0, n)
			},
			FallbackStream: func(context.Context, int, error) observable.Observable[int] { return observable.Just(1, 2) },
		})
		var sum []command.Completion
		for n, want := range map[int]string{0: "A[SUCCESS]", 3: "A[EMIT, SUCCESS]3+0", -2: "A[EMIT, FAILURE, FALLBACK_EMIT, FALLBACK_SUCCESS]2+2"} {
			_, err := c.ToObservable(n).ToSlice(t.Context())
			require.NoError(t, err)
			got := all.take()
			require.Equal(t, []string{want}, completions(got))
			sum = append(sum, got...)
		}
		_, err := c.ToObservable(5).Take(2).ToSlice(t.Context())
		require.NoError(t, err)
		got := all.take()
		require.Equal(t, []string{"A[EMIT, CANCELLED]2+0"}, completions(got))
		addsUp(t, r, "A", append(sum, got...))
	})
}

// Shared executions: one completion for the execution, one for each that found
// it in the cache.
func TestCompletions_Cached(t *testing.T) {
	const hit = "A[RESPONSE_FROM_CACHE]"
	for name, test := range map[string]struct {
		play func(t *testing.T, c *command.Command[int, int], ctx context.Context, gate chan struct{})
		want []string
	}{
		"hits of what is over": {func(t *testing.T, c *command.Command[int, int], ctx context.Context, gate chan struct{}) {
			close(gate)
			_, _ = c.Execute(ctx, 1)
			_, _ = c.Execute(ctx, 1)
			_, _ = c.ToFuture(ctx, 1).Get(context.Background())
			_, _ = c.ToObservable(1).Last(ctx)
		}, []string{hit, hit, hit, "A[SUCCESS]"}},
		"joining what is on": {func(t *testing.T, c *command.Command[int, int], ctx context.Context, gate chan struct{}) {
			a, b := c.ToFuture(ctx, 1), c.ToFuture(ctx, 1)
			synctest.Wait()
			close(gate)
			_, _ = a.Get(context.Background())
			_, _ = b.Get(context.Background())
		}, []string{hit, "A[SUCCESS]"}},
		"follower leaves": {func(t *testing.T, c *command.Command[int, int], ctx context.Context, gate chan struct{}) {
			a, b := c.ToFuture(ctx, 1), c.ToFuture(ctx, 1)
			synctest.Wait()
			b.Cancel()
			close(gate)
			_, _ = a.Get(context.Background())
		}, []string{hit, "A[SUCCESS]"}},
		"leader leaves": {func(t *testing.T, c *command.Command[int, int], ctx context.Context, gate chan struct{}) {
			a, b := c.ToFuture(ctx, 1), c.ToFuture(ctx, 1)
			synctest.Wait()
			a.Cancel()
			close(gate)
			_, _ = b.Get(context.Background())
		}, []string{hit, "A[SUCCESS, CANCELLED]"}},
		"all leave": {func(t *testing.T, c *command.Command[int, int], ctx context.Context, gate chan struct{}) {
			a, b := c.ToFuture(ctx, 1), c.ToFuture(ctx, 1)
			synctest.Wait()
			a.Cancel()
			b.Cancel()
			close(gate)
		}, []string{"A[CANCELLED]", hit}},
		"all leave, leader last": {func(t *testing.T, c *command.Command[int, int], ctx context.Context, gate chan struct{}) {
			a, b := c.ToFuture(ctx, 1), c.ToFuture(ctx, 1)
			synctest.Wait()
			b.Cancel()
			a.Cancel()
			close(gate)
		}, []string{"A[CANCELLED]", hit}},
	} {
		t.Run(name, func(t *testing.T) {
			inBubbles(t, func(t *testing.T, i command.Isolation) {
				r := registry(t, command.RegistryOptions{})
				all := collect(t, command.CompletionStream(r))
				gate := make(chan struct{})
				c := newCommand(t, command.Spec[int, int]{Registry: r, Settings: command.Settings{Isolation: i},
					CacheKey: func(int) (string, bool) { return "key", true },
					Run: func(ctx context.Context, in int) (int, error) {
						select {
						case <-gate:
							return in, nil
						case <-ctx.Done():
							return 0, ctx.Err()
						}
					}})
				ctx, scope := cache.NewScope(t.Context())
				defer scope.Close()
				test.play(t, c, ctx, gate)
				got := all.take()
				seen := completions(got)
				slices.Sort(seen)
				require.Equal(t, test.want, seen)
				addsUp(t, r, "A", got)
				for _, c := range got {
					if c.Events.Has(metrics.ResponseFromCache) {
						require.False(t, c.Started || c.InPool || c.Pool != "" || c.Latency >= 0)
					}
				}
			})
		})
	}
}

// Random calls by random ways at the same time: nothing is told twice, nothing
// is missing.
func TestCompletions_Stress(t *testing.T) {
	r := registry(t, command.RegistryOptions{})
	all := collect(t, command.CompletionStream(r))
	c := newCommand(t, command.Spec[int, int]{Registry: r, Fallback: fallback,
		Settings: command.Settings{RequestCache: command.WhenScoped, Isolation: command.Pool, Breaker: breaker.Disabled},
		CacheKey: func(in int) (string, bool) { return fmt.Sprint(in % 3), true },
		Run: func(ctx context.Context, in int) (int, error) {
			if in%4 == 0 {
				return 0, errBody
			}
			runtime.Gosched()
			return in, nil
		}})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			ctx, scope := cache.NewScope(context.Background())
			defer scope.Close()
			var own sync.WaitGroup
			for n := range 60 { // all of them fit into the subscriber's queue
				own.Go(func() {
					ctx, cancel := context.WithCancel(ctx)
					defer cancel()
					if n%2 == 0 {
						ctx = context.Background()
					}
					f := c.ToFuture(ctx, n)
					if n%5 == 0 {
						f.Cancel()
					}
					_, _ = f.Get(context.Background())
				})
			}
			own.Wait()
		})
	}
	wg.Wait()
	drained(t, r) // Shutdown waits for the last one, and then completes the stream
	for {
		all.mu.Lock()
		over := all.over
		all.mu.Unlock()
		if over {
			break
		}
		runtime.Gosched()
	}
	addsUp(t, r, "A", all.all)
	require.Len(t, all.all, 240)
}

// One who blocks, or panics, or calls back, harms neither executions nor others.
func TestCompletions_BadSubscribers(t *testing.T) {
	inBubbles(t, func(t *testing.T, i command.Isolation) {
		r := registry(t, command.RegistryOptions{})
		c := newCommand(t, command.Spec[int, int]{Registry: r, Run: identity, Settings: command.Settings{Isolation: i}})
		gate := make(chan struct{})
		var late []command.Completion
		command.CompletionStream(r).Subscribe(t.Context(), observable.Funcs[command.Completion]{Next: func(v command.Completion) {
			<-gate
			late = append(late, v)
		}})
		var failed error
		command.CompletionStream(r).Subscribe(t.Context(), observable.Funcs[command.Completion]{
			Next:  func(command.Completion) { panic("boom") },
			Error: func(err error) { failed = err },
		})
		calls := 0
		command.CompletionStream(r).Subscribe(t.Context(), observable.Funcs[command.Completion]{Next: func(v command.Completion) {
			if calls++; calls == 1 {
				_, err := c.Execute(t.Context(), 2)
				require.NoError(t, err)
				require.NoError(t, r.Update("A", command.Settings{Timeout: time.Minute}))
				require.Len(t, r.Report().Commands, 1)
			}
		}})
		good := collect(t, command.CompletionStream(r))
		const n = 3000
		for k := range n {
			_, err := c.Execute(t.Context(), k)
			require.NoError(t, err)
			if k%100 == 0 {
				synctest.Wait()
			}
		}
		got := good.take()
		require.Len(t, got, n+1)
		addsUp(t, r, "A", got)
		var p *observable.PanicError
		require.True(t, errors.As(failed, &p))
		require.Equal(t, n+1, calls)
		require.Empty(t, late)

		close(gate)
		synctest.Wait()
		_, err := c.Execute(t.Context(), 1)
		require.NoError(t, err)
		synctest.Wait()
		require.Equal(t, n+2-len(late), late[len(late)-1].Missed)
		require.Less(t, 1000, len(late))
		r.Close()
	})
}

func TestCompletions_Shutdown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := registry(t, command.RegistryOptions{})
		c := newCommand(t, command.Spec[int, int]{Registry: r, Run: func(context.Context, int) (int, error) {
			time.Sleep(time.Millisecond)
			return 1, nil
		}})
		all := collect(t, command.CompletionStream(r))
		f := c.ToFuture(t.Context(), 1)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		require.Error(t, r.Shutdown(ctx))
		require.False(t, all.completed(), "an execution is still on")
		require.NoError(t, r.Shutdown(t.Context()))
		require.True(t, f.Cancel() == false)
		require.Equal(t, []string{"A[SUCCESS]"}, completions(all.take()))
		require.True(t, all.completed())
	})
}

func TestRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := registry(t, command.RegistryOptions{}), registry(t, command.RegistryOptions{})
		ofA := newCommand(t, command.Spec[int, int]{Registry: a, Run: identity, CacheKey: func(int) (string, bool) { return "k", true }})
		ofB := newCommand(t, command.Spec[int, int]{Name: "B", Registry: b, Run: fails})
		silent := newCommand(t, command.Spec[int, int]{Name: "C", Registry: a, Run: identity, Settings: command.Settings{RequestLog: command.Off}})
		inA, inB := collect(t, command.RequestStream(a)), collect(t, command.RequestStream(b))
		ctx, scope := cache.NewScope(t.Context())
		_, _ = ofA.Execute(ctx, 1)
		_, _ = ofB.Execute(ctx, 1)
		_, _ = ofA.Execute(ctx, 1)
		_, _ = silent.Execute(ctx, 1)
		log := command.LogFrom(ctx)
		require.Empty(t, inA.take(), "the scope is open")
		scope.Close()
		scope.Close()

		got := inA.take()
		require.Len(t, got, 1)
		require.Equal(t, time.Now(), got[0].At)
		require.Equal(t, "A[SUCCESS][0ms], A[SUCCESS, RESPONSE_FROM_CACHE][0ms]", got[0].String())
		require.Equal(t, []command.Entry{log.Entries()[0], log.Entries()[2]}, got[0].Entries)
		got = inB.take()
		require.Len(t, got, 1)
		require.Equal(t, "B[FAILURE, FALLBACK_MISSING][0ms]", got[0].String())

		ctx, scope = cache.NewScope(t.Context())
		require.Empty(t, command.LogFrom(ctx).Entries())
		scope.Close()
		require.Empty(t, inA.take(), "nothing was executed")
		a.Close()
		b.Close()
		require.True(t, inA.completed() && inB.completed())
	})
}
