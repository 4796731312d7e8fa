package observable

import (
	"context"
	"sync"
	"sync/atomic"
)

// concatEagerObserver observes the outer stream; concatEagerInner the inner
// ones. Whoever raises wip from zero is the drainer: it subscribes to inner
// streams and emits what they have queued, until nobody came meanwhile. After the
// end wip stays above zero.
type concatEagerObserver[T, R any] struct {
	ctx     context.Context
	down    Observer[R]
	up      Disposable
	project func(T) Observable[R]
	limit   int
	errs    errorTime

	wip   atomic.Int32
	state atomic.Uint32 // bits as in serial; each of them stops the drainer

	current *concatEagerInner[T, R] // whose turn it is; the drainer's
	active  int                     // inner streams between start and turn's end; the drainer's

	mu      sync.Mutex
	pending fifo[T]                       // guarded by mu; items that have to wait
	inners  fifo[*concatEagerInner[T, R]] // guarded by mu; those whose turn is to come
	inTurn  *concatEagerInner[T, R]       // guarded by mu; current, for Dispose
	kept    []error                       // guarded by mu
	over    bool                          // guarded by mu; the outer stream has ended
}

func (e *concatEagerObserver[T, R]) OnSubscribe(d Disposable) {
	e.up = d
	announce[R](e.ctx, e, e.down)
}

func (e *concatEagerObserver[T, R]) OnNext(v T) {
	e.mu.Lock()
	e.pending.push(v)
	e.mu.Unlock()
	e.enter()
}

func (e *concatEagerObserver[T, R]) OnComplete() {
	e.mu.Lock()
	e.over = true
	e.mu.Unlock()
	e.enter()
}

func (e *concatEagerObserver[T, R]) OnError(err error) {
	if e.keep(err) {
		e.OnComplete()
	}
}

// failed is for a Goexit, or a panic of the outer stream, that passes by.
func (e *concatEagerObserver[T, R]) failed(err error) {
	e.up.Dispose()
	e.OnError(err)
}

// keep takes in an error, unless the end was told before, and stops all that
// runs if it does not wait.
func (e *concatEagerObserver[T, R]) keep(err error) bool {
	e.mu.Lock()
	late := e.state.Load()&(serialDisposed|serialOver) != 0
	if !late {
		e.kept = withError(e.kept, err)
		if e.errs == errorAtOnce {
			e.state.Or(serialFailed)
		}
	}
	e.mu.Unlock()
	switch {
	case late:
		reportLate(e.ctx, err)
	case e.errs == errorAtOnce:
		e.stop()
	}
	return !late
}

func (e *concatEagerObserver[T, R]) enter() {
	if e.wip.Add(1) == 1 {
		e.drain()
	}
}

// drain is a boundary, whoever has entered. The caller holds wip.
func (e *concatEagerObserver[T, R]) drain() {
	at := idle
	defer e.guard(&at)
	for {
		seen := e.wip.Load()
		if !e.round(&at) {
			return
		}
		if e.wip.Add(-seen) == 0 {
			return
		}
	}
}

// guard is deferred by drain. What goes wrong in project, or in the
// subscription to what it returned, ends the stream at once.
func (e *concatEagerObserver[T, R]) guard(at *phase) {
	switch *at {
	case idle:
	case own:
		cause := ErrGoexit
		if r := recover(); r != nil {
			cause = NewPanicError(r)
		}
		if e.keep(cause) {
			e.end()
		}
	default:
		fault(e.ctx, *at, e, e.down, recover())
	}
}

// round starts what may start and emits what there is. It reports false if the
// stream has ended.
func (e *concatEagerObserver[T, R]) round(at *phase) bool {
	for {
		for e.active != e.limit {
			if e.state.Load() != 0 {
				break
			}
			v, ok := e.pop()
			if !ok {
				break
			}
			*at = own
			e.start(v)
			*at = idle
		}
		switch e.state.Load() {
		case 0:
		case serialFailed:
			e.end()
			return false
		default:
			return false
		}
		if e.current == nil {
			if e.advance() {
				e.end()
				return false
			}
			if e.current == nil {
				return true
			}
		}
		if !e.current.drained(at) {
			return true
		}
		e.current = nil
		e.active--
	}
}

func (e *concatEagerObserver[T, R]) pop() (v T, ok bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.pending.n == 0 {
		return v, false
	}
	return e.pending.pop(), true
}

// start maps v and subscribes to the result. A scalar is an inner stream that
// has ended.
func (e *concatEagerObserver[T, R]) start(v T) {
	in := &concatEagerInner[T, R]{parent: e}
	src := e.project(v).src
	switch src := src.(type) {
	case nil:
		in.done = true
	case *justSource[R]:
		in.queue, in.done = []R{src.value}, true
	case *errorSource[R]:
		in.done = true
		e.keep(src.err)
	}
	if in.done && in.queue == nil && e.limit == Unlimited {
		return // nothing to emit, and no place to keep
	}
	e.mu.Lock()
	wanted := e.state.Load() == 0
	if wanted {
		e.inners.push(in)
	}
	e.mu.Unlock()
	if wanted {
		e.active++
		if !in.done {
			src.Subscribe(e.ctx, in)
		}
	}
}

// advance makes the next inner stream the current one, if there is one. It
// reports whether all is done.
func (e *concatEagerObserver[T, R]) advance() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.inTurn = nil
	if e.errs == errorAtBoundary && len(e.kept) > 0 {
		return true
	}
	if e.inners.n == 0 {
		return e.over && e.pending.n == 0
	}
	e.current = e.inners.pop()
	e.inTurn = e.current
	return false
}

// end tells the end. The caller holds wip.
func (e *concatEagerObserver[T, R]) end() {
	if e.state.Or(serialOver)&serialDisposed != 0 {
		return
	}
	e.mu.Lock()
	err := together(e.kept)
	e.kept = nil
	e.mu.Unlock()
	if err != nil {
		e.stop()
	}
	End(e.ctx, e, e.down, err)
}

// stop disposes everything above and lets go of what is queued.
func (e *concatEagerObserver[T, R]) stop() {
	e.up.Dispose()
	e.mu.Lock()
	inners, last := e.inners, e.inTurn
	e.inners, e.inTurn = fifo[*concatEagerInner[T, R]]{}, nil
	e.pending.clear()
	e.mu.Unlock()
	if last != nil {
		last.stop()
	}
	for inners.n > 0 {
		inners.pop().stop()
	}
}

func (e *concatEagerObserver[T, R]) Dispose() {
	before := e.state.Or(serialDisposed)
	if before&serialDisposed != 0 {
		return
	}
	e.stop()
	if before&serialOver == 0 {
		e.mu.Lock()
		err := together(e.kept)
		e.kept = nil
		e.mu.Unlock()
		reportLate(e.ctx, err)
	}
}

func (e *concatEagerObserver[T, R]) Disposed() bool { return e.state.Load()&serialDisposed != 0 }

// handle is what Blame reports.
func (e *concatEagerObserver[T, R]) handle() Disposable {
	if e.state.Load()&serialOver != 0 {
		return nil
	}
	return e
}

// Blame implements [Stage]: the outer stream's goroutine is never inside down
// without a boundary.
func (e *concatEagerObserver[T, R]) Blame() (bool, Disposable, any) {
	return true, e.handle(), e.down
}
