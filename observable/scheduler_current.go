package observable

import (
	"time"

	"github.com/quillgo/quill/internal/mono"
)

// Current returns the scheduler that works on the goroutine of whoever gives it
// something to do (RxJava: trampoline). A call that schedules runs the task
// before it returns, sleeping until it is due, and with it all that is scheduled
// meanwhile, from inside the tasks or from elsewhere: that is queued, never
// nested (rule C16). Disposing the worker, or the last task, wakes the sleeper.
//
// A periodic task keeps its caller until it is disposed; what disposes it is its
// stream, whose Disposable the observer got before.
func Current() Scheduler { return currentScheduler{} }

type currentScheduler struct{}

func (currentScheduler) Now() time.Time { return time.Now() }

func (currentScheduler) Worker() Worker {
	w := new(currentWorker)
	w.clk = *mono.New(nil)
	w.stays = true
	w.launch = w.here
	return w
}

// currentWorker is a worker whose loop runs on the caller's goroutine and
// sleeps there until there is nothing more to do.
type currentWorker struct{ worker }

func (w *currentWorker) here() error {
	w.run()
	return nil
}

// MayWait reports false: the tasks may need the goroutine that would wait.
func (*currentWorker) MayWait() bool { return false }

// sleep waits for d, or until rouse is called. The caller holds mu, which is
// free meanwhile.
func (w *worker) sleep(d time.Duration) {
	roused := make(chan struct{})
	w.asleep = roused
	w.mu.Unlock()
	timer := time.NewTimer(d)
	select {
	case <-timer.C:
	case <-roused:
		timer.Stop()
	}
	w.mu.Lock()
	w.asleep = nil
}

// rouse wakes the sleeper, because the agenda has changed. The caller holds mu.
func (w *worker) rouse() {
	if w.asleep != nil {
		close(w.asleep)
		w.asleep = nil
	}
}
