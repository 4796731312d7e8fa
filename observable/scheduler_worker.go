package observable

import (
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/quillgo/quill/internal/mono"
)

// worker is what the workers of this package have in common: an agenda, one
// timer for its head, and a run loop that is launched when something is due. How
// it is launched is all that they differ in.
//
// Invariants: the loop runs on at most one goroutine at a time, since only who
// moves state from started to running runs it. While the loop is at rest and
// the agenda is not empty, a timer is pending that is not later than the head.
type worker struct {
	clk mono.Clock
	// launch has run called; an error means that it will not be. Nil means a
	// goroutine of the worker's own.
	launch func() error

	mu      sync.Mutex
	tasks   agenda          // guarded by mu
	state   workerState     // guarded by mu
	timer   mono.Timer      // guarded by mu
	pending bool            // guarded by mu; timer will call wake
	armed   time.Duration   // guarded by mu; when it will, if pending
	refused func(err error) // guarded by mu; see submitWorker.OnRefusal
	current *task           // the running loop's
	asleep  chan struct{}   // guarded by mu; see currentWorker
	stays   bool            // the loop waits for tasks that are not due yet

	disposed atomic.Bool // written under mu
}

type workerState uint8

const (
	atRest  workerState = iota
	started             // launch was called, or is about to be
	running
)

// start has the loop run. free says that the calling goroutine is a timer's,
// with nothing else to do. An error means that the loop will not run.
func (w *worker) start(free bool) error {
	switch {
	case w.launch != nil:
		return w.launch()
	case free:
		w.run()
	default:
		go w.run() // ends when nothing is due
	}
	return nil
}

func (w *worker) Schedule(f func()) (Disposable, error) { return w.add("Schedule", 0, 0, f) }

func (w *worker) After(d time.Duration, f func()) (Disposable, error) {
	return w.add("After", d, 0, f)
}

func (w *worker) Every(first, period time.Duration, f func()) (Disposable, error) {
	if period <= 0 {
		panic(badArgument("Every", "period", period, "a positive duration"))
	}
	return w.add("Every", first, period, f)
}

func (w *worker) add(method string, after, period time.Duration, f func()) (Disposable, error) {
	if f == nil {
		panic(badArgument(method, "task", nil, "a function"))
	}
	t := &task{home: w, run: f, period: period}
	w.mu.Lock()
	if w.disposed.Load() {
		w.mu.Unlock()
		return cancelled{}, nil
	}
	now := w.clk.Now()
	t.due = later(now, after)
	w.tasks.add(t)
	if w.state != atRest {
		w.rouse()
		w.mu.Unlock()
		return t, nil
	}
	if head := w.tasks.head(); head.due > now && !w.stays {
		w.arm(head.due, now)
		w.mu.Unlock()
		return t, nil
	}
	w.state = started
	w.mu.Unlock()
	if err := w.start(false); err != nil {
		t.Dispose()
		w.refuse(err) // those who came meanwhile have been told that it is fine
		return nil, err
	}
	return t, nil
}

// arm makes the timer call wake at the moment at. A timer that comes earlier
// will do: wake arms it again. The caller holds mu.
func (w *worker) arm(at, now time.Duration) {
	if w.pending && w.armed <= at {
		return
	}
	w.pending, w.armed = true, at
	if !w.timer.Reset(at - now) {
		w.timer.Stop()
		w.timer = w.clk.AfterFunc(at-now, w.wake)
	}
}

// disarm stops the timer of an empty agenda, so that it does not keep the
// worker alive (rule C18). The caller holds mu.
func (w *worker) disarm() {
	if w.tasks.head() == nil {
		w.timer.Stop()
		w.pending = false
	}
}

// wake is called by the timer, on a goroutine of its own.
func (w *worker) wake() {
	w.mu.Lock()
	w.pending = false
	head, now := w.tasks.head(), w.clk.Now()
	if head == nil || w.state != atRest {
		w.mu.Unlock()
		return
	}
	if head.due > now {
		w.arm(head.due, now)
		w.mu.Unlock()
		return
	}
	w.state = started
	w.mu.Unlock()
	if err := w.start(true); err != nil {
		w.refuse(err)
	}
}

// run is the loop: it runs what is due.
func (w *worker) run() {
	if w.begin() {
		for !w.burst(nil) {
		}
	}
}

// refuse tells the owners of due tasks that nobody runs them.
func (w *worker) refuse(err error) {
	if w.begin() {
		for !w.burst(err) {
		}
	}
}

// begin reports whether the caller is the one who runs the loop.
func (w *worker) begin() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.state != started {
		return false
	}
	w.state = running
	return true
}

// burst runs due tasks until there are none, which it reports, or one has
// panicked. It is the boundary of the tasks.
func (w *worker) burst(refusal error) (done bool) {
	defer func() {
		if done {
			return
		}
		if r := recover(); r != nil {
			p := NewPanicError(r)
			slog.Default().Error("observable: scheduled task panicked", "error", p, "stack", string(p.Stack))
			return
		}
		w.mu.Lock()
		w.state = started
		w.mu.Unlock()
		if err := w.start(false); err != nil { // this goroutine is ending
			w.refuse(err)
		}
	}()
	for {
		f := w.next(refusal)
		if f == nil {
			return true
		}
		f()
	}
}

// next returns the next due task's work; nil means that there is none and that
// the worker is idle now.
func (w *worker) next(refusal error) func() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.settle()
	for {
		head, now := w.tasks.head(), w.clk.Now()
		if head == nil {
			w.state = atRest
			return nil
		}
		if head.due <= now {
			break
		}
		if !w.stays {
			w.state = atRest
			w.arm(head.due, now)
			return nil
		}
		w.sleep(head.due - now)
	}
	w.current = w.tasks.pop()
	if refusal == nil {
		return w.current.run
	}
	tell := w.refused
	return func() {
		if tell != nil {
			tell(refusal)
			return
		}
		slog.Default().Error("observable: scheduled task was refused when it was due", "error", refusal)
	}
}

// settle puts the task that has run back in if it runs again. The caller holds
// mu.
func (w *worker) settle() {
	t := w.current
	w.current = nil
	switch {
	case t == nil:
	case t.period == 0 || t.Disposed() || w.disposed.Load():
		t.run = nil
	default:
		t.due = later(t.due, t.period)
		w.tasks.add(t)
	}
}

// cancel is called when t was disposed.
func (w *worker) cancel(t *task) {
	w.mu.Lock()
	w.tasks.remove(t)
	w.disarm()
	w.rouse()
	w.mu.Unlock()
}

func (w *worker) Dispose() {
	w.mu.Lock()
	w.disposed.Store(true)
	w.tasks.clear()
	w.refused = nil
	w.disarm()
	w.rouse()
	w.mu.Unlock()
}

func (w *worker) Disposed() bool { return w.disposed.Load() }
