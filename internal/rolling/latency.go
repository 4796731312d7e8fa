package rolling

import "time"

// Latency is the distribution of durations over a sliding window: a [Histogram]
// per bucket. Make it with [NewLatency], or embed it and call Init. All methods
// but Init may be called concurrently.
type Latency struct {
	ring ring[*Histogram]
}

// NewLatency returns a distribution over a window cut into that many buckets.
// It panics unless the number is positive and the buckets divide the window.
func NewLatency(window time.Duration, buckets int) *Latency {
	l := new(Latency)
	l.Init(window, buckets)
	return l
}

// Init is [NewLatency] for a distribution that is part of a larger struct. It is
// called once, before anything else.
func (l *Latency) Init(window time.Duration, buckets int) { l.ring.init(window, buckets) }

// Record counts one duration at now.
func (l *Latency) Record(now, d time.Duration) {
	s, ok := l.ring.current(now)
	if !ok {
		s = l.ring.advance(now, resetHistogram)
	}
	s.bucket.Record(d)
}

// Snapshot returns the distribution over the window that ends at now.
func (l *Latency) Snapshot(now time.Duration) Distribution {
	l.ring.mu.Lock()
	defer l.ring.mu.Unlock()
	var counts []uint64
	l.ring.each(l.ring.oldest(now), func(h *Histogram) {
		if h == nil {
			return
		}
		if counts == nil {
			counts = make([]uint64, cells)
		}
		h.addTo(counts)
	})
	return newDistribution(counts)
}

func resetHistogram(bucket **Histogram) {
	if *bucket == nil {
		*bucket = new(Histogram)
		return
	}
	(*bucket).reset()
}
