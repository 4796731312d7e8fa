package observable_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/quillgo/quill/observable"
	"github.com/quillgo/quill/observable/observabletest"
)

// asPanic reports whether there is a panic in err, and which.
func asPanic(err error, p **observable.PanicError) bool { return errors.As(err, p) }

func TestMaterialize(t *testing.T) {
	failing := observable.Concat(just(1), observable.Error[int](errBoom))
	o := observabletest.Subscribe(t.Context(), observable.Materialize(failing), t)
	if got := fmt.Sprint(o.Values()); got != "[OnNext(1) OnError(boom)]" {
		t.Errorf("%v", got)
	}
	o.AssertComplete(t)
	o = observabletest.Subscribe(t.Context(), observable.Materialize(observable.Empty[int]()), t)
	if got := fmt.Sprint(o.Values()); got != "[OnComplete]" {
		t.Errorf("%v", got)
	}
	back := observabletest.Subscribe(t.Context(), observable.Dematerialize(observable.Materialize(failing)), t)
	back.AssertValues(t, 1)
	back.AssertError(t, errBoom)
}

func TestDematerialize(t *testing.T) {
	type note = observable.Notification[int]
	one := note{Value: 1}
	for name, c := range map[string]struct {
		end   note
		fails string
	}{
		"completion":             {note{Kind: observable.SignalComplete, Err: errBoom}, ""},
		"an error":               {note{Kind: observable.SignalError, Err: errBoom}, "boom"},
		"an error without one":   {note{Kind: observable.SignalError}, "observable: protocol violation: a Notification of an error has none"},
		"what is no signal":      {note{Kind: 7}, "observable: protocol violation: a Notification is a Signal(7)"},
		"the end of the source":  {one, ""},
		"what is no signal, too": {note{Kind: 9, Err: errBoom}, "observable: protocol violation: a Notification is a Signal(9)"},
	} {
		p := &observabletest.Probe[note]{Item: func(i int) note { return []note{one, c.end}[i] }, Count: 2}
		o := observabletest.NewObserver[int](t)
		ended := func() {
			if p.Active() > 0 {
				t.Errorf("%s: the end is told before the source is stopped", name)
			}
		}
		o.Inside.Error, o.Inside.Complete = func(error) { ended() }, ended
		observable.Dematerialize(p.Observable()).Subscribe(t.Context(), o)
		if c.fails == "" && !o.Completed() || c.fails != "" && (o.Err() == nil || o.Err().Error() != c.fails) {
			t.Errorf("%s: %v", name, o)
		}
		if o.Values()[0] != 1 {
			t.Errorf("%s: %v", name, o)
		}
	}
}

func TestStamp(t *testing.T) {
	v := observabletest.NewVirtualScheduler()
	start := v.Now()
	v.AdvanceBy(time.Hour)
	up := observable.IntervalAfter(2*time.Second, 3*time.Second, v).Take(2)
	at := observabletest.Subscribe(t.Context(), observable.Timestamp(up, v), t)
	after := observabletest.Subscribe(t.Context(), observable.TimeInterval(up, v), t)
	v.AdvanceBy(time.Minute)
	at.AssertValues(t,
		observable.Timestamped[int]{Value: 0, At: start.Add(time.Hour + 2*time.Second)},
		observable.Timestamped[int]{Value: 1, At: start.Add(time.Hour + 5*time.Second)})
	after.AssertValues(t,
		observable.Timed[int]{Value: 0, Elapsed: 2 * time.Second},
		observable.Timed[int]{Value: 1, Elapsed: 3 * time.Second})
}
