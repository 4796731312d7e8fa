package observable

import (
	"context"
	"slices"
)

// pollEvery is how many items a long synchronous loop emits between two looks
// at its context, for subscriptions that nobody watches (rule C20).
const pollEvery = 1024

// Just emits the given values and completes. A slice that is passed as the
// values is copied; [FromSlice] does not copy.
//
//	Just(1, 2, 3)  =>  1 2 3 |
func Just[T any](values ...T) Observable[T] {
	if len(values) == 1 {
		return Observable[T]{src: &justSource[T]{values[0]}}
	}
	return FromSlice(slices.Clone(values)) // with a copy, values need not be on the heap
}

// justSource is a scalar: operators that take inner streams emit its value in
// place instead of subscribing.
type justSource[T any] struct{ value T }

func (*justSource[T]) synchronous() bool { return true }

func (s *justSource[T]) Subscribe(ctx context.Context, o Observer[T]) {
	e := new(emission)
	at := items
	defer catch(ctx, &at, e, o)
	o.OnSubscribe(e)
	if !e.Disposed() {
		o.OnNext(s.value)
		if !e.Disposed() {
			at = terminal
			o.OnComplete()
		}
	}
	at = idle
}

// Empty completes without an item.
//
//	Empty  =>  |
func Empty[T any]() Observable[T] { return Observable[T]{} }

type emptySource[T any] struct{}

func (emptySource[T]) synchronous() bool { return true }

func (emptySource[T]) Subscribe(ctx context.Context, o Observer[T]) {
	e := new(emission)
	at := items
	defer catch(ctx, &at, e, o)
	o.OnSubscribe(e)
	if !e.Disposed() {
		at = terminal
		o.OnComplete()
	}
	at = idle
}

// Error fails with err at once.
//
//	Error(err)  =>  #
func Error[T any](err error) Observable[T] {
	if err == nil {
		panic(badArgument("Error", "err", err, "an error"))
	}
	return Observable[T]{src: &errorSource[T]{err}}
}

type errorSource[T any] struct{ err error }

func (*errorSource[T]) synchronous() bool { return true }

func (s *errorSource[T]) Subscribe(ctx context.Context, o Observer[T]) {
	e := new(emission)
	at := items
	defer catch(ctx, &at, e, o)
	o.OnSubscribe(e)
	if !e.Disposed() {
		at = terminal
		End(ctx, e, o, s.err)
	}
	at = idle
}

// Never gives no signal besides OnSubscribe.
//
//	Never  =>  ......
func Never[T any]() Observable[T] { return Observable[T]{src: neverSource[T]{}} }

type neverSource[T any] struct{}

func (neverSource[T]) Subscribe(ctx context.Context, o Observer[T]) {
	e := new(emission)
	at := items
	defer catch(ctx, &at, e, o)
	o.OnSubscribe(e)
	at = idle
}

// FromSlice emits the elements of values in order. The slice is not copied: it
// must not change while the stream is in use.
//
//	FromSlice([1 2 3])  =>  1 2 3 |
func FromSlice[T any](values []T) Observable[T] {
	if len(values) == 0 {
		return Observable[T]{}
	}
	return Observable[T]{src: sliceSource[T](values)}
}

type sliceSource[T any] []T

func (sliceSource[T]) synchronous() bool { return true }

func (s sliceSource[T]) Subscribe(ctx context.Context, o Observer[T]) {
	e := new(emission)
	at := items
	defer catch(ctx, &at, e, o)
	o.OnSubscribe(e)
	for i, v := range s {
		if e.Disposed() || i%pollEvery == pollEvery-1 && ended(ctx, e, &at, o) {
			at = idle
			return
		}
		o.OnNext(v)
	}
	if !e.Disposed() {
		at = terminal
		o.OnComplete()
	}
	at = idle
}

// ended ends a synchronous loop whose context has ended (rule C20).
func ended[T any](ctx context.Context, e *emission, at *phase, o Observer[T]) bool {
	if ctx.Err() == nil {
		return false
	}
	*at = terminal
	End(ctx, e, o, context.Cause(ctx))
	return true
}

// Range emits count consecutive integers from start on. A negative count, and a
// range that overflows, panic with an [*ArgumentError].
//
//	Range(5, 3)  =>  5 6 7 |
func Range(start, count int) Observable[int] {
	if count < 0 || count > 0 && start > 0 && start+(count-1) < start {
		panic(badArgument("Range", "count", count, "0 or more, without overflow"))
	}
	return Observable[int]{src: rangeSource{start, count}}
}

type rangeSource struct{ start, count int }

func (rangeSource) synchronous() bool { return true }

func (s rangeSource) Subscribe(ctx context.Context, o Observer[int]) {
	e := new(emission)
	at := items
	defer catch(ctx, &at, e, o)
	o.OnSubscribe(e)
	for i := range s.count {
		if e.Disposed() || i%pollEvery == pollEvery-1 && ended(ctx, e, &at, o) {
			at = idle
			return
		}
		o.OnNext(s.start + i)
	}
	if !e.Disposed() {
		at = terminal
		o.OnComplete()
	}
	at = idle
}
