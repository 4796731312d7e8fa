package observable

import (
	"context"
	"math"
	"sync/atomic"
)

// TimeoutWhen fails with a [*TimeoutError], and stops the source, when another
// stream says that it is too late, by an item or its completion: first for the
// source's first signal, and then next(v), which is subscribed to when the item
// v has been taken, for the one after it. The next signal stops it. An error of
// such a stream is the error of the result. [Never] as first leaves the source
// all the time that it wants to begin (RxJava: timeout with functions).
//
//	1 2 ....  TimeoutWhen(Never, v => 3s later)  =>  1 2 ...#
func TimeoutWhen[T, F, U any](o Observable[T], first Observable[F], next func(T) Observable[U]) Observable[T] {
	return timeoutWhen("TimeoutWhen", o, first, next, nil)
}

// TimeoutWhenWith is [TimeoutWhen] that goes on with other instead of failing
// with a [*TimeoutError]. other is not timed.
//
//	1 2 ....  TimeoutWhenWith(Never, v => 3s later, 8 9)  =>  1 2 ...8 9 |
func TimeoutWhenWith[T, F, U any](o Observable[T], first Observable[F], next func(T) Observable[U], other Observable[T]) Observable[T] {
	return timeoutWhen("TimeoutWhenWith", o, first, next, other.Source())
}

func timeoutWhen[T, F, U any](operator string, o Observable[T], first Observable[F], next func(T) Observable[U], other Source[T]) Observable[T] {
	if next == nil {
		panic(badArgument(operator, "next", nil, "a function"))
	}
	return Observable[T]{src: &timeoutWhenSource[T, F, U]{o.src, first.src, next, other}}
}

type timeoutWhenSource[T, F, U any] struct {
	up    Source[T]
	first Source[F]
	next  func(T) Observable[U]
	other Source[T] // nil: fail
}

func (s *timeoutWhenSource[T, F, U]) Subscribe(ctx context.Context, o Observer[T]) {
	t := &timeoutWhenObserver[T, U]{next: s.next}
	t.ctx, t.down, t.src = ctx, o, s.other
	t.other = successor[T]{ctx: ctx, owner: t, down: o}
	announce(ctx, t, o)
	if !t.live() {
		return
	}
	made := false
	defer passing(&made, t)
	timeBy(&t.timeoutClaims, s.first, 0)
	if t.live() {
		subscribe(ctx, s.up, t)
	}
	made = true
}

// timeoutClaims decides who is next, the source or the stream that times it.
type timeoutClaims[T any] struct {
	ctx    context.Context
	down   Observer[T]
	up     link
	timer  slot         // has the stream that times the next signal
	timing Disposable   // the same; the source's goroutine's
	src    Source[T]    // goes on when it is too late; nil: the stream fails
	other  successor[T] // observes src
	ended  atomic.Bool  // the end of the source was claimed, and not by Dispose
	gone   atomic.Bool  // disposed from below

	// count is how many items have been taken, or timeoutClaimed. While an item is
	// being delivered nothing times the next one, so only Dispose comes in between.
	count atomic.Int64
}

// timeoutClaimed as a count keeps everybody out.
const timeoutClaimed = math.MaxInt64

// live reports whether there is still something to come of the source.
func (t *timeoutClaims[T]) live() bool { return t.count.Load() != timeoutClaimed }

// claim reports whether the caller is the one to end what the source emits: it
// expects that count items have been taken.
func (t *timeoutClaims[T]) claim(count int64) bool {
	if count == timeoutClaimed || !t.count.CompareAndSwap(count, timeoutClaimed) {
		return false
	}
	t.ended.Store(true)
	return true
}

// claimAny is claim whatever the count is.
func (t *timeoutClaims[T]) claimAny() bool {
	if t.count.Swap(timeoutClaimed) == timeoutClaimed {
		return false
	}
	t.ended.Store(true)
	return true
}

func (t *timeoutClaims[T]) stop() {
	t.up.Dispose()
	t.timer.Dispose()
}

func (t *timeoutClaims[T]) Dispose() {
	t.gone.Store(true)
	t.count.Store(timeoutClaimed)
	t.stop()
	t.other.Dispose()
}

// Disposed reports whether downstream disposed.
func (t *timeoutClaims[T]) Disposed() bool { return t.gone.Load() }

// expire is called by the stream that times the signal after count items.
func (t *timeoutClaims[T]) expire(count int64) {
	if !t.claim(count) {
		return
	}
	t.stop()
	if t.src != nil {
		t.other.begin(t.src)
		return
	}
	End(t.ctx, t, t.down, &TimeoutError{})
}

// fail ends the stream with err if the caller has claimed that.
func (t *timeoutClaims[T]) fail(err error, mine bool) {
	if !mine {
		reportLate(t.ctx, err)
		return
	}
	t.stop()
	End(t.ctx, t, t.down, err)
}

// timeoutWhenObserver observes the source.
type timeoutWhenObserver[T, U any] struct {
	timeoutClaims[T]
	next   func(T) Observable[U]
	inside bool // the source's goroutine is inside down (rule C9)
}

func (t *timeoutWhenObserver[T, U]) OnSubscribe(d Disposable) { t.up.set(d) }

func (t *timeoutWhenObserver[T, U]) OnNext(v T) {
	count := t.count.Load()
	if count == timeoutClaimed || !t.count.CompareAndSwap(count, count+1) {
		return
	}
	t.timing.Dispose()
	t.inside = true
	t.down.OnNext(v)
	t.inside = false
	if t.count.Load() != count+1 {
		return // there was another item meanwhile, or the end
	}
	timeBy(&t.timeoutClaims, t.next(v).src, count+1)
}

func (t *timeoutWhenObserver[T, U]) OnError(err error) { t.failed(err) }

func (t *timeoutWhenObserver[T, U]) OnComplete() {
	if t.claimAny() {
		t.timer.Dispose()
		End(t.ctx, t, t.down, nil)
	}
}

// failed implements failer.
func (t *timeoutWhenObserver[T, U]) failed(err error) { t.fail(err, t.claimAny()) }

// Blame implements [Stage].
func (t *timeoutWhenObserver[T, U]) Blame() (bool, Disposable, any) {
	if !t.inside {
		return true, t, t.down
	}
	if t.ended.Load() {
		return false, nil, t.down
	}
	return false, t, t.down
}

// timeBy has src time the signal after count items.
func timeBy[T, X any](t *timeoutClaims[T], src Source[X], count int64) {
	in := &timeoutTimer[T, X]{of: t, count: count}
	t.timing = in
	t.timer.set(in)
	if t.live() {
		subscribe(t.ctx, src, in)
	}
}

// timeoutTimer observes a stream that times a signal.
type timeoutTimer[T, X any] struct {
	link
	of    *timeoutClaims[T]
	count int64 // how many items have been taken before that signal
}

func (i *timeoutTimer[T, X]) OnSubscribe(d Disposable) { i.set(d) }

func (i *timeoutTimer[T, X]) OnNext(X) {
	i.Dispose()
	i.of.expire(i.count)
}

func (i *timeoutTimer[T, X]) OnError(err error) { i.failed(err) }
func (i *timeoutTimer[T, X]) OnComplete()       { i.of.expire(i.count) }

// failed implements failer.
func (i *timeoutTimer[T, X]) failed(err error) { i.of.fail(err, i.of.claim(i.count)) }

// Blame implements [Stage]: what is told for this stream has a boundary of its
// own.
func (i *timeoutTimer[T, X]) Blame() (bool, Disposable, any) { return true, i.of, i.of.down }
