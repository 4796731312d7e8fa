package command

import (
	"context"
	"sync/atomic"

	"github.com/quillgo/quill/cache"
	"github.com/quillgo/quill/metrics"
	"github.com/quillgo/quill/observable"
)

// share joins the request that the scope has for the key, or makes it.
func (c *Collapser[In, Out]) share(ctx context.Context, in In, key cache.Key[Out], o observable.Observer[Out]) {
	if c.core.registry.closed.Load() {
		fail(ctx, c.fails(in, ErrClosed), o)
		return
	}
	k := new(kept[Out])
	f, joined, fresh, err := cache.Board(cache.ScopeFrom(ctx), key, k)
	if err != nil {
		fail(ctx, c.fails(in, err), o)
		return
	}
	if fresh {
		k.flight = f
		// Deferred because others may share the flight by now, if o ends this goroutine.
		defer f.Start(context.WithoutCancel(ctx), observable.NewUnsafe[Out](&keptSource[Out]{k, func(ctx context.Context) {
			c.submit(ctx, in, &seat[In, Out]{down: k})
		}}))
	} else {
		c.core.record().Count(c.core.registry.clock.Now(), metrics.BatchFromCache, 1)
	}
	if own, ok := o.(*kept[Out]); ok {
		own.origin = f.Tag().(*kept[Out])
	}
	joined.Source().Subscribe(ctx, o)
}

// observe is Observe.
func (c *Collapser[In, Out]) observe(ctx context.Context, in In) observable.Observable[Out] {
	f := cache.NewFlight[Out](nil)
	k := &kept[Out]{flight: f}
	o := observable.NewUnsafe[Out](&keptSource[Out]{k, func(ctx context.Context) { c.subscribe(ctx, in, k) }})
	if ctx.Done() != nil {
		stop := context.AfterFunc(ctx, func() { f.Cancel(context.Cause(ctx)) })
		o = o.DoFinally(func() { stop() })
	}
	f.Start(ctx, o)
	return f.Observable()
}

// kept stands between a request and the flight that shares it. When the end of the
// request is known, and with it the last items, kept takes a seat in the flight
// and stays: so who leaves with an item, as [observable.Observable.First] does,
// does not end the flight, and the answer stays for others. (A flight of one item,
// [cache.Flight.StartScalar], would hold the item back until the end, which may
// never come: a mapping may emit and not complete.)
type kept[Out any] struct {
	flight *cache.Flight[Out]
	// origin is the flight that this one shares, if it is not a request that it
	// shares; set before the subscription.
	origin *kept[Out]
	known  atomic.Bool // the end is known, and flight has the seat

	down observable.Observer[Out] // set at the subscription, as is up
	up   observable.Disposable
}

// keep is called before the last items are delivered.
func (k *kept[Out]) keep() {
	if !k.known.Load() {
		k.flight.Join() // if it was left by all there is nothing to keep
		k.known.Store(true)
	}
}

func (k *kept[Out]) OnSubscribe(d observable.Disposable) {
	k.up = d
	k.down.OnSubscribe(d)
}

func (k *kept[Out]) OnNext(v Out) {
	if k.origin != nil && k.origin.known.Load() {
		k.keep()
	}
	k.down.OnNext(v)
}

func (k *kept[Out]) OnError(err error) { k.down.OnError(err) }
func (k *kept[Out]) OnComplete()       { k.down.OnComplete() }

// Blame implements observable.Stage.
func (k *kept[Out]) Blame() (bool, observable.Disposable, any) { return false, k.up, k.down }

// keptSource is what a flight is started with: ask has what k observes.
type keptSource[Out any] struct {
	k   *kept[Out]
	ask func(ctx context.Context)
}

func (s *keptSource[Out]) Subscribe(ctx context.Context, o observable.Observer[Out]) {
	s.k.down = o
	s.ask(ctx)
}
