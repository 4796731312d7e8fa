package rolling

import (
	"fmt"
	"math"
	"sync"
	"sync/atomic"
	"time"
)

// everything, given to ring.each, is older than any bucket.
const everything = math.MinInt64

// ring is a window of n equal buckets of time, each with a B of its own. The
// zero value needs init. It takes no memory for buckets before the first
// advance.
type ring[B any] struct {
	// The newest bucket, nil before the first one. Writers load it, look whether
	// it still lasts, and write to it: no lock, no division (W1).
	open  atomic.Pointer[slot[B]]
	mu    sync.Mutex // held to advance and to read
	width time.Duration
	n     int
}

// slot is the place of one bucket after another, each at least n buckets after
// the one before it.
type slot[B any] struct {
	end    atomic.Int64 // the first instant after the bucket; only grows
	number int64        // the bucket's start divided by the width; guarded by mu
	next   *slot[B]     // fixed; of the open slot it is the one with the oldest bucket
	bucket B            // a handle, set before the slot is first open, then never changed
}

func (r *ring[B]) init(window time.Duration, buckets int) {
	if buckets < 1 || window <= 0 || window%time.Duration(buckets) != 0 {
		panic(fmt.Sprintf("rolling: window %v with %d buckets, want both positive and a window that its buckets divide", window, buckets))
	}
	r.width, r.n = window/time.Duration(buckets), buckets
}

// current returns the open slot, and whether now may be written there: a now
// before the bucket's start may (W2), one after its end needs advance first.
func (r *ring[B]) current(now time.Duration) (s *slot[B], ok bool) {
	s = r.open.Load()
	return s, s != nil && int64(now) < s.end.Load()
}

// advance opens the bucket that now is in and returns its slot; when that or a
// later bucket is open already it returns the open slot. The bucket is given to
// recycle first, the zero B when its slot was never used: recycle makes it, or
// puts away what the bucket before it left behind.
func (r *ring[B]) advance(now time.Duration, recycle func(*B)) *slot[B] {
	r.mu.Lock()
	defer r.mu.Unlock()
	number := r.numberOf(now)
	open := r.open.Load()
	switch {
	case open == nil:
		open = newSlots[B](r.n)
	case number <= open.number:
		return open
	}
	s := open.next
	recycle(&s.bucket)
	s.number = number
	s.end.Store((number + 1) * int64(r.width))
	r.open.Store(s)
	return s
}

// oldest returns the number of the first bucket of the window that ends at now
// or, when that is later, with the open bucket (W2). mu is held.
func (r *ring[B]) oldest(now time.Duration) int64 {
	newest := r.numberOf(now)
	if open := r.open.Load(); open != nil {
		newest = max(newest, open.number)
	}
	return newest - int64(r.n) + 1
}

// each visits the buckets whose number is at least from. Among them may be
// slots that were never used, with the zero B. mu is held.
func (r *ring[B]) each(from int64, visit func(B)) {
	open := r.open.Load()
	if open == nil {
		return
	}
	for s := open.next; ; s = s.next {
		if s.number >= from {
			visit(s.bucket)
		}
		if s == open {
			return
		}
	}
}

func (r *ring[B]) numberOf(now time.Duration) int64 { return int64(max(now, 0) / r.width) }

// newSlots makes a circle of n slots and returns one of them.
func newSlots[B any](n int) *slot[B] {
	slots := make([]slot[B], n)
	for i := range slots {
		slots[i].next = &slots[(i+1)%n]
	}
	return &slots[n-1]
}
