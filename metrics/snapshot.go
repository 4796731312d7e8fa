package metrics

import (
	"time"

	"github.com/quillgo/quill/internal/rolling"
)

// Counts counts each Event. The index is the Event: c[Timeout].
type Counts [NumEvents]int64

// Snapshot are the figures of a [Recorder] at one time. It is a value: it does
// not change, and may be copied and kept.
type Snapshot struct {
	// Rolling counts each Event in the window, Cumulative since the beginning.
	Rolling, Cumulative Counts
	// Concurrency is how many executions were in progress, MaxConcurrency the
	// highest number that a start in the window made (M5).
	Concurrency, MaxConcurrency int64
	// Execution is how long executions took from their admission to their last
	// event, Total how long from the call to the end, both over the latency
	// window, as they were recorded: package command records the whole execution
	// for both.
	Execution, Total LatencySnapshot
}

// Requests is [Counts.Requests] of the window.
func (s Snapshot) Requests() int64 { return s.Rolling.Requests() }

// Errors is [Counts.Errors] of the window.
func (s Snapshot) Errors() int64 { return s.Rolling.Errors() }

// ErrorPercentage is [Counts.ErrorPercentage] of the window.
func (s Snapshot) ErrorPercentage() int { return s.Rolling.ErrorPercentage() }

// Requests returns how many executions count for health: those that ended in
// success or in one of the [Counts.Errors].
func (c Counts) Requests() int64 { return c[Success] + c.Errors() }

// Errors returns how many executions failed, were late, or were rejected by a
// pool or a semaphore.
func (c Counts) Errors() int64 {
	return c[Failure] + c[Timeout] + c[ThreadPoolRejected] + c[SemaphoreRejected]
}

// ErrorPercentage returns the share of Errors in Requests, 0 to 100, rounded
// down; 0 when there are no requests.
func (c Counts) ErrorPercentage() int {
	requests := c.Requests()
	if requests == 0 {
		return 0
	}
	return int(c.Errors() * 100 / requests)
}

// LatencySnapshot is a distribution of latencies, an immutable value; the zero
// value is empty. A duration in it is known to within a thirty-second (3.2 %)
// of itself or 1 µs, whichever is more. One above 67 s counts as 67 s.
type LatencySnapshot struct {
	distribution rolling.Distribution
}

// Count returns how many latencies there are.
func (l LatencySnapshot) Count() int64 { return l.distribution.Count() }

// Mean returns the arithmetic mean, or 0 when there are no latencies.
func (l LatencySnapshot) Mean() time.Duration { return l.distribution.Mean() }

// Percentile returns the smallest latency that at least p percent of all are no
// longer than: p is 0 for the shortest, 50 for the median, 100 for the longest.
// A p outside of 0 to 100 counts as the nearer of the two, NaN as 0. With no
// latencies it returns 0.
func (l LatencySnapshot) Percentile(p float64) time.Duration { return l.distribution.Percentile(p) }

// Merge returns the distribution of the latencies of both, of several commands
// or several registries for example.
func (l LatencySnapshot) Merge(other LatencySnapshot) LatencySnapshot {
	return LatencySnapshot{l.distribution.Merge(other.distribution)}
}
