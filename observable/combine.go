package observable

import (
	"context"
	"sync"
	"sync/atomic"
)

// Zip2 emits combine of the first items of both sources, then of the second
// ones, and so on. Items that wait for their partner are queued without bound. It
// completes, and stops the other source, when one has completed and all its
// items are used.
//
//	1 2 3     \
//	a b |      Zip2  =>  1a 2b |
func Zip2[A, B, R any](a Observable[A], b Observable[B], combine func(A, B) R) Observable[R] {
	if combine == nil {
		panic(badArgument("Zip2", "combine", nil, "a function"))
	}
	return Observable[R]{src: zipSource[R](func(z *zip[R]) {
		la, lb := &zipLane[A, R]{zip: z}, &zipLane[B, R]{zip: z}
		z.lanes = []lane{la, lb}
		z.combine = func() R { return combine(la.take(), lb.take()) }
		z.start = func(ctx context.Context) {
			subscribe(ctx, a.src, la)
			if z.state.Load() == 0 {
				subscribe(ctx, b.src, lb)
			}
		}
	})}
}

// Zip3 is [Zip2] for three sources.
func Zip3[A, B, C, R any](a Observable[A], b Observable[B], c Observable[C], combine func(A, B, C) R) Observable[R] {
	if combine == nil {
		panic(badArgument("Zip3", "combine", nil, "a function"))
	}
	return Observable[R]{src: zipSource[R](func(z *zip[R]) {
		la, lb, lc := &zipLane[A, R]{zip: z}, &zipLane[B, R]{zip: z}, &zipLane[C, R]{zip: z}
		z.lanes = []lane{la, lb, lc}
		z.combine = func() R { return combine(la.take(), lb.take(), lc.take()) }
		z.start = func(ctx context.Context) {
			subscribe(ctx, a.src, la)
			if z.state.Load() == 0 {
				subscribe(ctx, b.src, lb)
			}
			if z.state.Load() == 0 {
				subscribe(ctx, c.src, lc)
			}
		}
	})}
}

// zipSource wires the lanes of one subscription.
type zipSource[R any] func(z *zip[R])

func (s zipSource[R]) Subscribe(ctx context.Context, o Observer[R]) {
	z := &zip[R]{ctx: ctx, down: o}
	s(z)
	announce(ctx, z, o)
	if z.state.Load() == 0 {
		made := false
		defer passing(&made, z)
		z.start(ctx)
		made = true
	}
}

// zip is what the lanes of one subscription share. Like serial it is drained by
// whoever comes in first; its queues are the lanes'.
type zip[R any] struct {
	ctx     context.Context
	down    Observer[R]
	lanes   []lane
	combine func() R // of the lanes' fronts
	busy    bool     // combine is running (rule C9); the drainer's
	start   func(ctx context.Context)

	wip   atomic.Int32  // as in serial
	state atomic.Uint32 // as in serial
	mu    sync.Mutex    // guards the lanes' queues, and err
	err   error
}

// lane is a source of a zip, whatever its type. Its methods need the zip's mu.
type lane interface {
	Disposable
	// ready reports whether an item waits, and whether none will come.
	ready() (some, over bool)
	// advance moves the oldest item to the front.
	advance()
	// drop lets go of all items.
	drop()
}

// enter combines what there is. The caller's mark of being inside down or
// combine must be set.
func (z *zip[R]) enter() {
	if z.wip.Add(1) != 1 {
		return
	}
	for {
		seen := z.wip.Load()
		for z.step() {
		}
		if z.state.Load()&(serialOver|serialDisposed) != 0 || z.wip.Add(-seen) == 0 {
			return // after the end wip stays up
		}
	}
}

// step emits a combination, or the end, and reports whether to go on.
func (z *zip[R]) step() bool {
	if z.state.Load()&serialDisposed != 0 {
		return false
	}
	z.mu.Lock()
	if z.err != nil {
		z.mu.Unlock()
		z.end(z.err)
		return false
	}
	all, over := true, false
	for _, l := range z.lanes {
		some, last := l.ready()
		all = all && some
		over = over || last && !some
	}
	if all {
		for _, l := range z.lanes {
			l.advance()
		}
	}
	z.mu.Unlock()
	if !all {
		if over {
			z.stop()
			z.end(nil)
		}
		return false
	}
	z.busy = true
	r := z.combine()
	z.busy = false
	if z.state.Load() == 0 {
		z.down.OnNext(r)
	}
	return true
}

// end tells the end, as the drainer.
func (z *zip[R]) end(err error) {
	if z.state.Or(serialOver)&serialDisposed == 0 {
		End(z.ctx, z, z.down, err)
	}
}

// failed records the first error, stops the sources and tells it.
func (z *zip[R]) failed(err error) {
	z.mu.Lock()
	late := z.err != nil || z.state.Load() != 0
	if !late {
		z.err = err
		z.state.Or(serialFailed)
	}
	z.mu.Unlock()
	if late {
		reportLate(z.ctx, err)
		return
	}
	z.stop()
	z.enter()
}

// stop disposes the sources and lets go of what they queued.
func (z *zip[R]) stop() {
	for _, l := range z.lanes {
		l.Dispose()
	}
	z.mu.Lock()
	for _, l := range z.lanes {
		l.drop()
	}
	z.mu.Unlock()
}

func (z *zip[R]) Dispose() {
	before := z.state.Or(serialDisposed)
	if before&serialDisposed != 0 {
		return
	}
	z.stop()
	if before&(serialFailed|serialOver) == serialFailed {
		z.mu.Lock()
		err := z.err
		z.mu.Unlock()
		reportLate(z.ctx, err) // accepted, but not told any more (rule C8)
	}
}

func (z *zip[R]) Disposed() bool { return z.state.Load()&serialDisposed != 0 }

// zipLane observes one source of a zip.
type zipLane[T, R any] struct {
	link
	zip   *zip[R]
	queue fifo[T] // guarded by zip.mu
	over  bool    // guarded by zip.mu
	front T       // the item to be combined; the drainer's
	// inside says that the source's goroutine may be draining (rule C9).
	inside bool
}

func (l *zipLane[T, R]) OnSubscribe(d Disposable) { l.set(d) }

func (l *zipLane[T, R]) OnNext(v T) {
	l.zip.mu.Lock()
	if l.zip.state.Load() == 0 {
		l.queue.push(v)
	}
	l.zip.mu.Unlock()
	l.inside = true
	l.zip.enter()
	l.inside = false
}

func (l *zipLane[T, R]) OnError(err error) { l.zip.failed(err) }

func (l *zipLane[T, R]) OnComplete() {
	l.zip.mu.Lock()
	l.over = true
	l.zip.mu.Unlock()
	at := items // combined of what other sources left behind
	defer catch(l.zip.ctx, &at, l.zip, Observer[T](l))
	l.inside = true
	l.zip.enter()
	l.inside = false
	at = idle
}

// Blame implements [Stage].
func (l *zipLane[T, R]) Blame() (bool, Disposable, any) {
	if l.zip.state.Load()&serialOver != 0 {
		return false, nil, l.zip.down
	}
	return !l.inside || l.zip.busy, l.zip, l.zip.down
}

// failed implements failer.
func (l *zipLane[T, R]) failed(cause error) {
	l.zip.failed(cause)
	if l.inside { // combine failed: this goroutine drains, and has to tell it itself
		l.zip.step()
	}
}

func (l *zipLane[T, R]) ready() (some, over bool) { return l.queue.n > 0, l.over }
func (l *zipLane[T, R]) advance()                 { l.front = l.queue.pop() }
func (l *zipLane[T, R]) drop()                    { l.queue.clear() }

// take empties the front (rule C18).
func (l *zipLane[T, R]) take() T {
	var zero T
	v := l.front
	l.front = zero
	return v
}

// Amb emits what the first source to give any signal emits, and stops the
// others. The sources are subscribed in order until one has won.
func Amb[T any](sources ...Observable[T]) Observable[T] {
	switch len(sources) {
	case 0:
		return Observable[T]{}
	case 1:
		return sources[0]
	}
	return Observable[T]{src: ambSource[T](sources)}
}

type ambSource[T any] []Observable[T]

func (s ambSource[T]) Subscribe(ctx context.Context, o Observer[T]) {
	a := &amb[T]{ctx: ctx, down: o, runners: make([]ambRunner[T], len(s))}
	announce(ctx, a, o)
	made := false
	defer passing(&made, a)
	for i := range s {
		if a.winner.Load() != nil || a.Disposed() {
			break
		}
		r := &a.runners[i]
		r.amb = a
		subscribe(ctx, s[i].src, r)
	}
	made = true
}

type amb[T any] struct {
	emission
	ctx     context.Context
	down    Observer[T]
	winner  atomic.Pointer[ambRunner[T]]
	runners []ambRunner[T]
}

func (a *amb[T]) Dispose() {
	a.emission.Dispose()
	a.stop(nil)
}

// stop disposes all runners but one.
func (a *amb[T]) stop(but *ambRunner[T]) {
	for i := range a.runners {
		if r := &a.runners[i]; r != but {
			r.Dispose()
		}
	}
}

// failed fails the stream unless one has won.
func (a *amb[T]) failed(cause error) {
	if a.Disposed() {
		reportLate(a.ctx, cause)
		return
	}
	(&ambRunner[T]{amb: a}).OnError(cause)
}

type ambRunner[T any] struct {
	link
	amb *amb[T]
	won bool // the runner's own memory of having won
}

func (r *ambRunner[T]) OnSubscribe(d Disposable) { r.set(d) }

// wins reports whether this runner is the one whose signals count.
func (r *ambRunner[T]) wins() bool {
	if r.won {
		return true
	}
	if !r.amb.winner.CompareAndSwap(nil, r) {
		return false
	}
	r.won = true
	r.amb.stop(r)
	return true
}

func (r *ambRunner[T]) OnNext(v T) {
	if r.wins() {
		r.amb.down.OnNext(v)
	}
}

func (r *ambRunner[T]) OnError(err error) {
	if r.wins() {
		r.amb.down.OnError(err)
		return
	}
	reportLate(r.amb.ctx, err)
}

func (r *ambRunner[T]) OnComplete() {
	if r.wins() {
		r.amb.down.OnComplete()
	}
}

func (r *ambRunner[T]) failed(cause error) { r.amb.failed(cause) }

// Blame implements [Stage].
func (r *ambRunner[T]) Blame() (bool, Disposable, any) { return !r.won, r.amb, r.amb.down }
