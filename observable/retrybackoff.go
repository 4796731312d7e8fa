package observable

import (
	"context"
	"math"
	"math/rand/v2"
	"time"
)

// Backoff waits before each further attempt, longer each time. Its Handler is
// for [RetryWhen]:
//
//	RetryWhen(o, Backoff{Initial: 100 * time.Millisecond, Max: time.Minute, Jitter: 1, Attempts: 5}.Handler())
//
// The k-th wait, from 1, is Initial * Factor^(k-1), at most Max, of which a
// random part is taken off as Jitter says. Items do not make it start over: k
// counts the failures of the whole subscription.
type Backoff struct {
	// Initial is the first wait. It must be positive.
	Initial time.Duration
	// Factor is what each wait is multiplied by to get the next: 1 or more. Zero
	// means 2.
	Factor float64
	// Max is the longest wait. Zero means no bound.
	Max time.Duration
	// Jitter is how much of a wait is up to chance, from 0, none, to 1: then it is
	// anything between nothing and the whole wait ("full jitter").
	Jitter float64
	// Attempts is how often the source is subscribed to again. Zero and [Unlimited]
	// mean without end. When they are used up the source's last error is told.
	Attempts int
	// If, if not nil, says which errors are worth another attempt. Any other is
	// told at once.
	If func(err error) bool
	// Rand returns the next random number, at least 0 and below 1. nil means
	// math/rand/v2's Float64. Each wait with Jitter asks once. It is called by one
	// goroutine at a time for each subscription, so one that subscriptions share
	// has to be safe for concurrent use.
	Rand func() float64
	// On is the scheduler that waits; nil means [Go].
	On Scheduler
}

// Handler returns a function to give to [RetryWhen]. A field that makes no sense
// panics with an [*ArgumentError].
func (b Backoff) Handler() func(errors Observable[error]) Observable[int] {
	b.check()
	if b.Rand == nil {
		b.Rand = rand.Float64
	}
	if b.On == nil {
		b.On = Go()
	}
	return func(errors Observable[error]) Observable[int] {
		waits := Defer(func(context.Context) Observable[time.Duration] {
			failures := 0
			return MapErr(errors, func(_ context.Context, err error) (d time.Duration, last error) {
				failures++
				p := try(func() {
					if b.Attempts > 0 && failures > b.Attempts || b.If != nil && !b.If(err) {
						last = err
						return
					}
					d = b.wait(failures)
				}, func(error) {}) // a Goexit is for the boundary of MapErr
				if p != nil {
					last = join(err, p)
				}
				return d, last
			})
		})
		return ConcatMap(waits, func(d time.Duration) Observable[int] { return Timer(d, b.On) })
	}
}

func (b Backoff) check() {
	refuse := func(field string, value any, want string) {
		panic(badArgument("Backoff.Handler", field, value, want))
	}
	switch {
	case b.Initial <= 0:
		refuse("Initial", b.Initial, "a positive duration")
	case b.Factor != 0 && !(b.Factor >= 1 && b.Factor <= math.MaxFloat64):
		refuse("Factor", b.Factor, "1 or more, or 0 for 2")
	case b.Max < 0:
		refuse("Max", b.Max, "a duration, or 0 for no bound")
	case !(b.Jitter >= 0 && b.Jitter <= 1):
		refuse("Jitter", b.Jitter, "0 to 1")
	case b.Attempts < 0 && b.Attempts != Unlimited:
		refuse("Attempts", b.Attempts, "1 or more, or 0 or Unlimited for no bound")
	case b.On != nil:
		checkScheduler("Backoff.Handler", "On", b.On)
	}
}

// wait returns the k-th wait, from 1.
func (b Backoff) wait(k int) time.Duration {
	factor := b.Factor
	if factor == 0 {
		factor = 2
	}
	bound := float64(b.Max)
	if b.Max == 0 {
		bound = math.MaxInt64
	}
	d := min(float64(b.Initial)*math.Pow(factor, float64(k-1)), bound)
	if b.Jitter > 0 {
		d *= 1 - b.Jitter*b.Rand()
	}
	if d >= math.MaxInt64 {
		return math.MaxInt64
	}
	return time.Duration(d)
}
