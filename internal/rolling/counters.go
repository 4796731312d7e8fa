package rolling

import (
	"sync/atomic"
	"time"
)

// Counters counts events of several kinds, each known by its index, over a
// sliding window and since the beginning. Make them with [NewCounters], or embed
// them and call Init. All methods but Init may be called concurrently.
//
// Idle Counters are this struct and no more (W7). In use they hold buckets+1
// times kinds words.
type Counters struct {
	ring  ring[[]atomic.Uint64] // one count per kind
	kinds int

	// What buckets held when their slots were reused, per kind; guarded by
	// ring.mu. A count is either here or in a slot: it moves by Swap under the
	// mutex, so that neither a late writer nor a reader can make it lost or
	// doubled (W4, W5).
	past []uint64
}

// NewCounters returns counters of the given number of kinds, over a window cut
// into that many buckets. It panics unless both numbers are positive and the
// buckets divide the window.
func NewCounters(window time.Duration, buckets, kinds int) *Counters {
	c := new(Counters)
	c.Init(window, buckets, kinds)
	return c
}

// Init is [NewCounters] for counters that are part of a larger struct. It is
// called once, before anything else.
func (c *Counters) Init(window time.Duration, buckets, kinds int) {
	if kinds < 1 {
		panic("rolling: counters without kinds")
	}
	c.ring.init(window, buckets)
	c.kinds = kinds
}

// Add counts n events of a kind, 0 <= kind < kinds, at now.
func (c *Counters) Add(now time.Duration, kind int, n uint32) {
	s, ok := c.ring.current(now)
	if !ok {
		s = c.ring.advance(now, c.recycle)
	}
	s.bucket[kind].Add(uint64(n))
}

// Rolling writes the sum of each kind over the window that ends at now to the
// first kinds places of dst, which must have them.
func (c *Counters) Rolling(now time.Duration, dst []int64) {
	dst = dst[:c.kinds]
	clear(dst)
	c.ring.mu.Lock()
	defer c.ring.mu.Unlock()
	c.ring.each(c.ring.oldest(now), func(counts []atomic.Uint64) { addTo(dst, counts) })
}

// Cumulative writes the sum of each kind since the beginning to the first kinds
// places of dst, which must have them. It is the same for every now: all that
// was ever counted is in it. A Cumulative read after a Rolling is nowhere below
// it.
func (c *Counters) Cumulative(_ time.Duration, dst []int64) {
	dst = dst[:c.kinds]
	clear(dst)
	c.ring.mu.Lock()
	defer c.ring.mu.Unlock()
	for kind, n := range c.past {
		dst[kind] = int64(n)
	}
	c.ring.each(everything, func(counts []atomic.Uint64) { addTo(dst, counts) })
}

// recycle moves a bucket's counts to the past. It runs under ring.mu.
func (c *Counters) recycle(counts *[]atomic.Uint64) {
	if c.past == nil {
		c.past = make([]uint64, c.kinds)
	}
	if *counts == nil {
		*counts = make([]atomic.Uint64, c.kinds)
		return
	}
	for kind := range *counts {
		// A load and a store would lose what a late writer adds in between.
		c.past[kind] += (*counts)[kind].Swap(0)
	}
}

func addTo(dst []int64, counts []atomic.Uint64) {
	for kind := range counts {
		dst[kind] += int64(counts[kind].Load())
	}
}
