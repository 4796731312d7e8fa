package observable

import "context"

// RepeatWhen lets a stream decide when to subscribe again to a source that has
// completed. handle is called once for each subscription, with a stream that
// emits, each time the source has completed, how often that was, and returns a
// stream: each item that this emits subscribes to the source again, its
// completion completes the result, its error fails it. Items that come while the
// source runs do nothing. An error of the source fails the result. handle's
// stream is subscribed to first: if it ends at once, the source never is.
//
//	RepeatWhen(o, func(completions Observable[int]) Observable[int] {
//		return completions.Delay(time.Minute)
//	})
func RepeatWhen[T, X any](o Observable[T], handle func(completions Observable[int]) Observable[X]) Observable[T] {
	if handle == nil {
		panic(badArgument("RepeatWhen", "handle", nil, "a function"))
	}
	return Observable[T]{src: &repeatWhenSource[T, X]{o.src, handle}}
}

type repeatWhenSource[T, X any] struct {
	up     Source[T]
	handle func(Observable[int]) Observable[X]
}

func (s *repeatWhenSource[T, X]) Subscribe(ctx context.Context, o Observer[T]) {
	r := new(repeatWhenObserver[T])
	r.obs = r
	subscribeWhen(ctx, &r.whenObserver, s.up, o, s.handle)
}

type repeatWhenObserver[T any] struct {
	whenObserver[T, int]
	runs int // completed
}

func (r *repeatWhenObserver[T]) OnError(err error) { r.failed(err) }

func (r *repeatWhenObserver[T]) OnComplete() {
	r.runs++
	r.ended(r.runs)
}
