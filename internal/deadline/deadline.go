// Package deadline keeps the armed deadlines of one command in a list with a
// single timer for its head: no timer and no allocation per execution.
package deadline

import (
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/quillgo/quill/internal/mono"
)

// Expirer is told that its deadline has passed. Expire runs on the timer's
// goroutine, without a lock, and must not block or run user code: it claims and
// wakes.
type Expirer interface{ Expire() }

// Never is the deadline of an entry that only Close expires. It needs no timer
// and no place in the order.
const Never = time.Duration(math.MaxInt64)

// Entry is a deadline, meant to be embedded in what waits for it. The zero
// value is ready; an Entry is used for one deadline at a time.
type Entry struct {
	next, prev *Entry        // guarded by the list's mu
	at         time.Duration // since the clock's epoch
	owner      Expirer
	listed     bool // guarded by the list's mu; set while the entry is in the list
}

// List is an ordered list of deadlines. Deadlines of one command lie equally
// far ahead, so a new one nearly always goes to the end; any order works.
//
// Invariant: while the list is not empty a timer is pending for armed, which is
// not later than the head. The timer may outlive the entry it was armed for: it
// then finds nothing due and arms itself for the new head, so that traffic which
// always finishes in time never touches a timer. A List must not be shared
// between testing/synctest bubbles.
type List struct {
	clock  *mono.Clock
	closed atomic.Bool // set under mu

	mu         sync.Mutex
	head, tail *Entry
	untimed    *Entry // those at Never, in no order
	timer      mono.Timer
	made       bool          // timer was made and may be Reset
	pending    bool          // timer will call tick
	armed      time.Duration // when it will, if pending
}

// Clock returns the clock that the deadlines are counted by.
func (l *List) Clock() *mono.Clock { return l.clock }

// New returns an empty list. It starts nothing.
func New(c *mono.Clock) *List { return &List{clock: c} }

// Add enters e, which must not be listed: owner.Expire will be called at the
// time at, unless Remove comes first. If the list is closed it is called now,
// before Add returns.
func (l *List) Add(e *Entry, at time.Duration, owner Expirer) {
	l.mu.Lock()
	if l.closed.Load() {
		l.mu.Unlock()
		owner.Expire()
		return
	}
	e.at, e.owner, e.listed = at, owner, true
	if at == Never {
		e.prev, e.next = nil, l.untimed
		if e.next != nil {
			e.next.prev = e
		}
		l.untimed = e
		l.mu.Unlock()
		return
	}
	after := l.tail
	for after != nil && after.at > at {
		after = after.prev
	}
	e.prev = after
	if after == nil {
		e.next, l.head = l.head, e
	} else {
		e.next, after.next = after.next, e
	}
	if e.next == nil {
		l.tail = e
	} else {
		e.next.prev = e
	}
	if e.prev == nil && (!l.pending || l.armed > at) {
		l.arm(at, l.clock.Now())
	}
	l.mu.Unlock()
}

// Remove takes e out and reports whether it was still listed. After false the
// owner's Expire has been called, is being called or will be called at once.
func (l *List) Remove(e *Entry) bool {
	l.mu.Lock()
	was := e.listed
	if was {
		l.unlink(e)
	}
	l.mu.Unlock()
	return was
}

// Close stops the timer and expires what is listed, due or not, and what will
// be added. It is how an owner ends all that waits.
func (l *List) Close() {
	l.mu.Lock()
	l.closed.Store(true)
	l.timer.Stop()
	l.pending, l.made = false, false
	due := l.take(func(*Entry) bool { return true })
	untimed := l.untimed
	for e := untimed; e != nil; e = e.next {
		e.prev, e.listed = nil, false
	}
	l.untimed = nil
	l.mu.Unlock()
	expire(due)
	expire(untimed)
}

// Closed reports whether Close was called.
func (l *List) Closed() bool { return l.closed.Load() }

// take unlinks the entries at the head for which due holds and returns them
// linked through next; the caller holds mu.
func (l *List) take(due func(*Entry) bool) (first *Entry) {
	last := &first
	for l.head != nil && due(l.head) {
		e := l.head
		l.unlink(e)
		*last, last = e, &e.next
	}
	return first
}

func expire(e *Entry) {
	for e != nil {
		next := e.next
		e.next = nil
		e.owner.Expire()
		e = next
	}
}

// unlink removes e; the caller holds mu.
func (l *List) unlink(e *Entry) {
	switch {
	case e.prev != nil:
		e.prev.next = e.next
	case e.at == Never:
		l.untimed = e.next
	default:
		l.head = e.next
	}
	switch {
	case e.next != nil:
		e.next.prev = e.prev
	case e.at != Never:
		l.tail = e.prev
	}
	e.next, e.prev, e.listed = nil, nil, false
}

// arm makes the timer call tick at the time at; the caller holds mu.
func (l *List) arm(at, now time.Duration) {
	l.armed, l.pending = at, true
	if l.made {
		l.timer.Stop()
		if l.timer.Reset(at - now) {
			return
		}
	}
	l.timer = l.clock.AfterFunc(at-now, l.tick)
	l.made = true
}

// tick expires what is due. A late tick of a timer that was re-armed meanwhile
// finds nothing due and does no harm.
func (l *List) tick() {
	now := l.clock.Now()
	l.mu.Lock()
	if l.pending && l.armed > now && l.head != nil {
		l.mu.Unlock() // re-armed meanwhile: that timer will come
		return
	}
	l.pending = false
	due := l.take(func(e *Entry) bool { return e.at <= now })
	if l.head != nil {
		l.arm(l.head.at, now)
	}
	l.mu.Unlock()
	expire(due)
}
