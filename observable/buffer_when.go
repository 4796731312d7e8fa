package observable

// BufferWhen emits, at each item of boundary, what the source has emitted since
// the one before, which may be nothing. It completes with the source or boundary,
// whichever is first, and then emits what there is; an error of either fails it
// (RxJava: buffer with a stream).
//
//	1 2 3 4 |
//	   x       BufferWhen  =>  [1 2] [3 4] |
func BufferWhen[T, U any](o Observable[T], boundary Observable[U]) Observable[[]T] {
	return Observable[[]T]{src: &whenCutSource[T, U, []T]{o.src, boundary.src, true, bufferParts[T](0)}}
}

// BufferOpenClose begins a slice at each item of open, and emits it when the
// stream that end makes of that item emits or completes; slices may overlap, and
// items without one are left out. What is open when the source completes is
// emitted then. It completes with the source, or when open has completed and no
// slice is open; an error of any of the streams fails it (RxJava: buffer with
// streams that open and close).
//
//	1 2 3 4 |
//	 a---)     BufferOpenClose  =>  [2 3] |
func BufferOpenClose[T, U, C any](o Observable[T], open Observable[U], end func(U) Observable[C]) Observable[[]T] {
	if end == nil {
		panic(badArgument("BufferOpenClose", "end", nil, "a function"))
	}
	return Observable[[]T]{src: &openCloseSource[T, U, C, []T]{o.src, open.src, end, bufferParts[T](0)}}
}
