package breaker

import "time"

// Counts are the results in a window.
type Counts struct {
	Successes uint64
	Errors    uint64
}

// Total returns the number of results.
func (c Counts) Total() uint64 { return c.Successes + c.Errors }

// ErrorPercent returns the share of errors, truncated to 0 to 100; it is 0 for
// no results.
func (c Counts) ErrorPercent() int {
	if c.Total() == 0 {
		return 0
	}
	return int(c.Errors * 100 / c.Total())
}

// State returns where the breaker stands, whatever its mode. A closed breaker
// over its limit is Closed until the next acquire finds it so; ask
// [Breaker.IsOpen] for what the next caller would find.
func (b *Breaker) State() State { return b.phase.Load().state }

// IsOpen reports whether callers find the breaker open (Hystrix's
// isCircuitBreakerOpen): it is forced open, or it is open, half-open or over
// its limit, and neither forced closed nor disabled. It changes nothing.
func (b *Breaker) IsOpen() bool {
	p := b.phase.Load()
	switch p.settings.Mode {
	case ForcedOpen:
		return true
	case ForcedClosed, Disabled:
		return false
	}
	return p.state != Closed || p.over(b.now())
}

// Allows reports whether an Acquire made now would be admitted (Hystrix's
// allowRequest). It changes nothing and promises nothing: somebody else may
// take the trial first.
func (b *Breaker) Allows() bool {
	p := b.phase.Load()
	switch p.settings.Mode {
	case ForcedOpen:
		return false
	case ForcedClosed, Disabled:
		return true
	}
	if p.state == Closed {
		return !p.over(b.now())
	}
	return b.now() > p.until
}

// Counts returns the results in the window that ends now. While the breaker is
// open these are what remains of those that opened it and of calls that began
// before, and of its trials.
func (b *Breaker) Counts() Counts {
	s, e := b.phase.Load().window.Sum(b.now())
	return Counts{Successes: s, Errors: e}
}

// Generation returns a number that grows with every change of state and every
// trial that is granted or handed on.
func (b *Breaker) Generation() uint64 { return b.phase.Load().generation }

// NextTrial returns the first instant at which an acquire may become a trial:
// the end of the sleep window, or of the lease of the trial under way. It is
// not ok while there is nothing to try: the breaker is closed, or in another
// mode than Auto.
func (b *Breaker) NextTrial() (at time.Time, ok bool) {
	p := b.phase.Load()
	switch {
	case p.state == Closed || p.settings.Mode != Auto:
		return time.Time{}, false
	case p.until == anyTime:
		return b.at(p.since), true
	}
	return b.at(p.until + 1), true
}

// Settings returns the settings in force, with defaults filled in except for
// TrialLease and Classify, whose zero values mean what they follow.
func (b *Breaker) Settings() Settings { return *b.phase.Load().settings }

// Classify returns what err means for health, by the settings in force.
func (b *Breaker) Classify(err error) Outcome {
	if classify := b.phase.Load().settings.Classify; classify != nil {
		return classify(err)
	}
	return DefaultClassify(err)
}
