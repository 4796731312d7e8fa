package metrics_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/quillgo/quill/metrics"
)

// record is one call of a recorder: what the model remembers of it is
// everything.
type record struct {
	at               time.Duration
	event            metrics.Event
	n                int64
	started          int64
	execution, total time.Duration
}

// TestRecorder_Model compares a recorder with the list of all that it was told.
// Times never go back here; that they may is the affair of package rolling.
func TestRecorder_Model(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := metrics.Config{
			Buckets:        rapid.IntRange(1, 4).Draw(t, "buckets"),
			LatencyBuckets: rapid.IntRange(1, 4).Draw(t, "latency buckets"),
		}
		width, latencyWidth := time.Duration(100), time.Duration(170)
		c.Window, c.LatencyWindow = width*time.Duration(c.Buckets), latencyWidth*time.Duration(c.LatencyBuckets)
		r := metrics.NewRecorder(c)

		var now time.Duration
		var running int64
		var records []record
		add := func(t *rapid.T, x record) {
			now += time.Duration(rapid.OneOf(rapid.Int64Range(0, 60), rapid.Int64Range(0, 1_000_000)).Draw(t, "step"))
			x.at = now
			records = append(records, x)
		}
		// Whole microseconds below 32 are known exactly.
		latency := rapid.Map(rapid.IntRange(-1, 31), func(us int) time.Duration { return time.Duration(us) * time.Microsecond })
		none := record{execution: -1, total: -1}

		t.Repeat(map[string]func(*rapid.T){
			"count": func(t *rapid.T) {
				x := none
				x.event = metrics.Event(rapid.IntRange(0, metrics.NumEvents-1).Draw(t, "event"))
				x.n = int64(rapid.Uint32().Draw(t, "n"))
				add(t, x)
				r.Count(now, x.event, uint32(x.n))
			},
			"start": func(t *rapid.T) {
				running++
				x := none
				x.started = running
				add(t, x)
				require.Equal(t, running, r.Started(now))
			},
			"end": func(t *rapid.T) {
				if running == 0 {
					t.Skip("nothing is running")
				}
				running--
				r.Ended()
			},
			"latency": func(t *rapid.T) {
				x := none
				x.execution = latency.Draw(t, "execution")
				x.total = x.execution
				if rapid.Bool().Draw(t, "differ") {
					x.total = latency.Draw(t, "total")
				}
				add(t, x)
				r.Latency(now, x.execution, x.total)
			},
			"": func(t *rapid.T) {
				at := now + time.Duration(rapid.Int64Range(0, 1000).Draw(t, "ahead"))
				var want metrics.Snapshot
				var execution, total []time.Duration
				for _, x := range records {
					want.Cumulative[x.event] += x.n
					if x.at/width > at/width-time.Duration(c.Buckets) {
						want.Rolling[x.event] += x.n
						want.MaxConcurrency = max(want.MaxConcurrency, x.started)
					}
					if x.at/latencyWidth > at/latencyWidth-time.Duration(c.LatencyBuckets) {
						execution, total = append(execution, x.execution), append(total, x.total)
					}
				}
				got := r.Snapshot(at)
				require.Equal(t, want.Rolling, got.Rolling)
				require.Equal(t, want.Cumulative, got.Cumulative)
				require.Equal(t, running, got.Concurrency)
				require.Equal(t, running, r.Concurrency())
				require.Equal(t, want.MaxConcurrency, got.MaxConcurrency)
				requireSame(t, execution, got.Execution)
				requireSame(t, total, got.Total)
			},
		})
	})
}

// requireSame compares a distribution with all latencies that are not negative.
func requireSame(t *rapid.T, want []time.Duration, got metrics.LatencySnapshot) {
	want = slices.DeleteFunc(slices.Clone(want), func(d time.Duration) bool { return d < 0 })
	slices.Sort(want)
	require.EqualValues(t, len(want), got.Count())
	var sum time.Duration
	for i, d := range want {
		sum += d
		require.Equal(t, d, got.Percentile(100*(float64(i)+0.5)/float64(len(want))), "%d of %v", i, want)
	}
	if len(want) > 0 {
		require.InDelta(t, sum/time.Duration(len(want)), got.Mean(), 1)
	}
}
