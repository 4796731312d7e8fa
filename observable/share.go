package observable

import (
	"context"
	"sync"
	"time"
)

// AutoConnect returns the shared stream, which connects by itself when the n-th
// observer has subscribed, once, and never disconnects: it goes on without
// observers, and stays ended after the end. AutoConnect(0) connects at once, at
// assembly, with context.Background(). Connect returns the connection for those
// who want to dispose it.
//
//	      1 2 3 |
//	^               AutoConnect(2)  =>  1 2 3 |
//	   ^                            =>  1 2 3 |
//
// The connection's context is that of the first observer without its end.
func (c *Connectable[T]) AutoConnect(n int) Observable[T] {
	if n < 0 {
		panic(badArgument("AutoConnect", "n", n, "0 or more"))
	}
	if n == 0 {
		c.Connect(context.Background())
		return c.Observable()
	}
	return Observable[T]{src: &autoConnect[T]{c: c, n: n}}
}

type autoConnect[T any] struct {
	c *Connectable[T]
	n int

	mu  sync.Mutex
	k   int             // guarded by mu; observers that came, up to n
	ctx context.Context // guarded by mu; the first one's
}

func (a *autoConnect[T]) Subscribe(ctx context.Context, o Observer[T]) {
	conn := a.c.present()
	if first, ok := a.arrive(ctx); ok {
		defer conn.start(first) // after the observer is in, however that goes
	}
	conn.core.subscribe(ctx, o, conn.core)
}

// arrive counts an observer and reports whether it is the n-th, with the
// context to connect with.
func (a *autoConnect[T]) arrive(ctx context.Context) (context.Context, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.k == a.n {
		return nil, false
	}
	if a.k++; a.k == 1 {
		a.ctx = shared(ctx)
	}
	first := a.ctx
	if a.k == a.n {
		a.ctx = nil
	}
	return first, a.k == a.n
}

// shared is the context of a connection whose first observer's is ctx.
func shared(ctx context.Context) context.Context {
	return context.WithoutCancel(WithoutHold(ctx))
}

// RefCount returns the shared stream, which connects by itself when n observers
// are subscribed and disconnects when the last one has left. After that, and
// after the source's end, n new observers are needed to connect anew.
//
//	      1 2 3 4 5
//	^        !        RefCount(2)  =>  1 2
//	   ^         !                 =>  1 2 3 4   and the source is stopped
//
// The connection's context is that of the first observer without its end.
func (c *Connectable[T]) RefCount(n int) Observable[T] { return c.refCount("RefCount", n, 0, nil) }

// RefCountTime is [Connectable.RefCount] that waits before it disconnects: an
// observer that comes within grace after the last one left continues the
// connection.
//
//	1 2 3 4 5 .
//	^  !          RefCountTime(1, 3s)  =>  1 2
//	     ^                             =>  4 5   on the same connection
func (c *Connectable[T]) RefCountTime(n int, grace time.Duration, on ...Scheduler) Observable[T] {
	return c.refCount("RefCountTime", n, grace, schedulerOf("RefCountTime", on))
}

func (c *Connectable[T]) refCount(operator string, n int, grace time.Duration, on Scheduler) Observable[T] {
	if n < 1 {
		panic(badArgument(operator, "n", n, "1 or more"))
	}
	return Observable[T]{src: &refCount[T]{c: c, n: n, grace: grace, on: on}}
}

type refCount[T any] struct {
	c     *Connectable[T]
	n     int
	grace time.Duration
	on    Scheduler // if there is a grace

	mu   sync.Mutex
	refs *refs[T] // guarded by mu; of the present connection, or nil
}

// refs counts the observers of one connection, whose host it is.
type refs[T any] struct {
	of   *refCount[T]
	conn *connection[T]
	ctx  context.Context // to connect with
	next *refs[T]        // in conn's list; set before it is put there

	count     int    // guarded by of.mu
	connected bool   // guarded by of.mu; count has been n
	turn      int    // guarded by of.mu; changes when the count leaves and reaches zero
	wait      Worker // guarded by of.mu; disconnects when the grace is over, or nil
}

func (s *refCount[T]) Subscribe(ctx context.Context, o Observer[T]) {
	r, connect := s.enter(ctx)
	if connect {
		defer r.conn.start(r.ctx) // after the observer is in, however that goes
	}
	r.conn.core.subscribe(ctx, o, r)
}

// enter counts one observer more.
func (s *refCount[T]) enter(ctx context.Context) (r *refs[T], connect bool) {
	s.mu.Lock()
	r = s.refs
	if r == nil || r.conn.over() {
		r = s.fresh(ctx)
		s.refs = r
	}
	if r.count++; r.count == 1 {
		r.turn++
	}
	wait := r.wait
	r.wait = nil
	connect = !r.connected && r.count == s.n
	r.connected = r.connected || connect
	s.mu.Unlock()
	if wait != nil {
		wait.Dispose()
	}
	return r, connect
}

// fresh begins to count. The caller holds mu.
func (s *refCount[T]) fresh(ctx context.Context) *refs[T] {
	r := &refs[T]{of: s, conn: s.c.open(), ctx: shared(ctx)}
	s.c.mu.Lock()
	r.next, r.conn.counts = r.conn.counts, r
	s.c.mu.Unlock()
	return r
}

// end forgets a connection whose source has ended, so that observers who come
// while others are still told the end get a new one.
func (r *refs[T]) end() {
	r.of.mu.Lock()
	r.release()
	r.of.mu.Unlock()
}

// release forgets the connection. The caller holds of.mu.
func (r *refs[T]) release() {
	if r.of.refs == r {
		r.of.refs = nil
	}
	r.of.c.forget(r.conn)
}

func (r *refs[T]) leave(t *tap[T]) {
	r.conn.core.leave(t)
	s := r.of
	s.mu.Lock()
	r.count--
	if r.count > 0 || !r.connected || s.refs != r {
		s.mu.Unlock()
		return
	}
	r.turn++
	turn := r.turn
	if s.grace <= 0 {
		r.release()
		s.mu.Unlock()
		r.conn.Dispose()
		return
	}
	s.mu.Unlock()
	r.linger(turn)
}

// linger disconnects after the grace, unless somebody comes.
func (r *refs[T]) linger(turn int) {
	w := r.of.on.Worker()
	_, err := w.After(r.of.grace, func() {
		w.Dispose()
		r.expire(turn)
	})
	if err != nil { // there is no way to wait
		w.Dispose()
		r.expire(turn)
		return
	}
	r.of.mu.Lock()
	stale := r.turn != turn || r.of.refs != r
	if !stale {
		r.wait = w
	}
	r.of.mu.Unlock()
	if stale {
		w.Dispose()
	}
}

// expire disconnects if nobody has come since turn.
func (r *refs[T]) expire(turn int) {
	s := r.of
	s.mu.Lock()
	idle := r.turn == turn && s.refs == r
	if idle {
		r.release()
	}
	s.mu.Unlock()
	if idle {
		r.conn.Dispose()
	}
}

// Share makes the stream hot while somebody is subscribed: the first observer
// subscribes to the source, the others share that subscription, and when the
// last one has left it is disposed. It is Publish(o).RefCount(1). The source's
// context has the values of the context of who was first, and does not end with
// it.
//
//	1 2 3 4 |
//	   ^        =>  3 4 |
func Share[T any](o Observable[T]) Observable[T] { return Publish(o).RefCount(1) }

// Cache subscribes to the source when the first observer comes, once in its
// life, and tells everything, the end too, to every observer. It is Replay(o,
// ReplayOptions{}).AutoConnect(1): a source without end is never disposed. The
// source's context has the values of the context of who was first, and does not
// end with it.
//
//	1 2 3 4 |
//	   ^        =>  1 2 3 4 |
func Cache[T any](o Observable[T]) Observable[T] { return Replay(o, ReplayOptions{}).AutoConnect(1) }
