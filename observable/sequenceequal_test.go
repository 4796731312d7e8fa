package observable_test

import (
	"context"
	"testing"

	"github.com/quillgo/quill/observable"
	"github.com/quillgo/quill/observable/observabletest"
)

func sameInt(a, b int) bool { return a == b }

func TestSequenceEqual(t *testing.T) {
	for _, c := range []struct {
		a, b []int
		want bool
	}{
		{nil, nil, true},
		{[]int{1, 2}, []int{1, 2}, true},
		{[]int{1, 2}, []int{1, 3}, false},
		{[]int{1, 2}, []int{1}, false},
		{nil, []int{1}, false},
	} {
		o := observabletest.Subscribe(t.Context(),
			observable.SequenceEqual(observable.FromSlice(c.a), observable.FromSlice(c.b), sameInt), t)
		o.AssertValues(t, c.want)
		o.AssertComplete(t)
	}
}

// compareStreams subscribes to a comparison of two streams whose signals the test gives.
func compareStreams(t *testing.T) (a, b *source, o *observabletest.TestObserver[bool], reported func() []error) {
	t.Helper()
	ctx, reported := reports(t)
	a, b = new(source), new(source)
	o = observabletest.NewObserver[bool](t)
	observable.SequenceEqual(a.stream(), b.stream(), sameInt).Subscribe(ctx, o)
	return a, b, o, reported
}

// The sources are stopped before the answer is told (rule C6).
func TestSequenceEqual_StopsTheSources(t *testing.T) {
	a, b, o, _ := compareStreams(t)
	o.Inside.Next = func(bool) {
		if !a.Disposed() || !b.Disposed() {
			t.Error("a source is running when the answer is told")
		}
	}
	a.next(1)
	b.next(2)
	o.AssertValues(t, false)
	o.AssertComplete(t)
}

// That one is longer is said when both have ended, as in RxJava.
func TestSequenceEqual_Longer(t *testing.T) {
	a, b, o, _ := compareStreams(t)
	a.next(1)
	b.complete()
	o.AssertEmpty(t)
	a.fail(errBoom)
	o.AssertError(t, errBoom)
	o.AssertEmpty(t)
}

func TestSequenceEqual_DisposeInsideTheAnswer(t *testing.T) {
	a, b := new(source), new(source)
	o := observabletest.NewObserver[bool](t).DisposeAfter(1)
	observable.SequenceEqual(a.stream(), b.stream(), sameInt).Subscribe(t.Context(), o)
	a.next(1)
	b.next(2)
	o.AssertValues(t, false)
	o.AssertNotTerminated(t)
}

// An error that comes while the answer is told is late (rule C8).
func TestSequenceEqual_ErrorInsideTheAnswer(t *testing.T) {
	ctx, reported := reports(t)
	a, b := new(source), new(source)
	o := observabletest.NewObserver[bool](t)
	o.Inside.Next = func(bool) { (*a.o.Load()).OnError(errBoom) } // it was on its way when a was disposed
	observable.SequenceEqual(a.stream(), b.stream(), sameInt).Subscribe(ctx, o)
	a.next(1)
	b.next(2)
	o.AssertValues(t, false)
	o.AssertComplete(t)
	wantReports(t, reported(), errBoom)
}

func TestSequenceEqual_Panic(t *testing.T) {
	calls := 0
	o := observabletest.Subscribe(context.Background(), observable.SequenceEqual(count(5).Observable(), count(5).Observable(), func(a, _ int) bool {
		calls++
		panicOn(a, 2)
		return true
	}), t)
	o.AssertEmpty(t)
	o.AssertError(t, errBoom)
	if calls != 3 {
		t.Errorf("equal was called %d times", calls)
	}
}

func TestSequenceEqual_Long(t *testing.T) {
	const n = 100_000
	same, err := observable.SequenceEqual(observable.Range(0, n), observable.Range(0, n), sameInt).First(t.Context())
	if !same || err != nil {
		t.Errorf("%v, %v", same, err)
	}
}
