package isolation

// admit decides about the next task in Hystrix's order (I5): to run it, to queue
// it, or why not. mu is held.
func (p *Pool) admit() (run bool, err error) {
	c := &p.cfg
	switch {
	case p.closed:
		return false, p.shut
	case c.Queue > 0 && c.RejectAt != Unlimited && p.waiting.len >= c.RejectAt:
	case p.active < c.Core:
		return true, nil
	case p.waiting.len < c.Queue:
		return false, nil
	case p.active < c.Max:
		return true, nil
	}
	p.rejected++
	return false, p.full
}

// occupy gives t a slot; the caller starts its goroutine once mu, which is held,
// is free. The permit is born here, under mu: who finds that Cancel was too late
// finds a permit to abandon.
func (p *Pool) occupy(t *Task) {
	p.active++
	p.running++
	p.largest = max(p.largest, p.active)
	t.permit.state.Store(born)
}

// next gives an unused slot to the head of the queue, if there are both (I6). mu
// is held.
func (p *Pool) next() *Task {
	if p.active >= p.cfg.Max {
		return nil
	}
	t := p.waiting.pop()
	if t != nil {
		t.queued = false
		p.occupy(t)
	}
	return t
}

// giveBack frees a slot, and starts the next task with it.
func (p *Pool) giveBack(abandoned bool) {
	p.mu.Lock()
	p.active--
	p.completed++
	if abandoned {
		p.gone--
	}
	t := p.next()
	p.settle()
	p.mu.Unlock()
	if t != nil {
		go t.run()
	}
}

func (p *Pool) abandon() {
	p.mu.Lock()
	p.gone++
	p.abandonedTotal++
	p.mu.Unlock()
}

// leave is the last that a task's goroutine does.
func (p *Pool) leave() {
	p.mu.Lock()
	p.running--
	p.settle()
	p.mu.Unlock()
}

// settle tells those who wait that the pool is idle, if it is. mu is held.
func (p *Pool) settle() {
	if p.idle != nil && p.empty() {
		close(p.idle)
		p.idle = nil
	}
}

// empty reports whether nothing is queued, active or running; what is queued
// waits only while others are active. mu is held.
func (p *Pool) empty() bool { return p.active == 0 && p.running == 0 }
