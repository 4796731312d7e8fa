// Hystrixgo is a small service that was written against hystrix-go: it shows
// prices, which it asks a backend for, with the circuits, the collector, the logger and
// the stream that such services have. Nothing in it but the two import paths says
// that it runs on quill. It plays a visitor while the backend answers, hangs and
// fails, tells what happens, and exits with status 1 if that is not what should.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"

	"github.com/quillgo/quill/contrib/hystrix"
	metricCollector "github.com/quillgo/quill/contrib/hystrix/metric_collector"
)

// counts is a collector of the service's own: what its alarms are made of.
type counts struct {
	mu     sync.Mutex
	events map[string]float64
}

func (c *counts) Update(r metricCollector.MetricResult) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.events["attempts"] += r.Attempts
	c.events["successes"] += r.Successes
	c.events["timeouts"] += r.Timeouts
	c.events["failures"] += r.Failures
	c.events["short circuits"] += r.ShortCircuits
	c.events["fallbacks"] += r.FallbackSuccesses
}

func (c *counts) Reset() {}

// lines is the service's logger.
type lines struct{}

func (lines) Printf(format string, items ...any) { fmt.Printf("  log: "+format+"\n", items...) }

// service shows prices.
type service struct {
	backend string
	mu      sync.Mutex
	memory  string // the last price that was right; guarded by mu
}

// price asks the backend, or remembers.
func (s *service) price(ctx context.Context) (string, error) {
	output := make(chan string, 2) // one from run, though it may be late, and one from the fallback
	errs := hystrix.GoC(ctx, "price", func(ctx context.Context) error {
		price, err := get(ctx, s.backend)
		if err != nil {
			return err
		}
		s.mu.Lock()
		s.memory = price
		s.mu.Unlock()
		output <- price
		return nil
	}, func(_ context.Context, cause error) error {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.memory == "" {
			return errors.New("nothing to remember")
		}
		output <- fmt.Sprintf("%s (from memory: %v)", s.memory, cause)
		return nil
	})
	select {
	case price := <-output:
		return price, nil
	case err := <-errs:
		return "", err
	}
}

func get(ctx context.Context, url string) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return "", errors.New("the backend is broken")
	}
	text, err := io.ReadAll(response.Body)
	return string(text), err
}

func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	price, err := s.price(r.Context())
	switch {
	case errors.Is(err, hystrix.ErrCircuitOpen), errors.Is(err, hystrix.ErrTimeout):
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
	case err != nil:
		http.Error(w, err.Error(), http.StatusBadGateway)
	default:
		_, _ = io.WriteString(w, price)
	}
}

func main() {
	backend := newBackend()
	defer backend.Close()
	collected := &counts{events: map[string]float64{}}
	metricCollector.Registry.Register(func(string) metricCollector.MetricCollector { return collected })
	hystrix.SetLogger(lines{})
	hystrix.ConfigureCommand("price", hystrix.CommandConfig{Timeout: 200, MaxConcurrentRequests: 20, RequestVolumeThreshold: 6})

	stream := hystrix.NewStreamHandler()
	stream.Start()
	mux := http.NewServeMux()
	mux.Handle("/", &service{backend: backend.URL})
	mux.Handle("/hystrix.stream", stream)
	server := httptest.NewServer(mux)

	wrong := play(backend, server.URL)
	line, err := firstMessage(server.URL + "/hystrix.stream")
	fmt.Println("\nthe dashboard is told:", line)
	wrong = wrong || err != nil || !strings.Contains(line, `"name":"price"`)
	stream.Stop()
	server.Close()
	hystrix.Flush()
	collected.mu.Lock()
	fmt.Println("the collector was told:", collected.events)
	collected.mu.Unlock()
	if wrong {
		fmt.Println("\nNot everything happened as it should.")
		os.Exit(1)
	}
}
