package config

import (
	"math"
	"time"

	"github.com/quillgo/quill/breaker"
	"github.com/quillgo/quill/command"
	"github.com/quillgo/quill/isolation"
)

// properties are all that Hystrix has.
var properties = []property{
	{commandKind, "execution.isolation.strategy", "Isolation", ""},
	{commandKind, "execution.isolation.thread.timeoutInMilliseconds", "Timeout", "execution.timeout.enabled is false"},
	{commandKind, "execution.timeout.enabled", "Timeout", ""},
	{commandKind, "execution.isolation.thread.interruptOnTimeout", "", "the body's context always ends at the timeout; a body that has to finish says so with context.WithoutCancel"},
	{commandKind, "execution.isolation.thread.interruptOnFutureCancel", "", "the body's context always ends when its Future is cancelled"},
	{commandKind, "execution.isolation.semaphore.maxConcurrentRequests", "Semaphore", ""},
	{commandKind, "fallback.isolation.semaphore.maxConcurrentRequests", "FallbackSemaphore", ""},
	{commandKind, "fallback.enabled", "Fallback", ""},
	{commandKind, "circuitBreaker.enabled", "Breaker", ""},
	{commandKind, "circuitBreaker.requestVolumeThreshold", "RequestVolume", ""},
	{commandKind, "circuitBreaker.sleepWindowInMilliseconds", "SleepWindow", ""},
	{commandKind, "circuitBreaker.errorThresholdPercentage", "ErrorPercent", ""},
	{commandKind, "circuitBreaker.forceOpen", "Breaker", ""},
	{commandKind, "circuitBreaker.forceClosed", "Breaker", ""},
	{commandKind, "metrics.rollingStats.timeInMilliseconds", "Window", ""},
	{commandKind, "metrics.rollingStats.numBuckets", "Buckets", ""},
	{commandKind, "metrics.rollingPercentile.enabled", "", "latencies are always measured, as Hystrix 1.5 does whatever this says"},
	{commandKind, "metrics.rollingPercentile.timeInMilliseconds", "LatencyWindow", ""},
	{commandKind, "metrics.rollingPercentile.numBuckets", "LatencyBuckets", ""},
	{commandKind, "metrics.rollingPercentile.bucketSize", "", "a bucket counts every latency: there are no samples to bound"},
	{commandKind, "metrics.healthSnapshot.intervalInMilliseconds", "HealthInterval", ""},
	{commandKind, "requestCache.enabled", "RequestCache", ""},
	{commandKind, "requestLog.enabled", "RequestLog", ""},
	{commandKind, "threadPoolKeyOverride", "", "the pool of a command is chosen in its Spec: PoolKey"},

	{poolKind, "coreSize", "Core", ""},
	{poolKind, "maximumSize", "Max", "allowMaximumSizeToDivergeFromCoreSize is not true, or this is less than coreSize: coreSize is the maximum, as in Hystrix"},
	{poolKind, "allowMaximumSizeToDivergeFromCoreSize", "Max", "no maximumSize is given with it"},
	{poolKind, "maxQueueSize", "Queue", ""},
	{poolKind, "queueSizeRejectionThreshold", "RejectAt", "there is no queue, as maxQueueSize is not more than 0"},
	{poolKind, "keepAliveTimeMinutes", "", "a slot that is not used is no thread: there is nothing to keep alive"},
	{poolKind, "metrics.rollingStats.timeInMilliseconds", "", "a pool has no windows of its own: its commands have"},
	{poolKind, "metrics.rollingStats.numBuckets", "", "a pool has no windows of its own: its commands have"},

	{collapserKind, "maxRequestsInBatch", "MaxRequests", ""},
	{collapserKind, "timerDelayInMilliseconds", "Delay", ""},
	{collapserKind, "requestCache.enabled", "RequestCache", ""},
	{collapserKind, "metrics.rollingStats.timeInMilliseconds", "Window", ""},
	{collapserKind, "metrics.rollingStats.numBuckets", "Buckets", ""},
	{collapserKind, "metrics.rollingPercentile.enabled", "", "the sizes of batches are always measured"},
	{collapserKind, "metrics.rollingPercentile.timeInMilliseconds", "SizeWindow", ""},
	{collapserKind, "metrics.rollingPercentile.numBuckets", "SizeBuckets", ""},
	{collapserKind, "metrics.rollingPercentile.bucketSize", "", "a bucket counts every size: there are no samples to bound"},

	{"", "hystrix.timer.threadpool.default.coreSize", "", "there are no timer threads: timeouts are runtime timers"},
	{"", "hystrix.stream.dashboard.intervalInMilliseconds", "", "the interval of a stream is given where its handler is made"},
	{"", "hystrix.stream.utilization.intervalInMilliseconds", "", "the interval of a stream is given where its handler is made"},
	{"", "hystrix.stream.config.intervalInMilliseconds", "", "the interval of a stream is given where its handler is made"},
	{"", "hystrix.config.stream.maxConcurrentConnections", "", "the limit of a stream is given where its handler is made"},
	{"", "hystrix.plugin.*.implementation", "", "there are no plugins: hooks and listeners are values of a Registry or a Spec"},
}

// config makes a Config of everything that was given.
func (s *sheet) config() command.Config {
	c := command.Config{
		Default:          s.layer(commandKind, defaultKey).settings(),
		DefaultPool:      s.layer(poolKind, defaultKey).sizes(),
		DefaultCollapser: s.layer(collapserKind, defaultKey).collapser(),
		Commands:         map[string]command.Settings{},
		Pools:            map[string]isolation.PoolConfig{},
		Collapsers:       map[string]command.CollapserSettings{},
	}
	for _, key := range s.keys(commandKind) {
		c.Commands[key] = s.layer(commandKind, key).settings()
	}
	for _, key := range s.keys(poolKind) {
		c.Pools[key] = s.layer(poolKind, key).sizes()
	}
	for _, key := range s.keys(collapserKind) {
		c.Collapsers[key] = s.layer(collapserKind, key).collapser()
	}
	return c
}

func (l layer) settings() command.Settings {
	own := func(name string) *entry { return l.own[name] }
	s := command.Settings{
		Timeout:           l.timeout(),
		Semaphore:         l.permits(own("execution.isolation.semaphore.maxConcurrentRequests")),
		FallbackSemaphore: l.permits(own("fallback.isolation.semaphore.maxConcurrentRequests")),
		Fallback:          l.onOff(own("fallback.enabled")),
		RequestCache:      l.onOff(own("requestCache.enabled")),
		RequestLog:        l.onOff(own("requestLog.enabled")),
		Breaker:           l.mode(),
		ErrorPercent:      l.number(own("circuitBreaker.errorThresholdPercentage"), 1, 0),
		SleepWindow:       l.millis(own("circuitBreaker.sleepWindowInMilliseconds")),
		HealthInterval:    l.millis(own("metrics.healthSnapshot.intervalInMilliseconds")),
		Window:            l.millis(own("metrics.rollingStats.timeInMilliseconds")),
		Buckets:           l.number(own("metrics.rollingStats.numBuckets"), 1, 0),
		LatencyWindow:     l.millis(own("metrics.rollingPercentile.timeInMilliseconds")),
		LatencyBuckets:    l.number(own("metrics.rollingPercentile.numBuckets"), 1, 0),
	}
	if e := own("circuitBreaker.requestVolumeThreshold"); e != nil {
		s.RequestVolume = max(1, l.number(e, 0, 0)) // a window without results is judged by nobody
	}
	if e := own("execution.isolation.strategy"); e != nil {
		e.used = true
		switch e.value {
		case "THREAD":
			s.Isolation = command.Pool
		case "SEMAPHORE":
			s.Isolation = command.Semaphore
		default:
			l.wrong(e, "THREAD or SEMAPHORE")
		}
	}
	return s
}

// timeout is one field for two properties.
func (l layer) timeout() (t time.Duration) {
	const millis, enabled = "execution.isolation.thread.timeoutInMilliseconds", "execution.timeout.enabled"
	if !l.set(millis, enabled) {
		return 0
	}
	if !l.flag(l.effective(enabled), true) {
		return off
	}
	if l.set(millis) {
		return l.millis(l.own[millis])
	}
	if l.flag(l.below[enabled], true) {
		return 0 // said again, no more
	}
	if t = l.millis(l.below[millis]); t == 0 {
		t = time.Second // the default below is off
	}
	return t
}

// mode is one field for three properties.
func (l layer) mode() breaker.Mode {
	const enabled, open, closed = "circuitBreaker.enabled", "circuitBreaker.forceOpen", "circuitBreaker.forceClosed"
	if !l.set(enabled, open, closed) {
		return breaker.Unset
	}
	on := l.flag(l.effective(enabled), true)
	forcedOpen, forcedClosed := l.flag(l.effective(open), false), l.flag(l.effective(closed), false)
	switch {
	case !on:
		return breaker.Disabled
	case forcedOpen:
		return breaker.ForcedOpen
	case forcedClosed:
		return breaker.ForcedClosed
	}
	return breaker.Auto
}

// permits are a limit of which 0 admits nobody.
func (l layer) permits(e *entry) int {
	n := l.number(e, 0, 0)
	if e != nil && n == 0 {
		return command.None
	}
	return n
}

// sizes are those that Hystrix would find: all fields are set if one property is,
// as they depend on each other.
func (l layer) sizes() isolation.PoolConfig {
	const core, maximum, diverge = "coreSize", "maximumSize", "allowMaximumSizeToDivergeFromCoreSize"
	const queue, threshold = "maxQueueSize", "queueSizeRejectionThreshold"
	if !l.set(core, maximum, diverge, queue, threshold) {
		return isolation.PoolConfig{}
	}
	c := isolation.PoolConfig{Core: l.number(l.effective(core), 1, 10), Queue: -1, RejectAt: isolation.Unlimited}
	c.Max = c.Core
	if e, flag := l.effective(maximum), l.effective(diverge); e != nil && flag != nil {
		if l.flag(flag, false) {
			was := e.used
			n := l.number(e, 1, 0)
			e.used = was || n >= c.Core
			c.Max = max(c.Core, n)
		}
	}
	if n := l.number(l.effective(queue), math.MinInt32, -1); n > 0 {
		c.Queue = n
		t := l.number(l.effective(threshold), 1, 5)
		if t <= n { // beyond, it is never reached: the queue is full before
			c.RejectAt = t
		}
	}
	return c
}

func (l layer) collapser() command.CollapserSettings {
	own := func(name string) *entry { return l.own[name] }
	s := command.CollapserSettings{
		Delay:        l.millis(own("timerDelayInMilliseconds")),
		MaxRequests:  l.number(own("maxRequestsInBatch"), 1, 0),
		RequestCache: l.onOff(own("requestCache.enabled")),
		Window:       l.millis(own("metrics.rollingStats.timeInMilliseconds")),
		Buckets:      l.number(own("metrics.rollingStats.numBuckets"), 1, 0),
		SizeWindow:   l.millis(own("metrics.rollingPercentile.timeInMilliseconds")),
		SizeBuckets:  l.number(own("metrics.rollingPercentile.numBuckets"), 1, 0),
	}
	if s.MaxRequests == math.MaxInt32 { // Hystrix's default
		s.MaxRequests = command.Unlimited
	}
	return s
}
