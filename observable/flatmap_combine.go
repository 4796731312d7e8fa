package observable

import (
	"context"
	"errors"
)

// FlatMapCombine is [FlatMap] that emits combine(v, w) for each item w of the
// inner stream project(v) (RxJava: flatMap with a combiner). A panic of combine
// fails the inner stream.
//
//	1     2     FlatMapCombine(v, v; +)  =>  2 2   4 4 |
func FlatMapCombine[T, U, R any](o Observable[T], project func(T) Observable[U], combine func(T, U) R, limit int) Observable[R] {
	return flatMapCombine("FlatMapCombine", o, project, combine, limit, false)
}

// FlatMapCombineDelayError is [FlatMapCombine] with the errors of
// [FlatMapDelayError].
//
//	1     2     FlatMapCombineDelayError(v, v; / (v-1))  =>  2 2 x
func FlatMapCombineDelayError[T, U, R any](o Observable[T], project func(T) Observable[U], combine func(T, U) R, limit int) Observable[R] {
	return flatMapCombine("FlatMapCombineDelayError", o, project, combine, limit, true)
}

func flatMapCombine[T, U, R any](name string, o Observable[T], project func(T) Observable[U], combine func(T, U) R, limit int, delay bool) Observable[R] {
	if project == nil {
		panic(badArgument(name, "project", nil, "a function"))
	}
	if combine == nil {
		panic(badArgument(name, "combine", nil, "a function"))
	}
	return flatMap(name, o.src, func(v T) Observable[R] {
		return Map(project(v), func(w U) R { return combine(v, w) })
	}, limit, delay)
}

// FlatMapNotifications is [FlatMap] that also subscribes to one last inner
// stream: onError(err) when the source fails, which then is no error of the
// result, and onComplete() when it completes (RxJava: flatMap of three
// functions). An error of an inner stream ends the stream. What onError's panic
// gives is joined to the error that it was called for.
//
//	1   2   |   FlatMapNotifications(v; ...; 9)  =>  1   2   9 |
func FlatMapNotifications[T, R any](
	o Observable[T], onNext func(T) Observable[R], onError func(error) Observable[R], onComplete func() Observable[R], limit int,
) Observable[R] {
	const name = "FlatMapNotifications"
	switch {
	case onNext == nil:
		panic(badArgument(name, "onNext", nil, "a function"))
	case onError == nil:
		panic(badArgument(name, "onError", nil, "a function"))
	case onComplete == nil:
		panic(badArgument(name, "onComplete", nil, "a function"))
	}
	return flatMap(name, &notifySource[T, R]{o.src, onNext, onError, onComplete}, identity[R], limit, false)
}

// notifySource maps each signal of up to an inner stream.
type notifySource[T, R any] struct {
	up         Source[T]
	onNext     func(T) Observable[R]
	onError    func(error) Observable[R]
	onComplete func() Observable[R]
}

func (s *notifySource[T, R]) Subscribe(ctx context.Context, o Observer[Observable[R]]) {
	subscribe(ctx, s.up, &notifyObserver[T, R]{ctx: ctx, down: o, fn: s})
}

type notifyObserver[T, R any] struct {
	relay
	ctx  context.Context
	down Observer[Observable[R]]
	fn   *notifySource[T, R]
	busy bool // a function is running (rule C9)
}

func (n *notifyObserver[T, R]) OnSubscribe(d Disposable) {
	n.up = d
	n.down.OnSubscribe(n)
}

func (n *notifyObserver[T, R]) OnNext(v T) {
	n.busy = true
	inner := n.fn.onNext(v)
	n.busy = false
	n.down.OnNext(inner)
}

func (n *notifyObserver[T, R]) OnError(err error) {
	n.last(func() Observable[R] { return n.fn.onError(err) }, err)
}

func (n *notifyObserver[T, R]) OnComplete() { n.last(n.fn.onComplete, nil) }

// last emits what f returns, and completes. f is called because of err.
func (n *notifyObserver[T, R]) last(f func() Observable[R], err error) {
	var inner Observable[R]
	failure := try(func() { inner = f() }, n.end)
	switch {
	case n.Disposed():
		reportLate(n.ctx, failure)
	case failure != nil:
		if err != nil {
			failure = errors.Join(err, failure)
		}
		n.end(failure)
	default:
		at := items
		defer catch(n.ctx, &at, n, n.down)
		n.down.OnNext(inner)
		at = idle
		if !n.Disposed() {
			n.end(nil)
		}
	}
}

func (n *notifyObserver[T, R]) end(err error) {
	n.ended = true
	End(n.ctx, n, n.down, err)
}

// Blame implements [Stage].
func (n *notifyObserver[T, R]) Blame() (bool, Disposable, any) { return n.busy, n.handle(), n.down }
