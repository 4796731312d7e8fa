package observable_test

import (
	"context"
	"math"
	"testing"

	"github.com/quillgo/quill/observable"
	"github.com/quillgo/quill/observable/observabletest"
)

func TestFilter_Arguments(t *testing.T) {
	one := observable.Just(1)
	refused(t, "Filter", "keep", func() { one.Filter(nil) })
	refused(t, "Take", "n", func() { one.Take(-1) })
	refused(t, "TakeUntil", "stop", func() { one.TakeUntil(nil) })
}

func TestFilter(t *testing.T) {
	o := observabletest.Subscribe(t.Context(), observable.Range(0, 6).Filter(func(v int) bool { return v%2 == 0 }), t)
	o.AssertValues(t, 0, 2, 4)
	o.AssertComplete(t)
}

func TestTake(t *testing.T) {
	for n, want := range [][]int{{}, {0}, {0, 1}, {0, 1, 2}, {0, 1, 2}} {
		p := count(3)
		o := observabletest.Subscribe(t.Context(), p.Observable().Take(n), t)
		o.AssertValues(t, want...)
		o.AssertComplete(t)
		if p.Produced() != len(want) || n == 0 && p.Subscriptions() != 0 {
			t.Errorf("Take(%d): upstream emitted %d items to %d subscribers", n, p.Produced(), p.Subscriptions())
		}
	}
	observabletest.Subscribe(t.Context(), observable.Range(0, math.MaxInt).Take(2).Take(5), t).AssertValues(t, 0, 1)
}

// Dispose inside the last item wins over the completion, unlike in RxJava
// (rule C4).
func TestTake_DisposeInsideTheLastItem(t *testing.T) {
	o := observabletest.NewObserver[int](t).DisposeAfter(2)
	count(5).Observable().Take(2).Subscribe(t.Context(), o)
	o.AssertValues(t, 0, 1)
	o.AssertNotTerminated(t)
}

// A source that is told to emit from inside the last item must not get through.
func TestTake_ReentrantSource(t *testing.T) {
	var again func(int)
	source := observable.NewUnsafe[int](sourceFunc(func(_ context.Context, o observable.Observer[int]) {
		again = o.OnNext
		o.OnSubscribe(&flag{})
		o.OnNext(1)
	}))
	o := observabletest.NewObserver[int](t)
	first := true
	o.Inside.Next = func(int) {
		if first {
			first = false
			again(2)
		}
	}
	source.Take(1).Subscribe(t.Context(), o)
	o.AssertValues(t, 1)
	o.AssertComplete(t)
}

// sourceFunc is a Source made of a function.
type sourceFunc func(ctx context.Context, o observable.Observer[int])

func (f sourceFunc) Subscribe(ctx context.Context, o observable.Observer[int]) { f(ctx, o) }

func TestTakeUntil(t *testing.T) {
	p := count(observabletest.Endless)
	o := observabletest.Subscribe(t.Context(), p.Observable().TakeUntil(func(v int) bool { return v == 2 }), t)
	o.AssertValues(t, 0, 1, 2)
	o.AssertComplete(t)
	if p.Produced() != 3 || p.Active() != 0 {
		t.Errorf("upstream emitted %d items, %d active", p.Produced(), p.Active())
	}
	called := false
	o = observabletest.NewObserver[int](t).DisposeAfter(1)
	count(3).Observable().TakeUntil(func(int) bool { called = true; return true }).Subscribe(t.Context(), o)
	o.AssertNotTerminated(t)
	if called {
		t.Error("the function is called after Dispose")
	}
}
