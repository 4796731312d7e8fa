package observable

import (
	"sync"
	"sync/atomic"
)

// emission is the Disposable of a source that emits from one loop: the loop
// looks at it per item (rules C4 and C5).
type emission struct{ disposed atomic.Bool }

func (e *emission) Dispose()       { e.disposed.Store(true) }
func (e *emission) Disposed() bool { return e.disposed.Load() }

// link is the way to an upstream that is set once, by OnSubscribe, and may be
// disposed before that from another goroutine.
type link struct {
	up    Disposable    // written before the set bit
	state atomic.Uint32 // bits linkSet, linkDisposed; bits are only ever added
}

const (
	linkSet      = 1
	linkDisposed = 2
)

// set stores the upstream, disposing it if the link was disposed before.
func (l *link) set(d Disposable) {
	l.up = d
	if l.state.Or(linkSet)&linkDisposed != 0 {
		d.Dispose()
	}
}

// Dispose disposes the upstream each time: when it returns that is done, also if
// another goroutine was here first (rule C4).
func (l *link) Dispose() {
	if l.state.Or(linkDisposed)&linkSet != 0 {
		l.up.Dispose()
	}
}

func (l *link) Disposed() bool { return l.state.Load()&linkDisposed != 0 }

// relay is the Disposable that an operator hands down when it may end its
// upstream by itself: that must not look like a Dispose from below (rule C4).
// Operators that cannot end early hand their upstream's Disposable down.
type relay struct {
	up       Disposable // set by OnSubscribe, before the relay is handed down
	disposed atomic.Bool
	ended    bool // the stage has ended the stream by itself; the emitting goroutine's
}

func (r *relay) Dispose() {
	r.disposed.Store(true)
	r.up.Dispose()
}

func (r *relay) Disposed() bool { return r.disposed.Load() }

// handle is what the stage's Blame reports.
func (r *relay) handle() Disposable {
	if r.ended {
		return nil
	}
	return r
}

// slot is the way to an upstream that is replaced from time to time: by the
// next inner stream, the next attempt, the next timer.
type slot struct {
	mu       sync.Mutex
	up       Disposable  // guarded by mu; nil while there is none
	disposed atomic.Bool // written under mu
}

// set replaces the upstream without disposing the old one, which has ended.
func (s *slot) set(d Disposable) {
	s.mu.Lock()
	dead := s.disposed.Load()
	if !dead {
		s.up = d
	}
	s.mu.Unlock()
	if dead {
		d.Dispose()
	}
}

// clear forgets the upstream, which has ended (rule C18).
func (s *slot) clear() {
	s.mu.Lock()
	s.up = nil
	s.mu.Unlock()
}

// Dispose disposes the upstream each time, as a link does.
func (s *slot) Dispose() {
	s.mu.Lock()
	s.disposed.Store(true)
	d := s.up
	s.mu.Unlock()
	if d != nil {
		d.Dispose()
	}
}

func (s *slot) Disposed() bool { return s.disposed.Load() }

// member is an upstream among several: it is embedded in the inner observer
// that subscribed to it.
type member struct {
	link
	next, prev *member // guarded by the group's mu
	in         bool    // guarded by the group's mu
}

// group disposes many upstreams together; those that end leave it (rule C18).
// The zero value is ready.
type group struct {
	mu       sync.Mutex
	first    *member // guarded by mu
	disposed bool    // guarded by mu
}

// add takes m in, before its subscription, and reports false if the group has
// been disposed: then there is nothing to subscribe for.
func (g *group) add(m *member) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.disposed {
		return false
	}
	m.next, m.in = g.first, true
	if g.first != nil {
		g.first.prev = m
	}
	g.first = m
	return true
}

// remove lets m go, which has ended.
func (g *group) remove(m *member) {
	g.mu.Lock()
	if m.in {
		g.unlink(m)
	}
	g.mu.Unlock()
}

// unlink takes m out; the caller holds mu.
func (g *group) unlink(m *member) {
	if m.prev == nil {
		g.first = m.next
	} else {
		m.prev.next = m.next
	}
	if m.next != nil {
		m.next.prev = m.prev
	}
	m.next, m.prev, m.in = nil, nil, false
}

// Dispose disposes all members, one by one and without the lock: each Dispose
// may call back.
func (g *group) Dispose() {
	for {
		g.mu.Lock()
		g.disposed = true
		m := g.first
		if m != nil {
			g.unlink(m)
		}
		g.mu.Unlock()
		if m == nil {
			return
		}
		m.Dispose()
	}
}
