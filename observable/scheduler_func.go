package observable

import (
	"time"

	"github.com/quillgo/quill/internal/mono"
)

// SchedulerFunc makes a scheduler of the function with which a pool of any
// kind is given work. It is called when a worker has something to run and is not
// running yet; the function it is given runs what is due and returns, so that a
// worker occupies one place of the pool at a time, and none while it waits. An
// error means that the pool will not run it; a panic is taken for one. A pool
// must run what it accepted: the stream waits for it.
//
// The time is the real one. A task whose time comes later is submitted then, and
// a refusal then goes to the worker's OnRefusal. MayWait is true while the pool
// is running the worker, and false while that still waits for a place, which
// may be the producer's own.
type SchedulerFunc func(task func()) error

// Now returns the real time.
func (SchedulerFunc) Now() time.Time { return time.Now() }

// Worker returns a new worker.
func (f SchedulerFunc) Worker() Worker {
	w := &submitWorker{submit: f}
	w.clk = *mono.New(nil)
	w.launch = w.hand
	return w
}

// submitWorker is a worker whose loop runs where submit has it run.
type submitWorker struct {
	worker
	submit SchedulerFunc
}

// hand gives the loop to the pool. That the pool runs it late, twice or although it
// refused does no harm: only one run gets past begin.
func (w *submitWorker) hand() (err error) {
	gone := func(cause error) { w.refuse(cause) }
	if p := try(func() { err = w.submit(w.run) }, gone); p != nil {
		return p
	}
	return err
}

// MayWait reports whether the loop is running; see [SchedulerFunc].
func (w *submitWorker) MayWait() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.state == running
}

// OnRefusal sets what is called in place of a task that the pool refuses when
// it is due.
func (w *submitWorker) OnRefusal(f func(error)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.disposed.Load() {
		w.refused = f
	}
}
