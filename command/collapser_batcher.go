package command

import (
	"context"
	"fmt"
	"slices"
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

// crowd is how many requests that all left may stay in the order of a batch,
// beside as many as two for each that is waited for.
const crowd = 64

// batch is the requests that wait to be sent together.
type batch[In comparable, Out any] struct {
	owner    *batcher[In, Out]
	timer    mono.Timer
	requests map[In]*Request[In, Out] // guarded by owner.mu; those with a seat; nil once it is taken
	order    []*Request[In, Out]      // guarded by owner.mu; and those that all left meanwhile
	// size is how many requests have a seat; guarded by owner.mu. It is not the
	// map's length: an argument that is not equal to itself stays in there.
	size int
}

// submit gives the seat its place in a batch. An error means that it has none.
func (b *batcher[In, Out]) submit(in In, s *seat[In, Out]) (err error) {
	defer func() {
		if p := recover(); p != nil { // an argument of interface type need not be hashable
			err = fmt.Errorf("an argument of type %T cannot be compared, want one that can: %v", in, p)
		}
	}()
	before, full, err := b.place(in, s)
	if before != nil {
		go before.dispatch() // ends with the batch
	}
	if full != nil {
		go full.dispatch() // ends with the batch
	}
	return err
}

// place is the part of submit that holds the lock. It returns the batch if it is
// full now, and the one before it if that had no room, since MaxRequests has been
// lowered.
func (b *batcher[In, Out]) place(in In, s *seat[In, Out]) (before, full *batch[In, Out], err error) {
	core := b.collapser.core
	set := core.settings.Load()
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case s.Disposed():
		return nil, nil, nil
	case b.closed != nil:
		return nil, nil, b.closed
	}
	requests := b.spare // empty: it only finds out whether in can be a key
	if b.open != nil {
		requests = b.open.requests
	}
	r := requests[in]
	switch {
	case r == nil:
		if b.isFull(set) {
			before = b.take(true)
		}
		if b.open == nil && !b.begin(set) {
			return before, nil, ErrClosed
		}
		r = &s.own
		r.arg, r.items = in, s.first[:0]
		b.open.add(r)
	case set.RequestCache == Off:
		return nil, nil, ErrDuplicateArgument
	}
	for r.seats != nil && r.seats.Disposed() { // or those who come and go would pile up
		r.seats = r.seats.next
	}
	s.request, s.next = r, r.seats
	r.seats, r.waiting = s, r.waiting+1
	if b.isFull(set) {
		full = b.take(true)
	}
	return before, full, nil
}

// isFull reports whether there is an open batch that takes no more; mu is held.
func (b *batcher[In, Out]) isFull(set *CollapserSettings) bool {
	return b.open != nil && set.MaxRequests != Unlimited && b.open.size >= set.MaxRequests
}

// add makes a new request part of the batch; owner.mu is held.
func (n *batch[In, Out]) add(r *Request[In, Out]) {
	n.requests[r.arg] = r
	if len(n.order) > 2*n.size+crowd { // most have left
		n.order = slices.DeleteFunc(n.order, func(r *Request[In, Out]) bool { return r.waiting == 0 })
	}
	n.order = append(n.order, r)
	n.size++
}

// remove takes a request that all left out of the batch, if it is in there, and
// reports whether it was; owner.mu is held.
func (n *batch[In, Out]) remove(r *Request[In, Out]) bool {
	if itself := r.arg; itself != r.arg { // no map finds it
		if !slices.Contains(n.order, r) {
			return false
		}
	} else if n.requests[r.arg] != r {
		return false
	}
	delete(n.requests, r.arg)
	n.size--
	return true
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

// take closes the open batch, to be sent by dispatch or not; mu is held.
func (b *batcher[In, Out]) take(send bool) *batch[In, Out] {
	n := b.open
	if send {
		b.collapser.core.sending.Add(1) // before it leaves core.open: Shutdown looks there first
	}
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
		b.take(true)
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
		n = b.take(false)
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
		b.take(false)
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
	if r == nil || r.waiting == 0 {
		return nil // it has no place, and as it is disposed it will get none; or the request was settled
	}
	if r.waiting--; r.waiting > 0 {
		return nil
	}
	if r.shard != nil {
		return r.shard.without()
	}
	if n := b.open; n != nil && n.remove(r) && n.size == 0 {
		b.take(false)
	}
	return nil
}

// settle notes that a request was told its end while its shard goes on: nobody
// waits for it any more.
func (b *batcher[In, Out]) settle(r *Request[In, Out]) {
	b.mu.Lock()
	var cancel func()
	if r.waiting > 0 {
		r.waiting = 0
		cancel = r.shard.without()
	}
	b.mu.Unlock()
	if cancel != nil {
		cancel()
	}
}

// seat is one caller's place at a request, and the caller's Disposable.
type seat[In comparable, Out any] struct {
	batcher *batcher[In, Out]
	ctx     context.Context
	down    observable.Observer[Out]
	gone    atomic.Bool // disposed
	ours    bool        // down runs no user code
	some    bool        // of a future: it has an item, in first

	request *Request[In, Out] // guarded by batcher.mu; nil: it has no place
	next    *seat[In, Out]    // the request's other seats; fixed when the batch is taken
	own     Request[In, Out]  // the request, of the first to ask for the argument
	first   [1]Out            // room for own.items: most requests get one
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
	if k, ok := s.down.(*kept[Out]); ok && over {
		k.keep()
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
