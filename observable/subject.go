package observable

import (
	"context"
	"sync"
	"sync/atomic"
)

// Subject is both an observer and a stream: what it is told it tells its
// observers. The subjects of this package may be told by several goroutines at
// once, and by their own observers (rules C14 and C15): signals are delivered
// one at a time, by whoever came first, without a lock.
//
// After OnError or OnComplete further signals are dropped, an error goes to the
// error handler, and late observers get what the kind of subject says.
type Subject[T any] interface {
	Observer[T]
	Source[T]
	// Observable returns the subject as a stream.
	Observable() Observable[T]
	// HasObservers reports whether anybody is subscribed.
	HasObservers() bool
}

// hub is what subjects and shared streams have in common: a list of observers
// and the drain loop through which every signal goes, the ends too.
type hub[T any] struct {
	// observers is copied on write: a delivery goes over the list as it was when
	// the delivery began, in order of subscription.
	observers atomic.Pointer[[]*tap[T]]
	mu        sync.Mutex // guards changes of observers, and the fields below

	wip     atomic.Int32 // as in serial
	pending []signal[T]  // guarded by mu; signals that came while another was delivered
	over    bool         // guarded by mu; an end was accepted, nothing more is
	err     error        // guarded by mu; the error of the end, if any
	told    bool         // guarded by mu; the end was delivered: observers is nil for good
}

// signal is an item or an end.
type signal[T any] struct {
	v   T
	err error
	end bool
}

// tap is one observer of a hub, and its Disposable.
type tap[T any] struct {
	emission
	hub  *hub[T]
	ctx  context.Context
	down Observer[T]
}

func (t *tap[T]) Dispose() {
	t.emission.Dispose()
	t.hub.remove(t)
}

// add subscribes t, or reports false with the end if that has been told.
func (h *hub[T]) add(t *tap[T]) (ok bool, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.told {
		return false, h.err
	}
	var list []*tap[T]
	if old := h.observers.Load(); old != nil {
		list = *old
	}
	list = append(list[:len(list):len(list)], t)
	h.observers.Store(&list)
	return true, nil
}

func (h *hub[T]) remove(t *tap[T]) {
	h.mu.Lock()
	defer h.mu.Unlock()
	old := h.observers.Load()
	if old == nil {
		return
	}
	for i, u := range *old {
		if u != t {
			continue
		}
		if len(*old) == 1 {
			h.observers.Store(nil)
			return
		}
		list := make([]*tap[T], 0, len(*old)-1)
		list = append(append(list, (*old)[:i]...), (*old)[i+1:]...)
		h.observers.Store(&list)
		return
	}
}

// HasObservers implements [Subject].
func (h *hub[T]) HasObservers() bool { return h.observers.Load() != nil }

// accept takes s in for delivery and reports whether the caller has to drain.
// s is refused after an end.
func (h *hub[T]) accept(s signal[T]) (drain bool) {
	h.mu.Lock()
	if h.over {
		h.mu.Unlock()
		if s.err != nil {
			ReportError(context.Background(), s.err)
		}
		return false
	}
	h.over, h.err = s.end, s.err
	h.pending = append(h.pending, s)
	h.mu.Unlock()
	return h.wip.Add(1) == 1
}

// take returns the signals that wait, for the drainer.
func (h *hub[T]) take() []signal[T] {
	h.mu.Lock()
	defer h.mu.Unlock()
	batch := h.pending
	h.pending = nil
	return batch
}

// leave gives up the drainer's place unless signals came since seen was read.
func (h *hub[T]) leave(seen int32) bool { return h.wip.Add(-seen) == 0 }

// each calls deliver for the observers of list, from the i-th on. It is a
// boundary that goes on with the next observer after one that failed (rule C9).
func each[T any](list []*tap[T], deliver func(*tap[T])) {
	for i := 0; i < len(list); {
		i = eachFrom(list, i, deliver)
	}
}

func eachFrom[T any](list []*tap[T], i int, deliver func(*tap[T])) (next int) {
	at := items
	defer func() {
		if at != idle {
			next = i + 1
			t := list[i]
			fault(t.ctx, items, t, t.down, recover())
		}
	}()
	for ; i < len(list); i++ {
		if t := list[i]; !t.Disposed() {
			deliver(t)
		}
	}
	at = idle
	return i
}
