package metrics

import (
	"errors"
	"fmt"
	"time"
)

// The defaults of [Config], which are Hystrix's.
const (
	DefaultWindow         = 10 * time.Second
	DefaultBuckets        = 10
	DefaultLatencyWindow  = time.Minute
	DefaultLatencyBuckets = 6
)

// Config are the windows of a [Recorder]. A zero field means its default.
type Config struct {
	// Window is the time over which events are counted and the highest
	// concurrency is found. Zero means 10s. (Hystrix:
	// metrics.rollingStats.timeInMilliseconds)
	Window time.Duration
	// Buckets is the number of equal parts in which counts leave the Window; it
	// must divide it. Zero means 10. (metrics.rollingStats.numBuckets)
	Buckets int
	// LatencyWindow is the time over which latencies are kept. Zero means 1m.
	// (metrics.rollingPercentile.timeInMilliseconds)
	LatencyWindow time.Duration
	// LatencyBuckets is the number of equal parts in which latencies leave the
	// LatencyWindow; it must divide it. Zero means 6. A part that was used holds
	// 1.5 KB. (metrics.rollingPercentile.numBuckets)
	LatencyBuckets int
}

// MaxBuckets is the greatest number of buckets of a window.
const MaxBuckets = 4096

// Validate reports all fields that cannot be, each with its value and what
// would be right, or nil.
func (c Config) Validate() error {
	d := c.withDefaults()
	return errors.Join(
		validWindow("Window", d.Window, "Buckets", d.Buckets),
		validWindow("LatencyWindow", d.LatencyWindow, "LatencyBuckets", d.LatencyBuckets),
	)
}

func validWindow(windowField string, window time.Duration, bucketsField string, buckets int) error {
	switch {
	case window < 0:
		return fmt.Errorf("metrics: Config.%s is %v, want more than 0, or 0 for the default", windowField, window)
	case buckets > MaxBuckets:
		return fmt.Errorf("metrics: Config.%s is %d, want at most %d", bucketsField, buckets, MaxBuckets)
	case buckets < 0:
		return fmt.Errorf("metrics: Config.%s is %d, want 1 or more, or 0 for the default", bucketsField, buckets)
	case window%time.Duration(buckets) != 0:
		return fmt.Errorf("metrics: Config.%s is %v, want a multiple of its %d %s", windowField, window, buckets, bucketsField)
	}
	return nil
}

func (c Config) withDefaults() Config {
	fill(&c.Window, DefaultWindow)
	fill(&c.Buckets, DefaultBuckets)
	fill(&c.LatencyWindow, DefaultLatencyWindow)
	fill(&c.LatencyBuckets, DefaultLatencyBuckets)
	return c
}

func fill[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}
