package command

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"time"

	"github.com/quillgo/quill/breaker"
	"github.com/quillgo/quill/isolation"
	"github.com/quillgo/quill/metrics"
)

// Limits that are not numbers, for [Settings.Semaphore] and
// [Settings.FallbackSemaphore].
const (
	Unlimited = isolation.Unlimited // admits everybody
	None      = isolation.None      // admits nobody
)

// Isolation is what bounds how many executions of a command run at a time.
type Isolation uint8

// The isolations (execution.isolation.strategy).
const (
	UnsetIsolation Isolation = iota // Pool for a Spec.Run, Semaphore for a Spec.Stream
	// Pool runs the body on a goroutine of its own, in a slot of a pool that
	// the commands of a group share, and frees the caller at the timeout.
	Pool
	// Semaphore runs the body on the caller's goroutine; the caller is late when
	// the body ignores its context.
	Semaphore
)

func (i Isolation) String() string { return name(i, "Unset", "Pool", "Semaphore") }

// Switch turns a part of the pipeline on or off.
type Switch uint8

// The positions of a Switch.
const (
	Unset Switch = iota
	On
	Off
	// WhenScoped, for Settings.RequestCache only, uses the cache where the
	// context has a scope, and is no error where it has none.
	WhenScoped
)

func (s Switch) String() string { return name(s, "Unset", "On", "Off", "WhenScoped") }

func name[T ~uint8](v T, names ...string) string {
	if int(v) < len(names) {
		return names[v]
	}
	return fmt.Sprintf("%T(%d)", v, uint8(v))
}

// Settings are the numbers and switches of a command. A zero field is not set:
// its value then comes from the next in line, which is, highest first, the
// registry's value for the name ([Registry.Update], then [Registry.Configure]),
// [Spec].Settings, the registry's default ([Config].Default, then
// [RegistryOptions]), and Hystrix's default, named on each field.
//
// The sizes of pools are not here: they belong to [Registry.ConfigurePool].
//
// They can change while the command runs, but for Window, Buckets,
// HealthInterval, LatencyWindow and LatencyBuckets. An execution uses the values
// that it found when it began, all of one moment.
type Settings struct {
	// Isolation is Pool for a command with Run, Semaphore for one with Stream.
	Isolation Isolation
	// Timeout bounds the body of one execution, and of a stream its first item. It
	// runs from the beginning of the execution: the wait in a pool's queue counts,
	// the fallback's time does not. Default 1s; negative means no bound.
	Timeout time.Duration
	// Semaphore is how many executions may run at a time with Semaphore
	// isolation. Default 10.
	Semaphore int
	// FallbackSemaphore is how many fallbacks may run at a time, with either
	// isolation. Default 10.
	FallbackSemaphore int
	// Fallback switches fallbacks. Default On.
	Fallback Switch
	// RequestCache switches the cache of a command that has a CacheKey. Default
	// On, which makes a call outside a scope an error.
	RequestCache Switch
	// RequestLog switches the entries in the scope's log. Default On.
	RequestLog Switch

	// Breaker is the mode of the circuit breaker. Default Auto.
	Breaker breaker.Mode
	// RequestVolume is how many results a window needs before they are judged.
	// Default 20.
	RequestVolume int
	// ErrorPercent is the share of errors at which the breaker opens. Default
	// 50.
	ErrorPercent int
	// SleepWindow is how long an open breaker waits before it tries. Default 5s.
	SleepWindow time.Duration
	// HealthInterval is the length of a bucket of the breaker's window, which is
	// as long as Window. Default 500ms.
	HealthInterval time.Duration

	// Window is the time over which events are counted, for metrics and for the
	// breaker. Default 10s.
	Window time.Duration
	// Buckets is the number of parts of the metrics' window. Default 10.
	Buckets int
	// LatencyWindow and LatencyBuckets are the same for latencies. Default 60s
	// and 6.
	LatencyWindow  time.Duration
	LatencyBuckets int
}

// defaults are Hystrix's, but for the isolation, which depends on the kind.
var defaults = Settings{
	Timeout:           time.Second,
	Semaphore:         10,
	FallbackSemaphore: 10,
	Fallback:          On,
	RequestCache:      On,
	RequestLog:        On,
	Breaker:           breaker.Auto,
	RequestVolume:     20,
	ErrorPercent:      50,
	SleepWindow:       5 * time.Second,
	HealthInterval:    500 * time.Millisecond,
	Window:            10 * time.Second,
	Buckets:           10,
	LatencyWindow:     time.Minute,
	LatencyBuckets:    6,
}

// or returns s with its unset fields taken from t.
func (s Settings) or(t Settings) Settings {
	fill(&s.Isolation, t.Isolation)
	fill(&s.Timeout, t.Timeout)
	fill(&s.Semaphore, t.Semaphore)
	fill(&s.FallbackSemaphore, t.FallbackSemaphore)
	fill(&s.Fallback, t.Fallback)
	fill(&s.RequestCache, t.RequestCache)
	fill(&s.RequestLog, t.RequestLog)
	fill(&s.Breaker, t.Breaker)
	fill(&s.RequestVolume, t.RequestVolume)
	fill(&s.ErrorPercent, t.ErrorPercent)
	fill(&s.SleepWindow, t.SleepWindow)
	fill(&s.HealthInterval, t.HealthInterval)
	fill(&s.Window, t.Window)
	fill(&s.Buckets, t.Buckets)
	fill(&s.LatencyWindow, t.LatencyWindow)
	fill(&s.LatencyBuckets, t.LatencyBuckets)
	return s
}

func fill[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// validate reports every field of resolved settings that cannot be.
func (s Settings) validate() error {
	var errs []error
	wrong := func(ok bool, field string, value any, want string) {
		if !ok {
			errs = append(errs, fmt.Errorf("%s is %v, want %s", "Settings."+field, value, want))
		}
	}
	limit := func(field string, n int) {
		wrong(n > 0 && n <= math.MaxInt32 || n == Unlimited || n == None, field, n,
			fmt.Sprintf("1 to %d, Unlimited (-1) or None (-2)", math.MaxInt32))
	}
	wrong(s.Isolation == Pool || s.Isolation == Semaphore, "Isolation", s.Isolation, "Pool or Semaphore")
	limit("Semaphore", s.Semaphore)
	limit("FallbackSemaphore", s.FallbackSemaphore)
	wrong(s.Fallback == On || s.Fallback == Off, "Fallback", s.Fallback, "On or Off")
	wrong(s.RequestCache <= WhenScoped, "RequestCache", s.RequestCache, "On, Off or WhenScoped")
	wrong(s.RequestLog == On || s.RequestLog == Off, "RequestLog", s.RequestLog, "On or Off")
	wrong(s.Breaker <= breaker.Disabled, "Breaker", s.Breaker, "Auto, ForcedOpen, ForcedClosed or Disabled")
	wrong(s.RequestVolume > 0, "RequestVolume", s.RequestVolume, "1 or more")
	wrong(s.ErrorPercent > 0 && s.ErrorPercent <= 100, "ErrorPercent", s.ErrorPercent, "1 to 100")
	wrong(s.SleepWindow > 0, "SleepWindow", s.SleepWindow, "more than 0")
	wrong(s.Window > 0, "Window", s.Window, "more than 0")
	wrong(s.HealthInterval > 0 && s.Window%max(s.HealthInterval, 1) == 0, "HealthInterval", s.HealthInterval,
		fmt.Sprintf("a part of Settings.Window (%v) that divides it", s.Window))
	wrong(s.HealthInterval <= 0 || s.Window/s.HealthInterval <= breaker.MaxBuckets, "HealthInterval", s.HealthInterval,
		fmt.Sprintf("at least %v, for not more than %d intervals in Settings.Window (%v)", s.Window/breaker.MaxBuckets, breaker.MaxBuckets, s.Window))
	wrong(s.Buckets > 0 && s.Window%time.Duration(max(s.Buckets, 1)) == 0, "Buckets", s.Buckets,
		fmt.Sprintf("a number that divides Settings.Window (%v)", s.Window))
	wrong(s.Buckets <= metrics.MaxBuckets, "Buckets", s.Buckets, fmt.Sprintf("at most %d", metrics.MaxBuckets))
	wrong(s.LatencyBuckets <= metrics.MaxBuckets, "LatencyBuckets", s.LatencyBuckets, fmt.Sprintf("at most %d", metrics.MaxBuckets))
	wrong(s.LatencyWindow > 0, "LatencyWindow", s.LatencyWindow, "more than 0")
	wrong(s.LatencyBuckets > 0 && s.LatencyWindow%time.Duration(max(s.LatencyBuckets, 1)) == 0, "LatencyBuckets", s.LatencyBuckets,
		fmt.Sprintf("a number that divides Settings.LatencyWindow (%v)", s.LatencyWindow))
	if len(errs) == 0 {
		// The parts check what only they know.
		errs = append(errs, s.breaker().Validate(), s.recorder().Validate())
	}
	return errors.Join(errs...)
}

// breaker returns the breaker's settings. A trial is replaced when its lease
// ends: after the timeout, by then its execution has decided, or after the sleep
// window if there is no timeout.
func (s Settings) breaker() breaker.Settings {
	return breaker.Settings{
		Mode:          s.Breaker,
		RequestVolume: s.RequestVolume,
		ErrorPercent:  s.ErrorPercent,
		SleepWindow:   s.SleepWindow,
		Window:        s.Window,
		Buckets:       int(s.Window / s.HealthInterval),
		TrialLease:    max(s.Timeout, 0),
		Classify:      classify,
	}
}

func (s Settings) recorder() metrics.Config {
	return metrics.Config{Window: s.Window, Buckets: s.Buckets, LatencyWindow: s.LatencyWindow, LatencyBuckets: s.LatencyBuckets}
}

// difference returns the first field in which two settings differ.
func (s Settings) difference(other Settings) (field string, was, is any, ok bool) {
	if s == other {
		return "", nil, nil, false
	}
	a, b := reflect.ValueOf(s), reflect.ValueOf(other)
	i := 0
	for a.Field(i).Equal(b.Field(i)) {
		i++
	}
	return a.Type().Field(i).Name, a.Field(i).Interface(), b.Field(i).Interface(), true
}

// fixed returns the fields that cannot change once a command is in use.
func (s Settings) fixed() Settings {
	return Settings{Window: s.Window, Buckets: s.Buckets, HealthInterval: s.HealthInterval,
		LatencyWindow: s.LatencyWindow, LatencyBuckets: s.LatencyBuckets}
}
