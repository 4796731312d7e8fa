package observabletest

import (
	"container/heap"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/quillgo/quill/observable"
)

// VirtualScheduler is an observable.Scheduler whose time stands still until the
// test moves it (RxJava: TestScheduler). Tasks run inside AdvanceBy, AdvanceTo
// and Trigger, on the goroutine that calls them, in the order of their due times
// and, for equal times, of scheduling: the same calls give the same run, every
// time, and no wall time passes.
//
// Tasks may schedule more, which runs in the same call if it is due. Everything
// may also be called from other goroutines; what they schedule is then as
// deterministic as they are. Tasks never run two at a time: to move the time while
// it is being moved, from inside a task or from elsewhere, extends the move that
// is under way, and returns at once.
//
// A task that panics is reported to slog.Default, as observable.Worker asks, and
// the move goes on. runtime.Goexit, and so testing.T.FailNow in an observer, ends
// the move and its goroutine; the next move goes on from there.
type VirtualScheduler struct {
	mu     sync.Mutex
	now    time.Time // guarded by mu; never goes back
	target time.Time // guarded by mu; the end of the move that is under way, else now
	moving bool      // guarded by mu
	tasks  virtualHeap
	seq    uint64 // guarded by mu
}

// NewVirtualScheduler returns a scheduler whose time is 2026-01-01 00:00 UTC.
func NewVirtualScheduler() *VirtualScheduler {
	start := time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC)
	return &VirtualScheduler{now: start, target: start}
}

// Now returns the virtual time. Inside a task it is the time at which the task
// was due.
func (s *VirtualScheduler) Now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

// Worker returns a worker whose tasks run when the time is moved.
func (s *VirtualScheduler) Worker() observable.Worker { return &virtualWorker{scheduler: s} }

// Pending returns how many tasks wait to be run: none, when every stream on the
// scheduler has ended or was disposed.
func (s *VirtualScheduler) Pending() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.tasks)
}

// AdvanceBy moves the time by d and runs what becomes due.
func (s *VirtualScheduler) AdvanceBy(d time.Duration) {
	s.mu.Lock()
	s.advance(s.now.Add(d))
}

// AdvanceTo moves the time to t and runs what becomes due. The time never goes
// back: for a t in the past AdvanceTo is [VirtualScheduler.Trigger].
func (s *VirtualScheduler) AdvanceTo(t time.Time) {
	s.mu.Lock()
	s.advance(t)
}

// Trigger runs what is due, without moving the time.
func (s *VirtualScheduler) Trigger() {
	s.mu.Lock()
	s.advance(s.now)
}

// advance moves the time to t. It is called with mu held, and releases it.
func (s *VirtualScheduler) advance(t time.Time) {
	if t.After(s.target) {
		s.target = t
	}
	if s.moving {
		s.mu.Unlock()
		return
	}
	s.moving = true
	defer func() { // also after a Goexit
		s.moving, s.target = false, s.now
		s.mu.Unlock()
	}()
	for len(s.tasks) > 0 && !s.tasks[0].due.After(s.target) {
		s.run(heap.Pop(&s.tasks).(*virtualTask))
	}
	if s.target.After(s.now) {
		s.now = s.target
	}
}

// run runs t without mu, which it is called with and returns with.
func (s *VirtualScheduler) run(t *virtualTask) {
	if t.due.After(s.now) {
		s.now = t.due
	}
	f := t.f
	t.worker.leave(t)
	s.mu.Unlock()
	defer func() {
		if r := recover(); r != nil {
			p := observable.NewPanicError(r)
			slog.Default().Error("observabletest: scheduled task panicked", "error", p, "stack", string(p.Stack))
		}
		s.mu.Lock()
		if t.period > 0 && !t.Disposed() && !t.worker.Disposed() {
			t.due = t.due.Add(t.period)
			s.add(t)
		} else {
			t.f = nil
		}
	}()
	f()
}

// add puts t in. The caller holds mu.
func (s *VirtualScheduler) add(t *virtualTask) {
	s.seq++
	t.seq = s.seq
	heap.Push(&s.tasks, t)
	t.worker.join(t)
}

// remove takes t out, which is in. The caller holds mu.
func (s *VirtualScheduler) remove(t *virtualTask) {
	heap.Remove(&s.tasks, t.place)
	t.worker.leave(t)
	t.f = nil
}

// virtualWorker is one worker: its share of the scheduler's tasks.
type virtualWorker struct {
	scheduler *VirtualScheduler
	first     *virtualTask // guarded by the scheduler's mu; the tasks that wait
	disposed  atomic.Bool  // written under the scheduler's mu
}

// MayWait reports false: the tasks may need the goroutine that would wait.
func (*virtualWorker) MayWait() bool { return false }

func (w *virtualWorker) Schedule(task func()) (observable.Disposable, error) {
	return w.schedule("Schedule", 0, 0, task)
}

func (w *virtualWorker) After(d time.Duration, task func()) (observable.Disposable, error) {
	return w.schedule("After", d, 0, task)
}

func (w *virtualWorker) Every(first, period time.Duration, task func()) (observable.Disposable, error) {
	if period <= 0 {
		panic(&observable.ArgumentError{Operator: "Every", Argument: "period", Value: period, Want: "a positive duration"})
	}
	return w.schedule("Every", first, period, task)
}

func (w *virtualWorker) schedule(method string, after, period time.Duration, f func()) (observable.Disposable, error) {
	if f == nil {
		panic(&observable.ArgumentError{Operator: method, Argument: "task", Value: nil, Want: "a function"})
	}
	s := w.scheduler
	t := &virtualTask{worker: w, f: f, period: period, place: -1}
	s.mu.Lock()
	defer s.mu.Unlock()
	if w.disposed.Load() {
		t.disposed.Store(true)
		t.f = nil
		return t, nil
	}
	t.due = s.now.Add(max(after, 0))
	s.add(t)
	return t, nil
}

func (w *virtualWorker) Dispose() {
	w.scheduler.mu.Lock()
	defer w.scheduler.mu.Unlock()
	w.disposed.Store(true)
	for w.first != nil {
		w.first.disposed.Store(true)
		w.scheduler.remove(w.first)
	}
}

func (w *virtualWorker) Disposed() bool { return w.disposed.Load() }

// join and leave keep the list of the worker's tasks. The caller holds the
// scheduler's mu.
func (w *virtualWorker) join(t *virtualTask) {
	t.next = w.first
	if t.next != nil {
		t.next.prev = t
	}
	w.first = t
}

func (w *virtualWorker) leave(t *virtualTask) {
	if t.prev == nil {
		w.first = t.next
	} else {
		t.prev.next = t.next
	}
	if t.next != nil {
		t.next.prev = t.prev
	}
	t.next, t.prev = nil, nil
}

// virtualTask is a task and its Disposable. Its fields, except disposed, are
// guarded by the scheduler's mu.
type virtualTask struct {
	worker     *virtualWorker
	f          func() // nil when it will not run any more
	due        time.Time
	period     time.Duration // zero for a task that runs once
	seq        uint64
	place      int          // in the heap, or -1
	next, prev *virtualTask // of the worker's list, while in the heap
	disposed   atomic.Bool
}

func (t *virtualTask) Dispose() {
	s := t.worker.scheduler
	s.mu.Lock()
	defer s.mu.Unlock()
	t.disposed.Store(true)
	if t.place >= 0 {
		s.remove(t)
	}
}

func (t *virtualTask) Disposed() bool { return t.disposed.Load() }

// virtualHeap orders tasks by due time, then by the order of scheduling.
type virtualHeap []*virtualTask

func (h virtualHeap) Len() int { return len(h) }

func (h virtualHeap) Less(i, j int) bool {
	if c := h[i].due.Compare(h[j].due); c != 0 {
		return c < 0
	}
	return h[i].seq < h[j].seq
}

func (h virtualHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].place, h[j].place = i, j
}

func (h *virtualHeap) Push(x any) {
	t := x.(*virtualTask)
	t.place = len(*h)
	*h = append(*h, t)
}

func (h *virtualHeap) Pop() any {
	last := len(*h) - 1
	t := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	t.place = -1
	return t
}
