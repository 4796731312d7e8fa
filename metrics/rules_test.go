package metrics_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/quillgo/quill/metrics"
)

func TestRecorder_CountsAreRollingThenCumulative(t *testing.T) { // M1
	r := metrics.NewRecorder(metrics.Config{})
	r.Count(0, metrics.Emit, 41)
	r.Count(0, metrics.Emit, 1)
	r.Count(0, metrics.Collapsed, 2)
	s := r.Snapshot(0) // the open bucket is in
	require.EqualValues(t, 42, s.Rolling[metrics.Emit])
	require.EqualValues(t, 2, s.Rolling[metrics.Collapsed])
	require.Equal(t, s.Rolling, s.Cumulative)

	r.Count(time.Hour, metrics.Success, 1)
	s = r.Snapshot(time.Hour)
	require.Equal(t, metrics.Counts{metrics.Success: 1}, s.Rolling)
	require.Equal(t, metrics.Counts{metrics.Emit: 42, metrics.Collapsed: 2, metrics.Success: 1}, s.Cumulative)
}

func TestRecorder_CountsWhatItIsToldAndNoMore(t *testing.T) {
	r := metrics.NewRecorder(metrics.Config{})
	for e := range metrics.Event(metrics.NumEvents) {
		r.Count(0, e, uint32(e)+1)
	}
	s := r.Snapshot(0)
	for e := range metrics.Event(metrics.NumEvents) {
		require.EqualValues(t, int(e)+1, s.Rolling[e], "%v", e)
	}
	require.Panics(t, func() { r.Count(0, metrics.Event(metrics.NumEvents), 1) })
}

func TestRecorder_IdleIsSmall(t *testing.T) { // M3
	require.LessOrEqual(t, int(reflect.TypeFor[metrics.Recorder]().Size()), 200)
	require.Zero(t, metrics.NewRecorder(metrics.Config{}).Snapshot(time.Hour))
}

func TestRecorder_TotalIsToldApartFromExecution(t *testing.T) { // M4
	const us = time.Microsecond
	type latency struct{ execution, total time.Duration }
	for _, test := range []struct {
		name                        string
		latencies                   []latency
		wantExecution, wantTotal    []time.Duration // in ascending order
		wantMeanExecution, wantMean time.Duration
	}{
		{"none", nil, nil, nil, 0, 0},
		{"same", []latency{{5 * us, 5 * us}, {7 * us, 7 * us}}, []time.Duration{5 * us, 7 * us}, []time.Duration{5 * us, 7 * us}, 6 * us, 6 * us},
		{"differ", []latency{{5 * us, 9 * us}}, []time.Duration{5 * us}, []time.Duration{9 * us}, 5 * us, 9 * us},
		{
			"same, then differ, then same",
			[]latency{{5 * us, 5 * us}, {6 * us, 12 * us}, {4 * us, 4 * us}},
			[]time.Duration{4 * us, 5 * us, 6 * us},
			[]time.Duration{4 * us, 5 * us, 12 * us},
			5 * us, 7 * us,
		},
		{"differ by less than can be told", []latency{{5 * us, 5*us + 999}}, []time.Duration{5 * us}, []time.Duration{5 * us}, 5 * us, 5 * us},
		{"total alone", []latency{{-1, 5 * us}, {-1, 0}}, nil, []time.Duration{0, 5 * us}, 0, 2500},
		{"execution alone", []latency{{5 * us, -1}, {0, -1}}, []time.Duration{0, 5 * us}, nil, 2500, 0},
		{"neither", []latency{{-1, -1}, {-5 * us, -time.Hour}}, nil, nil, 0, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := metrics.NewRecorder(metrics.Config{})
			for _, l := range test.latencies {
				r.Latency(0, l.execution, l.total)
			}
			s := r.Snapshot(0)
			requireLatencies(t, test.wantExecution, s.Execution)
			requireLatencies(t, test.wantTotal, s.Total)
			require.Equal(t, test.wantMeanExecution, s.Execution.Mean())
			require.Equal(t, test.wantMean, s.Total.Mean())
		})
	}
}

// requireLatencies compares a distribution of latencies that are known exactly.
func requireLatencies(t *testing.T, want []time.Duration, got metrics.LatencySnapshot) {
	t.Helper()
	require.EqualValues(t, len(want), got.Count())
	for i, d := range want {
		require.Equal(t, d, got.Percentile(100*float64(i+1)/float64(len(want))))
	}
	if len(want) == 0 {
		require.Zero(t, got.Percentile(50))
	}
}

func TestLatencySnapshot_MergeIsBoth(t *testing.T) {
	r := metrics.NewRecorder(metrics.Config{})
	r.Latency(0, time.Microsecond, 3*time.Microsecond)
	s := r.Snapshot(0)
	both := s.Execution.Merge(s.Total).Merge(metrics.LatencySnapshot{})
	requireLatencies(t, []time.Duration{time.Microsecond, 3 * time.Microsecond}, both)
	requireLatencies(t, []time.Duration{time.Microsecond}, s.Execution)
}

func TestRecorder_ConcurrencyAndItsMaximum(t *testing.T) { // M5
	r := metrics.NewRecorder(metrics.Config{})
	require.EqualValues(t, 1, r.Started(0))
	require.EqualValues(t, 2, r.Started(0))
	require.EqualValues(t, 3, r.Started(0))
	require.EqualValues(t, 3, r.Concurrency())
	r.Ended()
	r.Ended()
	s := r.Snapshot(time.Second)
	require.EqualValues(t, 1, s.Concurrency)
	require.EqualValues(t, 3, s.MaxConcurrency)

	s = r.Snapshot(10 * time.Second)
	require.EqualValues(t, 1, s.Concurrency)
	require.EqualValues(t, 0, s.MaxConcurrency, "no start in the window")
	require.EqualValues(t, 2, r.Started(10*time.Second))
	require.EqualValues(t, 2, r.Snapshot(10*time.Second).MaxConcurrency)
}

func TestSnapshot_HealthIsHystrixs(t *testing.T) {
	type counts = metrics.Counts
	errors := counts{metrics.Failure: 1, metrics.Timeout: 2, metrics.ThreadPoolRejected: 3, metrics.SemaphoreRejected: 4}
	withSuccess := errors
	withSuccess[metrics.Success] = 5
	neutral := counts{}
	for e := range neutral {
		neutral[e] = 100
	}
	for e, n := range withSuccess {
		if n > 0 {
			neutral[e] = n
		}
	}
	for _, test := range []struct {
		name                      string
		rolling                   counts
		requests, errors, percent int64
	}{
		{"nothing", counts{}, 0, 0, 0},
		{"errors alone", errors, 10, 10, 100},
		{"with successes, rounded down", withSuccess, 15, 10, 66},
		{"nothing else counts", neutral, 15, 10, 66},
		{"all well", counts{metrics.Success: 3}, 3, 0, 0},
		{"just below", counts{metrics.Success: 1, metrics.Failure: 999}, 1000, 999, 99},
	} {
		t.Run(test.name, func(t *testing.T) {
			// Health is of the window: what is only cumulative does not count.
			s := metrics.Snapshot{Rolling: test.rolling, Cumulative: counts{metrics.Failure: 1000}}
			require.Equal(t, test.requests, s.Requests())
			require.Equal(t, test.errors, s.Errors())
			require.EqualValues(t, test.percent, s.ErrorPercentage())
		})
	}
}
