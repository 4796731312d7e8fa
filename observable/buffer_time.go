package observable

import "time"

// BufferTime emits, each span, what came since the last time, which may be
// nothing; and when the source completes what there is then. Time is that of the
// scheduler on; without one it is [Go]'s (RxJava: buffer with a time). No span is
// left out when the process was held up: one that is shorter than it takes to deal
// with a slice falls further and further behind.
//
//	1 2 . 3 . . 4 |  BufferTime(2s)  =>  [1 2] [3] [] [4] |
func BufferTime[T any](o Observable[T], span time.Duration, on ...Scheduler) Observable[[]T] {
	return bufferTime("BufferTime", o, span, span, BufferOptions{}, on)
}

// BufferTimeSkip is [BufferTime] that begins a slice at once and then each skip,
// and emits it after span: they overlap if skip is less than span, and leave out
// items if it is more (RxJava: buffer with a time and a skip).
//
//	1 2 3 4 |  BufferTimeSkip(2s, 1s)  =>  [1 2] [2 3] [3 4] [4] |
func BufferTimeSkip[T any](o Observable[T], span, skip time.Duration, on ...Scheduler) Observable[[]T] {
	return bufferTime("BufferTimeSkip", o, span, skip, BufferOptions{}, on)
}

// BufferOptions are the finer points of [BufferTimeCount].
type BufferOptions struct {
	// Count is how many items fill a buffer, which is emitted at once then. Zero and
	// [Unlimited] mean that none do.
	Count int
	// RestartTimer has the time of a buffer begin when the one before it was
	// emitted. Else the timer ticks on, and the buffer after a full one has what is
	// left of its time.
	RestartTimer bool
}

// BufferTimeCount is [BufferTime] that emits a buffer which is full, too, as
// options say (RxJava: buffer with a time and a count).
//
//	1 2 . 3 . . 4 |  BufferTimeCount(3s, Count: 2)  =>  [1 2] [] [3] [4] |
func BufferTimeCount[T any](o Observable[T], span time.Duration, options BufferOptions, on ...Scheduler) Observable[[]T] {
	return bufferTime("BufferTimeCount", o, span, span, options, on)
}

func bufferTime[T any](name string, o Observable[T], span, skip time.Duration, options BufferOptions, on []Scheduler) Observable[[]T] {
	src := timeCutOf[T, []T](name, o, span, skip, options, on)
	src.parts = bufferParts[T](0)
	return Observable[[]T]{src: src}
}

// timeCutOf checks the arguments of a timed operator of the family.
func timeCutOf[T, R any](name string, o Observable[T], span, skip time.Duration, options BufferOptions, on []Scheduler) *timeCutSource[T, R] {
	checkSpan(name, "span", span)
	checkSpan(name, "skip", skip)
	if options.Count < 0 && options.Count != Unlimited {
		panic(badArgument(name, "options.Count", options.Count, "0 or more, or Unlimited"))
	}
	return &timeCutSource[T, R]{
		up: o.src, span: span, skip: skip,
		count: max(options.Count, 0), restart: options.RestartTimer,
		on: schedulerOf(name, on),
	}
}
