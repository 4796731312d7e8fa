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
// a is subscribed to before b. If a is synchronous all of it is therefore queued
// before b begins, and what both do is done one after the other;
// [Observable.SubscribeOn] on a lets them run at the same time.
//
//	1 2 3     \
//	a b |      Zip2  =>  1a 2b |
func Zip2[A, B, R any](a Observable[A], b Observable[B], combine func(A, B) R) Observable[R] {
	if combine == nil {
		panic(badArgument("Zip2", "combine", nil, "a function"))
	}
	return Observable[R]{src: &zip2Source[A, B, R]{a.src, b.src, combine}}
}

type zip2Source[A, B, R any] struct {
	a       Source[A]
	b       Source[B]
	combine func(A, B) R
}

func (s *zip2Source[A, B, R]) Subscribe(ctx context.Context, o Observer[R]) {
	z := &zip2[A, B, R]{f: s.combine}
	z.a.zip, z.b.zip = &z.zip, &z.zip
	z.all = [...]lane{&z.a, &z.b}
	z.ctx, z.down, z.lanes, z.next = ctx, o, z.all[:], z
	z.subscribe(func() {
		subscribe(ctx, s.a, &z.a)
		if z.live() {
			subscribe(ctx, s.b, &z.b)
		}
	})
}

type zip2[A, B, R any] struct {
	zip[R]
	a   zipLane[A, R]
	b   zipLane[B, R]
	all [2]lane
	f   func(A, B) R
}

func (z *zip2[A, B, R]) combine() R { return z.f(z.a.take(), z.b.take()) }

// Zip3 is [Zip2] for three sources.
func Zip3[A, B, C, R any](a Observable[A], b Observable[B], c Observable[C], combine func(A, B, C) R) Observable[R] {
	if combine == nil {
		panic(badArgument("Zip3", "combine", nil, "a function"))
	}
	return Observable[R]{src: &zip3Source[A, B, C, R]{a.src, b.src, c.src, combine}}
}

type zip3Source[A, B, C, R any] struct {
	a       Source[A]
	b       Source[B]
	c       Source[C]
	combine func(A, B, C) R
}

func (s *zip3Source[A, B, C, R]) Subscribe(ctx context.Context, o Observer[R]) {
	z := &zip3[A, B, C, R]{f: s.combine}
	z.a.zip, z.b.zip, z.c.zip = &z.zip, &z.zip, &z.zip
	z.all = [...]lane{&z.a, &z.b, &z.c}
	z.ctx, z.down, z.lanes, z.next = ctx, o, z.all[:], z
	z.subscribe(func() {
		subscribe(ctx, s.a, &z.a)
		if z.live() {
			subscribe(ctx, s.b, &z.b)
		}
		if z.live() {
			subscribe(ctx, s.c, &z.c)
		}
	})
}

type zip3[A, B, C, R any] struct {
	zip[R]
	a   zipLane[A, R]
	b   zipLane[B, R]
	c   zipLane[C, R]
	all [3]lane
	f   func(A, B, C) R
}

func (z *zip3[A, B, C, R]) combine() R { return z.f(z.a.take(), z.b.take(), z.c.take()) }

// zip is what the lanes of one subscription share. Like serial it is drained by
// whoever comes in first; its queues are the lanes'.
type zip[R any] struct {
	ctx   context.Context
	down  Observer[R]
	lanes []lane
	next  interface{ combine() R } // of the lanes' fronts
	busy  bool                     // combine is running (rule C9); the drainer's

	wip   atomic.Int32  // as in serial
	state atomic.Uint32 // as in serial
	mu    sync.Mutex    // guards the lanes' queues, and err
	err   error
}

// subscribe subscribes to the lanes by all, after OnSubscribe.
func (z *zip[R]) subscribe(all func()) {
	announce(z.ctx, z, z.down)
	if z.live() {
		made := false
		defer passing(&made, z)
		all()
		made = true
	}
}

// live reports whether there is still something to come.
func (z *zip[R]) live() bool { return z.state.Load() == 0 }

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
	if !all {
		if over {
			z.end(nil)
		} else {
			z.mu.Unlock()
		}
		return false
	}
	z.mu.Unlock()
	z.busy = true
	r := z.next.combine()
	z.busy = false
	if z.live() {
		z.down.OnNext(r)
	}
	return true
}

// end tells the end, as the drainer. The caller holds mu, which end gives up: an
// error that comes after the decision is late.
func (z *zip[R]) end(err error) {
	before := z.state.Or(serialOver)
	z.mu.Unlock()
	z.stop()
	if before&serialDisposed == 0 {
		End(z.ctx, z, z.down, err)
	}
}

// failed records the first error, stops the sources and tells it.
func (z *zip[R]) failed(err error) {
	z.mu.Lock()
	late := z.err != nil || z.state.Load() != 0
	if !late {
		z.err = err
		late = z.state.Or(serialFailed)&serialDisposed != 0 // nobody will tell it
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
		if !l.inside { // and need not look below, where another may be at work
			return false, nil, nil
		}
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
