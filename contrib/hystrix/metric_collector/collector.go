// Package metricCollector is how programs get the figures of their circuits: one
// [MetricResult] for each execution, given to a [MetricCollector] that they
// registered. It has the API of hystrix-go's package of that name.
package metricCollector

import (
	"slices"
	"sync"
	"time"
)

// MetricCollector takes the results of one circuit. Its methods are called by one
// goroutine at a time, in the order in which executions ended, so it needs no lock
// for what only they touch. Calls do not wait for it; a panic of it is logged.
type MetricCollector interface {
	// Update takes the result of one execution, or, if the collector has fallen
	// thousands behind, of several of the same kind, added up.
	Update(MetricResult)
	// Reset forgets everything. It is called when the circuit is made, when it
	// closes after having been open, and by hystrix.Flush.
	Reset()
}

// MetricResult says how an execution ended: the counts are 1 where they apply and
// else 0, except as [MetricCollector] says.
type MetricResult struct {
	Attempts                float64 // 1
	Errors                  float64 // failures, rejects, short circuits and timeouts
	Successes               float64
	Failures                float64
	Rejects                 float64
	ShortCircuits           float64
	Timeouts                float64
	FallbackSuccesses       float64
	FallbackFailures        float64
	ContextCanceled         float64
	ContextDeadlineExceeded float64
	TotalDuration           time.Duration // from the call to its end, the fallback's time included
	RunDuration             time.Duration // how long run took or, if it was left behind, had taken; 0 if it did not start
	ConcurrencyInUse        float64       // share of the places that were taken when the execution ended, 0 to 1
}

// Registry has the functions that make the collectors of a circuit when it is
// first used. The one of [DefaultMetricCollector] is the first.
var Registry = metricCollectorRegistry{lock: new(sync.RWMutex), makers: []func(string) MetricCollector{newDefault}}

type metricCollectorRegistry struct {
	lock   *sync.RWMutex
	makers []func(name string) MetricCollector
}

// Register has f make a collector for every circuit that is first used from now
// on. f gets the circuit's name and is called once for each.
func (m *metricCollectorRegistry) Register(f func(string) MetricCollector) {
	m.lock.Lock()
	defer m.lock.Unlock()
	m.makers = append(m.makers, f)
}

// InitializeMetricCollectors calls all registered functions and returns what they
// made.
func (m *metricCollectorRegistry) InitializeMetricCollectors(name string) []MetricCollector {
	m.lock.RLock()
	makers := slices.Clone(m.makers)
	m.lock.RUnlock()
	made := make([]MetricCollector, len(makers))
	for i, f := range makers {
		made[i] = f(name)
	}
	return made
}
