package observable

import (
	"context"
	"slices"
)

// whenCutSource cuts a stream into parts at each item of another one.
type whenCutSource[T, U, R any] struct {
	up       Source[T]
	boundary Source[U]
	// early says that the first part is there before the other stream is
	// subscribed to. RxJava's buffers are, its windows are not.
	early bool
	parts partsOf[T, R]
}

func (s *whenCutSource[T, U, R]) Subscribe(ctx context.Context, o Observer[R]) {
	w := &whenCut[T]{early: s.early}
	e := &edge[T, U]{door[T]{to: &w.cutting}, link{}}
	w.to, w.cutter, w.edge = &w.cutting, w, e
	w.out = s.parts(ctx, o, w)
	w.out.announce()
	made := false
	defer passing(&made, w)
	if w.early {
		w.door.enter(cut[T]{kind: cutNext})
	}
	if !w.over.Load() {
		subscribe(ctx, s.boundary, e)
	}
	if !w.over.Load() {
		subscribe(ctx, s.up, w)
	}
	made = true
}

type whenCut[T any] struct {
	cutting[T]
	edge  Disposable // the subscription to the other stream
	early bool
}

// begin implements cutter.
func (w *whenCut[T]) begin() {
	if !w.early {
		w.door.enter(cut[T]{kind: cutNext})
	}
}

func (w *whenCut[T]) item(v T) { w.addAll(v) }

func (w *whenCut[T]) event(cut[T]) {
	if w.next() {
		w.open[0].unwanted()
	}
}

func (w *whenCut[T]) alone()   { w.edge.Dispose() }
func (w *whenCut[T]) release() { w.edge.Dispose() }

// edge observes the other stream.
type edge[T, U any] struct {
	door[T]
	link
}

func (e *edge[T, U]) OnSubscribe(d Disposable) { e.set(d) }
func (e *edge[T, U]) OnNext(U)                 { e.enter(cut[T]{kind: cutNext}) }
func (e *edge[T, U]) OnError(err error)        { e.enter(cut[T]{kind: cutEnd, err: err}) }
func (e *edge[T, U]) OnComplete()              { e.enter(cut[T]{kind: cutEnd}) }

// openCloseSource cuts a stream into parts that a stream begins, and that
// streams made of its items end.
type openCloseSource[T, U, C, R any] struct {
	up    Source[T]
	open  Source[U]
	close func(U) Observable[C]
	parts partsOf[T, R]
}

func (s *openCloseSource[T, U, C, R]) Subscribe(ctx context.Context, o Observer[R]) {
	c := new(openClose[T])
	g := &gate[T, U, C]{door: door[T]{to: &c.cutting}, at: c, ctx: ctx, close: s.close}
	c.to, c.cutter, c.gate = &c.cutting, c, g
	c.out = s.parts(ctx, o, c)
	c.out.announce()
	made := false
	defer passing(&made, c)
	if !c.out.Disposed() {
		subscribe(ctx, s.open, g)
	}
	if !c.over.Load() {
		subscribe(ctx, s.up, c)
	}
	made = true
}

type openClose[T any] struct {
	cutting[T]
	gate   Disposable // the subscription to the stream that begins parts
	closes group      // the subscriptions that end parts
	opened bool       // no part will begin; the drainer's
}

// shutter observes the stream that ends a part.
type shutter[T any] interface {
	begin(p part[T])
	ends() part[T]
}

// begin implements cutter.
func (c *openClose[T]) begin() {}

func (c *openClose[T]) item(v T) { c.addAll(v) }

func (c *openClose[T]) event(e cut[T]) {
	switch e.kind {
	case cutOpen:
		p := c.add()
		if p == nil {
			return
		}
		if p.unwanted() {
			c.shut(len(c.open) - 1)
			break
		}
		e.by.begin(p)
		return
	case cutShut:
		if i := slices.Index(c.open, e.by.ends()); i >= 0 {
			c.shut(i)
		}
	case cutNoMore:
		c.opened = true
	}
	if c.opened && len(c.open) == 0 && !c.over.Load() {
		c.finish(nil)
	}
}

func (c *openClose[T]) alone() { c.gate.Dispose() }

func (c *openClose[T]) release() {
	c.gate.Dispose()
	c.closes.Dispose()
}

// gate observes the stream that begins parts.
type gate[T, U, C any] struct {
	door[T]
	link
	at    *openClose[T]
	ctx   context.Context
	close func(U) Observable[C]
}

func (g *gate[T, U, C]) OnSubscribe(d Disposable) { g.set(d) }

func (g *gate[T, U, C]) OnNext(v U) {
	s := &closer[T, C]{door: door[T]{to: g.to}, at: g.at, ctx: g.ctx, src: g.close(v).src}
	g.enter(cut[T]{kind: cutOpen, by: s})
}

func (g *gate[T, U, C]) OnError(err error) { g.enter(cut[T]{kind: cutEnd, err: err}) }
func (g *gate[T, U, C]) OnComplete()       { g.enter(cut[T]{kind: cutNoMore}) }

// closer implements shutter.
type closer[T, C any] struct {
	door[T]
	member
	at   *openClose[T]
	ctx  context.Context
	src  Source[C]
	part part[T]
	over bool // the stream's
}

// begin subscribes, as the drainer.
func (c *closer[T, C]) begin(p part[T]) {
	c.part = p
	if !c.at.closes.add(&c.member) {
		return
	}
	made := false
	defer passing(&made, c)
	subscribe(c.ctx, c.src, c)
	made = true
}

func (c *closer[T, C]) ends() part[T]            { return c.part }
func (c *closer[T, C]) OnSubscribe(d Disposable) { c.set(d) }
func (c *closer[T, C]) OnComplete()              { c.end() }

func (c *closer[T, C]) OnNext(C) {
	c.Dispose()
	c.end()
}

func (c *closer[T, C]) end() {
	if c.over {
		return
	}
	c.over = true
	c.at.closes.remove(&c.member)
	c.enter(cut[T]{kind: cutShut, by: c})
}

func (c *closer[T, C]) OnError(err error) {
	c.at.closes.remove(&c.member)
	c.enter(cut[T]{kind: cutEnd, err: err})
}
