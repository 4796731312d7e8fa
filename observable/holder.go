package observable

// holder is a serial for operators that hold back one item, the last that came,
// until a timer or another stream has it emitted. What is released goes through
// the queue while mu is held, so that a completion cannot come before it.
type holder[T any] struct {
	serial[T]
	last T    // guarded by mu
	held bool // guarded by mu; last has not been emitted
}

// hold makes v the item that is held. The caller holds mu.
func (h *holder[T]) hold(v T) {
	if h.state.Load() == 0 {
		h.last, h.held = v, true
	}
}

// release queues the item that is held, and reports whether there was one: then
// the caller has to call enter. The caller holds mu.
func (h *holder[T]) release() bool {
	some := h.held && h.state.Load() == 0
	if some {
		h.queue = append(h.queue, h.last)
	}
	h.letGo()
	return some
}

// complete ends the stream, whose producers have been stopped, after the item
// that is held if emit says so.
func (h *holder[T]) complete(emit bool) {
	h.mu.Lock()
	if emit {
		h.release()
	}
	h.letGo()
	h.completed = true
	h.mu.Unlock()
	h.enter()
}

// forget drops the item that is held (rule C18).
func (h *holder[T]) forget() {
	h.mu.Lock()
	h.letGo()
	h.mu.Unlock()
}

// letGo is forget for who holds mu.
func (h *holder[T]) letGo() {
	var zero T
	h.last, h.held = zero, false
}
