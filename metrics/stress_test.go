package metrics_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quillgo/quill/metrics"
)

func TestRecorder_StressReusesBuckets(t *testing.T) { // M1, M4
	stress(t, metrics.Config{Window: 10, Buckets: 2, LatencyWindow: time.Hour, LatencyBuckets: 1})
}

func TestRecorder_StressAllInWindow(t *testing.T) { // M1, M4
	stress(t, metrics.Config{Window: time.Hour, Buckets: 1, LatencyWindow: time.Hour, LatencyBuckets: 1})
}

// stress has several callers go through executions as fast as they can, on a
// clock that each execution moves on by 1 ns, until so many of them have ended
// and so many snapshots have been read. All latencies stay in the window.
func stress(t *testing.T, c metrics.Config) {
	const callers, executions, snapshots = 4, 50_000, 1000
	r := metrics.NewRecorder(c)
	var clock atomic.Int64
	var calls [callers]int64
	var running sync.WaitGroup
	done := make(chan struct{})
	for caller := range callers {
		running.Go(func() {
			for n := int64(0); ; n++ {
				select {
				case <-done:
					calls[caller] = n
					return
				default:
				}
				now := time.Duration(clock.Add(1))
				assert.LessOrEqual(t, r.Started(now), int64(callers))
				r.Count(now, metrics.Success, 1)
				r.Count(now, metrics.Event(caller), 3)
				r.Latency(now, time.Microsecond, time.Duration(1+n%2)*time.Microsecond)
				r.Ended()
			}
		})
	}
	var before metrics.Snapshot
	for n := 0; n < snapshots || clock.Load() < executions; n++ {
		s := r.Snapshot(time.Duration(clock.Load()))
		for e := range s.Rolling {
			if s.Cumulative[e] < max(s.Rolling[e], before.Cumulative[e]) {
				assert.Fail(t, "cumulative below rolling, or below what it was", "%v: %d, %d, before %d",
					metrics.Event(e), s.Cumulative[e], s.Rolling[e], before.Cumulative[e])
			}
		}
		assert.LessOrEqual(t, s.MaxConcurrency, int64(callers))
		assert.GreaterOrEqual(t, s.Total.Count(), before.Total.Count())
		before = s
	}
	close(done)
	running.Wait()

	s := r.Snapshot(time.Duration(clock.Load()))
	want := metrics.Counts{metrics.Success: clock.Load()}
	for caller, n := range calls {
		want[caller] += 3 * n
	}
	require.Equal(t, want, s.Cumulative)
	require.Zero(t, s.Concurrency)
	require.Equal(t, clock.Load(), s.Execution.Count())
	require.Equal(t, clock.Load(), s.Total.Count())
	require.LessOrEqual(t, s.Execution.Percentile(100), time.Microsecond)
	require.LessOrEqual(t, s.Total.Percentile(50), time.Microsecond, "at most every other one took 2 µs")
}

// The first latencies that differ meet: all of them are kept.
func TestRecorder_StressFirstThatDiffers(t *testing.T) { // M4
	const callers = 4
	for range 2000 {
		r := metrics.NewRecorder(metrics.Config{})
		var ready, recorded sync.WaitGroup
		ready.Add(callers)
		for range callers {
			recorded.Go(func() {
				ready.Done()
				ready.Wait()
				r.Latency(0, time.Microsecond, time.Second)
			})
		}
		recorded.Wait()
		s := r.Snapshot(0)
		require.EqualValues(t, callers, s.Execution.Count())
		require.EqualValues(t, callers, s.Total.Count())
	}
}
