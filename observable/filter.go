package observable

import "context"

// Filter emits the items for which keep returns true. keep may be called
// concurrently, by several subscriptions.
//
//	1 2 3 4  Filter(even)  =>  2 4 |
func (o Observable[T]) Filter(keep func(T) bool) Observable[T] {
	if keep == nil {
		panic(badArgument("Filter", "keep", nil, "a function"))
	}
	return Observable[T]{src: &filterSource[T]{o.src, keep}}
}

type filterSource[T any] struct {
	up   Source[T]
	keep func(T) bool
}

func (s *filterSource[T]) synchronous() bool { return isSynchronous(s.up) }

func (s *filterSource[T]) Subscribe(ctx context.Context, o Observer[T]) {
	subscribe(ctx, s.up, &filterObserver[T]{down: o, keep: s.keep})
}

type filterObserver[T any] struct {
	down Observer[T]
	up   Disposable
	keep func(T) bool
	busy bool // keep is running (rule C9)
}

func (f *filterObserver[T]) OnSubscribe(d Disposable) {
	f.up = d
	f.down.OnSubscribe(d)
}

func (f *filterObserver[T]) OnNext(v T) {
	f.busy = true
	keep := f.keep(v)
	f.busy = false
	if keep {
		f.down.OnNext(v)
	}
}

func (f *filterObserver[T]) OnError(err error) { f.down.OnError(err) }
func (f *filterObserver[T]) OnComplete()       { f.down.OnComplete() }

func (f *filterObserver[T]) Blame() (bool, Disposable, any) { return f.busy, f.up, f.down }

// Take emits the first n items, then stops the source and completes. Take(0)
// completes at once, without subscribing to the source. A negative n panics with
// an [*ArgumentError].
//
//	1 2 3 4  Take(2)  =>  1 2 |
func (o Observable[T]) Take(n int) Observable[T] {
	if n < 0 {
		panic(badArgument("Take", "n", n, "0 or more"))
	}
	if n == 0 {
		return Observable[T]{}
	}
	return Observable[T]{src: &takeSource[T]{o.src, n}}
}

type takeSource[T any] struct {
	up Source[T]
	n  int
}

func (s *takeSource[T]) synchronous() bool { return isSynchronous(s.up) }

func (s *takeSource[T]) Subscribe(ctx context.Context, o Observer[T]) {
	subscribe(ctx, s.up, &takeObserver[T]{down: o, left: s.n})
}

type takeObserver[T any] struct {
	relay
	down Observer[T]
	left int
}

func (t *takeObserver[T]) OnSubscribe(d Disposable) {
	t.up = d
	t.down.OnSubscribe(t)
}

func (t *takeObserver[T]) OnNext(v T) {
	if t.left <= 0 {
		return // re-entrant emission while the last item is delivered
	}
	t.left--
	last := t.left == 0
	t.down.OnNext(v)
	if last && !t.Disposed() {
		t.ended = true
		t.up.Dispose()
		t.down.OnComplete()
	}
}

func (t *takeObserver[T]) OnError(err error) { t.down.OnError(err) }
func (t *takeObserver[T]) OnComplete()       { t.down.OnComplete() }

func (t *takeObserver[T]) Blame() (bool, Disposable, any) { return false, t.handle(), t.down }

// TakeUntil emits each item and completes after the first for which stop
// returns true (RxJava: takeUntil with a predicate). [TakeUntilWhen] ends with
// another stream.
//
//	1 2 3 4  TakeUntil(>=2)  =>  1 2 |
func (o Observable[T]) TakeUntil(stop func(T) bool) Observable[T] {
	if stop == nil {
		panic(badArgument("TakeUntil", "stop", nil, "a function"))
	}
	return Observable[T]{src: &takeUntilSource[T]{o.src, stop}}
}

type takeUntilSource[T any] struct {
	up   Source[T]
	stop func(T) bool
}

func (s *takeUntilSource[T]) synchronous() bool { return isSynchronous(s.up) }

func (s *takeUntilSource[T]) Subscribe(ctx context.Context, o Observer[T]) {
	subscribe(ctx, s.up, &takeUntilObserver[T]{down: o, stop: s.stop})
}

type takeUntilObserver[T any] struct {
	relay
	down Observer[T]
	stop func(T) bool
	busy bool // stop is running (rule C9)
}

func (t *takeUntilObserver[T]) OnSubscribe(d Disposable) {
	t.up = d
	t.down.OnSubscribe(t)
}

func (t *takeUntilObserver[T]) OnNext(v T) {
	t.down.OnNext(v)
	if t.Disposed() {
		return
	}
	t.busy = true
	stop := t.stop(v)
	t.busy = false
	if stop && !t.Disposed() {
		t.ended = true
		t.up.Dispose()
		t.down.OnComplete()
	}
}

func (t *takeUntilObserver[T]) OnError(err error) { t.down.OnError(err) }
func (t *takeUntilObserver[T]) OnComplete()       { t.down.OnComplete() }

func (t *takeUntilObserver[T]) Blame() (bool, Disposable, any) { return t.busy, t.handle(), t.down }

// IgnoreElements emits no item, only the source's end. [Observable.Wait] waits
// for that.
//
//	1 2 3 |  IgnoreElements  =>  |
func IgnoreElements[T any](o Observable[T]) Observable[T] {
	return Observable[T]{src: &ignoreSource[T]{o.src}}
}

type ignoreSource[T any] struct{ up Source[T] }

func (s *ignoreSource[T]) synchronous() bool { return isSynchronous(s.up) }

func (s *ignoreSource[T]) Subscribe(ctx context.Context, o Observer[T]) {
	subscribe(ctx, s.up, &ignoreObserver[T]{down: o})
}

type ignoreObserver[T any] struct {
	down Observer[T]
	up   Disposable
}

func (i *ignoreObserver[T]) OnSubscribe(d Disposable) {
	i.up = d
	i.down.OnSubscribe(d)
}

func (i *ignoreObserver[T]) OnNext(T)          {}
func (i *ignoreObserver[T]) OnError(err error) { i.down.OnError(err) }
func (i *ignoreObserver[T]) OnComplete()       { i.down.OnComplete() }

func (i *ignoreObserver[T]) Blame() (bool, Disposable, any) { return false, i.up, i.down }
