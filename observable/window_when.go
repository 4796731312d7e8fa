package observable

// WindowWhen emits a window at once, and at each item of boundary, when the one
// before ends. It completes with the source or boundary, whichever is first; an
// error of either fails it and the window (RxJava: window with a stream). See
// [Window] for what windows have in common; disposing stops boundary.
//
//	1 2 3 4 |
//	   x       WindowWhen  =>  (1 2|) (3 4|) |
func WindowWhen[T, U any](o Observable[T], boundary Observable[U]) Observable[Observable[T]] {
	return Observable[Observable[T]]{src: &whenCutSource[T, U, Observable[T]]{o.src, boundary.src, false, windowParts[T]}}
}

// WindowOpenClose emits a window at each item of open, and ends it when the
// stream that end makes of that item emits or completes; windows may overlap, and
// items without one are left out. It completes with the source, or when open has
// completed and no window is open; an error of any of the streams fails it and
// the windows (RxJava: window with streams that open and close). See [Window] for
// what windows have in common; disposing stops open.
//
//	1 2 3 4 |
//	 a---)     WindowOpenClose  =>  (2 3|) |
func WindowOpenClose[T, U, C any](o Observable[T], open Observable[U], end func(U) Observable[C]) Observable[Observable[T]] {
	if end == nil {
		panic(badArgument("WindowOpenClose", "end", nil, "a function"))
	}
	return Observable[Observable[T]]{src: &openCloseSource[T, U, C, Observable[T]]{o.src, open.src, end, windowParts[T]}}
}
