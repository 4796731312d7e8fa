package observable

import "context"

// Retry subscribes again when the source fails, at most n times, or for ever
// if n is [Unlimited]. Items already emitted stay emitted. Any other negative n
// panics with an [*ArgumentError].
//
//	1 #  2 #  3 |   Retry(2)  =>  1 2 3 |
func (o Observable[T]) Retry(n int) Observable[T] {
	checkRetries("Retry", n)
	return Observable[T]{src: &retrySource[T]{up: o.src, n: n}}
}

// RetryIf is [Observable.Retry] that asks: it subscribes again, at most n
// times, if again says true to the error; any other error is told. again is not
// asked when the n times are over. If it panics the observer gets both errors,
// joined (RxJava: retry with a predicate).
//
//	1 #  2 x  3 |   RetryIf(5, is #)  =>  1 2 x
func RetryIf[T any](o Observable[T], n int, again func(err error) bool) Observable[T] {
	checkRetries("RetryIf", n)
	if again == nil {
		panic(badArgument("RetryIf", "again", nil, "a function"))
	}
	return Observable[T]{src: &retrySource[T]{o.src, n, func(_ int, err error) bool { return again(err) }}}
}

// RetryBy subscribes again when the source fails if again says true to how often
// it has failed, which is 1 at first, and to the error (RxJava: retry with a
// BiPredicate). If again panics the observer gets both errors, joined.
//
//	1 #  2 #  3 |   RetryBy(failures < 2)  =>  1 2 #
func RetryBy[T any](o Observable[T], again func(failures int, err error) bool) Observable[T] {
	if again == nil {
		panic(badArgument("RetryBy", "again", nil, "a function"))
	}
	return Observable[T]{src: &retrySource[T]{o.src, Unlimited, again}}
}

// RetryUntil subscribes again when the source fails, until stop, which is called
// then, says true: the error is told. If stop panics the observer gets both
// errors, joined.
//
//	1 #  2 #  3 |   RetryUntil(it is late)  =>  1 2 #
func RetryUntil[T any](o Observable[T], stop func() bool) Observable[T] {
	if stop == nil {
		panic(badArgument("RetryUntil", "stop", nil, "a function"))
	}
	return Observable[T]{src: &retrySource[T]{o.src, Unlimited, func(int, error) bool { return !stop() }}}
}

func checkRetries(operator string, n int) {
	if n < 0 && n != Unlimited {
		panic(badArgument(operator, "n", n, "0 or more, or Unlimited"))
	}
}

type retrySource[T any] struct {
	up    Source[T]
	n     int
	again func(failures int, err error) bool // nil: always
}

func (s *retrySource[T]) synchronous() bool { return isSynchronous(s.up) }

func (s *retrySource[T]) Subscribe(ctx context.Context, o Observer[T]) {
	r := &retryObserver[T]{of: s, left: s.n}
	r.ctx, r.up, r.down, r.obs = ctx, s.up, o, r
	announce(ctx, r, o)
	r.again()
}

type retryObserver[T any] struct {
	resubscriber[T]
	of       *retrySource[T]
	left     int // attempts that remain, or Unlimited
	failures int // counted if somebody asks
}

func (r *retryObserver[T]) OnError(err error) {
	if r.left == 0 {
		r.down.OnError(err)
		return
	}
	if r.left > 0 {
		r.left--
	}
	if r.of.again == nil {
		r.again()
		return
	}
	r.failures++
	again := false
	fail := func(p error) { End(r.ctx, r, r.down, join(err, p)) }
	switch p := try(func() { again = r.of.again(r.failures, err) }, fail); {
	case p != nil:
		fail(p)
	case again:
		r.again()
	default:
		r.down.OnError(err)
	}
}
