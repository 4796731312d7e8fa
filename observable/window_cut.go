package observable

import (
	"sync"
	"sync/atomic"
)

// cutting cuts a stream into parts where others than the source have a say in
// it: timers, or other streams. What they all have to say is dealt with one thing
// at a time, in order, by whoever comes in first (rules C2, C14 and C15): who
// finds somebody inside leaves it in the queue. It is embedded in a cutter, and
// observes the source.
type cutting[T any] struct {
	door[T] // the source's
	out     parts[T]
	cutter  cutter[T]

	wip   atomic.Int32 // as in serial, but it goes down after the end too
	mu    sync.Mutex
	queue fifo[cut[T]] // guarded by mu
	open  []part[T]    // in order; the drainer's
	over  atomic.Bool  // the end is being told, or nobody wants anything; the drainer's to set
}

// cutter knows when parts begin and end.
type cutter[T any] interface {
	// item and event are called by the drainer.
	item(v T)
	event(c cut[T])
	// begin is called when the source has called OnSubscribe.
	begin()
	// alone and release are called from any goroutine, any number of times: to
	// dispose what would only begin parts, and everything but the source.
	alone()
	release()
}

// cut is something that waits for its turn.
type cut[T any] struct {
	kind cutKind
	n    int // with cutNext: the number of the part that was begun last, if it counts
	v    T
	err  error
	by   shutter[T] // with cutOpen and cutShut
}

type cutKind uint8

const (
	cutItem   cutKind = iota
	cutNext           // the part ends and the next one begins
	cutOpen           // a part begins
	cutShut           // a part ends: the oldest, or that of by
	cutNoMore         // no part will begin
	cutEnd            // the stream ends, with err
	cutHalt           // nobody wants anything
)

// door is where a producer comes in. It is the producer's goroutine's, and is
// embedded in the producer's observer.
type door[T any] struct {
	to     *cutting[T]
	inside bool // so that a Goexit that passes by has left the drain
}

// enter has c dealt with.
func (d *door[T]) enter(c cut[T]) {
	before := d.inside // a producer may be called back from below
	d.inside = true
	d.to.enter(c)
	d.inside = before
}

// task is enter for a task, which has no boundary.
func (d *door[T]) task(c cut[T]) {
	done := false
	defer passing(&done, d)
	d.enter(c)
	done = true
}

// failed implements failer. What is below has boundaries of its own, so either a
// user function of the stage is to blame, or a Goexit passes by.
func (d *door[T]) failed(cause error) {
	end := cut[T]{kind: cutEnd, err: cause}
	if !d.inside {
		d.to.enter(end)
		return
	}
	d.inside = false // this goroutine was the drainer, and still is
	d.to.step(end)
	d.to.drain()
}

// Blame implements [Stage].
func (d *door[T]) Blame() (bool, Disposable, any) {
	_, down := d.to.out.below()
	return true, d.to.out, down
}

func (c *cutting[T]) OnSubscribe(d Disposable) {
	c.out.arrived(d)
	c.cutter.begin()
}

func (c *cutting[T]) OnNext(v T) {
	before := c.inside
	c.inside = true
	if c.wip.CompareAndSwap(0, 1) {
		if !c.over.Load() {
			c.cutter.item(v)
		}
		c.leave()
	} else {
		c.wait(cut[T]{v: v})
	}
	c.inside = before
}

func (c *cutting[T]) OnError(err error) { c.door.enter(cut[T]{kind: cutEnd, err: err}) }
func (c *cutting[T]) OnComplete()       { c.door.enter(cut[T]{kind: cutEnd}) }

// enter deals with e, now or when its turn comes.
func (c *cutting[T]) enter(e cut[T]) {
	if c.wip.CompareAndSwap(0, 1) {
		c.step(e)
		c.leave()
	} else {
		c.wait(e)
	}
}

// wait queues e, for whoever is inside.
func (c *cutting[T]) wait(e cut[T]) {
	c.mu.Lock()
	c.queue.push(e)
	c.mu.Unlock()
	if c.wip.Add(1) == 1 {
		c.drain()
	}
}

// leave gives up the drainer's place, or goes on if somebody came meanwhile.
func (c *cutting[T]) leave() {
	if c.wip.Add(-1) != 0 {
		c.drain()
	}
}

func (c *cutting[T]) drain() {
	for {
		seen := c.wip.Load()
		for {
			c.mu.Lock()
			if c.queue.n == 0 {
				c.mu.Unlock()
				break
			}
			e := c.queue.pop()
			c.mu.Unlock()
			c.step(e)
		}
		if c.wip.Add(-seen) == 0 {
			return
		}
	}
}

// step deals with e, as the drainer.
func (c *cutting[T]) step(e cut[T]) {
	if c.over.Load() {
		ctx, _ := c.out.below()
		reportLate(ctx, e.err)
		return
	}
	switch e.kind {
	case cutItem:
		c.cutter.item(e.v)
	case cutEnd:
		c.finish(e.err)
	case cutHalt:
		c.over.Store(true)
		c.open = nil
	default:
		c.cutter.event(e)
	}
}

// finish ends everything, as the drainer.
func (c *cutting[T]) finish(err error) {
	c.over.Store(true)
	c.out.stop()
	c.cutter.release()
	all := c.open
	c.open = nil
	endParts(all, err)
	c.out.end(err)
}

// next ends the open part and begins another one, as the drainer. It reports
// false if nobody wants that.
func (c *cutting[T]) next() bool {
	if len(c.open) > 0 {
		p := c.open[0]
		c.open[0] = nil
		c.open = c.open[:0]
		p.close()
	}
	return c.add() != nil
}

// add begins a part, as the drainer. It returns nil if nobody wants one.
func (c *cutting[T]) add() part[T] {
	p := c.out.begin()
	if p != nil {
		c.open = append(c.open, p)
	}
	return p
}

// shut ends the i-th part, as the drainer.
func (c *cutting[T]) shut(i int) {
	p := c.open[i]
	last := i + copy(c.open[i:], c.open[i+1:])
	c.open[last] = nil
	c.open = c.open[:last]
	p.close()
}

// addAll adds v to all parts, as the drainer.
func (c *cutting[T]) addAll(v T) {
	for _, p := range c.open {
		p.add(v)
	}
}

// alone implements outletStage.
func (c *cutting[T]) alone() { c.cutter.alone() }

// halt implements outletStage.
func (c *cutting[T]) halt() {
	c.cutter.release()
	c.enter(cut[T]{kind: cutHalt})
}
