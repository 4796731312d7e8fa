//go:build !race

package rolling_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/quillgo/quill/internal/rolling"
)

func TestWritesDoNotAllocate(t *testing.T) { // W7
	c := rolling.NewCounters(10*time.Second, 10, 18)
	m := rolling.NewMax(10*time.Second, 10)
	l := rolling.NewLatency(time.Minute, 6)
	var now time.Duration
	write := func() {
		c.Add(now, 3, 1)
		m.Observe(now, int64(now))
		l.Record(now, now)
		now += 700 * time.Millisecond
	}
	for range 200 { // more than a lap of each
		write()
	}
	require.Zero(t, testing.AllocsPerRun(1000, write))
	require.Zero(t, testing.AllocsPerRun(10, func() { now += time.Hour; write() }), "after a gap")

	dst := make([]int64, 18)
	require.Zero(t, testing.AllocsPerRun(100, func() {
		c.Rolling(now, dst)
		c.Cumulative(now, dst)
		m.Rolling(now)
	}), "reading counters")
}

func TestIdleDoesNotAllocate(t *testing.T) { // W7
	var c rolling.Counters
	var m rolling.Max
	var l rolling.Latency
	c.Init(10*time.Second, 10, 18)
	m.Init(10*time.Second, 10)
	l.Init(time.Minute, 6)
	dst := make([]int64, 18)
	require.Zero(t, testing.AllocsPerRun(10, func() {
		c.Rolling(0, dst)
		c.Cumulative(0, dst)
		m.Rolling(0)
		l.Snapshot(0)
	}))
}
