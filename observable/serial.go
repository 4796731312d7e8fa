package observable

import (
	"context"
	"errors"
	"slices"
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

	// turn changes, under mu, when what is queued has become worthless (SwitchMap).
	turn atomic.Uint32

	mu        sync.Mutex
	queue     []T     // guarded by mu
	err       error   // guarded by mu; the first error wins
	kept      []error // guarded by mu; errors that wait for the end (DelayError)
	halt      func()  // guarded by mu; disposes the producers; comes with err
	completed bool    // guarded by mu; no producer is left

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

// nextOf is next for an item that counts only as long as turn is the turn.
func (s *serial[T]) nextOf(turn uint32, v T) {
	if s.state.Load() != 0 || s.turn.Load() != turn {
		return
	}
	if s.wip.CompareAndSwap(0, 1) {
		if s.state.Load() == 0 && s.turn.Load() == turn {
			s.down.OnNext(v)
		}
		if s.wip.Add(-1) == 0 {
			return
		}
	} else {
		s.mu.Lock()
		if s.turn.Load() == turn {
			s.queue = append(s.queue, v)
		}
		s.mu.Unlock()
		if s.wip.Add(1) != 1 {
			return
		}
	}
	at := items
	s.drain(&at)
}

// nextTurn drops what is queued and returns the turn that counts from now on.
func (s *serial[T]) nextTurn() uint32 {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.queue)
	s.queue = s.queue[:0]
	return s.turn.Add(1)
}

// keep takes in an error that waits for the end, unless that was decided before.
func (s *serial[T]) keep(err error) {
	s.mu.Lock()
	late := s.err != nil || s.completed || s.state.Load() != 0
	if !late {
		s.kept = withError(s.kept, err)
	}
	s.mu.Unlock()
	if late {
		reportLate(s.ctx, err)
	}
}

// keeps reports whether there are errors that wait for the end.
func (s *serial[T]) keeps() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.kept) > 0
}

// fail ends with err, unless an end was decided before: then err goes to the
// error handler. Items still queued are dropped, as in RxJava. Errors that were
// kept are told before err, with it.
// stop disposes the producers, any number of times; whoever tells err has called
// it before (rule C6).
func (s *serial[T]) fail(err error, stop func()) {
	s.mu.Lock()
	late := s.err != nil || s.completed || s.state.Load() != 0
	if !late {
		if len(s.kept) > 0 {
			err = together(withError(s.kept, err))
			s.kept = nil
		}
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

// finish completes after what is queued, or fails with the errors that were
// kept. It is called when no producer is left.
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
			turn := s.turn.Load()
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
					} else {
						err = s.keptErrors()
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
				if s.state.Load() != 0 || s.turn.Load() != turn {
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

// keptErrors takes the errors that were kept, as one.
func (s *serial[T]) keptErrors() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	err := together(s.kept)
	s.kept = nil
	return err
}

// withError appends err, but a second ErrGoexit that says nothing else: one
// Goexit may pass by at more than one boundary.
func withError(all []error, err error) []error {
	if slices.Contains(all, ErrGoexit) && errors.Is(err, ErrGoexit) && err.Error() == ErrGoexit.Error() {
		return all
	}
	return append(all, err)
}

// together makes one error of all, in their order; one alone stays itself.
func together(all []error) error {
	if len(all) == 1 {
		return all[0]
	}
	return errors.Join(all...)
}

// drop lets go of queued items (rule C18).
func (s *serial[T]) drop() {
	s.mu.Lock()
	s.queue = nil
	s.mu.Unlock()
}

// dispose keeps every further signal out and reports whether it was the first.
// Errors that were accepted but not told any more are reported (rule C8).
func (s *serial[T]) dispose() bool {
	before := s.state.Or(serialDisposed)
	if before&serialDisposed != 0 {
		return false
	}
	s.drop()
	if before&serialOver == 0 {
		s.mu.Lock()
		err := together(s.kept)
		s.kept = nil
		if before&serialFailed != 0 { // else it is for fail to report it
			err = s.err
		}
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
