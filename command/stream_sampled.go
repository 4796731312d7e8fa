package command

import (
	"time"

	"github.com/quillgo/quill/breaker"
	"github.com/quillgo/quill/metrics"
	"github.com/quillgo/quill/observable"
)

// The intervals of Hystrix's streams that are not those of a window's bucket.
const (
	dashboardInterval     = 500 * time.Millisecond
	configurationInterval = 5 * time.Second
)

// Latencies are how long the executions of a command took, over its latency
// window. Both are of the whole execution, from the call to the end: see "What
// latency is" in docs/intentional.md.
type Latencies struct{ Execution, Total metrics.LatencySnapshot }

// ReportStream returns what [Registry.Report] returns, every so often; 0 means
// 500ms (HystrixDashboardStream).
//
// What follows holds for all streams that take an interval. The first item comes
// when the interval has passed. Subscribers of the same stream with the same
// interval share one timer and one reading; with nobody subscribed there is none.
// Nobody waits for a slow subscriber, who gets the newest of the items that come
// while it is busy. When the process was held up, what should have been read
// meanwhile is left out. A stream completes with [Registry.Close], or when
// [Registry.Shutdown] is done. A registry that is nil, an empty name and a negative
// interval panic with an [*observable.ArgumentError]. Time is that of the
// registry's clock.
//
// A name that is not registered yet, or a pool or collapser that is not used yet,
// has no items until it is; a command that is registered and was not used has
// zeros. If the interval is 0, what it means is settled when somebody subscribes,
// for a name that is not registered then by RegistryOptions.Settings.
func ReportStream(r *Registry, every time.Duration) observable.Observable[Report] {
	return sampled(r, "ReportStream", "", every, fixed(dashboardInterval), func(time.Duration) (Report, bool) { return r.Report(), true })
}

// RollingStream returns how often each event happened in the window of the
// commands of that name; an interval of 0 is one bucket of it
// (RollingCommandEventCounterStream). See [ReportStream].
func RollingStream(r *Registry, name string, every time.Duration) observable.Observable[metrics.Counts] {
	return ofCommand(r, "RollingStream", name, every, Settings.countBucket, func(l *circuit, now time.Duration) metrics.Counts {
		return l.recorder.Rolling(now)
	})
}

// CumulativeStream returns how often each event has happened since the beginning;
// an interval of 0 is one bucket of the window
// (CumulativeCommandEventCounterStream). See [ReportStream].
func CumulativeStream(r *Registry, name string, every time.Duration) observable.Observable[metrics.Counts] {
	return ofCommand(r, "CumulativeStream", name, every, Settings.countBucket, func(l *circuit, now time.Duration) metrics.Counts {
		return l.recorder.Cumulative(now)
	})
}

// HealthStream returns the results that the breaker of that name judges; an
// interval of 0 is Settings.HealthInterval (HealthCountsStream). A breaker in the
// mode Disabled judges nothing, and has zeros: [RollingStream] goes on counting. See
// [ReportStream].
func HealthStream(r *Registry, name string, every time.Duration) observable.Observable[breaker.Counts] {
	return ofCommand(r, "HealthStream", name, every, func(s Settings) time.Duration { return s.HealthInterval },
		func(l *circuit, _ time.Duration) breaker.Counts { return l.breaker.Counts() })
}

// LatencyStream returns how long the executions of that name took; an interval of
// 0 is one bucket of the latency window (RollingCommandLatencyDistributionStream,
// RollingCommandUserLatencyDistributionStream). See [ReportStream].
func LatencyStream(r *Registry, name string, every time.Duration) observable.Observable[Latencies] {
	return ofCommand(r, "LatencyStream", name, every, func(s Settings) time.Duration { return s.LatencyWindow / time.Duration(s.LatencyBuckets) },
		func(l *circuit, now time.Duration) Latencies {
			execution, total := l.recorder.Latencies(now)
			return Latencies{execution, total}
		})
}

// MaxConcurrencyStream returns the highest number of executions of that name that
// were in progress at a time, in the window; an interval of 0 is one bucket of it
// (RollingCommandMaxConcurrencyStream). See [ReportStream].
func MaxConcurrencyStream(r *Registry, name string, every time.Duration) observable.Observable[int64] {
	return ofCommand(r, "MaxConcurrencyStream", name, every, Settings.countBucket, func(l *circuit, now time.Duration) int64 {
		return l.recorder.MaxConcurrency(now)
	})
}

// BatchStream returns what the collapsers of that name have counted, in the
// window and since the beginning; an interval of 0 is one bucket of the window
// (RollingCollapserEventCounterStream, CumulativeCollapserEventCounterStream).
// See [ReportStream].
func BatchStream(r *Registry, collapser string, every time.Duration) observable.Observable[metrics.BatchSnapshot] {
	return ofCollapser(r, "BatchStream", collapser, every, func(s CollapserSettings) time.Duration { return s.Window / time.Duration(s.Buckets) },
		func(s metrics.BatchSnapshot) metrics.BatchSnapshot { return s })
}

// BatchSizeStream returns the sizes of the batches of the collapsers of that
// name; an interval of 0 is one bucket of their window
// (RollingCollapserBatchSizeDistributionStream). See [ReportStream].
func BatchSizeStream(r *Registry, collapser string, every time.Duration) observable.Observable[metrics.SizeSnapshot] {
	return ofCollapser(r, "BatchSizeStream", collapser, every, func(s CollapserSettings) time.Duration { return s.SizeWindow / time.Duration(s.SizeBuckets) },
		func(s metrics.BatchSnapshot) metrics.SizeSnapshot { return s.Sizes })
}

// PoolsStream returns how all pools are doing that commands have used, by key; an
// interval of 0 is one bucket of the registry's default window
// (RollingThreadPoolEventCounterStream, RollingThreadPoolMaxConcurrencyStream).
// See [ReportStream].
func PoolsStream(r *Registry, every time.Duration) observable.Observable[[]PoolReport] {
	return sampled(r, "PoolsStream", "", every, r.defaultBucket, func(now time.Duration) ([]PoolReport, bool) {
		return r.poolReports(now, ""), true
	})
}

// PoolStream is [PoolsStream] of the pool with that key.
func PoolStream(r *Registry, key string, every time.Duration) observable.Observable[PoolReport] {
	wantName("PoolStream", key)
	return sampled(r, "PoolStream", key, every, r.defaultBucket, func(now time.Duration) (p PoolReport, ok bool) {
		all := r.poolReports(now, key)
		if len(all) == 0 {
			return p, false
		}
		return all[0], true
	})
}

// UtilizationStream returns how much of what there is is in use; an interval of 0
// is 500ms (HystrixUtilizationStream). See [ReportStream].
func UtilizationStream(r *Registry, every time.Duration) observable.Observable[Utilization] {
	return sampled(r, "UtilizationStream", "", every, fixed(dashboardInterval), func(time.Duration) (Utilization, bool) { return r.utilization(), true })
}

// ConfigurationStream returns the settings in force of all that has been used; an
// interval of 0 is 5s (HystrixConfigurationStream). See [ReportStream].
func ConfigurationStream(r *Registry, every time.Duration) observable.Observable[Configuration] {
	return sampled(r, "ConfigurationStream", "", every, fixed(configurationInterval), func(time.Duration) (Configuration, bool) {
		return r.configuration(), true
	})
}
