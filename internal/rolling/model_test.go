package rolling_test

import (
	"math"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/quillgo/quill/internal/rolling"
)

// windowModel is the window in its plainest form: every write ever made, with
// the number of the bucket it belongs to.
type windowModel struct {
	width   time.Duration
	buckets int64
	open    int64 // number of the open bucket, -1 for none
	writes  []write
}

type write struct {
	bucket int64
	kind   int
	value  int64
}

func (m *windowModel) write(now time.Duration, kind int, value int64) {
	m.open = max(m.open, int64(now/m.width))
	m.writes = append(m.writes, write{m.open, kind, value})
}

// window returns the writes in the window that ends at now.
func (m *windowModel) window(now time.Duration) []write {
	newest := max(m.open, int64(now/m.width))
	var in []write
	for _, w := range m.writes {
		if w.bucket > newest-m.buckets {
			in = append(in, w)
		}
	}
	return in
}

// drawWindow draws the shape of a window.
func drawWindow(t *rapid.T) (window time.Duration, m *windowModel) {
	m = &windowModel{open: -1}
	m.width = time.Duration(rapid.Int64Range(1, 1000).Draw(t, "width"))
	m.buckets = rapid.Int64Range(1, 6).Draw(t, "buckets")
	return m.width * time.Duration(m.buckets), m
}

// drawNow moves the clock on, by anything from nothing to many windows, and
// returns a time that one goroutine may have read a little before.
func drawNow(t *rapid.T, clock *time.Duration, m *windowModel) time.Duration {
	step := rapid.OneOf(
		rapid.Int64Range(0, int64(m.width)),
		rapid.Int64Range(0, int64(m.width)*(m.buckets+1)),
		rapid.Int64Range(0, int64(m.width)*m.buckets*1000),
	).Draw(t, "step")
	*clock += time.Duration(step)
	back := rapid.OneOf(rapid.Just(int64(0)), rapid.Int64Range(0, 3*int64(m.width))).Draw(t, "back")
	return max(*clock-time.Duration(back), 0)
}

func TestCounters_Model(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const kinds = 3
		window, m := drawWindow(t)
		c := rolling.NewCounters(window, int(m.buckets), kinds)
		var clock time.Duration
		t.Repeat(map[string]func(*rapid.T){
			"add": func(t *rapid.T) {
				now := drawNow(t, &clock, m)
				kind := rapid.IntRange(0, kinds-1).Draw(t, "kind")
				n := rapid.Uint32().Draw(t, "n")
				c.Add(now, kind, n)
				m.write(now, kind, int64(n))
			},
			"read": func(t *rapid.T) {
				now := drawNow(t, &clock, m)
				want, got := make([]int64, kinds), []int64{-1, -1, -1}
				for _, w := range m.window(now) {
					want[w.kind] += w.value
				}
				c.Rolling(now, got)
				require.Equal(t, want, got, "rolling at %d", now)

				clear(want)
				for _, w := range m.writes {
					want[w.kind] += w.value
				}
				c.Cumulative(now, got)
				require.Equal(t, want, got, "cumulative at %d", now)
			},
		})
	})
}

func TestMax_Model(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		window, m := drawWindow(t)
		gauge := rolling.NewMax(window, int(m.buckets))
		var clock time.Duration
		t.Repeat(map[string]func(*rapid.T){
			"observe": func(t *rapid.T) {
				now := drawNow(t, &clock, m)
				v := rapid.Int64Range(-5, 100).Draw(t, "v")
				gauge.Observe(now, v)
				m.write(now, 0, v)
			},
			"read": func(t *rapid.T) {
				now := drawNow(t, &clock, m)
				var want int64
				for _, w := range m.window(now) {
					want = max(want, w.value)
				}
				require.Equal(t, want, gauge.Rolling(now), "at %d", now)
			},
		})
	})
}

func TestLatency_Model(t *testing.T) {
	durations := rapid.OneOf(
		rapid.Int64Range(-10, int64(100*time.Microsecond)),
		rapid.Int64Range(0, int64(10*time.Second)),
		rapid.Int64(),
	)
	rapid.Check(t, func(t *rapid.T) {
		window, m := drawWindow(t)
		l := rolling.NewLatency(window, int(m.buckets))
		var clock time.Duration
		t.Repeat(map[string]func(*rapid.T){
			"record": func(t *rapid.T) {
				now := drawNow(t, &clock, m)
				d := durations.Draw(t, "d")
				l.Record(now, time.Duration(d))
				m.write(now, 0, d)
			},
			"read": func(t *rapid.T) {
				now := drawNow(t, &clock, m)
				var sorted []time.Duration
				for _, w := range m.window(now) {
					sorted = append(sorted, time.Duration(w.value))
				}
				slices.Sort(sorted)
				got := l.Snapshot(now)
				requireDistribution(t, sorted, got)
				thousandths := rapid.Int64Range(0, 100_000).Draw(t, "p")
				requirePercentile(t, sorted, got, thousandths)
			},
		})
	})
}

type testingT interface {
	require.TestingT
	Helper()
}

// requireDistribution checks count, mean and the common percentiles against the
// sorted durations.
func requireDistribution(t testingT, sorted []time.Duration, got rolling.Distribution) {
	t.Helper()
	require.Equal(t, int64(len(sorted)), got.Count())
	if len(sorted) == 0 {
		require.Zero(t, got.Mean())
		require.Zero(t, got.Percentile(50))
		return
	}
	var sum, slack float64
	for _, d := range sorted {
		sum += float64(clamp(d))
		slack += float64(tolerance(d))
	}
	n := float64(len(sorted))
	require.InDelta(t, sum/n, float64(got.Mean()), slack/n+1, "mean")
	for _, thousandths := range []int64{0, 25_000, 50_000, 90_000, 99_000, 99_900, 100_000} {
		requirePercentile(t, sorted, got, thousandths)
	}
}

// requirePercentile checks the nearest-rank percentile of p thousandths of a
// percent.
func requirePercentile(t testingT, sorted []time.Duration, got rolling.Distribution, p int64) {
	t.Helper()
	if len(sorted) == 0 {
		return
	}
	rank := max((p*int64(len(sorted))+99_999)/100_000, 1)
	want := sorted[rank-1]
	require.InDelta(t, float64(clamp(want)), float64(got.Percentile(float64(p)/1000)), float64(tolerance(want)),
		"percentile %d/1000 of %v", p, sorted)
}

func clamp(d time.Duration) time.Duration { return min(max(d, 0), rolling.MaxLatency) }

// tolerance is what Histogram promises.
func tolerance(d time.Duration) time.Duration {
	return time.Duration(math.Max(float64(clamp(d))/32, float64(time.Microsecond)))
}
