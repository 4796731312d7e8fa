package command

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/quillgo/quill/breaker"
	"github.com/quillgo/quill/cache"
	"github.com/quillgo/quill/internal/lazyctx"
	"github.com/quillgo/quill/metrics"
)

// execution is the record of one execution: what it may use, and what has
// happened to it. It does not know the command's types, so that both ways
// through the pipeline share it and every rule about it is written once. On the
// fused path it lives on the stack: it must not be handed to a hook, nor kept.
type execution struct {
	*circuit
	set    *resolved // read once (rule 8 of docs/intentional.md)
	hooked *hooked   // nil without hooks
	entry  *entry    // in the request log, or nil

	begun time.Duration // when the execution began, since the registry's epoch
	now   time.Duration // the clock as it was read last

	permit breaker.Permit // of the fused path; a chain's belongs to its guard

	// why says why the body gave no result. It belongs to who runs the execution.
	why
	// shown is the first why, for a Call's readers and for followers: written once,
	// before the bit hasCause is set.
	shown why

	// marks holds the events that have happened, and the bits below. It is also
	// what makes the fields above visible to a Call's readers.
	marks         marks
	async         bool                     // the chain must not run user code on the subscriber's goroutine
	received      atomic.Bool              // a value of the body has passed the guards
	frozen        atomic.Pointer[snapshot] // what a Call shows from then on; nil: the record itself
	collapsed     uint32                   // requests of the batch that it serves, set before it begins; else 0
	emits         atomic.Int32             // items of the body, of a streaming command
	fallbackEmits atomic.Int32
	latency       atomic.Int64 // valid with the bit over; negative if there is none
}

// why is the reason for which a body gave no result.
type why struct {
	kind  Kind
	cause error
}

// The bits of marks above the events.
const (
	bodyBegun uint64 = 1 << (32 + iota) // the body has started
	inPool                              // ... on a goroutine of the pool
	hasCause                            // shown is set
	decided                             // the terminal event has been chosen
	over                                // concluded: latency and total are set
	complete                            // it has ended, and was not cancelled
	fromCache                           // it shares another's execution
	abandoned                           // its caller left it to others, and was counted as CANCELLED, before it was decided

	eventMarks uint64 = 1<<32 - 1
	// endMarks are what an end that was decided adds.
	endMarks = decided | over | complete | 1<<metrics.Success | 1<<metrics.FallbackSuccess | 1<<metrics.FallbackFailure |
		1<<metrics.FallbackMissing | 1<<metrics.FallbackRejection | 1<<metrics.BadRequest
	// refusals are the events of an execution that has no latency.
	refusals uint64 = 1<<metrics.ShortCircuited | 1<<metrics.SemaphoreRejected | 1<<metrics.ThreadPoolRejected | 1<<metrics.ResponseFromCache
)

// marks is a set of bits that are only ever added, for readers of any
// goroutine; or, when alone is set at the beginning, for the one goroutine of a
// fused execution that nobody looks at, which saves it the atomic operations.
type marks struct {
	shared atomic.Uint64
	own    uint64
	alone  bool
}

// add adds bits and returns what was there before.
func (m *marks) add(bits uint64) uint64 {
	if m.alone {
		was := m.own
		m.own |= bits
		return was
	}
	return m.shared.Or(bits)
}

func (m *marks) load() uint64 {
	if m.alone {
		return m.own
	}
	return m.shared.Load()
}

// addUnless adds bits unless one of except is there. It is for records that are
// shared.
func (m *marks) addUnless(bits, except uint64) bool {
	for {
		was := m.shared.Load()
		if was&except != 0 {
			return false
		}
		if m.shared.CompareAndSwap(was, was|bits) {
			return true
		}
	}
}

func (x *execution) marked(bits uint64) bool { return x.marks.load()&bits != 0 }

// begin starts the record: the clock is read, the log gets its entry. It
// reports false if the registry is closed; then nothing has happened.
func (x *execution) begin(ctx context.Context, c *circuit, set *resolved, h *hooked) bool {
	x.circuit, x.set, x.hooked = c, set, h
	scope := cache.ScopeFrom(ctx) // first: a context may panic
	if !c.checkIn() {
		c.checkOut()
		x.kind, x.cause = Refused, ErrClosed
		return false
	}
	x.now = c.registry.clock.Now()
	x.begun = x.now
	if set.RequestLog == On {
		x.entry = logEntry(scope, c.core)
	}
	if x.collapsed > 0 {
		x.collapse()
	}
	return true
}

// collapse counts an execution that serves a batch: each request for the
// metrics, the batch once for the listener.
func (x *execution) collapse() {
	x.marks.add(1 << metrics.Collapsed)
	if x.entry != nil {
		x.entry.store(x)
	}
	x.recorder.Count(x.now, metrics.Collapsed, x.collapsed-1)
	x.heard(x.now, metrics.Collapsed)
}

// count makes an event happen: for the execution, the metrics and the listener.
// It is the only place where events are counted.
func (x *execution) count(e metrics.Event) { x.countAt(x.now, e) }

// countAt is count for the goroutine of a Dispose, to which now does not belong.
func (x *execution) countAt(now time.Duration, e metrics.Event) {
	if e != metrics.ExceptionThrown && e != metrics.FallbackDisabled {
		x.marks.add(1 << e)
		if x.entry != nil {
			x.entry.store(x)
		}
	}
	x.heard(now, e)
}

// heard counts an event for the metrics and the listener alone.
func (x *execution) heard(now time.Duration, e metrics.Event) {
	x.recorder.Count(now, e, 1)
	if f := x.registry.listener.Event; f != nil {
		name := x.name
		guarded(name, "listener", func() { f(name, e) })
	}
}

// unwound is deferred where hooks and listeners may end the goroutine: after a
// Goexit there the record has to be concluded, and the breaker told, as that of a
// refused execution. After anything else that has been done.
func (x *execution) unwound() {
	if x.circuit == nil || x.marked(over) {
		return
	}
	x.permit.DoneAt(breaker.Failure, x.now)
	x.marks.add(decided)
	x.end(x.now, false)
}

// watched reports whether hooks or listeners may be called.
func (x *execution) watched() bool {
	return x.hooked != nil || x.registry.listens
}

// decide claims the execution's terminal event: the one that says how it ended
// for its caller. Where the caller may leave at any moment, whoever comes second
// counts nothing (rule P1).
func (x *execution) decide() bool { return x.marks.add(decided)&decided == 0 }

// settle records why the body gave no result, and makes the event that goes
// with it happen. The permits are back by then; now a fallback may run, unless
// the kind is an end.
func (x *execution) settle(kind Kind, cause error) {
	if kind.final() && !x.decide() {
		kind = gone
	}
	x.settled(kind, cause)
}

// settled is settle for who has decided.
func (x *execution) settled(kind Kind, cause error) {
	x.why = why{kind, cause}
	if x.marks.alone {
		x.marks.own |= hasCause // nobody else reads it
	} else if !x.marked(hasCause) {
		x.shown = x.why
		x.marks.add(hasCause)
	}
	if kind != gone {
		x.count(kindEvents[kind])
	}
}

// final reports whether no fallback can follow.
func (k Kind) final() bool { return k == cancelled || k == expired || k == BadlyRequested || k == gone }

// kindEvents is the event that goes with each kind.
var kindEvents = [...]metrics.Event{
	succeeded:         metrics.Success,
	Failed:            metrics.Failure,
	TimedOut:          metrics.Timeout,
	expired:           metrics.Timeout,
	ShortCircuited:    metrics.ShortCircuited,
	PoolRejected:      metrics.ThreadPoolRejected,
	SemaphoreRejected: metrics.SemaphoreRejected,
	BadlyRequested:    metrics.BadRequest,
	cancelled:         metrics.Cancelled,
}

// bodyStarts is called right before the body, where it runs. A detached body
// may start while its execution is being concluded: whoever sets its bit of marks
// second ends what Started began.
func (x *execution) bodyStarts(where uint64) {
	x.recorder.Started(x.begun)
	if x.marks.add(bodyBegun|where)&over != 0 {
		x.recorder.Ended()
	}
}

// arm makes the context of a body whose timeout somebody else watches.
func (x *execution) arm(ctx context.Context, body *lazyctx.Ctx) {
	body.InitOwned(ctx, x.deadlines, x.deadline())
}

// conclude ends the record after the last event: latencies, concurrency, the
// log's entry.
func (x *execution) conclude() { x.end(x.now, x.kind != cancelled && x.kind != gone) }

// end is conclude for the goroutine of a Dispose. The first call counts.
func (x *execution) end(now time.Duration, completed bool) {
	latency := time.Duration(-1)
	if !x.marked(refusals) {
		latency = now - x.begun
	}
	if !x.marks.alone {
		x.latency.Store(int64(latency)) // of two that come here at once both are right
	}
	was := x.marks.add(over)
	if was&over != 0 {
		return
	}
	if completed {
		x.marks.add(complete)
	}
	if was&bodyBegun != 0 {
		x.recorder.Latency(now, latency, latency)
		x.recorder.Ended()
	}
	if x.entry != nil {
		x.entry.end(x, latency)
	}
	if x.registry.watchers.Load() != 0 {
		x.completed(was, latency)
	}
	x.checkOut()
}
