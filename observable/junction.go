package observable

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
)

// junction is where sources of different types meet that feed one observer: it
// is embedded in an operator's subscription, whose lanes observe the sources.
// Like serial it is drained by whoever comes in first; what is queued, and what
// comes of it, is the operator's.
type junction[R any] struct {
	ctx  context.Context
	down Observer[R]
	op   meeting
	busy bool // a user function of the operator is running (rule C9); the drainer's

	wip   atomic.Int32  // as in serial
	state atomic.Uint32 // as in serial
	mu    sync.Mutex    // guards the operator's queues, and what follows
	err   error         // the first error that ends the stream at once
	// delayed is what the operator keeps until the sources have ended.
	delayed []error
	closed  bool // the end is decided: an error comes late
}

// meeting is the operator of a junction.
type meeting interface {
	// step does one thing that there is to do, and reports whether to go on. It is
	// called by the drainer with the junction's mu held, and gives it up.
	step() bool
	// stop disposes the sources, any number of times.
	stop()
	// drop lets go of all items (rule C18). What was delayed with them it puts to
	// the junction's delayed errors. It is called with mu held.
	drop()
}

// open subscribes to the sources by all, after OnSubscribe.
func (j *junction[R]) open(all func()) {
	announce(j.ctx, j, j.down)
	if j.live() {
		made := false
		defer passing(&made, j)
		all()
		made = true
	}
}

// live reports whether there is still something to come.
func (j *junction[R]) live() bool { return j.state.Load() == 0 }

// enter drains. The caller's mark of being inside down, or a user function,
// must be set.
func (j *junction[R]) enter() {
	if j.wip.Add(1) == 1 {
		j.drain()
	}
}

// drain does what there is to do until nobody came in meanwhile. The caller
// holds wip.
func (j *junction[R]) drain() {
	for {
		seen := j.wip.Load()
		for j.step() {
		}
		if j.state.Load()&(serialOver|serialDisposed) != 0 || j.wip.Add(-seen) == 0 {
			return // after the end wip stays up
		}
	}
}

// step does one thing, as the drainer.
func (j *junction[R]) step() bool {
	if j.Disposed() {
		return false
	}
	j.mu.Lock()
	if j.err != nil {
		j.end(j.err)
		return false
	}
	return j.op.step()
}

// emit delivers r, as the drainer.
func (j *junction[R]) emit(r R) {
	if j.live() {
		j.down.OnNext(r)
	}
}

// end tells the end, as the drainer. The caller holds mu, which end gives up: an
// error that comes after the decision is late, and so is one that was delayed
// and is not part of err (rule C8).
func (j *junction[R]) end(err error) {
	before := j.state.Or(serialOver)
	delayed := j.err == nil // so that Dispose does not know of err
	j.mu.Unlock()
	reportLate(j.ctx, j.halt())
	switch {
	case before&serialDisposed == 0:
		End(j.ctx, j, j.down, err)
	case delayed:
		reportLate(j.ctx, err)
	}
}

// delay keeps err for the end, and reports false if it comes too late. The
// caller holds mu.
func (j *junction[R]) delay(err error) bool {
	if j.err != nil || j.closed || !j.live() {
		return false
	}
	j.delayed = append(j.delayed, err)
	return true
}

// kept returns the delayed errors as one, or nil, and lets go of them. The
// caller holds mu.
func (j *junction[R]) kept() error {
	all := j.delayed
	j.delayed = nil
	if len(all) == 1 {
		return all[0]
	}
	return errors.Join(all...)
}

// failed records the first error, stops the sources and tells it.
func (j *junction[R]) failed(err error) {
	j.mu.Lock()
	late := j.err != nil || j.closed || !j.live()
	if !late {
		j.err = err
		if len(j.delayed) > 0 {
			j.err = errors.Join(append(j.delayed, err)...)
			j.delayed = nil
		}
		if late = j.state.Or(serialFailed)&serialDisposed != 0; late { // nobody will tell it
			err = j.err
		}
	}
	j.mu.Unlock()
	if late {
		reportLate(j.ctx, err)
		return
	}
	reportLate(j.ctx, j.halt())
	j.enter()
}

// halt disposes the sources and lets go of what they queued. It returns the
// errors that were delayed, as one.
func (j *junction[R]) halt() error {
	j.op.stop()
	j.mu.Lock()
	defer j.mu.Unlock()
	j.op.drop()
	return j.kept()
}

func (j *junction[R]) Dispose() {
	before := j.state.Or(serialDisposed)
	if before&serialDisposed != 0 {
		return
	}
	reportLate(j.ctx, j.halt()) // accepted, but not told any more (rule C8)
	if before&(serialFailed|serialOver) == serialFailed {
		j.mu.Lock()
		err := j.err
		j.mu.Unlock()
		reportLate(j.ctx, err)
	}
}

// Disposed reports whether downstream disposed.
func (j *junction[R]) Disposed() bool { return j.state.Load()&serialDisposed != 0 }

// lane observes one source of a junction, but for its items: it is embedded in
// an observer that knows their type.
type lane[R any] struct {
	link
	at *junction[R]
	// inside says that the source's goroutine may be draining (rule C9).
	inside bool
}

func (l *lane[R]) OnSubscribe(d Disposable) { l.set(d) }
func (l *lane[R]) OnError(err error)        { l.at.failed(err) }

// enter drains from inside OnNext.
func (l *lane[R]) enter() {
	before := l.inside // a source may be called back from below
	l.inside = true
	l.at.enter()
	l.inside = before
}

// arrive drains from inside a terminal signal, which may set free items of other
// sources: it is a boundary.
func (l *lane[R]) arrive() {
	at := items
	defer l.caught(&at)
	l.enter()
	at = idle
}

func (l *lane[R]) caught(at *phase) {
	if *at != idle {
		fault(l.at.ctx, *at, l.at, l, recover())
	}
}

// Blame implements [Stage].
func (l *lane[R]) Blame() (bool, Disposable, any) {
	if l.at.state.Load()&serialOver != 0 {
		if !l.inside { // and need not look below, where another may be at work
			return false, nil, nil
		}
		return false, nil, l.at.down
	}
	return !l.inside || l.at.busy, l.at, l.at.down
}

// failed implements failer.
func (l *lane[R]) failed(cause error) {
	l.at.failed(cause)
	if l.inside { // a user function failed: this goroutine drains, and has to tell it itself
		l.at.step()
	}
}
