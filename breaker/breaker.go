package breaker

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/benbjohnson/clock"

	"github.com/quillgo/quill/internal/rolling"
)

// Options is what a breaker is made of. The zero value is a breaker without a
// name and with Hystrix's defaults.
type Options struct {
	// Name is used in errors and transitions.
	Name string

	// Settings are those to begin with.
	Settings Settings

	// OnChange is a listener for the life of the breaker; see [Breaker.Listen].
	OnChange func(Transition)

	// Clock is where time comes from. Nil means package time.
	Clock clock.Clock

	// Epoch is the instant that AcquireAt and DoneAt count from, for callers
	// that already have the time. It must not lie in the future. Zero means the
	// time of New.
	Epoch time.Time
}

// Breaker is a circuit breaker, made by [New]. All methods may be called concurrently, and
// none waits for anything but the few instructions of another caller that
// changes its state; admission and refusal wait for nobody.
type Breaker struct {
	phase atomic.Pointer[phase]
	name  string
	clock clock.Clock // nil: package time
	epoch time.Time

	// mu serialises changes of phase, so that transitions are queued in the
	// order in which they happened. It guards plain memory; nothing is called
	// with it held.
	mu   sync.Mutex
	feed *feed // guarded by mu; nil until somebody listens
}

// New returns a closed breaker, or an error that names what is wrong with the
// settings. One that is never used costs less than 300 bytes.
func New(o Options) (*Breaker, error) {
	if err := o.Settings.Validate(); err != nil {
		return nil, err
	}
	s := o.Settings.withDefaults()
	b := &Breaker{name: o.Name, clock: o.Clock, epoch: o.Epoch}
	switch {
	case b.clock == nil:
		// The detour by way of the present gives an epoch that has none a
		// monotonic reading, without which a step of the wall clock would count.
		b.epoch = time.Now()
		if !o.Epoch.IsZero() {
			b.epoch = b.epoch.Add(-b.epoch.Sub(o.Epoch))
		}
	case o.Epoch.IsZero():
		b.epoch = b.clock.Now()
	}
	if now := b.now(); now < 0 {
		return nil, fmt.Errorf("breaker: Options.Epoch is %v in the future, want the present or the past", -now)
	}
	b.phase.Store(b.seal(&phase{
		settings: &s,
		window:   rolling.NewRatio(s.Window, s.Buckets),
	}))
	if o.OnChange != nil {
		b.Listen(o.OnChange)
	}
	return b, nil
}

// Name returns the breaker's name.
func (b *Breaker) Name() string { return b.name }

// Acquire asks to make a call. It returns at once: a permit whose Done is owed,
// or an *[OpenError]. It allocates nothing unless the state changes. A closed breaker with too few errors to open admits without reading the
// clock (Hystrix's attemptExecution).
func (b *Breaker) Acquire() (Permit, error) {
	p := b.phase.Load()
	if p.isCalm() {
		return Permit{breaker: b, phase: p}, nil
	}
	switch p.settings.Mode {
	case Disabled:
		return Permit{}, nil
	case ForcedOpen:
		return Permit{}, p.refusal
	}
	return b.acquire(b.now())
}

// AcquireAt is [Breaker.Acquire] for a caller that knows the time, as the time
// since Options.Epoch.
func (b *Breaker) AcquireAt(now time.Duration) (Permit, error) {
	p := b.phase.Load()
	if p.isCalm() {
		return Permit{breaker: b, phase: p}, nil
	}
	return b.acquire(now)
}

func (b *Breaker) acquire(now time.Duration) (Permit, error) {
	for {
		p := b.phase.Load()
		switch {
		case p.settings.Mode == Disabled:
			return Permit{}, nil
		case p.settings.Mode == ForcedOpen:
			return Permit{}, p.refusal
		case p.state == Closed && p.over(now):
			b.open(now)
		case p.state == Closed || p.settings.Mode == ForcedClosed:
			return Permit{breaker: b, phase: p}, nil
		case now <= p.until:
			return Permit{}, p.refusal
		default:
			if trial := b.grant(now); trial != nil {
				return Permit{breaker: b, phase: trial, trial: true}, nil
			}
		}
	}
}

// open opens the breaker if it is closed and over its limit at now (rule B2).
func (b *Breaker) open(now time.Duration) {
	b.change(now, func(p *phase) *phase {
		if p.state != Closed || !p.over(now) {
			return nil
		}
		return p.next(Open, now)
	})
}

// grant starts a trial at now and returns its phase, or nil if somebody else
// was faster or the mode is no longer Auto (rules B3 and B5).
func (b *Breaker) grant(now time.Duration) *phase {
	return b.change(now, func(p *phase) *phase {
		if p.state == Closed || p.settings.Mode != Auto || now <= p.until {
			return nil
		}
		n := p.next(HalfOpen, now)
		n.until = later(n.since, p.settings.lease())
		return n
	})
}

// conclude ends the trial of phase trial, unless it has been replaced (rules
// B4 to B7).
func (b *Breaker) conclude(trial *phase, o Outcome, now time.Duration) {
	b.change(now, func(p *phase) *phase {
		if p.generation != trial.generation {
			return nil
		}
		switch o {
		case Success:
			n := p.next(Closed, now)
			n.window = rolling.NewRatio(p.settings.Window, p.settings.Buckets)
			n.window.Success(now)
			n.opening = nil
			return n
		case Failure:
			return p.next(Open, now)
		}
		n := p.next(HalfOpen, now)
		n.until = anyTime
		return n
	})
}

// change makes the phase that step returns the current one and returns it,
// after listeners have been told; a nil step changes nothing. step runs under
// the lock.
func (b *Breaker) change(now time.Duration, step func(*phase) *phase) *phase {
	b.mu.Lock()
	p := b.phase.Load()
	n := step(p)
	if n == nil {
		b.mu.Unlock()
		return nil
	}
	b.phase.Store(b.seal(n))
	deliver := n.state != p.state && b.queue(p, n, now)
	b.mu.Unlock()
	if deliver {
		b.deliver()
	}
	return n
}

// Update replaces the settings while the breaker runs (rule B10). Window and
// Buckets are fixed by New and may be given again or left zero; every other
// zero field means its default. After an error nothing has changed.
func (b *Breaker) Update(s Settings) error {
	fixed := b.phase.Load().settings
	fill(&s.Window, fixed.Window)
	fill(&s.Buckets, fixed.Buckets)
	if err := s.Validate(); err != nil {
		return err
	}
	if s.Window != fixed.Window {
		return fmt.Errorf("breaker: Settings.Window is %v, want %v: it is fixed by New", s.Window, fixed.Window)
	}
	if s.Buckets != fixed.Buckets {
		return fmt.Errorf("breaker: Settings.Buckets is %d, want %d: it is fixed by New", s.Buckets, fixed.Buckets)
	}
	s = s.withDefaults()
	b.change(0, func(p *phase) *phase {
		n := *p
		n.settings = &s
		return &n
	})
	return nil
}

func (b *Breaker) now() time.Duration {
	if b.clock == nil {
		return time.Since(b.epoch)
	}
	return b.clock.Since(b.epoch)
}

func (b *Breaker) at(now time.Duration) time.Time { return b.epoch.Add(now) }
