package observable

import (
	"context"
	"errors"
	"sync/atomic"
)

// DoOnNext calls do with each item before it is passed on.
//
//	1 2 |  DoOnNext  =>  (do 1) 1 (do 2) 2 |
func (o Observable[T]) DoOnNext(do func(v T)) Observable[T] {
	return o.do("DoOnNext", do != nil, doFuncs[T]{next: do})
}

// DoAfterNext calls do with each item after the observer has taken it, also
// when the observer disposed meanwhile.
//
//	1 2 |  DoAfterNext  =>  1 (do 1) 2 (do 2) |
func (o Observable[T]) DoAfterNext(do func(v T)) Observable[T] {
	return o.do("DoAfterNext", do != nil, doFuncs[T]{afterNext: do})
}

// DoOnError calls do with the error before it is passed on. If do panics the
// observer gets both errors, joined.
//
//	1 #  DoOnError  =>  1 (do) #
func (o Observable[T]) DoOnError(do func(err error)) Observable[T] {
	return o.do("DoOnError", do != nil, doFuncs[T]{err: do})
}

// DoOnComplete calls do before the completion is passed on. If do panics the
// observer gets that as an error instead.
//
//	1 |  DoOnComplete  =>  1 (do) |
func (o Observable[T]) DoOnComplete(do func()) Observable[T] {
	return o.do("DoOnComplete", do != nil, doFuncs[T]{complete: do})
}

// DoOnTerminate calls do before an error or the completion is passed on. If do
// panics the observer gets that as an error, joined with the error that there
// was. After a panic on completion do is called again, now for the error, as in
// RxJava.
//
//	1 |  DoOnTerminate  =>  1 (do) |
//	1 #  DoOnTerminate  =>  1 (do) #
func (o Observable[T]) DoOnTerminate(do func()) Observable[T] {
	return o.do("DoOnTerminate", do != nil, doFuncs[T]{err: func(error) { do() }, complete: do})
}

// DoAfterTerminate calls do after an error or the completion was passed on; not
// on Dispose. A panic of do goes to the error handler (rule C8).
//
//	1 |  DoAfterTerminate  =>  1 | (do)
//	1 #  DoAfterTerminate  =>  1 # (do)
func (o Observable[T]) DoAfterTerminate(do func()) Observable[T] {
	return o.do("DoAfterTerminate", do != nil, doFuncs[T]{afterTerminate: do})
}

// DoOnSubscribe calls do at each subscription, with the means to end it, before
// the observer gets the same. If do panics the source is disposed and the
// observer gets the error.
//
//	1 |  DoOnSubscribe  =>  (do) 1 |
func (o Observable[T]) DoOnSubscribe(do func(d Disposable)) Observable[T] {
	return o.do("DoOnSubscribe", do != nil, doFuncs[T]{subscribe: do})
}

// DoOnDispose calls do when the subscription is disposed before its end, once,
// before the source is disposed; it runs on the goroutine that disposes. A panic
// of do goes to the error handler (rule C8).
//
//	1 2 3 |  DoOnDispose, disposed after 1  =>  1 (do)
func (o Observable[T]) DoOnDispose(do func()) Observable[T] {
	return o.do("DoOnDispose", do != nil, doFuncs[T]{dispose: do})
}

// DoFinally calls do exactly once for each subscription: after an error or the
// completion was passed on, or after the source was disposed, whichever comes
// first (rule C7). A panic of do goes to the error handler (rule C8). What the
// user code of the source occupies may still be in use when do runs after a
// Dispose, which does not wait.
//
//	1 |      DoFinally                    =>  1 | (do)
//	1 #      DoFinally                    =>  1 # (do)
//	1 2 3 |  DoFinally, disposed after 1  =>  1 (do)
func (o Observable[T]) DoFinally(do func()) Observable[T] {
	return o.do("DoFinally", do != nil, doFuncs[T]{finally: do})
}

// DoOnEach calls do with each signal before it is passed on. A panic of do has
// the same effect as in [Observable.DoOnNext], [Observable.DoOnError] and
// [Observable.DoOnTerminate].
//
//	1 2 |  DoOnEach  =>  (OnNext(1)) 1 (OnNext(2)) 2 (OnComplete) |
func DoOnEach[T any](o Observable[T], do func(n Notification[T])) Observable[T] {
	return o.do("DoOnEach", do != nil, doFuncs[T]{
		next:     func(v T) { do(Notification[T]{Value: v}) },
		err:      func(err error) { do(Notification[T]{Kind: SignalError, Err: err}) },
		complete: func() { do(Notification[T]{Kind: SignalComplete}) },
	})
}

// DoOnLifecycle calls subscribed as [Observable.DoOnSubscribe] does, and
// disposed as [Observable.DoOnDispose] does.
//
//	1 2 3 |  DoOnLifecycle, disposed after 1  =>  (subscribed) 1 (disposed)
func DoOnLifecycle[T any](o Observable[T], subscribed func(d Disposable), disposed func()) Observable[T] {
	switch {
	case subscribed == nil:
		panic(badArgument("DoOnLifecycle", "subscribed", nil, "a function"))
	case disposed == nil:
		panic(badArgument("DoOnLifecycle", "disposed", nil, "a function"))
	}
	return o.do("DoOnLifecycle", true, doFuncs[T]{subscribe: subscribed, dispose: disposed})
}

// doFuncs are the functions of a Do operator, each of which may be nil.
type doFuncs[T any] struct {
	next, afterNext func(T)
	err             func(error)
	complete        func()
	afterTerminate  func()
	subscribe       func(Disposable)
	dispose         func() // before the source is disposed
	finally         func() // after the end or the dispose
}

func (o Observable[T]) do(operator string, given bool, f doFuncs[T]) Observable[T] {
	if !given {
		panic(badArgument(operator, "do", nil, "a function"))
	}
	return Observable[T]{src: &doSource[T]{o.src, f}}
}

type doSource[T any] struct {
	up Source[T]
	doFuncs[T]
}

func (s *doSource[T]) synchronous() bool { return isSynchronous(s.up) }

func (s *doSource[T]) Subscribe(ctx context.Context, o Observer[T]) {
	subscribe(ctx, s.up, &doObserver[T]{ctx: ctx, down: o, do: &s.doFuncs})
}

// doObserver is the observer of all Do operators.
type doObserver[T any] struct {
	relay
	ctx  context.Context
	down Observer[T]
	do   *doFuncs[T]
	busy bool // next, afterNext or subscribe is running (rule C9)
	// settled says that dispose has run, or will not because the end came first;
	// or that finally has run.
	settled atomic.Bool
}

func (d *doObserver[T]) OnSubscribe(up Disposable) {
	d.up = up
	if d.do.subscribe != nil {
		gone := func(error) { // the boundary above tells the error
			d.down.OnSubscribe(d)
			d.busy = true
		}
		if err := try(func() { d.do.subscribe(d) }, gone); err != nil {
			up.Dispose()
			d.down.OnSubscribe(d)
			if !d.Disposed() {
				d.ended = true
				End(d.ctx, d, d.down, err)
			}
			return
		}
	}
	d.down.OnSubscribe(d)
}

func (d *doObserver[T]) OnNext(v T) {
	if d.do.next != nil {
		d.busy = true
		d.do.next(v)
		d.busy = false
	}
	d.down.OnNext(v)
	if d.do.afterNext != nil {
		d.busy = true
		d.do.afterNext(v)
		d.busy = false
	}
}

func (d *doObserver[T]) OnError(err error) {
	if d.do.err != nil {
		gone := func(p error) { d.fail(errors.Join(err, p)) }
		if p := try(func() { d.do.err(err) }, gone); p != nil {
			err = errors.Join(err, p)
		}
	}
	d.fail(err)
}

func (d *doObserver[T]) fail(err error) {
	if d.do.dispose != nil {
		d.settled.Store(true)
	}
	d.down.OnError(err)
	d.after()
}

func (d *doObserver[T]) OnComplete() {
	if d.do.complete != nil {
		if err := try(d.do.complete, d.OnError); err != nil {
			d.OnError(err)
			return
		}
	}
	if d.do.dispose != nil {
		d.settled.Store(true)
	}
	d.down.OnComplete()
	d.after()
}

// after calls what comes after the end.
func (d *doObserver[T]) after() {
	if d.do.afterTerminate != nil {
		d.call(d.do.afterTerminate)
	}
	if d.do.finally != nil && !d.settled.Swap(true) {
		d.call(d.do.finally)
	}
}

func (d *doObserver[T]) Dispose() {
	if d.do.dispose != nil && !d.settled.Swap(true) {
		d.call(d.do.dispose)
	}
	d.relay.Dispose()
	if d.do.finally != nil && !d.settled.Swap(true) {
		d.call(d.do.finally)
	}
}

// call calls a function whose panic nobody can be told.
func (d *doObserver[T]) call(f func()) {
	report := func(err error) { ReportError(d.ctx, err) }
	if err := try(f, report); err != nil {
		report(err)
	}
}

// Blame implements [Stage].
func (d *doObserver[T]) Blame() (bool, Disposable, any) {
	if d.ended {
		return false, nil, d.down
	}
	return d.busy, d, d.down
}
