package observable_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/quillgo/quill/observable"
	"github.com/quillgo/quill/observable/observabletest"
)

func TestSkip(t *testing.T) {
	for n, want := range [][]int{{0, 1, 2}, {1, 2}, {2}, {}, {}} {
		o := observabletest.Subscribe(t.Context(), observable.Range(0, 3).Skip(n), t)
		o.AssertValues(t, want...)
		o.AssertComplete(t)
	}
}

func TestSkipWhile_AsksNoMore(t *testing.T) {
	calls := 0
	skip := func(v int) bool { calls++; return v < 2 }
	observabletest.Subscribe(t.Context(), observable.Just(0, 1, 2, 0).SkipWhile(skip), t).AssertValues(t, 2, 0)
	if calls != 3 {
		t.Errorf("the function is called %d times, want 3", calls)
	}
}

func TestSkipLast(t *testing.T) {
	for n, want := range [][]int{{0, 1, 2}, {0, 1}, {0}, {}, {}} {
		o := observabletest.Subscribe(t.Context(), observable.SkipLast(observable.Range(0, 3), n), t)
		o.AssertValues(t, want...)
		o.AssertComplete(t)
	}
}

// An item that came exactly d ago is let through, by the next item or by the
// completion, without any task.
func TestSkipLastTime(t *testing.T) {
	v := observabletest.NewVirtualScheduler()
	s := observable.NewPublishSubject[int]()
	o := observabletest.Subscribe(t.Context(), observable.SkipLastTime(s.Observable(), 2*time.Second, v), t)
	for i := range 4 {
		s.OnNext(i)
		v.AdvanceBy(time.Second)
	}
	o.AssertValues(t, 0, 1)
	if v.Pending() != 0 {
		t.Errorf("%d tasks are pending", v.Pending())
	}
	s.OnComplete()
	o.AssertValues(t, 0, 1, 2)
	o.AssertComplete(t)
}

// Several items are let through by one: a Dispose inside one keeps the rest back.
func TestSkipLastTime_DisposeInsideAnItem(t *testing.T) {
	v := observabletest.NewVirtualScheduler()
	s := observable.NewPublishSubject[int]()
	o := observabletest.NewObserver[int](t).DisposeAfter(2)
	observable.SkipLastTime(s.Observable(), time.Second, v).Subscribe(t.Context(), o)
	for i := range 3 {
		s.OnNext(i)
	}
	v.AdvanceBy(time.Second)
	s.OnNext(3)
	o.AssertValues(t, 0, 1)
	if s.HasObservers() {
		t.Error("the source is running after Dispose")
	}
}

func TestSkipLastTime_Errors(t *testing.T) {
	v := observabletest.NewVirtualScheduler()
	s := observable.NewPublishSubject[int]()
	dropped := observabletest.Subscribe(t.Context(), observable.SkipLastTime(s.Observable(), time.Second, v), t)
	delayed := observabletest.Subscribe(t.Context(), observable.SkipLastTimeDelayError(s.Observable(), time.Second, v), t)
	s.OnNext(1)
	v.AdvanceBy(time.Second)
	s.OnError(errBoom)
	dropped.AssertEmpty(t)
	dropped.AssertError(t, errBoom)
	delayed.AssertValues(t, 1)
	delayed.AssertError(t, errBoom)
}

func TestSkipUntilWhen(t *testing.T) {
	for name, open := range map[string]func(other observable.Subject[int]){
		"an item":    func(other observable.Subject[int]) { other.OnNext(0) },
		"completion": func(other observable.Subject[int]) { other.OnComplete() },
	} {
		s, other := observable.NewPublishSubject[int](), observable.NewPublishSubject[int]()
		o := observabletest.Subscribe(t.Context(), observable.SkipUntilWhen(s.Observable(), other.Observable()), t)
		s.OnNext(1)
		open(other)
		if other.HasObservers() {
			t.Errorf("%s: the other stream is not stopped", name)
		}
		s.OnNext(2)
		s.OnNext(3)
		s.OnComplete()
		o.AssertValues(t, 2, 3)
		o.AssertComplete(t)
	}
}

func TestSkipUntilWhen_EndsStopTheOther(t *testing.T) {
	for name, c := range map[string]struct {
		end  func(s, other observable.Subject[int], o *observabletest.TestObserver[int])
		want error
		told bool
	}{
		"completion":      {func(s, _ observable.Subject[int], _ *observabletest.TestObserver[int]) { s.OnComplete() }, nil, true},
		"an error":        {func(s, _ observable.Subject[int], _ *observabletest.TestObserver[int]) { s.OnError(errBoom) }, errBoom, true},
		"the other fails": {func(_, other observable.Subject[int], _ *observabletest.TestObserver[int]) { other.OnError(errBoom) }, errBoom, true},
		"Dispose":         {func(_, _ observable.Subject[int], o *observabletest.TestObserver[int]) { o.Dispose() }, nil, false},
	} {
		s, other := observable.NewPublishSubject[int](), observable.NewPublishSubject[int]()
		o := observabletest.NewObserver[int](t)
		stopped := func() {
			if s.HasObservers() || other.HasObservers() {
				t.Errorf("%s: the end is told while a stream is running (rule C6)", name)
			}
		}
		o.Inside.Complete, o.Inside.Error = stopped, func(error) { stopped() }
		observable.SkipUntilWhen(s.Observable(), other.Observable()).Subscribe(t.Context(), o)
		c.end(s, other, o)
		stopped()
		if o.Terminated() != c.told || !errors.Is(o.Err(), c.want) {
			t.Errorf("%s: %v", name, o)
		}
	}
}

// A source is not subscribed to when the other stream has failed, and its own
// end keeps the other's error out.
func TestSkipUntilWhen_OtherAtOnce(t *testing.T) {
	p := count(3)
	o := observabletest.Subscribe(t.Context(), observable.SkipUntilWhen(p.Observable(), observable.Error[int](errBoom)), t)
	o.AssertError(t, errBoom)
	if p.Subscriptions() != 0 {
		t.Error("the source is subscribed to")
	}
	o = observabletest.Subscribe(t.Context(), observable.SkipUntilWhen(p.Observable(), observable.Just(1)), t)
	o.AssertValues(t, 0, 1, 2)
	o.AssertComplete(t)
}

// An error of the other stream that is on its way when that is stopped is
// reported, whether items pass by then or the end has come.
func TestSkipUntilWhen_LateErrorOfTheOther(t *testing.T) {
	ctx, got := reports(t)
	var s, other source
	o := observabletest.Subscribe(ctx, observable.SkipUntilWhen(s.stream(), other.stream()), t)
	s.next(1)
	other.next(0)
	(*other.o.Load()).OnError(errBoom)
	wantReports(t, got(), errBoom)
	s.next(2)
	s.complete()
	o.AssertValues(t, 2)
	o.AssertComplete(t)
	(*other.o.Load()).OnError(errBoom)
	wantReports(t, got(), errBoom)
}

// The source's items and end meet the other stream's item or error: one end is
// told, and no error is lost (rules C2, C3, C8).
func TestSkipUntilWhen_Race(t *testing.T) {
	late := errors.New("late")
	for round := range 2000 {
		ctx, got := reports(t)
		var s, other source
		o := observabletest.Subscribe(ctx, observable.SkipUntilWhen(s.stream(), other.stream()), t)
		given := false
		together(func() {
			s.next(1)
			s.next(2)
			if round%2 == 0 {
				s.complete()
			} else {
				s.fail(errBoom)
			}
		}, func() {
			if round%3 == 0 {
				other.next(0)
			}
			given = other.fail(late)
		})
		o.AssertProtocol(t)
		lost := 0
		for _, err := range got() {
			if !errors.Is(err, late) && !errors.Is(err, errBoom) {
				t.Errorf("reported: %v", err)
			}
			lost++
		}
		if !o.Terminated() {
			t.Errorf("round %d: %v", round, o)
		}
		if given && !errors.Is(o.Err(), late) && lost == 0 {
			t.Errorf("round %d: the other stream's error is lost: %v", round, o)
		}
		if t.Failed() {
			return
		}
	}
}

// Dispose meets items and both ends.
func TestSkipUntilWhen_DisposeRace(t *testing.T) {
	for range 1000 {
		ctx := observable.WithErrorHandler(context.Background(), func(error) {})
		var s, other source
		o := observabletest.Subscribe(ctx, observable.SkipUntilWhen(s.stream(), other.stream()), t)
		together(func() { s.next(1); s.next(2); s.complete() }, func() { other.next(0) }, o.Dispose)
		o.AssertProtocol(t)
		if !s.Disposed() || !other.Disposed() {
			t.Fatal("a stream is running after Dispose")
		}
	}
}

func TestTakeTime_SkipTime(t *testing.T) {
	v := observabletest.NewVirtualScheduler()
	ticks := observable.Interval(time.Second, v)
	taken := observabletest.Subscribe(t.Context(), observable.TakeTime(ticks, 2500*time.Millisecond, v), t)
	skipped := observabletest.Subscribe(t.Context(), observable.SkipTime(ticks, 2500*time.Millisecond, v).Take(2), t)
	v.AdvanceBy(time.Minute)
	taken.AssertValues(t, 0, 1)
	taken.AssertComplete(t)
	skipped.AssertValues(t, 2, 3)
	skipped.AssertComplete(t)
	if v.Pending() != 0 {
		t.Errorf("%d tasks are pending", v.Pending())
	}
}
