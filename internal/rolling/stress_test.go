package rolling_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quillgo/quill/internal/rolling"
)

const (
	stressWriters = 4
	stressWrites  = 20_000
)

// stress runs write in several goroutines, on a clock that each call moves on
// by one, while read runs over and over in another.
func stress(write func(writer int, now time.Duration), read func(now time.Duration)) (end time.Duration) {
	var clock atomic.Int64
	var writers, reader sync.WaitGroup
	done := make(chan struct{})
	reader.Go(func() {
		for {
			read(time.Duration(clock.Load()))
			select {
			case <-done:
				return
			default:
			}
		}
	})
	for writer := range stressWriters {
		writers.Go(func() {
			for range stressWrites {
				write(writer, time.Duration(clock.Add(1)))
			}
		})
	}
	writers.Wait()
	close(done)
	reader.Wait()
	return time.Duration(clock.Load())
}

func TestCounters_StressLosesNothing(t *testing.T) { // W4, W5
	// The shorter a bucket, the more often one is reused under its writers.
	for _, test := range []struct {
		width   time.Duration
		buckets int
	}{{1, 1}, {1, 2}, {3, 1}, {50, 1}, {50, 2}, {1000, 10}, {1 << 40, 1}} {
		c := rolling.NewCounters(test.width*time.Duration(test.buckets), test.buckets, stressWriters)
		var before [stressWriters]int64
		end := stress(
			func(writer int, now time.Duration) { c.Add(now, writer, 2) },
			func(now time.Duration) {
				var inWindow, ever [stressWriters]int64
				c.Rolling(now, inWindow[:])
				c.Cumulative(now, ever[:])
				for writer := range stressWriters {
					assert.GreaterOrEqual(t, ever[writer], before[writer], "the past shrinks")
					assert.GreaterOrEqual(t, ever[writer], inWindow[writer], "less in all than in the window")
				}
				before = ever
			},
		)
		var ever [stressWriters]int64
		c.Cumulative(end, ever[:])
		for writer := range stressWriters {
			require.EqualValues(t, 2*stressWrites, ever[writer], "%+v", test)
		}
	}
}

// One writer reuses the only slot at every write, while the others, whose time
// stands still, never stop writing to it.
func TestCounters_StressReuseUnderWriters(t *testing.T) { // W5
	const reuses = 200_000
	c := rolling.NewCounters(1, 1, 1)
	var added atomic.Int64
	var writers sync.WaitGroup
	done := make(chan struct{})
	for range stressWriters - 1 {
		writers.Go(func() {
			var n int64
			for {
				select {
				case <-done:
					added.Add(n)
					return
				default:
				}
				for range 100 {
					c.Add(0, 0, 1)
				}
				n += 100
			}
		})
	}
	for now := range time.Duration(reuses) {
		c.Add(now, 0, 1)
	}
	close(done)
	writers.Wait()
	var ever [1]int64
	c.Cumulative(reuses, ever[:])
	require.Equal(t, added.Load()+reuses, ever[0])
}

func TestMax_StressKeepsHighest(t *testing.T) {
	for _, width := range []time.Duration{1, 50, 1 << 40} {
		m := rolling.NewMax(width*4, 4)
		stress(
			func(_ int, now time.Duration) {
				m.Observe(now, int64(now))
				if width == 1<<40 && m.Rolling(now) < int64(now) {
					assert.Fail(t, "overwritten by a lower one", "%d", now)
				}
			},
			func(now time.Duration) {
				assert.LessOrEqual(t, m.Rolling(now), int64(stressWriters*stressWrites))
			},
		)
	}
}

func TestLatency_StressCountsAll(t *testing.T) {
	for _, width := range []time.Duration{20, 500, 1 << 40} {
		l := rolling.NewLatency(width*2, 2)
		end := stress(
			func(_ int, now time.Duration) { l.Record(now, now) },
			func(now time.Duration) {
				s := l.Snapshot(now)
				assert.LessOrEqual(t, s.Percentile(0), s.Percentile(50))
				assert.LessOrEqual(t, s.Percentile(50), s.Percentile(100))
			},
		)
		if width == 1<<40 {
			require.EqualValues(t, stressWriters*stressWrites, l.Snapshot(end).Count())
		}
	}
}
