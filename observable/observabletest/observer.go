package observabletest

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/quillgo/quill/observable"
)

// TestObserver records what it is told and checks the protocol as far as an
// observer can see it: rules C1 to C4. All its methods may be called
// concurrently. Its Assert methods look at what was recorded so far, and do not
// wait; one that fails calls tb.Errorf, and the test goes on.
type TestObserver[T any] struct {
	// Inside has functions to be called inside a signal, after it has been
	// recorded; each may be nil. It must be set before the subscription.
	Inside observable.Funcs[T]
	// Forget makes the observer drop the items, for tests of what else holds
	// them. It must be set before the subscription.
	Forget bool

	tb       testing.TB // may be nil
	done     chan struct{}
	inside   atomic.Int32 // signals being delivered
	disposed atomic.Bool  // Dispose was called, perhaps before the subscription
	silent   atomic.Bool  // Dispose has returned

	mu         sync.Mutex // guards what follows
	up         observable.Disposable
	values     []T
	count      int // items, also those forgotten
	err        error
	completed  bool
	terminated bool
	stopAfter  int // dispose inside the signal with this many items; -1: never
	stopped    bool
	late       int // signals after a Dispose from outside
	violations []string
}

// NewObserver returns an observer. Violations of the protocol are errors of tb,
// if one is given, besides being recorded.
func NewObserver[T any](tb ...testing.TB) *TestObserver[T] {
	o := &TestObserver[T]{done: make(chan struct{}), stopAfter: -1}
	if len(tb) > 0 {
		o.tb = tb[0]
	}
	return o
}

// Subscribe subscribes a new observer to o and returns it. It blocks as long
// as o emits on the caller's goroutine.
func Subscribe[T any](ctx context.Context, o observable.Observable[T], tb ...testing.TB) *TestObserver[T] {
	obs := NewObserver[T](tb...)
	o.Subscribe(ctx, obs)
	return obs
}

// DisposeAfter makes the observer dispose inside its n-th OnNext, or with 0
// inside OnSubscribe. It must be called before the subscription.
func (o *TestObserver[T]) DisposeAfter(n int) *TestObserver[T] {
	o.mu.Lock()
	o.stopAfter = n
	o.mu.Unlock()
	return o
}

// OnSubscribe implements [observable.Observer].
func (o *TestObserver[T]) OnSubscribe(d observable.Disposable) {
	defer o.enter("OnSubscribe")()
	o.mu.Lock()
	if d == nil {
		o.violated("C1: OnSubscribe(nil)")
	}
	if o.up != nil {
		o.violated("C1: a second OnSubscribe")
	}
	o.up = d
	stop := o.stopAfter == 0
	o.stopped = o.stopped || stop
	o.mu.Unlock()
	if stop || o.disposed.Load() {
		d.Dispose()
		o.silent.Store(true)
	}
	if o.Inside.Subscribe != nil {
		o.Inside.Subscribe(d)
	}
}

// OnNext implements [observable.Observer].
func (o *TestObserver[T]) OnNext(v T) {
	defer o.enter("OnNext")()
	o.mu.Lock()
	o.signal(fmt.Sprintf("OnNext(%v)", v))
	o.count++
	if !o.Forget {
		o.values = append(o.values, v)
	}
	stop := o.count == o.stopAfter
	o.stopped = o.stopped || stop
	d := o.up
	o.mu.Unlock()
	if stop && d != nil {
		d.Dispose()
	}
	if o.Inside.Next != nil {
		o.Inside.Next(v)
	}
}

// OnError implements [observable.Observer].
func (o *TestObserver[T]) OnError(err error) {
	defer o.enter("OnError")()
	o.mu.Lock()
	o.signal(fmt.Sprintf("OnError(%v)", err))
	if err == nil {
		o.violated("C3: OnError(nil)")
	}
	if !o.terminated {
		o.err = err
	}
	o.terminate()
	o.mu.Unlock()
	if o.Inside.Error != nil {
		o.Inside.Error(err)
	}
}

// OnComplete implements [observable.Observer].
func (o *TestObserver[T]) OnComplete() {
	defer o.enter("OnComplete")()
	o.mu.Lock()
	o.signal("OnComplete")
	o.completed = o.completed || !o.terminated
	o.terminate()
	o.mu.Unlock()
	if o.Inside.Complete != nil {
		o.Inside.Complete()
	}
}

// enter notes that a signal begins, and returns what notes its end. It checks
// that signals do not overlap.
func (o *TestObserver[T]) enter(signal string) (leave func()) {
	if o.inside.Add(1) != 1 {
		o.mu.Lock()
		o.violated("C2: " + signal + " while another signal is being delivered")
		o.mu.Unlock()
	}
	return func() { o.inside.Add(-1) }
}

// signal checks that a signal may come now; the caller holds mu.
func (o *TestObserver[T]) signal(what string) {
	switch {
	case o.up == nil:
		o.violated("C1: " + what + " before OnSubscribe")
	case o.terminated:
		o.violated("C3: " + what + " after the end")
	case o.stopped:
		o.violated("C4: " + what + " after Dispose in the emitting goroutine")
	case o.silent.Load():
		if o.late++; o.late > 1 {
			o.violated("C4: " + what + ", a second signal after Dispose")
		}
	}
}

// terminate notes the end; the caller holds mu.
func (o *TestObserver[T]) terminate() {
	if !o.terminated {
		o.terminated = true
		close(o.done)
	}
}

// violated records a violation; the caller holds mu.
func (o *TestObserver[T]) violated(what string) {
	what += ", recorded so far: " + o.text()
	o.violations = append(o.violations, what)
	if o.tb != nil {
		o.tb.Helper()
		o.tb.Errorf("protocol violation: %s", what)
	}
}

// Dispose disposes the subscription, or the one to come. One more signal, which
// is in flight, is then not held against the source.
func (o *TestObserver[T]) Dispose() {
	o.disposed.Store(true)
	if d := o.Upstream(); d != nil {
		d.Dispose()
		o.silent.Store(true)
	}
}

// Upstream returns what OnSubscribe was given, or nil.
func (o *TestObserver[T]) Upstream() observable.Disposable {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.up
}

// Values returns the items so far.
func (o *TestObserver[T]) Values() []T {
	o.mu.Lock()
	defer o.mu.Unlock()
	return append([]T(nil), o.values...)
}

// Count returns the number of items so far.
func (o *TestObserver[T]) Count() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.count
}

// Err returns the error that ended the stream, or nil.
func (o *TestObserver[T]) Err() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.err
}

// Completed reports whether the stream completed.
func (o *TestObserver[T]) Completed() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.completed
}

// Terminated reports whether the stream completed or failed.
func (o *TestObserver[T]) Terminated() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.terminated
}

// Violations returns what broke the protocol, each with the rule's number.
func (o *TestObserver[T]) Violations() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return append([]string(nil), o.violations...)
}

// Done returns a channel that is closed by the terminal signal. A disposed
// stream gives none.
func (o *TestObserver[T]) Done() <-chan struct{} { return o.done }

// AwaitDone waits for the terminal signal, or for the end of ctx, whose cause it
// returns then.
func (o *TestObserver[T]) AwaitDone(ctx context.Context) error {
	select {
	case <-o.done:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// String shows what was recorded: items, then "|" for completion, "#" with the
// error, or "..." for a stream without an end.
func (o *TestObserver[T]) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text()
}

// text is String; the caller holds mu.
func (o *TestObserver[T]) text() string {
	const shown = 20
	var b strings.Builder
	for i, v := range o.values {
		if i == shown {
			fmt.Fprintf(&b, "(%d more) ", len(o.values)-shown)
			break
		}
		fmt.Fprintf(&b, "%v ", v)
	}
	if o.Forget {
		fmt.Fprintf(&b, "(%d items) ", o.count)
	}
	switch {
	case o.completed:
		b.WriteString("|")
	case o.terminated:
		fmt.Fprintf(&b, "#(%v)", o.err)
	default:
		b.WriteString("...")
	}
	return b.String()
}
