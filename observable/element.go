package observable

import "context"

// ElementAt emits the item with that index, counted from 0, which stops the
// source, and nothing if there are fewer.
//
//	a b c  ElementAt(1)  =>  b |
func ElementAt[T any](o Observable[T], index int) Observable[T] {
	return elementAt("ElementAt", o, index, absent[T]{})
}

// ElementAtOr is [ElementAt] that emits otherwise if there are fewer items
// (RxJava: elementAt with a default).
//
//	a b |  ElementAtOr(5, z)  =>  z |
func ElementAtOr[T any](o Observable[T], index int, otherwise T) Observable[T] {
	return elementAt("ElementAtOr", o, index, absent[T]{value: otherwise, defaults: true})
}

// ElementAtOrError is [ElementAt] that fails with [ErrEmpty] if there are fewer
// items.
//
//	a b |  ElementAtOrError(5)  =>  #
func ElementAtOrError[T any](o Observable[T], index int) Observable[T] {
	return elementAt("ElementAtOrError", o, index, absent[T]{fails: true})
}

// FirstElement emits the first item, which stops the source, and nothing if
// there is none. The blocking form is [Observable.First].
//
//	a b c  FirstElement  =>  a |
func FirstElement[T any](o Observable[T]) Observable[T] { return ElementAt(o, 0) }

// FirstOr is [FirstElement] that emits otherwise if there is none (RxJava:
// first).
//
//	|  FirstOr(9)  =>  9 |
func FirstOr[T any](o Observable[T], otherwise T) Observable[T] { return ElementAtOr(o, 0, otherwise) }

// FirstOrError is [FirstElement] that fails with [ErrEmpty] if there is none.
//
//	|  FirstOrError  =>  #
func FirstOrError[T any](o Observable[T]) Observable[T] { return ElementAtOrError(o, 0) }

// LastElement emits the last item when the source completes, and nothing if
// there is none. The blocking form is [Observable.Last].
//
//	a b c |  LastElement  =>  c |
func LastElement[T any](o Observable[T]) Observable[T] { return kept(o, false, absent[T]{}) }

// LastOr is [LastElement] that emits otherwise if there is none (RxJava: last).
//
//	|  LastOr(9)  =>  9 |
func LastOr[T any](o Observable[T], otherwise T) Observable[T] {
	return kept(o, false, absent[T]{value: otherwise, defaults: true})
}

// LastOrError is [LastElement] that fails with [ErrEmpty] if there is none.
//
//	|  LastOrError  =>  #
func LastOrError[T any](o Observable[T]) Observable[T] { return kept(o, false, absent[T]{fails: true}) }

// SingleElement emits the source's only item when it completes, and nothing if
// there is none. A second item stops the source and fails the stream with
// [ErrTooMany]. The blocking form is [Observable.Single].
//
//	a |    SingleElement  =>  a |
//	a b c  SingleElement  =>  #
func SingleElement[T any](o Observable[T]) Observable[T] { return kept(o, true, absent[T]{}) }

// SingleOr is [SingleElement] that emits otherwise if there is none (RxJava:
// single).
//
//	|  SingleOr(9)  =>  9 |
func SingleOr[T any](o Observable[T], otherwise T) Observable[T] {
	return kept(o, true, absent[T]{value: otherwise, defaults: true})
}

// SingleOrError is [SingleElement] that fails with [ErrEmpty] if there is none.
//
//	|  SingleOrError  =>  #
func SingleOrError[T any](o Observable[T]) Observable[T] {
	return kept(o, true, absent[T]{fails: true})
}

// absent says what comes of a source that completes without the item asked
// for: value, or an error, or else just the completion.
type absent[T any] struct {
	value           T
	defaults, fails bool
}

func (a *absent[T]) conclude(ctx context.Context, r *relay, down Observer[T]) {
	switch {
	case a.defaults:
		conclude(ctx, r, down, a.value)
	case a.fails:
		r.ended = true
		End(ctx, r, down, ErrEmpty)
	default:
		down.OnComplete()
	}
}

func elementAt[T any](operator string, o Observable[T], index int, otherwise absent[T]) Observable[T] {
	if index < 0 {
		panic(badArgument(operator, "index", index, "0 or more"))
	}
	return Observable[T]{src: &elementSource[T]{o.src, index, otherwise}}
}

type elementSource[T any] struct {
	up     Source[T]
	index  int
	absent absent[T]
}

func (s *elementSource[T]) synchronous() bool { return isSynchronous(s.up) }

func (s *elementSource[T]) Subscribe(ctx context.Context, o Observer[T]) {
	subscribe(ctx, s.up, &elementObserver[T]{ctx: ctx, down: o, left: s.index, absent: &s.absent})
}

type elementObserver[T any] struct {
	relay
	ctx    context.Context
	down   Observer[T]
	left   int // items before the one asked for; negative when that has come
	absent *absent[T]
}

func (e *elementObserver[T]) OnSubscribe(d Disposable) {
	e.up = d
	e.down.OnSubscribe(e)
}

func (e *elementObserver[T]) OnNext(v T) {
	e.left--
	if e.left == -1 {
		decide(&e.relay, e.down, v)
	}
}

func (e *elementObserver[T]) OnError(err error) { e.down.OnError(err) }
func (e *elementObserver[T]) OnComplete()       { e.absent.conclude(e.ctx, &e.relay, e.down) }

// Blame implements [Stage].
func (e *elementObserver[T]) Blame() (bool, Disposable, any) { return false, e.handle(), e.down }

func kept[T any](o Observable[T], only bool, otherwise absent[T]) Observable[T] {
	return Observable[T]{src: &keptSource[T]{o.src, only, otherwise}}
}

type keptSource[T any] struct {
	up     Source[T]
	only   bool // a second item is an error
	absent absent[T]
}

func (s *keptSource[T]) synchronous() bool { return isSynchronous(s.up) }

func (s *keptSource[T]) Subscribe(ctx context.Context, o Observer[T]) {
	subscribe(ctx, s.up, &keptObserver[T]{relay: new(relay), ctx: ctx, down: o, of: s})
}

// keptObserver keeps the newest item, or the only one, to the end. See
// reduceObserver for its relay.
type keptObserver[T any] struct {
	*relay
	ctx  context.Context
	down Observer[T]
	of   *keptSource[T]
	item T
	some bool // item is set
}

func (k *keptObserver[T]) OnSubscribe(d Disposable) {
	k.up = d
	k.down.OnSubscribe(k.relay)
}

func (k *keptObserver[T]) OnNext(v T) {
	if !k.some || !k.of.only {
		k.item, k.some = v, true
		return
	}
	k.take()
	if k.Disposed() || k.ended {
		return
	}
	k.ended = true
	k.up.Dispose()
	End(k.ctx, k.relay, k.down, ErrTooMany)
}

func (k *keptObserver[T]) OnError(err error) {
	k.take()
	k.down.OnError(err)
}

func (k *keptObserver[T]) OnComplete() {
	if k.some {
		conclude(k.ctx, k.relay, k.down, k.take())
		return
	}
	k.of.absent.conclude(k.ctx, k.relay, k.down)
}

// take returns the item and lets go of it (rule C18).
func (k *keptObserver[T]) take() T {
	v := k.item
	var zero T
	k.item = zero
	return v
}

// Blame implements [Stage].
func (k *keptObserver[T]) Blame() (bool, Disposable, any) { return false, k.handle(), k.down }
