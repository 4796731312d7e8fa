//go:build !race

package metrics_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/quillgo/quill/metrics"
)

func TestRecorder_WritesDoNotAllocate(t *testing.T) { // M3
	r := metrics.NewRecorder(metrics.Config{})
	var now time.Duration
	write := func() {
		r.Started(now)
		r.Count(now, metrics.Success, 1)
		r.Latency(now, time.Millisecond, time.Millisecond)
		r.Latency(now, time.Millisecond, time.Second)
		r.Ended()
		now += 700 * time.Millisecond
	}
	for range 200 { // more than a lap of each window
		write()
	}
	require.Zero(t, testing.AllocsPerRun(1000, write))
}

func TestRecorder_IdleAllocatesNothing(t *testing.T) { // M3
	var r *metrics.Recorder
	require.EqualValues(t, 1, testing.AllocsPerRun(10, func() {
		r = metrics.NewRecorder(metrics.Config{})
		r.Snapshot(time.Hour)
		r.Concurrency()
	}), "the recorder itself")
}

func TestEvent_NamesDoNotAllocate(t *testing.T) {
	s := metrics.Events(0).With(metrics.Success, metrics.ResponseFromCache)
	n := 0
	require.Zero(t, testing.AllocsPerRun(10, func() {
		for e := range s.All() {
			n += len(e.String())
		}
	}))
	require.NotZero(t, n)
}
