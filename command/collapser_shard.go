package command

import (
	"context"
	"errors"
	"slices"

	"github.com/quillgo/quill/metrics"
	"github.com/quillgo/quill/observable"
)

// shard is the requests of a batch that share one batch command.
type shard[In comparable, Out any] struct {
	collapser *Collapser[In, Out]
	requests  []*Request[In, Out]
	waiting   int                // guarded by the batcher's mu; requests with somebody who waits
	ctx       context.Context    // of the batch command: the first request's values, and no end but cancel
	cancel    context.CancelFunc // called when all have left, and at the end
}

// dispatch sends the batch: the shards' commands run, each on a goroutine of its
// own. It is called once, by who took the batch, and returns when the first
// shard has been served.
func (n *batch[In, Out]) dispatch() {
	core := n.owner.collapser.core
	defer core.sent()
	err := observable.ErrGoexit // stands if Shard ends this goroutine
	defer func() {
		if err != nil {
			each(n.order, func(r *Request[In, Out]) { r.end(err) })
		}
	}()
	shards, err := n.split()
	for _, s := range shards[min(1, len(shards)):] {
		core.sending.Add(1)
		go func() { // ends with the shard's command
			defer core.sent()
			s.run()
		}()
	}
	if len(shards) > 0 {
		shards[0].run()
	}
}

// split makes the shards of those requests that somebody still waits for.
func (n *batch[In, Out]) split() ([]*shard[In, Out], error) {
	names, err := n.shardNames()
	if err != nil {
		return nil, err
	}
	b := n.owner
	b.mu.Lock()
	defer b.mu.Unlock()
	var shards []*shard[In, Out]
	byName := map[string]*shard[In, Out]{}
	var s *shard[In, Out] // the one for all, if there are no names
	for i, r := range n.order {
		if r.waiting == 0 {
			continue
		}
		if names != nil {
			s = byName[names[i]]
		}
		if s == nil {
			s = newShard(b.collapser, r)
			if names == nil {
				s.requests = n.order[:0] // they are the same, but for those before i
			} else {
				byName[names[i]] = s
			}
			shards = append(shards, s)
		}
		s.requests = append(s.requests, r)
		s.waiting++
		r.shard = s
	}
	if names == nil && s != nil {
		clear(n.order[len(s.requests):])
	}
	return shards, nil
}

// newShard makes a shard whose first request is r. It runs with the values of the
// context of the one who asked for that first, and has not left: who has may have
// closed the scope that is in it.
func newShard[In comparable, Out any](c *Collapser[In, Out], r *Request[In, Out]) *shard[In, Out] {
	first := r.seats
	for s := r.seats; s != nil; s = s.next {
		if !s.Disposed() {
			first = s
		}
	}
	s := &shard[In, Out]{collapser: c}
	s.ctx, s.cancel = context.WithCancel(context.WithoutCancel(first.ctx))
	return s
}

// without notes that nobody waits for one of the requests any more; the batcher's
// mu is held. It returns what there is to call without it.
func (s *shard[In, Out]) without() (cancel func()) {
	if s.waiting--; s.waiting == 0 {
		return s.cancel
	}
	return nil
}

// shardNames asks the user to which shard each request belongs; nil is one for
// all.
func (n *batch[In, Out]) shardNames() (names []string, err error) {
	shardOf := n.owner.collapser.shardOf
	if shardOf == nil {
		return nil, nil
	}
	err = guard(func() error {
		for _, r := range n.order {
			names = append(names, shardOf(r.arg))
		}
		return nil
	})
	return names, err
}

// run serves the shard: whichever way that ends, each request is told something.
func (s *shard[In, Out]) run() { s.collapser.serve(s) }

// args are the arguments of the batch command.
func (s *shard[In, Out]) args() []In {
	args := make([]In, len(s.requests))
	for i, r := range s.requests {
		args[i] = r.arg
	}
	return args
}

// created counts a batch command.
func (s *shard[In, Out]) created() {
	core := s.collapser.core
	now, rec := core.registry.clock.Now(), core.record()
	rec.Count(now, metrics.BatchExecuted, 1)
	rec.Count(now, metrics.AddedToBatch, uint32(len(s.requests)))
	rec.Size(now, len(s.requests))
}

// end delivers all answers. With an error it ends the requests that are not
// over, without one those to which nothing was said.
func (s *shard[In, Out]) end(err error) {
	each(s.requests, func(r *Request[In, Out]) { r.finish(err) })
}

// guard calls a user function whose panic is an error.
func guard(f func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = observable.NewPanicError(r)
		}
	}()
	return f()
}

// mapping serves the shards of a collapser whose batch command gives one result.
type mapping[In comparable, Out, Result any] struct {
	create func(args []In) (*Call[[]In, Result], error)
	apply  func(result Result, requests []*Request[In, Out]) error
}

func (m *mapping[In, Out, Result]) serve(s *shard[In, Out]) {
	err := observable.ErrGoexit // stands if user code ends this goroutine
	defer s.cancel()
	defer func() { s.end(err) }()
	err = guard(func() error { return m.answer(s) })
}

// answer runs the batch command and maps its result.
func (m *mapping[In, Out, Result]) answer(s *shard[In, Out]) error {
	call, err := createCall(s, m.create)
	if err != nil {
		return err
	}
	c := call.cmd.core.use()
	c.inflight.Add(1) // the mapping is something that Shutdown waits for
	defer c.checkOut()
	result, err := call.Execute(s.ctx)
	if err != nil {
		return err
	}
	return m.apply(result, slices.Clone(s.requests)) // the slice is the user's
}

// createCall makes the batch command's execution, and counts it.
func createCall[In comparable, Out, Result any](s *shard[In, Out], create func([]In) (*Call[[]In, Result], error)) (*Call[[]In, Result], error) {
	call, err := create(s.args())
	switch {
	case err != nil:
		return nil, err
	case call == nil:
		return nil, errors.New("command: CollapserSpec.Create returned nil, want a Call or an error")
	case call.used.Load():
		return nil, call.cmd.refuse(ErrAlreadyExecuted)
	}
	s.created()
	call.x.collapsed = uint32(len(s.requests))
	return call, nil
}
