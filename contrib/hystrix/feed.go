package hystrix

import (
	"log/slog"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	metricCollector "github.com/quillgo/quill/contrib/hystrix/metric_collector"
)

// backlog is how many results wait for collectors one by one. What comes beyond
// is added up by kind, so that slow collectors cost neither a result nor memory
// without bound.
const backlog = 2000

// feed brings results to the collectors of one circuit: in order, one at a time,
// each result exactly once, on a goroutine that ends when nothing waits. Who
// reports never waits.
type feed struct {
	silent atomic.Bool // there are no collectors: nothing need be reported

	mu      sync.Mutex // guards what follows; never held across a call out
	pending []entry
	sums    map[kind]int // where in pending results of a kind are added up
	busy    bool         // a goroutine delivers, or collectors are being made

	// The rest belongs to who has set busy.
	collectors []metricCollector.MetricCollector
	batch      []entry
	at, next   int // the entry and the collector that come next
}

// entry is something that collectors are told.
type entry struct {
	reset  bool
	result metricCollector.MetricResult
}

// kind tells apart the results that must not be added up.
type kind struct{ success, failure, reject, short, timeout, canceled, exceeded, fallback, unserved bool }

func kindOf(r metricCollector.MetricResult) kind {
	return kind{r.Successes > 0, r.Failures > 0, r.Rejects > 0, r.ShortCircuits > 0, r.Timeouts > 0,
		r.ContextCanceled > 0, r.ContextDeadlineExceeded > 0, r.FallbackSuccesses > 0, r.FallbackFailures > 0}
}

// wanted reports whether there may be collectors.
func (f *feed) wanted() bool { return !f.silent.Load() }

// open makes the collectors of the circuit, which until then is busy: what they
// miss waits for them. Their functions may use the circuit.
func (f *feed) open(name string) {
	defer func() { // also if a function panics or ends the goroutine
		if f.take() {
			go f.deliver(false) // ends when nothing waits
		}
	}()
	defer func() {
		if r := recover(); r != nil {
			slog.Default().Error("hystrix: making a metric collector panicked", "circuit", name, "panic", r, "stack", string(debug.Stack()))
		}
	}()
	made := metricCollector.Registry.InitializeMetricCollectors(name)
	for i, c := range made {
		if _, own := c.(*metricCollector.DefaultMetricCollector); c == nil || own && i == 0 {
			continue // the circuit's figures are quill's: nobody could read these
		}
		f.collectors = append(f.collectors, c)
	}
	for _, c := range f.collectors {
		f.guarded(c.Reset)
	}
}

// update reports a result.
func (f *feed) update(r metricCollector.MetricResult) {
	if !f.wanted() {
		return
	}
	f.mu.Lock()
	f.add(r)
	idle := !f.busy
	f.busy = true
	f.mu.Unlock()
	if idle {
		go f.deliver(false) // ends when nothing waits
	}
}

// add puts a result into the backlog. mu is held.
func (f *feed) add(r metricCollector.MetricResult) {
	if len(f.pending) < backlog {
		f.pending = append(f.pending, entry{result: r})
		return
	}
	k := kindOf(r)
	if i, ok := f.sums[k]; ok {
		addTo(&f.pending[i].result, r)
		return
	}
	if f.sums == nil {
		f.sums = map[kind]int{}
	}
	f.sums[k] = len(f.pending)
	f.pending = append(f.pending, entry{result: r})
}

// addTo adds a result to a sum: counts add up, durations are means.
func addTo(sum *metricCollector.MetricResult, r metricCollector.MetricResult) {
	n := sum.Attempts
	sum.TotalDuration += time.Duration(float64(r.TotalDuration-sum.TotalDuration) / (n + 1))
	sum.RunDuration += time.Duration(float64(r.RunDuration-sum.RunDuration) / (n + 1))
	sum.ConcurrencyInUse = max(sum.ConcurrencyInUse, r.ConcurrencyInUse)
	sum.Attempts += r.Attempts
	sum.Errors += r.Errors
	sum.Successes += r.Successes
	sum.Failures += r.Failures
	sum.Rejects += r.Rejects
	sum.ShortCircuits += r.ShortCircuits
	sum.Timeouts += r.Timeouts
	sum.FallbackSuccesses += r.FallbackSuccesses
	sum.FallbackFailures += r.FallbackFailures
	sum.ContextCanceled += r.ContextCanceled
	sum.ContextDeadlineExceeded += r.ContextDeadlineExceeded
}

// reset has the collectors forget, after what was reported before: on this
// goroutine if nobody else is delivering and here says that it may.
func (f *feed) reset(here bool) {
	if !f.wanted() {
		return
	}
	f.mu.Lock()
	f.pending = append(f.pending, entry{reset: true})
	f.sums = nil // what comes later must not be added to what came before
	idle := !f.busy
	f.busy = true
	f.mu.Unlock()
	switch {
	case !idle:
	case here:
		f.deliver(true)
	default:
		go f.deliver(false) // ends when nothing waits
	}
}

// deliver tells the collectors what waits. Who calls it has set busy. With once
// it hands over to a goroutine what comes meanwhile.
func (f *feed) deliver(once bool) {
	finished := false
	defer func() {
		if !finished {
			go f.deliver(false) // a collector ended the goroutine: the others still want to know
		}
	}()
	for f.take() {
		for ; f.at < len(f.batch); f.at, f.next = f.at+1, 0 {
			for f.next < len(f.collectors) {
				e, c := &f.batch[f.at], f.collectors[f.next]
				f.next++ // first: c may not return
				if e.reset {
					f.guarded(c.Reset)
				} else {
					f.guarded(func() { c.Update(e.result) })
				}
			}
		}
		if once {
			return // to a goroutine of its own
		}
	}
	finished = true
}

// take makes what waits the batch, when the last one is done, and reports false
// if there is nothing: then nobody is busy any more.
func (f *feed) take() bool {
	if f.at < len(f.batch) {
		return true
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.batch, f.pending = f.pending, f.batch[:0]
	f.at, f.next, f.sums = 0, 0, nil
	if len(f.collectors) == 0 {
		f.silent.Store(true)
	}
	if len(f.batch) > 0 {
		return true
	}
	if cap(f.batch) > 64 || cap(f.pending) > 64 {
		f.batch, f.pending = nil, nil // a burst is over
	}
	f.busy = false
	return false
}

// guarded calls a collector; a panic is logged.
func (f *feed) guarded(call func()) {
	defer func() {
		if r := recover(); r != nil {
			slog.Default().Error("hystrix: a metric collector panicked", "panic", r, "stack", string(debug.Stack()))
		}
	}()
	call()
}
