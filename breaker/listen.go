package breaker

import (
	"log/slog"
	"runtime/debug"
	"slices"
	"sync/atomic"
	"time"
)

// Transition is a change of state.
type Transition struct {
	Name       string // the breaker's
	From, To   State
	At         time.Time
	Generation uint64 // of the phase that began

	// The results in the window that was in force until then, the one that
	// brought the change included.
	Successes, Errors uint64
}

// feed is what listeners are owed. Guarded by Breaker.mu.
type feed struct {
	listeners []*listener
	owed      []delivery
	busy      bool // a goroutine is delivering; it delivers all that is owed
}

type listener struct {
	tell    func(Transition)
	stopped atomic.Bool
}

// delivery is one transition for one of those who listened when it happened.
type delivery struct {
	to         *listener
	transition Transition
}

// Listen has f called with every transition from now on, in order and one at a
// time, on the goroutine of whoever caused it or of one that was delivering at
// that moment; so Acquire and Done may take as long as the listeners. No lock
// is held: f may call the breaker. A panic in f is reported to slog.Default()
// and costs nobody a transition. After stop, which may be called more than
// once, no call of f begins.
func (b *Breaker) Listen(f func(Transition)) (stop func()) {
	l := &listener{tell: f}
	b.mu.Lock()
	if b.feed == nil {
		b.feed = new(feed)
	}
	b.feed.listeners = append(b.feed.listeners, l)
	b.mu.Unlock()
	return func() {
		l.stopped.Store(true)
		b.mu.Lock()
		b.feed.listeners = slices.DeleteFunc(b.feed.listeners, func(x *listener) bool { return x == l })
		b.mu.Unlock()
	}
}

// queue notes that n followed p and reports whether the caller must deliver.
// mu is held.
func (b *Breaker) queue(p, n *phase, now time.Duration) bool {
	if b.feed == nil || len(b.feed.listeners) == 0 {
		return false
	}
	t := Transition{Name: b.name, From: p.state, To: n.state, At: b.at(n.since), Generation: n.generation}
	t.Successes, t.Errors = p.window.Sum(now)
	for _, l := range b.feed.listeners {
		b.feed.owed = append(b.feed.owed, delivery{to: l, transition: t})
	}
	deliver := !b.feed.busy
	b.feed.busy = true
	return deliver
}

// deliver works off what is owed, one goroutine at a time (rule B11). Further
// changes, by other goroutines or by a listener itself, only add to it.
func (b *Breaker) deliver() {
	for {
		b.mu.Lock()
		if len(b.feed.owed) == 0 {
			b.feed.owed, b.feed.busy = nil, false
			b.mu.Unlock()
			return
		}
		d := b.feed.owed[0]
		b.feed.owed = b.feed.owed[1:]
		b.mu.Unlock()
		b.tell(d)
	}
}

func (b *Breaker) tell(d delivery) {
	if d.to.stopped.Load() {
		return
	}
	returned := false
	defer func() {
		if v := recover(); v != nil {
			slog.Default().Error("breaker: listener panicked", "breaker", b.name, "panic", v, "stack", string(debug.Stack()))
		} else if !returned {
			// The listener ended this goroutine (runtime.Goexit), which is still the
			// one that delivers.
			b.deliver()
		}
	}()
	d.to.tell(d.transition)
	returned = true
}
