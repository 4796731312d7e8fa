package observable

import (
	"context"
	"sync/atomic"
)

// OnErrorResumeNext continues a stream that fails with resume(err).
//
//	1 2 #  OnErrorResumeNext(8 9)  =>  1 2 8 9 |
func (o Observable[T]) OnErrorResumeNext(resume func(error) Observable[T]) Observable[T] {
	if resume == nil {
		panic(badArgument("OnErrorResumeNext", "resume", nil, "a function"))
	}
	return Observable[T]{src: &resumeSource[T]{o.src, resume}}
}

type resumeSource[T any] struct {
	up     Source[T]
	resume func(error) Observable[T]
}

func (s *resumeSource[T]) Subscribe(ctx context.Context, o Observer[T]) {
	subscribe(ctx, s.up, &resumeObserver[T]{ctx: ctx, down: o, resume: s.resume})
}

type resumeObserver[T any] struct {
	slot
	ctx     context.Context
	down    Observer[T]
	resume  func(error) Observable[T]
	resumed bool // resume has been called: the second stream is on
}

func (r *resumeObserver[T]) OnSubscribe(d Disposable) {
	r.set(d)
	if !r.resumed {
		r.down.OnSubscribe(r)
	}
}

func (r *resumeObserver[T]) OnNext(v T) { r.down.OnNext(v) }

func (r *resumeObserver[T]) OnError(err error) {
	if r.resumed {
		r.down.OnError(err)
		return
	}
	r.resumed = true
	var next Observable[T]
	fail := func(p error) { End(r.ctx, r, r.down, join(err, p)) }
	if p := try(func() { next = r.resume(err) }, fail); p != nil {
		fail(p)
		return
	}
	subscribe(r.ctx, next.src, r)
}

func (r *resumeObserver[T]) OnComplete() { r.down.OnComplete() }

// Blame implements [Stage]: resume has a boundary of its own.
func (r *resumeObserver[T]) Blame() (bool, Disposable, any) { return false, r, r.down }

// OnErrorReturn ends a stream that fails with the item value(err) and
// completes it.
//
//	1 2 #  OnErrorReturn(0)  =>  1 2 0 |
func (o Observable[T]) OnErrorReturn(value func(error) T) Observable[T] {
	if value == nil {
		panic(badArgument("OnErrorReturn", "value", nil, "a function"))
	}
	return Observable[T]{src: &returnSource[T]{o.src, value}}
}

type returnSource[T any] struct {
	up    Source[T]
	value func(error) T
}

func (s *returnSource[T]) synchronous() bool { return isSynchronous(s.up) }

func (s *returnSource[T]) Subscribe(ctx context.Context, o Observer[T]) {
	subscribe(ctx, s.up, &returnObserver[T]{ctx: ctx, down: o, value: s.value})
}

type returnObserver[T any] struct {
	relay
	ctx   context.Context
	down  Observer[T]
	value func(error) T
}

func (r *returnObserver[T]) OnSubscribe(d Disposable) {
	r.up = d
	r.down.OnSubscribe(r)
}

func (r *returnObserver[T]) OnNext(v T) { r.down.OnNext(v) }

func (r *returnObserver[T]) OnError(err error) {
	// A stage that emits an item from a terminal signal is a boundary for it.
	at, told := own, err
	defer catchHandling(r.ctx, &at, &told, r, r.down)
	v := r.value(err)
	at, told = items, nil
	r.down.OnNext(v)
	if !r.Disposed() {
		at = terminal
		r.down.OnComplete()
	}
	at = idle
}

func (r *returnObserver[T]) OnComplete() { r.down.OnComplete() }

// Blame implements [Stage]: value has a boundary of its own.
func (r *returnObserver[T]) Blame() (bool, Disposable, any) { return false, r, r.down }

// Retry subscribes again when the source fails, at most n times, or for ever
// if n is [Unlimited]. Items already emitted stay emitted. Any other negative n
// panics with an [*ArgumentError].
func (o Observable[T]) Retry(n int) Observable[T] {
	if n < 0 && n != Unlimited {
		panic(badArgument("Retry", "n", n, "0 or more, or Unlimited"))
	}
	return Observable[T]{src: &retrySource[T]{o.src, n}}
}

type retrySource[T any] struct {
	up Source[T]
	n  int
}

func (s *retrySource[T]) synchronous() bool { return isSynchronous(s.up) }

func (s *retrySource[T]) Subscribe(ctx context.Context, o Observer[T]) {
	r := &retryObserver[T]{left: s.n}
	r.ctx, r.up, r.down, r.obs = ctx, s.up, o, r
	announce(ctx, r, o)
	r.again()
}

type retryObserver[T any] struct {
	resubscriber[T]
	left int // attempts that remain, or Unlimited
}

func (r *retryObserver[T]) OnError(err error) {
	if r.left == 0 {
		r.down.OnError(err)
		return
	}
	if r.left > 0 {
		r.left--
	}
	r.again()
}

func (r *retryObserver[T]) OnComplete() { r.down.OnComplete() }

// resubscriber subscribes obs to a source again and again, in a loop when the
// source is synchronous (rule C16). It is embedded in obs.
type resubscriber[T any] struct {
	slot
	ctx  context.Context
	up   Source[T]
	down Observer[T]
	obs  Observer[T]
	// wanted counts the subscriptions asked for; whoever raises it from zero
	// makes them.
	wanted atomic.Int32
}

func (r *resubscriber[T]) OnSubscribe(d Disposable) { r.set(d) }
func (r *resubscriber[T]) OnNext(v T)               { r.down.OnNext(v) }

// Blame implements [Stage].
func (r *resubscriber[T]) Blame() (bool, Disposable, any) { return false, r, r.down }

func (r *resubscriber[T]) again() {
	if r.wanted.Add(1) != 1 {
		return
	}
	going := true
	defer r.gone(&going)
	for !r.Disposed() {
		if r.ctx.Err() != nil {
			going = false
			End(r.ctx, r, r.down, context.Cause(r.ctx)) // nobody may be watching (rule C20)
			return
		}
		subscribe(r.ctx, r.up, r.obs)
		if r.wanted.Add(-1) == 0 {
			break
		}
	}
	going = false
}

// gone ends the stream if the goroutine ends, by a Goexit, that was asked for
// the next subscription.
func (r *resubscriber[T]) gone(going *bool) {
	if *going && r.wanted.Load() > 1 && !r.Disposed() {
		End(r.ctx, r, r.down, ErrGoexit)
	}
}
