package config_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/quillgo/quill/breaker"
	"github.com/quillgo/quill/command"
	"github.com/quillgo/quill/config"
	"github.com/quillgo/quill/isolation"
)

func TestProperties(t *testing.T) {
	c, unused, err := config.Properties(map[string]string{
		"server.port": "8080",

		"hystrix.command.default.execution.isolation.thread.timeoutInMilliseconds":    "3000",
		"hystrix.command.GetUser.execution.isolation.strategy":                        "SEMAPHORE",
		"hystrix.command.GetUser.execution.isolation.thread.timeoutInMilliseconds":    " 200 ",
		"hystrix.command.GetUser.execution.isolation.semaphore.maxConcurrentRequests": "20",
		"hystrix.command.GetUser.fallback.isolation.semaphore.maxConcurrentRequests":  "0",
		"hystrix.command.GetUser.fallback.enabled":                                    "false",
		"hystrix.command.GetUser.circuitBreaker.requestVolumeThreshold":               "5",
		"hystrix.command.GetUser.circuitBreaker.sleepWindowInMilliseconds":            "250",
		"hystrix.command.GetUser.circuitBreaker.errorThresholdPercentage":             "25",
		"hystrix.command.GetUser.metrics.rollingStats.timeInMilliseconds":             "20000",
		"hystrix.command.GetUser.metrics.rollingStats.numBuckets":                     "20",
		"hystrix.command.GetUser.metrics.rollingPercentile.timeInMilliseconds":        "30000",
		"hystrix.command.GetUser.metrics.rollingPercentile.numBuckets":                "3",
		"hystrix.command.GetUser.metrics.healthSnapshot.intervalInMilliseconds":       "1000",
		"hystrix.command.GetUser.requestCache.enabled":                                "false",
		"hystrix.command.GetUser.requestLog.enabled":                                  "TRUE",
		"hystrix.command.Charge.Card.circuitBreaker.requestVolumeThreshold":           "0",
		"hystrix.collapser.GetUsers.maxRequestsInBatch":                               "50",
		"hystrix.collapser.GetUsers.timerDelayInMilliseconds":                         "5",
		"hystrix.collapser.GetUsers.requestCache.enabled":                             "false",
		"hystrix.collapser.GetUsers.metrics.rollingStats.timeInMilliseconds":          "5000",
		"hystrix.collapser.GetUsers.metrics.rollingStats.numBuckets":                  "5",
		"hystrix.collapser.GetUsers.metrics.rollingPercentile.timeInMilliseconds":     "6000",
		"hystrix.collapser.GetUsers.metrics.rollingPercentile.numBuckets":             "3",
		"hystrix.collapser.default.maxRequestsInBatch":                                "2147483647",
	})
	require.NoError(t, err)
	require.Empty(t, unused)
	require.Equal(t, command.Config{
		Default: command.Settings{Timeout: 3 * time.Second},
		Commands: map[string]command.Settings{
			"GetUser": {
				Isolation: command.Semaphore, Timeout: 200 * time.Millisecond, Semaphore: 20, FallbackSemaphore: command.None,
				Fallback: command.Off, RequestCache: command.Off, RequestLog: command.On,
				RequestVolume: 5, ErrorPercent: 25, SleepWindow: 250 * time.Millisecond, HealthInterval: time.Second,
				Window: 20 * time.Second, Buckets: 20, LatencyWindow: 30 * time.Second, LatencyBuckets: 3,
			},
			"Charge.Card": {RequestVolume: 1},
		},
		Pools:            map[string]isolation.PoolConfig{},
		DefaultCollapser: command.CollapserSettings{MaxRequests: command.Unlimited},
		Collapsers: map[string]command.CollapserSettings{"GetUsers": {
			MaxRequests: 50, Delay: 5 * time.Millisecond, RequestCache: command.Off,
			Window: 5 * time.Second, Buckets: 5, SizeWindow: 6 * time.Second, SizeBuckets: 3,
		}},
	}, c)
}

// given makes properties of lines "KIND.KEY.NAME=value".
func given(lines ...string) map[string]string {
	m := map[string]string{}
	for _, line := range lines {
		name, value, _ := strings.Cut(line, "=")
		m["hystrix."+name] = value
	}
	return m
}

// TestProperties_OneFieldForSeveral: the values for the name, else the default's.
func TestProperties_OneFieldForSeveral(t *testing.T) {
	for _, test := range []struct {
		lines          []string
		normal, single command.Settings
	}{
		{[]string{"command.A.circuitBreaker.enabled=false"}, command.Settings{}, command.Settings{Breaker: breaker.Disabled}},
		{[]string{"command.A.circuitBreaker.enabled=true"}, command.Settings{}, command.Settings{Breaker: breaker.Auto}},
		{[]string{"command.A.circuitBreaker.forceOpen=true", "command.A.circuitBreaker.forceClosed=true"},
			command.Settings{}, command.Settings{Breaker: breaker.ForcedOpen}},
		{[]string{"command.A.circuitBreaker.enabled=false", "command.A.circuitBreaker.forceOpen=true"},
			command.Settings{}, command.Settings{Breaker: breaker.Disabled}},
		{[]string{"command.default.circuitBreaker.forceOpen=true", "command.A.circuitBreaker.forceClosed=true"},
			command.Settings{Breaker: breaker.ForcedOpen}, command.Settings{Breaker: breaker.ForcedOpen}},
		{[]string{"command.default.circuitBreaker.forceOpen=true", "command.A.circuitBreaker.forceOpen=false"},
			command.Settings{Breaker: breaker.ForcedOpen}, command.Settings{Breaker: breaker.Auto}},
		{[]string{"command.default.circuitBreaker.forceOpen=true", "command.A.fallback.enabled=false"},
			command.Settings{Breaker: breaker.ForcedOpen}, command.Settings{Fallback: command.Off}},

		{[]string{"command.A.execution.timeout.enabled=false"}, command.Settings{}, command.Settings{Timeout: -1}},
		{[]string{"command.A.execution.timeout.enabled=true"}, command.Settings{}, command.Settings{}},
		{[]string{"command.default.execution.timeout.enabled=false", "command.A.execution.isolation.thread.timeoutInMilliseconds=5"},
			command.Settings{Timeout: -1}, command.Settings{Timeout: -1}},
		{[]string{"command.default.execution.timeout.enabled=false", "command.A.execution.timeout.enabled=true"},
			command.Settings{Timeout: -1}, command.Settings{Timeout: time.Second}},
		{[]string{"command.default.execution.timeout.enabled=false", "command.default.execution.isolation.thread.timeoutInMilliseconds=7", "command.A.execution.timeout.enabled=true"},
			command.Settings{Timeout: -1}, command.Settings{Timeout: 7 * time.Millisecond}},
		{[]string{"command.default.execution.timeout.enabled=true", "command.default.execution.isolation.thread.timeoutInMilliseconds=7", "command.A.execution.timeout.enabled=false"},
			command.Settings{Timeout: 7 * time.Millisecond}, command.Settings{Timeout: -1}},
	} {
		c, _, err := config.Properties(given(test.lines...))
		require.NoError(t, err, test.lines)
		require.Equal(t, test.normal, c.Default, test.lines)
		require.Equal(t, test.single, c.Commands["A"], test.lines)
	}
}

// TestProperties_Pools: the sizes that Hystrix would have, in a pool that is made
// of what the file says.
func TestProperties_Pools(t *testing.T) {
	for _, test := range []struct {
		lines  []string
		want   isolation.PoolConfig
		unused []string
	}{
		{[]string{"A.coreSize=5"}, isolation.PoolConfig{Core: 5, Max: 5}, nil},
		{[]string{"default.coreSize=5"}, isolation.PoolConfig{Core: 5, Max: 5}, nil},
		{[]string{"default.coreSize=5", "A.coreSize=7"}, isolation.PoolConfig{Core: 7, Max: 7}, nil},
		{[]string{"A.maximumSize=20"}, isolation.PoolConfig{Core: 10, Max: 10}, []string{"A.maximumSize"}},
		{[]string{"A.maximumSize=20", "A.allowMaximumSizeToDivergeFromCoreSize=false"}, isolation.PoolConfig{Core: 10, Max: 10}, []string{"A.maximumSize"}},
		{[]string{"A.maximumSize=20", "A.allowMaximumSizeToDivergeFromCoreSize=true"}, isolation.PoolConfig{Core: 10, Max: 20}, nil},
		{[]string{"A.maximumSize=5", "A.allowMaximumSizeToDivergeFromCoreSize=true"}, isolation.PoolConfig{Core: 10, Max: 10}, []string{"A.maximumSize"}},
		{[]string{"A.allowMaximumSizeToDivergeFromCoreSize=true"}, isolation.PoolConfig{Core: 10, Max: 10}, []string{"A.allowMaximumSizeToDivergeFromCoreSize"}},
		{[]string{"default.maximumSize=20", "default.allowMaximumSizeToDivergeFromCoreSize=true", "A.coreSize=30"}, isolation.PoolConfig{Core: 30, Max: 30}, nil},
		{[]string{"A.maxQueueSize=-1"}, isolation.PoolConfig{Core: 10, Max: 10}, nil},
		{[]string{"A.maxQueueSize=0", "A.queueSizeRejectionThreshold=3"}, isolation.PoolConfig{Core: 10, Max: 10}, []string{"A.queueSizeRejectionThreshold"}},
		{[]string{"A.maxQueueSize=100"}, isolation.PoolConfig{Core: 10, Max: 10, Queue: 100, RejectAt: 5}, nil},
		{[]string{"A.maxQueueSize=3"}, isolation.PoolConfig{Core: 10, Max: 10, Queue: 3, RejectAt: isolation.Unlimited}, nil},
		{[]string{"A.maxQueueSize=100", "A.queueSizeRejectionThreshold=100"}, isolation.PoolConfig{Core: 10, Max: 10, Queue: 100, RejectAt: 100}, nil},
		{[]string{"A.maxQueueSize=100", "A.queueSizeRejectionThreshold=200"}, isolation.PoolConfig{Core: 10, Max: 10, Queue: 100, RejectAt: isolation.Unlimited}, nil},
		{[]string{"default.maxQueueSize=100", "default.queueSizeRejectionThreshold=80", "A.maxQueueSize=-1"}, isolation.PoolConfig{Core: 10, Max: 10}, nil},
		{[]string{"default.queueSizeRejectionThreshold=80", "A.maxQueueSize=100"}, isolation.PoolConfig{Core: 10, Max: 10, Queue: 100, RejectAt: 80}, nil},
	} {
		for i := range test.lines {
			test.lines[i] = "threadpool." + strings.TrimPrefix(test.lines[i], "threadpool.")
		}
		c, unused, err := config.Properties(given(test.lines...))
		require.NoError(t, err, test.lines)
		var names []string
		for _, u := range unused {
			names = append(names, strings.TrimPrefix(u.Name, "hystrix.threadpool."))
		}
		require.Equal(t, test.unused, names, test.lines)

		r, err := command.NewRegistry(command.RegistryOptions{})
		require.NoError(t, err)
		require.NoError(t, r.Configure(c), test.lines)
		a := command.MustNew(command.Spec[int, int]{Name: "A", Registry: r, Run: identity})
		_, err = a.Execute(t.Context(), 1)
		require.NoError(t, err)
		require.Equal(t, test.want, r.Pool("A").Config(), test.lines)
		require.NoError(t, r.Shutdown(t.Context()))
	}
}

// TestProperties_Unused: nothing is ignored in silence.
func TestProperties_Unused(t *testing.T) {
	lines := []string{
		"command.A.execution.isolation.thread.interruptOnTimeout=true",
		"command.A.execution.isolation.thread.interruptOnFutureCancel=true",
		"command.A.metrics.rollingPercentile.bucketSize=100",
		"command.A.metrics.rollingPercentile.enabled=true",
		"command.A.threadPoolKeyOverride=P",
		"threadpool.P.keepAliveTimeMinutes=1",
		"threadpool.P.metrics.rollingStats.numBuckets=10",
		"threadpool.P.metrics.rollingStats.timeInMilliseconds=10000",
		"collapser.C.metrics.rollingPercentile.bucketSize=100",
		"collapser.C.metrics.rollingPercentile.enabled=true",
		"config.stream.maxConcurrentConnections=5",
		"plugin.HystrixEventNotifier.implementation=com.example.Notifier",
		"stream.config.intervalInMilliseconds=500",
		"stream.dashboard.intervalInMilliseconds=500",
		"stream.utilization.intervalInMilliseconds=500",
		"timer.threadpool.default.coreSize=4",
	}
	c, unused, err := config.Properties(given(lines...))
	require.NoError(t, err)
	require.Len(t, unused, len(lines))
	names := map[string]config.Unused{}
	for i, u := range unused {
		require.NotEmpty(t, u.Reason, u.Name)
		require.Contains(t, u.String(), u.Reason)
		names[u.Name] = u
		require.True(t, i == 0 || unused[i-1].Name < u.Name, "not in order")
	}
	for name, value := range given(lines...) {
		require.Equal(t, value, names[name].Value, name)
	}
	require.Equal(t, command.Settings{}, c.Commands["A"])
	require.Equal(t, isolation.PoolConfig{}, c.Pools["P"])
}

func TestProperties_Strict(t *testing.T) {
	for line, want := range map[string]string{
		"command.A.execution.timeout.enable=true":                      "perhaps execution.timeout.enabled is meant",
		"command.A.execution.isolation.thread.timeoutInMilliSeconds=5": "perhaps execution.isolation.thread.timeoutInMilliseconds is meant",
		"command.A.speed=5":                                                "want a key and one of execution.isolation.strategy",
		"command.fallback.enabled=true":                                    "no property of Hystrix's",
		"command..fallback.enabled=true":                                   "no property of Hystrix's",
		"commands.A.fallback.enabled=true":                                 "want hystrix.command, hystrix.threadpool or hystrix.collapser",
		"nonsense=1":                                                       "no property of Hystrix's",
		"plugin..implementation=x":                                         "no property of Hystrix's",
		"command.A.fallback.enabled=yes":                                   `is "yes", want true or false`,
		"command.A.execution.isolation.strategy=POOL":                      `is "POOL", want THREAD or SEMAPHORE`,
		"command.A.execution.isolation.thread.timeoutInMilliseconds=0":     `is "0", want a whole number from 1 to 2147483647`,
		"command.A.execution.isolation.thread.timeoutInMilliseconds=1s":    `is "1s", want a whole number`,
		"command.A.execution.isolation.semaphore.maxConcurrentRequests=-1": `is "-1", want a whole number from 0`,
		"command.A.circuitBreaker.errorThresholdPercentage=101":            `command "A": Settings.ErrorPercent is 101, want 1 to 100`,
		"command.A.circuitBreaker.errorThresholdPercentage=0":              `is "0", want a whole number from 1`,
		"command.A.circuitBreaker.sleepWindowInMilliseconds=2147483648":    `is "2147483648", want a whole number from 1 to 2147483647`,
		"threadpool.P.coreSize=0":                                          `hystrix.threadpool.P.coreSize is "0"`,
		"threadpool.P.maxQueueSize=many":                                   `hystrix.threadpool.P.maxQueueSize is "many"`,
		"collapser.C.maxRequestsInBatch=0":                                 `hystrix.collapser.C.maxRequestsInBatch is "0"`,
	} {
		c, unused, err := config.Properties(given(line))
		require.ErrorContains(t, err, want, line)
		require.Empty(t, unused)
		require.Equal(t, command.Config{}, c)
	}
}

func TestReadProperties(t *testing.T) {
	got, err := config.ReadProperties([]byte("# comment\n! another = 1\n\n  a=1\nb : 2\r\nc 3\nd.e = x = y \nf=1,\\\n   2,\\\n   3\ng\\ h=\\u0041\\t\\\\\ni\nj=\\#\nk==\nl\\:m=1\\\n"))
	require.NoError(t, err)
	require.Equal(t, map[string]string{
		"a": "1", "b": "2", "c": "3", "d.e": "x = y ", "f": "1,2,3", "g h": "A\t\\", "i": "", "j": "#", "k": "=", "l:m": "1",
	}, got)
	for text, want := range map[string]string{
		"a=1\nb=2\na=3": "line 3: a is there twice, the first time on line 1",
		"a=\\u00":       "line 1",
		"a=\\uxyzw":     "four hexadecimal digits",
		"a=\xff":        "not UTF-8",
	} {
		_, err := config.ReadProperties([]byte(text))
		require.ErrorContains(t, err, want)
	}
}

// FuzzProperties: no text does anything but be refused or be read.
func FuzzProperties(f *testing.F) {
	f.Add([]byte("hystrix.command.A.fallback.enabled=false\nhystrix.threadpool.P.coreSize=5\\\n"))
	f.Add([]byte("hystrix.command.default.circuitBreaker.forceOpen: \\u0074rue"))
	f.Fuzz(func(t *testing.T, text []byte) {
		m, err := config.ReadProperties(text)
		if err != nil {
			require.Nil(t, m)
			return
		}
		c, _, err := config.Properties(m)
		if err != nil {
			require.Equal(t, command.Config{}, c)
			return
		}
		require.NoError(t, c.Validate())
		_, err = config.Marshal(c)
		require.NoError(t, err)
	})
}
