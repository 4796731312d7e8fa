package metricCollector_test

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	metricCollector "github.com/quillgo/quill/contrib/hystrix/metric_collector"
	"github.com/quillgo/quill/contrib/hystrix/rolling"
)

// TestDefaultMetricCollector: each field of a result is found under its name,
// until a Reset.
func TestDefaultMetricCollector(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var d metricCollector.DefaultMetricCollector
		numbers := func() []*rolling.Number {
			return []*rolling.Number{d.NumRequests(), d.Errors(), d.Successes(), d.Failures(), d.Rejects(), d.ShortCircuits(), d.Timeouts(),
				d.FallbackSuccesses(), d.FallbackFailures(), d.ContextCanceled(), d.ContextDeadlineExceeded()}
		}
		for range 2 {
			d.Update(metricCollector.MetricResult{Attempts: 1, Errors: 2, Successes: 3, Failures: 4, Rejects: 5, ShortCircuits: 6, Timeouts: 7,
				FallbackSuccesses: 8, FallbackFailures: 9, ContextCanceled: 10, ContextDeadlineExceeded: 11,
				TotalDuration: 12 * time.Second, RunDuration: 13 * time.Second})
		}
		for i, n := range numbers() {
			assert.Equal(t, 2*float64(i+1), n.Sum(time.Now()), "%d", i)
		}
		assert.EqualValues(t, 12_000, d.TotalDuration().Mean())
		assert.EqualValues(t, 13_000, d.RunDuration().Mean())
		d.Reset()
		for i, n := range numbers() {
			assert.Zero(t, n.Sum(time.Now()), "%d", i)
		}
		assert.Zero(t, d.TotalDuration().Mean())
		assert.Zero(t, d.RunDuration().Mean())
	})
}

// TestRegistry: the default comes first, then what was registered, in order; a
// function may itself use the registry.
func TestRegistry(t *testing.T) {
	registered := len(metricCollector.Registry.InitializeMetricCollectors("before"))
	require.Positive(t, registered)
	var names []string
	own := new(metricCollector.DefaultMetricCollector)
	var once sync.Once
	metricCollector.Registry.Register(func(name string) metricCollector.MetricCollector {
		names = append(names, name)
		once.Do(func() {
			metricCollector.Registry.Register(func(string) metricCollector.MetricCollector { return nil })
		})
		return own
	})
	made := metricCollector.Registry.InitializeMetricCollectors("circuit")
	require.Len(t, made, registered+1)
	assert.IsType(t, own, made[0])
	assert.NotSame(t, own, made[0])
	assert.Same(t, own, made[registered])
	assert.Len(t, metricCollector.Registry.InitializeMetricCollectors("other"), registered+2)
	assert.Equal(t, []string{"circuit", "other"}, names)
}
