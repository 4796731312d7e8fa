package observable

import "context"

// All emits whether pass returns true for all items: false at the first one for
// which it does not, which stops the source, else true when it completes.
//
//	2 4 5 6  All(even)  =>  false |
func All[T any](o Observable[T], pass func(T) bool) Observable[bool] {
	if pass == nil {
		panic(badArgument("All", "pass", nil, "a function"))
	}
	return Observable[bool]{src: &conditionSource[T]{o.src, pass, false}}
}

// Any emits whether match returns true for any item: true at the first one for
// which it does, which stops the source, else false when it completes.
//
//	1 2 3  Any(even)  =>  true |
func Any[T any](o Observable[T], match func(T) bool) Observable[bool] {
	if match == nil {
		panic(badArgument("Any", "match", nil, "a function"))
	}
	return Observable[bool]{src: &conditionSource[T]{o.src, match, true}}
}

// Contains emits whether any item is equal to v: true at the first one, which
// stops the source, else false when it completes.
//
//	1 2 3  Contains(2)  =>  true |
func Contains[T comparable](o Observable[T], v T) Observable[bool] {
	return Any(o, func(item T) bool { return item == v })
}

// IsEmpty emits whether the source completes without an item: false at the
// first one, which stops the source.
//
//	|    IsEmpty  =>  true |
//	1 2  IsEmpty  =>  false |
func IsEmpty[T any](o Observable[T]) Observable[bool] {
	return All(o, func(T) bool { return false })
}

type conditionSource[T any] struct {
	up       Source[T]
	test     func(T) bool
	decisive bool // the result of test that ends the stream, and is emitted
}

func (s *conditionSource[T]) synchronous() bool { return isSynchronous(s.up) }

func (s *conditionSource[T]) Subscribe(ctx context.Context, o Observer[bool]) {
	subscribe(ctx, s.up, &conditionObserver[T]{ctx: ctx, down: o, test: s.test, decisive: s.decisive})
}

type conditionObserver[T any] struct {
	relay
	ctx      context.Context
	down     Observer[bool]
	test     func(T) bool
	decisive bool
	busy     bool // test is running (rule C9)
}

func (c *conditionObserver[T]) OnSubscribe(d Disposable) {
	c.up = d
	c.down.OnSubscribe(c)
}

func (c *conditionObserver[T]) OnNext(v T) {
	c.busy = true
	result := c.test(v)
	c.busy = false
	if result == c.decisive {
		decide(&c.relay, c.down, result)
	}
}

func (c *conditionObserver[T]) OnError(err error) { c.down.OnError(err) }
func (c *conditionObserver[T]) OnComplete()       { conclude(c.ctx, &c.relay, c.down, !c.decisive) }

// Blame implements [Stage].
func (c *conditionObserver[T]) Blame() (bool, Disposable, any) { return c.busy, c.handle(), c.down }

// decide stops the source inside its OnNext, and then emits v and completes. r
// is the Disposable that down was given.
func decide[T any](r *relay, down Observer[T], v T) {
	if r.Disposed() {
		return
	}
	r.up.Dispose()
	down.OnNext(v)
	if !r.Disposed() {
		r.ended = true
		down.OnComplete()
	}
}

// DefaultIfEmpty emits what the source emits, and v if that completes without
// an item.
//
//	|  DefaultIfEmpty(9)  =>  9 |
func (o Observable[T]) DefaultIfEmpty(v T) Observable[T] {
	return Observable[T]{src: &defaultSource[T]{o.src, v}}
}

type defaultSource[T any] struct {
	up    Source[T]
	value T
}

func (s *defaultSource[T]) synchronous() bool { return isSynchronous(s.up) }

func (s *defaultSource[T]) Subscribe(ctx context.Context, o Observer[T]) {
	subscribe(ctx, s.up, &defaultObserver[T]{ctx: ctx, down: o, of: s})
}

type defaultObserver[T any] struct {
	relay
	ctx  context.Context
	down Observer[T]
	of   *defaultSource[T]
	some bool // there was an item
}

func (d *defaultObserver[T]) OnSubscribe(up Disposable) {
	d.up = up
	d.down.OnSubscribe(d)
}

func (d *defaultObserver[T]) OnNext(v T) {
	d.some = true
	d.down.OnNext(v)
}

func (d *defaultObserver[T]) OnError(err error) { d.down.OnError(err) }

func (d *defaultObserver[T]) OnComplete() {
	if d.some {
		d.down.OnComplete()
		return
	}
	conclude(d.ctx, &d.relay, d.down, d.of.value)
}

// Blame implements [Stage].
func (d *defaultObserver[T]) Blame() (bool, Disposable, any) { return false, d.handle(), d.down }

// SwitchIfEmpty emits what the source emits, and if that completes without an
// item goes on with other, which is subscribed to only then.
//
//	|  SwitchIfEmpty(8 9)  =>  8 9 |
func (o Observable[T]) SwitchIfEmpty(other Observable[T]) Observable[T] {
	return Observable[T]{src: &switchEmptySource[T]{o.src, other.src}}
}

type switchEmptySource[T any] struct{ up, other Source[T] }

func (s *switchEmptySource[T]) synchronous() bool {
	return isSynchronous(s.up) && isSynchronous(s.other)
}

func (s *switchEmptySource[T]) Subscribe(ctx context.Context, o Observer[T]) {
	subscribe(ctx, s.up, &switchEmptyObserver[T]{ctx: ctx, down: o, other: s.other})
}

// switchEmptyObserver observes the source, and then the other stream.
type switchEmptyObserver[T any] struct {
	slot
	ctx      context.Context
	down     Observer[T]
	other    Source[T]
	some     bool // there was an item
	switched bool // the other stream is on
}

func (s *switchEmptyObserver[T]) OnSubscribe(d Disposable) {
	s.set(d)
	if !s.switched {
		s.down.OnSubscribe(s)
	}
}

func (s *switchEmptyObserver[T]) OnNext(v T) {
	s.some = true
	s.down.OnNext(v)
}

func (s *switchEmptyObserver[T]) OnError(err error) { s.down.OnError(err) }

func (s *switchEmptyObserver[T]) OnComplete() {
	if s.some || s.switched {
		s.down.OnComplete()
		return
	}
	s.switched = true
	if !s.Disposed() {
		subscribe(s.ctx, s.other, s)
	}
}

// Blame implements [Stage].
func (s *switchEmptyObserver[T]) Blame() (bool, Disposable, any) { return false, s, s.down }
