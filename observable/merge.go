package observable

// Merge emits what the sources emit, as it comes. It subscribes to them in
// order; a synchronous one therefore ends before the next begins. The first
// error ends the stream and stops the other sources.
//
//	1     2     3 |
//	   10    20      30 |   Merge  =>  1 10 2 20 3 30 |
func Merge[T any](sources ...Observable[T]) Observable[T] {
	return flatMap("Merge", listed(sources), identity[T], Unlimited, false)
}

// MergeDelayError is [Merge] that goes on with the other sources after an
// error. When all have ended it fails with their errors, joined in the order in
// which they came.
//
//	1  2x
//	   10  20 |   MergeDelayError  =>  1 2 10 20 x
func MergeDelayError[T any](sources ...Observable[T]) Observable[T] {
	return flatMap("MergeDelayError", listed(sources), identity[T], Unlimited, true)
}

// MergeLimit is [Merge] that is subscribed to at most limit of the sources at a
// time ([Unlimited]: all); the next one is subscribed to when one has completed
// (RxJava: merge with maxConcurrency).
//
//	1  2 |  10  20 |   MergeLimit(1)  =>  1 2 10 20 |
func MergeLimit[T any](limit int, sources ...Observable[T]) Observable[T] {
	return flatMap("MergeLimit", listed(sources), identity[T], limit, false)
}

// MergeLimitDelayError is [MergeLimit] with the errors of [MergeDelayError]; a
// source that has failed gives its place to the next one, too.
//
//	1  2x   10  20 |   MergeLimitDelayError(1)  =>  1 2 10 20 x
func MergeLimitDelayError[T any](limit int, sources ...Observable[T]) Observable[T] {
	return flatMap("MergeLimitDelayError", listed(sources), identity[T], limit, true)
}

// MergeAll emits what the streams that o emits emit, as it comes, of at most
// limit at a time ([Unlimited]: all); the others wait, without bound. The first
// error ends the stream (RxJava: merge of a stream of streams).
//
//	a=(1 2 |)    b=(10 20 |)   MergeAll  =>  1 2 10 20 |
func MergeAll[T any](o Observable[Observable[T]], limit int) Observable[T] {
	return flatMap("MergeAll", o.src, identity[T], limit, false)
}

// MergeAllDelayError is [MergeAll] that goes on after an error, of o or of one
// of the streams. When all have ended it fails with the errors, joined in the
// order in which they came.
//
//	a=(1 2x)    b=(10 20 |)   MergeAllDelayError  =>  1 2 10 20 x
func MergeAllDelayError[T any](o Observable[Observable[T]], limit int) Observable[T] {
	return flatMap("MergeAllDelayError", o.src, identity[T], limit, true)
}
