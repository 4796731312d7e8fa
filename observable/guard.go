package observable

import (
	"context"
	"errors"
)

// Stage is implemented by an operator's observer, besides [Observer], so that
// the boundary of an emission loop finds out whose user function panicked (rule
// C9). An operator sets a plain flag before it calls its user function and
// clears it after; Blame is called on the goroutine that emitted.
type Stage interface {
	// Blame reports whether the stage is the one to fail, because its own user
	// function was running, the Disposable that the stage gave to its downstream,
	// and that downstream: an observer. A stage that ends its stream by itself
	// reports nil as the Disposable from its terminal signal on: then nothing
	// passes it any more.
	Blame() (guilty bool, handle Disposable, downstream any)
}

// phase says what an emission loop is doing, for its boundary.
type phase uint8

const (
	idle     phase = iota // nothing is running: a normal return
	own                   // the source's own user function is running
	items                 // OnSubscribe or OnNext is being delivered
	terminal              // OnError or OnComplete is being delivered
)

// catch is the boundary of an emission loop (rule C9): the loop defers it once
// and keeps *p up to date. up is what the loop gave to OnSubscribe, down the
// observer it feeds.
//
// recover works here because catch is itself the deferred function.
func catch[T any](ctx context.Context, p *phase, up Disposable, down Observer[T]) {
	switch *p {
	case idle:
	case own:
		fault(ctx, own, up, source{up, down}, recover())
	default:
		fault(ctx, *p, up, down, recover())
	}
}

// catchHandling is catch for code that deals with an error, which must not get
// lost if that code fails: it is *told, nil once it has been dealt with.
func catchHandling[T any](ctx context.Context, p *phase, told *error, up Disposable, down Observer[T]) {
	switch *p {
	case idle:
	case own:
		faultDuring(ctx, own, *told, up, source{up, down}, recover())
	default:
		faultDuring(ctx, *p, *told, up, down, recover())
	}
}

// announce gives down its Disposable on behalf of a stage that then subscribes
// to streams of its own. It is a boundary.
func announce[T any](ctx context.Context, d Disposable, down Observer[T]) {
	at := items
	defer catch(ctx, &at, d, down)
	down.OnSubscribe(d)
	at = idle
}

// passing is deferred by a stage around its subscriptions to streams: it fails
// the stage if a Goexit, or a panic that nobody caught, passes by before all
// have been made.
func passing(made *bool, s failer) {
	if *made {
		return
	}
	if r := recover(); r != nil {
		s.failed(NewPanicError(r))
		return
	}
	s.failed(ErrGoexit)
}

// source is the stage that is guilty when a source's own function panicked.
type source struct {
	handle Disposable
	down   any
}

func (s source) Blame() (bool, Disposable, any) { return true, s.handle, s.down }

// Catch is the boundary for sources and operators written outside this
// package: it must be deferred itself, around code that calls down, with *active
// true while a panic is to be caught. up is the Disposable that down was given.
// A panic, or a Goexit, fails the operator below whose user function was
// running, or else the final observer. The terminal signal is given by [End],
// with *active false. Nobody needs either whose source is made with [New].
func Catch[T any](ctx context.Context, active *bool, up Disposable, down Observer[T]) {
	if *active {
		fault(ctx, items, up, down, recover())
	}
}

// End gives down its terminal signal: err, or completion if err is nil. Whoever
// ends a stream, instead of passing an end on, calls it, after the last item
// and with the emission loop's own boundary off: it is a boundary of its own, for
// what rule C10 says of panics in OnError and OnComplete. up is the Disposable
// that down was given.
func End[T any](ctx context.Context, up Disposable, down Observer[T], err error) {
	at := terminal
	defer catchHandling(ctx, &at, &err, up, down)
	if err != nil {
		down.OnError(err)
	} else {
		down.OnComplete()
	}
	at = idle
}

// fault fails the first stage from down on whose user function was running
// (rule C9), or else the final observer (rule C10). recovered is nil after a
// Goexit.
func fault(ctx context.Context, at phase, up Disposable, down any, recovered any) {
	faultDuring(ctx, at, nil, up, down, recovered)
}

// faultDuring is fault while told, if not nil, was being delivered as the end:
// it must not get lost.
func faultDuring(ctx context.Context, at phase, told error, up Disposable, down any, recovered any) {
	cause := ErrGoexit
	if recovered != nil {
		cause = NewPanicError(recovered)
	}
	defer reportPanic(ctx, cause)
	guilty := false
	for !guilty {
		s, ok := down.(Stage)
		if !ok {
			break
		}
		var handle Disposable
		guilty, handle, down = s.Blame()
		if f, ok := s.(failer); ok && guilty {
			f.failed(cause)
			return
		}
		if handle == nil {
			at = terminal // s has given its end: nothing passes it any more (rule C3)
		} else {
			up = handle
		}
	}
	if at != terminal || guilty {
		gone := up.Disposed()
		up.Dispose()
		if o, ok := down.(interface{ OnError(error) }); ok && !gone {
			o.OnError(join(told, cause))
			return
		}
	}
	switch {
	case recovered == nil: // after a Goexit there is nothing that could get lost
	case told != nil:
		undeliverable(ctx, join(told, cause))
	default:
		undeliverable(ctx, &UndeliverableError{Err: cause})
	}
}

// join returns cause, joined to the error that was being handled, if any.
func join(told, cause error) error {
	if told == nil {
		return cause
	}
	return errors.Join(told, cause)
}

// failer is a stage that several producers feed, or whose downstream runs on
// another goroutine: it must serialise its error with their items. It is the one
// to fail unless the goroutine in question is inside its downstream.
type failer interface{ failed(cause error) }

// reportPanic is deferred around the telling of cause: what panics then can be
// told to nobody but the error handler (rule C10).
func reportPanic(ctx context.Context, cause error) {
	if r := recover(); r != nil {
		undeliverable(ctx, errors.Join(cause, NewPanicError(r)))
	}
}

// try runs a rare callback, one that is not called per item, and returns its
// panic as an error. After a Goexit it calls gone with [ErrGoexit] while the
// goroutine ends.
func try(f func(), gone func(error)) (err error) {
	returned := false
	defer func() {
		if returned {
			return
		}
		if r := recover(); r != nil {
			err = NewPanicError(r)
			return
		}
		gone(ErrGoexit)
	}()
	f()
	returned = true
	return nil
}
