package isolation

import (
	"sync"
	"time"

	"github.com/quillgo/quill/observable"
)

// Now returns the real time; with [Pool.Worker] it makes a Pool an
// [observable.Scheduler].
func (p *Pool) Now() time.Time { return time.Now() }

// Worker returns a worker whose tasks run in the pool: it takes one slot, or a
// place in the queue, while it has something to run, and none while it waits for
// time. One that is disposed while it is queued leaves the queue. Scheduling fails
// with the pool's refusal; one that comes later, because the task falls due when
// the pool is full or the pool is closed while the worker is queued, goes to the
// worker's OnRefusal.
func (p *Pool) Worker() observable.Worker {
	w := &poolWorker{}
	w.Worker = observable.SchedulerFunc(func(run func()) error {
		return w.submit(p, &poolTask{worker: w, run: run})
	}).Worker()
	return w
}

// poolWorker adds to a worker what only the pool knows: its place in the queue,
// and that it was dropped from there.
type poolWorker struct {
	observable.Worker
	mu      sync.Mutex
	refused func(error) // guarded by mu
	turn    *poolTask   // guarded by mu; the last that was accepted
}

func (w *poolWorker) submit(p *Pool, t *poolTask) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := p.Submit(&t.task, t); err != nil {
		return err
	}
	w.turn = t
	if w.Disposed() {
		t.task.Cancel()
	}
	return nil
}

// Dispose also takes the worker out of the queue.
func (w *poolWorker) Dispose() {
	w.Worker.Dispose()
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.turn != nil {
		w.turn.task.Cancel()
	}
}

// OnRefusal sets what is called in place of a task that will not run after all.
func (w *poolWorker) OnRefusal(f func(error)) {
	w.mu.Lock()
	w.refused = f
	w.mu.Unlock()
	w.Worker.(interface{ OnRefusal(func(error)) }).OnRefusal(f)
}

// MayWait reports whether a producer may wait for the worker's tasks: only while
// it has its slot, for the one it waits for could be the producer's.
func (w *poolWorker) MayWait() bool {
	return w.Worker.(interface{ MayWait() bool }).MayWait()
}

// dropped ends the worker, which was queued when the pool was closed. Its tasks
// are not running, so refused is alone.
func (w *poolWorker) dropped(err error) {
	w.mu.Lock()
	refused := w.refused
	w.mu.Unlock()
	w.Dispose()
	if refused != nil {
		refused(err)
	}
}

// poolTask is one turn of a worker in the pool.
type poolTask struct {
	task   Task
	worker *poolWorker
	run    func()
}

// Run implements [Runner].
func (t *poolTask) Run(*Task) { t.run() }

// Dropped implements [Runner].
func (t *poolTask) Dropped(task *Task) { t.worker.dropped(task.pool.shut) }
