package rolling

import (
	"math"
	"math/bits"
	"sync/atomic"
	"time"
)

// The scale of durations, in microseconds: one cell for each value below 32,
// then 16 cells for each power of two up to 2^26. A cell is never wider than a
// sixteenth of its lower bound, and is stood for by its middle.
const (
	cellBits = 4                                    // 2^4 cells per power of two
	topBits  = 26                                   // values need at most as many bits
	cells    = (topBits - cellBits + 1) << cellBits // 368

	// MaxLatency is the longest duration that is told from longer ones, about
	// 67 s: a longer one counts as this one.
	MaxLatency = 1<<topBits*time.Microsecond - 1
)

// Histogram counts durations in log-linear cells, 1.5 KB in all. The zero value
// is empty and ready. A histogram must not be copied; all methods may be called
// concurrently.
//
// A duration is known to within a thirty-second (3.2 %) of itself or 1 µs,
// whichever is more. One below 0 counts as 0, one above [MaxLatency] as that. A
// cell stops counting at 2^32-1.
type Histogram struct {
	counts [cells]atomic.Uint32
}

// Record counts one duration.
func (h *Histogram) Record(d time.Duration) {
	count := &h.counts[cellOf(d)]
	if count.Add(1) == 0 {
		// Full stays full: a wrap would turn the fullest cell into an empty one.
		count.Store(math.MaxUint32)
	}
}

// SameCell reports whether a and b are so close that no histogram tells them
// apart.
func SameCell(a, b time.Duration) bool { return a == b || cellOf(a) == cellOf(b) }

// addTo adds the counts to those of a distribution.
func (h *Histogram) addTo(counts []uint64) {
	for cell := range h.counts {
		counts[cell] += uint64(h.counts[cell].Load())
	}
}

func (h *Histogram) reset() {
	for cell := range h.counts {
		h.counts[cell].Store(0)
	}
}

// cellOf finds a duration's cell: the five highest bits of its microseconds
// choose among the cells of their power of two. Values of five bits and fewer
// are their own cell.
func cellOf(d time.Duration) int {
	us := uint64(min(max(d, 0), MaxLatency) / time.Microsecond)
	shift := bits.Len64(us|1<<cellBits) - (cellBits + 1)
	return shift<<cellBits + int(us>>shift)
}

// middleOf returns the duration that stands for all those of a cell.
func middleOf(cell int) time.Duration {
	shift := max(cell>>cellBits-1, 0)
	low := (cell - shift<<cellBits) << shift
	return time.Duration(low+1<<shift>>1) * time.Microsecond
}
