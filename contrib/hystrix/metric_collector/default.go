package metricCollector

import (
	"sync"

	"github.com/quillgo/quill/contrib/hystrix/rolling"
)

// DefaultMetricCollector adds results up over a rolling window: counts over ten
// seconds, durations over sixty. Its methods may be called concurrently, and the zero
// value is ready.
//
// A circuit does not feed one, as its figures are quill's, so that nothing is
// spent on what nobody can read. It is there for collectors that pass their
// results on to one.
type DefaultMetricCollector struct {
	mu   sync.Mutex
	made *figures // guarded by mu; nil until the first use, replaced by Reset
}

// figures are what a collector has added up since a Reset.
type figures struct {
	numRequests, errors, successes, failures, rejects, shortCircuits, timeouts,
	fallbackSuccesses, fallbackFailures, contextCanceled, contextDeadlineExceeded *rolling.Number
	totalDuration, runDuration *rolling.Timing
}

func newDefault(string) MetricCollector { return new(DefaultMetricCollector) }

func newFigures() *figures {
	f := &figures{totalDuration: rolling.NewTiming(), runDuration: rolling.NewTiming()}
	for _, n := range []**rolling.Number{
		&f.numRequests, &f.errors, &f.successes, &f.failures, &f.rejects, &f.shortCircuits, &f.timeouts,
		&f.fallbackSuccesses, &f.fallbackFailures, &f.contextCanceled, &f.contextDeadlineExceeded,
	} {
		*n = rolling.NewNumber()
	}
	return f
}

func (d *DefaultMetricCollector) figures() *figures {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.made == nil {
		d.made = newFigures()
	}
	return d.made
}

// Update adds a result.
func (d *DefaultMetricCollector) Update(r MetricResult) {
	f := d.figures()
	f.numRequests.Increment(r.Attempts)
	f.errors.Increment(r.Errors)
	f.successes.Increment(r.Successes)
	f.failures.Increment(r.Failures)
	f.rejects.Increment(r.Rejects)
	f.shortCircuits.Increment(r.ShortCircuits)
	f.timeouts.Increment(r.Timeouts)
	f.fallbackSuccesses.Increment(r.FallbackSuccesses)
	f.fallbackFailures.Increment(r.FallbackFailures)
	f.contextCanceled.Increment(r.ContextCanceled)
	f.contextDeadlineExceeded.Increment(r.ContextDeadlineExceeded)
	f.totalDuration.Add(r.TotalDuration)
	f.runDuration.Add(r.RunDuration)
}

// Reset starts from nothing.
func (d *DefaultMetricCollector) Reset() {
	f := newFigures()
	d.mu.Lock()
	defer d.mu.Unlock()
	d.made = f
}

// NumRequests returns the executions. Like those of the other methods, the
// number or timing returned is the one in use until the next Reset.
func (d *DefaultMetricCollector) NumRequests() *rolling.Number { return d.figures().numRequests }

// Errors returns the failures, rejects, short circuits and timeouts.
func (d *DefaultMetricCollector) Errors() *rolling.Number { return d.figures().errors }

// Successes returns the executions whose run succeeded.
func (d *DefaultMetricCollector) Successes() *rolling.Number { return d.figures().successes }

// Failures returns the executions whose run failed.
func (d *DefaultMetricCollector) Failures() *rolling.Number { return d.figures().failures }

// Rejects returns the executions for which there was no place.
func (d *DefaultMetricCollector) Rejects() *rolling.Number { return d.figures().rejects }

// ShortCircuits returns the executions that found the circuit open.
func (d *DefaultMetricCollector) ShortCircuits() *rolling.Number { return d.figures().shortCircuits }

// Timeouts returns the executions that were late.
func (d *DefaultMetricCollector) Timeouts() *rolling.Number { return d.figures().timeouts }

// FallbackSuccesses returns the fallbacks that served.
func (d *DefaultMetricCollector) FallbackSuccesses() *rolling.Number {
	return d.figures().fallbackSuccesses
}

// FallbackFailures returns the fallbacks that failed.
func (d *DefaultMetricCollector) FallbackFailures() *rolling.Number {
	return d.figures().fallbackFailures
}

// ContextCanceled returns the executions whose caller cancelled.
func (d *DefaultMetricCollector) ContextCanceled() *rolling.Number {
	return d.figures().contextCanceled
}

// ContextDeadlineExceeded returns the executions whose caller's deadline passed.
func (d *DefaultMetricCollector) ContextDeadlineExceeded() *rolling.Number {
	return d.figures().contextDeadlineExceeded
}

// TotalDuration returns how long executions took.
func (d *DefaultMetricCollector) TotalDuration() *rolling.Timing { return d.figures().totalDuration }

// RunDuration returns how long run took.
func (d *DefaultMetricCollector) RunDuration() *rolling.Timing { return d.figures().runDuration }
