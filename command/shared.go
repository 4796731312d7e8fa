package command

import (
	"context"
	"sync/atomic"

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
		if e := logEntry(cache.ScopeFrom(ctx), l.core); e != nil {
			e.store(leader)
			e.marks.Or(1 << metrics.ResponseFromCache)
		}
	}
	if l.registry.watchers.Load() != 0 {
		l.hitCompleted()
	}
	return o.Value, o.Err
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
	seat.Source().Subscribe(ctx, &caller[Out]{x: x, ctx: ctx, down: o, shared: true})
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
	seat.Source().Subscribe(ctx, &follower[Out]{x: x, leader: f.Tag().(*execution), down: o})
}

// follower stands between a shared execution and one who found it in the cache.
type follower[Out any] struct {
	x      *execution // the follower's own record
	leader *execution
	down   observable.Observer[Out]
	up     observable.Disposable
	over   atomic.Bool // ended or disposed
	gone   atomic.Bool // disposed
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
	f.x.adopt(f.leader)
	f.x.countAt(f.x.registry.clock.Now(), metrics.ResponseFromCache)
	f.x.end(f.x.begun, true)
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
		f.x.marks.add(1 << metrics.Cancelled)
		f.x.countAt(f.x.registry.clock.Now(), metrics.ResponseFromCache)
		f.x.end(f.x.begun, false)
	}
	f.up.Dispose()
}

func (f *follower[Out]) Disposed() bool { return f.gone.Load() }

// Blame implements observable.Stage.
func (f *follower[Out]) Blame() (bool, observable.Disposable, any) { return false, f, f.down }

// start starts a shared execution, o.
func (c *Command[In, Out]) start(ctx context.Context, f *cache.Flight[Out], o observable.Observable[Out]) {
	startFlight(ctx, f, o, c.stream == nil)
}

// startFlight starts a flight of one item, or of several.
func startFlight[Out any](ctx context.Context, f *cache.Flight[Out], o observable.Observable[Out], scalar bool) {
	if scalar {
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
