package rolling

import (
	"math"
	"time"
)

// Distribution is what histograms held at one time: a value that never changes.
// The zero value is empty. What it tells of durations is as exact as [Histogram]
// says.
type Distribution struct {
	count  int64    // the sum of counts
	counts []uint64 // per cell, not written once the value is out; nil when count is 0
}

// Count returns how many durations there are.
func (d Distribution) Count() int64 { return d.count }

// Mean returns the arithmetic mean, or 0 when there are no durations.
func (d Distribution) Mean() time.Duration {
	if d.count == 0 {
		return 0
	}
	var sum float64 // in an int64 a full window of long durations would overflow
	for cell, n := range d.counts {
		sum += float64(n) * float64(middleOf(cell))
	}
	return time.Duration(sum / float64(d.count))
}

// Percentile returns the smallest duration that at least p percent of all are no
// longer than: p is 0 for the shortest, 50 for the median, 100 for the longest.
// A p outside of 0 to 100 counts as the nearer of the two, NaN as 0. With no
// durations it returns 0.
func (d Distribution) Percentile(p float64) time.Duration {
	if d.count == 0 {
		return 0
	}
	rank, cell := d.rank(p), 0
	for ; d.counts[cell] < rank; cell++ {
		rank -= d.counts[cell]
	}
	return middleOf(cell)
}

// rank returns the place, from 1 to count, of percentile p in sorted order.
func (d Distribution) rank(p float64) uint64 {
	if !(p > 0) { // NaN too
		return 1
	}
	// Just below p: 99.9 percent of 1,000 is a hair above 999 in floating point,
	// and would be rounded up to the next rank.
	p = math.Nextafter(min(p, 100), 0)
	return uint64(max(math.Ceil(p*float64(d.count)/100), 1))
}

// Merge returns the distribution of the durations of both.
func (d Distribution) Merge(other Distribution) Distribution {
	switch {
	case other.count == 0:
		return d
	case d.count == 0:
		return other
	}
	counts := make([]uint64, cells)
	for cell := range counts {
		counts[cell] = d.counts[cell] + other.counts[cell]
	}
	return Distribution{count: d.count + other.count, counts: counts}
}

// newDistribution takes counts over.
func newDistribution(counts []uint64) Distribution {
	var count int64
	for _, n := range counts {
		count += int64(n)
	}
	if count == 0 {
		return Distribution{}
	}
	return Distribution{count: count, counts: counts}
}
