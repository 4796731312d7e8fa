package observable

import (
	"time"

	"github.com/benbjohnson/clock"

	"github.com/quillgo/quill/internal/mono"
)

// Scheduler says where and when work is done: the operators that change
// goroutine or wait for time are given one. Its clock is the only one they read
// (rule C17). Both methods may be called from any goroutine.
//
// The schedulers of this package are [Go], [Current], [ClockScheduler] and
// [SchedulerFunc]; observabletest has a VirtualScheduler, whose time stands
// still until the test moves it.
type Scheduler interface {
	// Now returns the scheduler's time.
	Now() time.Time
	// Worker returns a new worker. Making one starts nothing.
	Worker() Worker
}

// Worker runs the tasks of one subscription, or of one stage of it. Its tasks
// run one after another, never two at once, and each sees what those before it
// did. The order is that of their due times, and for equal times that of
// scheduling.
//
// All methods may be called from any goroutine and from inside a task. The
// error of a method that schedules is a refusal, for example by a full pool: the
// task will not run, and operators send the error to their observer. A disposed
// worker refuses nothing: it forgets the task and returns a Disposable that is
// disposed. A nil task, or a period that is not positive, panics with an
// [*ArgumentError].
//
// Dispose cancels every task that has not begun; it does not wait for one that
// is running. Operators dispose their worker at the end of the stream, however
// it ends. The Disposable of a task cancels that task alone; for a periodic one,
// all its runs to come.
//
// A task that panics is reported to slog.Default and counts as done: the worker
// goes on, for a periodic task with its next run. It also goes on after a
// runtime.Goexit, which is not reported.
//
// A worker may have two more methods, which operators look for.
// MayWait() bool tells a producer with a full queue whether it may block until
// tasks of this worker have run: false where that could be for ever, because the
// task may need the goroutine, or the pool's slot, that the producer has. Without the
// method it may. OnRefusal(f func(error)) sets what is called when a task that
// was accepted turns out not to run after all, because the pool refuses it when
// it is due or drops it: f runs in the task's place, one at a time with the tasks
// of the worker.
type Worker interface {
	Disposable
	// Schedule runs task as soon as the tasks before it have run.
	Schedule(task func()) (Disposable, error)
	// After runs task when d has passed; zero or less is the same as Schedule.
	After(d time.Duration, task func()) (Disposable, error)
	// Every runs task when first has passed, and from then on at a fixed rate: the
	// n-th run is due at first + n*period, however late the one before it was.
	// Runs that are overdue follow each other at once; none is left out.
	Every(first, period time.Duration, task func()) (Disposable, error)
}

// Go returns the scheduler that runs each worker's tasks on a goroutine of
// their own: it is started when there is something to run and ends when there is
// nothing more. A task that waits for its time costs a runtime timer and no
// goroutine. It never refuses. Timed operators use it unless told otherwise.
func Go() Scheduler { return goScheduler{} }

type goScheduler struct{}

func (goScheduler) Now() time.Time { return time.Now() }

func (goScheduler) Worker() Worker {
	return &worker{clk: *mono.New(nil)}
}

// ClockScheduler is [Go] with the time of clk, which may be a *clock.Mock: then
// tasks become due when the mock is moved, and run on goroutines of their own
// soon after. A nil clk is the real time.
func ClockScheduler(clk clock.Clock) Scheduler {
	if clk == nil {
		return goScheduler{}
	}
	return clockScheduler{clk}
}

type clockScheduler struct{ clk clock.Clock }

func (s clockScheduler) Now() time.Time { return s.clk.Now() }

func (s clockScheduler) Worker() Worker {
	return &worker{clk: *mono.New(s.clk)}
}

// schedulerOf returns the one scheduler that a timed operator was given, or Go.
func schedulerOf(operator string, on []Scheduler) Scheduler {
	switch {
	case len(on) == 0:
		return goScheduler{}
	case len(on) > 1:
		panic(badArgument(operator, "on", len(on), "at most one Scheduler"))
	}
	checkScheduler(operator, "on", on[0])
	return on[0]
}

func checkScheduler(operator, argument string, s Scheduler) {
	if s == nil {
		panic(badArgument(operator, argument, nil, "a Scheduler"))
	}
	if f, ok := s.(SchedulerFunc); ok && f == nil {
		panic(badArgument(operator, argument, nil, "a function"))
	}
}

// refusable is an operator's stage that has a worker.
type refusable interface{ refused(err error) }

// onRefusal has r told of refusals that w finds out late.
func onRefusal(w Worker, r refusable) {
	if late, ok := w.(interface{ OnRefusal(func(error)) }); ok {
		late.OnRefusal(r.refused)
	}
}
