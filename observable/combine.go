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
		z.combine = func() R { return combine(la.front, lb.front) }
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
		z.combine = func() R { return combine(la.front, lb.front, lc.front) }
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
	o.OnSubscribe(z)
	if z.state.Load() == 0 {
		z.start(ctx)
	}
}

// zip is what the lanes of one subscription share. Like serial it is drained by
// whoever comes in first; its queues are the lanes'.
type zip[R any] struct {
	ctx     context.Context
	down    Observer[R]
	lanes   []lane
	combine func() R // of the lanes' fronts
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
		z.state.Or(serialOver)
		z.down.OnError(z.err)
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
			z.state.Or(serialOver)
			z.stop()
			z.down.OnComplete()
		}
		return false
	}
	var r R
	failed := func(err error) { // after a Goexit nobody else is left to tell it
		z.fail(err)
		z.step()
	}
	if err := try(func() { r = z.combine() }, failed); err != nil {
		z.fail(err)
		return true
	}
	z.down.OnNext(r)
	return true
}

// fail records the first error, stops the sources and tells it.
func (z *zip[R]) fail(err error) {
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
	if z.state.Or(serialDisposed)&serialDisposed == 0 {
		z.stop()
	}
}

func (z *zip[R]) Disposed() bool { return z.state.Load()&serialDisposed != 0 }

// Blame implements [Stage]: combine has a boundary of its own.
func (z *zip[R]) Blame() (bool, Disposable, any) { return false, z, z.down }

// zipLane observes one source of a zip.
type zipLane[T, R any] struct {
	link
	zip   *zip[R]
	queue fifo[T] // guarded by zip.mu
	over  bool    // guarded by zip.mu
	front T       // the item being combined; the drainer's
}

func (l *zipLane[T, R]) OnSubscribe(d Disposable) { l.set(d) }

func (l *zipLane[T, R]) OnNext(v T) {
	l.zip.mu.Lock()
	if l.zip.state.Load() == 0 {
		l.queue.push(v)
	}
	l.zip.mu.Unlock()
	l.zip.enter()
}

func (l *zipLane[T, R]) OnError(err error) { l.zip.fail(err) }

func (l *zipLane[T, R]) OnComplete() {
	l.zip.mu.Lock()
	l.over = true
	l.zip.mu.Unlock()
	l.zip.enter()
}

// Blame implements [Stage].
func (l *zipLane[T, R]) Blame() (bool, Disposable, any) { return false, l.zip, l.zip.down }

func (l *zipLane[T, R]) ready() (some, over bool) { return l.queue.n > 0, l.over }
func (l *zipLane[T, R]) advance()                 { l.front = l.queue.pop() }
func (l *zipLane[T, R]) drop()                    { l.queue.clear() }

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
	o.OnSubscribe(a)
	for i := range s {
		if a.winner.Load() != nil || a.Disposed() {
			return
		}
		r := &a.runners[i]
		r.amb = a
		subscribe(ctx, s[i].src, r)
	}
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

// Blame implements [Stage].
func (r *ambRunner[T]) Blame() (bool, Disposable, any) { return false, r.amb, r.amb.down }
