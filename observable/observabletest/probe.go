package observabletest

import (
	"context"
	"math"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/quillgo/quill/observable"
)

// Endless as the Count of a [Probe] means that it goes on until it is
// disposed.
const Endless = math.MaxInt

// runaway is where an endless probe gives up that nobody stops, so that a
// broken operator fails its test instead of hanging it.
const runaway = 5_000

// Probe is a source that keeps the contract and remembers what happened to it.
// Its exported fields say what it emits and must be set before the first
// subscription.
type Probe[T any] struct {
	Item  func(i int) T // makes the i-th item of a subscription
	Count int           // how many items, or Endless
	Err   error         // fails with it in the end, instead of completing
	Open  bool          // gives no end at all
	// Exit ends the emitting goroutine by runtime.Goexit after the items.
	Exit bool
	// Async emits from a goroutine of the subscription's own, not before
	// Subscribe has returned.
	Async bool
	// Gap is the time between two items of an Async probe, meant for synctest
	// bubbles.
	Gap time.Duration
	// Late calls OnSubscribe from the goroutine of an Async probe, after Gap.
	Late bool
	// Each, if not nil, is called before each item with its number.
	Each func(i int)

	produced atomic.Int64
	escaped  atomic.Bool
	halted   atomic.Bool // the test is over
	mu       sync.Mutex
	runs     []*probeRun // guarded by mu
}

// probeRun is one subscription.
type probeRun struct {
	disposed atomic.Bool
	ended    atomic.Bool // its terminal signal has been, or is being, given
}

func (r *probeRun) Dispose()       { r.disposed.Store(true) }
func (r *probeRun) Disposed() bool { return r.disposed.Load() }

// Observable returns the probe as a stream, without a shield.
func (p *Probe[T]) Observable() observable.Observable[T] { return observable.NewUnsafe[T](p) }

// Subscribe implements [observable.Source].
func (p *Probe[T]) Subscribe(ctx context.Context, o observable.Observer[T]) {
	r := new(probeRun)
	p.mu.Lock()
	p.runs = append(p.runs, r)
	p.mu.Unlock()
	if !p.Async {
		p.emit(ctx, r, o, true)
		return
	}
	if p.Late {
		go func() {
			time.Sleep(p.Gap)
			p.emit(ctx, r, o, true)
		}()
		return
	}
	active := true
	defer observable.Catch(ctx, &active, r, o)
	o.OnSubscribe(r)
	active = false
	if !r.Disposed() {
		go p.emit(ctx, r, o, false)
	}
}

func (p *Probe[T]) emit(ctx context.Context, r *probeRun, o observable.Observer[T], first bool) {
	active := true
	defer observable.Catch(ctx, &active, r, o)
	if first {
		o.OnSubscribe(r)
	}
	for i := 0; i < p.Count && !r.Disposed() && !p.halted.Load(); i++ {
		if p.Count == Endless && i == runaway {
			p.escaped.Store(true)
			break
		}
		if p.Each != nil {
			p.Each(i)
		}
		p.produced.Add(1)
		o.OnNext(p.Item(i))
		if p.Async && p.Gap > 0 {
			time.Sleep(p.Gap)
		}
	}
	if p.Exit && !r.Disposed() {
		r.ended.Store(true)
		runtime.Goexit()
	}
	active = false
	if !r.Disposed() && !p.Open {
		r.ended.Store(true)
		observable.End(ctx, r, o, p.Err)
	}
}

// Subscriptions returns how often the probe was subscribed to.
func (p *Probe[T]) Subscriptions() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.runs)
}

// Active returns how many subscriptions have neither ended nor been disposed.
func (p *Probe[T]) Active() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := 0
	for _, r := range p.runs {
		if !r.ended.Load() && !r.Disposed() {
			n++
		}
	}
	return n
}

// Produced returns how many items were emitted to all subscribers.
func (p *Probe[T]) Produced() int { return int(p.produced.Load()) }

// Escaped reports whether an endless probe had to give up because nobody
// stopped it.
func (p *Probe[T]) Escaped() bool { return p.escaped.Load() }
