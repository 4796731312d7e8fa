package observable_test

import (
	"context"
	"sync"
	"testing"

	"github.com/quillgo/quill/observable"
	"github.com/quillgo/quill/observable/observabletest"
)

func withLatest(a, b observable.Observable[int]) observable.Observable[int] {
	return observable.WithLatestFrom(a, b, add)
}

func withLatestSlice(a, b observable.Observable[int]) observable.Observable[int] {
	return observable.WithLatestFromSlice(a, []observable.Observable[int]{b}, func(v int, latest []int) int { return v + latest[0] })
}

func TestWithLatestFrom(t *testing.T) {
	a, b, o, _ := meetStreams(t, withLatest)
	a.next(1)
	b.next(10)
	b.next(20)
	a.next(2)
	b.complete()
	a.next(3)
	a.complete()
	o.AssertValues(t, 22, 23)
	o.AssertComplete(t)

	a, b, o, _ = meetStreams(t, withLatest)
	b.next(10)
	a.next(1)
	b.fail(errBoom)
	o.AssertValues(t, 11)
	o.AssertError(t, errBoom)
	if !a.Disposed() {
		t.Error("the source is running")
	}

	a, b, o, _ = meetStreams(t, withLatest)
	a.complete()
	o.AssertComplete(t)
	if !b.Disposed() {
		t.Error("the other stream is running")
	}
}

// Another stream without an item ends the result where there may be several of
// them, as in RxJava.
func TestWithLatestFrom_NoItem(t *testing.T) {
	a, b, o, _ := meetStreams(t, withLatest)
	b.complete()
	a.next(1)
	o.AssertEmpty(t)
	o.AssertNotTerminated(t)

	a, b, o, _ = meetStreams(t, withLatestSlice)
	b.complete()
	o.AssertComplete(t)
	if !a.Disposed() {
		t.Error("the source is running")
	}

	a, b, o, _ = meetStreams(t, withLatestSlice)
	b.next(10)
	b.complete()
	a.next(1)
	o.AssertValues(t, 11)
	o.AssertNotTerminated(t)
}

func TestWithLatestFrom_SourceIsNotNeeded(t *testing.T) {
	for name, how := range map[string]func(a, b observable.Observable[int]) observable.Observable[int]{
		"one": withLatest, "slice": withLatestSlice,
	} {
		unused := count(1)
		observabletest.Subscribe(t.Context(), how(unused.Observable(), observable.Error[int](errBoom)), t).AssertError(t, errBoom)
		if unused.Subscriptions() != 0 {
			t.Errorf("%s: the source is subscribed to after the end", name)
		}
	}
}

// Items of the other stream that come from inside OnNext count for the next
// item.
func TestWithLatestFrom_Reentrant(t *testing.T) {
	a, b := new(source), new(source)
	o := observabletest.NewObserver[int](t)
	o.Inside.Next = func(v int) {
		b.next(v * 10)
		if v == 11 {
			a.next(2)
		}
	}
	withLatest(a.stream(), b.stream()).Subscribe(t.Context(), o)
	b.next(10)
	a.next(1)
	o.AssertValues(t, 11, 112)
}

func TestWithLatestFrom_LongSynchronousSource(t *testing.T) {
	const n = 100_000
	got, err := withLatest(observable.Range(0, n), observable.Range(0, n)).ToSlice(t.Context())
	if err != nil || len(got) != n || got[n-1] != 2*(n-1) {
		t.Errorf("%d items, %v", len(got), err)
	}
}

// An error of the other stream meets items and the end: one end is told, and no
// error is lost.
func TestStress_WithLatestFrom(t *testing.T) {
	for range 200 {
		a, b := new(source), new(source)
		ctx, reported := reports(t)
		o := observabletest.NewObserver[int](t)
		withLatest(a.stream(), b.stream()).Subscribe(ctx, o)
		b.next(1)
		var given bool
		var meeting sync.WaitGroup
		meeting.Go(func() { a.next(1); a.next(2); a.complete() })
		meeting.Go(func() { b.next(2); given = b.fail(errBoom) })
		meeting.Wait()
		told := 0
		if o.Err() != nil {
			told++
		}
		if told += len(reported()); !o.Terminated() || given && told != 1 {
			t.Fatalf("an error was told %d times: %v", told, o)
		}
	}
}

func TestStartWith(t *testing.T) {
	o := observabletest.Subscribe(t.Context(), observable.Just(3, 4).StartWith(1, 2), t)
	o.AssertValues(t, 1, 2, 3, 4)
	o.AssertComplete(t)
	observabletest.Subscribe(t.Context(), just(1).StartWith(), t).AssertValues(t, 1)

	p := count(1)
	o = observabletest.NewObserver[int](t).DisposeAfter(2)
	p.Observable().StartWith(1, 2, 3).Subscribe(t.Context(), o)
	o.AssertValues(t, 1, 2)
	if p.Subscriptions() != 0 {
		t.Error("the source is subscribed to after Dispose")
	}
}

// The values are a synchronous loop, which looks at its context (rule C20).
func TestStartWith_ContextThatNobodyWatches(t *testing.T) {
	ctx, cancel := context.WithCancelCause(context.Background())
	o := observabletest.NewObserver[int](t)
	o.Inside.Next = func(v int) {
		if v == 7 {
			cancel(errBoom)
		}
	}
	long := make([]int, 100_000)
	long[3] = 7
	p := count(1)
	p.Observable().StartWith(long...).Source().Subscribe(ctx, o)
	o.AssertError(t, errBoom)
	if o.Count() == len(long) || p.Subscriptions() != 0 {
		t.Errorf("%d items, %d subscriptions", o.Count(), p.Subscriptions())
	}
}
