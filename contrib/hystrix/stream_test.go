package hystrix_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quillgo/quill/contrib/hystrix"
)

// page is a client's side of a stream.
type page struct {
	mu     sync.Mutex
	header http.Header
	status int
	text   strings.Builder
}

func newPage() *page                   { return &page{header: http.Header{}} }
func (p *page) Header() http.Header    { return p.header }
func (p *page) WriteHeader(status int) { p.status = status }
func (p *page) Flush()                 {}
func (p *page) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text.Write(b)
}

// messages returns what has come since the last call, by type and name.
func (p *page) messages(t *testing.T) map[string]map[string]any {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	all := map[string]map[string]any{}
	for line := range strings.Lines(p.text.String()) {
		data, ok := strings.CutPrefix(line, "data:")
		if !ok {
			continue
		}
		var m map[string]any
		require.NoError(t, json.Unmarshal([]byte(data), &m))
		all[m["type"].(string)+" "+m["name"].(string)] = m
	}
	p.text.Reset()
	return all
}

// wrapped hides what a ResponseWriter can, but for Unwrap.
type wrapped struct{ w http.ResponseWriter }

func (w wrapped) Header() http.Header         { return w.w.Header() }
func (w wrapped) WriteHeader(status int)      { w.w.WriteHeader(status) }
func (w wrapped) Write(b []byte) (int, error) { return w.w.Write(b) }
func (w wrapped) Unwrap() http.ResponseWriter { return w.w }

// connect serves a client until leave is called, which returns when it is over.
func connect(t *testing.T, h http.Handler, w http.ResponseWriter) (leave func()) {
	leave, _ = connected(t, h, w)
	return leave
}

// connected is connect for who wants to know that it is over.
func connected(t *testing.T, h http.Handler, w http.ResponseWriter) (leave func(), over chan struct{}) {
	ctx, cancel := context.WithCancel(t.Context())
	over = make(chan struct{})
	go func() {
		defer close(over)
		h.ServeHTTP(w, httptest.NewRequestWithContext(ctx, http.MethodGet, "/", nil))
	}()
	return func() {
		cancel()
		<-over
	}, over
}

// TestStream: the figures of a circuit and its pool, once a second, through a
// wrapped ResponseWriter too.
func TestStream(t *testing.T) {
	bubble(t, func(t *testing.T) {
		h := hystrix.NewStreamHandler()
		h.Start()
		h.Start()
		p := newPage()
		leave := connect(t, h, wrapped{p})
		name := configured(t, hystrix.CommandConfig{Timeout: 700, MaxConcurrentRequests: 3, SleepWindow: 4000, RequestVolumeThreshold: 5, ErrorPercentThreshold: 60})
		for range 4 {
			require.NoError(t, hystrix.Do(name, func() error { time.Sleep(10 * time.Millisecond); return nil }, nil))
		}
		gate := make(chan struct{})
		defer close(gate)
		_ = hystrix.Do(name, func() error { <-gate; return nil }, func(error) error { return nil })
		_ = hystrix.Do(name, func() error { return errBoom }, func(error) error { return errBoom })
		time.Sleep(2 * time.Second)
		synctest.Wait()
		all := p.messages(t)
		for message, want := range map[string]map[string]any{
			"HystrixCommand " + name: {
				"group": name, "reportingHosts": 1.0, "requestCount": 6.0, "errorCount": 2.0, "errorPercentage": 33.0, "isCircuitBreakerOpen": false,
				"rollingCountSuccess": 4.0, "rollingCountTimeout": 1.0, "rollingCountFailure": 1.0, "rollingCountFallbackSuccess": 1.0, "rollingCountFallbackFailure": 1.0,
				"propertyValue_executionIsolationStrategy":                    "THREAD",
				"propertyValue_executionIsolationThreadTimeoutInMilliseconds": 700.0,
				"propertyValue_circuitBreakerRequestVolumeThreshold":          5.0,
				"propertyValue_circuitBreakerSleepWindowInMilliseconds":       4000.0,
				"propertyValue_circuitBreakerErrorThresholdPercentage":        60.0,
			},
			"HystrixThreadPool " + name: {"currentActiveCount": 1.0, "currentCorePoolSize": 3.0, "currentMaximumPoolSize": 3.0},
		} {
			require.Contains(t, all, message)
			for field, value := range want {
				assert.Equal(t, value, all[message][field], "%s %s", message, field)
			}
		}
		time.Sleep(time.Second)
		synctest.Wait()
		assert.Len(t, p.messages(t), 2, "a second later again")

		hystrix.Flush()
		require.NoError(t, hystrix.Do(name+"2", func() error { return nil }, nil))
		time.Sleep(2 * time.Second)
		synctest.Wait()
		all = p.messages(t)
		assert.Contains(t, all, "HystrixCommand "+name+"2", "the same client, after a Flush")
		leave()
	})
}

// TestStream_Life: requests before Start, Stop in any order and number, and what
// cannot be flushed.
func TestStream_Life(t *testing.T) {
	bubble(t, func(t *testing.T) {
		get := func(h http.Handler) int {
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil))
			return w.Code
		}
		for _, h := range []*hystrix.StreamHandler{hystrix.NewStreamHandler(), new(hystrix.StreamHandler)} {
			assert.Equal(t, http.StatusServiceUnavailable, get(h))
			h.Stop()
			h.Start()
			leave, over := connected(t, h, newPage())
			synctest.Wait()
			h.Stop()
			h.Stop()
			<-over // though the client has not left
			leave()
			assert.Equal(t, http.StatusServiceUnavailable, get(h))
			h.Start()
			p := newPage()
			leave = connect(t, h, p)
			_ = hystrix.Do(t.Name(), func() error { return nil }, nil)
			time.Sleep(2 * time.Second)
			synctest.Wait()
			assert.NotEmpty(t, p.messages(t))
			leave()
			w := httptest.NewRecorder()
			h.ServeHTTP(struct{ http.ResponseWriter }{w}, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil))
			assert.Equal(t, http.StatusInternalServerError, w.Code)
			h.Stop()
		}
	})
}

// TestStream_Concurrent is for the race detector.
func TestStream_Concurrent(t *testing.T) {
	bubble(t, func(t *testing.T) {
		h := hystrix.NewStreamHandler()
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for range 20 {
					h.Start()
					leave := connect(t, h, newPage())
					_ = hystrix.Do(t.Name(), func() error { return nil }, nil)
					hystrix.Flush()
					h.Stop()
					leave()
				}
			})
		}
		wg.Wait()
		h.Stop()
	})
}
