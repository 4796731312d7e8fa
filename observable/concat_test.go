package observable_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/quillgo/quill/observable"
	"github.com/quillgo/quill/observable/observabletest"
)

func TestConcatMap_Arguments(t *testing.T) {
	refused(t, "ConcatMap", "project", func() { observable.ConcatMap[int, int](just(1), nil) })
}

func TestConcat_InOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stream := observable.Concat(later(3, 3), just(4), later(1, 1), observable.Empty[int](), observable.Range(5, 2), later(2, 2))
		o := observabletest.Subscribe(context.Background(), stream, t)
		time.Sleep(time.Second)
		o.AssertValues(t, 3, 4, 1, 5, 6, 2)
		o.AssertComplete(t)
	})
}

// project is called, and its stream subscribed to, when an item's turn comes.
func TestConcatMap_IsLazy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var called atomic.Int32
		p := count(5)
		o := observabletest.Subscribe(context.Background(), observable.ConcatMap(p.Observable(), func(v int) observable.Observable[int] {
			called.Add(1)
			return later(time.Second, v)
		}), t)
		for i := range 5 {
			time.Sleep(10 * time.Millisecond)
			if called.Load() != int32(i+1) {
				t.Errorf("after %d s project has been called %d times", i, called.Load())
			}
			time.Sleep(990 * time.Millisecond)
			synctest.Wait()
		}
		o.AssertValues(t, 0, 1, 2, 3, 4)
		o.AssertComplete(t)
	})
}

// Timers that wait for each other on one scheduler, which starts the next one
// from the task of the one before.
func TestConcatMap_TimersOnOneScheduler(t *testing.T) {
	const n = 1000
	s := observabletest.NewVirtualScheduler()
	begin := s.Now()
	stream := observable.ConcatMap(observable.Range(0, n), func(v int) observable.Observable[time.Duration] {
		return observable.Map(observable.Timer(time.Second, s), func(int) time.Duration { return s.Now().Sub(begin) - time.Duration(v)*time.Second })
	})
	o := observabletest.Subscribe(context.Background(), stream, t)
	s.AdvanceBy(n*time.Second - 1)
	o.AssertNotTerminated(t)
	s.AdvanceBy(1)
	o.AssertComplete(t)
	for i, v := range o.Values() {
		if v != time.Second {
			t.Fatalf("timer %d took %v", i, v)
		}
	}
	if o.Count() != n || s.Pending() != 0 {
		t.Errorf("%d items, %d tasks left", o.Count(), s.Pending())
	}
}

func TestConcatMap_BehindObserveOnOfManyItems(t *testing.T) {
	const n = 100_000
	s := observabletest.NewVirtualScheduler()
	items := 0
	deepest := 0
	done := false
	observable.ConcatMap(observable.Range(0, n).ObserveOn(s, 10), just).Subscribe(context.Background(), observable.Funcs[int]{
		Next: func(v int) {
			if v != items {
				t.Fatalf("item %d is %d", items, v)
			}
			items++
			deepest = max(deepest, depthAt(items))
		},
		Complete: func() { done = true },
	})
	s.Trigger()
	if items != n || !done || deepest > 60 || s.Pending() != 0 {
		t.Errorf("%d items, completed %v, %d frames deep, %d tasks left", items, done, deepest, s.Pending())
	}
}

// An error of the outer stream does not wait for the inner one.
func TestConcatMap_OuterErrorIsImmediate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		inner := &observabletest.Probe[int]{Item: func(i int) int { return i }, Count: observabletest.Endless, Async: true, Gap: time.Second}
		outer := observable.MapErr(observable.Merge(just(0), later(2500*time.Millisecond, 1)), func(_ context.Context, v int) (int, error) {
			if v == 1 {
				return 0, errBoom
			}
			return v, nil
		})
		o := observabletest.Subscribe(context.Background(), observable.ConcatMap(outer, func(int) observable.Observable[int] { return inner.Observable() }), t)
		time.Sleep(time.Minute)
		o.AssertValues(t, 0, 1, 2)
		o.AssertError(t, errBoom)
		if inner.Active() > 0 {
			t.Error("the inner stream goes on")
		}
	})
}

// A panic of project or of the observer while items that waited are worked off
// by the goroutine of an inner stream that has just completed: its terminal
// signal is not where it happened.
func TestConcatMap_PanicWhileCatchingUp(t *testing.T) {
	for name, c := range map[string]struct {
		project func(v int) observable.Observable[int]
		next    func(v int)
	}{
		"project":       {project: func(int) observable.Observable[int] { panic(errBoom) }},
		"observer":      {project: just, next: func(v int) { panicOn(v, 1) }},
		"observer, two": {project: func(v int) observable.Observable[int] { return observable.Range(v, 2) }, next: func(v int) { panicOn(v, 1) }},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, got := reports(t)
				p := count(3)
				o := observabletest.NewObserver[int](t)
				o.Inside.Next = c.next
				observable.ConcatMap(p.Observable(), func(v int) observable.Observable[int] {
					if v == 0 {
						return later(time.Second, 0)
					}
					return c.project(v)
				}).Subscribe(ctx, o)
				time.Sleep(time.Minute)
				o.AssertError(t, errBoom)
				wantReports(t, got())
			})
		})
	}
}

func panicOn(v, bad int) {
	if v == bad {
		panic(errBoom)
	}
}
