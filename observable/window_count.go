package observable

import "context"

// partsOf makes the outlet of one subscription: of buffers or of windows.
type partsOf[T, R any] func(ctx context.Context, down Observer[R], stage outletStage) parts[T]

func checkCount(operator, argument string, n int) {
	if n < 1 {
		panic(badArgument(operator, argument, n, "1 or more"))
	}
}

// countCutSource cuts a stream into parts of count items, one each skip items.
type countCutSource[T, R any] struct {
	up          Source[T]
	count, skip int
	parts       partsOf[T, R]
}

func (s *countCutSource[T, R]) synchronous() bool { return isSynchronous(s.up) }

func (s *countCutSource[T, R]) Subscribe(ctx context.Context, o Observer[R]) {
	subscribe(ctx, s.up, &countCut[T]{out: s.parts(ctx, o, nil), count: s.count, skip: s.skip})
}

// countCut has nobody but the source to wait for, so its fields are the
// emitting goroutine's.
type countCut[T any] struct {
	out         parts[T]
	count, skip int
	open        []part[T] // in order
	next        int       // items until the next part is due, if parts are not back to back
	// first is how many items have come since the oldest part was due; below zero:
	// before the next one will be.
	first int
	over  bool
}

func (c *countCut[T]) OnSubscribe(d Disposable) {
	c.out.arrived(d)
	c.out.announce()
}

func (c *countCut[T]) OnNext(v T) {
	var fresh part[T]
	if c.due() {
		if fresh = c.out.begin(); fresh != nil {
			c.open = append(c.open, fresh)
		}
	}
	for _, p := range c.open {
		p.add(v)
	}
	if c.first++; c.first >= c.count {
		c.first -= c.skip
		c.shut()
	}
	if fresh != nil && fresh.unwanted() && c.skip == c.count {
		c.shut() // the next item opens one again
	}
}

// due reports whether a part begins with the present item.
func (c *countCut[T]) due() bool {
	if c.skip == c.count {
		return len(c.open) == 0
	}
	if c.next--; c.next >= 0 {
		return false
	}
	c.next = c.skip - 1
	return true
}

// shut closes the oldest part, if there is one.
func (c *countCut[T]) shut() {
	if len(c.open) == 0 {
		return
	}
	p := c.open[0]
	last := copy(c.open, c.open[1:])
	c.open[last] = nil
	c.open = c.open[:last]
	p.close()
}

func (c *countCut[T]) OnError(err error) { c.end(err) }
func (c *countCut[T]) OnComplete()       { c.end(nil) }

func (c *countCut[T]) end(err error) {
	if c.over {
		ctx, _ := c.out.below()
		reportLate(ctx, err)
		return
	}
	c.over = true
	c.out.stop()
	all := c.open
	c.open = nil
	endParts(all, err)
	c.out.end(err)
}

// endParts tells the parts the end, in order.
func endParts[T any](all []part[T], err error) {
	for _, p := range all {
		if err != nil {
			p.fail(err)
		} else {
			p.close()
		}
	}
}

// Blame implements [Stage]: what is below has boundaries of its own.
func (c *countCut[T]) Blame() (bool, Disposable, any) {
	_, down := c.out.below()
	return true, c.out, down
}

// failed implements failer.
func (c *countCut[T]) failed(cause error) { c.end(cause) }
