package metrics

import (
	"sync/atomic"
	"time"

	"github.com/quillgo/quill/internal/rolling"
)

// Recorder keeps the figures of all executions of one command name. All its
// methods may be called concurrently; none waits for user code (M2).
//
// Times may come slightly out of order, as those of several goroutines do: what
// is older than the open bucket counts in that bucket.
type Recorder struct {
	counts rolling.Counters // by Event

	// Latencies where execution and total are the same, as they are for nearly
	// all commands: one histogram serves both. The others are in apart, nil
	// until there is one (M4).
	latency rolling.Latency
	apart   atomic.Pointer[apart]

	latencyWindow  time.Duration // what apart is made with
	latencyBuckets int

	peak    rolling.Max  // of running, at each start
	running atomic.Int64 // Started less Ended
}

// apart holds the latencies of executions whose two durations differ. None of
// them is in Recorder.latency too, so Execution is that and execution, Total is
// that and total.
type apart struct {
	execution, total rolling.Latency
}

// NewRecorder returns a recorder with these windows. It panics with the error of
// [Config.Validate] if there is one.
func NewRecorder(c Config) *Recorder {
	if err := c.Validate(); err != nil {
		panic(err)
	}
	c = c.withDefaults()
	r := &Recorder{latencyWindow: c.LatencyWindow, latencyBuckets: c.LatencyBuckets}
	r.counts.Init(c.Window, c.Buckets, NumEvents)
	r.peak.Init(c.Window, c.Buckets)
	r.latency.Init(c.LatencyWindow, c.LatencyBuckets)
	return r
}

// Count notes that an event happened n times at now. An event is counted here
// and only here: none follows from another, ExceptionThrown neither. An e that
// is not one of the events panics.
func (r *Recorder) Count(now time.Duration, e Event, n uint32) { r.counts.Add(now, int(e), n) }

// Started notes that an execution began at now, and returns how many are in
// progress with it. Each Started needs one Ended.
func (r *Recorder) Started(now time.Duration) int64 {
	running := r.running.Add(1)
	r.peak.Observe(now, running)
	return running
}

// Ended notes that an execution that was Started has ended.
func (r *Recorder) Ended() { r.running.Add(-1) }

// Concurrency returns how many executions are in progress.
func (r *Recorder) Concurrency() int64 { return r.running.Load() }

// Latency notes how long an execution took that ended at now: execution from
// admission to its last event, total from the call to its end, as the caller
// saw it. A negative duration means that there is none, and leaves that
// distribution as it is.
//
// Durations that are the same or so near that a distribution cannot tell them
// apart (see [LatencySnapshot]) cost one write. The first pair that differs
// makes room for those that do; from then on such a pair costs two.
func (r *Recorder) Latency(now, execution, total time.Duration) {
	if execution >= 0 && total >= 0 && rolling.SameCell(execution, total) {
		r.latency.Record(now, execution)
		return
	}
	if execution >= 0 {
		r.differing().execution.Record(now, execution)
	}
	if total >= 0 {
		r.differing().total.Record(now, total)
	}
}

// differing returns r.apart, which it makes at the first call.
func (r *Recorder) differing() *apart {
	if a := r.apart.Load(); a != nil {
		return a
	}
	a := new(apart)
	a.execution.Init(r.latencyWindow, r.latencyBuckets)
	a.total.Init(r.latencyWindow, r.latencyBuckets)
	if r.apart.CompareAndSwap(nil, a) {
		return a
	}
	return r.apart.Load()
}

// Rolling returns how often each event happened in the window that ends at now.
func (r *Recorder) Rolling(now time.Duration) (c Counts) {
	r.counts.Rolling(now, c[:])
	return c
}

// Cumulative returns how often each event has happened since the beginning.
func (r *Recorder) Cumulative(now time.Duration) (c Counts) {
	r.counts.Cumulative(now, c[:])
	return c
}

// MaxConcurrency returns the highest concurrency that a start in the window that
// ends at now made (M5).
func (r *Recorder) MaxConcurrency(now time.Duration) int64 { return r.peak.Rolling(now) }

// Latencies returns how long executions took in the latency window that ends at
// now.
func (r *Recorder) Latencies(now time.Duration) (execution, total LatencySnapshot) {
	same := r.latency.Snapshot(now)
	execution.distribution, total.distribution = same, same
	if a := r.apart.Load(); a != nil {
		execution.distribution = same.Merge(a.execution.Snapshot(now))
		total.distribution = same.Merge(a.total.Snapshot(now))
	}
	return execution, total
}

// Snapshot returns the figures at now. They are read one after another while
// others go on writing, so they need not belong to one instant; but Cumulative
// is nowhere below Rolling. It costs some microseconds and, when there are
// latencies, an allocation or a few; the methods above read a part of it.
func (r *Recorder) Snapshot(now time.Duration) Snapshot {
	s := Snapshot{Rolling: r.Rolling(now), Cumulative: r.Cumulative(now)} // in this order
	s.Concurrency = r.Concurrency()
	s.MaxConcurrency = r.MaxConcurrency(now)
	s.Execution, s.Total = r.Latencies(now)
	return s
}
