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
	// Blame reports whether the stage's own user function was running, the
	// Disposable that the stage gave to its downstream, and that downstream: an
	// observer.
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
// running, or else the final observer. Nobody needs it whose source is made
// with [New].
func Catch[T any](ctx context.Context, active *bool, up Disposable, down Observer[T]) {
	if *active {
		fault(ctx, items, up, down, recover())
	}
}

// fault fails the first stage from down on whose user function was running
// (rule C9), or else the final observer (rule C10). recovered is nil after a
// Goexit.
func fault(ctx context.Context, at phase, up Disposable, down any, recovered any) {
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
		guilty, up, down = s.Blame()
		if f, ok := s.(failer); ok && guilty {
			f.failed(cause)
			return
		}
	}
	gone := up.Disposed()
	up.Dispose()
	o, ok := down.(interface{ OnError(error) })
	if gone || !ok || at == terminal && !guilty {
		undeliverable(ctx, &UndeliverableError{Err: cause})
		return
	}
	o.OnError(cause)
}

// failer is a guilty stage that several producers feed: it must serialise its
// error with their items.
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
