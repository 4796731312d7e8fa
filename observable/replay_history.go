package observable

import (
	"sync/atomic"
	"time"
)

// history tells items to its observers and stores them for those who come
// later. An item is in the buffer before anybody is told; everybody reads it
// from there, at a pace of his own. So that nobody misses an item or gets it
// twice, items are numbered, and an observer is always one of two:
//
//   - a reader, who is told by the goroutine that subscribed, from its cursor
//     on, until it has caught up with the buffer;
//   - live, in the crowd's list from then on, told by the drainer the items from
//     number tap.from on.
//
// All changes of the buffer are made under mu. Items are read without it,
// which is safe because sweep clears nothing that a cursor has not passed, and a
// cursor is moved only by whoever reads at it.
type history[T any] struct {
	crowd[T]
	buffer[T]         // guarded by mu
	limit     int     // of items kept, or Unlimited
	age       *ageing // nil: items are kept whatever their age
	mode      mode

	told    cursor[T]  // guarded by mu; the first item that the live observers have to be told
	telling bool       // guarded by mu; there is a drainer, or the end has been told
	readers *reader[T] // guarded by mu; a list
}

// mode says how a subject differs from a replay.
type mode uint8

const (
	replays   mode = iota
	behaves        // the end drops the item
	postpones      // the last item is told at the end only
)

// ageing is a bound of the items' age.
type ageing struct {
	max   time.Duration
	on    Scheduler
	epoch atomic.Pointer[time.Time] // what times are counted from; set once
}

// now returns the time, which must not be asked for under a lock: a scheduler
// is user code.
func (a *ageing) now() time.Duration {
	if a == nil {
		return 0
	}
	t := a.on.Now()
	if e := a.epoch.Load(); e != nil {
		return t.Sub(*e)
	}
	return a.first(t)
}

func (a *ageing) first(t time.Time) time.Duration {
	a.epoch.CompareAndSwap(nil, &t)
	return t.Sub(*a.epoch.Load())
}

// prepare makes an empty history. It is called once, before any other method.
func (h *history[T]) prepare(limit int, age *ageing, m mode) {
	h.limit, h.age, h.mode = limit, age, m
	h.buffer.prepare(limit, age != nil)
	h.told = h.head
}

// keep is prepare for a replay.
func (h *history[T]) keep(o ReplayOptions) {
	limit := o.Size
	if limit == 0 {
		limit = Unlimited
	}
	var age *ageing
	if o.MaxAge > 0 {
		age = &ageing{max: o.MaxAge, on: o.On}
		if o.On == nil {
			age.on = Go()
		}
	}
	h.prepare(limit, age, replays)
}

// OnNext implements [Observer].
func (h *history[T]) OnNext(v T) {
	var now time.Duration
	if h.age != nil {
		now = h.age.now()
	}
	h.mu.Lock()
	if h.ended() {
		h.mu.Unlock()
		return
	}
	h.push(v, now)
	if h.telling {
		h.trim(now)
		h.mu.Unlock()
		return
	}
	// Everything before v has been told. v goes the short way, not through the
	// buffer.
	h.told = h.tail
	if h.limit != Unlimited || h.age != nil {
		h.trim(now)
	}
	taps := h.taps.Load()
	if taps == nil || h.mode == postpones {
		h.mu.Unlock()
		return
	}
	h.telling = true
	r := round[T]{taps: *taps, index: h.told.n - 1}
	h.mu.Unlock()
	r.v = v
	h.drain(&r)
}

// OnError implements [Observer].
func (h *history[T]) OnError(err error) { h.end(failure(err)) }

// OnComplete implements [Observer].
func (h *history[T]) OnComplete() { h.end(nil) }

func (h *history[T]) end(err error) {
	now := h.age.now()
	h.mu.Lock()
	if !h.close(err) {
		h.mu.Unlock()
		h.refuse(err)
		return
	}
	if h.mode == behaves || h.mode == postpones && err != nil {
		h.dropTo(0)
	}
	h.trim(now)
	if h.mode == postpones {
		h.told = h.head
	}
	var r round[T]
	drain := !h.telling
	if drain {
		h.telling = true
		h.pick(&r)
	}
	h.mu.Unlock()
	if h.conn != nil {
		h.conn.ended()
	}
	if drain {
		h.drain(&r)
	}
}

// trim drops what the bounds do not keep. The caller holds mu.
func (h *history[T]) trim(now time.Duration) {
	if h.limit != Unlimited {
		h.dropTo(h.limit)
	}
	if h.age != nil {
		h.dropOld(now - h.age.max)
	}
	h.sweep()
}

// sweep clears what is dropped and has been told. The caller holds mu.
func (h *history[T]) sweep() {
	low := h.head.n
	if low == h.floor.n {
		return
	}
	h.head.settle()
	h.told.settle()
	low = min(low, h.told.n)
	for r := h.readers; r != nil; r = r.next {
		r.at.settle()
		low = min(low, r.at.n)
	}
	h.clearTo(low)
}

// drain tells r, and what is stored after it, until nothing is left.
func (h *history[T]) drain(r *round[T]) {
	for {
		tell(r, h)
		if !h.advance(r) {
			return
		}
	}
}

func (h *history[T]) resume(r round[T]) { h.drain(&r) }

// advance moves r on to the next item, or leaves and reports false.
func (h *history[T]) advance(r *round[T]) bool {
	if r.end {
		return false // for good: telling stays true
	}
	if r.k < len(r.batch) {
		r.v = r.batch[r.k]
		r.k++
		r.index++
		r.next = 0
		return true
	}
	h.mu.Lock()
	if len(r.batch) > 0 {
		h.told.skip(len(r.batch))
		h.sweep()
	}
	if h.told.n == h.tail.n && !h.ended() {
		h.telling = false
		h.mu.Unlock()
		return false
	}
	h.pick(r)
	h.mu.Unlock()
	return true
}

// pick makes r the next batch of items, or else the end. The caller holds mu and
// knows that there is one or the other.
func (h *history[T]) pick(r *round[T]) {
	if h.told.n == h.tail.n {
		*r = round[T]{signal: signal[T]{err: h.err, end: true}, taps: h.empty(), index: h.tail.n}
		return
	}
	r.taps = h.present()
	r.next, r.index = 0, h.told.n
	r.batch, r.k = h.stretch(&h.told), 1
	r.v = r.batch[0]
}

func (h *history[T]) leave(t *tap[T]) {
	h.mu.Lock()
	h.remove(t) // a reader finds out by itself
	h.mu.Unlock()
}

// drop lets go of all observers and items without a signal.
func (h *history[T]) drop() {
	h.mu.Lock()
	h.dropAll()
	for r := h.readers; r != nil; r = r.next {
		r.state.Or(tapDropped)
	}
	h.dropTo(0)
	h.sweep()
	h.mu.Unlock()
}

// HasObservers implements [Subject].
func (h *history[T]) HasObservers() bool {
	if h.taps.Load() != nil {
		return true
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for r := h.readers; r != nil; r = r.next {
		if !r.gone() {
			return true
		}
	}
	return false
}
