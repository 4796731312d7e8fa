package rolling

import (
	"fmt"
	"sync/atomic"
	"time"
)

// MaxRatioBuckets is the largest number of buckets of a Ratio. It keeps a lap
// of the ring well below the 2^15 buckets that a tag can tell apart.
const MaxRatioBuckets = 4096

// Ratio counts successes and errors over a sliding window of equal buckets:
// the open bucket and the buckets-1 before it. Time is given by the caller, in
// nanoseconds since the caller's epoch; there is no clock, no goroutine and no
// lock, and every method may be called concurrently.
//
// Time that goes slightly backwards between goroutines is harmless: an older
// now counts in the open bucket, never in a closed one. (Before the first
// count, and after a gap, no bucket is open: the next count opens its own.) A count
// saturates at 2^24-1 per bucket and kind.
type Ratio struct {
	// nil until the first count, and again when a whole window has passed
	// without one. A ring is never reused after that: memory of its own is what
	// guarantees that a gap of any length leaves no stale counts.
	ring    atomic.Pointer[ratioRing]
	width   time.Duration
	buckets int64
}

// ratioRing is one unbroken run of buckets, numbered from 0. The open bucket
// only ever moves on by one, and each move re-tags the slot it enters, so a
// slot is never more than one lap old and a tag of 15 bits is exact.
type ratioRing struct {
	start time.Duration // when bucket 0 began; a multiple of width
	width time.Duration
	span  int64 // buckets in a window, less than len(slots)

	open atomic.Int64 // number of the open bucket, or retired

	// The sums of the closed buckets of one window. They belong to the open
	// bucket number stamp-1; 0 is none yet, stampBusy is being written. A stamp
	// only grows and is never written twice, so a reader that finds the same
	// stamp before and after has read a matching pair.
	stamp     atomic.Int64
	successes atomic.Uint64
	errors    atomic.Uint64

	// A power of two of words: 15 bits of bucket number, 1 bit closed, 24 bits
	// errors, 24 bits successes. A word changes by compare-and-swap alone, and a
	// closed one only by being reused for the bucket one lap later.
	slots []atomic.Uint64
}

const (
	retired   = -1
	stampBusy = 1<<63 - 1

	ratioBits   = 24
	ratioMax    = 1<<ratioBits - 1
	ratioCounts = 1<<(2*ratioBits) - 1
	oneSuccess  = 1
	oneError    = 1 << ratioBits
	closedBit   = 1 << (2 * ratioBits)
	numberShift = 2*ratioBits + 1
)

// NewRatio returns an empty Ratio over a window of that many buckets. It makes
// no more than the Ratio itself: the ring comes with the first count. It
// panics when the buckets do not divide the window or are not 1 to
// [MaxRatioBuckets]; a caller checks what comes from outside.
func NewRatio(window time.Duration, buckets int) *Ratio {
	if buckets < 1 || buckets > MaxRatioBuckets || window <= 0 || window%time.Duration(buckets) != 0 {
		panic(fmt.Sprintf("rolling: a window of %v cannot have %d buckets", window, buckets))
	}
	return &Ratio{width: window / time.Duration(buckets), buckets: int64(buckets)}
}

// Success counts one success at now.
func (r *Ratio) Success(now time.Duration) { r.add(now, oneSuccess, ratioMax) }

// Failure counts one error at now.
func (r *Ratio) Failure(now time.Duration) { r.add(now, oneError, ratioMax<<ratioBits) }

// Sum returns the counts of the window that ends at now, as a pair that was
// true at one moment of the call. Where another caller has already shown a
// later time, it is the window of that time.
func (r *Ratio) Sum(now time.Duration) (successes, errors uint64) {
	for {
		g := r.ring.Load()
		if g == nil {
			return 0, 0
		}
		n := g.open.Load()
		if n == retired || g.since(n, now) >= g.width {
			r.advance(g, n, now)
			continue
		}
		if s, e, ok := g.sum(n); ok {
			return s, e
		}
	}
}

// Latest returns what Sum would for the newest bucket that anyone has counted
// or summed in. As buckets only ever leave, its errors are never fewer than
// those of a Sum at any later time without a Failure in between.
func (r *Ratio) Latest() (successes, errors uint64) {
	for {
		g := r.ring.Load()
		if g == nil {
			return 0, 0
		}
		n := g.open.Load()
		if n == retired {
			r.ring.CompareAndSwap(g, nil)
			continue
		}
		if s, e, ok := g.sum(n); ok {
			return s, e
		}
	}
}

func (r *Ratio) add(now time.Duration, one, field uint64) {
	for {
		g := r.ring.Load()
		if g == nil {
			r.ring.CompareAndSwap(nil, newRatioRing(r.width, r.buckets, now))
			continue
		}
		n := g.open.Load()
		if n == retired || g.since(n, now) >= g.width {
			r.advance(g, n, now)
			continue
		}
		slot := g.slot(n)
		w := slot.Load()
		if w>>(2*ratioBits) != openTag(n) {
			// Somebody has seen a later time and is about to move on: help, so
			// that nobody ever waits for a goroutine that is not running.
			g.step(n)
			continue
		}
		if w&field == field || slot.CompareAndSwap(w, w+one) {
			return
		}
	}
}

// advance moves the ring one bucket towards now, or retires it when nothing of
// it can be inside the window of now any more.
func (r *Ratio) advance(g *ratioRing, n int64, now time.Duration) {
	if n != retired && int64(g.since(n, now)/g.width) < g.span {
		g.step(n)
		return
	}
	if n != retired {
		// Closed before retired: a writer that still holds this ring finds no
		// open bucket in it and comes back for the next ring.
		g.close(n)
		if !g.open.CompareAndSwap(n, retired) {
			return
		}
	}
	r.ring.CompareAndSwap(g, nil)
}

func newRatioRing(width time.Duration, buckets int64, now time.Duration) *ratioRing {
	size := int64(1)
	for size <= buckets {
		size *= 2
	}
	g := &ratioRing{start: now - now%width, width: width, span: buckets, slots: make([]atomic.Uint64, size)}
	g.slots[0].Store(openTag(0) << (2 * ratioBits))
	for i := int64(1); i < size; i++ {
		g.slots[i].Store(closedWord(i - size))
	}
	return g
}

func (g *ratioRing) slot(n int64) *atomic.Uint64 { return &g.slots[int(n)&(len(g.slots)-1)] }

// since returns how long before now bucket n began.
func (g *ratioRing) since(n int64, now time.Duration) time.Duration {
	return now - g.start - time.Duration(n)*g.width
}

// step closes bucket n and opens the next one. Any number of goroutines may do
// it at once, and a slow one does nothing: each change is a compare-and-swap
// from the exact state before it.
func (g *ratioRing) step(n int64) {
	g.close(n)
	next := g.slot(n + 1)
	if w := next.Load(); w&^ratioCounts == closedWord(n+1-int64(len(g.slots))) {
		next.CompareAndSwap(w, openTag(n+1)<<(2*ratioBits))
	}
	g.open.CompareAndSwap(n, n+1)
}

// close makes the counts of bucket n final.
func (g *ratioRing) close(n int64) {
	slot := g.slot(n)
	for {
		w := slot.Load()
		if w>>(2*ratioBits) != openTag(n) || slot.CompareAndSwap(w, w|closedBit) {
			return
		}
	}
}

// sum returns the counts of the window whose open bucket is n. It is not ok
// when the ring has moved on so far that they are gone.
func (g *ratioRing) sum(n int64) (successes, errors uint64, ok bool) {
	successes, errors, ok = g.closed(n)
	w := g.slot(n).Load()
	if !ok || w>>numberShift != openTag(n)>>1 {
		return 0, 0, false
	}
	return successes + w&ratioMax, errors + w>>ratioBits&ratioMax, true
}

// closed returns the counts of the buckets before n in its window: remembered
// ones, else summed up and remembered for the others.
func (g *ratioRing) closed(n int64) (successes, errors uint64, ok bool) {
	stamp := g.stamp.Load()
	if stamp == n+1 {
		if s, e, ok := g.remembered(stamp); ok {
			return s, e, true
		}
	}
	for i := max(0, n-g.span+1); i < n; i++ {
		w := g.slot(i).Load()
		if w&^ratioCounts != closedWord(i) {
			return 0, 0, false
		}
		successes += w & ratioMax
		errors += w >> ratioBits & ratioMax
	}
	g.remember(stamp, n+1, successes, errors)
	return successes, errors, true
}

// remembered returns the sums that belong to stamp, which the caller has just
// read, unless it has changed since.
func (g *ratioRing) remembered(stamp int64) (successes, errors uint64, ok bool) {
	successes, errors = g.successes.Load(), g.errors.Load()
	return successes, errors, g.stamp.Load() == stamp
}

// remember replaces the sums of stamp old by newer ones, unless somebody else
// has or is about to.
func (g *ratioRing) remember(old, stamp int64, successes, errors uint64) {
	if old < stamp && g.stamp.CompareAndSwap(old, stampBusy) {
		g.successes.Store(successes)
		g.errors.Store(errors)
		g.stamp.Store(stamp)
	}
}

func openTag(n int64) uint64 { return uint64(n) << 1 & 0xffff }

// closedWord is the word of a closed bucket n without counts.
func closedWord(n int64) uint64 { return openTag(n)<<(2*ratioBits) | closedBit }
