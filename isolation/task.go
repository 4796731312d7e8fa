package isolation

import (
	"log/slog"
	"runtime/debug"
)

// Runner is the work of a task. Of each task that Submit accepted, exactly one
// of Run and Dropped is called, once, unless Cancel reported true (I9).
type Runner interface {
	// Run does the work, on a goroutine of its own, holding a slot through the
	// task's Permit. When it returns, the holder's reference is dropped; to have
	// the slot free before its caller is told, Run calls Done first (I7). If the
	// holder can leave while Run runs, Run must Retain the permit around the
	// user code, and not run it when Retain says false.
	Run(t *Task)
	// Dropped is called instead of Run when Close takes the task out of the
	// queue, on the goroutine of Close.
	Dropped(t *Task)
}

// Task is one piece of work for a pool. It is meant to be embedded in the
// caller's own struct, which is then all that a submission needs. It serves one
// accepted Submit, and must not be copied after that.
type Task struct {
	pool   *Pool // set when accepted
	runner Runner
	permit Permit // born when the task gets its slot

	prev, next *Task // guarded by pool.mu while queued is true
	queued     bool  // guarded by pool.mu
}

// Submit runs t on a goroutine of its own, now or when it has come to the head
// of the queue; never on the caller's. It does not block. The error matches
// [ErrPoolFull] or [ErrPoolClosed]; after it t may be submitted again. Submit
// panics if t was accepted before.
func (p *Pool) Submit(t *Task, r Runner) error {
	if r == nil {
		panic("isolation: Submit without a Runner")
	}
	if t.pool != nil {
		panic("isolation: Submit of a task that was submitted before")
	}
	p.mu.Lock()
	run, err := p.admit()
	if err != nil {
		p.mu.Unlock()
		return err
	}
	p.submitted++
	t.pool, t.runner, t.permit.owner = p, r, p
	if !run {
		t.queued = true
		p.waiting.push(t)
		p.mu.Unlock()
		return nil
	}
	p.occupy(t)
	p.mu.Unlock()
	go t.run()
	return nil
}

// Cancel takes the task out of the queue and reports true; then it never runs.
// It reports false when the task has got its slot already, was never accepted,
// or has left the queue before. It may be called from any goroutine once Submit
// has returned.
func (t *Task) Cancel() bool {
	p := t.pool
	if p == nil {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if !t.queued {
		return false
	}
	t.queued = false
	p.waiting.remove(t)
	p.cancelled++
	return true
}

// Permit returns the task's hold on its slot. It holds nothing before the task
// has got its slot: who wants to leave calls Cancel first, and Abandon if that
// reports false.
func (t *Task) Permit() *Permit { return &t.permit }

// run is the task's goroutine. It ends with the Runner; who has to outlive it is
// waited for by [Pool.Wait].
func (t *Task) run() {
	defer t.pool.leave()
	defer t.end()
	t.runner.Run(t)
}

// end is deferred, so that it also sees a panic or a Goexit of the Runner.
func (t *Task) end() {
	v := recover()
	t.permit.Done()
	if v != nil {
		t.pool.report(v)
	}
}

// report tells a panic of a Runner, which nobody up the stack can recover.
func (p *Pool) report(v any) {
	stack := debug.Stack()
	if p.onPanic == nil {
		p.log(v, stack)
		return
	}
	defer func() {
		if again := recover(); again != nil {
			p.log(v, stack)
			p.log(again, debug.Stack())
		}
	}()
	p.onPanic(v, stack)
}

func (p *Pool) log(v any, stack []byte) {
	slog.Default().Error("isolation: panic in a task", "pool", p.name, "panic", v, "stack", string(stack))
}
