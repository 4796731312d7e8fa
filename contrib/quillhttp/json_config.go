package quillhttp

import (
	"time"

	"github.com/quillgo/quill/breaker"
	"github.com/quillgo/quill/command"
	"github.com/quillgo/quill/metrics"
)

// hystrixConfig is the message about the settings in force.
type hystrixConfig struct {
	Type        string                     `json:"type"`
	Commands    map[string]commandConfig   `json:"commands"`
	ThreadPools map[string]poolConfig      `json:"threadpools"`
	Collapsers  map[string]collapserConfig `json:"collapsers"`
}

type commandConfig struct {
	ThreadPoolKey  string               `json:"threadPoolKey"`
	GroupKey       string               `json:"groupKey"`
	Execution      executionConfig      `json:"execution"`
	Metrics        commandMetricsConfig `json:"metrics"`
	CircuitBreaker breakerConfig        `json:"circuitBreaker"`
}

type executionConfig struct {
	IsolationStrategy        string  `json:"isolationStrategy"`
	ThreadPoolKeyOverride    *string `json:"threadPoolKeyOverride"` // always null
	RequestCacheEnabled      bool    `json:"requestCacheEnabled"`
	RequestLogEnabled        bool    `json:"requestLogEnabled"`
	TimeoutEnabled           bool    `json:"timeoutEnabled"`
	FallbackEnabled          bool    `json:"fallbackEnabled"`
	TimeoutInMilliseconds    int64   `json:"timeoutInMilliseconds"`
	SemaphoreSize            int     `json:"semaphoreSize"`
	FallbackSemaphoreSize    int     `json:"fallbackSemaphoreSize"`
	ThreadInterruptOnTimeout bool    `json:"threadInterruptOnTimeout"`
}

type commandMetricsConfig struct {
	HealthBucketSize     int64 `json:"healthBucketSizeInMs"`
	PercentileBucketSize int64 `json:"percentileBucketSizeInMilliseconds"`
	PercentileBuckets    int   `json:"percentileBucketCount"`
	PercentileEnabled    bool  `json:"percentileEnabled"`
	CounterBucketSize    int64 `json:"counterBucketSizeInMilliseconds"`
	CounterBuckets       int   `json:"counterBucketCount"`
}

type breakerConfig struct {
	Enabled                  bool  `json:"enabled"`
	IsForcedOpen             bool  `json:"isForcedOpen"`
	IsForcedClosed           bool  `json:"isForcedClosed"`
	RequestVolumeThreshold   int   `json:"requestVolumeThreshold"`
	ErrorPercentageThreshold int   `json:"errorPercentageThreshold"`
	SleepInMilliseconds      int64 `json:"sleepInMilliseconds"`
}

type poolConfig struct {
	CoreSize                 int   `json:"coreSize"`
	MaximumSize              int   `json:"maximumSize"`
	ActualMaximumSize        int   `json:"actualMaximumSize"`
	MaxQueueSize             int   `json:"maxQueueSize"` // -1: none
	QueueRejectionThreshold  int   `json:"queueRejectionThreshold"`
	KeepAliveTimeInMinutes   int   `json:"keepAliveTimeInMinutes"` // 0: an idle slot is nothing
	AllowMaximumSizeToDiffer bool  `json:"allowMaximumSizeToDivergeFromCoreSize"`
	CounterBucketSize        int64 `json:"counterBucketSizeInMilliseconds"`
	CounterBuckets           int   `json:"counterBucketCount"`
}

type collapserConfig struct {
	MaxRequestsInBatch  int                    `json:"maxRequestsInBatch"`
	TimerDelay          int64                  `json:"timerDelayInMilliseconds"`
	RequestCacheEnabled bool                   `json:"requestCacheEnabled"`
	Metrics             collapserMetricsConfig `json:"metrics"`
}

type collapserMetricsConfig struct {
	PercentileBucketSize int64 `json:"percentileBucketSizeInMilliseconds"`
	PercentileBuckets    int   `json:"percentileBucketCount"`
	PercentileEnabled    bool  `json:"percentileEnabled"`
	CounterBucketSize    int64 `json:"counterBucketSizeInMilliseconds"`
	CounterBuckets       int   `json:"counterBucketCount"`
}

func newHystrixConfig(c command.Configuration) *hystrixConfig {
	m := &hystrixConfig{
		Type: "HystrixConfig", Commands: map[string]commandConfig{}, ThreadPools: map[string]poolConfig{}, Collapsers: map[string]collapserConfig{},
	}
	for _, one := range c.Commands {
		m.Commands[one.Name] = newCommandConfig(one)
	}
	for _, one := range c.Pools {
		m.ThreadPools[one.Key] = newPoolConfig(one, c.Commands)
	}
	for _, one := range c.Collapsers {
		m.Collapsers[one.Name] = newCollapserConfig(one.Settings)
	}
	return m
}

func newCommandConfig(c command.CommandConfiguration) commandConfig {
	s := &c.Settings
	return commandConfig{
		ThreadPoolKey: c.Pool,
		GroupKey:      c.Group,
		Execution: executionConfig{
			IsolationStrategy:        strategy(s.Isolation),
			RequestCacheEnabled:      s.RequestCache != command.Off,
			RequestLogEnabled:        s.RequestLog != command.Off,
			TimeoutEnabled:           s.Timeout > 0,
			FallbackEnabled:          s.Fallback != command.Off,
			TimeoutInMilliseconds:    millis(s.Timeout),
			SemaphoreSize:            limit(s.Semaphore),
			FallbackSemaphoreSize:    limit(s.FallbackSemaphore),
			ThreadInterruptOnTimeout: true,
		},
		Metrics: commandMetricsConfig{
			HealthBucketSize:     millis(s.HealthInterval),
			PercentileBucketSize: bucketSize(s.LatencyWindow, s.LatencyBuckets),
			PercentileBuckets:    s.LatencyBuckets,
			PercentileEnabled:    true,
			CounterBucketSize:    bucketSize(s.Window, s.Buckets),
			CounterBuckets:       s.Buckets,
		},
		CircuitBreaker: breakerConfig{
			Enabled:                  s.Breaker != breaker.Disabled,
			IsForcedOpen:             s.Breaker == breaker.ForcedOpen,
			IsForcedClosed:           s.Breaker == breaker.ForcedClosed,
			RequestVolumeThreshold:   s.RequestVolume,
			ErrorPercentageThreshold: s.ErrorPercent,
			SleepInMilliseconds:      millis(s.SleepWindow),
		},
	}
}

// newPoolConfig tells, for want of a window of its own, the longest one of the
// pool's commands: what is counted of a pool is what they count.
func newPoolConfig(p command.PoolConfiguration, commands []command.CommandConfiguration) poolConfig {
	window, buckets := time.Duration(0), 0
	for _, c := range commands {
		if c.Pool == p.Key && c.Settings.Window > window {
			window, buckets = c.Settings.Window, c.Settings.Buckets
		}
	}
	if buckets == 0 {
		window, buckets = metrics.DefaultWindow, metrics.DefaultBuckets
	}
	queue := p.Config.Queue
	if queue <= 0 {
		queue = -1
	}
	return poolConfig{
		CoreSize:                 p.Config.Core,
		MaximumSize:              p.Config.Max,
		ActualMaximumSize:        p.Config.Max,
		MaxQueueSize:             queue,
		QueueRejectionThreshold:  rejectionThreshold(p.Config),
		AllowMaximumSizeToDiffer: p.Config.Max > p.Config.Core,
		CounterBucketSize:        bucketSize(window, buckets),
		CounterBuckets:           buckets,
	}
}

func newCollapserConfig(s command.CollapserSettings) collapserConfig {
	return collapserConfig{
		MaxRequestsInBatch:  limit(s.MaxRequests),
		TimerDelay:          millis(s.Delay),
		RequestCacheEnabled: s.RequestCache != command.Off,
		Metrics: collapserMetricsConfig{
			PercentileBucketSize: bucketSize(s.SizeWindow, s.SizeBuckets),
			PercentileBuckets:    s.SizeBuckets,
			PercentileEnabled:    true,
			CounterBucketSize:    bucketSize(s.Window, s.Buckets),
			CounterBuckets:       s.Buckets,
		},
	}
}

// bucketSize is the length of one of the buckets of a window, in ms.
func bucketSize(window time.Duration, buckets int) int64 {
	return millis(window / time.Duration(max(buckets, 1)))
}
