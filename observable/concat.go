package observable

import (
	"context"
	"sync"
	"sync/atomic"
)

// ConcatMap subscribes to project(v) for each item v, to one inner stream at a
// time and in order, and emits what it emits. Items that come meanwhile are
// queued without bound; project is called when an item's turn comes. The first
// error ends the stream at once.
//
//	1 2 3   ConcatMap(v, later 10v)  =>  1  10  2  20  3  30 |
func ConcatMap[T, R any](o Observable[T], project func(T) Observable[R]) Observable[R] {
	return concatMap("ConcatMap", o.src, project, errorAtOnce)
}

// ConcatMapDelayError is [ConcatMap] whose errors wait: with tillTheEnd, which
// is RxJava's default, until all is done, and it then fails with the errors of
// the source and of inner streams, joined in the order in which they came;
// without, until the inner stream that is subscribed has ended. An inner
// stream's own error then ends the stream. A panic of project always does.
//
//	1 2 3   ConcatMapDelayError(v, fails if v is 2)  =>  1  10  2  3  30 x
func ConcatMapDelayError[T, R any](o Observable[T], project func(T) Observable[R], tillTheEnd bool) Observable[R] {
	return concatMap("ConcatMapDelayError", o.src, project, errorTimeOf(tillTheEnd))
}

func concatMap[T, R any](name string, up Source[T], project func(T) Observable[R], errs errorTime) Observable[R] {
	if project == nil {
		panic(badArgument(name, "project", nil, "a function"))
	}
	return Observable[R]{src: &concatMapSource[T, R]{up, project, errs}}
}

// Concat emits what the sources emit, one after the other; each is subscribed
// when the one before has completed.
//
//	1 2 |  3 |   Concat  =>  1 2 3 |
func Concat[T any](sources ...Observable[T]) Observable[T] {
	return concatMap("Concat", listed(sources), identity[T], errorAtOnce)
}

// ConcatDelayError is [Concat] that goes on with the next source after an
// error, and fails in the end with the errors, joined in their order.
//
//	1 2x  3 |   ConcatDelayError  =>  1 2 3 x
func ConcatDelayError[T any](sources ...Observable[T]) Observable[T] {
	return concatMap("ConcatDelayError", listed(sources), identity[T], errorAtEnd)
}

// ConcatAll emits what the streams that o emits emit, one after the other; each
// is subscribed when the one before has completed, and waits, without bound,
// until then. The first error, also one of o, ends the stream at once (RxJava:
// concat of a stream of streams).
//
//	a=(1 2 |)  b=(3 |)   ConcatAll  =>  1 2 3 |
func ConcatAll[T any](o Observable[Observable[T]]) Observable[T] {
	return concatMap("ConcatAll", o.src, identity[T], errorAtOnce)
}

// ConcatAllDelayError is [ConcatAll] whose errors wait as those of
// [ConcatMapDelayError] do.
//
//	a=(1 2x)  b=(3 |)   ConcatAllDelayError(true)  =>  1 2 3 x
func ConcatAllDelayError[T any](o Observable[Observable[T]], tillTheEnd bool) Observable[T] {
	return concatMap("ConcatAllDelayError", o.src, identity[T], errorTimeOf(tillTheEnd))
}

// errorTime says how long an error waits in a concatenation.
type errorTime uint8

const (
	errorAtOnce     errorTime = iota // not at all
	errorAtBoundary                  // until the inner stream that is subscribed has ended
	errorAtEnd                       // until all is done
)

func errorTimeOf(tillTheEnd bool) errorTime {
	if tillTheEnd {
		return errorAtEnd
	}
	return errorAtBoundary
}

type concatMapSource[T, R any] struct {
	up      Source[T]
	project func(T) Observable[R]
	errs    errorTime
}

func (s *concatMapSource[T, R]) Subscribe(ctx context.Context, o Observer[R]) {
	c := &concatMapObserver[T, R]{project: s.project, errs: s.errs}
	c.ctx, c.down, c.owner = ctx, o, c
	c.inner.parent = c
	subscribe(ctx, s.up, c)
}

// concatMapObserver observes the outer stream. Items go to the observer through
// serial because an error of the outer stream may come at the same time.
type concatMapObserver[T, R any] struct {
	serial[R]
	up      Disposable
	project func(T) Observable[R]
	inside  bool // the outer stream's goroutine is inside down (rule C9)
	errs    errorTime

	wait    sync.Mutex
	pending fifo[T] // guarded by wait
	over    bool    // guarded by wait; the outer stream has completed

	// turns counts those who want the next inner stream started; whoever raises
	// it from zero does it, in a loop (rule C16).
	turns  atomic.Int32
	active atomic.Bool // an inner stream is subscribed; set by who has the turn
	inner  concatMapInner[T, R]
}

func (c *concatMapObserver[T, R]) OnSubscribe(d Disposable) {
	c.up = d
	c.inside = true
	c.down.OnSubscribe(c)
	c.inside = false
}

func (c *concatMapObserver[T, R]) OnNext(v T) {
	c.wait.Lock()
	c.pending.push(v)
	c.wait.Unlock()
	c.advance(&c.inside)
}

func (c *concatMapObserver[T, R]) OnError(err error) {
	if c.errs == errorAtOnce {
		c.failed(err)
		return
	}
	c.keep(err)
	c.OnComplete()
}

func (c *concatMapObserver[T, R]) OnComplete() {
	c.wait.Lock()
	c.over = true
	c.wait.Unlock()
	at := items // of inner streams that waited
	defer catch(c.ctx, &at, c, Observer[T](c))
	c.advance(&c.inside)
	at = idle
}

// advance starts the next inner stream if none is active. *inside is the
// caller's mark of being inside down.
func (c *concatMapObserver[T, R]) advance(inside *bool) {
	if c.turns.Add(1) != 1 {
		return
	}
	for {
		seen := c.turns.Load()
		for !c.active.Load() && c.state.Load() == 0 {
			if c.errs == errorAtBoundary && c.keeps() {
				c.stop()
				c.finish()
				return
			}
			c.wait.Lock()
			over, some := c.over, c.pending.n > 0
			var v T
			if some {
				v = c.pending.pop()
			}
			c.wait.Unlock()
			if !some {
				if over {
					c.finish()
					return
				}
				break
			}
			c.start(v, inside)
		}
		if c.turns.Add(-seen) == 0 {
			return
		}
	}
}

// start maps v and subscribes to the result, or emits a scalar in place.
func (c *concatMapObserver[T, R]) start(v T, inside *bool) {
	inner := c.project(v)
	switch src := inner.src.(type) {
	case nil:
	case *justSource[R]:
		*inside = true
		c.next(src.value)
		*inside = false
	case *errorSource[R]:
		c.innerError(src.err)
	default:
		c.active.Store(true)
		src.Subscribe(c.ctx, &c.inner)
	}
}

// innerError takes in the error of an inner stream.
func (c *concatMapObserver[T, R]) innerError(err error) {
	if c.errs == errorAtOnce {
		c.failed(err)
		return
	}
	c.keep(err)
}

func (c *concatMapObserver[T, R]) failed(err error) { c.fail(err, c.stop) }

// stop disposes everything above.
func (c *concatMapObserver[T, R]) stop() {
	c.up.Dispose()
	c.inner.Dispose()
	c.wait.Lock()
	c.pending.clear()
	c.wait.Unlock()
}

func (c *concatMapObserver[T, R]) Dispose() {
	if c.dispose() {
		c.stop()
	}
}

// Blame implements [Stage].
func (c *concatMapObserver[T, R]) Blame() (bool, Disposable, any) {
	return !c.inside, c.handle(), c.down
}

// concatMapInner observes the inner streams, one after the other.
type concatMapInner[T, R any] struct {
	slot
	parent *concatMapObserver[T, R]
	inside bool // the inner stream's goroutine is inside down (rule C9)
}

func (i *concatMapInner[T, R]) OnSubscribe(d Disposable) { i.set(d) }

func (i *concatMapInner[T, R]) OnNext(v R) {
	i.inside = true
	i.parent.next(v)
	i.inside = false
}

func (i *concatMapInner[T, R]) OnError(err error) {
	i.clear()
	i.parent.innerError(err)
	i.next()
}

func (i *concatMapInner[T, R]) OnComplete() {
	i.clear()
	i.next()
}

// next lets the next inner stream have its turn.
func (i *concatMapInner[T, R]) next() {
	i.parent.active.Store(false)
	at := items // of the inner streams that follow
	defer catch(i.parent.ctx, &at, i.parent, Observer[R](i))
	i.parent.advance(&i.inside)
	at = idle
}

func (i *concatMapInner[T, R]) failed(err error) { i.parent.failed(err) }

// Blame implements [Stage].
func (i *concatMapInner[T, R]) Blame() (bool, Disposable, any) {
	return !i.inside, i.parent.handle(), i.parent.down
}
