package observable

import "time"

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
	// Worker returns a new worker. Making one starts nothing; a worker that was
	// never given a task need not be disposed.
	Worker() Worker
}

// Worker runs the tasks of one subscription or of one stage of it. Its tasks run
// one after another, never two at once, and what one did is seen by the next. The
// order is that of their due times, and for equal times that of scheduling.
//
// All methods may be called from any goroutine and from inside a task. The
// error of a method that schedules is a refusal, for example of a full pool:
// the task will not run, and operators send the error to their observer. A
// disposed worker refuses nothing: it returns a Disposable that is disposed and
// forgets the task.
//
// Dispose cancels every task that has not begun. It does not wait for one that
// is running. The Disposable of a task cancels that task alone; for a periodic
// one it cancels all runs to come.
//
// A task that panics is reported to slog.Default and counts as done; the worker
// goes on, with the next run too if the task is periodic. The same is so for
// runtime.Goexit.
type Worker interface {
	Disposable
	// Schedule runs task as soon as the tasks before it have run.
	Schedule(task func()) (Disposable, error)
	// After runs task when d has passed; d of zero or less means at once, but
	// never inside the call.
	After(d time.Duration, task func()) (Disposable, error)
	// Every runs task when first has passed, and then at a fixed rate: the n-th
	// run is due at first+n*period, however late the one before it was. Runs that
	// are overdue follow each other at once, and none is left out. period must be
	// positive.
	Every(first, period time.Duration, task func()) (Disposable, error)
}
