package metrics

import (
	"fmt"
	"time"

	"github.com/quillgo/quill/internal/rolling"
)

// BatchEvent is something that happens to the requests of a collapser
// (HystrixEventType.Collapser).
type BatchEvent uint8

// The events of a collapser, in Hystrix's order.
const (
	BatchExecuted  BatchEvent = iota // a batch command was started
	AddedToBatch                     // a request was part of it
	BatchFromCache                   // a request was served from the request cache (RESPONSE_FROM_CACHE)

	// NumBatchEvents is how many events there are.
	NumBatchEvents = int(iota)
)

// String returns the event's name in Hystrix: "BATCH_EXECUTED".
func (e BatchEvent) String() string {
	names := [NumBatchEvents]string{
		BatchExecuted: "BATCH_EXECUTED", AddedToBatch: "ADDED_TO_BATCH", BatchFromCache: "RESPONSE_FROM_CACHE",
	}
	if int(e) < NumBatchEvents {
		return names[e]
	}
	return fmt.Sprintf("BatchEvent(%d)", uint8(e))
}

// BatchRecorder keeps the figures of one collapser: its events, and how large
// its batches are. All its methods may be called concurrently; an idle one has
// allocated nothing but itself (M3).
type BatchRecorder struct {
	counts rolling.Counters // by BatchEvent
	sizes  rolling.Latency  // of n requests as n microseconds
}

// NewBatchRecorder returns a recorder with these windows: Window and Buckets are
// of the counts, LatencyWindow and LatencyBuckets of the sizes. It panics with
// the error of [Config.Validate] if there is one.
func NewBatchRecorder(c Config) *BatchRecorder {
	if err := c.Validate(); err != nil {
		panic(err)
	}
	c = c.withDefaults()
	r := new(BatchRecorder)
	r.counts.Init(c.Window, c.Buckets, NumBatchEvents)
	r.sizes.Init(c.LatencyWindow, c.LatencyBuckets)
	return r
}

// Count notes that an event happened n times at now.
func (r *BatchRecorder) Count(now time.Duration, e BatchEvent, n uint32) {
	r.counts.Add(now, int(e), n)
}

// Size notes the size of a batch that was sent at now.
func (r *BatchRecorder) Size(now time.Duration, n int) {
	r.sizes.Record(now, time.Duration(n)*time.Microsecond)
}

// Snapshot returns the figures at now.
func (r *BatchRecorder) Snapshot(now time.Duration) BatchSnapshot {
	var s BatchSnapshot
	r.counts.Rolling(now, s.Rolling[:])
	r.counts.Cumulative(now, s.Cumulative[:])
	s.Sizes.distribution = r.sizes.Snapshot(now)
	return s
}

// BatchSnapshot are the figures of a [BatchRecorder] at one time, a value.
type BatchSnapshot struct {
	// Rolling counts each BatchEvent in the window, Cumulative since the
	// beginning. The index is the BatchEvent.
	Rolling, Cumulative [NumBatchEvents]int64
	// Sizes are the sizes of the batches in the window.
	Sizes SizeSnapshot
}

// SizeSnapshot is a distribution of sizes, an immutable value; the zero value is
// empty. Sizes up to 31 are exact, larger ones known to within 3.2 %.
type SizeSnapshot struct {
	distribution rolling.Distribution
}

// Count returns how many sizes there are.
func (s SizeSnapshot) Count() int64 { return s.distribution.Count() }

// Mean returns the arithmetic mean, or 0 when there are no sizes.
func (s SizeSnapshot) Mean() float64 {
	return float64(s.distribution.Mean()) / float64(time.Microsecond)
}

// Percentile returns the smallest size that at least p percent of all are no
// larger than. A p outside of 0 to 100 counts as the nearer of the two, NaN as 0.
// With no sizes it returns 0.
func (s SizeSnapshot) Percentile(p float64) int {
	return int(s.distribution.Percentile(p) / time.Microsecond)
}
