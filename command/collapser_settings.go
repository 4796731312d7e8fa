package command

import (
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/quillgo/quill/metrics"
)

// CollapserSettings are the numbers and switches of a collapser
// (HystrixCollapserProperties). A zero field is not set: its value then comes
// from the next in line, as for [Settings]. All but the windows may change while
// the collapser is in use.
type CollapserSettings struct {
	// Delay is how long the first request of a batch waits for others.
	// Default 10ms (timerDelayInMilliseconds).
	Delay time.Duration
	// MaxRequests is how many requests a batch takes: one that is full is sent at
	// once. If it is lowered below the size of an open batch that is sent, as it is,
	// at the next request. Default Unlimited (maxRequestsInBatch).
	MaxRequests int
	// RequestCache switches the cache of a collapser that has a CacheKey, and
	// whether the same argument twice in one batch is one request: with Off it is
	// an error. Default On (requestCache.enabled).
	RequestCache Switch

	// Window is the time over which events are counted, Buckets the number of its
	// parts. Default 10s and 10.
	Window  time.Duration
	Buckets int
	// SizeWindow and SizeBuckets are the same for the sizes of batches. Default
	// 60s and 6.
	SizeWindow  time.Duration
	SizeBuckets int
}

// collapserDefaults are Hystrix's.
var collapserDefaults = CollapserSettings{
	Delay:        10 * time.Millisecond,
	MaxRequests:  Unlimited,
	RequestCache: On,
	Window:       10 * time.Second,
	Buckets:      10,
	SizeWindow:   time.Minute,
	SizeBuckets:  6,
}

// or returns s with its unset fields taken from t.
func (s CollapserSettings) or(t CollapserSettings) CollapserSettings {
	fill(&s.Delay, t.Delay)
	fill(&s.MaxRequests, t.MaxRequests)
	fill(&s.RequestCache, t.RequestCache)
	fill(&s.Window, t.Window)
	fill(&s.Buckets, t.Buckets)
	fill(&s.SizeWindow, t.SizeWindow)
	fill(&s.SizeBuckets, t.SizeBuckets)
	return s
}

// validate reports every field of resolved settings that cannot be.
func (s CollapserSettings) validate() error {
	var errs []error
	wrong := func(ok bool, field string, value any, want string) {
		if !ok {
			errs = append(errs, fmt.Errorf("CollapserSettings.%s is %v, want %s", field, value, want))
		}
	}
	divides := func(window time.Duration, buckets int) bool {
		return buckets > 0 && buckets <= metrics.MaxBuckets && window%time.Duration(buckets) == 0
	}
	wrong(s.Delay > 0, "Delay", s.Delay, "more than 0")
	wrong(s.MaxRequests > 0 && s.MaxRequests <= math.MaxInt32 || s.MaxRequests == Unlimited, "MaxRequests", s.MaxRequests,
		fmt.Sprintf("1 to %d, or Unlimited (-1)", math.MaxInt32))
	wrong(s.RequestCache <= WhenScoped, "RequestCache", s.RequestCache, "On, Off or WhenScoped")
	wrong(s.Window > 0, "Window", s.Window, "more than 0")
	wrong(divides(s.Window, s.Buckets), "Buckets", s.Buckets,
		fmt.Sprintf("1 to %d, and a number that divides CollapserSettings.Window (%v)", metrics.MaxBuckets, s.Window))
	wrong(s.SizeWindow > 0, "SizeWindow", s.SizeWindow, "more than 0")
	wrong(divides(s.SizeWindow, s.SizeBuckets), "SizeBuckets", s.SizeBuckets,
		fmt.Sprintf("1 to %d, and a number that divides CollapserSettings.SizeWindow (%v)", metrics.MaxBuckets, s.SizeWindow))
	return errors.Join(errs...)
}

// fixed returns the fields that cannot change once a collapser is in use.
func (s CollapserSettings) fixed() CollapserSettings {
	return CollapserSettings{Window: s.Window, Buckets: s.Buckets, SizeWindow: s.SizeWindow, SizeBuckets: s.SizeBuckets}
}

// recorder are the windows of the metrics.
func (s CollapserSettings) recorder() metrics.Config {
	return metrics.Config{Window: s.Window, Buckets: s.Buckets, LatencyWindow: s.SizeWindow, LatencyBuckets: s.SizeBuckets}
}

// CollapserStatus is how the collapsers of a name are doing at one moment.
type CollapserStatus struct {
	Name     string
	Settings CollapserSettings
	Metrics  metrics.BatchSnapshot
}
