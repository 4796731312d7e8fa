package observable_test

import (
	"context"
	"sync"
	"testing"

	"github.com/quillgo/quill/observable"
	"github.com/quillgo/quill/observable/observabletest"
)

func latest2(a, b observable.Observable[int]) observable.Observable[int] {
	return observable.CombineLatest2(a, b, add)
}

func TestCombineLatest2_Completion(t *testing.T) {
	a, b, o, _ := meetStreams(t, latest2)
	a.next(1)
	b.next(10)
	b.complete()
	a.next(2)
	o.AssertValues(t, 11, 12)
	o.AssertNotTerminated(t)
	a.complete()
	o.AssertComplete(t)

	a, b, o, _ = meetStreams(t, latest2)
	b.next(10)
	a.complete() // nothing can come any more
	o.AssertComplete(t)
	if !b.Disposed() {
		t.Error("the other source is running")
	}

	unused := count(1)
	observabletest.Subscribe(t.Context(), latest2(observable.Empty[int](), unused.Observable()), t).AssertComplete(t)
	if unused.Subscriptions() != 0 {
		t.Error("the second source is subscribed to after the end")
	}
}

// Items that come from inside OnNext are combined with what was the latest when
// they came (rule C15).
func TestCombineLatest2_Reentrant(t *testing.T) {
	for name, inner := range map[string]func(a, b *source){
		"the other source": func(_, b *source) { b.next(20); b.next(30) },
		"the same source":  func(a, _ *source) { a.next(11); a.next(21) },
	} {
		var o *observabletest.TestObserver[int]
		a, b := new(source), new(source)
		o = observabletest.NewObserver[int](t)
		inside := false
		o.Inside.Next = func(v int) {
			if inside {
				t.Errorf("%s: an item is delivered inside another (rule C2)", name)
			}
			inside = true
			defer func() { inside = false }()
			if v == 11 {
				inner(a, b)
			}
		}
		latest2(a.stream(), b.stream()).Subscribe(t.Context(), o)
		a.next(1)
		b.next(10)
		o.AssertValues(t, 11, 21, 31)
	}
}

// A panic of combine that comes after the source has called back into itself is
// told (rule C9).
func TestCombine_PanicAfterReentrantItems(t *testing.T) {
	panicky := func(a, _ int) int { panicOn(a, 3); return a }
	for name, how := range map[string]func(a, b observable.Observable[int]) observable.Observable[int]{
		"CombineLatest2": func(a, b observable.Observable[int]) observable.Observable[int] {
			return observable.CombineLatest2(a, b, panicky)
		},
		"Zip2": func(a, b observable.Observable[int]) observable.Observable[int] {
			return observable.Zip2(a, b, panicky)
		},
	} {
		a, b := new(source), new(source)
		o := observabletest.NewObserver[int](t)
		o.Inside.Next = func(v int) {
			if v == 1 {
				a.next(2)
				a.next(3)
			}
		}
		how(a.stream(), b.stream()).Subscribe(context.Background(), o)
		for range 3 {
			b.next(0)
		}
		emitGuarded(a, 1)
		o.AssertValues(t, 1, 2)
		o.AssertError(t, errBoom)
		if !a.Disposed() || !b.Disposed() {
			t.Errorf("%s: a source is running", name)
		}
	}
}

func TestCombineLatest2_DisposeInsideQueuedItems(t *testing.T) {
	a, b := new(source), new(source)
	o := observabletest.NewObserver[int](t).DisposeAfter(2)
	o.Inside.Next = func(v int) {
		if v == 11 {
			b.next(20)
			b.next(30)
		}
	}
	latest2(a.stream(), b.stream()).Subscribe(t.Context(), o)
	a.next(1)
	b.next(10)
	o.AssertValues(t, 11, 21)
	if !a.Disposed() || !b.Disposed() {
		t.Error("a source is running")
	}
}

func TestCombineLatest2_LongSynchronousSource(t *testing.T) {
	const n = 100_000
	items, deepest := 0, 0
	latest2(observable.Just(0), observable.Range(0, n)).Subscribe(context.Background(), observable.Funcs[int]{
		Next: func(v int) {
			if v != items {
				t.Fatalf("item %d is %d", items, v)
			}
			items++
			deepest = max(deepest, depthAt(items))
		},
	})
	if items != n || deepest > 60 {
		t.Errorf("%d items, %d frames deep", items, deepest)
	}
}

// Sources on several goroutines: every source's items come in its order, and
// the last combination is of the last items.
func TestStress_CombineLatest(t *testing.T) {
	const n = 300
	for range 30 {
		sources := make([]observable.Observable[int], 3)
		for i := range sources {
			sources[i] = (&observabletest.Probe[int]{Item: func(i int) int { return i }, Count: n, Async: true}).Observable()
		}
		var last []int
		done := make(chan struct{})
		observable.CombineLatestSlice(sources, func(all []int) []int { return all }).
			Subscribe(context.Background(), observable.Funcs[[]int]{
				Next: func(all []int) {
					for i := range last {
						if all[i] < last[i] {
							t.Errorf("%v comes after %v", all, last)
						}
					}
					last = all
				},
				Complete: func() { close(done) },
			})
		<-done
		for _, v := range last {
			if v != n-1 {
				t.Fatalf("the last combination is %v", last)
			}
		}
	}
}

// The same for a Zip, in which nothing is lost.
func TestStress_ZipSlice(t *testing.T) {
	const n = 300
	for range 30 {
		sources := make([]observable.Observable[int], 3)
		for i := range sources {
			sources[i] = (&observabletest.Probe[int]{Item: func(i int) int { return i }, Count: n, Async: true}).Observable()
		}
		got, err := observable.ZipSlice(sources, func(all []int) int {
			if all[0] != all[1] || all[1] != all[2] {
				t.Errorf("%v is combined", all)
			}
			return all[0]
		}).ToSlice(t.Context())
		if len(got) != n || err != nil {
			t.Fatalf("%d items, %v", len(got), err)
		}
	}
}

// Dispose meets items and errors: nothing follows it, and no error is lost.
func TestStress_CombineLatestDisposed(t *testing.T) {
	for range 200 {
		a, b := new(source), new(source)
		ctx, reported := reports(t)
		o := observabletest.NewObserver[int](t)
		observable.CombineLatest2DelayError(a.stream(), b.stream(), add).Subscribe(ctx, o)
		a.next(1)
		b.next(1)
		var given bool
		var meeting sync.WaitGroup
		meeting.Go(func() { a.next(2); given = a.fail(errBoom) })
		meeting.Go(func() { b.next(2); b.complete() })
		meeting.Go(o.Dispose)
		meeting.Wait()
		told := 0
		if o.Err() != nil {
			told++
		}
		if told += len(reported()); given && told != 1 {
			t.Fatalf("an error was told %d times: %v", told, o)
		}
	}
}
