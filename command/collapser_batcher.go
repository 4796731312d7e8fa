package command

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/quillgo/quill/cache"
	"github.com/quillgo/quill/internal/mono"
	"github.com/quillgo/quill/observable"
)

// batcher collects the requests of a collapser in one scope into batches
// (RequestCollapser).
//
// Invariant: a batch is open from its first request until it is sent or all of
// its requests have left; while it is open, and only then, its timer is pending
// and core.open has it. Who takes it out of open, under mu, deals with it.
type batcher[In comparable, Out any] struct {
	collapser *Collapser[In, Out]

	mu     sync.Mutex
	open   *batch[In, Out] // guarded by mu; nil if there is none
	closed error           // guarded by mu; why there will be no more batches
	last   int             // guarded by mu; the size of the batch before: the next may be as large
	// spare is an empty map for the next batch; guarded by mu.
	spare map[In]*Request[In, Out]
}

// spareLimit is the largest batch whose map is kept for the next one.
const spareLimit = 1 << 10

// batch is the requests that wait to be sent together.
type batch[In comparable, Out any] struct {
	owner    *batcher[In, Out]
	timer    mono.Timer
	requests map[In]*Request[In, Out] // guarded by owner.mu; those with a seat; nil once it is taken
	order    []*Request[In, Out]      // guarded by owner.mu; and those that all left meanwhile
}

// submit gives the seat its place in a batch. An error means that it has none.
func (b *batcher[In, Out]) submit(in In, s *seat[In, Out]) (err error) {
	defer func() {
		if p := recover(); p != nil { // an argument of interface type need not be hashable
			err = fmt.Errorf("an argument of type %T cannot be compared, want one that can: %v", in, p)
		}
	}()
	full, err := b.place(in, s)
	if full != nil {
		go full.dispatch() // ends with the batch
	}
	return err
}

// place is the part of submit that holds the lock. It returns the batch if it is
// full now.
func (b *batcher[In, Out]) place(in In, s *seat[In, Out]) (full *batch[In, Out], err error) {
	core := b.collapser.core
	set := core.settings.Load()
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case s.Disposed():
		return nil, nil
	case b.closed != nil:
		return nil, b.closed
	}
	var r *Request[In, Out]
	if b.open != nil {
		r = b.open.requests[in]
	}
	switch {
	case r == nil:
		r = &s.own
		r.arg, r.items = in, r.first[:0]
		if b.open == nil && !b.begin(set) {
			return nil, ErrClosed
		}
		b.open.requests[in] = r
		b.open.order = append(b.open.order, r)
	case set.RequestCache == Off:
		return nil, ErrDuplicateArgument
	}
	s.request, s.next = r, r.seats
	r.seats, r.waiting = s, r.waiting+1
	if n := len(b.open.requests); n >= set.MaxRequests && set.MaxRequests != Unlimited {
		return b.take(), nil
	}
	return nil, nil
}

// begin opens a batch, unless the registry is closed; mu is held.
func (b *batcher[In, Out]) begin(set *CollapserSettings) bool {
	n := &batch[In, Out]{owner: b, requests: b.spare, order: make([]*Request[In, Out], 0, b.last)}
	b.spare = nil
	if n.requests == nil {
		n.requests = make(map[In]*Request[In, Out], b.last)
	}
	core := b.collapser.core
	if !core.opened(n) {
		return false
	}
	b.open = n
	n.timer = core.registry.clock.AfterFunc(set.Delay, n.due)
	return true
}

// take closes the open batch; mu is held.
func (b *batcher[In, Out]) take() *batch[In, Out] {
	n := b.open
	b.open, b.last = nil, len(n.order)
	if b.last <= spareLimit {
		clear(n.requests)
		b.spare = n.requests
	}
	n.requests = nil
	b.collapser.core.taken(n)
	n.timer.Stop()
	return n
}

// due sends the batch, unless that has happened: its delay has passed.
func (n *batch[In, Out]) due() {
	b := n.owner
	b.mu.Lock()
	mine := b.open == n
	if mine {
		b.take()
	}
	b.mu.Unlock()
	if mine {
		n.dispatch()
	}
}

// scopeClosed ends a batcher whose request scope is over.
func (b *batcher[In, Out]) scopeClosed() { b.end(cache.ErrScopeClosed) }

// end fails the requests that wait, and all that come later.
func (b *batcher[In, Out]) end(why error) {
	b.mu.Lock()
	b.closed = why
	var n *batch[In, Out]
	if b.open != nil {
		n = b.take()
	}
	b.mu.Unlock()
	if n != nil {
		n.fail(why)
	}
}

// abort fails the requests of a batch whose registry is closed.
func (n *batch[In, Out]) abort() {
	b := n.owner
	b.mu.Lock()
	mine := b.open == n
	if mine {
		b.take()
	}
	b.mu.Unlock()
	if mine {
		n.fail(ErrClosed)
	}
}

func (n *batch[In, Out]) fail(why error) {
	each(n.order, func(r *Request[In, Out]) { r.end(n.owner.collapser.fails(r.arg, why)) })
}

// leave takes the seat's place back. The last one to leave a request takes its
// argument out of an open batch; the last to leave a shard that was sent cancels
// it.
func (b *batcher[In, Out]) leave(s *seat[In, Out]) {
	if cancel := b.left(s); cancel != nil {
		cancel()
	}
}

// left is the part of leave that holds the lock. It returns what there is to
// call without it.
func (b *batcher[In, Out]) left(s *seat[In, Out]) (cancel func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	r := s.request
	if r == nil {
		return nil // it has no place, and as it is disposed it will get none
	}
	if r.waiting--; r.waiting > 0 {
		return nil
	}
	if r.shard != nil {
		if r.shard.waiting--; r.shard.waiting == 0 {
			return r.shard.cancel
		}
		return nil
	}
	if n := b.open; n != nil && n.requests[r.arg] == r {
		delete(n.requests, r.arg)
		if len(n.requests) == 0 {
			b.take()
		}
	}
	return nil
}

// seat is one caller's place at a request, and the caller's Disposable.
type seat[In comparable, Out any] struct {
	batcher *batcher[In, Out]
	ctx     context.Context
	down    observable.Observer[Out]
	gone    atomic.Bool // disposed
	ours    bool        // down runs no user code

	request *Request[In, Out] // guarded by batcher.mu; nil: it has no place
	next    *seat[In, Out]    // the request's other seats; fixed when the batch is taken
	own     Request[In, Out]  // the request, of the first to ask for the argument
}

// announce gives the observer its Disposable. It is a boundary.
func (s *seat[In, Out]) announce() {
	if s.ours {
		s.down.OnSubscribe(s)
		return
	}
	active := true
	defer observable.Catch(s.ctx, &active, s, s.down)
	s.down.OnSubscribe(s)
	active = false
}

// Dispose is the caller leaving.
func (s *seat[In, Out]) Dispose() {
	if !s.gone.Swap(true) && s.batcher != nil {
		s.batcher.leave(s)
	}
}

func (s *seat[In, Out]) Disposed() bool { return s.gone.Load() }

// tell delivers items, and then, if over, the end. It is a boundary: what the
// observer does wrong is nobody else's loss.
func (s *seat[In, Out]) tell(items []Out, over bool, err error) {
	if s.ours {
		s.items(items)
		switch {
		case !over || s.Disposed():
		case err != nil:
			s.down.OnError(err)
		default:
			s.down.OnComplete()
		}
		return
	}
	active := true
	defer observable.Catch(s.ctx, &active, s, s.down)
	s.items(items)
	active = false
	if over && !s.Disposed() {
		observable.End(s.ctx, s, s.down, err)
	}
}

func (s *seat[In, Out]) items(items []Out) {
	for _, v := range items {
		if s.Disposed() {
			return
		}
		s.down.OnNext(v)
	}
}
