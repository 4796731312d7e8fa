package command

import (
	"context"
	"sync/atomic"

	"github.com/quillgo/quill/observable"
)

// collapsedFuture is all that a request by ToFuture needs, in one allocation: the
// future, and the seat whose observer it is.
type collapsedFuture[In comparable, Out any] struct {
	Future[Out]
	seat  seat[In, Out]
	value Out         // the first item
	some  bool        // there is one
	over  atomic.Bool // the future has its result, or is about to
}

func (f *collapsedFuture[In, Out]) OnSubscribe(observable.Disposable) {}

func (f *collapsedFuture[In, Out]) OnNext(v Out) {
	if f.some {
		f.seat.Dispose()
		f.finish(*new(Out), observable.ErrTooMany)
		return
	}
	f.value, f.some = v, true
}

func (f *collapsedFuture[In, Out]) OnError(err error) { f.finish(*new(Out), err) }

func (f *collapsedFuture[In, Out]) OnComplete() {
	if !f.some {
		f.finish(*new(Out), observable.ErrEmpty)
		return
	}
	f.finish(f.value, nil)
}

func (f *collapsedFuture[In, Out]) finish(v Out, err error) bool {
	if f.over.Swap(true) {
		return false
	}
	f.set(v, err)
	return true
}

// cancel is the caller leaving.
func (f *collapsedFuture[In, Out]) cancel() bool {
	why := context.Canceled
	if f.seat.ctx.Err() != nil {
		why = context.Cause(f.seat.ctx)
	}
	f.seat.Dispose()
	return f.finish(*new(Out), why)
}
