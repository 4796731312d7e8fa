package observable

import (
	"context"
	"errors"
)

// Observable is a cold stream of values of type T: a small value around a
// [Source]. Making one does nothing; each subscription runs the source anew,
// with state of its own. The zero value is the empty stream.
//
// An Observable is immutable and may be shared, copied and subscribed to by
// any number of goroutines.
type Observable[T any] struct {
	src Source[T] // nil is the empty stream
}

// Source is what an operator's author implements: the thing that emits.
//
// Subscribe must keep the contract (rules C1 to C20 in the package
// documentation). It may emit everything before it returns, may emit later from
// another goroutine, and may be captured by whatever loop it feeds, so a caller
// must not count on it to return early: what ends a subscription is the
// Disposable given to OnSubscribe, or the context.
type Source[T any] interface {
	Subscribe(ctx context.Context, o Observer[T])
}

// Observer receives one subscription's signals: OnSubscribe once, then any
// number of OnNext, then at most one of OnError and OnComplete (rules C1 to
// C3). Signals never overlap, so an Observer needs no lock of its own.
type Observer[T any] interface {
	// OnSubscribe hands over the means to stop, before the first item.
	OnSubscribe(d Disposable)
	OnNext(v T)
	OnError(err error)
	OnComplete()
}

// Disposable stops a subscription or a scheduled task. Dispose is idempotent,
// may be called from any goroutine and from inside OnNext, and never waits for a
// signal that is being delivered. It gives no signal (rules C4 and C7).
type Disposable interface {
	Dispose()
	// Disposed reports whether Dispose was called. It stays false after a
	// natural end.
	Disposed() bool
}

// New makes a stream of a source written outside this package. Its observer
// is shielded: a second OnSubscribe, signals after the end or after Dispose,
// and a panic that escapes from src.Subscribe do no harm downstream and are
// reported as rules C1, C3 and C8 say. Signals that overlap are not mended.
func New[T any](src Source[T]) Observable[T] {
	if src == nil {
		panic(badArgument("New", "src", nil, "a Source"))
	}
	return Observable[T]{src: shielded[T]{src}}
}

// NewUnsafe is [New] without the shield, for authors of operators whose source
// passes the contract in observabletest. A source that breaks the protocol
// breaks the operators below it.
func NewUnsafe[T any](src Source[T]) Observable[T] {
	if src == nil {
		panic(badArgument("NewUnsafe", "src", nil, "a Source"))
	}
	return Observable[T]{src: src}
}

// Source returns the stream's source, for authors of operators: subscribing to
// it passes the context on without watching it, as an operator must, while
// [Observable.Subscribe] is for the end of a chain.
func (o Observable[T]) Source() Source[T] {
	if o.src == nil {
		return emptySource[T]{}
	}
	return o.src
}

// Subscribe starts the stream and sends its signals to obs. It is the outermost
// subscription: if ctx can end it is watched here, once, and its end disposes
// the chain and gives obs context.Cause(ctx) as its error, unless the stream
// ended before. obs then may be called from a goroutine of its own, never at the
// same time as another signal.
//
// Subscribe blocks as long as the chain emits on the caller's goroutine, which
// a chain without a scheduler does to its end.
func (o Observable[T]) Subscribe(ctx context.Context, obs Observer[T]) {
	if obs == nil {
		panic(badArgument("Subscribe", "obs", nil, "an Observer"))
	}
	if f, ok := obs.(Funcs[T]); ok && f.Error == nil && f.Context == nil {
		f.Context = ctx
		obs = f
	}
	if ctx.Done() == nil {
		o.Source().Subscribe(ctx, obs)
		return
	}
	watch(ctx, o.Source(), obs)
}

// synchronous is implemented by sources that know at assembly that they emit
// everything before Subscribe returns, on the subscriber's goroutine.
type synchronous interface{ synchronous() bool }

// isSynchronous reports what is known statically about src, which is nothing
// about one that is foreign, has a scheduler or has inner streams.
func isSynchronous(src any) bool {
	if src == nil {
		return true
	}
	s, ok := src.(synchronous)
	return ok && s.synchronous()
}

// Funcs is an [Observer] made of functions, each of which may be nil. A nil
// Error sends the error to the subscription's error handler (rule C11), unless it
// only says that the subscription's context has ended.
type Funcs[T any] struct {
	Subscribe func(Disposable)
	Next      func(T)
	Error     func(error)
	Complete  func()
	// Context gives the error handler for a nil Error; nil means the one that
	// [Observable.Subscribe] was given.
	Context context.Context
}

// OnSubscribe implements [Observer].
func (f Funcs[T]) OnSubscribe(d Disposable) {
	if f.Subscribe != nil {
		f.Subscribe(d)
	}
}

// OnNext implements [Observer].
func (f Funcs[T]) OnNext(v T) {
	if f.Next != nil {
		f.Next(v)
	}
}

// OnError implements [Observer].
func (f Funcs[T]) OnError(err error) {
	if f.Error != nil {
		f.Error(err)
		return
	}
	ctx := f.Context
	if ctx == nil {
		ctx = context.Background() // it was not subscribed by Observable.Subscribe
	}
	if ctx.Err() != nil && errors.Is(err, context.Cause(ctx)) {
		return
	}
	undeliverable(ctx, &NotHandledError{Err: err})
}

// OnComplete implements [Observer].
func (f Funcs[T]) OnComplete() {
	if f.Complete != nil {
		f.Complete()
	}
}
