package observable

import "context"

// FromChan emits what is received from values until it is closed. The
// receiving happens on the subscriber's goroutine, which a Dispose or the end of
// the context frees. Subscribers of one channel share its items among them.
//
//	FromChan(1 2 3, closed)  =>  1 2 3 |
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
