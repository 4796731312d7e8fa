package observable

import (
	"context"
	"errors"
	"iter"
	"sync/atomic"

	"github.com/quillgo/quill/internal/lazyctx"
)

// pollEvery is how many items a long synchronous loop emits between two looks
// at its context, for subscriptions that nobody watches (rule C20).
const pollEvery = 1024

// Just emits the given values and completes. A slice that is passed as the
// values is not copied, as in [FromSlice].
//
//	Just(1, 2, 3)  =>  1 2 3 |
func Just[T any](values ...T) Observable[T] {
	if len(values) == 1 {
		return Observable[T]{src: &justSource[T]{values[0]}}
	}
	return FromSlice(values)
}

// justSource is a scalar: operators that take inner streams emit its value in
// place instead of subscribing.
type justSource[T any] struct{ value T }

func (*justSource[T]) synchronous() bool { return true }

func (s *justSource[T]) Subscribe(ctx context.Context, o Observer[T]) {
	e := new(emission)
	at := items
	defer catch(ctx, &at, e, o)
	o.OnSubscribe(e)
	if !e.Disposed() {
		o.OnNext(s.value)
		if !e.Disposed() {
			at = terminal
			o.OnComplete()
		}
	}
	at = idle
}

// Empty completes without an item.
func Empty[T any]() Observable[T] { return Observable[T]{} }

type emptySource[T any] struct{}

func (emptySource[T]) synchronous() bool { return true }

func (emptySource[T]) Subscribe(ctx context.Context, o Observer[T]) {
	e := new(emission)
	at := items
	defer catch(ctx, &at, e, o)
	o.OnSubscribe(e)
	if !e.Disposed() {
		at = terminal
		o.OnComplete()
	}
	at = idle
}

// Error fails with err at once.
func Error[T any](err error) Observable[T] {
	if err == nil {
		panic(badArgument("Error", "err", err, "an error"))
	}
	return Observable[T]{src: &errorSource[T]{err}}
}

type errorSource[T any] struct{ err error }

func (*errorSource[T]) synchronous() bool { return true }

func (s *errorSource[T]) Subscribe(ctx context.Context, o Observer[T]) {
	e := new(emission)
	at := items
	defer catch(ctx, &at, e, o)
	o.OnSubscribe(e)
	if !e.Disposed() {
		at = terminal
		End(ctx, e, o, s.err)
	}
	at = idle
}

// Never gives no signal besides OnSubscribe.
func Never[T any]() Observable[T] { return Observable[T]{src: neverSource[T]{}} }

type neverSource[T any] struct{}

func (neverSource[T]) Subscribe(ctx context.Context, o Observer[T]) {
	e := new(emission)
	at := items
	defer catch(ctx, &at, e, o)
	o.OnSubscribe(e)
	at = idle
}

// FromSlice emits the elements of values in order. The slice is not copied: it
// must not change while the stream is in use.
func FromSlice[T any](values []T) Observable[T] {
	if len(values) == 0 {
		return Observable[T]{}
	}
	return Observable[T]{src: sliceSource[T](values)}
}

type sliceSource[T any] []T

func (sliceSource[T]) synchronous() bool { return true }

func (s sliceSource[T]) Subscribe(ctx context.Context, o Observer[T]) {
	e := new(emission)
	at := items
	defer catch(ctx, &at, e, o)
	o.OnSubscribe(e)
	for i, v := range s {
		if e.Disposed() || i%pollEvery == pollEvery-1 && ended(ctx, e, &at, o) {
			at = idle
			return
		}
		o.OnNext(v)
	}
	if !e.Disposed() {
		at = terminal
		o.OnComplete()
	}
	at = idle
}

// ended ends a synchronous loop whose context has ended (rule C20).
func ended[T any](ctx context.Context, e *emission, at *phase, o Observer[T]) bool {
	if ctx.Err() == nil {
		return false
	}
	*at = terminal
	End(ctx, e, o, context.Cause(ctx))
	return true
}

// Range emits count consecutive integers from start on. A negative count, and a
// range that overflows, panic with an [*ArgumentError].
//
//	Range(5, 3)  =>  5 6 7 |
func Range(start, count int) Observable[int] {
	if count < 0 || count > 0 && start > 0 && start+(count-1) < start {
		panic(badArgument("Range", "count", count, "0 or more, without overflow"))
	}
	return Observable[int]{src: rangeSource{start, count}}
}

type rangeSource struct{ start, count int }

func (rangeSource) synchronous() bool { return true }

func (s rangeSource) Subscribe(ctx context.Context, o Observer[int]) {
	e := new(emission)
	at := items
	defer catch(ctx, &at, e, o)
	o.OnSubscribe(e)
	for i := range s.count {
		if e.Disposed() || i%pollEvery == pollEvery-1 && ended(ctx, e, &at, o) {
			at = idle
			return
		}
		o.OnNext(s.start + i)
	}
	if !e.Disposed() {
		at = terminal
		o.OnComplete()
	}
	at = idle
}

// FromSeq emits what seq yields. seq is run anew for each subscription, on the
// subscriber's goroutine, and its yield returns false once the stream is
// disposed.
func FromSeq[T any](seq iter.Seq[T]) Observable[T] {
	if seq == nil {
		panic(badArgument("FromSeq", "seq", nil, "an iterator"))
	}
	return Observable[T]{src: &seqSource[T]{run: func(l *seqLoop[T]) { seq(l.next) }}}
}

// FromSeq2 emits the values that seq yields until it yields an error, which
// ends the stream. It is the inverse of [Observable.Seq].
func FromSeq2[T any](seq iter.Seq2[T, error]) Observable[T] {
	if seq == nil {
		panic(badArgument("FromSeq2", "seq", nil, "an iterator"))
	}
	return Observable[T]{src: &seqSource[T]{run: func(l *seqLoop[T]) { seq(l.next2) }}}
}

type seqSource[T any] struct{ run func(*seqLoop[T]) }

func (*seqSource[T]) synchronous() bool { return true }

func (s *seqSource[T]) Subscribe(ctx context.Context, o Observer[T]) {
	l := &seqLoop[T]{ctx: ctx, down: o, at: items}
	defer catch(ctx, &l.at, l, o)
	o.OnSubscribe(l)
	if l.Disposed() {
		l.at = idle
		return
	}
	l.iterate(s.run)
	switch {
	case l.Disposed():
		reportLate(ctx, l.err)
	case l.err != nil:
		l.at = terminal
		End(ctx, l, o, l.err)
	default:
		l.at = terminal
		o.OnComplete()
	}
	l.at = idle
}

// seqLoop is one run of an iterator. The iterator is user code that calls us
// back, so a panic may be its own or one of the chain below: at tells.
type seqLoop[T any] struct {
	emission
	ctx  context.Context
	down Observer[T]
	at   phase
	n    int   // items emitted
	err  error // what ends the stream
}

// iterate runs the iterator while retaining the context's hold.
func (l *seqLoop[T]) iterate(run func(*seqLoop[T])) {
	release, ok := retain(l.ctx)
	if !ok {
		l.err = ErrHoldGone
		return
	}
	defer release()
	l.at = own
	run(l)
}

func (l *seqLoop[T]) next(v T) bool {
	if l.Disposed() || l.err != nil {
		return false
	}
	if l.n++; l.n%pollEvery == 0 && l.ctx.Err() != nil {
		l.err = context.Cause(l.ctx)
		return false
	}
	l.at = items
	l.down.OnNext(v)
	l.at = own
	return !l.Disposed()
}

func (l *seqLoop[T]) next2(v T, err error) bool {
	if err == nil {
		return l.next(v)
	}
	if l.err == nil {
		l.err = err
	} else {
		reportLate(l.ctx, err)
	}
	return false
}

// FromFunc runs f once per subscription, on the subscriber's goroutine, and
// emits what it returns. The context given to f ends when the subscription is
// disposed, and has the values of the subscription's context. While f runs it
// retains the subscription's [Hold]; if that is gone f does not run.
func FromFunc[T any](f func(ctx context.Context) (T, error)) Observable[T] {
	if f == nil {
		panic(badArgument("FromFunc", "f", nil, "a function"))
	}
	return Observable[T]{src: funcSource[T](f)}
}

type funcSource[T any] func(ctx context.Context) (T, error)

func (funcSource[T]) synchronous() bool { return true }

func (s funcSource[T]) Subscribe(ctx context.Context, o Observer[T]) {
	r := new(userRun)
	r.body.Init(ctx)
	at := items
	defer catch(ctx, &at, r, o)
	o.OnSubscribe(r)
	var v T
	var err error
	if r.Disposed() {
		at = idle
		return
	}
	if gone := r.run(&at, func() { v, err = s(&r.body) }); gone != nil {
		err = gone
	}
	switch {
	case r.Disposed():
		reportLate(ctx, err)
	case err != nil:
		at = terminal
		End(ctx, r, o, err)
	default:
		o.OnNext(v)
		if !r.Disposed() {
			at = terminal
			o.OnComplete()
		}
	}
	at = idle
}

// reportLate reports the error of a run that was disposed meanwhile (rule C8),
// unless it only says that the run's context, or its goroutine, has ended.
func reportLate(ctx context.Context, err error) {
	if err != nil && err != ErrGoexit && err != ErrHoldGone && !errors.Is(err, context.Canceled) && ctx.Err() == nil {
		ReportError(ctx, err)
	}
}

// retain retains the hold of ctx for user code that is about to run.
func retain(ctx context.Context) (release func(), ok bool) {
	h := HoldFrom(ctx)
	if h == nil {
		return func() {}, true
	}
	return h.Release, h.Retain()
}

// userRun is the handle of a source that runs a user function: disposing it
// ends the function's context.
type userRun struct {
	emission
	body lazyctx.Ctx
}

func (r *userRun) Dispose() {
	r.emission.Dispose()
	r.body.Cancel()
}

// run calls f while retaining the context's hold, and ends the function's
// context after it. It returns ErrHoldGone if f did not run. A panic or Goexit
// of f unwinds the caller, whose boundary finds *at == own.
func (r *userRun) run(at *phase, f func()) error {
	release, ok := retain(&r.body)
	if !ok {
		return ErrHoldGone
	}
	*at = own
	defer func() {
		release()
		r.body.Cancel()
	}()
	f()
	*at = items
	return nil
}

// Defer calls build at each subscription and subscribes to the stream that it
// returns.
func Defer[T any](build func(ctx context.Context) Observable[T]) Observable[T] {
	if build == nil {
		panic(badArgument("Defer", "build", nil, "a function"))
	}
	return Observable[T]{src: deferSource[T](build)}
}

type deferSource[T any] func(ctx context.Context) Observable[T]

func (s deferSource[T]) Subscribe(ctx context.Context, o Observer[T]) {
	s.build(ctx, o).Source().Subscribe(ctx, o)
}

// build calls the user's function; what goes wrong is the stream's error.
func (s deferSource[T]) build(ctx context.Context, o Observer[T]) (inner Observable[T]) {
	release, ok := retain(ctx)
	if !ok {
		return Error[T](ErrHoldGone)
	}
	defer release()
	err := try(func() { inner = s(ctx) }, func(err error) { Error[T](err).src.Subscribe(ctx, o) })
	if err != nil {
		inner = Error[T](err)
	}
	return inner
}

// FromChan emits what is received from values until it is closed. The
// receiving happens on the subscriber's goroutine, which a Dispose or the end of
// the context frees. Subscribers of one channel share its items among them.
func FromChan[T any](values <-chan T) Observable[T] {
	if values == nil {
		panic(badArgument("FromChan", "values", nil, "a channel"))
	}
	return Observable[T]{src: chanSource[T](values)}
}

type chanSource[T any] <-chan T

func (chanSource[T]) synchronous() bool { return true }

func (s chanSource[T]) Subscribe(ctx context.Context, o Observer[T]) {
	r := &userRun{}
	r.body.Init(ctx)
	defer r.body.Cancel()
	at := items
	defer catch(ctx, &at, r, o)
	o.OnSubscribe(r)
	done := r.body.Done()
	for !r.Disposed() {
		select {
		case <-done:
			if !r.Disposed() { // the context ended, not the subscription
				at = terminal
				End(ctx, r, o, context.Cause(ctx))
			}
			at = idle
			return
		case v, ok := <-s:
			if !ok {
				if !r.Disposed() {
					at = terminal
					o.OnComplete()
				}
				at = idle
				return
			}
			if !r.Disposed() {
				o.OnNext(v)
			}
		}
	}
	at = idle
}

// Create runs f once per subscription, on the subscriber's goroutine. f emits
// through e and ends the stream by returning: nil completes it, an error fails
// it. The context ends when the subscription is disposed; while f runs the
// subscription's [Hold] is retained.
func Create[T any](f func(ctx context.Context, e *Emitter[T]) error) Observable[T] {
	if f == nil {
		panic(badArgument("Create", "f", nil, "a function"))
	}
	return Observable[T]{src: createSource[T](f)}
}

type createSource[T any] func(ctx context.Context, e *Emitter[T]) error

func (s createSource[T]) Subscribe(ctx context.Context, o Observer[T]) {
	e := &Emitter[T]{ctx: ctx, down: o}
	e.run.body.Init(ctx)
	at := items
	defer catch(ctx, &at, &e.run, o)
	o.OnSubscribe(&e.run)
	var err error
	if e.run.Disposed() {
		at = idle
		return
	}
	if gone := e.run.run(&at, func() { err = s(&e.run.body, e) }); gone != nil {
		err = gone
	}
	switch over := e.over.Swap(true); {
	case over || e.run.Disposed():
		reportLate(ctx, err)
	case err != nil:
		at = terminal
		End(ctx, &e.run, o, err)
	default:
		at = terminal
		o.OnComplete()
	}
	at = idle
}

// Emitter is how the function given to [Create] emits. It must not be used by
// two goroutines at once.
type Emitter[T any] struct {
	run  userRun
	ctx  context.Context
	down Observer[T]
	over atomic.Bool // set when f has returned or the chain below has failed
}

// Next emits v and reports whether more is wanted: it is false once the
// subscription is disposed, has failed below, or the function has returned.
// A panic of the chain below does not reach the caller.
func (e *Emitter[T]) Next(v T) bool {
	if e.run.Disposed() || e.over.Load() {
		return false
	}
	at := items
	defer e.guard(&at)
	e.down.OnNext(v)
	at = idle
	return !e.run.Disposed() && !e.over.Load()
}

func (e *Emitter[T]) guard(at *phase) {
	if *at != idle {
		e.over.Store(true)
		fault(e.ctx, *at, &e.run, e.down, recover())
	}
}
