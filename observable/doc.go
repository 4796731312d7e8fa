// Package observable is a typed stream library modelled on RxJava: cold
// streams that push, operators that compose them, subjects that share them.
//
//	names := observable.Map(users.Filter(active).Take(10), User.Name)
//	list, err := names.ToSlice(ctx)
//
// # Shape
//
// An [Observable] describes a stream; nothing happens until somebody subscribes,
// and each subscription runs the stream anew. Some thirty everyday operators are
// methods (o.Filter(f).Take(3)); all others are functions with the source first
// (Map(o, f), Debounce(o, d)), because Go's methods have no type parameters of
// their own, and each is compiled for every element type in use. A function given to an
// operator is called for one item after the other within a subscription, and
// concurrently by several subscriptions. An impossible argument, a nil function
// too, panics at assembly with an [*ArgumentError]. Blocking ends ([Observable.First],
// [Observable.ToSlice], [Observable.Wait], [Observable.Seq], ...) take a context and return
// an error.
//
// Pushing is synchronous: OnNext returns when the chain below has taken the item,
// so a slow consumer slows its producer. Queues exist only where streams meet or
// change goroutine; they are unbounded, as in RxJava's Observable, unless a
// bound is asked for by name.
//
// # Rules
//
// Sources, operators and observers keep this contract; package observabletest
// checks it for any operator.
//
//   - C1: OnSubscribe is called exactly once, before any other signal, and
//     returns before the first OnNext starts. A second one disposes the new
//     upstream and is reported as a [ProtocolError].
//   - C2: signals to one observer never overlap, and each happens before the next.
//   - C3: the grammar is OnSubscribe OnNext* (OnError | OnComplete)?. After a
//     terminal signal nothing is called, ever.
//   - C4: Dispose is idempotent, may be called from anywhere and never waits.
//     After a Dispose by the observer in the emitting goroutine no signal follows;
//     after one from elsewhere, or from an operator's user function, at most the
//     one in flight. Disposed is true only after Dispose,
//     not after a natural end. Loops look at it per item.
//   - C5: Dispose inside OnNext stops a synchronous source at that item.
//   - C6: an operator that ends early disposes its upstream before it emits its
//     own terminal signal.
//   - C7: disposing is not completing: it gives no signal. DoFinally runs exactly
//     once for either.
//   - C8: an error that nobody can be told any more goes to the handler in the
//     subscription's context ([WithErrorHandler]), else to slog.Default. There
//     is no global hook.
//   - C9: a panic of a user function becomes a [*PanicError] that the operator
//     which called the function sends downstream, after disposing its upstream.
//     There is one recover per emission loop: operators set a flag around their
//     user function, and the loop's boundary fails the first flagged one
//     ([Stage]). Fan-out points are boundaries that go on with the next observer.
//     runtime.Goexit becomes [ErrGoexit] and goes on.
//   - C10: a panic of the final observer in OnNext disposes the stream and is
//     given to its OnError. A panic in OnError goes to the error handler, joined
//     with the error; one in OnComplete goes there alone.
//   - C11: an error of a stream whose observer has no way to take it goes to the
//     error handler as a [NotHandledError].
//   - C12: operators are stateless between subscriptions: all state is made in
//     Subscribe.
//   - C13: assembly does nothing: no goroutine, no side effect, no allocation but
//     the operator's node.
//   - C14: where streams meet, the first error wins and disposes the others.
//     Emission is serialised by a drain loop, never by a lock held during a call
//     downstream. A subject's OnError and OnComplete go through the same drain
//     as its OnNext.
//   - C15: OnNext may call back into the same subject, or dispose, without
//     deadlock; what it emits comes after what is being delivered.
//   - C16: repeated subscription to synchronous sources is a loop, not recursion.
//   - C17: time comes from the scheduler's clock.
//   - C18: after its end an operator holds neither its downstream's items nor
//     inner subscriptions that have ended.
//   - C19: any value is an item, nil too.
//   - C20: when a subscription's context ends, the chain is disposed and the
//     observer gets context.Cause once, unless it got a terminal signal before.
//
// A context belongs to a subscription, not to an item: it carries values, the
// error handler and the [Hold], and is watched once, at the outermost
// subscription, and only if it can end. Operators pass it on untouched. Shared
// connections take context.WithoutCancel of the first subscriber's context.
package observable
