package observable

// Window emits the source's items as a stream of streams, the windows, of count
// items each; the last one may have less.
//
//	1 2 3 4 5 |  Window(2)  =>  (1 2|) (3 4|) (5|) |
//
// All operators of the family have this in common. A window has one observer,
// who must subscribe inside the OnNext that it comes with: a window that nobody
// has subscribed to by then ends, with no item but the one that opened it, if an
// item did, so that nobody has to hold what nobody wants. That much is queued for
// whoever subscribes later. An error of the source fails the open windows, too.
//
// Disposing does not touch windows that are open: no new ones come, and the
// source runs until the last one ends or is disposed. An observer that panics,
// of a window or of the stream of windows, is failed alone.
func Window[T any](o Observable[T], count int) Observable[Observable[T]] {
	checkCount("Window", "count", count)
	return Observable[Observable[T]]{src: &countCutSource[T, Observable[T]]{o.src, count, count, windowParts[T]}}
}

// WindowSkip is [Window] that begins a window each skip items: they overlap if
// skip is less than count, and leave out items if it is more (RxJava: window
// with a skip).
//
//	1 2 3 4 |  WindowSkip(3, 2)  =>  (1 2 3|) (3 4|) |
func WindowSkip[T any](o Observable[T], count, skip int) Observable[Observable[T]] {
	checkCount("WindowSkip", "count", count)
	checkCount("WindowSkip", "skip", skip)
	return Observable[Observable[T]]{src: &countCutSource[T, Observable[T]]{o.src, count, skip, windowParts[T]}}
}
