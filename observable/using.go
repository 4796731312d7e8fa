package observable

import (
	"context"
	"errors"
	"sync/atomic"
)

// Using makes a resource at each subscription, subscribes to the stream that
// build makes of it, and releases the resource exactly once: before the stream's
// end is told, or when it is disposed, before the stream above is.
//
//	Using(open, read, (*os.File).Close)  =>  1 2 (Close) |
//
// An error of release takes the place of the completion, and is joined to the
// stream's error; after a Dispose it goes to the error handler (rule C8). If
// acquire fails there is nothing to release; if build panics the resource is
// released. The context given to acquire is the subscription's; the functions
// run on the goroutine that subscribes, ends or disposes, and release must not
// wait for the stream.
func Using[T, R any](acquire func(ctx context.Context) (R, error), build func(resource R) Observable[T], release func(resource R) error) Observable[T] {
	return using("Using", acquire, build, release, true)
}

// UsingLazy is [Using] that releases the resource after the stream's end was
// told, or after the stream above was disposed (RxJava: using with eager false).
// An error of release then always goes to the error handler.
//
//	UsingLazy(open, read, (*os.File).Close)  =>  1 2 | (Close)
func UsingLazy[T, R any](acquire func(ctx context.Context) (R, error), build func(resource R) Observable[T], release func(resource R) error) Observable[T] {
	return using("UsingLazy", acquire, build, release, false)
}

func using[T, R any](operator string, acquire func(context.Context) (R, error), build func(R) Observable[T], release func(R) error, eager bool) Observable[T] {
	switch {
	case acquire == nil:
		panic(badArgument(operator, "acquire", nil, "a function"))
	case build == nil:
		panic(badArgument(operator, "build", nil, "a function"))
	case release == nil:
		panic(badArgument(operator, "release", nil, "a function"))
	}
	return Observable[T]{src: &usingSource[T, R]{acquire, build, release, eager}}
}

type usingSource[T, R any] struct {
	acquire func(context.Context) (R, error)
	build   func(R) Observable[T]
	release func(R) error
	eager   bool
}

func (s *usingSource[T, R]) Subscribe(ctx context.Context, o Observer[T]) {
	u := &usingObserver[T, R]{ctx: ctx, down: o, of: s}
	if src, ok := u.begin(); ok {
		subscribe(ctx, src, u)
	}
}

type usingObserver[T, R any] struct {
	relay
	ctx      context.Context
	down     Observer[T]
	of       *usingSource[T, R]
	resource R
	released atomic.Bool // release has been called; by who sets it
}

// begin makes the resource and the stream, or reports false and tells the
// observer what went wrong. It retains the context's hold meanwhile.
func (u *usingObserver[T, R]) begin() (src Source[T], ok bool) {
	unhold, ok := retain(u.ctx)
	if !ok {
		Error[T](ErrHoldGone).src.Subscribe(u.ctx, u.down)
		return nil, false
	}
	acquired := false
	fail := func(err error) {
		if acquired {
			if p := u.release(u.report); p != nil {
				err = errors.Join(err, p)
			}
		}
		unhold()
		Error[T](err).src.Subscribe(u.ctx, u.down)
	}
	var err error
	p := try(func() {
		if u.resource, err = u.of.acquire(u.ctx); err == nil {
			acquired = true
			src = u.of.build(u.resource).src
		}
	}, fail)
	if p != nil {
		err = p
	}
	if err != nil {
		fail(err)
		return nil, false
	}
	unhold()
	return src, true
}

// release releases the resource, the first time it is called, and returns what
// went wrong. After a Goexit it calls gone.
func (u *usingObserver[T, R]) release(gone func(error)) (err error) {
	if u.released.Swap(true) {
		return nil
	}
	resource := u.resource
	var zero R
	u.resource = zero
	if p := try(func() { err = u.of.release(resource) }, gone); p != nil {
		return p
	}
	return err
}

// report takes an error of release that nobody can be told.
func (u *usingObserver[T, R]) report(err error) {
	if err != nil {
		ReportError(u.ctx, err)
	}
}

func (u *usingObserver[T, R]) OnSubscribe(d Disposable) {
	u.up = d
	u.down.OnSubscribe(u)
}

func (u *usingObserver[T, R]) OnNext(v T) { u.down.OnNext(v) }

func (u *usingObserver[T, R]) OnError(err error) { u.end(err) }
func (u *usingObserver[T, R]) OnComplete()       { u.end(nil) }

// end releases the resource and gives the end, in this order if it is eager.
func (u *usingObserver[T, R]) end(err error) {
	if !u.of.eager {
		defer func() { u.report(u.release(u.report)) }() // also after a Goexit below
	} else if p := u.release(func(p error) { u.tell(join(err, p)) }); p != nil {
		err = join(err, p)
	}
	u.tell(err)
}

func (u *usingObserver[T, R]) tell(err error) {
	if u.Disposed() {
		reportLate(u.ctx, err)
		return
	}
	u.ended = true
	End(u.ctx, u, u.down, err)
}

func (u *usingObserver[T, R]) Dispose() {
	if u.of.eager {
		u.disposed.Store(true)
		u.report(u.release(u.report))
		u.up.Dispose()
		return
	}
	u.relay.Dispose()
	u.report(u.release(u.report))
}

// Blame implements [Stage]: the functions have boundaries of their own. The
// handle is not the relay's: disposing has to release.
func (u *usingObserver[T, R]) Blame() (bool, Disposable, any) {
	if u.ended {
		return false, nil, u.down
	}
	return false, u, u.down
}
