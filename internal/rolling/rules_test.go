package rolling_test

import (
	"math"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/quillgo/quill/internal/rolling"
)

func rollingOf(c *rolling.Counters, now time.Duration) int64 {
	var dst [1]int64
	c.Rolling(now, dst[:])
	return dst[0]
}

func cumulativeOf(c *rolling.Counters, now time.Duration) int64 {
	var dst [1]int64
	c.Cumulative(now, dst[:])
	return dst[0]
}

func TestCounters_WindowIsOpenBucketAndThoseBefore(t *testing.T) {
	const edge = 10 * time.Second // the end of the window that begins with bucket 0
	for _, at := range []time.Duration{0, 1, time.Second - 1} {
		c := rolling.NewCounters(10*time.Second, 10, 1)
		c.Add(at, 0, 7)
		require.EqualValues(t, 7, rollingOf(c, at), "counted at %v", at)
		require.EqualValues(t, 7, rollingOf(c, edge-1), "counted at %v", at)
		require.EqualValues(t, 0, rollingOf(c, edge), "counted at %v", at)
		require.EqualValues(t, 7, cumulativeOf(c, edge), "counted at %v", at)
	}
}

func TestCounters_OneBucket(t *testing.T) {
	c := rolling.NewCounters(time.Second, 1, 1)
	c.Add(0, 0, 1)
	c.Add(time.Second-1, 0, 1)
	require.EqualValues(t, 2, rollingOf(c, time.Second-1))
	require.EqualValues(t, 0, rollingOf(c, time.Second))
	c.Add(time.Second, 0, 1)
	require.EqualValues(t, 1, rollingOf(c, time.Second))
	require.EqualValues(t, 3, cumulativeOf(c, time.Second))
}

func TestCounters_OlderTimeGoesToOpenBucket(t *testing.T) { // W2
	c := rolling.NewCounters(10*time.Second, 10, 1)
	c.Add(9*time.Second, 0, 1)
	c.Add(2*time.Second, 0, 1)
	c.Add(-time.Hour, 0, 1)
	require.EqualValues(t, 3, rollingOf(c, 0), "a reader with an older time sees the open bucket")
	require.EqualValues(t, 3, rollingOf(c, 19*time.Second-1))
	require.EqualValues(t, 0, rollingOf(c, 19*time.Second))
}

func TestCounters_NegativeTimeFirst(t *testing.T) { // W2
	c := rolling.NewCounters(time.Second, 1, 1)
	c.Add(-time.Hour, 0, 1)
	require.EqualValues(t, 1, rollingOf(c, -time.Minute))
	require.EqualValues(t, 1, rollingOf(c, time.Second-1))
	require.EqualValues(t, 0, rollingOf(c, time.Second))
}

func TestCounters_ReadingAheadMovesNothing(t *testing.T) { // W3
	c := rolling.NewCounters(10*time.Second, 10, 1)
	c.Add(0, 0, 1)
	require.EqualValues(t, 0, rollingOf(c, time.Hour))
	c.Add(time.Second, 0, 1)
	require.EqualValues(t, 2, rollingOf(c, time.Second))
	require.EqualValues(t, 1, rollingOf(c, 10*time.Second))
}

func TestCounters_GapLeavesNothingStale(t *testing.T) { // W4, W6
	for _, gap := range []time.Duration{10, 11, 20, 95, 1 << 16, 1 << 32, 1<<62 - 5} {
		c := rolling.NewCounters(10, 5, 1)
		for now := range time.Duration(10) {
			c.Add(now, 0, 1)
		}
		require.EqualValues(t, 10, rollingOf(c, 9))
		c.Add(9+gap, 0, 1)
		want := int64(1)
		if gap < 10 {
			want += 10
		}
		require.Equal(t, want, rollingOf(c, 9+gap), "after a gap of %d", gap)
		require.EqualValues(t, 11, cumulativeOf(c, 9+gap), "after a gap of %d", gap)
	}
}

func TestCounters_EndOfTime(t *testing.T) {
	c := rolling.NewCounters(10, 5, 1)
	c.Add(math.MaxInt64, 0, 1)
	c.Add(math.MaxInt64, 0, 1)
	c.Add(0, 0, 1)
	require.EqualValues(t, 3, rollingOf(c, math.MaxInt64))
	require.EqualValues(t, 3, cumulativeOf(c, math.MaxInt64))
}

func TestCounters_BeyondUint32(t *testing.T) { // W4
	c := rolling.NewCounters(10, 1, 1)
	for now := range time.Duration(20) {
		c.Add(now, 0, math.MaxUint32)
	}
	require.Equal(t, int64(10*math.MaxUint32), rollingOf(c, 19))
	require.Equal(t, int64(20*math.MaxUint32), cumulativeOf(c, 19))
}

func TestMax_HighestObservationInWindow(t *testing.T) {
	m := rolling.NewMax(2*time.Second, 2)
	require.EqualValues(t, 0, m.Rolling(0))
	m.Observe(0, 9)
	m.Observe(0, 3)
	m.Observe(time.Second, 4)
	require.EqualValues(t, 9, m.Rolling(2*time.Second-1))
	require.EqualValues(t, 4, m.Rolling(2*time.Second))
	m.Observe(2*time.Second, 2) // in the place where the 9 was
	require.EqualValues(t, 4, m.Rolling(3*time.Second-1))
	require.EqualValues(t, 2, m.Rolling(3*time.Second))
	require.EqualValues(t, 0, m.Rolling(4*time.Second))
}

func TestLatency_LeavesWithItsBucket(t *testing.T) {
	l := rolling.NewLatency(20*time.Second, 2)
	require.Zero(t, l.Snapshot(0))
	l.Record(0, 5*time.Microsecond)
	l.Record(10*time.Second, 7*time.Microsecond)
	require.EqualValues(t, 2, l.Snapshot(20*time.Second-1).Count())
	require.Equal(t, 7*time.Microsecond, l.Snapshot(20*time.Second).Percentile(0))
	l.Record(20*time.Second, 9*time.Microsecond) // in the place where the 5 was
	s := l.Snapshot(20 * time.Second)
	require.EqualValues(t, 2, s.Count())
	require.Equal(t, 7*time.Microsecond, s.Percentile(0))
	require.Equal(t, 9*time.Microsecond, s.Percentile(100))
	require.Equal(t, 8*time.Microsecond, s.Mean())
	require.Zero(t, l.Snapshot(40*time.Second))
}

func TestDistribution_PercentileIsNearestRank(t *testing.T) {
	// The durations 1 to n µs, each in a cell of its own; repeated, to have more.
	for _, test := range []struct {
		n, repeat int
		p         float64
		want      time.Duration
	}{
		{1, 1, 0, 1}, {1, 1, 50, 1}, {1, 1, 100, 1},
		{2, 1, 50, 1}, {2, 1, 50.001, 2},
		{10, 1, 10, 1}, {10, 1, 10.1, 2}, {10, 1, 90, 9}, {10, 1, 99, 10},
		{20, 50, 5, 1}, {20, 50, 5.05, 2}, {20, 50, 95, 19}, {20, 50, 99.9, 20},
		{3, 1, 100.0 / 3, 1}, // one third in binary is a little above one third
		{30, 1, 200.0 / 3, 20},
	} {
		l := rolling.NewLatency(time.Minute, 6)
		for range test.repeat {
			for d := range test.n {
				l.Record(0, time.Duration(d+1)*time.Microsecond)
			}
		}
		require.Equal(t, test.want*time.Microsecond, l.Snapshot(0).Percentile(test.p), "%+v", test)
	}
}

func TestDistribution_Merge(t *testing.T) {
	l := rolling.NewLatency(time.Minute, 6)
	l.Record(0, 5*time.Microsecond)
	one, none := l.Snapshot(0), rolling.Distribution{}
	require.Equal(t, one, one.Merge(none))
	require.Equal(t, one, none.Merge(one))
	l.Record(0, 9*time.Microsecond)
	both := l.Snapshot(0).Merge(one)
	require.EqualValues(t, 3, both.Count())
	require.Equal(t, 5*time.Microsecond, both.Percentile(50))
	require.Equal(t, 9*time.Microsecond, both.Percentile(100))
	require.EqualValues(t, 1, one.Count(), "merging changes neither")
}

func TestIdleCostsAreSmall(t *testing.T) { // W7
	require.Less(t, int(reflect.TypeFor[rolling.Counters]().Size()), 100)
	require.Less(t, int(reflect.TypeFor[rolling.Max]().Size()), 100)
	require.Less(t, int(reflect.TypeFor[rolling.Latency]().Size()), 100)
	require.Less(t, int(reflect.TypeFor[rolling.Histogram]().Size()), 1536)
}

func TestNew_PanicsOnImpossibleWindow(t *testing.T) {
	for _, bad := range []struct {
		window  time.Duration
		buckets int
	}{{0, 1}, {-10, 10}, {10, 0}, {10, -1}, {10, 3}, {3, 10}} {
		require.Panics(t, func() { rolling.NewCounters(bad.window, bad.buckets, 1) }, "%+v", bad)
		require.Panics(t, func() { rolling.NewMax(bad.window, bad.buckets) }, "%+v", bad)
		require.Panics(t, func() { rolling.NewLatency(bad.window, bad.buckets) }, "%+v", bad)
	}
	require.Panics(t, func() { rolling.NewCounters(10, 1, 0) })
}
