package observable

import (
	"context"
	"sync"
	"sync/atomic"
)

// serial lets several producers feed one observer, one signal at a time (rules
// C2, C14 and C15). A producer that finds the observer free delivers directly;
// one that finds it busy leaves its item in the queue for whoever is inside,
// who drains it before leaving. No lock is held while the observer runs, and no
// producer ever waits.
type serial[T any] struct {
	ctx   context.Context
	down  Observer[T]
	owner Disposable // the stage itself, which down was given

	// wip counts those who came in: whoever raises it from zero is the drainer,
	// and leaves when nobody came meanwhile. After the end it stays above zero.
	wip atomic.Int32
	// state has the bits below; bits are only ever added. Any of them keeps new
	// items out.
	state atomic.Uint32

	mu        sync.Mutex
	queue     []T    // guarded by mu
	err       error  // guarded by mu; the first error wins
	halt      func() // guarded by mu; disposes the producers; comes with err
	completed bool   // guarded by mu; no producer is left

	spare []T // an empty slice to swap with queue; the drainer's
}

const (
	serialDisposed = 1 << iota // from below
	serialFailed               // err is set
	serialOver                 // the end was told
)

// keptCapacity is how many items' room a queue keeps when it runs empty.
const keptCapacity = 1024

// next delivers v, now or by whoever is inside.
func (s *serial[T]) next(v T) {
	if s.state.Load() != 0 {
		return
	}
	if s.wip.CompareAndSwap(0, 1) {
		// Between the look above and here others may have come in, ended the stream
		// and left.
		if s.state.Load() == 0 {
			s.down.OnNext(v)
		}
		if s.wip.Add(-1) == 0 {
			return
		}
	} else {
		s.mu.Lock()
		s.queue = append(s.queue, v)
		s.mu.Unlock()
		if s.wip.Add(1) != 1 {
			return
		}
	}
	at := items
	s.drain(&at)
}

// fail ends with err, unless an end was decided before: then err goes to the
// error handler. Items still queued are dropped, as in RxJava.
// stop disposes the producers, any number of times; whoever tells err has called
// it before (rule C6).
func (s *serial[T]) fail(err error, stop func()) {
	s.mu.Lock()
	late := s.err != nil || s.completed || s.state.Load() != 0
	if !late {
		s.err, s.halt = err, stop
		late = s.state.Or(serialFailed)&serialDisposed != 0 // nobody will tell it
	}
	s.mu.Unlock()
	if late {
		reportLate(s.ctx, err)
		return
	}
	stop()
	s.enter()
}

// finish completes after what is queued. It is called when no producer is left.
func (s *serial[T]) finish() {
	s.mu.Lock()
	s.completed = true
	s.mu.Unlock()
	s.enter()
}

// enter is called for an end. It may deliver items too, from a producer's
// terminal signal, so it is a boundary.
func (s *serial[T]) enter() {
	if s.wip.Add(1) == 1 {
		at := items
		defer catch(s.ctx, &at, s.owner, s.down)
		s.drain(&at)
		at = idle
	}
}

// drain delivers what is queued until nobody came in meanwhile. The caller
// holds wip. *at becomes idle with the end, which has a boundary of its own.
func (s *serial[T]) drain(at *phase) {
	for {
		seen := s.wip.Load()
		for {
			s.mu.Lock()
			batch, err, halt, completed := s.queue, s.err, s.halt, s.completed
			s.queue = s.spare
			s.spare = nil
			s.mu.Unlock()
			if s.state.Load()&serialDisposed != 0 {
				s.drop()
				return
			}
			if err != nil || completed && len(batch) == 0 {
				s.drop()
				if s.state.Or(serialOver)&serialDisposed == 0 {
					if err != nil {
						halt() // who gave the error may not have come to it
					}
					*at = idle
					End(s.ctx, s.owner, s.down, err)
				}
				return
			}
			if len(batch) == 0 {
				s.spare = batch
				break
			}
			for _, v := range batch {
				if s.state.Load() != 0 {
					break
				}
				s.down.OnNext(v)
			}
			clear(batch)
			if cap(batch) <= keptCapacity {
				s.spare = batch[:0]
			}
		}
		if s.wip.Add(-seen) == 0 {
			return
		}
	}
}

// drop lets go of queued items (rule C18).
func (s *serial[T]) drop() {
	s.mu.Lock()
	s.queue = nil
	s.mu.Unlock()
}

// dispose keeps every further signal out and reports whether it was the first.
// An error that was accepted but not told any more is reported (rule C8).
func (s *serial[T]) dispose() bool {
	before := s.state.Or(serialDisposed)
	if before&serialDisposed != 0 {
		return false
	}
	s.drop()
	if before&(serialFailed|serialOver) == serialFailed {
		s.mu.Lock()
		err := s.err
		s.mu.Unlock()
		reportLate(s.ctx, err)
	}
	return true
}

// handle is what the Blame of the stage and of its inner observers reports.
func (s *serial[T]) handle() Disposable {
	if s.state.Load()&serialOver != 0 {
		return nil
	}
	return s.owner
}

// Disposed reports whether downstream disposed.
func (s *serial[T]) Disposed() bool { return s.state.Load()&serialDisposed != 0 }

// fifo is a queue in a ring that grows as needed.
type fifo[T any] struct {
	ring []T // its length is a power of two
	head int
	n    int
}

func (q *fifo[T]) push(v T) {
	if q.n == len(q.ring) {
		grown := make([]T, max(8, 2*len(q.ring)))
		k := copy(grown, q.ring[q.head:])
		copy(grown[k:], q.ring[:q.head])
		q.ring, q.head = grown, 0
	}
	q.ring[(q.head+q.n)&(len(q.ring)-1)] = v
	q.n++
}

// pop takes the oldest item. The caller knows that there is one.
func (q *fifo[T]) pop() T {
	var zero T
	v := q.ring[q.head]
	q.ring[q.head] = zero
	q.head = (q.head + 1) & (len(q.ring) - 1)
	q.n--
	if q.n == 0 && len(q.ring) > keptCapacity {
		q.ring, q.head = nil, 0
	}
	return v
}

func (q *fifo[T]) clear() { *q = fifo[T]{} }
