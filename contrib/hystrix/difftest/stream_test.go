package difftest_test

import (
	"bufio"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	original "github.com/afex/hystrix-go/hystrix"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	shim "github.com/quillgo/quill/contrib/hystrix"
)

// TestStream: each message has every field of the original's, of the same type.
func TestStream(t *testing.T) {
	const name = "streamed"
	require.NoError(t, original.Do(name, func() error { return nil }, nil))
	require.NoError(t, shim.Do(name, func() error { return nil }, nil))
	theirs, ours := original.NewStreamHandler(), shim.NewStreamHandler()
	theirs.Start()
	defer theirs.Stop()
	ours.Start()
	defer ours.Stop()
	want, got := messages(t, theirs, name), messages(t, ours, name)
	for _, kind := range []string{"HystrixCommand", "HystrixThreadPool"} {
		require.NotEmpty(t, want[kind])
		for field, value := range want[kind] {
			if field == "propertyValue_executionIsolationThreadPoolKeyOverride" {
				value = nil // in Hystrix too, where there is none
				assert.Contains(t, got[kind], field)
			}
			assert.IsType(t, value, got[kind][field], "%s %s", kind, field)
			if latencies, ok := value.(map[string]any); ok {
				for percentile := range latencies {
					assert.Contains(t, got[kind][field], percentile)
				}
			}
		}
		for _, field := range []string{"name", "group", "reportingHosts", "propertyValue_executionIsolationStrategy",
			"propertyValue_circuitBreakerRequestVolumeThreshold", "propertyValue_metricsRollingStatisticalWindowInMilliseconds",
			"currentCorePoolSize", "currentMaximumPoolSize"} {
			if value, ok := want[kind][field]; ok {
				assert.Equal(t, value, got[kind][field], "%s %s", kind, field)
			}
		}
	}
}

// messages reads a stream until it has had one message of each kind for a
// circuit.
func messages(t *testing.T, h http.Handler, name string) map[string]map[string]any {
	t.Helper()
	server := httptest.NewServer(h)
	defer server.Close()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, nil)
	require.NoError(t, err)
	response, err := server.Client().Do(r)
	require.NoError(t, err)
	defer response.Body.Close()
	assert.Contains(t, response.Header.Get("Content-Type"), "text/event-stream")
	all := map[string]map[string]any{}
	for lines := bufio.NewScanner(response.Body); len(all) < 2 && lines.Scan(); {
		if data, ok := strings.CutPrefix(lines.Text(), "data:"); ok {
			var m map[string]any
			require.NoError(t, json.Unmarshal([]byte(data), &m))
			if m["name"] == name {
				all[m["type"].(string)] = m
			}
		}
	}
	require.Len(t, all, 2)
	return all
}
