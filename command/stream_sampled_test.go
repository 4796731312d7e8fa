package command_test

import (
	"context"
	"os"
	"regexp"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/benbjohnson/clock"
	"github.com/stretchr/testify/require"

	"github.com/quillgo/quill/breaker"
	"github.com/quillgo/quill/command"
	"github.com/quillgo/quill/isolation"
	"github.com/quillgo/quill/metrics"
	"github.com/quillgo/quill/observable"
)

// every is what a sampled stream does, of whatever type its items are.
type every struct {
	name  string
	usual time.Duration // what an interval of 0 means with the settings below
	of    func(r *command.Registry, every time.Duration) observable.Observable[any]
}

func erased[T any](of func(*command.Registry, string, time.Duration) observable.Observable[T], name string) func(*command.Registry, time.Duration) observable.Observable[any] {
	return func(r *command.Registry, every time.Duration) observable.Observable[any] {
		return observable.Map(of(r, name, every), func(v T) any { return v })
	}
}

func erasedAll[T any](of func(*command.Registry, time.Duration) observable.Observable[T]) func(*command.Registry, time.Duration) observable.Observable[any] {
	return func(r *command.Registry, every time.Duration) observable.Observable[any] {
		return observable.Map(of(r, every), func(v T) any { return v })
	}
}

// sampledKinds are all sampled streams, with settings of which no two buckets
// are the same.
var (
	sampledSettings = command.Settings{
		Window: 12 * time.Second, Buckets: 6, HealthInterval: 400 * time.Millisecond, LatencyWindow: 30 * time.Second, LatencyBuckets: 10,
	}
	sampledKinds = []every{
		{"ReportStream", 500 * time.Millisecond, erasedAll(command.ReportStream)},
		{"PoolsStream", time.Second, erasedAll(command.PoolsStream)},
		{"UtilizationStream", 500 * time.Millisecond, erasedAll(command.UtilizationStream)},
		{"ConfigurationStream", 5 * time.Second, erasedAll(command.ConfigurationStream)},
		{"PoolStream", time.Second, erased(command.PoolStream, "A")},
		{"RollingStream", 2 * time.Second, erased(command.RollingStream, "A")},
		{"CumulativeStream", 2 * time.Second, erased(command.CumulativeStream, "A")},
		{"HealthStream", 400 * time.Millisecond, erased(command.HealthStream, "A")},
		{"LatencyStream", 3 * time.Second, erased(command.LatencyStream, "A")},
		{"MaxConcurrencyStream", 2 * time.Second, erased(command.MaxConcurrencyStream, "A")},
	}
	collapserKinds = []every{
		{"BatchStream", time.Second, erased(command.BatchStream, "A")},
		{"BatchSizeStream", 10 * time.Second, erased(command.BatchSizeStream, "A")},
	}
)

// No kind is forgotten: they are the functions that take a registry and an interval.
func TestSampled_AllKindsAreTested(t *testing.T) {
	tested := map[string]bool{}
	for _, k := range append(sampledKinds, collapserKinds...) {
		tested[k.name] = true
	}
	source, err := os.ReadFile("stream_sampled.go")
	require.NoError(t, err)
	found := regexp.MustCompile(`(?m)^func (\w+)\(r \*Registry, .*every time\.Duration\)`).FindAllSubmatch(source, -1)
	for _, f := range found {
		require.True(t, tested[string(f[1])], "%s", f[1])
	}
	require.Len(t, found, len(tested))
}

func TestSampled_EveryKind(t *testing.T) {
	for _, kind := range sampledKinds {
		t.Run(kind.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := registry(t, command.RegistryOptions{})
				c := newCommand(t, command.Spec[int, int]{Registry: r, Run: identity, Settings: sampledSettings})
				_, err := c.Execute(t.Context(), 1)
				require.NoError(t, err)
				usual, same, own := collect(t, kind.of(r, 0)), collect(t, kind.of(r, kind.usual)), collect(t, kind.of(r, 700*time.Millisecond))
				synctest.Wait()
				time.Sleep(kind.usual - time.Nanosecond)
				require.Empty(t, usual.take())
				time.Sleep(time.Nanosecond)
				first := usual.take()
				require.Len(t, first, 1)
				require.Equal(t, first, same.take(), "the same reading")
				own.take()
				time.Sleep(7 * kind.usual)
				require.Len(t, usual.take(), 7)
				own.take()
				time.Sleep(7 * time.Second)
				require.Len(t, own.take(), 10)

				r.Close()
				require.True(t, usual.completed() && same.completed() && own.completed())
				require.True(t, collect(t, kind.of(r, 0)).completed(), "one who comes late")
			})
			for _, bad := range []time.Duration{-1, -time.Hour} {
				r := registry(t, command.RegistryOptions{})
				require.PanicsWithError(t, "observable: command."+kind.name+": every is "+bad.String()+", want more than 0, or 0 for the default",
					func() { kind.of(r, bad) })
			}
		})
	}
	for _, kind := range collapserKinds {
		r := registry(t, command.RegistryOptions{})
		require.Panics(t, func() { kind.of(r, -1) })
	}
	r := registry(t, command.RegistryOptions{})
	require.PanicsWithError(t, `observable: command.RollingStream: name is "", want a name`, func() { command.RollingStream(r, "", 0) })
	for name, open := range map[string]func(){
		"ReportStream":       func() { command.ReportStream(nil, 0) },
		"HealthStream":       func() { command.HealthStream(nil, "A", 0) },
		"BatchStream":        func() { command.BatchStream(nil, "A", 0) },
		"PoolsStream":        func() { command.PoolsStream(nil, 0) },
		"PoolStream":         func() { command.PoolStream(nil, "A", 0) },
		"RequestStream":      func() { command.RequestStream(nil) },
		"CompletionStream":   func() { command.CompletionStream(nil) },
		"CompletionStreamOf": func() { command.CompletionStreamOf(nil, "A") },
	} {
		require.PanicsWithError(t, "observable: command."+name+": r is <nil>, want a registry, as DefaultRegistry", open)
	}
	require.Panics(t, func() { command.CompletionStreamOf(r, "") })
}

func TestSampled_Values(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := registry(t, command.RegistryOptions{})
		defer r.Close()
		require.NoError(t, r.ConfigurePool("P", isolation.PoolConfig{Core: 3}))
		gate := make(chan struct{})
		c := newCommand(t, command.Spec[int, int]{Registry: r, Group: "G", PoolKey: "P", Settings: command.Settings{Timeout: -1},
			Run: func(_ context.Context, in int) (int, error) {
				switch in {
				case 1:
					return 0, errBody
				case 2:
					time.Sleep(20 * time.Millisecond)
				case 3:
					<-gate
				}
				return in, nil
			}})
		for _, in := range []int{0, 1, 2} {
			_, _ = c.Execute(t.Context(), in)
		}
		f, g := c.ToFuture(t.Context(), 3), c.ToFuture(t.Context(), 3)
		const each = time.Second
		rolling, cumulative, health := collect(t, command.RollingStream(r, "A", each)), collect(t, command.CumulativeStream(r, "A", each)), collect(t, command.HealthStream(r, "A", each))
		latencies, highest := collect(t, command.LatencyStream(r, "A", each)), collect(t, command.MaxConcurrencyStream(r, "A", each))
		pools, pool, none := collect(t, command.PoolsStream(r, each)), collect(t, command.PoolStream(r, "P", each)), collect(t, command.PoolStream(r, "A", each))
		use, config, reports := collect(t, command.UtilizationStream(r, each)), collect(t, command.ConfigurationStream(r, each)), collect(t, command.ReportStream(r, each))
		time.Sleep(each)
		counts := metrics.Counts{metrics.Success: 2, metrics.Failure: 1, metrics.FallbackMissing: 1, metrics.ExceptionThrown: 1}
		require.Equal(t, []metrics.Counts{counts}, rolling.take())
		require.Equal(t, []metrics.Counts{counts}, cumulative.take())
		require.Equal(t, []breaker.Counts{{Successes: 2, Errors: 1}}, health.take())
		l := latencies.take()[0]
		require.EqualValues(t, 3, l.Execution.Count())
		require.InEpsilon(t, 20*time.Millisecond, l.Total.Percentile(100), 0.04)
		require.Equal(t, []int64{2}, highest.take())
		rep := r.Report()
		require.Equal(t, [][]command.PoolReport{rep.Pools}, pools.take())
		require.Equal(t, []command.PoolReport{rep.Pools[0]}, pool.take())
		require.Empty(t, none.take(), "there is no such pool")
		require.Equal(t, []command.Report{rep}, reports.take())
		require.Equal(t, []command.Utilization{{At: time.Now(),
			Commands: []command.CommandUtilization{{Name: "A", Concurrent: 2}},
			Pools:    []command.PoolUtilization{{Key: "P", PoolStats: rep.Pools[0].PoolStats}},
		}}, use.take())
		require.Equal(t, 2, rep.Pools[0].Active)
		require.Equal(t, []command.Configuration{{At: time.Now(),
			Commands: []command.CommandConfiguration{{Name: "A", Group: "G", Pool: "P", Settings: c.Settings()}},
			Pools:    []command.PoolConfiguration{{Key: "P", Config: r.Pool("P").Config()}},
		}}, config.take())

		close(gate)
		_, _ = f.Get(t.Context())
		_, _ = g.Get(t.Context())
		time.Sleep(time.Minute)
		past := rolling.take()
		require.Zero(t, past[len(past)-1])
		all := cumulative.take()
		require.EqualValues(t, 4, all[len(all)-1][metrics.Success])
	})
}

// Names that are not there yet: nothing, then zeros, then figures; and nothing
// is made for those who look.
func TestSampled_NamesToCome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := registry(t, command.RegistryOptions{})
		defer r.Close()
		rolling := collect(t, command.RollingStream(r, "A", 0))
		completions := collect(t, command.CompletionStreamOf(r, "A"))
		batches := collect(t, command.BatchStream(r, "A", 0))
		time.Sleep(3 * time.Second)
		require.Empty(t, rolling.take())

		c := newCommand(t, command.Spec[int, int]{Registry: r, Run: identity})
		time.Sleep(2 * time.Second)
		require.Equal(t, make([]metrics.Counts, 2), rolling.take())
		require.Empty(t, r.Report().Commands, "looking is no use")

		_, err := c.Execute(t.Context(), 1)
		require.NoError(t, err)
		time.Sleep(time.Second)
		require.Equal(t, []metrics.Counts{{metrics.Success: 1}}, rolling.take())
		require.Len(t, completions.take(), 1)
		require.Empty(t, batches.take())
	})
}

// One who is busy is skipped over, delays nobody, and gets the newest.
func TestSampled_SlowSubscriber(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := registry(t, command.RegistryOptions{})
		defer r.Close()
		c := newCommand(t, command.Spec[int, int]{Registry: r, Run: identity})
		gate := make(chan struct{})
		var slow []int64
		command.CumulativeStream(r, "A", 0).Subscribe(t.Context(), observable.Funcs[metrics.Counts]{Next: func(v metrics.Counts) {
			<-gate
			slow = append(slow, v[metrics.Success])
		}})
		command.CumulativeStream(r, "A", 0).Subscribe(t.Context(), observable.Funcs[metrics.Counts]{
			Next: func(metrics.Counts) { panic("boom") }, Error: func(error) {}})
		quick := collect(t, command.CumulativeStream(r, "A", 0))
		for range 10 {
			_, err := c.Execute(t.Context(), 1)
			require.NoError(t, err)
			time.Sleep(time.Second)
			require.Len(t, quick.take(), 1)
		}
		close(gate)
		synctest.Wait()
		require.Equal(t, []int64{1, 10}, slow)
	})
}

// timers counts the timers that a registry makes.
type timers struct {
	*clock.Mock
	made atomic.Int32
}

func (c *timers) AfterFunc(d time.Duration, f func()) *clock.Timer {
	c.made.Add(1)
	return c.Mock.AfterFunc(d, f)
}

// However many subscribe there is one timer; with the last one it goes, and with
// the next one it comes back.
func TestSampled_OneTimerOrNone(t *testing.T) {
	for _, kind := range sampledKinds {
		t.Run(kind.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				clk := &timers{Mock: clock.NewMock()}
				r := registry(t, command.RegistryOptions{Clock: clk})
				defer r.Close()
				c := newCommand(t, command.Spec[int, int]{Registry: r, Run: identity, Settings: sampledSettings})
				_, err := c.Execute(t.Context(), 1)
				require.NoError(t, err)
				var want int32
				for subscribers := range 4 {
					clk.made.Store(0)
					ctx, cancel := context.WithCancel(t.Context())
					var got atomic.Int32
					for range subscribers {
						kind.of(r, 0).Subscribe(ctx, observable.Funcs[any]{Next: func(any) { got.Add(1) }, Error: func(error) {}})
					}
					for range 3 {
						clk.Add(kind.usual)
						synctest.Wait()
					}
					require.EqualValues(t, 3*subscribers, got.Load())
					cancel()
					synctest.Wait()
					clk.Add(time.Hour)
					synctest.Wait()
					require.EqualValues(t, 3*subscribers, got.Load())
					switch subscribers {
					case 0:
						require.Zero(t, clk.made.Load())
					case 1:
						want = clk.made.Load()
					default:
						require.Equal(t, want, clk.made.Load(), subscribers)
					}
				}
			})
		})
	}
}

// jumping is a clock of which an hour may pass while no timer fires.
type jumping struct {
	*clock.Mock
	by atomic.Int64
}

func (c *jumping) Now() time.Time                  { return c.Mock.Now().Add(time.Duration(c.by.Load())) }
func (c *jumping) Since(t time.Time) time.Duration { return c.Now().Sub(t) }

// A process that was held up does not make up for what it missed.
func TestSampled_HeldUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		clk := &jumping{Mock: clock.NewMock()}
		r := registry(t, command.RegistryOptions{Clock: clk})
		defer r.Close()
		reads := 0
		command.UtilizationStream(r, time.Second).Subscribe(t.Context(), observable.Funcs[command.Utilization]{Next: func(command.Utilization) { reads++ }})
		clk.Add(time.Second)
		synctest.Wait()
		clk.by.Store(int64(time.Hour))
		clk.Add(time.Second)
		synctest.Wait()
		require.Equal(t, 2, reads)
		clk.Add(time.Second)
		synctest.Wait()
		require.Equal(t, 3, reads)
	})
}
