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
func ConcatMap[T, R any](o Observable[T], project func(T) Observable[R]) Observable[R] {
	if project == nil {
		panic(badArgument("ConcatMap", "project", nil, "a function"))
	}
	return Observable[R]{src: &concatMapSource[T, R]{o.src, project}}
}

// Concat emits what the sources emit, one after the other; each is subscribed
// when the one before has completed.
func Concat[T any](sources ...Observable[T]) Observable[T] {
	return ConcatMap(FromSlice(sources), identity[T])
}

type concatMapSource[T, R any] struct {
	up      Source[T]
	project func(T) Observable[R]
}

func (s *concatMapSource[T, R]) Subscribe(ctx context.Context, o Observer[R]) {
	c := &concatMapObserver[T, R]{project: s.project}
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

func (c *concatMapObserver[T, R]) OnError(err error) { c.failed(err) }

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
		c.failed(src.err)
	default:
		c.active.Store(true)
		src.Subscribe(c.ctx, &c.inner)
	}
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
	i.parent.failed(err)
}

func (i *concatMapInner[T, R]) OnComplete() {
	i.clear()
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
