package observable

import (
	"context"
	"sync"
	"sync/atomic"
)

// Subject is both an observer and a stream: what it is told it tells its
// observers. Any number of goroutines may tell it something at once, and so may
// its own observers from inside OnNext (rules C14 and C15): signals are
// delivered one at a time, by whoever came first, and nobody waits for another.
// A call that finds the subject busy returns before its signal is delivered.
//
// Observers are told in order of subscription. One that panics is failed alone;
// the others are told as if nothing had happened (rule C9).
//
// After OnError or OnComplete further items are dropped, a further error goes
// to the error handler, and late observers get what the kind of subject says.
// OnSubscribe after the end disposes what it is given; before it does nothing,
// so a subject that is subscribed to a stream cannot stop it.
type Subject[T any] interface {
	Observer[T]
	Source[T]
	// Observable returns the subject as a stream.
	Observable() Observable[T]
	// HasObservers reports whether anybody is subscribed.
	HasObservers() bool
	// Completed reports whether OnComplete ended the subject. Its observers may
	// not have been told yet.
	Completed() bool
	// Err returns the error that ended the subject, or nil.
	Err() error
}

// tap is one observer of a subject or of a shared stream, and the Disposable
// that it was given.
type tap[T any] struct {
	state atomic.Uint32 // bits tapDisposed, tapDropped; bits are only ever added
	from  int           // number of the first item that it has to be told, see history
	ctx   context.Context
	down  Observer[T]
	host  host[T]
	// alone is the tap itself, and list has alone for its room: the crowd's list
	// while nobody else is there.
	alone [1]*tap[T]
	list  []*tap[T]
}

const (
	tapDisposed = 1 << iota // from below
	tapDropped              // its connection was disposed
)

// host is told once of each observer that leaves.
type host[T any] interface{ leave(t *tap[T]) }

// Dispose implements [Disposable].
func (t *tap[T]) Dispose() {
	if t.state.Or(tapDisposed)&tapDisposed == 0 {
		t.host.leave(t)
	}
}

// Disposed implements [Disposable].
func (t *tap[T]) Disposed() bool { return t.state.Load()&tapDisposed != 0 }

// gone reports whether the observer must not be told anything more.
func (t *tap[T]) gone() bool { return t.state.Load() != 0 }

// guard is the boundary of the subscriber's goroutine; it must be deferred
// itself.
func (t *tap[T]) guard(at *phase) {
	if *at != idle {
		defer t.Dispose() // whoever was blamed: nobody is there to be told
		fault(t.ctx, *at, t, t.down, recover())
	}
}

// finish tells the end, unless nobody wants to know.
func (t *tap[T]) finish(err error) {
	if !t.gone() {
		End(t.ctx, t, t.down, err)
	}
}

// crowd is what all subjects and shared streams have in common: the observers,
// and how it ended.
type crowd[T any] struct {
	mu sync.Mutex
	// taps is replaced as a whole, under mu: who tells an item goes over the list
	// as it was when the item's turn came. nil: nobody is there.
	taps atomic.Pointer[[]*tap[T]]
	over atomic.Uint32  // an ended* constant; leaves endedNot once, under mu
	err  error          // written before over becomes endedFailed
	conn *connection[T] // whose observer this is; nil for a subject
}

const (
	endedNot = iota
	endedCompleted
	endedFailed
	endedDropped // without a signal: the connection or the only observer was disposed
)

// HasObservers implements [Subject].
func (c *crowd[T]) HasObservers() bool { return c.taps.Load() != nil }

// Completed implements [Subject].
func (c *crowd[T]) Completed() bool { return c.over.Load() == endedCompleted }

// Err implements [Subject].
func (c *crowd[T]) Err() error {
	if c.over.Load() != endedFailed {
		return nil
	}
	return c.err
}

// OnSubscribe implements [Observer].
func (c *crowd[T]) OnSubscribe(d Disposable) {
	if c.conn != nil {
		c.conn.set(d)
		return
	}
	if c.ended() {
		d.Dispose()
	}
}

// ended reports whether an end was accepted.
func (c *crowd[T]) ended() bool { return c.over.Load() != endedNot }

// close accepts the end, err or nil, and reports false if there was one before.
// The caller holds mu.
func (c *crowd[T]) close(err error) bool {
	if c.ended() {
		return false
	}
	c.err = err
	if err != nil {
		c.over.Store(endedFailed)
	} else {
		c.over.Store(endedCompleted)
	}
	return true
}

// refuse deals with the error of an end that came after the end.
func (c *crowd[T]) refuse(err error) {
	switch {
	case err == nil:
	case c.conn != nil:
		reportLate(c.conn.ctx, err)
	default:
		ReportError(context.Background(), err)
	}
}

// failure returns err, which must not be nil.
func failure(err error) error {
	if err == nil {
		return &ProtocolError{"OnError was called with nil"}
	}
	return err
}

// add puts t at the end of the list. The caller holds mu and knows that t is
// not gone.
func (c *crowd[T]) add(t *tap[T]) {
	old := c.taps.Load()
	if old == nil {
		t.alone[0] = t
		t.list = t.alone[:]
		c.taps.Store(&t.list)
		return
	}
	list := make([]*tap[T], len(*old)+1)
	list[copy(list, *old)] = t
	c.taps.Store(&list)
}

// remove takes t off the list, if it is there. The caller holds mu.
func (c *crowd[T]) remove(t *tap[T]) {
	old := c.taps.Load()
	if old == nil {
		return
	}
	for i, u := range *old {
		if u != t {
			continue
		}
		if len(*old) == 1 {
			c.taps.Store(nil)
			return
		}
		list := make([]*tap[T], 0, len(*old)-1)
		list = append(append(list, (*old)[:i]...), (*old)[i+1:]...)
		c.taps.Store(&list)
		return
	}
}

// present returns the list.
func (c *crowd[T]) present() []*tap[T] {
	if list := c.taps.Load(); list != nil {
		return *list
	}
	return nil
}

// empty returns the list and empties it. The caller holds mu.
func (c *crowd[T]) empty() []*tap[T] {
	list := c.present()
	c.taps.Store(nil)
	return list
}

// dropAll ends without a signal. The caller holds mu.
func (c *crowd[T]) dropAll() {
	if !c.ended() {
		c.over.Store(endedDropped)
	}
	for _, t := range c.empty() {
		t.state.Or(tapDropped)
	}
}
