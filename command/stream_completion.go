package command

import (
	"time"

	"github.com/quillgo/quill/metrics"
)

// Completion is an execution that has ended (HystrixCommandCompletion).
type Completion struct {
	At             time.Time // when it was over
	Command, Group string
	// Events are what happened, which was counted by then. One that was served from
	// the request cache has metrics.ResponseFromCache alone: the rest is in the
	// completion of the execution that it shares. One whose caller left while others
	// went on sharing it has metrics.Cancelled beside what became of it.
	Events metrics.Events
	// Emits and FallbackEmits are the items of a streaming command.
	Emits, FallbackEmits int
	// Collapsed is how many requests of a collapser the execution served as their
	// batch command, or 0.
	Collapsed int
	// Latency is the execution's, or negative if it has none.
	Latency time.Duration
	// Pool names the pool of one with Pool isolation: its pool key, or the name of
	// its Spec.SharedPool (HystrixThreadPoolCompletionStream is a filter on it).
	// Else it is "".
	Pool string
	// Started reports whether the body has begun, InPool whether it did in a pool
	// (didExecutionOccur, isExecutedInThread).
	Started, InPool bool
	// Missed is how many completions right before this one the subscriber was too
	// slow for.
	Missed int
}

func missedCompletions(c Completion, n int) Completion {
	c.Missed = n
	return c
}

// completed tells the streams that the execution is over, with these marks.
func (x *execution) completed(marks uint64, latency time.Duration) {
	c := Completion{
		At: x.registry.wall(), Command: x.name, Group: x.group,
		Events:  metrics.Events(marks & eventMarks),
		Latency: latency, Collapsed: int(x.collapsed),
		Emits: int(x.emits.Load()), FallbackEmits: int(x.fallbackEmits.Load()),
	}
	if marks&abandoned != 0 {
		c.Events = c.Events.With(metrics.Cancelled)
	}
	if marks&fromCache != 0 {
		c.Events, c.Emits, c.FallbackEmits = 1<<metrics.ResponseFromCache, 0, 0
	} else if x.set.Isolation == Pool {
		c.Pool = x.poolName()
	}
	c.Started, c.InPool = marks&bodyBegun != 0, marks&inPool != 0
	x.registry.streams.push(c)
}

// hitCompleted is completed for a hit that has no record.
func (c *circuit) hitCompleted() {
	c.registry.streams.push(Completion{
		At: c.registry.wall(), Command: c.name, Group: c.group, Events: 1 << metrics.ResponseFromCache, Latency: -1,
	})
}

// RequestEvents is what the commands of a registry did within a scope that was
// closed (HystrixRequestEvents).
type RequestEvents struct {
	At time.Time // when the scope was closed
	// Entries are the executions in order of beginning, as [Log.Entries] has them.
	// One that was still on is as it was then.
	Entries []Entry
	// Missed is how many of these right before this one the subscriber was too slow
	// for.
	Missed int
}

// String renders it as [Log.String] does.
func (e RequestEvents) String() string { return render(e.Entries) }
