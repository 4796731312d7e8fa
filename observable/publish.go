package observable

import (
	"context"
	"sync/atomic"
)

// PublishSubject tells its observers what comes after they subscribed. A late
// observer gets only the end. It implements [Subject]. The zero value is ready.
//
//	1 2 3 4 |
//	   ^        =>  3 4 |
//
// An observer that comes while an item is delivered does not get that item; one
// that leaves meanwhile, and has not been told yet, does not either.
type PublishSubject[T any] struct{ hub[T] }

// NewPublishSubject returns a subject without observers.
func NewPublishSubject[T any]() *PublishSubject[T] { return new(PublishSubject[T]) }

// hub tells its observers live. The zero value is ready.
type hub[T any] struct {
	crowd[T]

	// wip is zero while nobody delivers. Whoever raises it from zero is the
	// drainer; who finds it raised leaves the signal in pending and raises it
	// further. It stays above zero after the end has been told. Between an end that
	// is accepted and its teller's coming in it may be zero: who raises it then has
	// no item told, as others that came after the end were dropped.
	wip     atomic.Int32
	pending []signal[T] // guarded by mu
	sealed  bool        // guarded by mu; the end's turn has come, nobody can join
	// atEnd, if not nil, is called once, when an end was accepted and before it is
	// told.
	atEnd func()
	eager bool // an error overtakes the items that wait

	batch []signal[T] // the drainer's; taken from pending
	k     int         // the drainer's; how many of batch have been told
}

// OnNext implements [Observer].
func (h *hub[T]) OnNext(v T) {
	if !h.wip.CompareAndSwap(0, 1) {
		h.queue(signal[T]{v: v})
		return
	}
	var r round[T]
	if !h.ended() {
		r.taps, r.v = h.present(), v
	} else if !h.advance(&r) { // v comes too late, and the end has not come in
		return
	}
	h.drain(&r)
}

// OnError implements [Observer].
func (h *hub[T]) OnError(err error) { h.queue(signal[T]{err: failure(err), end: true}) }

// OnComplete implements [Observer].
func (h *hub[T]) OnComplete() { h.queue(signal[T]{end: true}) }

// queue accepts s and delivers it, unless somebody is there who will.
func (h *hub[T]) queue(s signal[T]) {
	h.mu.Lock()
	if s.end && !h.close(s.err) || !s.end && h.ended() {
		h.mu.Unlock()
		h.refuse(s.err)
		return
	}
	// An end that meets nobody needs no room in the queue.
	var r round[T]
	direct := s.end && len(h.pending) == 0 && h.wip.CompareAndSwap(0, 1)
	if direct {
		r.signal, r.taps = s, h.seal()
	} else {
		h.pending = append(h.pending, s)
	}
	h.mu.Unlock()
	if s.end && h.conn != nil {
		h.conn.ended()
	}
	if s.end && h.atEnd != nil {
		defer h.deliver(&r, direct) // also after a Goexit
		h.atEnd()
		return
	}
	h.deliver(&r, direct)
}

// deliver drains, for a caller that has the drainer's place or has left
// something in the queue.
func (h *hub[T]) deliver(r *round[T], drainer bool) {
	if !drainer {
		if h.wip.Add(1) != 1 {
			return
		}
		h.take()
	}
	h.drain(r)
}

// drain delivers r, and what is pending, until nobody came meanwhile.
func (h *hub[T]) drain(r *round[T]) {
	for {
		tell(r, h)
		if !h.advance(r) {
			return
		}
	}
}

func (h *hub[T]) resume(r round[T]) { h.drain(&r) }

// advance moves r on to the next signal, or leaves and reports false.
func (h *hub[T]) advance(r *round[T]) bool {
	if r.end {
		return false // for good: wip stays up
	}
	if h.eager && h.Err() != nil {
		h.mu.Lock()
		h.batch, h.k, h.pending = nil, 0, nil
		*r = round[T]{signal: signal[T]{err: h.err, end: true}, taps: h.seal()}
		h.mu.Unlock()
		return true
	}
	for h.k == len(h.batch) {
		if h.k > 0 {
			h.recycle()
		}
		if h.wip.CompareAndSwap(1, 0) {
			return false
		}
		h.take()
	}
	r.signal = h.batch[h.k]
	h.k++
	r.next = 0
	if !r.end {
		r.taps = h.present()
		return true
	}
	h.mu.Lock()
	r.taps = h.seal()
	h.mu.Unlock()
	h.batch = nil
	return true
}

// seal returns the observers for the end, and lets nobody in any more. The
// caller holds mu.
func (h *hub[T]) seal() []*tap[T] {
	h.sealed = true
	return h.empty()
}

// take fetches what is pending. Who comes in from here on raises wip above one
// again, and who came in before has left the signal in pending.
func (h *hub[T]) take() {
	h.wip.Store(1)
	h.mu.Lock()
	h.batch, h.pending = h.pending, h.batch
	h.mu.Unlock()
}

// recycle empties the batch, for pending to use its room.
func (h *hub[T]) recycle() {
	clear(h.batch)
	h.batch, h.k = h.batch[:0], 0
	if cap(h.batch) > keptCapacity {
		h.batch = nil
	}
}

// Subscribe implements [Source].
func (h *hub[T]) Subscribe(ctx context.Context, o Observer[T]) { h.subscribe(ctx, o, h) }

// Observable implements [Subject].
func (h *hub[T]) Observable() Observable[T] { return Observable[T]{src: h} }

func (h *hub[T]) subscribe(ctx context.Context, o Observer[T], at host[T]) {
	t := &tap[T]{ctx: ctx, down: o, host: at}
	doing := items
	defer t.guard(&doing)
	o.OnSubscribe(t)
	doing = idle
	if !h.join(t) {
		t.finish(h.err)
	}
}

// join lets t in, unless the end has been told.
func (h *hub[T]) join(t *tap[T]) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.sealed:
		return false
	case h.over.Load() == endedDropped:
		t.state.Or(tapDropped)
	case !t.gone(): // Dispose sets the flag before it calls leave
		h.add(t)
	}
	return true
}

func (h *hub[T]) leave(t *tap[T]) {
	h.mu.Lock()
	h.remove(t)
	h.mu.Unlock()
}

// drop lets go of all observers and pending items without a signal.
func (h *hub[T]) drop() {
	h.mu.Lock()
	h.dropAll()
	h.pending = nil
	h.mu.Unlock()
}
