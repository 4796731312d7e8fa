package breaker

import (
	"sync/atomic"
	"time"
)

// Permit is leave to make one call, and the duty to say what became of it. It
// must not be copied after its first use (go vet tells); the zero Permit is
// valid and owes nothing. Its methods may be called concurrently.
type Permit struct {
	breaker *Breaker // nil: nothing to report
	phase   *phase   // that the call was admitted in; for a trial, the trial's own
	done    atomic.Bool
	trial   bool
}

// Trial reports whether this call decides if an open breaker closes.
func (p *Permit) Trial() bool { return p.trial }

// Done says what became of the call, now. Only the first of all Done and
// DoneAt counts, so that a deferred Done(Failure) covers panics and Goexit.
// Ignore reads no clock unless the call is a trial.
//
// When the call is a trial, or an error that opens the breaker, listeners may
// run before Done returns.
func (p *Permit) Done(o Outcome) {
	if p.settle(o) {
		p.breaker.report(p, o, p.breaker.now())
	}
}

// DoneAt is [Permit.Done] for a caller that knows the time, as the time since
// Options.Epoch.
func (p *Permit) DoneAt(o Outcome, now time.Duration) {
	if p.settle(o) {
		p.breaker.report(p, o, now)
	}
}

// settle reports whether there is anything to report, once.
func (p *Permit) settle(o Outcome) bool {
	return p.breaker != nil && !p.done.Swap(true) && (p.trial || (o >= Success && o <= Refused))
}

// report records an outcome and judges it. It takes the permit's own window,
// whatever has happened since: if that is a window of the past, so is the
// result (rule B6).
func (b *Breaker) report(permit *Permit, o Outcome, now time.Duration) {
	switch o {
	case Success:
		permit.phase.window.Success(now)
	case Failure, Refused:
		permit.phase.window.Failure(now)
	}
	if permit.trial {
		b.conclude(permit.phase, o, now)
		return
	}
	if o == Success {
		return
	}
	// Judged here first, so that failures of a healthy breaker take no lock.
	if p := b.phase.Load(); p.state == Closed && p.window == permit.phase.window && p.over(now) {
		b.open(now)
	}
}
