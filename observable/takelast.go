package observable

import (
	"context"
	"time"
)

// TakeLast emits the last n items when the source completes. An error drops
// them.
//
//	1 2 3 4 |  TakeLast(2)  =>  3 4 |
func TakeLast[T any](o Observable[T], n int) Observable[T] {
	switch {
	case n < 0:
		panic(badArgument("TakeLast", "n", n, "0 or more"))
	case n == 0:
		return IgnoreElements(o)
	}
	return Observable[T]{src: &takeLastSource[T]{o.src, n}}
}

type takeLastSource[T any] struct {
	up Source[T]
	n  int
}

func (s *takeLastSource[T]) synchronous() bool { return isSynchronous(s.up) }

func (s *takeLastSource[T]) Subscribe(ctx context.Context, o Observer[T]) {
	subscribe(ctx, s.up, &takeLastObserver[T]{relay: new(relay), ctx: ctx, down: o, n: s.n})
}

// See reduceObserver for the relay.
type takeLastObserver[T any] struct {
	*relay
	ctx   context.Context
	down  Observer[T]
	n     int
	queue fifo[T]
}

func (t *takeLastObserver[T]) OnSubscribe(d Disposable) {
	t.up = d
	t.down.OnSubscribe(t.relay)
}

func (t *takeLastObserver[T]) OnNext(v T) {
	if t.queue.n == t.n {
		t.queue.pop()
	}
	t.queue.push(v)
}

func (t *takeLastObserver[T]) OnError(err error) {
	t.queue.clear()
	t.down.OnError(err)
}

// OnComplete is a boundary, for the items.
func (t *takeLastObserver[T]) OnComplete() {
	at := items
	defer t.queue.clear()
	defer catch(t.ctx, &at, t.relay, t.down)
	for t.queue.n > 0 && !t.Disposed() {
		t.down.OnNext(t.queue.pop())
	}
	at = idle
	finish(t.ctx, t.relay, t.down, nil)
}

// Blame implements [Stage].
func (t *takeLastObserver[T]) Blame() (bool, Disposable, any) { return false, t.handle(), t.down }

// finish gives the end after items that were emitted from a terminal signal. r
// is the Disposable that down was given; after a Dispose err is reported.
func finish[T any](ctx context.Context, r *relay, down Observer[T], err error) {
	if r.Disposed() {
		reportLate(ctx, err)
		return
	}
	End(ctx, r, down, err)
}

// TakeLastOptions are the finer points of [TakeLastTime].
type TakeLastOptions struct {
	// Count is how many items are emitted at most: the last ones. Zero and
	// [Unlimited] mean all.
	Count int
	// DelayError has the items emitted before an error, too, instead of dropping
	// them.
	DelayError bool
}

// TakeLastTime emits, when the source completes, the items of the last d before
// that. An error drops them, unless options say otherwise. Time is that of the
// scheduler on, whose clock alone is used; without one it is [Go]'s (RxJava:
// takeLast with a time, or with a count and a time).
//
//	1 . 2 . 3 |  TakeLastTime(3s)  =>  2 3 |
func TakeLastTime[T any](o Observable[T], d time.Duration, options TakeLastOptions, on ...Scheduler) Observable[T] {
	if options.Count < 0 && options.Count != Unlimited {
		panic(badArgument("TakeLastTime", "options.Count", options.Count, "0 or more, or Unlimited"))
	}
	return Observable[T]{src: &takeLastTimeSource[T]{o.src, max(d, 0), options, schedulerOf("TakeLastTime", on)}}
}

type takeLastTimeSource[T any] struct {
	up      Source[T]
	d       time.Duration
	options TakeLastOptions
	on      Scheduler
}

func (s *takeLastTimeSource[T]) synchronous() bool { return isSynchronous(s.up) }

func (s *takeLastTimeSource[T]) Subscribe(ctx context.Context, o Observer[T]) {
	subscribe(ctx, s.up, &takeLastTimeObserver[T]{relay: new(relay), ctx: ctx, down: o, of: s})
}

// See reduceObserver for the relay.
type takeLastTimeObserver[T any] struct {
	*relay
	ctx   context.Context
	down  Observer[T]
	of    *takeLastTimeSource[T]
	queue fifo[stamped[T]]
}

func (t *takeLastTimeObserver[T]) OnSubscribe(d Disposable) {
	t.up = d
	t.down.OnSubscribe(t.relay)
}

func (t *takeLastTimeObserver[T]) OnNext(v T) {
	now := t.of.on.Now()
	t.queue.push(stamped[T]{v, now})
	most := t.of.options.Count
	for t.queue.n > 0 && (now.Sub(t.oldest()) >= t.of.d || most > 0 && t.queue.n > most) {
		t.queue.pop()
	}
}

// oldest returns when the oldest item came.
func (t *takeLastTimeObserver[T]) oldest() time.Time { return t.queue.ring[t.queue.head].at }

func (t *takeLastTimeObserver[T]) OnError(err error) { t.end(err) }
func (t *takeLastTimeObserver[T]) OnComplete()       { t.end(nil) }

// end is a boundary, for the items.
func (t *takeLastTimeObserver[T]) end(err error) {
	at, told := items, err
	defer t.queue.clear()
	defer catchHandling(t.ctx, &at, &told, t.relay, t.down)
	if err == nil || t.of.options.DelayError {
		now := t.of.on.Now()
		for t.queue.n > 0 && !t.Disposed() {
			// An item that came exactly d ago stays, unlike in OnNext: RxJava's.
			if s := t.queue.pop(); now.Sub(s.at) <= t.of.d {
				t.down.OnNext(s.v)
			}
		}
	}
	at = idle
	finish(t.ctx, t.relay, t.down, err)
}

// Blame implements [Stage].
func (t *takeLastTimeObserver[T]) Blame() (bool, Disposable, any) { return false, t.handle(), t.down }
