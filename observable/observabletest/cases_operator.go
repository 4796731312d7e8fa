package observabletest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/quillgo/quill/observable"
)

// operatorTrial is one case of an operator in progress.
type operatorTrial[T any] struct {
	*trial
	op Operator[T]
}

// operatorCase is one case for operators; needs, if not nil, says to which it
// applies.
type operatorCase[T any] struct {
	name  string
	needs func(op *Operator[T]) bool
	run   func(c *operatorTrial[T])
}

func operatorCases[T any]() []operatorCase[T] {
	var all []operatorCase[T]
	all = append(all, protocolCases[T]()...)
	all = append(all, disposalCases[T]()...)
	all = append(all, panicCases[T]()...)
	all = append(all, repetitionCases[T]()...)
	all = append(all, referenceCases[T]()...)
	all = append(all, contextCases[T]()...)
	return all
}

func nothing() {}

// othersFirst returns when no other goroutine of the bubble has anything to do.
func othersFirst() { time.Sleep(time.Nanosecond) }

// probe returns an upstream of count items, which completes.
func (c *operatorTrial[T]) probe(count int) *Probe[T] {
	p := &Probe[T]{Item: c.op.Item, Count: count}
	if c.op.Async {
		p.Each = func(int) { othersFirst() } // it would run far ahead
	}
	c.stop = append(c.stop, func() { p.halted.Store(true) })
	return p
}

// failing returns an upstream of count items, which fails.
func (c *operatorTrial[T]) failing(count int) *Probe[T] {
	p := c.probe(count)
	p.Err = errBoom
	return p
}

// hooked returns an upstream that makes the operator call its user function.
func (c *operatorTrial[T]) hooked() *Probe[T] {
	if c.op.Hook == PerError {
		return c.failing(3)
	}
	return c.probe(3)
}

// apply makes the stream under test. Its observer must be made by watch.
func (c *operatorTrial[T]) apply(p *Probe[T], hook func()) observable.Observable[any] {
	return c.op.Apply(p.Observable(), hook)
}

// watch returns an observer that checks rule C6: when the end is told, no
// upstream is running any more.
func (c *operatorTrial[T]) watch(p *Probe[T]) *TestObserver[any] {
	obs := c.observer()
	stopped := func() {
		if p.Active() > 0 {
			c.tb.Errorf("C6: the end was told while upstream was still running\n got: %v", obs)
		}
	}
	obs.Inside.Error = func(error) { stopped() }
	obs.Inside.Complete = stopped
	return obs
}

// run subscribes to the stream under test, of p, and waits.
func (c *operatorTrial[T]) run(p *Probe[T], hook func()) *TestObserver[any] {
	obs := c.watch(p)
	c.start(c.apply(p, hook), obs)
	return obs
}

// stopped checks that p is not running any more.
func (c *operatorTrial[T]) stopped(p *Probe[T]) {
	c.tb.Helper()
	if p.Active() > 0 {
		c.tb.Errorf("upstream has not been disposed")
	}
	if p.Escaped() {
		c.tb.Errorf("upstream was not stopped within %d items", p.Produced())
	}
}

func (op *Operator[T]) firstNeeds() int { return max(1, op.Needs) }

func early[T any](op *Operator[T]) bool  { return op.Needs != AtEnd }
func passes[T any](op *Operator[T]) bool { return !op.Recovers }
func hooks[T any](op *Operator[T]) bool  { return op.Hook != NoHook }

func protocolCases[T any]() []operatorCase[T] {
	ends := func(async bool, count int, err error) func(c *operatorTrial[T]) {
		return func(c *operatorTrial[T]) {
			p := c.probe(count)
			p.Err, p.Async, p.Gap = err, async, time.Millisecond
			obs := c.watch(p)
			if async {
				obs.Inside.Next = func(any) { time.Sleep(time.Millisecond) } // time for others to come in
			}
			c.start(c.apply(p, nothing), obs)
			c.ended(obs)
			c.stopped(p)
			if err != nil && !c.op.Recovers && obs.Err() != nil {
				c.failed(obs, err)
			}
		}
	}
	return []operatorCase[T]{
		{"C1 C2 C3 items, then completion", nil, ends(false, 5, nil)},
		{"C1 C2 C3 items, then an error", nil, ends(false, 5, errBoom)},
		{"C1 C2 C3 completion at once", nil, ends(false, 0, nil)},
		{"C1 C2 C3 an error at once", nil, ends(false, 0, errBoom)},
		{"C1 C2 C3 items from another goroutine, then completion", nil, ends(true, 5, nil)},
		{"C1 C2 C3 items from another goroutine, then an error", nil, ends(true, 5, errBoom)},
		{"C1 a second OnSubscribe is refused", nil, func(c *operatorTrial[T]) {
			bad := &BadSource[T]{Values: []T{c.op.Item(0), c.op.Item(1)}, Twice: true}
			obs := c.observer()
			c.start(c.op.Apply(bad.Observable(), nothing), obs)
			for _, err := range c.taken() {
				if refused := new(observable.ProtocolError); !errors.As(err, &refused) {
					c.tb.Errorf("the error handler got %v, want a ProtocolError", err)
				}
			}
		}},
		{"C3 nothing follows the end of a source that goes on", nil, func(c *operatorTrial[T]) {
			bad := &BadSource[T]{Values: []T{c.op.Item(0), c.op.Item(1)}, AfterEnd: errBoom}
			c.start(c.op.Apply(bad.Observable(), nothing), c.observer())
			c.taken() // what is dropped is reported once for each subscription
		}},
		{"C3 C9 a source that panics fails the stream", nil, func(c *operatorTrial[T]) {
			bad := &BadSource[T]{Values: []T{c.op.Item(0)}, Panic: errBoom}
			obs := c.observer()
			c.start(c.op.Apply(bad.Observable(), nothing), obs)
			c.ended(obs)
			if passes(&c.op) && obs.Err() != nil {
				c.failed(obs, errBoom)
			}
			c.taken() // an operator that had ended before cannot tell it
		}},
	}
}

func disposalCases[T any]() []operatorCase[T] {
	return []operatorCase[T]{
		{"C4 dispose inside OnSubscribe", nil, func(c *operatorTrial[T]) {
			p := c.probe(3)
			obs := c.watch(p).DisposeAfter(0)
			c.start(c.apply(p, nothing), obs)
			obs.AssertEmpty(c.tb)
			obs.AssertNotTerminated(c.tb)
			if n := p.Produced(); n > 0 && !c.op.Async {
				c.tb.Errorf("upstream emitted %d items", n)
			}
			c.stopped(p)
		}},
		{"C4 Disposed is false after a natural end and true after Dispose", nil, func(c *operatorTrial[T]) {
			obs := c.run(c.probe(3), nothing)
			d := obs.Upstream()
			if d.Disposed() {
				c.tb.Errorf("Disposed is true after a natural end")
			}
			d.Dispose()
			d.Dispose()
			if !d.Disposed() {
				c.tb.Errorf("Disposed is false after Dispose")
			}
		}},
		{"C4 C7 dispose from another goroutine", nil, func(c *operatorTrial[T]) {
			p := c.probe(Endless)
			p.Async, p.Gap = true, time.Second
			obs := c.watch(p)
			stream := c.apply(p, nothing)
			c.stop = append(c.stop, obs.Dispose)
			go stream.Subscribe(c.ctx, obs)
			time.Sleep(10*time.Second + time.Millisecond)
			ended := obs.Terminated()
			obs.Dispose()
			obs.Dispose()
			settle()
			if obs.Terminated() != ended {
				c.tb.Errorf("dispose gave an end\n got: %v", obs)
			}
			c.stopped(p)
		}},
		{"C4 dispose before upstream calls OnSubscribe", nil, func(c *operatorTrial[T]) {
			p := c.probe(3)
			p.Async, p.Late, p.Gap = true, true, time.Second
			obs := c.watch(p)
			stream := c.apply(p, nothing)
			c.stop = append(c.stop, obs.Dispose)
			go stream.Subscribe(c.ctx, obs)
			time.Sleep(time.Millisecond)
			before := outcome(obs)
			obs.Dispose()
			settle()
			if after := outcome(obs); after != before || p.Produced() > 0 && !c.op.Async {
				c.tb.Errorf("before Dispose: %s\n after it: %s, upstream emitted %d items", before, after, p.Produced())
			}
			c.stopped(p)
		}},
		{"C5 dispose inside OnNext stops a synchronous source", early[T], func(c *operatorTrial[T]) {
			p := c.probe(Endless)
			obs := c.watch(p).DisposeAfter(1)
			c.start(c.apply(p, nothing), obs)
			c.onlyFirst(p, obs)
			obs.AssertNotTerminated(c.tb)
		}},
		{"C5 C6 Take(1) behind stops a synchronous source", early[T], func(c *operatorTrial[T]) {
			p := c.probe(Endless)
			obs := c.watch(p)
			c.start(c.apply(p, nothing).Take(1), obs)
			c.onlyFirst(p, obs)
			obs.AssertComplete(c.tb)
		}},
		{"C5 C6 Take(1) in front stops a synchronous source", nil, func(c *operatorTrial[T]) {
			p := c.probe(Endless)
			obs := c.watch(p)
			c.start(c.op.Apply(p.Observable().Take(1), nothing), obs)
			c.ended(obs)
			if n, subs := p.Produced(), p.Subscriptions(); n != subs {
				c.tb.Errorf("upstream emitted %d items to %d subscribers", n, subs)
			}
			c.stopped(p)
		}},
		{"C7 dispose gives no signal", nil, func(c *operatorTrial[T]) {
			p := c.probe(3)
			p.Open = true
			obs := c.run(p, nothing)
			before := outcome(obs)
			obs.Dispose()
			settle()
			if after := outcome(obs); after != before {
				c.tb.Errorf("before Dispose: %s\n after it: %s", before, after)
			}
			c.stopped(p)
		}},
	}
}

// onlyFirst checks that obs got one item, and that p has emitted no more than
// that took.
func (c *operatorTrial[T]) onlyFirst(p *Probe[T], obs *TestObserver[any]) {
	c.tb.Helper()
	if obs.Count() != 1 {
		c.tb.Errorf("%d items, want one\n got: %v", obs.Count(), obs)
	}
	if n := p.Produced(); n != c.op.firstNeeds() && !c.op.Async {
		c.tb.Errorf("upstream emitted %d items, want %d", n, c.op.firstNeeds())
	}
	c.stopped(p)
}

func repetitionCases[T any]() []operatorCase[T] {
	return []operatorCase[T]{
		{"C12 each subscription gives the same", nil, func(c *operatorTrial[T]) {
			for _, p := range []*Probe[T]{c.probe(3), c.failing(3)} {
				stream := c.apply(p, nothing)
				first, second := c.watch(p), c.watch(p)
				c.start(stream, first)
				c.start(stream, second)
				if c.op.Async && p.Err != nil {
					continue // an error may overtake items, or not
				}
				if outcome(first) != outcome(second) {
					c.tb.Errorf("first subscription: %v\nsecond subscription: %v", first, second)
				}
			}
		}},
		{"C12 concurrent subscriptions give the same", nil, func(c *operatorTrial[T]) {
			p := c.probe(3)
			// (Late: else whether one that is subscribed to twice emits before the
			// second time is the scheduler's to say.)
			p.Async, p.Late, p.Gap = true, true, time.Millisecond
			stream := c.apply(p, nothing)
			var all [4]*TestObserver[any]
			for i := range all {
				all[i] = c.observer()
				c.stop = append(c.stop, all[i].Dispose)
				go stream.Subscribe(c.ctx, all[i])
			}
			settle()
			for _, obs := range all {
				c.ended(obs)
				if !sameItems(obs, all[0]) {
					c.tb.Errorf("one subscription: %v\n    another one: %v", all[0], obs)
				}
			}
		}},
		{"C13 assembly does nothing", nil, func(c *operatorTrial[T]) {
			p := c.probe(3)
			called := 0
			c.assemble(func() { c.apply(p, func() { called++ }) })
			if p.Subscriptions() > 0 {
				c.tb.Errorf("assembly subscribed to upstream")
			}
			if called > 0 {
				c.tb.Errorf("assembly called the user function")
			}
		}},
		{"C15 subscribing inside OnNext", nil, func(c *operatorTrial[T]) {
			p := c.probe(3)
			stream := c.apply(p, nothing)
			outer, inner := c.observer(), c.observer()
			c.stop = append(c.stop, inner.Dispose)
			first := true
			outer.Inside.Next = func(any) {
				if first {
					first = false
					stream.Subscribe(c.ctx, inner)
				}
			}
			c.start(stream, outer)
			c.ended(outer)
			settle() // the inner one may have begun late
			if !first && outcome(inner) != outcome(outer) {
				c.tb.Errorf("outer subscription: %v\ninner subscription: %v", outer, inner)
			}
		}},
		{"C19 zero values are items", nil, func(c *operatorTrial[T]) {
			same := c.op.Item(1)
			count := func(v T) string {
				p := c.probe(3)
				p.Item = func(int) T { return v }
				obs := c.run(p, nothing)
				c.ended(obs)
				if obs.Err() != nil {
					c.tb.Errorf("zero values failed the stream: %v", obs)
				}
				return fmt.Sprint(obs.Count())
			}
			var zero T
			if with, without := count(zero), count(same); with != without {
				c.tb.Errorf("three zero values give %s items, three others %s", with, without)
			}
		}},
	}
}

// sameItems reports whether two streams came to the same, but for the order of
// their items.
func sameItems(a, b *TestObserver[any]) bool {
	texts := func(obs *TestObserver[any]) []string {
		var all []string
		for _, v := range obs.Values() {
			all = append(all, fmt.Sprint(v))
		}
		slices.Sort(all)
		return append(all, fmt.Sprint(obs.Completed(), obs.Err()))
	}
	return slices.Equal(texts(a), texts(b))
}

func contextCases[T any]() []operatorCase[T] {
	return []operatorCase[T]{
		{"C20 a context that has ended", nil, func(c *operatorTrial[T]) {
			p := c.probe(3)
			c.cancelable()(errBoom)
			called := 0
			obs := c.run(p, func() { called++ })
			obs.AssertEmpty(c.tb)
			c.failed(obs, errBoom)
			if called > 0 || p.Produced() > 0 {
				c.tb.Errorf("the stream ran: %d items, %d calls of the user function", p.Produced(), called)
			}
			c.stopped(p)
		}},
		{"C20 the context ends while upstream waits", nil, func(c *operatorTrial[T]) {
			p := c.probe(0)
			p.Open = true
			cancel := c.cancelable()
			obs := c.run(p, nothing)
			if obs.Terminated() {
				return // it does not wait for upstream
			}
			cancel(errBoom)
			settle()
			c.failed(obs, errBoom)
			c.stopped(p)
		}},
		{"C20 the context ends while a synchronous source emits", nil, func(c *operatorTrial[T]) {
			p := c.probe(Endless)
			cancel := c.cancelable()
			p.Each = func(i int) {
				if i == 2 {
					cancel(errBoom)
				}
				othersFirst() // the end of a context is told on a goroutine of its own
			}
			obs := c.run(p, nothing)
			c.ended(obs)
			if obs.Err() != nil {
				c.failed(obs, errBoom)
			}
			c.stopped(p)
		}},
		{"C20 the context is passed on", nil, func(c *operatorTrial[T]) {
			type key struct{}
			p := c.probe(3)
			seen := make(map[any]bool)
			up := observable.Defer(func(ctx context.Context) observable.Observable[T] {
				seen[ctx.Value(key{})] = true
				return p.Observable()
			})
			c.ctx = context.WithValue(c.ctx, key{}, "here")
			c.start(c.op.Apply(up, nothing), c.watch(p))
			if !seen["here"] || len(seen) != 1 {
				c.tb.Errorf("upstream saw the values %v in its context", seen)
			}
		}},
	}
}
