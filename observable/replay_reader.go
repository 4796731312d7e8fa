package observable

import "context"

// reader is an observer that still reads what was stored before it came.
type reader[T any] struct {
	tap[T]
	at         cursor[T]  // guarded by the history's mu
	next, prev *reader[T] // guarded by the history's mu
	reading    bool       // in the list; set by its own goroutine, under mu
}

// Subscribe implements [Source].
func (h *history[T]) Subscribe(ctx context.Context, o Observer[T]) { h.subscribe(ctx, o, h) }

// Observable implements [Subject].
func (h *history[T]) Observable() Observable[T] { return Observable[T]{src: h} }

func (h *history[T]) subscribe(ctx context.Context, o Observer[T], at host[T]) {
	r := &reader[T]{tap: tap[T]{ctx: ctx, down: o, host: at}}
	doing := items
	defer func() {
		if r.reading {
			h.part(r)
		}
	}()
	defer r.guard(&doing)
	o.OnSubscribe(&r.tap)
	batch, over := h.enter(r)
	for len(batch) > 0 {
		for _, v := range batch {
			if r.gone() {
				doing = idle
				return
			}
			o.OnNext(v)
		}
		batch, over = h.proceed(r, len(batch))
	}
	doing = idle
	if over {
		r.finish(h.err)
	}
}

// enter returns the first items that r has to read; see next.
func (h *history[T]) enter(r *reader[T]) (batch []T, over bool) {
	now := h.age.now()
	h.mu.Lock()
	defer h.mu.Unlock()
	h.trim(now)
	r.at = h.head
	if h.mode == postpones && !h.ended() {
		r.at = h.tail
	}
	return h.next(r)
}

// proceed returns what follows the k items that r has read; see next.
func (h *history[T]) proceed(r *reader[T], k int) (batch []T, over bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	r.at.skip(k)
	return h.next(r)
}

// next returns the next items that r has to read. When there are none r is no
// reader any more: it is live, or over tells that it has to be told the end, or
// it is gone. The caller holds mu.
func (h *history[T]) next(r *reader[T]) (batch []T, over bool) {
	if !r.gone() && r.at.n < h.tail.n { // Dispose sets the flag before it calls leave
		h.link(r)
		h.sweep()
		return h.stretch(&r.at), false
	}
	if h.mode != postpones {
		r.from = r.at.n
	}
	h.unlink(r)
	h.sweep()
	switch {
	case r.gone() || h.over.Load() == endedDropped:
		return nil, false
	case h.ended():
		return nil, true
	}
	h.add(&r.tap)
	return nil, false
}

// link puts r on the list of readers. The caller holds mu.
func (h *history[T]) link(r *reader[T]) {
	if r.reading {
		return
	}
	r.reading = true
	r.next = h.readers
	if r.next != nil {
		r.next.prev = r
	}
	h.readers = r
}

// unlink takes r off the list of readers, whose items may be cleared then. Only
// r's own goroutine does it: it may be reading. The caller holds mu.
func (h *history[T]) unlink(r *reader[T]) {
	r.at = cursor[T]{} // it would hold chunks that the buffer lets go
	if !r.reading {
		return
	}
	r.reading = false
	if r.prev == nil {
		h.readers = r.next
	} else {
		r.prev.next = r.next
	}
	if r.next != nil {
		r.next.prev = r.prev
	}
	r.next, r.prev = nil, nil
}

// part is unlink when the reader leaves in the middle.
func (h *history[T]) part(r *reader[T]) {
	h.mu.Lock()
	h.unlink(r)
	h.sweep()
	h.mu.Unlock()
}
