package command

import (
	"context"
	"reflect"

	"github.com/quillgo/quill/cache"
	"github.com/quillgo/quill/observable"
)

// Execute runs the command and waits for its result (HystrixCommand.execute).
//
// With Semaphore isolation the body and the fallback run on the caller's
// goroutine: Execute returns when they do, and a body that comes back after the
// timeout has timed out. With Pool isolation Execute returns at the timeout, or
// when ctx ends, whatever the body does.
//
// The error is an [*Error], or the body's own error if it was marked with
// [BadRequest] or [Bare], or context.Cause(ctx) if the caller's context ended
// first. A streaming command must give exactly one item: else the error is
// observable.ErrEmpty or observable.ErrTooMany.
func (c *Command[In, Out]) Execute(ctx context.Context, in In) (Out, error) {
	if c.cacheKey == nil && c.stream == nil {
		set := c.core.settings.Load()
		if set.Isolation == Pool {
			return c.executePooled(ctx, in, set, nil)
		}
		return c.executeOnStack(ctx, in, set)
	}
	r := c.route(ctx, in)
	if r.err != nil {
		var zero Out
		return zero, r.err
	}
	switch r.way {
	case alone:
		return c.executeOnStack(ctx, in, r.set)
	case pooled:
		return c.executePooled(ctx, in, r.set, nil)
	case shared:
		f, o, ok := cache.Peek(cache.ScopeFrom(ctx), r.key)
		if ok && (o.Items == 1 || o.Err != nil) && ctx.Err() == nil {
			return c.hit(ctx, in, r.set, f, o)
		}
	}
	return c.await(ctx, in, r, nil)
}

// executeOnStack is executeFused for an execution that nobody looks at.
func (c *Command[In, Out]) executeOnStack(ctx context.Context, in In, set *resolved) (Out, error) {
	var x execution // stays on the stack: a Call's is elsewhere
	x.marks.alone = true
	return c.executeFused(ctx, in, set, &x)
}

// way is how a command goes through the pipeline.
type way uint8

const (
	alone    way = iota // fused, on the caller's goroutine
	pooled              // fused, in a slot of the pool
	shared              // as a stream, through the request cache
	streamed            // as a stream
)

// route is how one execution goes, decided once: with which settings, which way,
// and under which key it is shared.
type route[Out any] struct {
	set *resolved
	way way
	key cache.Key[Out]
	err error // why it cannot begin
}

// route decides how an execution for in goes.
func (c *Command[In, Out]) route(ctx context.Context, in In) route[Out] {
	r := route[Out]{set: c.core.settings.Load(), way: alone}
	switch {
	case c.stream != nil:
		r.way = streamed
	case r.set.Isolation == Pool:
		r.way = pooled
	}
	if c.cacheKey != nil && r.set.RequestCache != Off {
		c.share(ctx, in, &r)
	}
	return r
}

// ToFuture starts the command and returns at once (HystrixCommand.queue). It
// never blocks and never fails: the future tells. The end of ctx cancels the
// execution, as [Future.Cancel] does. With Semaphore isolation the body gets a
// goroutine of its own.
func (c *Command[In, Out]) ToFuture(ctx context.Context, in In) *Future[Out] {
	return c.toFuture(ctx, in, nil)
}

// Observe starts the command and returns its result as a hot stream, replayed
// to whoever subscribes, and when (HystrixCommand.observe). The execution is
// cancelled when ctx ends, or when the last of its subscribers leaves; it goes
// on while there was none yet. With Semaphore isolation Observe returns when the
// body does.
func (c *Command[In, Out]) Observe(ctx context.Context, in In) observable.Observable[Out] {
	return c.observe(ctx, in, nil)
}

// ToObservable returns the command's result as a cold stream: each subscription
// is an execution (HystrixCommand.toObservable). The subscription's context gives
// the values and the scope; its end, or a Dispose, cancels the execution.
func (c *Command[In, Out]) ToObservable(in In) observable.Observable[Out] {
	return c.toObservable(in, nil)
}

// Call returns an object for one execution, which can be inspected while it runs
// and after (the HystrixCommand of old).
func (c *Command[In, Out]) Call(in In) *Call[In, Out] {
	return newCall(c, in)
}

// ClearCache forgets the result that ctx's scope has for in: the next call runs
// anew. It does nothing for a command or an input without a key. The error is
// cache.ErrNoScope or cache.ErrScopeClosed.
func (c *Command[In, Out]) ClearCache(ctx context.Context, in In) error {
	if c.cacheKey == nil {
		return nil
	}
	key, ok := c.cacheKey(in)
	if !ok {
		return nil
	}
	return cache.Clear(ctx, space[Out](c.core.use()).Key(key))
}

// hooked returns the hooks of an execution, or nil if there are none.
func (c *Command[In, Out]) hooked(ctx context.Context, in In) *hooked {
	if c.hooks == nil {
		return nil
	}
	return &hooked{chain: c.hooks, info: Info{Command: c.core.name, Group: c.core.group, Context: ctx, Input: in, out: reflect.TypeFor[Out]()}}
}
