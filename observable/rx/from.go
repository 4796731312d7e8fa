package rx

import (
	"context"
	"slices"
	"sync/atomic"

	"github.com/reactivex/rxgo/v2"

	"github.com/quillgo/quill/observable"
)

// From returns the stream of o's items. It is as cold as o: each subscription
// observes o with opts, and with a context that ends with the subscription and
// carries its values (rule X1); a context among opts is not used.
//
// Subscribe blocks and emits on the caller's goroutine; Dispose or the end of
// the context frees it at once (rule X2). The first error item fails the stream
// (rule X3), and so does an item that is not a T, with a [*TypeError]. A nil
// item is a nil T, and a TypeError if T has no nil. What rxgo sends after the
// end is read and dropped (rule X4). While rxgo may run user functions the
// subscription's [observable.Hold] is retained (rule X5); if it is gone o is not
// observed. A closed channel completes the stream, or, if the context has
// ended, fails it with context.Cause.
func From[T any](o rxgo.Observable, opts ...rxgo.Option) observable.Observable[T] {
	if o == nil {
		panic(&observable.ArgumentError{Operator: "rx.From", Argument: "o", Value: o, Want: "an rxgo.Observable"})
	}
	return observable.NewUnsafe[T](&source[T]{o, slices.Clip(opts)})
}

type source[T any] struct {
	o    rxgo.Observable
	opts []rxgo.Option // without spare capacity: subscriptions append to it
}

// Subscribe implements [observable.Source].
func (s *source[T]) Subscribe(ctx context.Context, down observable.Observer[T]) {
	own, cancel := context.WithCancel(ctx)
	r := &run[T]{ctx: ctx, own: own, cancel: cancel, down: down}
	active := true
	defer observable.Catch(ctx, &active, r, down)
	defer cancel() // X1
	down.OnSubscribe(r)
	err := context.Cause(own)
	if err == nil {
		release, ok := retain(ctx)
		if !ok {
			active = false
			return
		}
		var rest *remains
		if rest, err = s.observe(ctx, own, release); err == nil {
			err = r.read(rest)
		}
	}
	active = false
	cancel() // C6
	if r.Disposed() {
		late(ctx, err)
	} else {
		observable.End(ctx, r, down, err)
	}
}

// retain retains the hold of ctx, if it has one.
func retain(ctx context.Context) (release func(), ok bool) {
	h := observable.HoldFrom(ctx)
	if h == nil {
		return func() {}, true
	}
	return h.Release, h.Retain()
}

// observe observes the rxgo stream. The end of own has the channel drained, and
// then the hold released.
func (s *source[T]) observe(ctx, own context.Context, release func()) (r *remains, err error) {
	observed := false
	defer func() {
		if observed {
			return
		}
		release()
		if p := recover(); p != nil { // else a Goexit, which Subscribe's boundary tells
			err = observable.NewPanicError(p)
		}
	}()
	r = &remains{ctx: ctx, release: release}
	r.items = s.o.Observe(append(s.opts, rxgo.WithContext(own))...)
	observed = true
	r.undrained = context.AfterFunc(own, r.drain)
	return r, nil
}

// run is one subscription, and its Disposable.
type run[T any] struct {
	disposed atomic.Bool
	ctx      context.Context // the subscription's
	own      context.Context // the observation's, a child of ctx
	cancel   context.CancelFunc
	down     observable.Observer[T]
}

func (r *run[T]) Dispose() {
	r.disposed.Store(true)
	r.cancel()
}

func (r *run[T]) Disposed() bool { return r.disposed.Load() }

// read emits items until there is a reason to stop, which it returns: nil after
// the last item.
func (r *run[T]) read(rest *remains) error {
	for {
		select {
		case <-r.own.Done():
			return context.Cause(r.own)
		case item, open := <-rest.items:
			switch {
			case !open:
				rest.closed()
				// rxgo closes most channels when a context ends, which is not completion
				// (rule C20). It may be ctx that rxgo knows, and own not have ended yet.
				return context.Cause(r.ctx)
			case item.E != nil:
				return item.E
			case r.Disposed():
				return nil
			}
			v, err := valueOf[T](item.V)
			if err != nil {
				return err
			}
			r.down.OnNext(v)
		}
	}
}
