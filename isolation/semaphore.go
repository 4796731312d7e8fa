package isolation

import (
	"fmt"
	"math"
	"sync/atomic"
)

// Limits of a semaphore that are not numbers. Zero is no limit: it means "not
// set" where limits are configured.
const (
	// Unlimited admits everybody, and goes on counting.
	Unlimited = -1
	// None admits nobody.
	None = -2
)

// Semaphore bounds how many permits are out at a time. It never waits: who
// finds it full is refused. It is Hystrix's execution or fallback semaphore.
//
// All methods may be called from any goroutine.
type Semaphore struct {
	name string
	full error // what a refusal is, made once (I4)
	// word is the limit in its upper half and the permits out in its lower.
	// They change together: were they apart, an acquire that read the limit
	// before it shrank could still take a permit under the old one (I1).
	word           atomic.Uint64
	rejected       atomic.Uint64
	abandoned      atomic.Int64 // permits out whose holder has left
	abandonedTotal atomic.Uint64
}

const (
	limitShift = 32
	inUseMask  = 1<<limitShift - 1
)

// SemaphoreStats are the figures of a semaphore. Each is exact; they are read
// one after the other.
type SemaphoreStats struct {
	Limit          int    // permits, or Unlimited or None
	InUse          int    // permits out
	Abandoned      int    // of those, permits whose holder left while user code runs
	AbandonedTotal uint64 // permits that were ever abandoned
	Rejected       uint64 // refusals
}

// NewSemaphore makes a semaphore of limit permits: 1 or more, [Unlimited] or
// [None]. The name is for errors, and may be empty.
func NewSemaphore(name string, limit int) (*Semaphore, error) {
	s := &Semaphore{name: name, full: refusalOf(ErrSemaphoreFull, name)}
	if err := s.SetLimit(limit); err != nil {
		return nil, err
	}
	return s, nil
}

// TryAcquire takes a permit, and reports whether there was one. It neither
// blocks nor allocates. Who got true calls Release once.
func (s *Semaphore) TryAcquire() bool {
	for {
		w := s.word.Load()
		if w&inUseMask >= w>>limitShift {
			s.rejected.Add(1)
			return false
		}
		if s.word.CompareAndSwap(w, w+1) {
			return true
		}
	}
}

// Release gives back a permit that TryAcquire took. It panics, and changes
// nothing, if no permit is out.
func (s *Semaphore) Release() {
	for {
		w := s.word.Load()
		if w&inUseMask == 0 {
			panic("isolation: Release of a semaphore of which no permit is out")
		}
		if s.word.CompareAndSwap(w, w-1) {
			return
		}
	}
}

// Acquire takes a permit that is counted by references, for user code that can
// outlive its caller. It does not block. A refusal is the error of [Semaphore.Refusal].
func (s *Semaphore) Acquire() (*Permit, error) {
	if !s.TryAcquire() {
		return nil, s.full
	}
	p := &Permit{owner: s}
	p.state.Store(born)
	return p, nil
}

// Refusal returns the error that says that this semaphore is full: it names the
// semaphore, matches [ErrSemaphoreFull], and is the same value each time.
func (s *Semaphore) Refusal() error { return s.full }

// SetLimit changes the limit: 1 or more, [Unlimited] or [None]. A smaller limit
// takes no permit away; it admits nobody until enough came back (I1).
func (s *Semaphore) SetLimit(limit int) error {
	upper := uint64(limit)
	switch {
	case limit == Unlimited:
		upper = math.MaxUint32
	case limit == None:
		upper = 0
	case limit < 1 || limit > math.MaxInt32:
		return fmt.Errorf("isolation: limit of semaphore %q is %d: want 1 to %d, Unlimited (%d) or None (%d)",
			s.name, limit, math.MaxInt32, Unlimited, None)
	}
	for {
		w := s.word.Load()
		if s.word.CompareAndSwap(w, upper<<limitShift|w&inUseMask) {
			return nil
		}
	}
}

// Name returns the name that the semaphore was made with.
func (s *Semaphore) Name() string { return s.name }

// Limit returns the limit as it was set last.
func (s *Semaphore) Limit() int { return limitOf(s.word.Load()) }

// InUse returns how many permits are out.
func (s *Semaphore) InUse() int { return int(s.word.Load() & inUseMask) }

// Stats returns the figures of the semaphore.
func (s *Semaphore) Stats() SemaphoreStats {
	w := s.word.Load()
	return SemaphoreStats{
		Limit:          limitOf(w),
		InUse:          int(w & inUseMask),
		Abandoned:      int(s.abandoned.Load()),
		AbandonedTotal: s.abandonedTotal.Load(),
		Rejected:       s.rejected.Load(),
	}
}

func limitOf(w uint64) int {
	switch upper := w >> limitShift; upper {
	case math.MaxUint32:
		return Unlimited
	case 0:
		return None
	default:
		return int(upper)
	}
}

func (s *Semaphore) abandon() {
	s.abandonedTotal.Add(1)
	s.abandoned.Add(1)
}

func (s *Semaphore) giveBack(abandoned bool) {
	if abandoned {
		s.abandoned.Add(-1)
	}
	s.Release()
}
