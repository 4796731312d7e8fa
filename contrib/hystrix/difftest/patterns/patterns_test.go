package patterns_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/quillgo/quill/contrib/hystrix"
	"github.com/quillgo/quill/contrib/hystrix/difftest/patterns"
	metricCollector "github.com/quillgo/quill/contrib/hystrix/metric_collector"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var errBoom = errors.New("boom")

// TestOriginal: the very files compile against hystrix-go when nothing but the
// import path is changed.
func TestOriginal(t *testing.T) {
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	replaced := map[string]string{}
	here, err := os.Getwd()
	require.NoError(t, err)
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		changed := strings.ReplaceAll(string(text), "github.com/quillgo/quill/contrib/hystrix", "github.com/afex/hystrix-go/hystrix")
		copied := filepath.Join(t.TempDir(), name)
		require.NoError(t, os.WriteFile(copied, []byte(changed), 0o600))
		replaced[filepath.Join(here, name)] = copied
	}
	require.Len(t, replaced, 6)
	overlay, err := json.Marshal(map[string]any{"Replace": replaced})
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "overlay.json")
	require.NoError(t, os.WriteFile(file, overlay, 0o600))
	out, err := exec.Command("go", "build", "-overlay", file, ".").CombinedOutput()
	assert.NoError(t, err, string(out))
	out, err = exec.Command("go", "list", "-overlay", file, "-f", "{{.Imports}}", ".").CombinedOutput()
	assert.NoError(t, err, string(out))
	assert.Contains(t, string(out), "afex")
	assert.NotContains(t, string(out), "quillgo")
}

func TestGuard(t *testing.T) {
	defer hystrix.Flush()
	hystrix.ConfigureCommand(t.Name(), hystrix.CommandConfig{MaxConcurrentRequests: 1, RequestVolumeThreshold: 5})
	fails := false
	e := patterns.Guard(t.Name())(func(_ context.Context, request any) (any, error) {
		if fails {
			return nil, errBoom
		}
		return request, nil
	})
	for i := range 100 {
		v, err := e(t.Context(), i)
		require.NoError(t, err, "one after the other, with one place")
		require.Equal(t, i, v)
	}
	fails = true
	for range 100 {
		_, err := e(t.Context(), 0)
		require.Equal(t, errBoom, err)
	}
	_, err := e(t.Context(), 0)
	assert.Equal(t, hystrix.ErrCircuitOpen, err)
}

func TestClient(t *testing.T) {
	defer hystrix.Flush()
	counted := &patterns.Timeouts{Told: make(chan struct{}, 100)}
	patterns.CountTimeouts(t.Name(), counted)
	release := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/hang":
			<-release
		case "/fail":
			w.WriteHeader(http.StatusBadGateway)
		}
	}))
	defer server.Close()
	defer close(release)
	get := func(c *patterns.Client, path string) (*http.Response, error) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+path, nil)
		require.NoError(t, err)
		response, err := c.Do(r)
		if response != nil {
			_ = response.Body.Close()
		}
		<-counted.Told
		return response, err
	}
	patient := patterns.NewClient(t.Name(), server.Client(), patterns.WithTimeout(time.Minute), patterns.WithLimits(5, 5, 1000, 50))
	response, err := get(patient, "/")
	require.NoError(t, err)
	assert.Equal(t, http.StatusOK, response.StatusCode)
	response, err = get(patient, "/fail")
	require.NoError(t, err)
	assert.Equal(t, http.StatusBadGateway, response.StatusCode)

	hasty := patterns.NewClient(t.Name()+"2", server.Client(), patterns.WithTimeout(time.Millisecond))
	_, err = get(hasty, "/hang")
	assert.Equal(t, hystrix.ErrTimeout, err)
	assert.Equal(t, 1.0, counted.Count)
	served := patterns.NewClient(t.Name()+"3", server.Client(), patterns.WithTimeout(time.Millisecond),
		patterns.WithFallback(func(_ context.Context, err error) error {
			assert.Equal(t, hystrix.ErrTimeout, err)
			return nil
		}))
	_, err = get(served, "/hang")
	assert.NoError(t, err)
}

func TestGateway(t *testing.T) {
	defer hystrix.Flush()
	samples := make(chan patterns.Sample, 100)
	metricCollector.Registry.Register(patterns.NewSampleCollector(func(circuit string, s patterns.Sample, _, _ time.Duration) {
		if circuit == "orders" {
			samples <- s
		}
	}))
	middleware, err := patterns.Setup([]byte(`{"name": "orders", "timeout": 60000, "max_concurrent_requests": 3,
		"request_volume_threshold": 4, "sleep_window": 100000, "error_percent_threshold": 100}`))
	require.NoError(t, err)
	assert.Equal(t, hystrix.Settings{Timeout: time.Minute, MaxConcurrentRequests: 3, RequestVolumeThreshold: 4,
		SleepWindow: 100 * time.Second, ErrorPercentThreshold: 100}, *hystrix.GetCircuitSettings()["orders"])
	h := middleware(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) }))
	for i := range 6 {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil))
		s := <-samples
		assert.Equal(t, 1.0, s["attempts"])
		assert.Equal(t, 1.0, s["fallback-failures"])
		if i < 4 {
			assert.Equal(t, http.StatusBadGateway, w.Code)
			assert.Equal(t, 1.0, s["failures"])
		} else {
			assert.Equal(t, http.StatusServiceUnavailable, w.Code)
			assert.Equal(t, "circuit open\n", w.Body.String())
			assert.Equal(t, 1.0, s["short-circuits"])
		}
	}
	_, stop := patterns.Dashboard()
	stop()
	stop()
}

func TestFilter(t *testing.T) {
	defer patterns.Forget()
	f := patterns.Filter{Config: hystrix.CommandConfig{RequestVolumeThreshold: 3}, Spare: []string{"business"}}
	v, err := f.Invoke(t.Context(), "get", func(context.Context) (any, error) { return 1, nil })
	assert.NoError(t, err)
	assert.Equal(t, 1, v)
	business := errors.New("business: no such user")
	for range 20 {
		_, err = f.Invoke(t.Context(), "get", func(context.Context) (any, error) { return nil, business })
		require.Equal(t, business, err)
	}
	for range 21 {
		_, err = f.Invoke(t.Context(), "get", func(context.Context) (any, error) { return nil, errBoom })
		require.Equal(t, errBoom, err)
	}
	_, err = f.Invoke(t.Context(), "get", func(context.Context) (any, error) { return nil, nil })
	assert.ErrorIs(t, err, hystrix.ErrCircuitOpen)
}

func TestExtension(t *testing.T) {
	defer patterns.Forget()
	var failures []error
	e, err := patterns.NewExtension(t.Name(), map[string]int{"volume": 2, "sleep": 100_000}, func(err error) { failures = append(failures, err) })
	require.NoError(t, err)
	assert.NoError(t, e.Call(func() error { return nil }))
	assert.NoError(t, e.ByHand(func() error { return nil }))
	assert.ErrorIs(t, e.Call(func() error { return errBoom }), errBoom)
	assert.True(t, e.Healthy())
	assert.ErrorIs(t, e.ByHand(func() error { return errBoom }), errBoom)
	assert.False(t, e.Healthy())
	assert.ErrorIs(t, e.Call(func() error { return nil }), hystrix.ErrCircuitOpen)
	assert.ErrorIs(t, e.ByHand(func() error { return nil }), hystrix.ErrCircuitOpen)
	assert.Equal(t, []error{errBoom, hystrix.ErrCircuitOpen}, failures)
}

func TestService(t *testing.T) {
	defer patterns.Forget()
	defer hystrix.SetLogger(nil)
	var lines patterns.Lines
	patterns.Log(&lines)
	hystrix.ConfigureCommand(t.Name(), hystrix.CommandConfig{RequestVolumeThreshold: 3, MaxConcurrentRequests: 100})
	answers := func(context.Context) (string, error) { return "fresh", nil }
	fails := func(context.Context) (string, error) { return "", errBoom }
	v, err := patterns.Fetch(t.Context(), t.Name(), answers, "")
	assert.NoError(t, err)
	assert.Equal(t, "fresh", v)
	v, err = patterns.Fetch(t.Context(), t.Name(), fails, "old")
	assert.NoError(t, err)
	assert.Equal(t, "old", v)
	for range 4 {
		_, err = patterns.Fetch(t.Context(), t.Name(), fails, "")
		assert.Error(t, err)
	}
	assert.ErrorIs(t, err, hystrix.ErrCircuitOpen)
	assert.Len(t, lines, 1)
	assert.NotEmpty(t, patterns.Describe())

	hystrix.ConfigureCommand(t.Name()+"2", hystrix.CommandConfig{Timeout: 1})
	gate := make(chan struct{})
	defer close(gate)
	err = hystrix.Do(t.Name()+"2", func() error { <-gate; return nil }, nil)
	assert.True(t, patterns.IsTimeout(err))
	assert.Equal(t, 504, patterns.Reasons[err])
}
