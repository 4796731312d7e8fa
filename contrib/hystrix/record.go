package hystrix

import (
	"sync/atomic"
	"time"

	metricCollector "github.com/quillgo/quill/contrib/hystrix/metric_collector"
)

// event is what became of run.
type event uint8

const (
	attempt event = iota // nothing that has a count of its own
	success
	failure
	rejected
	shortCircuit
	timeout
	contextCanceled
	contextDeadlineExceeded
)

// events are the names by which ReportEvent knows them.
var events = map[string]event{
	"success": success, "failure": failure, "rejected": rejected, "short-circuit": shortCircuit, "timeout": timeout,
	"context_canceled": contextCanceled, "context_deadline_exceeded": contextDeadlineExceeded,
}

// after is what became of the fallback.
type after uint8

const (
	noFallback after = iota
	fallbackSuccess
	fallbackFailure
)

// record is what collectors are told of a call. A nil record notes nothing. It
// belongs to the goroutine that ends the call, but for ran.
type record struct {
	start time.Time
	what  event
	then  after
	ran   runTime
}

// runTime is how long run took, in nanoseconds since the record's start and plus
// one, so that 0 says that it has not come to that. A run that was left behind goes
// on writing while the call ends.
type runTime struct{ began, ended atomic.Int64 }

func newRecord() *record { return &record{start: time.Now()} }

func (r *record) begins() {
	if r != nil {
		r.ran.began.Store(int64(time.Since(r.start)) + 1)
	}
}

func (r *record) ends() {
	if r != nil {
		r.ran.ended.Store(int64(time.Since(r.start)) + 1)
	}
}

// falls notes why the fallback is called, which counts as failed until succeeds
// is called.
func (r *record) falls(what event) {
	if r != nil {
		r.what, r.then = what, fallbackFailure
	}
}

// succeeds notes that the call did: run, or else the fallback.
func (r *record) succeeds() {
	switch {
	case r == nil:
	case r.then == noFallback:
		r.what = success
	default:
		r.then = fallbackSuccess
	}
}

func (r *record) fails(what event) {
	if r != nil {
		r.what = what
	}
}

// duration returns how long run had taken when the call ended, after total.
func (r *record) duration(total time.Duration) time.Duration {
	began, ended := r.ran.began.Load(), r.ran.ended.Load()
	switch {
	case began == 0:
		return 0
	case ended == 0:
		return max(total-time.Duration(began-1), 0)
	}
	return time.Duration(ended - began)
}

// report tells the collectors of a call that has ended.
func (c *circuit) report(r *record) {
	if r == nil {
		return
	}
	total := time.Since(r.start)
	c.feed.update(result(r.what, r.then, total, r.duration(total), c.inUse()))
}

// result returns what collectors are told.
func result(what event, then after, total, run time.Duration, inUse float64) metricCollector.MetricResult {
	m := metricCollector.MetricResult{Attempts: 1, TotalDuration: total, RunDuration: run, ConcurrencyInUse: inUse}
	switch what {
	case success:
		m.Successes = 1
	case failure:
		m.Failures, m.Errors = 1, 1
	case rejected:
		m.Rejects, m.Errors = 1, 1
	case shortCircuit:
		m.ShortCircuits, m.Errors = 1, 1
	case timeout:
		m.Timeouts, m.Errors = 1, 1
	case contextCanceled:
		m.ContextCanceled = 1
	case contextDeadlineExceeded:
		m.ContextDeadlineExceeded = 1
	}
	switch then {
	case fallbackSuccess:
		m.FallbackSuccesses = 1
	case fallbackFailure:
		m.FallbackFailures = 1
	}
	return m
}
