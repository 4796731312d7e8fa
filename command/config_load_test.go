package command_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/quillgo/quill/cache"
	"github.com/quillgo/quill/command"
	"github.com/quillgo/quill/isolation"
	"github.com/quillgo/quill/metrics"
)

// changeCount is how often settings change during a load.
const changeCount = 1000

// setOf is the k-th set of settings: every field tells k, or as much of it as it
// can.
func setOf(k int) command.Settings {
	s := command.Settings{
		Timeout: time.Duration(k) * time.Minute, SleepWindow: time.Duration(k) * time.Second,
		RequestVolume: 1_000_000 + k, ErrorPercent: 1 + k%100, Semaphore: 1000 + k, FallbackSemaphore: 2000 + k,
		Fallback: command.On, RequestLog: command.On, Isolation: command.Pool,
	}
	if k&1 != 0 {
		s.Fallback = command.Off
	}
	if k&2 != 0 {
		s.RequestLog = command.Off
	}
	if k&4 != 0 {
		s.Isolation = command.Semaphore
	}
	return s
}

// whole reports of which set settings are, or that they are of several.
func whole(s command.Settings) (k int, err error) {
	k = int(s.Timeout / time.Minute)
	want := setOf(k)
	got := command.Settings{
		Timeout: s.Timeout, SleepWindow: s.SleepWindow, RequestVolume: s.RequestVolume, ErrorPercent: s.ErrorPercent,
		Semaphore: s.Semaphore, FallbackSemaphore: s.FallbackSemaphore, Fallback: s.Fallback, RequestLog: s.RequestLog, Isolation: s.Isolation,
	}
	if got != want {
		return k, fmt.Errorf("half a change:\n%+v, the timeout is of\n%+v", got, want)
	}
	return k, nil
}

// configOf puts the k-th set into this layer or that one, half of it into each,
// so that values also come back from the next in line.
func configOf(k int) command.Config {
	s := setOf(k)
	switch k % 3 {
	case 0:
		return command.Config{Default: s}
	case 1:
		return command.Config{Commands: map[string]command.Settings{"A": s}, Default: setOf(changeCount + 1)}
	}
	upper := command.Settings{Timeout: s.Timeout, Fallback: s.Fallback, Semaphore: s.Semaphore}
	lower := s
	lower.Timeout, lower.Fallback, lower.Semaphore = 0, 0, 0
	return command.Config{Commands: map[string]command.Settings{"A": upper}, Default: lower}
}

// observed is what an execution can see of its settings.
type observed struct {
	timeout            time.Duration
	fellBack, withinIt bool // the fallback ran; the body ran in the pool
	logged             bool
}

// TestConfigure_NoHalves: settings change 1,000 times during a load through all
// entry points, and each execution sees one set, whole: its deadline, where it
// runs, whether it is logged and whether it falls back are of one change. So are
// the settings that Status shows.
func TestConfigure_NoHalves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := registry(t, command.RegistryOptions{})
		require.NoError(t, r.ConfigurePool("A", isolation.PoolConfig{Core: 1000}))
		require.NoError(t, r.Configure(configOf(1)))
		type key struct{}
		of := func(ctx context.Context) *observed { return ctx.Value(key{}).(*observed) }
		c := newCommand(t, spec{
			Registry: r,
			Hooks:    command.Hooks{ThreadStart: func(i command.Info) error { of(i.Context).withinIt = true; return nil }},
			Run: func(ctx context.Context, _ int) (int, error) {
				deadline, _ := ctx.Deadline()
				of(ctx).timeout = time.Until(deadline)
				return 0, errBody
			},
			Fallback: func(ctx context.Context, _ int, _ error) (int, error) { of(ctx).fellBack = true; return 0, nil },
		})
		ways := []func(context.Context) error{
			func(ctx context.Context) error { _, err := c.Execute(ctx, 1); return err },
			func(ctx context.Context) error { _, err := c.ToFuture(ctx, 1).Get(ctx); return err },
			func(ctx context.Context) error { return c.Observe(ctx, 1).Wait(ctx) },
			func(ctx context.Context) error { return c.ToObservable(1).Wait(ctx) },
			func(ctx context.Context) error { _, err := c.Call(1).Execute(ctx); return err },
		}
		var over atomic.Bool
		var seen sync.Map // the sets that executions saw
		var all sync.WaitGroup
		for _, way := range ways {
			all.Go(func() {
				for !over.Load() {
					var o observed
					ctx, scope := cache.NewScope(context.WithValue(context.Background(), key{}, &o))
					err := way(ctx)
					o.logged = len(command.LogFrom(ctx).Entries()) > 0
					scope.Close()
					k := int(o.timeout / time.Minute)
					want := setOf(k)
					if got := (observed{time.Duration(k) * time.Minute, err == nil, want.Isolation == command.Pool, want.RequestLog == command.On}); o != got || o.fellBack != (want.Fallback == command.On) {
						t.Errorf("an execution saw %+v, of set %d it is %+v with the fallback %v", o, k, got, want.Fallback)
					}
					seen.Store(k, true)
					runtime.Gosched() // on one processor the changes would wait for a time slice each
				}
			})
		}
		all.Go(func() {
			for !over.Load() {
				s, _ := r.Status("A")
				for _, s := range []command.Settings{s.Settings, c.Settings()} {
					if _, err := whole(s); err != nil {
						t.Error(err)
					}
				}
				runtime.Gosched()
			}
		})
		for k := 2; k <= changeCount+1; k++ {
			require.NoError(t, r.Configure(configOf(k)))
			if rand.IntN(3) == 0 {
				runtime.Gosched()
			}
		}
		for k := range changeCount { // the same by hand
			require.NoError(t, r.Update("A", setOf(k+1)))
			runtime.Gosched()
		}
		over.Store(true)
		all.Wait()
		sets := 0
		seen.Range(func(any, any) bool { sets++; return true })
		require.Greater(t, sets, 20, "the load did not run beside the changes")
		k, err := whole(c.Settings())
		require.NoError(t, err)
		require.Equal(t, changeCount, k)
	})
}

// limits are the limits that were in force, and the one that is coming into force.
type limits struct {
	mu  sync.Mutex
	all []int
}

func (l *limits) next(n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, n)
}

func (l *limits) now() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.all)
}

// largest returns the largest limit that may have been in force since now was
// since.
func (l *limits) largest(since int) (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, limit := range l.all[max(0, since-2):] { // the last but one may still have been
		n = max(n, limit)
	}
	return n
}

// TestConfigure_SizesUnderLoad: pool and semaphores grow and shrink 1,000 times
// under load. Never are there more bodies than the largest limit in force since
// the last one began; no permit is lost or invented, no call is without an outcome.
func TestConfigure_SizesUnderLoad(t *testing.T) {
	for _, i := range both {
		t.Run(i.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { sizesUnderLoad(t, i) })
		})
	}
}

func sizesUnderLoad(t *testing.T, i command.Isolation) {
	var bodies, fallbacks limits
	config := func(rnd *rand.Rand) command.Config {
		n, f := 1+rnd.IntN(12), 1+rnd.IntN(5)
		bodies.next(n)
		fallbacks.next(f)
		s := command.Settings{Semaphore: n, FallbackSemaphore: f}
		pool := isolation.PoolConfig{Core: 1 + rnd.IntN(n), Max: n, Queue: -1}
		if rnd.IntN(2) == 0 {
			pool.Queue, pool.RejectAt = 1+rnd.IntN(8), isolation.Unlimited
		}
		if rnd.IntN(2) == 0 {
			return command.Config{Default: s, DefaultPool: pool}
		}
		return command.Config{Commands: map[string]command.Settings{"A": s}, Pools: map[string]isolation.PoolConfig{"A": pool}}
	}
	rnd := rand.New(rand.NewPCG(1, uint64(i)))
	r := registry(t, command.RegistryOptions{Settings: command.Settings{Isolation: i, RequestVolume: 1_000_000_000, Timeout: 6 * time.Millisecond}})
	require.NoError(t, r.Configure(config(rnd)))
	var alive, falling, most atomic.Int64
	inside := func(n *atomic.Int64, l *limits, since int, what string) {
		now := n.Add(1)
		if limit := l.largest(since); now > int64(limit) {
			t.Errorf("%d %s at a time, the largest limit was %d", now, what, limit)
		}
		most.Store(max(most.Load(), now))
	}
	type key struct{}
	c := newCommand(t, spec{
		Registry: r,
		Run: func(ctx context.Context, ms int) (int, error) {
			inside(&alive, &bodies, ctx.Value(key{}).([2]int)[0], "bodies")
			time.Sleep(time.Duration(ms) * time.Millisecond) // some are late and run on
			alive.Add(-1)
			if ms%3 == 0 {
				return 0, errBody
			}
			return ms, nil
		},
		Fallback: func(ctx context.Context, _ int, _ error) (int, error) {
			inside(&falling, &fallbacks, ctx.Value(key{}).([2]int)[1], "fallbacks")
			time.Sleep(time.Millisecond)
			falling.Add(-1)
			return 0, nil
		},
	})
	var over atomic.Bool
	var all sync.WaitGroup
	var calls atomic.Int64
	for n := range 24 {
		rnd := rand.New(rand.NewPCG(2, uint64(n)))
		all.Go(func() {
			for !over.Load() {
				ctx := context.WithValue(context.Background(), key{}, [2]int{bodies.now(), fallbacks.now()})
				in := rnd.IntN(9)
				calls.Add(1)
				var err error
				switch rnd.IntN(5) {
				case 0:
					_, err = c.Execute(ctx, in)
				case 1:
					_, err = c.ToFuture(ctx, in).Get(ctx)
				case 2:
					err = c.Observe(ctx, in).Wait(ctx)
				case 3:
					err = c.ToObservable(in).Wait(ctx)
				case 4: // leaves
					ctx, cancel := context.WithTimeout(ctx, time.Duration(1+rnd.IntN(3))*time.Millisecond)
					_, err = c.Execute(ctx, in)
					cancel()
				}
				var e *command.Error
				if err != nil && !errors.As(err, &e) && !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("an execution ended with %v", err)
				}
				time.Sleep(time.Duration(rnd.IntN(1500)) * time.Microsecond)
			}
		})
	}
	for range changeCount {
		time.Sleep(time.Duration(rnd.IntN(1000)) * time.Microsecond)
		require.NoError(t, r.Configure(config(rnd)))
	}
	over.Store(true)
	all.Wait()
	time.Sleep(time.Second) // bodies that were left behind
	synctest.Wait()
	require.Greater(t, most.Load(), int64(5), "the load is none")

	s, _ := r.Status("A")
	require.Zero(t, s.Semaphore)
	require.Zero(t, s.Fallbacks)
	require.Zero(t, s.Concurrent)
	require.Zero(t, s.Pool.Active+s.Pool.Queued+s.Pool.Abandoned)
	require.Equal(t, s.Pool.Submitted, s.Pool.Completed+s.Pool.Cancelled)
	var outcomes int64
	for _, e := range []metrics.Event{metrics.Success, metrics.Failure, metrics.Timeout, metrics.Cancelled, metrics.SemaphoreRejected, metrics.ThreadPoolRejected} {
		outcomes += s.Metrics.Cumulative[e]
	}
	require.GreaterOrEqual(t, outcomes, calls.Load()) // one whose caller left during the fallback has two

	// Exactly as many as the last limit says, no fewer, no more.
	for _, limit := range []int{3, 7, 2} {
		require.NoError(t, r.Configure(command.Config{
			Default:     command.Settings{Isolation: i, Semaphore: limit, Timeout: -1, Fallback: command.Off},
			DefaultPool: isolation.PoolConfig{Core: limit},
		}))
		exactly(t, r, c, limit)
	}
}

// exactly holds as many bodies as are let in, and wants them to be limit.
func exactly(t *testing.T, r *command.Registry, c *command.Command[int, int], limit int) {
	t.Helper()
	gate := make(chan struct{})
	var in, refused atomic.Int64
	held := newCommand(t, spec{Name: c.Name(), Registry: r, Run: func(context.Context, int) (int, error) { in.Add(1); <-gate; return 0, nil }})
	var all sync.WaitGroup
	for range 3 * limit {
		all.Go(func() {
			if _, err := held.Execute(context.Background(), 1); err != nil {
				refused.Add(1)
			}
		})
	}
	synctest.Wait()
	require.Equal(t, []int64{int64(limit), int64(2 * limit)}, []int64{in.Load(), refused.Load()})
	close(gate)
	all.Wait()
}
