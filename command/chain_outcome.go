package command

import (
	"sync/atomic"

	"github.com/quillgo/quill/metrics"
	"github.com/quillgo/quill/observable"
)

// outcome observes the end of a chain: it counts the events of the result and
// concludes the record before it passes the result on.
type outcome[In, Out any] struct {
	x    *execution
	cmd  *Command[In, Out]
	down observable.Observer[Out]
	up   observable.Disposable
	// value is the result of a scalar command, held back until the execution is
	// over, and written before held. Whoever takes it from there delivers it, or
	// disposes of it (promise 12 of the bench: none is lost).
	value Out
	held  atomic.Bool
	gone  atomic.Bool // disposed
}

func (o *outcome[In, Out]) OnSubscribe(d observable.Disposable) {
	o.up = d
	o.down.OnSubscribe(o)
}

func (o *outcome[In, Out]) OnNext(v Out) {
	fallback := o.x.marked(hasCause)
	if !fallback {
		o.x.received.Store(true)
	}
	v = emit(o.x.hooked, v, hookEmit)
	switch {
	case o.cmd.stream == nil:
		o.value = v
		o.held.Store(true)
		if o.Disposed() {
			o.discardHeld()
		}
		return
	case fallback:
		o.x.fallbackEmits.Add(1)
		o.x.count(metrics.FallbackEmit)
	default:
		o.x.emits.Add(1)
		o.x.count(metrics.Emit)
	}
	o.down.OnNext(v)
}

// OnError gets what was concluded where it arose, unless the registry was closed
// during a streaming fallback, or a hook ended its goroutine.
func (o *outcome[In, Out]) OnError(err error) {
	o.discardHeld()
	if err == ErrClosed && o.x.decide() {
		o.x.settled(cancelled, ErrClosed)
		_ = o.x.left()
	}
	if o.x.kind != gone { // else who decided has not ended it yet, but will
		o.x.unwound()
	}
	if !o.Disposed() {
		o.down.OnError(err)
	}
}

func (o *outcome[In, Out]) OnComplete() {
	if !o.x.decide() {
		o.discardHeld()
		return
	}
	if o.x.watched() {
		defer o.x.unwound()
	}
	o.x.now = o.x.registry.clock.Now()
	if o.x.kind == succeeded {
		o.x.count(metrics.Success)
	} else {
		o.x.count(metrics.FallbackSuccess)
	}
	o.x.conclude()
	if o.held.Swap(false) {
		o.down.OnNext(o.value)
	}
	if !o.Disposed() {
		o.down.OnComplete()
	}
}

// discardHeld disposes of a value that nobody waits for any more.
func (o *outcome[In, Out]) discardHeld() {
	if o.held.Swap(false) {
		o.cmd.tooLate(o.value, nil, o.x.hooked)
	}
}

// Dispose ends the record without a result, unless it has ended. What was
// shared, and left by all, is cancelled here; the caller of what was not counts
// for itself.
func (o *outcome[In, Out]) Dispose() {
	o.gone.Store(true)
	defer o.discardHeld()
	if !o.x.decide() {
		o.up.Dispose()
		return
	}
	now := o.x.registry.clock.Now()
	defer o.x.end(now, false) // after the permits are back
	defer o.up.Dispose()
	if !o.x.marked(abandoned) { // else its leader has counted that
		o.x.countAt(now, metrics.Cancelled)
		o.x.hooked.tell(hookUnsubscribe)
	}
}

func (o *outcome[In, Out]) Disposed() bool { return o.gone.Load() }

// Blame implements observable.Stage. The hooks have boundaries of their own.
func (o *outcome[In, Out]) Blame() (bool, observable.Disposable, any) { return false, o, o.down }
