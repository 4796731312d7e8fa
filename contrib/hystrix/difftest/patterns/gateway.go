package patterns

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/quillgo/quill/contrib/hystrix"
	metricCollector "github.com/quillgo/quill/contrib/hystrix/metric_collector"
)

// BreakerPlugin is a part of an API gateway's configuration, as janus has it: the
// circuit's numbers are embedded, so their names in JSON matter.
type BreakerPlugin struct {
	hystrix.CommandConfig
	Name      string `json:"name"`
	Predicate string `json:"predicate"`
}

// Setup reads the configuration and returns middleware.
func Setup(raw []byte) (func(http.Handler) http.Handler, error) {
	var plugin BreakerPlugin
	if err := json.Unmarshal(raw, &plugin); err != nil {
		return nil, err
	}
	hystrix.ConfigureCommand(plugin.Name, hystrix.CommandConfig{
		Timeout: plugin.Timeout, MaxConcurrentRequests: plugin.MaxConcurrentRequests,
		ErrorPercentThreshold: plugin.ErrorPercentThreshold, SleepWindow: plugin.SleepWindow,
		RequestVolumeThreshold: plugin.RequestVolumeThreshold,
	})
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			err := hystrix.Do(plugin.Name, func() error {
				status := &statusWriter{ResponseWriter: w, status: http.StatusOK}
				next.ServeHTTP(status, r)
				if status.status >= http.StatusInternalServerError {
					return fmt.Errorf("the backend said %d", status.status)
				}
				return nil
			}, func(cause error) error {
				if circuit, ok := cause.(hystrix.CircuitError); ok { //nolint:errorlint // as such plugins have it
					http.Error(w, circuit.Message, http.StatusServiceUnavailable)
				}
				return cause
			})
			if err != nil {
				w.Header().Set("X-Failed", "1")
			}
		})
	}, nil
}

type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// Dashboard serves the stream of figures.
func Dashboard() (handler http.Handler, stop func()) {
	h := hystrix.NewStreamHandler()
	h.Start()
	return h, h.Stop
}

// Sample is what a statistics service is sent, with every field by name.
type Sample map[string]float64

// SampleCollector sends each result on.
type SampleCollector struct {
	Send func(circuit string, s Sample, total, run time.Duration)
	name string
}

// NewSampleCollector is what the registry wants.
func NewSampleCollector(send func(string, Sample, time.Duration, time.Duration)) func(string) metricCollector.MetricCollector {
	return func(name string) metricCollector.MetricCollector { return &SampleCollector{Send: send, name: name} }
}

// Update sends.
func (c *SampleCollector) Update(r metricCollector.MetricResult) {
	c.Send(c.name, Sample{
		"attempts": r.Attempts, "errors": r.Errors, "successes": r.Successes, "failures": r.Failures, "rejects": r.Rejects,
		"short-circuits": r.ShortCircuits, "timeouts": r.Timeouts, "fallback-successes": r.FallbackSuccesses,
		"fallback-failures": r.FallbackFailures, "context-canceled": r.ContextCanceled,
		"context-deadline-exceeded": r.ContextDeadlineExceeded,
	}, r.TotalDuration, r.RunDuration)
}

// Reset does nothing.
func (c *SampleCollector) Reset() {}
