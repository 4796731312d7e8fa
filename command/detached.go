package command

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/quillgo/quill/internal/deadline"
	"github.com/quillgo/quill/internal/lazyctx"
	"github.com/quillgo/quill/isolation"
	"github.com/quillgo/quill/metrics"
	"github.com/quillgo/quill/observable"
)

// detached is a fused execution whose body runs on another goroutine: in a
// slot of a pool or, for a future with Semaphore isolation, on one of its own.
//
// How it ends is decided once, by claim: by the body's goroutine, the deadline's
// timer, the caller, or Close. Who claimed frees the slot and wakes the waiter,
// who does everything else: the timer only claims and wakes.
type detached[In, Out any] struct {
	x   *execution // own, or a Call's
	own execution  // so that there is one allocation
	cmd *Command[In, Out]
	ctx context.Context // the caller's
	in  In

	state atomic.Uint32 // the bit running, and the claim
	body  lazyctx.Ctx
	limit deadline.Entry
	task  isolation.Task
	slot  *isolation.Permit // the task's or the semaphore's; set before limit is listed
	// placed is set once the body has its slot or its place in the queue, before
	// which the task must not be touched.
	placed atomic.Bool

	// out and err are the body's: written by its goroutine after it claimed,
	// read by the waiter after it was woken.
	out Out
	err error

	waiter waiter
	future *Future[Out] // nil for Execute
}

// The states of a detached execution: running and at most one claim.
const (
	running   uint32 = 1 << iota // the body has been started
	byBody                       // the body returned
	byTimer                      // the deadline passed
	byCaller                     // the caller left
	byClose                      // the registry was closed
	byRefusal                    // the pool refused the task

	claims = byBody | byTimer | byCaller | byClose | byRefusal
)

// claim decides how the execution ends, unless that is decided.
func (d *detached[In, Out]) claim(how uint32) bool {
	for {
		s := d.state.Load()
		if s&claims != 0 {
			return false
		}
		if d.state.CompareAndSwap(s, s|how) {
			return true
		}
	}
}

// executePooled runs the command in a slot of its pool and waits, no longer
// than its timeout and ctx allow. x is a Call's record or nil.
func (c *Command[In, Out]) executePooled(ctx context.Context, in In, set *resolved, x *execution) (out Out, err error) {
	d := c.detach(ctx, in, x)
	if !d.x.begin(ctx, c.core.use(), set, c.hooked(ctx, in)) {
		return out, d.x.failure(nil)
	}
	if d.x.watched() {
		defer d.x.unwound()
	}
	if d.x.enter(ctx) && d.launch(Pool) {
		d.waiter.wait(ctx, d)
	}
	return d.result()
}

func (c *Command[In, Out]) detach(ctx context.Context, in In, x *execution) *detached[In, Out] {
	d := new(detached[In, Out])
	d.init(ctx, c, in, x)
	return d
}

func (d *detached[In, Out]) init(ctx context.Context, c *Command[In, Out], in In, x *execution) {
	d.cmd, d.ctx, d.in, d.x = c, ctx, in, x
	if x == nil {
		d.x = &d.own
	}
}

// start enters the pipeline and launches the body, or reports false: then the
// execution is settled. A hook that ends the goroutine ends it.
func (d *detached[In, Out]) start(i Isolation) (launched bool) {
	if d.x.watched() {
		returned := false
		defer func() {
			if !returned {
				d.x.unwound()
			}
		}()
		launched = d.x.enter(d.ctx) && d.launch(i)
		returned = true
		return launched
	}
	return d.x.enter(d.ctx) && d.launch(i)
}

// launch lists the deadline and starts the body, or reports false if the
// bulkhead refused it.
func (d *detached[In, Out]) launch(i Isolation) bool {
	if i == Pool {
		d.slot = d.task.Permit()
	} else {
		var err error
		if d.slot, err = d.x.semaphore.Acquire(); err != nil {
			return d.x.admit(SemaphoreRejected, err)
		}
	}
	d.x.arm(d.ctx, &d.body)
	d.waiter.init(d.ctx, d.future == nil)
	d.x.deadlines.Add(&d.limit, d.x.deadline(), d)
	if i == Semaphore {
		go d.run(0) // ends with the body; Shutdown waits for it
	} else if err := d.x.slots().Submit(&d.task, d); err != nil {
		if d.claim(byRefusal) {
			d.x.deadlines.Remove(&d.limit)
			return d.x.admit(kindOf(err))
		}
		return true
	}
	d.placed.Store(true)
	if d.state.Load()&(byTimer|byCaller|byClose) != 0 {
		d.vacate() // it ended before it was placed
	}
	return true
}

// Run implements isolation.Runner.
func (d *detached[In, Out]) Run(*isolation.Task) { d.run(inPool) }

// Dropped implements isolation.Runner: the pool was closed, by its registry or,
// if it is a shared one, by hand, which is a refusal.
func (d *detached[In, Out]) Dropped(*isolation.Task) {
	if d.x.registry.aborted.Load() {
		d.leaveBy(byClose)
	} else if d.claim(byRefusal) {
		d.x.deadlines.Remove(&d.limit)
		d.body.Cancel()
		d.x.now = d.x.registry.clock.Now()
		d.x.admit(PoolRejected, d.x.slots().Closed())
		d.wake(byRefusal)
	}
}

// Expire implements deadline.Expirer.
func (d *detached[In, Out]) Expire() {
	if d.x.registry.aborted.Load() {
		d.leaveBy(byClose)
		return
	}
	d.leaveBy(byTimer)
}

// leaveBy ends the execution while its body may be queued or running: a queued
// one never runs, a running one keeps its slot until it returns (rule 2 of
// docs/intentional.md).
func (d *detached[In, Out]) leaveBy(how uint32) bool {
	if !d.claim(how) {
		return false
	}
	d.x.deadlines.Remove(&d.limit)
	if d.placed.Load() {
		d.vacate()
	}
	if how == byTimer {
		d.body.Expire()
	} else {
		d.body.Cancel()
	}
	d.wake(how)
	return true
}

// cancel is the caller leaving.
func (d *detached[In, Out]) cancel() bool { return d.leaveBy(byCaller) }

// vacate gives up the place in the queue, or leaves the slot to the body.
func (d *detached[In, Out]) vacate() {
	if !d.task.Cancel() {
		d.slot.Abandon()
	}
}

// run is the body's goroutine. Whichever way the body ends, ended tells it.
func (d *detached[In, Out]) run(where uint64) {
	if !d.slot.Retain() {
		return
	}
	if !d.startRunning() {
		d.slot.Release()
		return
	}
	d.x.inflight.Add(1) // a body that is left behind is still something to wait for
	var out Out
	var err error
	returned := false
	defer func() {
		if !returned {
			err = observable.ErrGoexit
			if r := recover(); r != nil {
				err = observable.NewPanicError(r)
			}
		}
		d.ended(out, err, where)
	}()
	d.x.bodyStarts(where)
	if where == inPool {
		err = d.x.hooked.start(hookThreadStart)
	}
	if err == nil {
		err = d.x.hooked.start(hookExecutionStart)
	}
	if err == nil {
		out, err = d.cmd.run(&d.body, d.in)
	}
	returned = true
}

// startRunning reports whether the body may start.
func (d *detached[In, Out]) startRunning() bool {
	return d.state.CompareAndSwap(0, running)
}

// ended takes the body's result. The slot is free before anybody is told.
func (d *detached[In, Out]) ended(out Out, err error, where uint64) {
	defer d.x.checkOut()
	now := d.x.registry.clock.Now()
	if d.x.timedOut(now) {
		d.leaveBy(byTimer) // the timer may be a little late to say so
	}
	won := d.claim(byBody)
	d.slot.Release()
	if !won {
		d.cmd.tooLate(out, err, d.x.hooked)
		return
	}
	d.slot.Done()
	d.x.deadlines.Remove(&d.limit)
	d.body.Cancel()
	d.out, d.err, d.x.now = out, err, now
	if d.x.hooked == nil {
		d.wake(byBody)
	} else {
		d.tellHooks(where)
	}
}

// tellHooks calls the hooks that belong to the body's end, and wakes.
func (d *detached[In, Out]) tellHooks(where uint64) {
	out, err := d.out, d.err
	d.err = observable.ErrGoexit // stands if a hook does not return
	defer d.wake(byBody)
	if err == nil {
		out = emit(d.x.hooked, out, hookExecutionEmit)
		out = emit(d.x.hooked, out, hookEmit)
		d.x.hooked.tell(hookExecutionSuccess)
	} else {
		err = d.x.hooked.fail(err, hookExecutionError)
	}
	if where == inPool {
		d.x.hooked.tell(hookThreadComplete)
	}
	d.out, d.err = out, err
}

// wake has the execution finished: by the goroutine that waits for it or, for a
// future, by one of its own. A body's goroutine has nothing else to do.
func (d *detached[In, Out]) wake(how uint32) {
	switch {
	case d.future == nil:
		d.waiter.wake()
	case how == byBody && d.err == nil && !d.x.watched():
		d.future.set(d.result()) // without user code; a new goroutine's stack is small
	case how == byBody:
		d.deliver()
	default:
		go d.deliver() // ends with the fallback
	}
}

// deliver gives the future its result, also if the fallback or a hook ends the
// goroutine.
func (d *detached[In, Out]) deliver() {
	told := false
	defer func() {
		if !told {
			d.x.unwound()
			var zero Out
			d.future.set(zero, &Error{Command: d.x.name, Kind: Failed, Err: observable.ErrGoexit})
		}
	}()
	out, err := d.result()
	told = true
	d.future.set(out, err)
}

// result finishes the execution, on the waiter's goroutine: the breaker is told,
// the outcome counted, the fallback run.
func (d *detached[In, Out]) result() (out Out, err error) {
	state := d.state.Load()
	if state&claims == 0 || state&byRefusal != 0 {
		return d.cmd.fallBack(d.ctx, d.in, d.x) // refused, and settled
	}
	if state&byBody == 0 {
		d.x.now = d.x.registry.clock.Now()
	}
	kind, cause := d.judgeClaim(state & claims)
	d.x.permit.DoneAt(outcomes[kind], d.x.now)
	if kind == succeeded {
		d.x.count(metrics.Success)
		d.x.hooked.tell(hookSuccess)
		d.x.conclude()
		return d.out, nil
	}
	d.x.settle(kind, cause)
	left := d.x.marked(inPool) && state&byBody == 0 // the thread is complete for us, though the body runs
	if left && kind != cancelled {
		d.x.hooked.tell(hookThreadComplete)
	}
	out, err = d.cmd.fallBack(d.ctx, d.in, d.x)
	if left && kind == cancelled {
		d.x.hooked.tell(hookThreadComplete)
	}
	return out, err
}

// judgeClaim says what a claim means.
func (d *detached[In, Out]) judgeClaim(how uint32) (Kind, error) {
	switch {
	case how == byTimer:
		return TimedOut, ErrTimeout
	case how == byClose:
		return cancelled, ErrClosed
	case d.ctx.Err() != nil && (how == byCaller || d.err != nil):
		return callerEnd(d.ctx)
	case how == byCaller:
		return cancelled, context.Canceled // by Future.Cancel
	case d.err != nil:
		return bodyFailure(d.err)
	}
	return succeeded, nil
}

// waiter lets one goroutine wait for a detached execution: without a channel if
// the caller's context cannot end.
type waiter struct {
	woken chan struct{} // nil if the context cannot end
	group sync.WaitGroup
}

func (w *waiter) init(ctx context.Context, used bool) {
	switch {
	case !used:
	case ctx.Done() != nil:
		w.woken = make(chan struct{})
	default:
		w.group.Add(1)
	}
}

func (w *waiter) wake() {
	if w.woken != nil {
		close(w.woken)
		return
	}
	w.group.Done()
}

// wait waits for wake; the end of ctx claims.
func (w *waiter) wait(ctx context.Context, d interface{ leaveBy(how uint32) bool }) {
	if w.woken == nil {
		w.group.Wait()
		return
	}
	select {
	case <-w.woken:
		return
	case <-ctx.Done():
	}
	d.leaveBy(byCaller)
	<-w.woken
}
