package observable_test

import (
	"testing"
	"time"

	"github.com/quillgo/quill/observable"
	"github.com/quillgo/quill/observable/observabletest"
)

func TestTakeLast(t *testing.T) {
	for n, want := range [][]int{{}, {2}, {1, 2}, {0, 1, 2}, {0, 1, 2}} {
		o := observabletest.Subscribe(t.Context(), observable.TakeLast(observable.Range(0, 3), n), t)
		o.AssertValues(t, want...)
		o.AssertComplete(t)
	}
	o := observabletest.Subscribe(t.Context(), observable.TakeLast(observable.Concat(just(1), observable.Error[int](errBoom)), 1), t)
	o.AssertEmpty(t)
	o.AssertError(t, errBoom)
}

// An item that came exactly d before the end is emitted, but one that came
// exactly d before the next item is gone, as in RxJava.
func TestTakeLastTime(t *testing.T) {
	v := observabletest.NewVirtualScheduler()
	s := observable.NewPublishSubject[int]()
	subscribe := func(options observable.TakeLastOptions) *observabletest.TestObserver[int] {
		return observabletest.Subscribe(t.Context(), observable.TakeLastTime(s.Observable(), 2*time.Second, options, v), t)
	}
	all, one := subscribe(observable.TakeLastOptions{}), subscribe(observable.TakeLastOptions{Count: 1})
	for i := range 4 {
		s.OnNext(i)
		if i < 3 {
			v.AdvanceBy(time.Second)
		}
	}
	v.AdvanceBy(time.Second)
	all.AssertEmpty(t)
	s.OnComplete()
	all.AssertValues(t, 2, 3)
	all.AssertComplete(t)
	one.AssertValues(t, 3)

	s = observable.NewPublishSubject[int]()
	all = subscribe(observable.TakeLastOptions{})
	s.OnNext(1)
	v.AdvanceBy(2 * time.Second)
	s.OnComplete()
	all.AssertValues(t, 1)

	s = observable.NewPublishSubject[int]()
	all = subscribe(observable.TakeLastOptions{})
	s.OnNext(1)
	v.AdvanceBy(2 * time.Second)
	s.OnNext(2)
	s.OnComplete()
	all.AssertValues(t, 2)

	s = observable.NewPublishSubject[int]()
	all, one = subscribe(observable.TakeLastOptions{}), subscribe(observable.TakeLastOptions{DelayError: true})
	s.OnNext(1)
	s.OnError(errBoom)
	all.AssertEmpty(t)
	all.AssertError(t, errBoom)
	one.AssertValues(t, 1)
	one.AssertError(t, errBoom)
}

func TestTakeWhile(t *testing.T) {
	p := count(observabletest.Endless)
	o := observabletest.NewObserver[int](t)
	o.Inside.Complete = func() {
		if p.Active() > 0 {
			t.Error("the end is told before the source is stopped (rule C6)")
		}
	}
	p.Observable().TakeWhile(func(v int) bool { return v < 2 }).Subscribe(t.Context(), o)
	o.AssertValues(t, 0, 1)
	o.AssertComplete(t)
	if p.Produced() != 3 {
		t.Errorf("upstream emitted %d items, want 3", p.Produced())
	}

	o = observabletest.NewObserver[int](t)
	count(3).Observable().TakeWhile(func(int) bool { o.Dispose(); return false }).Subscribe(t.Context(), o)
	o.AssertNotTerminated(t)
}
