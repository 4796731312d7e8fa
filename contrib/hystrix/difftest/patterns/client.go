package patterns

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/quillgo/quill/contrib/hystrix"
	metricCollector "github.com/quillgo/quill/contrib/hystrix/metric_collector"
)

// Client is an HTTP client with a circuit, as heimdall is one: options, answers
// of 500 and more as failures, and a fallback that the user gives.
type Client struct {
	name string
	doer interface {
		Do(*http.Request) (*http.Response, error)
	}
	fallback func(ctx context.Context, err error) error
}

// ClientOption changes what a client is made with.
type ClientOption func(*hystrix.CommandConfig, *Client)

// WithTimeout bounds each request.
func WithTimeout(d time.Duration) ClientOption {
	return func(c *hystrix.CommandConfig, _ *Client) { c.Timeout = int(d / time.Millisecond) }
}

// WithLimits sets the other numbers.
func WithLimits(concurrent, volume, sleep, percent int) ClientOption {
	return func(c *hystrix.CommandConfig, _ *Client) {
		c.MaxConcurrentRequests, c.RequestVolumeThreshold, c.SleepWindow, c.ErrorPercentThreshold = concurrent, volume, sleep, percent
	}
}

// WithFallback has f called when a request failed.
func WithFallback(f func(context.Context, error) error) ClientOption {
	return func(_ *hystrix.CommandConfig, c *Client) { c.fallback = f }
}

// NewClient configures the circuit of that name.
func NewClient(name string, doer interface {
	Do(*http.Request) (*http.Response, error)
}, options ...ClientOption) *Client {
	var config hystrix.CommandConfig
	c := &Client{name: name, doer: doer}
	for _, o := range options {
		o(&config, c)
	}
	hystrix.ConfigureCommand(name, config)
	return c
}

var errServer = errors.New("the server failed")

// Do sends a request.
func (c *Client) Do(request *http.Request) (*http.Response, error) {
	var mu sync.Mutex // a late request may still write
	var response *http.Response
	err := hystrix.DoC(request.Context(), c.name, func(context.Context) error {
		r, err := c.doer.Do(request)
		mu.Lock()
		defer mu.Unlock()
		response = r
		if err == nil && r.StatusCode >= http.StatusInternalServerError {
			return errServer
		}
		return err
	}, c.fallback)
	mu.Lock()
	defer mu.Unlock()
	if errors.Is(err, errServer) {
		return response, nil // the caller reads the answer itself
	}
	return response, err
}

// Timeouts is a collector that counts, without a lock of its own for what only
// it touches.
type Timeouts struct {
	Told  chan struct{}
	Count float64
}

// Update counts.
func (c *Timeouts) Update(r metricCollector.MetricResult) {
	c.Count += r.Timeouts
	c.Told <- struct{}{}
}

// Reset does nothing: some systems only count upwards.
func (c *Timeouts) Reset() {}

// CountTimeouts registers a collector for the circuits to come whose names begin
// so. They are called one after the other.
func CountTimeouts(prefix string, of *Timeouts) {
	metricCollector.Registry.Register(func(name string) metricCollector.MetricCollector {
		if strings.HasPrefix(name, prefix) {
			return of
		}
		return nothing{}
	})
}

type nothing struct{}

func (nothing) Update(metricCollector.MetricResult) {}
func (nothing) Reset()                              {}
