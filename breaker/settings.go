package breaker

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/quillgo/quill/internal/rolling"
)

// The defaults of [Settings], which are Hystrix's. Its window has twenty
// buckets: ten seconds of health snapshots of half a second each.
const (
	DefaultRequestVolume = 20
	DefaultErrorPercent  = 50
	DefaultSleepWindow   = 5 * time.Second
	DefaultWindow        = 10 * time.Second
	DefaultBuckets       = 20
)

// MaxBuckets is the greatest number of buckets of a window.
const MaxBuckets = rolling.MaxRatioBuckets

// Settings are the numbers of a breaker. A zero field means its default. They
// are changed as a whole, by [Breaker.Update].
type Settings struct {
	// Mode overrides what the breaker decides. Zero means Auto.
	Mode Mode

	// RequestVolume is the least number of results in the window to judge by.
	// Zero means 20 (circuitBreaker.requestVolumeThreshold).
	RequestVolume int

	// ErrorPercent is the share of errors, 1 to 100, at which the breaker opens.
	// Zero means 50 (circuitBreaker.errorThresholdPercentage).
	ErrorPercent int

	// SleepWindow is how long an open breaker refuses before it tries. Zero
	// means 5s (circuitBreaker.sleepWindowInMilliseconds).
	SleepWindow time.Duration

	// Window is the time over which results are counted. Zero means 10s. It is
	// fixed by New: in an Update it must be the same, or zero.
	Window time.Duration

	// Buckets is the number of equal parts in which results leave the Window; it
	// must divide it. Zero means 20. It is fixed by New, as Window is.
	Buckets int

	// TrialLease is how long a trial may take before another call may replace
	// it. Zero means SleepWindow. It should be no less than the timeout of the
	// calls, or slow trials are replaced while they could still decide.
	TrialLease time.Duration

	// Classify says what an error means for health; it is what
	// [Breaker.Classify] calls. It may be called concurrently. Nil means
	// [DefaultClassify].
	Classify func(error) Outcome
}

// DefaultClassify says that no error is a Success and any other a Failure,
// except context.Canceled, which is Ignore. An error alone does not tell who
// cancelled, but nearly always it is the caller who left, and callers that
// leave must not open a breaker; a deadline that passed is a Failure.
func DefaultClassify(err error) Outcome {
	switch {
	case err == nil:
		return Success
	case errors.Is(err, context.Canceled):
		return Ignore
	}
	return Failure
}

// Validate reports every field that cannot be, or nil. Each error names the
// field, its value and what would be right.
func (s Settings) Validate() error {
	var errs []error
	wrong := func(ok bool, field string, value any, want string) {
		if !ok {
			errs = append(errs, fmt.Errorf("breaker: Settings.%s is %v, want %s", field, value, want))
		}
	}
	d := s.withDefaults()
	wrong(d.Mode <= Disabled, "Mode", d.Mode, "Auto, ForcedOpen, ForcedClosed or Disabled")
	wrong(d.RequestVolume > 0, "RequestVolume", d.RequestVolume, "1 or more")
	wrong(d.ErrorPercent >= 1 && d.ErrorPercent <= 100, "ErrorPercent", d.ErrorPercent, "1 to 100")
	wrong(d.SleepWindow > 0, "SleepWindow", d.SleepWindow, "more than 0")
	wrong(d.TrialLease >= 0, "TrialLease", d.TrialLease, "more than 0, or 0 for SleepWindow")
	buckets := d.Buckets >= 1 && d.Buckets <= MaxBuckets
	wrong(buckets, "Buckets", d.Buckets, fmt.Sprintf("1 to %d", MaxBuckets))
	wrong(d.Window > 0, "Window", d.Window, "more than 0")
	if buckets && d.Window > 0 {
		wrong(d.Window%time.Duration(d.Buckets) == 0, "Window", d.Window,
			fmt.Sprintf("a multiple of its %d Buckets", d.Buckets))
	}
	return errors.Join(errs...)
}

// withDefaults fills in every default but those that follow another field
// (TrialLease) or stay as they are when passed on (Classify).
func (s Settings) withDefaults() Settings {
	fill(&s.Mode, Auto)
	fill(&s.RequestVolume, DefaultRequestVolume)
	fill(&s.ErrorPercent, DefaultErrorPercent)
	fill(&s.SleepWindow, DefaultSleepWindow)
	fill(&s.Window, DefaultWindow)
	fill(&s.Buckets, DefaultBuckets)
	return s
}

func fill[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// lease returns how long a trial may take.
func (s *Settings) lease() time.Duration {
	if s.TrialLease == 0 {
		return s.SleepWindow
	}
	return s.TrialLease
}

// trips applies rule B2 to the counts of a window. As ErrorPercent is whole,
// to truncate and compare is to compare without a division.
func (s *Settings) trips(successes, errors uint64) bool {
	total := successes + errors
	return total >= uint64(s.RequestVolume) && errors*100 >= uint64(s.ErrorPercent)*total
}

// fewestErrors returns the smallest number of errors with which trips can be
// true: RequestVolume results of which ErrorPercent failed.
func (s *Settings) fewestErrors() uint64 {
	return (uint64(s.RequestVolume)*uint64(s.ErrorPercent) + 99) / 100
}
