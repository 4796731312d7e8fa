package rolling

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// These tests look inside because the moment they are about, between a writer's
// finding its bucket and writing to it, cannot be held open from outside.

func totals(c *Counters, now time.Duration) (inWindow, ever int64) {
	var dst [1]int64
	c.Rolling(now, dst[:])
	inWindow = dst[0]
	c.Cumulative(now, dst[:])
	return inWindow, dst[0]
}

func TestCounters_LateWriterIsNeitherLostNorDoubled(t *testing.T) { // W5
	lap := []time.Duration{0, 1, 2}
	for _, test := range []struct {
		name         string
		others       []time.Duration // the writes between the late writer's two halves
		wantInWindow int64
	}{
		{"bucket still open", lap[:1], 1 + 1},
		{"bucket closed, in the window", lap, 3 + 1},
		{"bucket out of the window, not yet reused", []time.Duration{0, 100}, 1},
		{"bucket reused", append(lap, 3), 3 + 1},
		{"bucket reused twice", append(lap, 3, 4, 5, 6), 3 + 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := NewCounters(3, 3, 1)
			c.Add(0, 0, 0)
			late, ok := c.ring.current(0)
			require.True(t, ok)
			var now time.Duration
			for _, now = range test.others {
				c.Add(now, 0, 1)
			}
			late.bucket[0].Add(1)
			want := int64(len(test.others)) + 1
			inWindow, ever := totals(c, now)
			require.Equal(t, test.wantInWindow, inWindow)
			require.Equal(t, want, ever)

			for end := now + 10; now < end; now++ {
				c.Add(now, 0, 0)
			}
			inWindow, ever = totals(c, now)
			require.Zero(t, inWindow)
			require.Equal(t, want, ever, "when all buckets have been reused")
		})
	}
}

func TestCounters_OpenBucketTakesNoLock(t *testing.T) { // W1
	c, m, l := NewCounters(3, 3, 1), NewMax(3, 3), NewLatency(3, 3)
	c.Add(5, 0, 1)
	m.Observe(5, 1)
	l.Record(5, 1)
	c.ring.mu.Lock()
	m.ring.mu.Lock()
	l.ring.mu.Lock()
	for now := range time.Duration(6) { // older times too (W2); a lock would never return
		c.Add(now, 0, 1)
		m.Observe(now, 2)
		l.Record(now, 1)
	}
	c.ring.mu.Unlock()
	m.ring.mu.Unlock()
	l.ring.mu.Unlock()
	_, ever := totals(c, 5)
	require.EqualValues(t, 7, ever)
	require.EqualValues(t, 2, m.Rolling(5))
	require.EqualValues(t, 7, l.Snapshot(5).Count())
}

// Two writers find that the bucket has ended; the one that gets the lock second
// must not open another bucket for the same time.
func TestCounters_TwoWritersOpenOneBucket(t *testing.T) {
	c := NewCounters(3, 3, 1)
	c.Add(0, 0, 1)
	first := c.ring.advance(1, c.recycle)
	require.Same(t, first, c.ring.advance(1, c.recycle))
	require.Same(t, first, c.ring.advance(0, c.recycle))
	require.NotSame(t, first, c.ring.advance(2, c.recycle))
}

func TestHistogram_CellsAreOrderedAndTheirOwnMiddle(t *testing.T) {
	for cell := range cells {
		require.Equal(t, cell, cellOf(middleOf(cell)))
		if cell > 0 {
			require.Greater(t, middleOf(cell), middleOf(cell-1))
		}
	}
	require.Equal(t, cells-1, cellOf(MaxLatency))
	require.Equal(t, cells-1, cellOf(math.MaxInt64))
	require.Equal(t, 0, cellOf(math.MinInt64))
}

func TestHistogram_FullCellStaysFull(t *testing.T) {
	l := NewLatency(1, 1)
	l.Record(0, time.Second)
	s, _ := l.ring.current(0)
	s.bucket.counts[cellOf(time.Second)].Store(math.MaxUint32)
	l.Record(0, time.Second)
	l.Record(0, time.Second)
	require.Equal(t, int64(math.MaxUint32), l.Snapshot(0).Count())
}
