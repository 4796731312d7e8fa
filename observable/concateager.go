package observable

import "context"

// ConcatMapEager subscribes to project(v) for each item v as it comes, to at
// most limit inner streams at a time ([Unlimited]: all), and emits what they
// emit, one after the other in the order of their items. What an inner stream
// emits before its turn is queued, without bound. The first error, of the source
// or of any inner stream, ends the stream at once, and drops what is queued.
//
//	1   2   3      ConcatMapEager(v, later 10v)  =>  1   10 2   20 3   30 |
//
// An inner stream that is synchronous runs to its end before its first item is
// emitted; an endless one must not be.
func ConcatMapEager[T, R any](o Observable[T], project func(T) Observable[R], limit int) Observable[R] {
	return concatMapEager("ConcatMapEager", o, project, limit, errorAtOnce)
}

// ConcatMapEagerDelayError is [ConcatMapEager] whose errors wait: with
// tillTheEnd until all is done, and it then fails with the errors of the source
// and of inner streams, joined in the order in which they came; without, until
// the inner stream whose turn it is has ended. A panic of project ends the stream
// at once.
//
//	1   2   3      ConcatMapEagerDelayError(v, fails if v is 2)  =>  1   10 2   3   30 x
func ConcatMapEagerDelayError[T, R any](o Observable[T], project func(T) Observable[R], limit int, tillTheEnd bool) Observable[R] {
	return concatMapEager("ConcatMapEagerDelayError", o, project, limit, errorTimeOf(tillTheEnd))
}

// ConcatEager subscribes to all sources at once and emits what they emit, one
// after the other, as [ConcatMapEager] does. An error waits until the source
// whose turn it is has ended.
//
//	1       2 |
//	  10 20 |    ConcatEager  =>  1   2 10 20 |
func ConcatEager[T any](sources ...Observable[T]) Observable[T] {
	return concatEager("ConcatEager", sources, Unlimited, errorAtBoundary)
}

// ConcatEagerLimit is [ConcatEager] that is subscribed to at most limit of the
// sources at a time ([Unlimited]: all), the one whose turn it is among them.
//
//	1       2 |
//	  10 20 |    ConcatEagerLimit(1)  =>  1   2   10 20 |
func ConcatEagerLimit[T any](limit int, sources ...Observable[T]) Observable[T] {
	return concatEager("ConcatEagerLimit", sources, limit, errorAtBoundary)
}

// ConcatEagerDelayError is [ConcatEager] that goes on with the next source
// after an error, and fails in the end with the errors, joined in the order in
// which they came.
//
//	1       2x
//	  10 20 |    ConcatEagerDelayError  =>  1   2 10 20 x
func ConcatEagerDelayError[T any](sources ...Observable[T]) Observable[T] {
	return concatEager("ConcatEagerDelayError", sources, Unlimited, errorAtEnd)
}

// ConcatEagerLimitDelayError is [ConcatEagerLimit] with the errors of
// [ConcatEagerDelayError].
//
//	1       2x
//	  10 20 |    ConcatEagerLimitDelayError(1)  =>  1   2   10 20 x
func ConcatEagerLimitDelayError[T any](limit int, sources ...Observable[T]) Observable[T] {
	return concatEager("ConcatEagerLimitDelayError", sources, limit, errorAtEnd)
}

// ConcatEagerAll emits what the streams that o emits emit, one after the other,
// subscribing to at most limit of them at a time ([Unlimited]: all), each as it
// comes. The first error ends the stream at once (RxJava: concatEager of a stream
// of streams).
//
//	a=(1 2 |)  b=(3 |)   ConcatEagerAll  =>  1 2 3 |
func ConcatEagerAll[T any](o Observable[Observable[T]], limit int) Observable[T] {
	return concatMapEager("ConcatEagerAll", o, identity[T], limit, errorAtOnce)
}

// ConcatEagerAllDelayError is [ConcatEagerAll] whose errors wait as those of
// [ConcatMapEagerDelayError] do.
//
//	a=(1 2x)  b=(3 |)   ConcatEagerAllDelayError(true)  =>  1 2 3 x
func ConcatEagerAllDelayError[T any](o Observable[Observable[T]], limit int, tillTheEnd bool) Observable[T] {
	return concatMapEager("ConcatEagerAllDelayError", o, identity[T], limit, errorTimeOf(tillTheEnd))
}

func concatMapEager[T, R any](name string, o Observable[T], project func(T) Observable[R], limit int, errs errorTime) Observable[R] {
	if project == nil {
		panic(badArgument(name, "project", nil, "a function"))
	}
	checkLimit(name, limit)
	return Observable[R]{src: &concatEagerSource[T, R]{o.src, nil, project, limit, errs}}
}

func concatEager[T any](name string, sources []Observable[T], limit int, errs errorTime) Observable[T] {
	checkLimit(name, limit)
	if len(sources) == 0 {
		return Observable[T]{}
	}
	return Observable[T]{src: &concatEagerSource[Observable[T], T]{nil, sources, identity[T], limit, errs}}
}

type concatEagerSource[T, R any] struct {
	up      Source[T]
	items   []T // instead of up's, if there are any: known all at once
	project func(T) Observable[R]
	limit   int
	errs    errorTime
}

func (s *concatEagerSource[T, R]) Subscribe(ctx context.Context, o Observer[R]) {
	e := &concatEagerObserver[T, R]{ctx: ctx, down: o, project: s.project, limit: s.limit, errs: s.errs}
	if s.items == nil {
		subscribe(ctx, s.up, e)
		return
	}
	e.up = new(emission)
	e.over = true
	for _, v := range s.items {
		e.pending.push(v)
	}
	announce(ctx, e, o)
	e.enter()
}
