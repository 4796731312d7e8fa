package observable

import "context"

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

// OnErrorResumeWith continues a stream that fails with other.
//
//	1 2 #  OnErrorResumeWith(8 9)  =>  1 2 8 9 |
func OnErrorResumeWith[T any](o, other Observable[T]) Observable[T] {
	return o.OnErrorResumeNext(func(error) Observable[T] { return other })
}

// OnErrorReturnItem ends a stream that fails with the item v and completes it.
//
//	1 2 #  OnErrorReturnItem(0)  =>  1 2 0 |
func OnErrorReturnItem[T any](o Observable[T], v T) Observable[T] {
	return o.OnErrorReturn(func(error) T { return v })
}

// OnErrorComplete completes a stream instead of failing it, if when says true to
// the error; without when, always. If when panics the observer gets both errors,
// joined.
//
//	1 2 #  OnErrorComplete  =>  1 2 |
func OnErrorComplete[T any](o Observable[T], when ...func(err error) bool) Observable[T] {
	s := &errorCompleteSource[T]{up: o.src}
	switch {
	case len(when) > 1:
		panic(badArgument("OnErrorComplete", "when", len(when), "at most one function"))
	case len(when) == 1 && when[0] == nil:
		panic(badArgument("OnErrorComplete", "when", nil, "a function"))
	case len(when) == 1:
		s.when = when[0]
	}
	return Observable[T]{src: s}
}

type errorCompleteSource[T any] struct {
	up   Source[T]
	when func(error) bool // nil: always
}

func (s *errorCompleteSource[T]) synchronous() bool { return isSynchronous(s.up) }

func (s *errorCompleteSource[T]) Subscribe(ctx context.Context, o Observer[T]) {
	subscribe(ctx, s.up, &errorCompleteObserver[T]{ctx: ctx, down: o, when: s.when})
}

type errorCompleteObserver[T any] struct {
	up   Disposable
	ctx  context.Context
	down Observer[T]
	when func(error) bool
}

func (c *errorCompleteObserver[T]) OnSubscribe(d Disposable) {
	c.up = d
	c.down.OnSubscribe(d)
}

func (c *errorCompleteObserver[T]) OnNext(v T) { c.down.OnNext(v) }

func (c *errorCompleteObserver[T]) OnError(err error) {
	complete := true
	if c.when != nil {
		fail := func(p error) { End(c.ctx, c.up, c.down, join(err, p)) }
		if p := try(func() { complete = c.when(err) }, fail); p != nil {
			fail(p)
			return
		}
	}
	if complete {
		End(c.ctx, c.up, c.down, nil)
		return
	}
	c.down.OnError(err)
}

func (c *errorCompleteObserver[T]) OnComplete() { c.down.OnComplete() }

// Blame implements [Stage]: when has a boundary of its own.
func (c *errorCompleteObserver[T]) Blame() (bool, Disposable, any) { return false, c.up, c.down }
