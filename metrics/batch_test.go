package metrics_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/quillgo/quill/metrics"
)

func TestBatchRecorder_CountsAndSizes(t *testing.T) {
	r := metrics.NewBatchRecorder(metrics.Config{})
	require.Zero(t, r.Snapshot(time.Hour), "an idle one")
	r.Count(0, metrics.BatchExecuted, 1)
	r.Count(0, metrics.AddedToBatch, 31)
	r.Count(0, metrics.BatchFromCache, 2)
	for _, n := range []int{1, 2, 31} {
		r.Size(0, n)
	}
	s := r.Snapshot(0)
	require.Equal(t, [metrics.NumBatchEvents]int64{1, 31, 2}, s.Rolling)
	require.Equal(t, s.Rolling, s.Cumulative)
	require.EqualValues(t, 3, s.Sizes.Count())
	require.InDelta(t, 34./3, s.Sizes.Mean(), 1e-3)
	for p, want := range map[float64]int{0: 1, 34: 2, 100: 31} {
		require.Equal(t, want, s.Sizes.Percentile(p))
	}

	s = r.Snapshot(30 * time.Second)
	require.Zero(t, s.Rolling)
	require.EqualValues(t, 31, s.Cumulative[metrics.AddedToBatch])
	require.EqualValues(t, 3, s.Sizes.Count(), "the windows differ")
	require.Zero(t, r.Snapshot(time.Minute).Sizes.Count())
}

func TestBatchRecorder_LargeSizes(t *testing.T) {
	r := metrics.NewBatchRecorder(metrics.Config{Window: 4, Buckets: 2, LatencyWindow: 6, LatencyBuckets: 3})
	for _, n := range []int{100, 1000, 1_000_000} {
		r.Size(0, n)
		require.InEpsilon(t, n, r.Snapshot(0).Sizes.Percentile(100), 0.032)
	}
}

func TestBatchEvent_Names(t *testing.T) {
	require.Equal(t, "BATCH_EXECUTED", metrics.BatchExecuted.String())
	require.Equal(t, "ADDED_TO_BATCH", metrics.AddedToBatch.String())
	require.Equal(t, "RESPONSE_FROM_CACHE", metrics.BatchFromCache.String())
	require.Equal(t, "BatchEvent(3)", metrics.BatchEvent(metrics.NumBatchEvents).String())
	require.PanicsWithError(t, "metrics: Config.Window is -1s, want more than 0, or 0 for the default", func() {
		metrics.NewBatchRecorder(metrics.Config{Window: -time.Second})
	})
}
