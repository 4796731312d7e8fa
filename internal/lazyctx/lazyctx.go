// Package lazyctx has a context that costs its own 48 bytes and nothing else
// until somebody asks for its Done channel: no timer, no channel, no
// registration with the parent.
package lazyctx

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/quillgo/quill/internal/deadline"
)

// Ctx is a context.Context with an optional deadline and a Cancel method. Its
// owner fills it with Init or InitDeadline, hands it to user code, and must call
// Cancel when the work is over. It is never pooled: user code may keep it for
// ever.
//
// Err finds out by itself, from the clock and the parent, that the context has
// ended, and then closes Done. The timer is armed, and the parent watched, by
// the first Done or AfterFunc.
type Ctx struct {
	parent context.Context
	list   *deadline.List // arms the deadline, knows the clock, and when all is over; nil: no deadline
	at     time.Duration  // the deadline, since the clock's epoch; deadline.Never if there is none
	state  atomic.Uint32  // live until one compare-and-swap ends it
	owned  bool           // the owner calls Expire at the deadline
	watch  atomic.Pointer[watch]
}

const (
	live uint32 = iota
	expired
	cancelled
	parentEnded
)

// Init makes c a child of parent without a deadline of its own.
func (c *Ctx) Init(parent context.Context) { c.parent = parent }

// InitDeadline makes c a child of parent that ends at the time at of the
// list's clock, which may be deadline.Never, or when the list is closed.
func (c *Ctx) InitDeadline(parent context.Context, list *deadline.List, at time.Duration) {
	c.parent, c.list, c.at = parent, list, at
}

// InitOwned is InitDeadline for an owner who watches the deadline itself, and
// calls Expire when it has passed.
func (c *Ctx) InitOwned(parent context.Context, list *deadline.List, at time.Duration) {
	c.InitDeadline(parent, list, at)
	c.owned = true
}

// Cancel ends the context with context.Canceled unless it has ended. It never
// blocks and may be called from anywhere.
func (c *Ctx) Cancel() { c.end(cancelled) }

// Expire ends the context because its deadline has passed; it implements
// deadline.Expirer. Before the deadline it is Cancel: the list expires early what
// its owner wants ended.
func (c *Ctx) Expire() {
	if c.list != nil && c.list.Clock().Now() < c.at {
		c.end(cancelled)
		return
	}
	c.end(expired)
}

// EndedByParent reports whether the context is known to have ended because its
// parent did, before anything else ended it.
func (c *Ctx) EndedByParent() bool { return c.state.Load() == parentEnded }

// Deadline returns the earlier of the parent's deadline and the own one. A
// mocked clock's dates mean nothing to the outside, so its deadline is not
// reported.
func (c *Ctx) Deadline() (time.Time, bool) {
	at, ok := c.parent.Deadline()
	if c.list == nil || c.at == deadline.Never || c.list.Clock().Mocked() {
		return at, ok
	}
	own := c.list.Clock().Epoch().Add(c.at)
	if ok && at.Before(own) {
		return at, true
	}
	return own, true
}

// Value returns the parent's value.
func (c *Ctx) Value(key any) any { return c.parent.Value(key) }

// Err returns nil while the context is live. It reads the clock.
func (c *Ctx) Err() error {
	if c.state.Load() == live {
		switch {
		case c.parent.Err() != nil:
			c.end(parentEnded)
		case c.list == nil:
		case c.list.Closed():
			c.end(cancelled)
		case c.at != deadline.Never && c.list.Clock().Now() >= c.at:
			c.end(expired)
		}
	}
	switch c.state.Load() {
	case expired:
		return context.DeadlineExceeded
	case cancelled:
		return context.Canceled
	case parentEnded:
		return c.parent.Err()
	}
	return nil
}

// Done returns the channel that is closed when the context ends. The first
// call arms the deadline and begins to watch the parent.
func (c *Ctx) Done() <-chan struct{} { return c.watching().done }

// AfterFunc registers f to be called when the context ends. Package context
// uses it to end child contexts without a goroutine for each; f therefore runs
// on the goroutine that ends this context and must not block. If the context has
// ended already, f runs on a goroutine of its own. If the context has
// ended f runs on a goroutine of its own.
func (c *Ctx) AfterFunc(f func()) func() bool { return c.watching().add(f) }

// end ends the context once.
func (c *Ctx) end(why uint32) {
	if !c.state.CompareAndSwap(live, why) {
		return
	}
	if w := c.watch.Load(); w != nil {
		w.finish()
	}
}

// watching returns the watch, made by the first caller.
func (c *Ctx) watching() *watch {
	if w := c.watch.Load(); w != nil {
		return w
	}
	w := &watch{ctx: c, done: make(chan struct{})}
	if !c.watch.CompareAndSwap(nil, w) {
		return c.watch.Load()
	}
	// Whoever ends the context from here on sees the watch; who ended it before
	// is seen below. Both finishing it does no harm.
	if c.state.Load() == live {
		w.arm()
	}
	if c.state.Load() != live {
		w.finish()
	}
	return w
}

// watch is what a context has once somebody wants to be told of its end.
type watch struct {
	ctx   *Ctx
	done  chan struct{} // closed by finish
	entry deadline.Entry

	mu      sync.Mutex
	ended   bool                    // guarded by mu
	unwatch func() bool             // guarded by mu; stops the watching of the parent
	after   map[*afterFunc]struct{} // guarded by mu; nil after the end
}

type afterFunc struct{ f func() }

// arm makes the context end by itself. Either watch may fire at once, so mu is
// not held while they are set up; a finish that comes in between is repeated
// by the caller, which sees the context ended.
func (w *watch) arm() {
	c := w.ctx
	if c.list != nil && !c.owned {
		c.list.Add(&w.entry, c.at, c)
	}
	if c.parent.Done() == nil {
		return
	}
	unwatch := context.AfterFunc(c.parent, func() { c.end(parentEnded) })
	w.mu.Lock()
	w.unwatch = unwatch
	w.mu.Unlock()
}

func (w *watch) add(f func()) (stop func() bool) {
	a := &afterFunc{f}
	w.mu.Lock()
	if w.ended {
		w.mu.Unlock()
		go f() // ends with f; package context holds a lock here that f takes
		return func() bool { return false }
	}
	if w.after == nil {
		w.after = make(map[*afterFunc]struct{})
	}
	w.after[a] = struct{}{}
	w.mu.Unlock()
	return func() bool {
		w.mu.Lock()
		defer w.mu.Unlock()
		_, ok := w.after[a]
		delete(w.after, a)
		return ok
	}
}

// finish closes Done, stops the watching and calls what was registered. It may
// be called more than once.
func (w *watch) finish() {
	w.mu.Lock()
	after, unwatch := w.after, w.unwatch
	w.after, w.unwatch = nil, nil
	if !w.ended {
		w.ended = true
		close(w.done)
	}
	w.mu.Unlock()
	if w.ctx.list != nil {
		w.ctx.list.Remove(&w.entry)
	}
	if unwatch != nil {
		unwatch()
	}
	for a := range after {
		a.f()
	}
}
