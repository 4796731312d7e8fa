package breaker

import (
	"math"
	"time"

	"github.com/quillgo/quill/internal/rolling"
)

// phase is everything that is true of a breaker at one moment (rule B1). It
// never changes; a change is a new phase.
type phase struct {
	settings *Settings // defaults filled in

	// The counts to judge by. Open and HalfOpen keep those of the Closed phase
	// that they followed, for those who ask, and judge nothing; closing makes new
	// ones. So a permit that reports into the window of its phase reaches a
	// window that is judged only if the breaker has not opened since.
	window *rolling.Ratio

	opening *OpenError // Open, HalfOpen: the refusal of this opening
	refusal *OpenError // what callers get: opening, or one without a time when ForcedOpen

	// Counts phases; a permit of the trial is current while its phase's
	// generation is. An Update makes a phase of the same generation.
	generation uint64

	since time.Duration // when the state began; never before that of an earlier phase
	until time.Duration // Open, HalfOpen: the last moment at which nobody gets a trial

	// A Closed phase that admits: fewer errors than this cannot open the breaker,
	// so that admission needs no clock. 0 for every other phase.
	calm uint64

	state State
}

// anyTime is the until of a HalfOpen phase whose trial was handed on.
const anyTime = math.MinInt64

// next returns the beginning of a phase that follows p at now.
func (p *phase) next(state State, now time.Duration) *phase {
	n := *p
	n.state = state
	n.generation++
	n.since = max(p.since, now)
	return &n
}

// over reports whether the window of a Closed phase is over the limit at now
// (rule B2).
func (p *phase) over(now time.Duration) bool {
	return p.settings.trips(p.window.Sum(now))
}

// isCalm reports whether the phase admits whatever the time is.
func (p *phase) isCalm() bool {
	if p.calm == 0 { // not a phase that could: nothing to add up
		return false
	}
	_, errors := p.window.Latest()
	return errors < p.calm
}

// seal makes what follows from the other fields.
func (b *Breaker) seal(p *phase) *phase {
	p.calm = 0
	if p.state == Closed && (p.settings.Mode == Auto || p.settings.Mode == ForcedClosed) {
		p.calm = p.settings.fewestErrors()
	}
	if p.state == Open {
		p.until = later(p.since, p.settings.SleepWindow)
		if until := b.at(p.until + 1); p.opening == nil || !p.opening.Until.Equal(until) {
			p.opening = &OpenError{Name: b.name, Until: until}
		}
	}
	p.refusal = p.opening
	if p.settings.Mode == ForcedOpen {
		p.refusal = &OpenError{Name: b.name}
	}
	return p
}

// later returns t+d, or the last moment but one if there is none so late.
func later(t, d time.Duration) time.Duration {
	if d > math.MaxInt64-1-t {
		return math.MaxInt64 - 1
	}
	return t + d
}
