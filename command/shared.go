package command

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/quillgo/quill/cache"
	"github.com/quillgo/quill/metrics"
	"github.com/quillgo/quill/observable"
)

// share sends an execution for in through the request cache, if it has a key.
func (c *Command[In, Out]) share(ctx context.Context, in In, r *route[Out]) {
	if r.set.RequestCache == WhenScoped && cache.ScopeFrom(ctx) == nil {
		return
	}
	defer func() {
		if p := recover(); p != nil {
			r.err = c.refuse(observable.NewPanicError(p))
		}
	}()
	if text, ok := c.cacheKey(in); ok {
		r.way, r.key = shared, space[Out](c.core.use()).Key(text)
	}
}

// refuse is the error of an execution that was not begun.
func (c *Command[In, Out]) refuse(err error) error {
	return &Error{Command: c.core.name, Kind: Refused, Err: err}
}

// await executes the command as a stream and waits for its one result. x is a
// Call's record or nil.
func (c *Command[In, Out]) await(ctx context.Context, in In, r route[Out], x *execution) (out Out, err error) {
	done := make(chan struct{})
	o := &resultObserver[Out]{ctx: ctx, publish: func(o Out, e error) {
		out, err = o, e
		close(done)
	}}
	if ctx.Done() != nil {
		defer context.AfterFunc(ctx, func() { o.cancel() })()
	}
	c.begin(ctx, in, r, x, false, o)
	<-done
	return out, err
}

// begin executes the command as a stream whose route is known. It does not watch
// ctx, as Observable.Subscribe would: a context that has ended already is a
// cancelled execution here, not one that never was.
func (c *Command[In, Out]) begin(ctx context.Context, in In, r route[Out], x *execution, async bool, o *resultObserver[Out]) {
	(&commandSource[In, Out]{c, in, x, async, &r}).Subscribe(ctx, o)
}

// hit serves a result that the scope has, with all that a hit counts, without
// joining the flight: it has ended.
func (c *Command[In, Out]) hit(ctx context.Context, in In, set *resolved, f *cache.Flight[Out], o cache.Outcome[Out]) (Out, error) {
	l := c.core.use()
	if l.registry.closed.Load() {
		var zero Out
		return zero, c.refuse(ErrClosed)
	}
	h := c.hooked(ctx, in)
	h.tell(hookCacheHit)
	leader := f.Tag().(*execution)
	now := l.registry.clock.Now()
	l.recorder.Count(now, metrics.ResponseFromCache, 1)
	if tell := l.registry.listener.Event; tell != nil {
		guarded(l.name, "listener", func() { tell(l.name, metrics.ResponseFromCache) })
	}
	if set.RequestLog == On {
		if e := logEntry(cache.ScopeFrom(ctx), l.name); e != nil {
			e.store(leader)
			e.marks.Or(1 << metrics.ResponseFromCache)
		}
	}
	return o.Value, o.Err
}

// resultObserver takes the one result of a stream.
type resultObserver[Out any] struct {
	ctx     context.Context // the caller's
	up      handle
	value   Out
	n       int
	over    atomic.Bool // publish was called
	publish func(Out, error)
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
		r.publish(r.value, nil)
	}
}

// finish publishes an error, and reports false if there was a result before.
func (r *resultObserver[Out]) finish(err error) bool {
	if r.over.Swap(true) {
		return false
	}
	var zero Out
	r.publish(zero, err)
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
		c.subscribe(ctx, s.in, x, &caller[Out]{execution: x, ctx: ctx, down: o})
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

// lead starts the execution that others may share.
func (s *commandSource[In, Out]) lead(ctx context.Context, f *cache.Flight[Out], seat observable.Observable[Out], set *resolved, x *execution, o observable.Observer[Out]) {
	c := s.cmd
	detached := context.WithoutCancel(ctx) // cache rule S5
	if !x.begin(ctx, c.core.use(), set, c.hooked(ctx, s.in)) {
		f.Cancel(x.failure(nil))
		seat.Source().Subscribe(ctx, o)
		return
	}
	// Deferred because others may share the flight by now, if o ends this goroutine.
	defer c.start(detached, f, observable.NewUnsafe[Out](chainSource[In, Out]{c, s.in, x}))
	seat.Source().Subscribe(ctx, &caller[Out]{execution: x, ctx: ctx, down: o, shared: true})
}

// chainSource is a chain whose record has begun.
type chainSource[In, Out any] struct {
	cmd *Command[In, Out]
	in  In
	x   *execution
}

func (s chainSource[In, Out]) Subscribe(ctx context.Context, o observable.Observer[Out]) {
	s.cmd.subscribe(ctx, s.in, s.x, o)
}

// follow shares the execution that another leads.
func (s *commandSource[In, Out]) follow(ctx context.Context, f *cache.Flight[Out], seat observable.Observable[Out], set *resolved, x *execution, o observable.Observer[Out]) {
	c := s.cmd
	h := c.hooked(ctx, s.in)
	if !x.begin(ctx, c.core.use(), set, h) {
		seat.Source().Subscribe(ctx, leaver[Out]{}) // the seat was taken: give it back
		fail(ctx, x.failure(nil), o)
		return
	}
	seated := false
	defer func() {
		if !seated { // the hook ends this goroutine
			seat.Source().Subscribe(ctx, leaver[Out]{})
			x.unwound()
		}
	}()
	h.tell(hookCacheHit)
	seated = true
	x.marks.add(fromCache | 1<<metrics.ResponseFromCache)
	seat.Source().Subscribe(ctx, &follower[Out]{execution: x, leader: f.Tag().(*execution), down: o})
}

// caller stands between an execution and the one who asked for it. Where the
// execution is shared, its end and the caller's may differ.
type caller[Out any] struct {
	*execution
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
	c.hooked.tell(hookSuccess)
	c.down.OnComplete()
}

// Dispose is the caller leaving. An execution that is over has nothing to
// count; one that is shared may go on for the others.
func (c *caller[Out]) Dispose() {
	if c.gone.Swap(true) {
		return
	}
	now := c.registry.clock.Now()
	switch {
	case c.shared:
		// The last sharer to leave ends the execution, which then counts it.
		c.up.Dispose()
		c.leaveShared(now)
	case c.decide():
		defer c.end(now, false) // after the permits are back
		defer c.up.Dispose()
		c.leave(now)
	default:
		c.up.Dispose()
	}
}

func (c *caller[Out]) leave(now time.Duration) {
	if c.ctx.Err() == context.DeadlineExceeded {
		c.countAt(now, metrics.Timeout)
		c.countAt(now, metrics.ExceptionThrown)
		_ = c.hooked.fail(context.Cause(c.ctx), hookError(expired))
		return
	}
	c.countAt(now, metrics.Cancelled)
	c.hooked.tell(hookUnsubscribe)
}

// leaveShared counts a caller who leaves an execution to others. What its own
// record shows is frozen; the execution will have an outcome of its own.
func (c *caller[Out]) leaveShared(now time.Duration) {
	if c.marked(decided) || c.abandoned.Swap(true) {
		return
	}
	c.freeze()
	c.heard(now, metrics.Cancelled)
	c.hooked.tell(hookUnsubscribe)
}

func (c *caller[Out]) Disposed() bool { return c.gone.Load() }

// Blame implements observable.Stage. The hooks have boundaries of their own.
func (c *caller[Out]) Blame() (bool, observable.Disposable, any) { return false, c, c.down }

// follower stands between a shared execution and one who found it in the cache.
type follower[Out any] struct {
	*execution // the follower's own record
	leader     *execution
	down       observable.Observer[Out]
	up         observable.Disposable
	over       atomic.Bool // ended or disposed
	gone       atomic.Bool // disposed
}

func (f *follower[Out]) OnSubscribe(d observable.Disposable) {
	f.up = d
	f.down.OnSubscribe(f)
}

func (f *follower[Out]) OnNext(v Out) { f.down.OnNext(v) }

func (f *follower[Out]) OnError(err error) {
	f.land()
	f.down.OnError(err)
}

func (f *follower[Out]) OnComplete() {
	f.land()
	f.down.OnComplete()
}

// land takes over what happened to the leader.
func (f *follower[Out]) land() {
	if f.over.Swap(true) {
		return
	}
	f.adopt(f.leader)
	f.countAt(f.registry.clock.Now(), metrics.ResponseFromCache)
	f.end(f.begun, true)
}

// Dispose is the follower leaving: the execution goes on without it.
func (f *follower[Out]) Dispose() {
	if f.gone.Swap(true) {
		return
	}
	if f.leader.marked(decided) {
		f.land() // it is the rest of a result that this one does not want
	}
	if !f.over.Swap(true) {
		f.marks.add(1 << metrics.Cancelled)
		f.countAt(f.registry.clock.Now(), metrics.ResponseFromCache)
		f.end(f.begun, false)
	}
	f.up.Dispose()
}

func (f *follower[Out]) Disposed() bool { return f.gone.Load() }

// Blame implements observable.Stage.
func (f *follower[Out]) Blame() (bool, observable.Disposable, any) { return false, f, f.down }

// toObservable is ToObservable for a command or a Call, whose record x is.
func (c *Command[In, Out]) toObservable(in In, x *execution) observable.Observable[Out] {
	return c.source(in, x)
}

// observe is Observe for a command or a Call, whose record x is.
func (c *Command[In, Out]) observe(ctx context.Context, in In, x *execution) observable.Observable[Out] {
	f := cache.NewFlight[Out](nil)
	o := c.source(in, x)
	if ctx.Done() != nil {
		stop := context.AfterFunc(ctx, func() { f.Cancel(context.Cause(ctx)) })
		o = o.DoFinally(func() { stop() })
	}
	c.start(ctx, f, o)
	return f.Observable()
}

// start starts a shared execution, o.
func (c *Command[In, Out]) start(ctx context.Context, f *cache.Flight[Out], o observable.Observable[Out]) {
	if c.stream == nil {
		f.StartScalar(ctx, o)
	} else {
		f.Start(ctx, o)
	}
}

// leaver is a sharer that leaves at once.
type leaver[T any] struct{}

func (leaver[T]) OnSubscribe(d observable.Disposable) { d.Dispose() }
func (leaver[T]) OnNext(T)                            {}
func (leaver[T]) OnError(error)                       {}
func (leaver[T]) OnComplete()                         {}
