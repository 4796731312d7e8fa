package observabletest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/quillgo/quill/observable"
)

// recorder is a testing.TB that keeps errors to itself.
type recorder struct {
	testing.TB
	mu     sync.Mutex
	errors []string // guarded by mu
}

func (r *recorder) Helper() {}

func (r *recorder) Errorf(format string, args ...any) {
	r.mu.Lock()
	r.errors = append(r.errors, fmt.Sprintf(format, args...))
	r.mu.Unlock()
}

func (r *recorder) all() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string(nil), r.errors...)
}

// signals calls an observer like a source would, or would not.
func signals(o *TestObserver[int], what string) {
	for s := range strings.FieldsSeq(what) {
		switch s {
		case "subscribe":
			o.OnSubscribe(new(probeRun))
		case "subscribeNil":
			o.OnSubscribe(nil)
		case "next":
			o.OnNext(1)
		case "error":
			o.OnError(errBoom)
		case "errorNil":
			o.OnError(nil)
		case "complete":
			o.OnComplete()
		case "dispose":
			o.Dispose()
		}
	}
}

func TestTestObserver_Violations(t *testing.T) {
	for _, c := range []struct {
		signals string
		stop    int
		want    []string // the rules broken, in order
	}{
		{"subscribe next next complete", -1, nil},
		{"subscribe next error", -1, nil},
		{"subscribe", -1, nil},
		{"next", -1, []string{"C1"}},
		{"subscribeNil", -1, []string{"C1"}},
		{"subscribe subscribe", -1, []string{"C1"}},
		{"subscribe complete next", -1, []string{"C3"}},
		{"subscribe complete complete", -1, []string{"C3"}},
		{"subscribe error complete", -1, []string{"C3"}},
		{"subscribe complete error next", -1, []string{"C3", "C3"}},
		{"subscribe errorNil", -1, []string{"C3"}},
		{"subscribe next next", 1, []string{"C4"}},
		{"subscribe complete", 0, []string{"C4"}},
		{"subscribe next complete", 1, []string{"C4"}},
		{"subscribe dispose next", -1, nil},
		{"subscribe dispose next next", -1, []string{"C4"}},
	} {
		o := NewObserver[int]().DisposeAfter(c.stop)
		tb := &recorder{TB: t}
		o.tb = tb
		signals(o, c.signals)
		got := o.Violations()
		if len(got) != len(c.want) || len(tb.all()) != len(c.want) {
			t.Errorf("%s: violations %q, told %q, want %v", c.signals, got, tb.all(), c.want)
			continue
		}
		for i := range got {
			if !strings.HasPrefix(got[i], c.want[i]+": ") {
				t.Errorf("%s: violation %q, want of %s", c.signals, got[i], c.want[i])
			}
		}
	}
}

func TestTestObserver_Overlap(t *testing.T) {
	o := NewObserver[int]()
	entered, leave := make(chan struct{}), make(chan struct{})
	o.Inside.Next = func(int) {
		close(entered)
		<-leave
	}
	o.OnSubscribe(new(probeRun))
	done := make(chan struct{})
	go func() {
		o.OnNext(1)
		close(done)
	}()
	<-entered
	o.OnComplete()
	close(leave)
	<-done
	if v := o.Violations(); len(v) != 1 || !strings.HasPrefix(v[0], "C2: OnComplete") {
		t.Errorf("violations %q", v)
	}
}

func TestTestObserver_Records(t *testing.T) {
	p := &Probe[int]{Item: func(i int) int { return i }, Count: 3}
	o := Subscribe(t.Context(), p.Observable(), t)
	o.AssertValues(t, 0, 1, 2)
	o.AssertComplete(t)
	o.AssertProtocol(t)
	if o.String() != "0 1 2 |" || o.Count() != 3 || !o.Terminated() || o.Err() != nil {
		t.Errorf("recorded %v", o)
	}
	if err := o.AwaitDone(t.Context()); err != nil {
		t.Error(err)
	}

	p = &Probe[int]{Item: p.Item, Count: 1, Err: errBoom}
	o = Subscribe(t.Context(), p.Observable(), t)
	o.AssertError(t, errBoom)
	if o.String() != "0 #(boom)" || o.Completed() {
		t.Errorf("recorded %v", o)
	}
}

func TestTestObserver_Dispose(t *testing.T) {
	p := &Probe[int]{Item: func(i int) int { return i }, Count: Endless}
	o := NewObserver[int](t).DisposeAfter(2)
	p.Observable().Subscribe(t.Context(), o)
	o.AssertValues(t, 0, 1)
	o.AssertNotTerminated(t)

	o = NewObserver[int](t)
	o.Dispose() // before the subscription
	p.Observable().Subscribe(t.Context(), o)
	o.AssertEmpty(t)
	if !o.Upstream().Disposed() || p.Produced() != 2 || p.Active() != 0 {
		t.Errorf("disposed %v, produced %d, active %d", o.Upstream().Disposed(), p.Produced(), p.Active())
	}

	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errBoom)
	if err := o.AwaitDone(ctx); !errors.Is(err, errBoom) {
		t.Errorf("AwaitDone: %v", err)
	}
}

func TestTestObserver_Assertions(t *testing.T) {
	p := &Probe[int]{Item: func(i int) int { return i }, Count: 25}
	o := Subscribe(t.Context(), p.Observable())
	tb := &recorder{TB: t}
	o.AssertValues(tb, 0, 7)
	o.AssertValues(tb, 0)
	o.AssertEmpty(tb)
	o.AssertError(tb, errBoom)
	o.AssertNotTerminated(tb)
	o.OnNext(1)
	o.AssertProtocol(tb)
	p = &Probe[int]{Item: p.Item, Err: errBoom}
	o = Subscribe(t.Context(), p.Observable())
	o.AssertComplete(tb)
	o.AssertError(tb, errInObserver)
	for i, want := range []string{
		"item 1 is 1, want 7", "25 items, want 1", "25 items, want none", "has not failed, want boom",
		"the stream has ended", "C3: OnNext(1) after the end", "has not completed\n got: #(boom)", "another error, want observer panicked",
	} {
		if got := tb.all(); i >= len(got) || !strings.Contains(got[i], want) {
			t.Errorf("failure texts %q, want number %d to contain %q", got, i, want)
		}
	}
	if got := tb.all()[0]; !strings.Contains(got, "19 (5 more) |") {
		t.Errorf("failure text %q", got)
	}
}

func TestBadSource(t *testing.T) {
	var reports []error
	ctx := observable.WithErrorHandler(t.Context(), func(err error) { reports = append(reports, err) })
	all := BadSource[int]{Values: []int{1, 2}, Twice: true, AfterEnd: errBoom}
	o := Subscribe(ctx, all.Observable(), t)
	o.AssertValues(t, 1, 2)
	o.AssertComplete(t)
	if len(reports) != 2 || !errors.As(reports[0], new(*observable.ProtocolError)) || !errors.Is(reports[1], errBoom) {
		t.Errorf("reports %v", reports)
	}
	raw := NewObserver[int]()
	all.Subscribe(ctx, raw)
	if len(raw.Violations()) != 5 {
		t.Errorf("the source broke the rules %d times: %q", len(raw.Violations()), raw.Violations())
	}
}
