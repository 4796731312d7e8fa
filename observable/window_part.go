package observable

import (
	"context"
	"sync/atomic"
)

// unicast is a stream that is emitted: a window or a group. As a
// [UnicastSubject] it has one observer and queues what comes before that.
type unicast[T any] struct {
	hub[T]               // whose wip is up until the observer is there, so that everything waits
	home   unicastHome   // is told once, when it has ended or was left
	taken  atomic.Bool   // the observer has come
	fate   atomic.Uint32 // unicastOpen, and then for good one of the others
}

const (
	unicastOpen = iota
	unicastEnded
	unicastLeft // by its observer
)

// unicastHome is where a unicast comes from.
type unicastHome interface{ leave() }

// Subscribe implements [Source].
func (u *unicast[T]) Subscribe(ctx context.Context, o Observer[T]) {
	if !u.taken.CompareAndSwap(false, true) {
		Error[T](ErrSubscribedTwice).src.Subscribe(ctx, o)
		return
	}
	t := &tap[T]{ctx: ctx, down: o, host: u}
	doing := items
	defer t.guard(&doing)
	o.OnSubscribe(t)
	doing = idle // the hub has boundaries of its own
	u.join(t)
	u.take()
	u.drain(new(round[T]))
}

// leave is called when the observer disposes.
func (u *unicast[T]) leave(t *tap[T]) {
	u.hub.leave(t)
	if u.fate.CompareAndSwap(unicastOpen, unicastLeft) {
		u.drop()
		u.home.leave()
	}
}

// end ends it with err or, if that is nil, completes it. It reports false if it
// was over before.
func (u *unicast[T]) end(err error) bool {
	if !u.fate.CompareAndSwap(unicastOpen, unicastEnded) {
		return false
	}
	u.home.leave() // which stops the upstream, if that was all (rule C6)
	if err != nil {
		u.OnError(err)
	} else {
		u.OnComplete()
	}
	return true
}

// window is a part that is emitted when it is opened.
type window[T any] struct {
	unicast[T]
	ctx context.Context // of who observes the windows
}

func (w *window[T]) close() { w.end(nil) }

func (w *window[T]) add(v T) {
	if w.fate.Load() == unicastOpen {
		w.OnNext(v)
	}
}

func (w *window[T]) fail(err error) {
	if !w.end(err) && w.fate.Load() == unicastLeft {
		reportLate(w.ctx, err)
	}
}

func (w *window[T]) unwanted() bool {
	if w.taken.Load() {
		return false
	}
	w.end(nil)
	return true
}

// windowOutlet opens windows.
type windowOutlet[T any] struct{ outlet[Observable[T]] }

func (o *windowOutlet[T]) begin() part[T] {
	if !o.want() {
		return nil
	}
	w := &window[T]{ctx: o.ctx}
	w.home = &o.outlet
	w.wip.Store(1)
	o.emit(Observable[T]{src: w})
	return w
}

// windowParts makes the outlet of a stage that opens windows.
func windowParts[T any](ctx context.Context, down Observer[Observable[T]], stage outletStage) parts[T] {
	o := new(windowOutlet[T])
	o.open(ctx, down, stage)
	return o
}
