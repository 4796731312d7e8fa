package observable

import (
	"context"
	"sync/atomic"
)

// part is a buffer, or a window, that is open.
type part[T any] interface {
	add(v T)
	close()
	fail(err error)
	// unwanted closes a part that was just emitted and that nobody has subscribed
	// to meanwhile, and reports whether that is so.
	unwanted() bool
}

// parts is what is below a stage that cuts a stream into parts.
type parts[T any] interface {
	Disposable
	// announce gives the observer its Disposable, and arrived the upstream's to us.
	announce()
	arrived(d Disposable)
	// begin opens a part; nil means that nobody wants another one.
	begin() part[T]
	// end tells the end; all parts have been told before.
	end(err error)
	// stop disposes the upstream.
	stop()
	// below is the observer, and the context of its subscription.
	below() (context.Context, any)
}

// outlet is the observer of the parts and the Disposable that it was given. The
// upstream runs until nobody wants anything: neither the observer nor those of
// windows and groups that are open. It does not lead to what the stage above
// holds (rule C18).
//
// Each call of the observer is a boundary of its own (rule C9), as it is for a
// subject: when it panics, the observers of open windows go on. So the only thing
// that passes by on its way up is a Goexit.
type outlet[R any] struct {
	ctx    context.Context
	down   Observer[R]
	up     link
	stage  outletStage  // nil if it has nothing to stop but the upstream
	wanted atomic.Int32 // down until it disposes, and the open windows
	left   atomic.Bool  // down has disposed
}

// outletStage is a stage with more to stop than its upstream. Both methods may
// be called from any goroutine.
type outletStage interface {
	// alone stops what would open parts: only those that are open count.
	alone()
	// halt stops everything, any number of times.
	halt()
}

// open makes o the outlet of an observer, who wants something.
func (o *outlet[R]) open(ctx context.Context, down Observer[R], stage outletStage) {
	o.ctx, o.down, o.stage = ctx, down, stage
	o.wanted.Store(1)
}

func (o *outlet[R]) announce()                     { announce[R](o.ctx, o, o.down) }
func (o *outlet[R]) arrived(d Disposable)          { o.up.set(d) }
func (o *outlet[R]) stop()                         { o.up.Dispose() }
func (o *outlet[R]) below() (context.Context, any) { return o.ctx, o.down }

// emit tells the observer of a part.
func (o *outlet[R]) emit(v R) {
	if o.left.Load() {
		return
	}
	at := items
	defer catch[R](o.ctx, &at, o, o.down)
	o.down.OnNext(v)
	at = idle
}

func (o *outlet[R]) end(err error) {
	if o.left.Load() {
		reportLate(o.ctx, err)
		return
	}
	End[R](o.ctx, o, o.down, err)
}

// want counts one more window, unless nobody is left to want anything.
func (o *outlet[R]) want() bool {
	for {
		n := o.wanted.Load()
		if n == 0 || o.left.Load() {
			return false
		}
		if o.wanted.CompareAndSwap(n, n+1) {
			return true
		}
	}
}

// leave is called once for each window that has ended, or was left.
func (o *outlet[R]) leave() {
	if o.wanted.Add(-1) == 0 {
		o.halt()
	}
}

func (o *outlet[R]) halt() {
	o.up.Dispose()
	if o.stage != nil {
		o.stage.halt()
	}
}

func (o *outlet[R]) Dispose() {
	if o.left.CompareAndSwap(false, true) {
		if o.stage != nil {
			o.stage.alone()
		}
		o.leave()
	} else if o.wanted.Load() == 0 {
		o.halt()
	}
}

// Disposed reports whether downstream disposed.
func (o *outlet[R]) Disposed() bool { return o.left.Load() }
