package command

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/quillgo/quill/cache"
	"github.com/quillgo/quill/metrics"
	"github.com/quillgo/quill/observable"
)

// source is the command as a stream, each subscription of which is an
// execution. record is a Call's or nil.
func (c *Command[In, Out]) source(in In, record *execution) observable.Observable[Out] {
	return observable.NewUnsafe[Out](&commandSource[In, Out]{cmd: c, in: in, record: record})
}

type commandSource[In, Out any] struct {
	cmd    *Command[In, Out]
	in     In
	record *execution
	async  bool        // user code is kept off the subscriber's goroutine
	route  *route[Out] // nil: decided at each subscription
}

// Subscribe goes through the request log and the request cache to the chain.
func (s *commandSource[In, Out]) Subscribe(ctx context.Context, o observable.Observer[Out]) {
	c, x := s.cmd, s.record
	if x == nil {
		x = new(execution)
	}
	x.async = s.async
	// An execution has a permit of its own; that of another, whose body this may
	// be part of, or may outlive, is not its own to keep.
	ctx = observable.WithoutHold(ctx)
	r := s.route
	if r == nil {
		now := c.route(ctx, s.in)
		r = &now
	}
	if r.err != nil {
		fail(ctx, r.err, o)
		return
	}
	if r.way != shared || ctx.Err() != nil {
		if !x.begin(ctx, c.core.use(), r.set, c.hooked(ctx, s.in)) {
			fail(ctx, x.failure(nil), o)
			return
		}
		c.subscribe(ctx, s.in, x, &caller[Out]{x: x, ctx: ctx, down: o})
		return
	}
	f, seat, fresh, err := cache.Board(cache.ScopeFrom(ctx), r.key, x)
	switch {
	case err != nil:
		fail(ctx, c.refuse(err), o)
	case fresh:
		s.lead(ctx, f, seat, r.set, x, o)
	default:
		s.follow(ctx, f, seat, r.set, x, o)
	}
}

// caller stands between an execution and the one who asked for it. Where the
// execution is shared, its end and the caller's may differ.
type caller[Out any] struct {
	x      *execution
	ctx    context.Context
	down   observable.Observer[Out]
	up     observable.Disposable
	shared bool
	gone   atomic.Bool // disposed
}

func (c *caller[Out]) OnSubscribe(d observable.Disposable) {
	c.up = d
	c.down.OnSubscribe(c)
}

func (c *caller[Out]) OnNext(v Out)      { c.down.OnNext(v) }
func (c *caller[Out]) OnError(err error) { c.down.OnError(err) }

func (c *caller[Out]) OnComplete() {
	if c.x.hooked != nil {
		defer c.down.OnComplete() // also if the hook ends this goroutine
		c.x.hooked.tell(hookSuccess)
		return
	}
	c.down.OnComplete()
}

// Dispose is the caller leaving. An execution that is over has nothing to
// count; one that is shared may go on for the others.
func (c *caller[Out]) Dispose() {
	if c.gone.Swap(true) {
		return
	}
	now := c.x.registry.clock.Now()
	switch {
	case c.shared:
		// The last sharer to leave ends the execution, which then counts it.
		c.up.Dispose()
		c.leaveShared(now)
	case c.x.decide():
		defer c.x.end(now, false) // after the permits are back
		defer c.up.Dispose()
		c.leave(now)
	default:
		c.up.Dispose()
	}
}

func (c *caller[Out]) leave(now time.Duration) {
	if c.ctx.Err() == context.DeadlineExceeded {
		c.x.countAt(now, metrics.Timeout)
		c.x.countAt(now, metrics.ExceptionThrown)
		_ = c.x.hooked.fail(context.Cause(c.ctx), hookError(expired))
		return
	}
	c.x.countAt(now, metrics.Cancelled)
	c.x.hooked.tell(hookUnsubscribe)
}

// leaveShared counts a caller who leaves an execution to others. What its own
// record shows is frozen; the execution will have an outcome of its own.
func (c *caller[Out]) leaveShared(now time.Duration) {
	if !c.x.marks.addUnless(abandoned, decided|abandoned) {
		return
	}
	c.x.freeze()
	c.x.heard(now, metrics.Cancelled)
	c.x.hooked.tell(hookUnsubscribe)
}

func (c *caller[Out]) Disposed() bool { return c.gone.Load() }

// Blame implements observable.Stage. The hooks have boundaries of their own.
func (c *caller[Out]) Blame() (bool, observable.Disposable, any) { return false, c, c.down }

// toObservable is ToObservable for a command or a Call, whose record x is.
func (c *Command[In, Out]) toObservable(in In, x *execution) observable.Observable[Out] {
	return c.source(in, x)
}

// observe is Observe for a command or a Call, whose record x is.
func (c *Command[In, Out]) observe(ctx context.Context, in In, x *execution) observable.Observable[Out] {
	return observeNow(ctx, c.source(in, x), c.stream == nil)
}

// observeNow subscribes to o, and returns it as a hot stream that ends early when
// ctx ends or the last of its subscribers leaves.
func observeNow[Out any](ctx context.Context, o observable.Observable[Out], scalar bool) observable.Observable[Out] {
	f := cache.NewFlight[Out](nil)
	if ctx.Done() != nil {
		stop := context.AfterFunc(ctx, func() { f.Cancel(context.Cause(ctx)) })
		o = o.DoFinally(func() { stop() })
	}
	startFlight(ctx, f, o, scalar)
	return f.Observable()
}

// await executes the command as a stream and waits for its one result. x is a
// Call's record or nil.
func (c *Command[In, Out]) await(ctx context.Context, in In, r route[Out], x *execution) (out Out, err error) {
	return awaitResult(ctx, func(o *resultObserver[Out]) { c.begin(ctx, in, r, x, false, o) })
}

// awaitResult waits for the one result that subscribe has sent to an observer.
// The end of ctx is the caller leaving.
func awaitResult[Out any](ctx context.Context, subscribe func(*resultObserver[Out])) (out Out, err error) {
	w := &awaited[Out]{done: make(chan struct{})}
	w.result = resultObserver[Out]{ctx: ctx, to: w}
	if ctx.Done() != nil {
		defer context.AfterFunc(ctx, func() { w.result.cancel() })()
	}
	subscribe(&w.result)
	<-w.done
	return w.out, w.err
}

// awaited is the result that a blocking call waits for.
type awaited[Out any] struct {
	result resultObserver[Out]
	done   chan struct{}
	out    Out // written before done is closed
	err    error
}

func (w *awaited[Out]) set(out Out, err error) {
	w.out, w.err = out, err
	close(w.done)
}

// begin executes the command as a stream whose route is known. It does not watch
// ctx, as Observable.Subscribe would: a context that has ended already is a
// cancelled execution here, not one that never was.
func (c *Command[In, Out]) begin(ctx context.Context, in In, r route[Out], x *execution, async bool, o *resultObserver[Out]) {
	(&commandSource[In, Out]{c, in, x, async, &r}).Subscribe(ctx, o)
}

// resultObserver takes the one result of a stream.
type resultObserver[Out any] struct {
	ctx   context.Context // the caller's
	to    interface{ set(Out, error) }
	up    handle
	value Out
	n     int
	over  atomic.Bool // to has been told
}

func (r *resultObserver[Out]) OnSubscribe(d observable.Disposable) { r.up.set(d) }

func (r *resultObserver[Out]) OnNext(v Out) {
	if r.n++; r.n > 1 {
		r.up.Dispose()
		r.finish(observable.ErrTooMany)
		return
	}
	r.value = v
}

func (r *resultObserver[Out]) OnError(err error) { r.finish(err) }

func (r *resultObserver[Out]) OnComplete() {
	if r.n == 0 {
		r.finish(observable.ErrEmpty)
		return
	}
	if !r.over.Swap(true) {
		r.to.set(r.value, nil)
	}
}

// finish tells an error, and reports false if there was a result before.
func (r *resultObserver[Out]) finish(err error) bool {
	if r.over.Swap(true) {
		return false
	}
	var zero Out
	r.to.set(zero, err)
	return true
}

// cancel is the caller leaving.
func (r *resultObserver[Out]) cancel() bool {
	why := context.Canceled
	if r.ctx.Err() != nil {
		why = context.Cause(r.ctx)
	}
	r.up.Dispose()
	return r.finish(why)
}

// refuse is the error of an execution that was not begun.
func (c *Command[In, Out]) refuse(err error) error {
	return &Error{Command: c.core.name, Kind: Refused, Err: err}
}
