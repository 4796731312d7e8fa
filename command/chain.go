package command

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	"github.com/quillgo/quill/breaker"
	"github.com/quillgo/quill/internal/deadline"
	"github.com/quillgo/quill/internal/lazyctx"
	"github.com/quillgo/quill/isolation"
	"github.com/quillgo/quill/metrics"
	"github.com/quillgo/quill/observable"
)

// chain is the pipeline from the breaker on as a stream: the composition of the
// exported operators, source first. x has begun; ctx is the subscription's.
func (c *Command[In, Out]) chain(ctx context.Context, in In, x *execution) observable.Observable[Out] {
	o := c.body(in, x)
	switch {
	case x.set.Isolation == Pool:
		o = isolation.On(o, x.slots())
	case x.async:
		o = o.SubscribeOn(observable.Go())
	}
	if x.set.Timeout > 0 {
		o = observable.TimeoutFirst(o, x.set.Timeout, observable.ClockScheduler(x.registry.clock.Source()))
	}
	if x.set.Isolation == Semaphore {
		o = isolation.Limit(o, x.semaphore)
	}
	o = breaker.Guard(o, x.breaker)
	o = observable.TakeUntilWhen(o, closing(x.circuit))
	return o.OnErrorResumeNext(func(err error) observable.Observable[Out] {
		x.now = x.registry.clock.Now()
		x.settle(x.kindOf(err))
		if x.kind.final() {
			return observable.Error[Out](x.mayFallBack(ctx, false))
		}
		f := c.fallbackOf(in, x)
		if x.async {
			f = f.SubscribeOn(observable.Go())
		}
		if c.stream != nil {
			f = observable.TakeUntilWhen(f, closing(x.circuit)) // it may have no end of its own
		}
		return f
	})
}

// subscribe runs the chain for x, which has begun, and sends its outcome to o.
func (c *Command[In, Out]) subscribe(ctx context.Context, in In, x *execution, o observable.Observer[Out]) {
	if ctx.Err() != nil {
		x.settle(callerLeft(ctx))
		fail(ctx, x.left(), o)
		return
	}
	x.kind, x.cause = Refused, observable.ErrGoexit // stands if the hook does not return
	refused := true
	defer func() {
		if refused { // no fallback, no event
			x.conclude()
			fail(ctx, x.failure(nil), o)
		}
	}()
	if err := x.hooked.start(hookStart); err != nil {
		x.cause = err
		return
	}
	refused, x.why = false, why{}
	c.chain(ctx, in, x).Source().Subscribe(ctx, &outcome[In, Out]{execution: x, cmd: c, down: o})
}

// fail ends a stream before it began.
func fail[T any](ctx context.Context, err error, o observable.Observer[T]) {
	observable.Error[T](err).Source().Subscribe(ctx, o)
}

// ended is an error that carries its kind from the body to the fallback stage,
// so that kinds are never guessed from the errors that a body may meet
// ("Why an execution ended" in docs/intentional.md).
type ended struct {
	kind Kind
	err  error
}

func (e *ended) Error() string { return e.err.Error() }
func (e *ended) Unwrap() error { return e.err }

// kindOf tells what stopped a chain: the body, whose errors come as ended, or a
// guard, since nothing else can have sent a guard's error as it is.
func (x *execution) kindOf(err error) (Kind, error) {
	if errors.Is(err, isolation.ErrPoolClosed) && x.registry.aborted.Load() {
		return cancelled, ErrClosed
	}
	return kindOf(err)
}

func kindOf(err error) (Kind, error) {
	switch e := err.(type) {
	case *ended:
		return e.kind, e.err
	case *breaker.OpenError:
		return ShortCircuited, e
	case *observable.TimeoutError:
		return TimedOut, ErrTimeout
	}
	switch {
	case err == ErrClosed:
		return cancelled, err
	case errors.Is(err, isolation.ErrSemaphoreFull):
		return SemaphoreRejected, err
	case errors.Is(err, isolation.ErrPoolFull), errors.Is(err, isolation.ErrPoolClosed):
		return PoolRejected, err
	}
	return Failed, err
}

// classify is the breaker's view of what passes its guard.
func classify(err error) breaker.Outcome {
	switch err {
	case nil:
		return breaker.Success
	case context.Canceled:
		return outcomes[cancelled] // the guard was disposed with its context
	case context.DeadlineExceeded:
		return outcomes[expired]
	}
	kind, _ := kindOf(err)
	return outcomes[kind]
}

// body is the innermost stream: the user's function or stream, with the hooks
// around it.
func (c *Command[In, Out]) body(in In, x *execution) observable.Observable[Out] {
	return observable.NewUnsafe[Out](&bodySource[In, Out]{c, in, x})
}

// bodySource subscribes to one run of the body.
type bodySource[In, Out any] struct {
	cmd *Command[In, Out]
	in  In
	x   *execution
}

func (s *bodySource[In, Out]) Subscribe(ctx context.Context, o observable.Observer[Out]) {
	b := &bodyObserver[In, Out]{bodySource: s, ctx: ctx, down: o, active: true}
	if s.cmd.stream != nil {
		b.body.Init(ctx) // the timeout bounds the first item only
	} else {
		// The hold is the function's: what it may keep its context for is not held.
		s.x.arm(observable.WithoutHold(ctx), &b.body)
	}
	defer observable.Catch(ctx, &b.active, b, o)
	o.OnSubscribe(b)
	hold := observable.HoldFrom(ctx)
	if b.Disposed() || hold != nil && !hold.Retain() {
		b.active = false // nobody waits: the hold is the execution's own
		return
	}
	if s.x.set.Isolation == Pool {
		b.where = inPool
	}
	if s.cmd.stream != nil {
		b.subscribe(hold)
	} else {
		b.run(hold)
	}
	b.active = false
}

// bodyObserver is one run of the body: it observes a streaming body, and is the
// Disposable of either kind.
type bodyObserver[In, Out any] struct {
	*bodySource[In, Out]
	ctx   context.Context
	down  observable.Observer[Out]
	where uint64 // inPool or 0
	body  lazyctx.Ctx
	up    handle // a stream's
	// state is bodyOn until the body ended or its result lost its meaning, then
	// bodyOver or bodyLeft; a body that is over may be left too.
	state atomic.Uint32
	begun atomic.Bool // hooks were told that the body starts in the pool
	// active is false once a panic or Goexit that unwinds Subscribe has been told;
	// the goroutine's own.
	active bool
}

const (
	bodyOn uint32 = iota
	bodyOver
	bodyLeft
)

// start calls the hooks that come before the body; what they return fails it.
func (b *bodyObserver[In, Out]) start() (err error) {
	b.x.bodyStarts(b.where)
	if b.where == inPool {
		b.begun.Store(true)
		err = b.x.hooked.start(hookThreadStart)
	}
	if err == nil {
		err = b.x.hooked.start(hookExecutionStart)
	}
	return err
}

// threadComplete tells the hooks once that the pool's goroutine is of no more
// interest.
func (b *bodyObserver[In, Out]) threadComplete() {
	if b.begun.Swap(false) {
		b.x.hooked.tell(hookThreadComplete)
	}
}

// run calls Spec.Run. Whichever way it ends, ended tells it.
func (b *bodyObserver[In, Out]) run(hold observable.Hold) {
	b.x.inflight.Add(1) // a body that is left behind is still something to wait for
	defer b.x.checkOut()
	var out Out
	var err error
	returned := false
	defer func() {
		if !returned {
			err = observable.ErrGoexit
			if r := recover(); r != nil {
				err = observable.NewPanicError(r)
			}
		}
		if hold != nil {
			hold.Release()
		}
		b.ended(out, err)
		b.active = returned // a Goexit goes on unwinding
	}()
	if err = b.start(); err == nil {
		out, err = b.cmd.run(&b.body, b.in)
	}
	returned = true
}

// ended passes the result of Spec.Run on, or to whoever takes late ones.
func (b *bodyObserver[In, Out]) ended(out Out, err error) {
	// A body that comes back after its time has timed out, though the timer may
	// be a little late to say so.
	if b.x.timedOut(b.x.registry.clock.Now()) || !b.state.CompareAndSwap(bodyOn, bodyOver) {
		b.cmd.tooLate(out, err, b.x.hooked)
		return
	}
	b.body.Cancel()
	if err != nil {
		b.fail(err)
		return
	}
	b.down.OnNext(emit(b.x.hooked, out, hookExecutionEmit))
	if !b.x.received.Load() { // the timeout came in between
		b.cmd.tooLate(out, nil, b.x.hooked)
		return
	}
	b.complete()
}

// subscribe calls Spec.Stream and subscribes to what it returns.
func (b *bodyObserver[In, Out]) subscribe(hold observable.Hold) {
	var stream observable.Observable[Out]
	var err error
	returned := false
	b.x.inflight.Add(1) // one that is left behind is still something to wait for
	func() {
		defer func() {
			b.x.checkOut()
			if hold != nil {
				hold.Release()
			}
			if returned {
				return
			}
			if r := recover(); r != nil {
				err = observable.NewPanicError(r)
				return
			}
			b.OnError(observable.ErrGoexit)
			b.active = false // the Goexit goes on unwinding
		}()
		if err = b.start(); err == nil {
			stream = b.cmd.stream(&b.body, b.in)
		}
		returned = true
	}()
	if err != nil {
		b.OnError(err)
		return
	}
	stream.Source().Subscribe(&b.body, b)
}

func (b *bodyObserver[In, Out]) OnSubscribe(d observable.Disposable) { b.up.set(d) }

func (b *bodyObserver[In, Out]) OnNext(v Out) {
	b.down.OnNext(emit(b.x.hooked, v, hookExecutionEmit))
}

func (b *bodyObserver[In, Out]) OnError(err error) {
	if b.state.CompareAndSwap(bodyOn, bodyOver) {
		b.body.Cancel()
		b.fail(err)
	}
}

func (b *bodyObserver[In, Out]) OnComplete() {
	if b.state.CompareAndSwap(bodyOn, bodyOver) {
		b.body.Cancel()
		b.complete()
	}
}

func (b *bodyObserver[In, Out]) fail(err error) {
	if b.ctx.Err() != nil { // the caller has left: what the body says of that is no failure
		b.cmd.tooLate(*new(Out), err, b.x.hooked)
		b.threadComplete()
		kind, cause := callerEnd(b.ctx)
		b.down.OnError(&ended{kind, cause})
		return
	}
	err = b.x.hooked.fail(err, hookExecutionError)
	b.threadComplete()
	kind, err := bodyFailure(err)
	b.down.OnError(&ended{kind, err})
}

func (b *bodyObserver[In, Out]) complete() {
	b.x.hooked.tell(hookExecutionSuccess)
	b.threadComplete()
	b.down.OnComplete()
}

// Dispose ends the body's context. Nobody waits for its result any more.
func (b *bodyObserver[In, Out]) Dispose() {
	if !b.state.CompareAndSwap(bodyOn, bodyLeft) {
		return
	}
	b.up.Dispose()
	_ = b.body.Err() // finds out whether it was the deadline
	b.body.Cancel()
	b.threadComplete()
}

func (b *bodyObserver[In, Out]) Disposed() bool { return b.state.Load() == bodyLeft }

// Blame implements observable.Stage: the user's functions have boundaries of
// their own.
func (b *bodyObserver[In, Out]) Blame() (bool, observable.Disposable, any) { return false, b, b.down }

// handle is the way to an upstream that may be disposed before it is known.
type handle struct {
	mu   sync.Mutex
	d    observable.Disposable // guarded by mu
	gone bool                  // guarded by mu
}

func (h *handle) set(d observable.Disposable) {
	h.mu.Lock()
	h.d = d
	gone := h.gone
	h.mu.Unlock()
	if gone {
		d.Dispose()
	}
}

func (h *handle) Dispose() {
	h.mu.Lock()
	h.gone = true
	d := h.d
	h.mu.Unlock()
	if d != nil {
		d.Dispose()
	}
}

// outcome observes the end of a chain: it counts the events of the result and
// concludes the record before it passes the result on.
type outcome[In, Out any] struct {
	*execution
	cmd  *Command[In, Out]
	down observable.Observer[Out]
	up   observable.Disposable
	// value is the result of a scalar command, held back until the execution is
	// over, and written before held. Whoever takes it from there delivers it, or
	// disposes of it (promise 12 of the bench: none is lost).
	value Out
	held  atomic.Bool
	gone  atomic.Bool // disposed
}

func (o *outcome[In, Out]) OnSubscribe(d observable.Disposable) {
	o.up = d
	o.down.OnSubscribe(o)
}

func (o *outcome[In, Out]) OnNext(v Out) {
	fallback := o.marked(hasCause)
	if !fallback {
		o.received.Store(true)
	}
	v = emit(o.hooked, v, hookEmit)
	switch {
	case o.cmd.stream == nil:
		o.value = v
		o.held.Store(true)
		if o.Disposed() {
			o.discardHeld()
		}
		return
	case fallback:
		o.fallbackEmits.Add(1)
		o.count(metrics.FallbackEmit)
	default:
		o.emits.Add(1)
		o.count(metrics.Emit)
	}
	o.down.OnNext(v)
}

// OnError gets what was concluded where it arose, unless the registry was closed
// during a streaming fallback, or a hook ended its goroutine.
func (o *outcome[In, Out]) OnError(err error) {
	o.discardHeld()
	if err == ErrClosed && o.decide() {
		o.settled(cancelled, ErrClosed)
		_ = o.left()
	}
	o.unwound()
	if !o.Disposed() {
		o.down.OnError(err)
	}
}

func (o *outcome[In, Out]) OnComplete() {
	if !o.decide() {
		o.discardHeld()
		return
	}
	if o.watched() {
		defer o.unwound()
	}
	o.now = o.registry.clock.Now()
	if o.kind == succeeded {
		o.count(metrics.Success)
	} else {
		o.count(metrics.FallbackSuccess)
	}
	o.conclude()
	if o.held.Swap(false) {
		o.down.OnNext(o.value)
	}
	if !o.Disposed() {
		o.down.OnComplete()
	}
}

// discardHeld disposes of a value that nobody waits for any more.
func (o *outcome[In, Out]) discardHeld() {
	if o.held.Swap(false) {
		o.cmd.tooLate(o.value, nil, o.hooked)
	}
}

// Dispose ends the record without a result, unless it has ended. What was
// shared, and left by all, is cancelled here; the caller of what was not counts
// for itself.
func (o *outcome[In, Out]) Dispose() {
	o.gone.Store(true)
	defer o.discardHeld()
	if !o.decide() {
		o.up.Dispose()
		return
	}
	now := o.registry.clock.Now()
	defer o.end(now, false) // after the permits are back
	defer o.up.Dispose()
	if !o.abandoned.Swap(true) { // else its leader has counted that
		o.countAt(now, metrics.Cancelled)
		o.hooked.tell(hookUnsubscribe)
	}
}

func (o *outcome[In, Out]) Disposed() bool { return o.gone.Load() }

// Blame implements observable.Stage. The hooks have boundaries of their own.
func (o *outcome[In, Out]) Blame() (bool, observable.Disposable, any) { return false, o, o.down }

// closing is a stream that fails with ErrClosed when the registry is closed.
func closing(c *circuit) observable.Observable[struct{}] {
	return observable.NewUnsafe[struct{}](closingSource{c})
}

type closingSource struct{ *circuit }

func (s closingSource) Subscribe(_ context.Context, o observable.Observer[struct{}]) {
	w := &closeWatch{circuit: s.circuit, down: o}
	o.OnSubscribe(w)
	if w.Disposed() {
		return
	}
	w.deadlines.Add(&w.entry, deadline.Never, w)
	if w.Disposed() {
		w.deadlines.Remove(&w.entry)
	}
}

type closeWatch struct {
	*circuit
	down  observable.Observer[struct{}]
	entry deadline.Entry
	gone  atomic.Bool
}

// Expire implements deadline.Expirer: only Close expires an entry that never
// falls due. What follows runs user code, so it gets a goroutine.
func (w *closeWatch) Expire() { go w.down.OnError(ErrClosed) }

func (w *closeWatch) Dispose() {
	if !w.gone.Swap(true) {
		w.deadlines.Remove(&w.entry)
	}
}

func (w *closeWatch) Disposed() bool { return w.gone.Load() }
