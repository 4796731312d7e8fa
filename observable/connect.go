package observable

import (
	"context"
	"sync"
)

// Connectable shares one subscription to a source among many observers.
// Subscribing to it does not subscribe to the source; [Connectable.Connect] does,
// or [Connectable.AutoConnect] and [Connectable.RefCount] do it by themselves.
// All methods may be called from any goroutine.
//
// A connection ends with its source. The Connectable then stays ended: who
// comes late is told the end at once, after what is replayed, until Reset or the
// next Connect. When a connection is disposed its observers are dropped without
// a signal, and the Connectable is as new.
type Connectable[T any] struct {
	up      Source[T]
	replays bool          // else it publishes
	opts    ReplayOptions // what it replays

	mu   sync.Mutex
	conn *connection[T] // guarded by mu; the present one, which may have ended, or nil
}

// core tells the observers of a connection: a hub or a history. It observes the
// source itself, so that an item passes one interface only.
type core[T any] interface {
	Observer[T]
	host[T]
	subscribe(ctx context.Context, o Observer[T], at host[T])
	drop()
	ended() bool
}

// Publish shares o live: an observer gets what comes after it subscribed.
//
//	1 2 3 4 |
//	   ^        =>  3 4 |
func Publish[T any](o Observable[T]) *Connectable[T] { return &Connectable[T]{up: o.src} }

// Replay shares o and keeps what it emits, as opts says, for observers that come
// later, also after the end. A negative Size panics with an [*ArgumentError].
//
//	1 2 3 4 |
//	   ^        Replay(Size: 1)  =>  2 3 4 |
func Replay[T any](o Observable[T], opts ReplayOptions) *Connectable[T] {
	opts.check("Replay")
	return &Connectable[T]{up: o.src, replays: true, opts: opts}
}

// connection is one subscription to the source of a Connectable, and the
// Disposable that ends it.
type connection[T any] struct {
	link
	core   core[T]
	parent *Connectable[T]
	ctx    context.Context // written before the source is subscribed to

	started bool     // guarded by parent.mu
	counts  *refs[T] // guarded by parent.mu; a list of those who want to know of the end
}

// Dispose implements [Disposable].
func (c *connection[T]) Dispose() {
	c.parent.forget(c)
	c.link.Dispose()
	c.core.drop()
}

// over reports whether there is nothing to be had from c any more.
func (c *connection[T]) over() bool { return c.core.ended() || c.Disposed() }

// ended is called before the observers are told the end.
func (c *connection[T]) ended() {
	c.parent.mu.Lock()
	counts := c.counts
	c.counts = nil
	c.parent.mu.Unlock()
	for r := counts; r != nil; r = r.next {
		r.end()
	}
}

// start subscribes to the source, the first time it is called.
func (c *connection[T]) start(ctx context.Context) {
	c.parent.mu.Lock()
	first := !c.started
	c.started = true
	c.parent.mu.Unlock()
	if first && !c.Disposed() {
		c.ctx = ctx
		Observable[T]{src: c.parent.up}.Subscribe(ctx, c.core)
	}
}

// Connect subscribes to the source, unless a connection is there already, and
// returns the connection. Disposing that ends it and drops its observers. ctx is
// the connection's context; when it ends the observers get context.Cause(ctx).
//
// Connect blocks while the source emits on the caller's goroutine; a
// synchronous one has ended when it returns. Another call of Connect meanwhile
// returns the same connection at once.
func (c *Connectable[T]) Connect(ctx context.Context) Disposable {
	conn := c.open()
	conn.start(ctx)
	return conn
}

// Reset makes a Connectable that has ended as new: who comes now waits for the
// next Connect. It does nothing while a connection lives.
func (c *Connectable[T]) Reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.conn != nil && c.conn.over() {
		c.conn = nil
	}
}

// Observable returns the shared stream. Subscribing to it does not connect.
func (c *Connectable[T]) Observable() Observable[T] {
	return Observable[T]{src: connectableSource[T]{c}}
}

type connectableSource[T any] struct{ c *Connectable[T] }

func (s connectableSource[T]) Subscribe(ctx context.Context, o Observer[T]) {
	conn := s.c.present()
	conn.core.subscribe(ctx, o, conn.core)
}

// present returns the present connection, also one that has ended.
func (c *Connectable[T]) present() *connection[T] {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.conn == nil {
		c.conn = c.fresh()
	}
	return c.conn
}

// open returns the present connection, or a fresh one if that has ended.
func (c *Connectable[T]) open() *connection[T] {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.conn == nil || c.conn.over() {
		c.conn = c.fresh()
	}
	return c.conn
}

func (c *Connectable[T]) fresh() *connection[T] {
	conn := &connection[T]{parent: c, ctx: context.Background()}
	if c.replays {
		h := new(history[T])
		h.conn = conn
		h.keep(c.opts)
		conn.core = h
	} else {
		h := new(hub[T])
		h.conn = conn
		conn.core = h
	}
	return conn
}

// forget lets go of conn, which is about to end or has ended.
func (c *Connectable[T]) forget(conn *connection[T]) {
	c.mu.Lock()
	if c.conn == conn {
		c.conn = nil
	}
	c.mu.Unlock()
}
