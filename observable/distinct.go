package observable

import "context"

// Distinct emits each item that did not come before. It remembers all of them
// until the end: for endless streams there is [DistinctUntilChanged].
//
//	1 2 1 3 2  Distinct  =>  1 2 3 |
func Distinct[T comparable](o Observable[T]) Observable[T] {
	return DistinctBy(o, same[T])
}

// DistinctBy is [Distinct] by the items' keys: it emits an item whose key did
// not come before (RxJava: distinct with a key selector).
//
//	a1 b2 a3  DistinctBy(letter)  =>  a1 b2 |
func DistinctBy[T any, K comparable](o Observable[T], key func(T) K) Observable[T] {
	if key == nil {
		panic(badArgument("DistinctBy", "key", nil, "a function"))
	}
	return Observable[T]{src: &distinctSource[T, K]{o.src, key}}
}

func same[T any](v T) T { return v }

type distinctSource[T any, K comparable] struct {
	up  Source[T]
	key func(T) K
}

func (s *distinctSource[T, K]) synchronous() bool { return isSynchronous(s.up) }

func (s *distinctSource[T, K]) Subscribe(ctx context.Context, o Observer[T]) {
	subscribe(ctx, s.up, &distinctObserver[T, K]{down: o, key: s.key, seen: make(map[K]struct{})})
}

type distinctObserver[T any, K comparable] struct {
	down Observer[T]
	up   Disposable
	key  func(T) K
	seen map[K]struct{}
	busy bool // key is running, or the hash of what it returned (rule C9)
}

func (d *distinctObserver[T, K]) OnSubscribe(up Disposable) {
	d.up = up
	d.down.OnSubscribe(up)
}

func (d *distinctObserver[T, K]) OnNext(v T) {
	d.busy = true
	before := len(d.seen)
	d.seen[d.key(v)] = struct{}{}
	d.busy = false
	if len(d.seen) > before {
		d.down.OnNext(v)
	}
}

func (d *distinctObserver[T, K]) OnError(err error) {
	d.seen = nil
	d.down.OnError(err)
}

func (d *distinctObserver[T, K]) OnComplete() {
	d.seen = nil
	d.down.OnComplete()
}

// Blame implements [Stage].
func (d *distinctObserver[T, K]) Blame() (bool, Disposable, any) { return d.busy, d.up, d.down }

// DistinctUntilChanged emits each item that is not equal to the one before.
//
//	1 1 2 2 1  DistinctUntilChanged  =>  1 2 1 |
func DistinctUntilChanged[T comparable](o Observable[T]) Observable[T] {
	return DistinctUntilChangedBy(o, same[T])
}

// DistinctUntilChangedBy is [DistinctUntilChanged] by the items' keys (RxJava:
// distinctUntilChanged with a key selector).
//
//	a1 a2 b3 a4  DistinctUntilChangedBy(letter)  =>  a1 b3 a4 |
func DistinctUntilChangedBy[T any, K comparable](o Observable[T], key func(T) K) Observable[T] {
	if key == nil {
		panic(badArgument("DistinctUntilChangedBy", "key", nil, "a function"))
	}
	return Observable[T]{src: &changedSource[T, K]{o.src, key, func(a, b K) bool { return a == b }}}
}

// DistinctUntilChangedFunc is [DistinctUntilChanged] for which equal says
// whether an item is the same as the one before it, also when that was left out
// (RxJava: distinctUntilChanged with a comparer).
//
//	1 2 5 6 9  DistinctUntilChangedFunc(differ by 1)  =>  1 5 9 |
func DistinctUntilChangedFunc[T any](o Observable[T], equal func(before, v T) bool) Observable[T] {
	if equal == nil {
		panic(badArgument("DistinctUntilChangedFunc", "equal", nil, "a function"))
	}
	return Observable[T]{src: &changedSource[T, T]{o.src, same[T], equal}}
}

type changedSource[T, K any] struct {
	up    Source[T]
	key   func(T) K
	equal func(K, K) bool
}

func (s *changedSource[T, K]) synchronous() bool { return isSynchronous(s.up) }

func (s *changedSource[T, K]) Subscribe(ctx context.Context, o Observer[T]) {
	subscribe(ctx, s.up, &changedObserver[T, K]{down: o, of: s})
}

type changedObserver[T, K any] struct {
	down Observer[T]
	up   Disposable
	of   *changedSource[T, K]
	last K
	some bool // last is set
	busy bool // key or equal is running (rule C9)
}

func (c *changedObserver[T, K]) OnSubscribe(d Disposable) {
	c.up = d
	c.down.OnSubscribe(d)
}

func (c *changedObserver[T, K]) OnNext(v T) {
	c.busy = true
	key := c.of.key(v)
	equal := c.some && c.of.equal(c.last, key)
	c.busy = false
	c.last, c.some = key, true
	if !equal {
		c.down.OnNext(v)
	}
}

func (c *changedObserver[T, K]) OnError(err error) {
	c.forget()
	c.down.OnError(err)
}

func (c *changedObserver[T, K]) OnComplete() {
	c.forget()
	c.down.OnComplete()
}

// forget lets go of the last item (rule C18).
func (c *changedObserver[T, K]) forget() {
	var zero K
	c.last = zero
}

// Blame implements [Stage].
func (c *changedObserver[T, K]) Blame() (bool, Disposable, any) { return c.busy, c.up, c.down }
