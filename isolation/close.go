package isolation

import "context"

// Close refuses new tasks from now on with [ErrPoolClosed], and takes the queued
// ones out of the queue: their Runners' Dropped is called, one after the other,
// before Close returns. Tasks that run go on; Wait waits for them, and for the
// calls of Dropped. Close is idempotent.
func (p *Pool) Close() {
	p.mu.Lock()
	p.closed = true
	dropped := p.waiting
	p.waiting = queue{}
	p.cancelled += uint64(dropped.len)
	for t := dropped.head; t != nil; t = t.next {
		t.queued = false
	}
	p.running++ // until the owners have been told
	p.mu.Unlock()
	defer p.leave()
	p.drop(&dropped)
}

// drop tells each of the tasks that it was dropped, also when one of them ends
// this goroutine by runtime.Goexit.
func (p *Pool) drop(tasks *queue) {
	defer func() {
		if tasks.len > 0 {
			p.drop(tasks)
		}
	}()
	for t := tasks.pop(); t != nil; t = tasks.pop() {
		t.drop()
	}
}

func (t *Task) drop() {
	defer func() {
		if v := recover(); v != nil {
			t.pool.report(v)
		}
	}()
	t.runner.Dropped(t)
}

// Wait blocks until nothing is queued, no slot is taken and no call of Run or
// Dropped is in progress, or until ctx ends: then it returns the cause. It stops
// nothing by itself: after Close it waits for the end of the pool, without it for
// an instant in which the pool is idle. A Runner must not call it.
func (p *Pool) Wait(ctx context.Context) error {
	p.mu.Lock()
	if p.empty() {
		p.mu.Unlock()
		return nil
	}
	if p.idle == nil {
		p.idle = make(chan struct{})
	}
	idle := p.idle
	p.mu.Unlock()
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
