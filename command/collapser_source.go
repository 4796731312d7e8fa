package command

import (
	"context"

	"github.com/quillgo/quill/cache"
	"github.com/quillgo/quill/observable"
)

// collapserSource is one argument of a collapser as a stream: each subscription
// is a request.
type collapserSource[In comparable, Out any] struct {
	collapser *Collapser[In, Out]
	in        In
}

func (s *collapserSource[In, Out]) Subscribe(ctx context.Context, o observable.Observer[Out]) {
	s.collapser.subscribe(ctx, s.in, o)
}

// subscribe makes a request and sends its answer to o: through the request cache
// if it has a key, else into a batch.
func (c *Collapser[In, Out]) subscribe(ctx context.Context, in In, o observable.Observer[Out]) {
	if ctx.Err() != nil {
		fail(ctx, context.Cause(ctx), o)
		return
	}
	key, ok, err := c.key(ctx, in)
	switch {
	case err != nil:
		fail(ctx, err, o)
	case ok:
		c.share(ctx, in, key, o)
	default:
		_, ours := o.(*resultObserver[Out])
		c.submit(ctx, in, &seat[In, Out]{down: o, ours: ours})
	}
}

// key returns under which key a request is shared, if it is.
func (c *Collapser[In, Out]) key(ctx context.Context, in In) (key cache.Key[Out], ok bool, err error) {
	if c.cacheKey == nil {
		return key, false, nil
	}
	switch use := c.core.settings.Load().RequestCache; {
	case use == Off, use == WhenScoped && cache.ScopeFrom(ctx) == nil:
		return key, false, nil
	}
	defer func() {
		if p := recover(); p != nil {
			err = c.fails(in, observable.NewPanicError(p))
		}
	}()
	text, ok := c.cacheKey(in)
	if !ok {
		return key, false, nil
	}
	return spaceOf[Out](&c.core.spaces, c.core.name).Key(text), true, nil
}

// futureInBatch is ToFuture for a collapser without a cache key.
func (c *Collapser[In, Out]) futureInBatch(ctx context.Context, in In) *Future[Out] {
	f := new(collapsedFuture[In, Out])
	f.execution = f
	f.seat.down, f.seat.ours, f.seat.ctx = f, true, ctx
	if ctx.Err() != nil {
		f.OnError(context.Cause(ctx))
	} else {
		c.submit(ctx, in, &f.seat)
		f.watch(ctx)
	}
	return &f.Future
}

// submit makes a request part of the open batch of its scope.
func (c *Collapser[In, Out]) submit(ctx context.Context, in In, s *seat[In, Out]) {
	b := c.global
	if c.scope == PerRequest {
		var err error
		if b, err = c.scoped.Get(ctx); err != nil {
			fail(ctx, c.fails(in, err), s.down)
			return
		}
	}
	s.batcher, s.ctx = b, observable.WithoutHold(ctx)
	s.announce()
	if err := b.submit(in, s); err != nil {
		s.tell(nil, true, c.fails(in, err))
	}
}
