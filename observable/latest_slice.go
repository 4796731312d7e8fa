package observable

import (
	"context"
	"slices"
)

// CombineLatestSlice is [CombineLatest2] for any number of sources of one type
// (RxJava: combineLatestArray). combine gets the items in the order of the
// sources, in a slice of its own. No sources at all give the empty stream. The
// slice of sources is not copied.
//
//	1   2     3 |
//	  8   9 |      CombineLatestSlice  =>  [1 8] [2 8] [2 9] [3 9] |
func CombineLatestSlice[T, R any](sources []Observable[T], combine func([]T) R) Observable[R] {
	return latestSliceOf("CombineLatestSlice", sources, combine, false)
}

// CombineLatestSliceDelayError is [CombineLatest2DelayError] for any number of
// sources of one type (RxJava: combineLatestArrayDelayError).
//
//	1   2     3 |
//	  8   #        CombineLatestSliceDelayError  =>  [1 8] [2 8] [3 8] #
func CombineLatestSliceDelayError[T, R any](sources []Observable[T], combine func([]T) R) Observable[R] {
	return latestSliceOf("CombineLatestSliceDelayError", sources, combine, true)
}

func latestSliceOf[T, R any](operator string, sources []Observable[T], combine func([]T) R, delayError bool) Observable[R] {
	if combine == nil {
		panic(badArgument(operator, "combine", nil, "a function"))
	}
	if len(sources) == 0 {
		return Observable[R]{}
	}
	return Observable[R]{src: &latestSliceSource[T, R]{sources, combine, slices.Clone[[]T], delayError}}
}

type latestSliceSource[T, R any] struct {
	sources    []Observable[T]
	combine    func([]T) R
	clone      func([]T) []T // a field, because making it allocates
	delayError bool
}

func (s *latestSliceSource[T, R]) Subscribe(ctx context.Context, o Observer[R]) {
	n := len(s.sources)
	l := &latestSlice[T, R]{all: make([]latestLane[T, []T, R], n), fn: s.combine}
	l.current, l.clone, l.delayError = make([]T, n), s.clone, s.delayError
	lanes := make([]latestInput[[]T, R], n)
	for i := range lanes {
		l.all[i].from(s.sources[i].src, &l.current[i])
		lanes[i] = &l.all[i]
	}
	l.run(ctx, o, lanes, l)
}

type latestSlice[T, R any] struct {
	latest[[]T, R]
	all []latestLane[T, []T, R]
	fn  func([]T) R
}

func (l *latestSlice[T, R]) combine(s []T) R { return l.fn(s) }
