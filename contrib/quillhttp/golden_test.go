package quillhttp_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/quillgo/quill/breaker"
	"github.com/quillgo/quill/command"
	"github.com/quillgo/quill/contrib/quillhttp"
	"github.com/quillgo/quill/isolation"
	"github.com/quillgo/quill/metrics"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares a message, its order included, with testdata/name.json, which
// has it indented.
func golden(t *testing.T, name string, message []byte) {
	t.Helper()
	require.NotContains(t, string(message), "\n", "a message is one line of the stream")
	var got bytes.Buffer
	require.NoError(t, json.Indent(&got, message, "", "  "))
	got.WriteByte('\n')
	file := filepath.Join("testdata", name+".json")
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o777))
		require.NoError(t, os.WriteFile(file, got.Bytes(), 0o666))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, string(want), got.String(), "%s (go test -update writes it anew)", file)
}

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// fixedReport has a value of its own in every field that a message tells.
func fixedReport() command.Report {
	m := metrics.NewRecorder(metrics.Config{})
	for e := range metrics.NumEvents {
		m.Count(0, metrics.Event(e), uint32(100+e))
	}
	for range 3 {
		m.Started(0)
	}
	m.Ended()
	for i := range 100 {
		m.Latency(0, time.Duration(i+1)*time.Millisecond, time.Duration(i+1)*2*time.Millisecond)
	}
	batches := metrics.NewBatchRecorder(metrics.Config{})
	batches.Count(0, metrics.BatchExecuted, 10)
	batches.Count(0, metrics.AddedToBatch, 55)
	batches.Count(0, metrics.BatchFromCache, 7)
	for n := range 10 {
		batches.Size(0, n+1)
	}
	pooled := command.Status{
		Settings: command.Settings{
			Isolation: command.Pool, Timeout: 1500 * time.Millisecond, Semaphore: 11, FallbackSemaphore: 12, Fallback: command.On,
			RequestCache: command.On, RequestLog: command.On,
			Breaker: breaker.Auto, RequestVolume: 20, ErrorPercent: 50, SleepWindow: 5 * time.Second, HealthInterval: 500 * time.Millisecond,
			Window: 10 * time.Second, Buckets: 10, LatencyWindow: time.Minute, LatencyBuckets: 6,
		},
		Group: "Users", PoolKey: "UserPool", BreakerOpen: true,
		HealthTotal: 40, HealthErrors: 30, HealthErrorPercent: 75, Concurrent: 2,
		Metrics: m.Snapshot(0),
	}
	return command.Report{
		At:       noon,
		Commands: []command.CommandReport{{Name: `Get "User" & <Friends>`, Status: pooled}},
		Pools: []command.PoolReport{{
			Key:    "UserPool",
			Config: isolation.PoolConfig{Core: 10, Max: 12, Queue: 100, RejectAt: 7},
			PoolStats: isolation.PoolStats{Core: 10, Max: 12, QueueLimit: 100, Active: 4, Queued: 3, Largest: 9,
				Submitted: 1000, Completed: 991, Cancelled: 2, Rejected: 6},
			Executed: 500, Rejected: 5, MaxActive: 8, Window: 10 * time.Second,
		}},
		Collapsers: []command.CollapserStatus{{
			Name: "GetUsers",
			Settings: command.CollapserSettings{Delay: 10 * time.Millisecond, MaxRequests: 50, RequestCache: command.On,
				Window: 10 * time.Second, Buckets: 10, SizeWindow: time.Minute, SizeBuckets: 6},
			Metrics: batches.Snapshot(0),
		}},
	}
}

func TestGolden_Hystrix(t *testing.T) {
	messages := quillhttp.HystrixJSON(fixedReport())
	require.Len(t, messages, 3)
	golden(t, "HystrixCommand", messages[0])
	golden(t, "HystrixThreadPool", messages[1])
	golden(t, "HystrixCollapser", messages[2])
}

// TestHystrixJSON_Settings: what Hystrix has no word for, and the switches.
func TestHystrixJSON_Settings(t *testing.T) {
	r := fixedReport()
	c, p, batch := &r.Commands[0], &r.Pools[0], &r.Collapsers[0]
	for _, test := range []struct {
		name   string
		change func()
		of     int // which message
		want   string
	}{
		{"semaphore", func() { c.Settings.Isolation = command.Semaphore }, 0, `"propertyValue_executionIsolationStrategy":"SEMAPHORE"`},
		{"unlimited", func() { c.Settings.Semaphore = command.Unlimited }, 0, `"propertyValue_executionIsolationSemaphoreMaxConcurrentRequests":2147483647`},
		{"nobody", func() { c.Settings.FallbackSemaphore = command.None }, 0, `"propertyValue_fallbackIsolationSemaphoreMaxConcurrentRequests":0`},
		{"no timeout", func() { c.Settings.Timeout = -1 }, 0, `"propertyValue_executionTimeoutInMilliseconds":0`},
		{"forced open", func() { c.Settings.Breaker = breaker.ForcedOpen }, 0, `"propertyValue_circuitBreakerForceOpen":true,"propertyValue_circuitBreakerForceClosed":false`},
		{"forced closed", func() { c.Settings.Breaker = breaker.ForcedClosed }, 0, `"propertyValue_circuitBreakerForceOpen":false,"propertyValue_circuitBreakerForceClosed":true`},
		{"no breaker", func() { c.Settings.Breaker = breaker.Disabled }, 0, `"propertyValue_circuitBreakerEnabled":false`},
		{"no breaker, health", func() { c.Settings.Breaker = breaker.Disabled }, 0, `"errorPercentage":80,"errorCount":418,"requestCount":519`},
		{"no cache", func() { c.Settings.RequestCache = command.Off }, 0, `"propertyValue_requestCacheEnabled":false`},
		{"no log", func() { c.Settings.RequestLog = command.Off }, 0, `"propertyValue_requestLogEnabled":false`},
		{"more active than core", func() { p.Active = 12 }, 1, `"currentPoolSize":12`},
		{"no queue", func() { p.Config.Queue, p.Config.RejectAt = 0, 0 }, 1, `"propertyValue_queueSizeRejectionThreshold":0`},
		{"no threshold", func() { p.Config.Queue, p.Config.RejectAt = 64, isolation.Unlimited }, 1, `"propertyValue_queueSizeRejectionThreshold":64`},
		{"batches of any size", func() { batch.Settings.MaxRequests = command.Unlimited }, 2, `"propertyValue_maxRequestsInBatch":2147483647`},
		{"batches without cache", func() { batch.Settings.RequestCache = command.Off }, 2, `"propertyValue_requestCacheEnabled":false`},
	} {
		t.Run(test.name, func(t *testing.T) {
			r = fixedReport()
			c, p, batch = &r.Commands[0], &r.Pools[0], &r.Collapsers[0]
			require.NotContains(t, string(quillhttp.HystrixJSON(r)[test.of]), test.want)
			test.change()
			require.Contains(t, string(quillhttp.HystrixJSON(r)[test.of]), test.want)
		})
	}
}

func TestGolden_Utilization(t *testing.T) {
	golden(t, "HystrixUtilization", quillhttp.UtilizationJSON(command.Utilization{
		At:       noon,
		Commands: []command.CommandUtilization{{Name: "GetUser", Concurrent: 3}, {Name: "Idle"}},
		Pools: []command.PoolUtilization{
			{Key: "Users", PoolStats: isolation.PoolStats{Core: 10, Max: 12, Active: 4, Queued: 2}},
			{Key: "Wide", PoolStats: isolation.PoolStats{Core: 1, Max: 9, Active: 8}},
		},
	}))
	golden(t, "HystrixUtilization-empty", quillhttp.UtilizationJSON(command.Utilization{}))
}

// fixedConfiguration has a value of its own in every field that a message tells.
func fixedConfiguration() command.Configuration {
	r := fixedReport()
	first := r.Commands[0].Settings
	first.LatencyBuckets = 4
	second := command.Settings{
		Isolation: command.Semaphore, Timeout: -1, Semaphore: command.Unlimited, FallbackSemaphore: command.None, Fallback: command.Off,
		RequestCache: command.WhenScoped, RequestLog: command.Off,
		Breaker: breaker.ForcedClosed, RequestVolume: 21, ErrorPercent: 51, SleepWindow: 6 * time.Second, HealthInterval: time.Second,
		Window: 20 * time.Second, Buckets: 5, LatencyWindow: time.Minute, LatencyBuckets: 6,
	}
	return command.Configuration{
		At: noon,
		Commands: []command.CommandConfiguration{
			{Name: "GetUser", Group: "Users", Pool: "UserPool", Settings: first},
			{Name: "GetFriends", Group: "Friends", Pool: "UserPool", Settings: second},
		},
		Pools: []command.PoolConfiguration{
			{Key: "UserPool", Config: isolation.PoolConfig{Core: 10, Max: 12, Queue: 100, RejectAt: 7}},
			{Key: "Unqueued", Config: isolation.PoolConfig{Core: 3, Max: 3}},
		},
		Collapsers: []command.CollapserConfiguration{{Name: "GetUsers", Settings: command.CollapserSettings{
			Delay: 15 * time.Millisecond, MaxRequests: 50, RequestCache: command.On,
			Window: 20 * time.Second, Buckets: 10, SizeWindow: time.Minute, SizeBuckets: 4}}},
	}
}

func TestGolden_Config(t *testing.T) {
	golden(t, "HystrixConfig", quillhttp.ConfigJSON(fixedConfiguration()))
	golden(t, "HystrixConfig-empty", quillhttp.ConfigJSON(command.Configuration{}))
}

// TestConfigJSON_NotHystrixsBugs: there isForcedClosed tells forced open, and
// percentileBucketCount the number of the counters' buckets.
func TestConfigJSON_NotHystrixsBugs(t *testing.T) {
	text := string(quillhttp.ConfigJSON(fixedConfiguration()))
	require.Contains(t, text, `"isForcedOpen":false,"isForcedClosed":true`)
	require.Contains(t, text, `"percentileBucketCount":4,"percentileEnabled":true,"counterBucketSizeInMilliseconds":1000,"counterBucketCount":10`)
}

func set(events ...metrics.Event) metrics.Events { return metrics.Events(0).With(events...) }

func TestGolden_Requests(t *testing.T) {
	entry := func(name string, ms int, events ...metrics.Event) command.Entry {
		return command.Entry{Command: name, Events: set(events...), Latency: time.Duration(ms) * time.Millisecond}
	}
	short := entry("Charge", 0, metrics.ShortCircuited, metrics.FallbackSuccess)
	short.Latency = -1
	book := entry("ReadBook", 30, metrics.Emit, metrics.Failure, metrics.FallbackEmit, metrics.FallbackSuccess)
	book.Emits, book.FallbackEmits = 3, 1
	golden(t, "requests", quillhttp.RequestJSON([]command.Entry{
		entry("GetUser", 12, metrics.Success),
		entry("GetUser", 3, metrics.Success, metrics.ResponseFromCache),
		short,
		entry("GetUser", 20, metrics.Failure, metrics.FallbackSuccess),
		book,
		entry("GetUser", 15, metrics.Success, metrics.Collapsed),
		entry("GetUser", 14, metrics.Success),
		entry("GetUser", 0, metrics.Failure, metrics.FallbackSuccess, metrics.ResponseFromCache),
		entry("GetUser", 0, metrics.Timeout, metrics.ResponseFromCache),
		entry("Unknown", 0, metrics.Success, metrics.ResponseFromCache),
	}))
	require.Equal(t, "[]", string(quillhttp.RequestJSON(nil)))
}
