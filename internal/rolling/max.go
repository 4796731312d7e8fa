package rolling

import (
	"sync/atomic"
	"time"
)

// Max is the largest value that a gauge was observed to have in a sliding
// window. Make it with [NewMax], or embed it and call Init. All methods but
// Init may be called concurrently.
//
// Only observations count: a value that was last observed before the window is
// not part of it, though the gauge may still have it.
type Max struct {
	ring ring[*atomic.Int64]
}

// NewMax returns a maximum over a window cut into that many buckets. It panics
// unless the number is positive and the buckets divide the window.
func NewMax(window time.Duration, buckets int) *Max {
	m := new(Max)
	m.Init(window, buckets)
	return m
}

// Init is [NewMax] for a maximum that is part of a larger struct. It is called
// once, before anything else.
func (m *Max) Init(window time.Duration, buckets int) { m.ring.init(window, buckets) }

// Observe notes that the gauge had the value v at now.
func (m *Max) Observe(now time.Duration, v int64) {
	s, ok := m.ring.current(now)
	if !ok {
		s = m.ring.advance(now, resetMax)
	}
	for old := s.bucket.Load(); v > old; old = s.bucket.Load() {
		if s.bucket.CompareAndSwap(old, v) {
			return
		}
	}
}

// Rolling returns the largest value observed in the window that ends at now, or
// 0 when there was none above 0.
func (m *Max) Rolling(now time.Duration) int64 {
	m.ring.mu.Lock()
	defer m.ring.mu.Unlock()
	var highest int64
	m.ring.each(m.ring.oldest(now), func(bucket *atomic.Int64) {
		if bucket != nil {
			highest = max(highest, bucket.Load())
		}
	})
	return highest
}

func resetMax(bucket **atomic.Int64) {
	if *bucket == nil {
		*bucket = new(atomic.Int64)
		return
	}
	(*bucket).Store(0)
}
