package metrics_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/quillgo/quill/metrics"
)

func TestConfig_ValidateNamesTheField(t *testing.T) {
	for _, test := range []struct {
		config metrics.Config
		want   string
	}{
		{metrics.Config{Window: -time.Second}, "metrics: Config.Window is -1s, want more than 0, or 0 for the default"},
		{metrics.Config{Buckets: -1}, "metrics: Config.Buckets is -1, want 1 or more, or 0 for the default"},
		{metrics.Config{Buckets: 3}, "metrics: Config.Window is 10s, want a multiple of its 3 Buckets"},
		{metrics.Config{Window: 9}, "metrics: Config.Window is 9ns, want a multiple of its 10 Buckets"},
		{metrics.Config{LatencyWindow: -1}, "metrics: Config.LatencyWindow is -1ns, want more than 0, or 0 for the default"},
		{metrics.Config{LatencyBuckets: -6}, "metrics: Config.LatencyBuckets is -6, want 1 or more, or 0 for the default"},
		{metrics.Config{LatencyWindow: 7}, "metrics: Config.LatencyWindow is 7ns, want a multiple of its 6 LatencyBuckets"},
		{
			metrics.Config{Buckets: 3, LatencyBuckets: 7},
			"metrics: Config.Window is 10s, want a multiple of its 3 Buckets\nmetrics: Config.LatencyWindow is 1m0s, want a multiple of its 7 LatencyBuckets",
		},
	} {
		require.EqualError(t, test.config.Validate(), test.want)
		require.PanicsWithError(t, test.want, func() { metrics.NewRecorder(test.config) })
	}
}

func TestConfig_ZeroIsHystrixsDefault(t *testing.T) {
	require.NoError(t, metrics.Config{}.Validate())
	r := metrics.NewRecorder(metrics.Config{})
	r.Count(0, metrics.Success, 1)
	r.Started(0)
	r.Latency(0, time.Millisecond, time.Second)
	r.Count(time.Second, metrics.Success, 1)
	r.Latency(10*time.Second, time.Millisecond, time.Second)

	require.EqualValues(t, 2, r.Snapshot(10*time.Second - 1).Rolling[metrics.Success])
	require.EqualValues(t, 1, r.Snapshot(10*time.Second-1).MaxConcurrency)
	require.EqualValues(t, 1, r.Snapshot(10 * time.Second).Rolling[metrics.Success])
	require.EqualValues(t, 0, r.Snapshot(10*time.Second).MaxConcurrency)
	require.EqualValues(t, 2, r.Snapshot(time.Minute-1).Total.Count())
	require.EqualValues(t, 1, r.Snapshot(time.Minute).Total.Count())
	require.EqualValues(t, 1, r.Snapshot(time.Minute).Execution.Count())
	require.EqualValues(t, 0, r.Snapshot(70*time.Second).Total.Count())
}

func TestConfig_Windows(t *testing.T) {
	c := metrics.Config{Window: 4, Buckets: 2, LatencyWindow: 6, LatencyBuckets: 3}
	require.NoError(t, c.Validate())
	r := metrics.NewRecorder(c)
	r.Count(1, metrics.Success, 1)
	r.Started(1)
	r.Latency(1, 0, 0)
	r.Latency(1, 0, time.Second)
	require.EqualValues(t, 1, r.Snapshot(3).Rolling[metrics.Success])
	require.EqualValues(t, 1, r.Snapshot(3).MaxConcurrency)
	require.EqualValues(t, 0, r.Snapshot(4).Rolling[metrics.Success])
	require.EqualValues(t, 0, r.Snapshot(4).MaxConcurrency)
	require.EqualValues(t, 2, r.Snapshot(5).Execution.Count())
	require.EqualValues(t, 2, r.Snapshot(5).Total.Count())
	require.EqualValues(t, 0, r.Snapshot(6).Execution.Count())
	require.EqualValues(t, 0, r.Snapshot(6).Total.Count())
}
