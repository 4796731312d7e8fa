// Package mono reads time as nanoseconds since an epoch, which is cheaper than
// a time.Time and never goes backwards: about 31 ns for time.Since against 56
// for time.Now.
package mono

import (
	"time"

	"github.com/benbjohnson/clock"
)

// Clock counts from the moment it was made. It belongs to the registry, the
// breaker or whoever else made it, never to a package: an epoch must not be
// shared between testing/synctest bubbles. Its methods may be called
// concurrently.
type Clock struct {
	epoch time.Time
	clk   clock.Clock // nil: package time directly
}

// New returns a clock that starts now. A nil clk means package time.
func New(clk clock.Clock) *Clock {
	if clk == nil {
		return &Clock{epoch: time.Now()}
	}
	return &Clock{epoch: clk.Now(), clk: clk}
}

// Now returns the time since the epoch.
func (c *Clock) Now() time.Duration {
	if c.clk == nil {
		return time.Since(c.epoch)
	}
	return c.clk.Since(c.epoch)
}

// Epoch returns the instant that Now counts from.
func (c *Clock) Epoch() time.Time { return c.epoch }

// Source returns the clock given to New, which may be nil.
func (c *Clock) Source() clock.Clock { return c.clk }

// Mocked reports whether time comes from somewhere else than package time.
func (c *Clock) Mocked() bool { return c.clk != nil }

// AfterFunc calls f on a goroutine of its own when d has passed.
func (c *Clock) AfterFunc(d time.Duration, f func()) Timer {
	if c.clk == nil {
		return Timer{real: time.AfterFunc(d, f)}
	}
	if d <= 0 {
		// The mock fires an AfterFunc only inside Add, a real clock at once.
		go f()
		return Timer{}
	}
	return Timer{mock: c.clk.AfterFunc(d, f)}
}

// Timer is a pending AfterFunc. The zero Timer is one that has fired.
type Timer struct {
	real *time.Timer
	mock *clock.Timer
}

// Stop prevents the call and reports whether it did.
func (t Timer) Stop() bool {
	switch {
	case t.real != nil:
		return t.real.Stop()
	case t.mock != nil:
		return t.mock.Stop()
	}
	return false
}

// Reset re-arms a timer that has fired or was stopped and reports whether it
// could: a mocked timer must be made anew (its Reset is not to be trusted).
func (t Timer) Reset(d time.Duration) bool {
	if t.real == nil {
		return false
	}
	t.real.Reset(d)
	return true
}
