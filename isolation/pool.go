package isolation

import "sync"

// Pool runs tasks on goroutines of their own, so many at a time as it has slots,
// and keeps a bounded number waiting for one. It is Hystrix's thread pool; a
// slot is what a thread is there. An idle pool is plain memory: it has no
// goroutine and no timer.
//
// All methods may be called from any goroutine. Only Wait blocks.
type Pool struct {
	name    string
	onPanic func(v any, stack []byte) // nil: log
	full    error                     // what refusals are, made once (I4)
	shut    error

	mu      sync.Mutex // guards what follows, and the links and the queued flag of its tasks; never held across a call out (I8)
	cfg     PoolConfig // effective
	closed  bool
	waiting queue // not empty only while active >= cfg.Core (I6)
	active  int   // permits out
	running int   // tasks whose Run has not returned (their permits may be back before or after that), and calls of Close
	largest int
	gone    int           // abandoned permits among the active
	idle    chan struct{} // made by who waits; closed and removed when nothing waits, is active or runs

	submitted, completed, cancelled, rejected, abandonedTotal uint64
}

// PoolOptions is the wiring of a pool.
type PoolOptions struct {
	// OnPanic gets what a Runner panicked with, and the stack, when the task's
	// slot is back and no lock is held. It runs on the task's goroutine. Nil
	// means an error in slog.Default.
	OnPanic func(v any, stack []byte)
}

// PoolStats are the figures of a pool, all of one instant (I10).
type PoolStats struct {
	Core, Max, QueueLimit int
	Active                int    // slots taken, those of abandoned tasks included
	Queued                int    // tasks waiting for a slot
	Largest               int    // the most that was ever active
	Abandoned             int    // slots whose holder left while user code runs
	AbandonedTotal        uint64 // tasks that were ever abandoned
	Submitted             uint64 // tasks accepted
	Completed             uint64 // tasks whose slot is back
	Cancelled             uint64 // tasks that left the queue without running, by Cancel or by Close
	Rejected              uint64 // tasks refused because the pool was full
}

// NewPool makes a pool. The name is for errors and logs, and may be empty; opts
// may be nil. The error is that of [PoolConfig.Validate].
func NewPool(name string, cfg PoolConfig, opts *PoolOptions) (*Pool, error) {
	e, err := cfg.effective()
	if err != nil {
		return nil, err
	}
	p := &Pool{
		name: name,
		full: refusalOf(ErrPoolFull, name),
		shut: refusalOf(ErrPoolClosed, name),
		cfg:  e,
	}
	if opts != nil {
		p.onPanic = opts.OnPanic
	}
	return p, nil
}

// Closed returns the error of tasks that a closed pool refuses or drops: it names
// the pool, matches [ErrPoolClosed], and is the same value each time.
func (p *Pool) Closed() error { return p.shut }

// Name returns the name that the pool was made with.
func (p *Pool) Name() string { return p.name }

// Config returns the sizes in force, with defaults filled in.
func (p *Pool) Config() PoolConfig {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.cfg
}

// Update changes the sizes of a pool in use, the queue's included (which
// Hystrix cannot). No task is lost: one that runs goes on, one that is queued
// stays, though the new sizes would not admit it. Every slot up to Max that the
// new sizes leave unused takes a queued task at once. The error is that of
// [PoolConfig.Validate], and then nothing changes, or [ErrPoolClosed].
func (p *Pool) Update(cfg PoolConfig) error {
	e, err := cfg.effective()
	if err != nil {
		return err
	}
	var ready queue
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return p.shut
	}
	if p.cfg != e {
		p.cfg = e
		for t := p.next(); t != nil; t = p.next() {
			ready.push(t)
		}
	}
	p.mu.Unlock()
	for t := ready.pop(); t != nil; t = ready.pop() {
		go t.run()
	}
	return nil
}

// Stats returns the figures of the pool.
func (p *Pool) Stats() PoolStats {
	p.mu.Lock()
	defer p.mu.Unlock()
	return PoolStats{
		Core: p.cfg.Core, Max: p.cfg.Max, QueueLimit: p.cfg.Queue,
		Active: p.active, Queued: p.waiting.len, Largest: p.largest,
		Abandoned: p.gone, AbandonedTotal: p.abandonedTotal,
		Submitted: p.submitted, Completed: p.completed, Cancelled: p.cancelled, Rejected: p.rejected,
	}
}
