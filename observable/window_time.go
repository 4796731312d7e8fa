package observable

import "time"

// WindowTime emits a window at once and then each span, when the one before
// ends. Time is that of the scheduler on; without one it is [Go]'s (RxJava: window
// with a time). See [Window] for what windows have in common; one that nobody
// subscribes to leaves out the items of its time. As with [BufferTime], no span is
// left out.
//
//	1 2 . 3 . . 4 |  WindowTime(2s)  =>  (1 2|) (3|) (|) (4|) |
func WindowTime[T any](o Observable[T], span time.Duration, on ...Scheduler) Observable[Observable[T]] {
	return windowTime("WindowTime", o, span, span, BufferOptions{}, on)
}

// WindowTimeSkip is [WindowTime] that emits a window at once and then each skip,
// and ends it after span: they overlap if skip is less than span, and leave out
// items if it is more (RxJava: window with a time and a skip).
//
//	1 2 3 4 |  WindowTimeSkip(2s, 1s)  =>  (1 2|) (2 3|) (3 4|) (4|) |
func WindowTimeSkip[T any](o Observable[T], span, skip time.Duration, on ...Scheduler) Observable[Observable[T]] {
	return windowTime("WindowTimeSkip", o, span, skip, BufferOptions{}, on)
}

// WindowOptions are the finer points of [WindowTimeCount].
type WindowOptions struct {
	// Count is how many items fill a window, which ends at once then. Zero and
	// [Unlimited] mean that none do.
	Count int
	// RestartTimer has the time of a window begin when the one before it ended. Else
	// the timer ticks on, and the window after a full one has what is left of its
	// time.
	RestartTimer bool
}

// WindowTimeCount is [WindowTime] that ends a window which is full, too, as
// options say (RxJava: window with a time and a count).
//
//	1 2 . 3 . . 4 |  WindowTimeCount(3s, Count: 2)  =>  (1 2|) (|) (3|) (4|) |
func WindowTimeCount[T any](o Observable[T], span time.Duration, options WindowOptions, on ...Scheduler) Observable[Observable[T]] {
	return windowTime("WindowTimeCount", o, span, span, BufferOptions(options), on)
}

func windowTime[T any](name string, o Observable[T], span, skip time.Duration, options BufferOptions, on []Scheduler) Observable[Observable[T]] {
	src := timeCutOf[T, Observable[T]](name, o, span, skip, options, on)
	src.parts = windowParts[T]
	return Observable[Observable[T]]{src: src}
}
