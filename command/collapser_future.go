package command

import (
	"context"

	"github.com/quillgo/quill/observable"
)

// collapsedFuture is all that a request by ToFuture needs, in one allocation: the
// future, and the seat whose observer it is.
type collapsedFuture[In comparable, Out any] struct {
	Future[Out]
	seat seat[In, Out]
}

func (f *collapsedFuture[In, Out]) OnSubscribe(observable.Disposable) {}

// OnNext keeps the first item where it has been before, if the seat's own request
// was told it.
func (f *collapsedFuture[In, Out]) OnNext(v Out) {
	if f.seat.some {
		f.seat.Dispose()
		f.settle(*new(Out), observable.ErrTooMany)
		return
	}
	f.seat.first[0], f.seat.some = v, true
}

func (f *collapsedFuture[In, Out]) OnError(err error) { f.settle(*new(Out), err) }

func (f *collapsedFuture[In, Out]) OnComplete() {
	if !f.seat.some {
		f.settle(*new(Out), observable.ErrEmpty)
		return
	}
	f.settle(f.seat.first[0], nil)
}

// cancel is the caller leaving.
func (f *collapsedFuture[In, Out]) cancel() bool {
	why := context.Canceled
	if f.seat.ctx.Err() != nil {
		why = context.Cause(f.seat.ctx)
	}
	f.seat.Dispose()
	return f.settle(*new(Out), why)
}
