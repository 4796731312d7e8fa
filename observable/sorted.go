package observable

import (
	"cmp"
	"context"
	"slices"
)

// Sorted emits the source's items in ascending order when it completes.
//
//	3 1 2 |  Sorted  =>  1 2 3 |
func Sorted[T cmp.Ordered](o Observable[T]) Observable[T] { return SortedFunc(o, cmp.Compare[T]) }

// SortedFunc is [Sorted] in the order that compare says: it returns a negative
// number when a comes before b, a positive one when after. Items for which it
// returns 0 stay in their order.
//
//	3 1 2 |  SortedFunc(descending)  =>  3 2 1 |
func SortedFunc[T any](o Observable[T], compare func(a, b T) int) Observable[T] {
	if compare == nil {
		panic(badArgument("SortedFunc", "compare", nil, "a function"))
	}
	return Observable[T]{src: &sortedSource[T]{o.src, compare}}
}

// ToSortedList emits a slice of all items in ascending order when the source
// completes. It is never nil, and the observer's own.
//
//	3 1 2 |  ToSortedList  =>  [1 2 3] |
func ToSortedList[T cmp.Ordered](o Observable[T]) Observable[[]T] {
	return ToSortedListFunc(o, cmp.Compare[T])
}

// ToSortedListFunc is [ToSortedList] in the order that compare says, as for
// [SortedFunc].
//
//	3 1 2 |  ToSortedListFunc(descending)  =>  [3 2 1] |
func ToSortedListFunc[T any](o Observable[T], compare func(a, b T) int) Observable[[]T] {
	if compare == nil {
		panic(badArgument("ToSortedListFunc", "compare", nil, "a function"))
	}
	return Map(ToList(o), func(all []T) []T {
		slices.SortStableFunc(all, compare)
		return all
	})
}

type sortedSource[T any] struct {
	up      Source[T]
	compare func(a, b T) int
}

func (s *sortedSource[T]) synchronous() bool { return isSynchronous(s.up) }

func (s *sortedSource[T]) Subscribe(ctx context.Context, o Observer[T]) {
	subscribe(ctx, s.up, &sortedObserver[T]{relay: new(relay), ctx: ctx, down: o, compare: s.compare})
}

// See reduceObserver for the relay.
type sortedObserver[T any] struct {
	*relay
	ctx     context.Context
	down    Observer[T]
	compare func(a, b T) int
	all     []T
}

func (s *sortedObserver[T]) OnSubscribe(d Disposable) {
	s.up = d
	s.down.OnSubscribe(s.relay)
}

func (s *sortedObserver[T]) OnNext(v T) { s.all = append(s.all, v) }

func (s *sortedObserver[T]) OnError(err error) {
	s.all = nil
	s.down.OnError(err)
}

// OnComplete is a boundary, for compare and for the items.
func (s *sortedObserver[T]) OnComplete() {
	all := s.all
	s.all = nil
	at := own
	defer catch(s.ctx, &at, s.relay, s.down)
	slices.SortStableFunc(all, s.compare)
	at = items
	for _, v := range all {
		if s.Disposed() {
			break
		}
		s.down.OnNext(v)
	}
	at = idle
	finish(s.ctx, s.relay, s.down, nil)
}

// Blame implements [Stage]: compare has a boundary of its own.
func (s *sortedObserver[T]) Blame() (bool, Disposable, any) { return false, s.handle(), s.down }
