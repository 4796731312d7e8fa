package observabletest

import (
	"runtime"
	"sync"
	"weak"
)

// referenceCases check rule C18: what is held after the end.
func referenceCases[T any]() []operatorCase[T] {
	tokens := func(*Operator[T]) bool {
		_, ok := any(*new(T)).(*Token)
		return ok
	}
	return []operatorCase[T]{
		{"C18 no item is held after the end", tokens, func(c *operatorTrial[T]) {
			for _, err := range []error{nil, errBoom} {
				p := c.probe(5)
				p.Err = err
				c.heldAfter(p, -1)
			}
		}},
		{"C18 no item is held after Dispose", tokens, func(c *operatorTrial[T]) {
			if early(&c.op) {
				c.heldAfter(c.probe(Endless), 1)
			}
			p := c.probe(3)
			p.Open = true
			c.heldAfter(p, -1)
		}},
	}
}

// heldAfter subscribes, disposes after stopAfter items or else in the end, and
// then counts the items that are still held by the stream and the Disposable,
// which the case keeps.
func (c *operatorTrial[T]) heldAfter(p *Probe[T], stopAfter int) {
	c.tb.Helper()
	var mu sync.Mutex
	var made []weak.Pointer[Token]
	p.Item = func(i int) T {
		t := &Token{N: i}
		mu.Lock()
		made = append(made, weak.Make(t))
		mu.Unlock()
		return any(t).(T)
	}
	obs := c.observer().DisposeAfter(stopAfter)
	obs.Forget = true
	stream := c.apply(p, nothing)
	c.start(stream, obs)
	if !obs.Terminated() {
		obs.Dispose()
	}
	settle()
	runtime.GC()
	held := 0
	for _, w := range made {
		if w.Value() != nil {
			held++
		}
	}
	if held > 0 {
		c.tb.Errorf("%d of %d items are still held, after %v", held, len(made), obs)
	}
	runtime.KeepAlive(stream)
	runtime.KeepAlive(obs)
	runtime.KeepAlive(p)
}
