package hystrix_test

import (
	"context"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quillgo/quill/contrib/hystrix"
	metricCollector "github.com/quillgo/quill/contrib/hystrix/metric_collector"
)

// collector keeps what it is told. What it adds up in it has no lock, as none
// should need one: the race detector sees whether that is right. What tests read is
// a copy.
type collector struct {
	name   string
	told   []metricCollector.MetricResult
	after  []int // resets: after how many results
	update func(metricCollector.MetricResult)

	mu         sync.Mutex
	seen       []metricCollector.MetricResult
	seenResets []int
}

func (c *collector) Update(r metricCollector.MetricResult) {
	c.told = append(c.told, r)
	c.show()
	if c.update != nil {
		c.update(r)
	}
}

func (c *collector) Reset() {
	c.after = append(c.after, len(c.told))
	c.show()
}

func (c *collector) show() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seen, c.seenResets = slices.Clone(c.told), slices.Clone(c.after)
}

func (c *collector) results() []metricCollector.MetricResult {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.seen
}

func (c *collector) resets() []int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.seenResets
}

// made are the makers of the tests that run now. One function is registered for
// all tests, since there is no way to take one back.
var made struct {
	once   sync.Once
	mu     sync.Mutex
	makers map[string]func(name string) metricCollector.MetricCollector // by the beginning of the circuit's name
}

// collecting has f make the collectors of the test's circuits.
func collecting(t *testing.T, f func(name string) metricCollector.MetricCollector) {
	made.once.Do(func() {
		metricCollector.Registry.Register(func(name string) metricCollector.MetricCollector {
			made.mu.Lock()
			var f func(string) metricCollector.MetricCollector
			for prefix, maker := range made.makers {
				if strings.HasPrefix(name, prefix) {
					f = maker
				}
			}
			made.mu.Unlock()
			if f == nil {
				return nil
			}
			return f(name)
		})
	})
	made.mu.Lock()
	defer made.mu.Unlock()
	made.makers = map[string]func(string) metricCollector.MetricCollector{t.Name(): f}
	t.Cleanup(func() {
		made.mu.Lock()
		defer made.mu.Unlock()
		made.makers = nil
	})
}

// collected makes a collector for the test's circuit.
func collected(t *testing.T) *collector {
	c := new(collector)
	collecting(t, func(name string) metricCollector.MetricCollector { c.name = name; return c })
	return c
}

// TestCollectors_Results: one result for each call, with the fields that belong
// to its end.
func TestCollectors_Results(t *testing.T) {
	type result = metricCollector.MetricResult
	ms := time.Millisecond
	cancelled := func(ctx context.Context) (context.Context, context.CancelFunc) {
		ctx, cancel := context.WithCancel(ctx)
		time.AfterFunc(3*ms, cancel)
		return ctx, cancel
	}
	late := func(ctx context.Context) (context.Context, context.CancelFunc) {
		return context.WithTimeout(ctx, 3*ms)
	}
	works := func(err error) func(context.Context) error {
		return func(context.Context) error { time.Sleep(2 * ms); return err }
	}
	hung := func(context.Context) error { time.Sleep(time.Minute); return nil }
	for name, test := range map[string]struct {
		ready func(t *testing.T, name string)
		ctx   func(context.Context) (context.Context, context.CancelFunc)
		run   func(context.Context) error
		want  result // without a fallback
	}{
		"success":     {run: works(nil), want: result{Successes: 1, TotalDuration: 2 * ms, RunDuration: 2 * ms}},
		"failure":     {run: works(errBoom), want: result{Failures: 1, Errors: 1, TotalDuration: 2 * ms, RunDuration: 2 * ms}},
		"timeout":     {run: hung, want: result{Timeouts: 1, Errors: 1, TotalDuration: 100 * ms, RunDuration: 100 * ms, ConcurrencyInUse: 0.5}},
		"cancelled":   {run: hung, ctx: cancelled, want: result{ContextCanceled: 1, TotalDuration: 3 * ms, RunDuration: 3 * ms, ConcurrencyInUse: 0.5}},
		"deadline":    {run: hung, ctx: late, want: result{ContextDeadlineExceeded: 1, TotalDuration: 3 * ms, RunDuration: 3 * ms, ConcurrencyInUse: 0.5}},
		"told of one": {run: works(context.Canceled), want: result{ContextCanceled: 1, TotalDuration: 2 * ms, RunDuration: 2 * ms}},
		"own timeout": {run: works(hystrix.ErrTimeout), want: result{Failures: 1, Errors: 1, TotalDuration: 2 * ms, RunDuration: 2 * ms}},
		"open":        {run: works(nil), ready: openUp, want: result{ShortCircuits: 1, Errors: 1}},
		"full": {run: works(nil), want: result{Rejects: 1, Errors: 1, ConcurrencyInUse: 1}, ready: func(_ *testing.T, name string) {
			for range 2 {
				hystrix.Go(name, func() error { time.Sleep(50 * ms); return nil }, nil)
			}
		}},
	} {
		for _, way := range []string{"DoC", "GoC"} {
			for fallback, serve := range map[string]func(context.Context, error) error{
				"none": nil, "served": returnsAny(nil), "failed": returnsAny(errBoom),
			} {
				t.Run(name+" "+way+" "+fallback, func(t *testing.T) {
					c := collected(t)
					bubble(t, func(t *testing.T) {
						name := configured(t, hystrix.CommandConfig{Timeout: 100, MaxConcurrentRequests: 2})
						if test.ready != nil {
							test.ready(t, name)
							synctest.Wait()
						}
						before := len(c.results())
						ctx, cancel := context.WithCancel(t.Context())
						defer cancel()
						if test.ctx != nil {
							ctx, cancel = test.ctx(ctx)
							defer cancel()
						}
						_ = map[string]func() error{
							"DoC": func() error { return hystrix.DoC(ctx, name, test.run, serve) },
							"GoC": func() error {
								errs := hystrix.GoC(ctx, name, test.run, serve)
								time.Sleep(40 * ms)
								if test.want.Timeouts > 0 {
									time.Sleep(100 * ms)
								}
								synctest.Wait()
								_ = errs
								return nil
							},
						}[way]()
						synctest.Wait()
						want := test.want
						want.Attempts = 1
						if serve != nil && want.Successes == 0 {
							if fallback == "served" {
								want.FallbackSuccesses = 1
							} else {
								want.FallbackFailures = 1
							}
						}
						require.Len(t, c.results(), before+1)
						assert.Equal(t, want, c.results()[before])
						assert.Equal(t, name, c.name)
					})
				})
			}
		}
	}
}

// TestCollectors_Reset: when the circuit is made, when it closes, and at Flush.
func TestCollectors_Reset(t *testing.T) {
	c := collected(t)
	bubble(t, func(t *testing.T) {
		name := configured(t, hystrix.CommandConfig{RequestVolumeThreshold: 5})
		openUp(t, name)
		synctest.Wait()
		assert.Equal(t, []int{0}, c.resets())
		time.Sleep(6 * time.Second)
		require.NoError(t, hystrix.Do(name, func() error { return nil }, nil))
		synctest.Wait()
		assert.Equal(t, []int{0, 25}, c.resets(), "before the success that closed it")
		assert.Len(t, c.results(), 26)
		hystrix.Flush()
		assert.Equal(t, []int{0, 25, 26}, c.resets())
		require.NoError(t, hystrix.Do(name, func() error { return nil }, nil))
		synctest.Wait()
		assert.Equal(t, []int{0, 25, 26, 26}, c.resets(), "of a new circuit")
	})
}

// TestCollectors_ByHand: ReportEvent tells collectors.
func TestCollectors_ByHand(t *testing.T) {
	c := collected(t)
	bubble(t, func(t *testing.T) {
		circuit := circuitOf(t, t.Name())
		start := time.Now()
		time.Sleep(time.Second)
		require.NoError(t, circuit.ReportEvent([]string{"failure", "fallback-success"}, start, time.Millisecond))
		require.NoError(t, circuit.ReportEvent([]string{"timeout", "fallback-failure"}, start, 0))
		require.NoError(t, circuit.ReportEvent([]string{"something", "else"}, start, 0))
		synctest.Wait()
		assert.Equal(t, []metricCollector.MetricResult{
			{Attempts: 1, Failures: 1, Errors: 1, FallbackSuccesses: 1, TotalDuration: time.Second, RunDuration: time.Millisecond},
			{Attempts: 1, Timeouts: 1, Errors: 1, FallbackFailures: 1, TotalDuration: time.Second},
			{Attempts: 1, TotalDuration: time.Second},
		}, c.results())
	})
}

// TestCollectors_LoseNothing: results of many callers, and those that come while
// a collector is stuck: then no caller waits, memory is bounded and nothing is lost.
func TestCollectors_LoseNothing(t *testing.T) {
	const callers, each = 16, 250
	c := collected(t)
	bubble(t, func(t *testing.T) {
		gate := make(chan struct{})
		stuck := true
		c.update = func(metricCollector.MetricResult) {
			if stuck {
				<-gate
				stuck = false
			}
		}
		name := configured(t, hystrix.CommandConfig{MaxConcurrentRequests: callers, ErrorPercentThreshold: 101})
		require.NoError(t, hystrix.Do(name, func() error { return nil }, nil))
		synctest.Wait() // the collector is stuck in the first result
		var wg sync.WaitGroup
		for i := range callers {
			wg.Go(func() {
				for n := range each {
					if (i+n)%2 == 0 {
						_ = hystrix.Do(name, func() error { return nil }, nil)
					} else {
						_ = hystrix.Do(name, func() error { return errBoom }, func(error) error { return nil })
					}
				}
			})
		}
		wg.Wait() // though it is
		close(gate)
		synctest.Wait()
		var sum metricCollector.MetricResult
		for _, r := range c.results() {
			sum.Attempts += r.Attempts
			sum.Successes += r.Successes
			sum.Failures += r.Failures
			sum.Errors += r.Errors
			sum.FallbackSuccesses += r.FallbackSuccesses
			assert.True(t, r.Successes == 0 || r.Failures == 0, "of one kind: %v", r)
		}
		half := float64(callers * each / 2)
		assert.Equal(t, metricCollector.MetricResult{Attempts: 1 + 2*half, Successes: 1 + half, Failures: half, Errors: half, FallbackSuccesses: half}, sum)
		const oneByOne, kinds = 2000, 2
		told := len(c.results())
		assert.Equal(t, 1+oneByOne+kinds, told, "the rest was added up")

		require.NoError(t, hystrix.Do(name, func() error { return nil }, nil))
		synctest.Wait()
		assert.Len(t, c.results(), told+1, "and one by one again")
	})
}

// TestCollectors_Hostile: one that panics, ends its goroutine, or calls back
// takes nothing from others, nor from calls.
func TestCollectors_Hostile(t *testing.T) {
	quiet(t)
	var name string
	for what, does := range map[string]func(metricCollector.MetricResult){
		"panics": func(metricCollector.MetricResult) { panic("collector") },
		"exits":  func(metricCollector.MetricResult) { runtime.Goexit() },
		"calls": func(r metricCollector.MetricResult) {
			if r.Successes == 1 {
				_ = hystrix.Do(name, func() error { return errBoom }, nil)
			}
		},
	} {
		t.Run(what, func(t *testing.T) {
			c := collected(t)
			c.update = does
			bubble(t, func(t *testing.T) {
				name = t.Name()
				for range 10 {
					require.NoError(t, hystrix.Do(name, func() error { return nil }, nil))
				}
				synctest.Wait()
				want := 10
				if what == "calls" {
					want = 20
				}
				assert.Len(t, c.results(), want)
			})
		})
	}
}

// TestCollectors_Flush: a collector may throw all circuits away.
func TestCollectors_Flush(t *testing.T) {
	var all []*collector // one for each circuit
	collecting(t, func(string) metricCollector.MetricCollector {
		c := &collector{update: func(metricCollector.MetricResult) { hystrix.Flush() }}
		all = append(all, c)
		return c
	})
	bubble(t, func(t *testing.T) {
		for range 10 {
			require.NoError(t, hystrix.Do(t.Name(), func() error { return nil }, nil))
			synctest.Wait()
		}
		require.Len(t, all, 10)
		for _, c := range all {
			assert.Len(t, c.results(), 1)
			assert.Equal(t, []int{0, 1}, c.resets(), "made, and flushed")
		}
	})
}

// TestCollectors_HostileMaker: the function that makes a collector may use its
// circuit, whose results wait; if it panics or ends its goroutine there is none.
func TestCollectors_HostileMaker(t *testing.T) {
	quiet(t)
	t.Run("calls", func(t *testing.T) {
		c := new(collector)
		collecting(t, func(name string) metricCollector.MetricCollector {
			assert.NoError(t, hystrix.Do(name, func() error { return nil }, nil))
			hystrix.ConfigureCommand(name, hystrix.CommandConfig{Timeout: 7})
			_, created, _ := hystrix.GetCircuit(name)
			assert.False(t, created)
			return c
		})
		bubble(t, func(t *testing.T) {
			assert.Equal(t, errBoom, hystrix.Do(t.Name(), func() error { return errBoom }, nil))
			synctest.Wait()
			require.Len(t, c.results(), 2)
			assert.EqualValues(t, 1, c.results()[0].Successes)
			assert.EqualValues(t, 1, c.results()[1].Failures)
			assert.Equal(t, []int{0}, c.resets())
		})
	})
	for what, does := range map[string]func(){"panics": func() { panic("maker") }, "exits": runtime.Goexit} {
		t.Run(what, func(t *testing.T) {
			calls := 0
			collecting(t, func(string) metricCollector.MetricCollector { calls++; does(); return nil })
			bubble(t, func(t *testing.T) {
				go func() { _ = hystrix.Do(t.Name(), func() error { return nil }, nil) }()
				synctest.Wait()
				for range 3 {
					assert.NoError(t, hystrix.Do(t.Name(), func() error { return nil }, nil))
				}
				assert.Equal(t, 1, calls)
			})
		})
	}
}

// TestCollectors_GoexitOfAFallback: such a call has its result too.
func TestCollectors_GoexitOfAFallback(t *testing.T) {
	c := collected(t)
	bubble(t, func(t *testing.T) {
		exits := func(error) error { return goexit(t.Context()) }
		go func() { _ = hystrix.Do(t.Name(), func() error { return errBoom }, exits) }()
		synctest.Wait()
		hystrix.Go(t.Name(), func() error { return errBoom }, exits)
		synctest.Wait()
		require.Len(t, c.results(), 2)
		for _, r := range c.results() {
			assert.EqualValues(t, 1, r.Failures)
			assert.EqualValues(t, 1, r.FallbackFailures)
		}
	})
}
