package observable_test

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/quillgo/quill/observable"
	"github.com/quillgo/quill/observable/observabletest"
)

// numbered emits 100v, 100v+1 and so on, a second apart.
func numbered(v, n int) *observabletest.Probe[int] {
	return &observabletest.Probe[int]{Item: func(i int) int { return 100*v + i }, Count: n, Async: true, Gap: time.Second}
}

func TestSwitchMap_Arguments(t *testing.T) {
	refused(t, "SwitchMap", "project", func() { observable.SwitchMap[int, int](just(1), nil) })
	refused(t, "SwitchMapDelayError", "project", func() { observable.SwitchMapDelayError[int, int](just(1), nil) })
}

// The inner stream that is replaced is disposed before project is called.
func TestSwitchMap_Replaces(t *testing.T) {
	for name, flatten := range map[string]flattener{"SwitchMap": observable.SwitchMap[int, int], "SwitchMapDelayError": observable.SwitchMapDelayError[int, int]} {
		synctest.Test(t, func(t *testing.T) {
			outer := &observabletest.Probe[int]{Item: func(i int) int { return i + 1 }, Count: 3, Async: true, Gap: 3500 * time.Millisecond}
			var last *observabletest.Probe[int]
			o := observabletest.Subscribe(context.Background(), flatten(outer.Observable(), func(v int) ints {
				if last != nil && last.Active() > 0 {
					t.Errorf("%s: inner stream %d is running", name, v-1)
				}
				last = numbered(v, 10)
				if v == 3 {
					last.Count = 4
				}
				return last.Observable()
			}), t)
			time.Sleep(time.Minute)
			o.AssertComplete(t)
			for i, v := range o.Values() {
				if i > 0 && v < o.Values()[i-1] {
					t.Errorf("%s: %v", name, o.Values())
				}
			}
			if v := o.Values(); v[len(v)-1] != 303 || len(v) >= 14 {
				t.Errorf("%s: %v", name, v)
			}
		})
	}
}

// What a replaced inner stream has queued, because the observer was busy with
// an item of the one before, is not emitted.
func TestSwitchMap_DropsWhatIsQueued(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := observable.NewPublishSubject[int]()
		o := observabletest.NewObserver[int](t)
		o.Inside.Next = func(v int) {
			if v == 0 {
				time.Sleep(10 * time.Second)
			}
		}
		observable.SwitchMap(s.Observable(), func(v int) ints { return numbered(v, 5).Observable() }).Subscribe(context.Background(), o)
		s.OnNext(0)
		time.Sleep(1500 * time.Millisecond)
		s.OnNext(1)
		time.Sleep(2 * time.Second)
		s.OnNext(2)
		time.Sleep(time.Minute)
		o.AssertValues(t, 0, 200, 201, 202, 203, 204)
		s.OnComplete()
		o.AssertComplete(t)
	})
}

// The same where the observer itself brings the next inner stream, while older
// items have been taken out of the queue with the one that it is given.
func TestSwitchMap_DropsTheRestOfABatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := observable.NewPublishSubject[int]()
		o := observabletest.NewObserver[int](t)
		o.Inside.Next = func(v int) {
			switch v {
			case 0:
				time.Sleep(10 * time.Second)
			case 100:
				s.OnNext(2)
			}
		}
		observable.SwitchMap(s.Observable(), func(v int) ints { return numbered(v, 5).Observable() }).Subscribe(context.Background(), o)
		s.OnNext(0)
		time.Sleep(1500 * time.Millisecond)
		s.OnNext(1)
		time.Sleep(time.Minute)
		o.AssertValues(t, 0, 100, 200, 201, 202, 203, 204)
		o.Dispose()
	})
}

func TestSwitchMapDelayError_JoinsInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, got := reports(t)
		outer := observable.Concat(just(0), later(5*time.Second, 1), fails(time.Second, errOther))
		o := observabletest.NewObserver[int](t)
		observable.SwitchMapDelayError(outer, func(v int) ints {
			if v == 0 {
				return fails(time.Second, errBoom)
			}
			return observable.Concat(later(time.Minute, v), just(2))
		}).Subscribe(ctx, o)
		time.Sleep(2 * time.Minute)
		o.AssertValues(t, 1, 2)
		if fmt.Sprint(o.Err()) != "boom\nother" {
			t.Errorf("failed with %q", o.Err())
		}
		wantReports(t, got())
	})
}

// A panic of project comes after the inner stream before has been disposed, so
// there is nothing left to wait for.
func TestSwitchMap_ProjectPanics(t *testing.T) {
	for name, flatten := range map[string]flattener{"SwitchMap": observable.SwitchMap[int, int], "SwitchMapDelayError": observable.SwitchMapDelayError[int, int]} {
		p := count(5)
		inner := &observabletest.Probe[int]{Item: func(i int) int { return i }, Open: true}
		o := observabletest.Subscribe(context.Background(), flatten(p.Observable(), func(v int) ints {
			panicOn(v, 1)
			return inner.Observable()
		}), t)
		o.AssertError(t, errBoom)
		if p.Produced() != 2 || p.Active() != 0 || inner.Active() != 0 {
			t.Errorf("%s: %d items, %d sources and %d inner streams active", name, p.Produced(), p.Active(), inner.Active())
		}
	}
}

// Whatever goroutines do, once an item of a later inner stream has come none of
// an earlier one does (run with -race).
func TestSwitchMap_NothingOldAfterNew(t *testing.T) {
	const switches = 3000
	for name, flatten := range map[string]flattener{"SwitchMap": observable.SwitchMap[int, int], "SwitchMapDelayError": observable.SwitchMapDelayError[int, int]} {
		s := observable.NewPublishSubject[int]()
		o := observabletest.NewObserver[int](t)
		o.Forget = true
		newest := 0
		o.Inside.Next = func(v int) {
			if v < newest {
				t.Errorf("%s: an item of %d after one of %d", name, v, newest)
			}
			newest = v
		}
		var wait sync.WaitGroup
		flatten(s.Observable(), func(v int) ints {
			return observable.NewUnsafe[int](sourceFunc(func(_ context.Context, o observable.Observer[int]) {
				d := new(flag)
				o.OnSubscribe(d)
				wait.Go(func() {
					for range 50 {
						if d.Disposed() {
							return
						}
						o.OnNext(v)
					}
					if !d.Disposed() {
						o.OnComplete()
					}
				})
			}))
		}).Subscribe(context.Background(), o)
		for i := range switches {
			s.OnNext(i)
			if i%8 == 0 {
				runtime.Gosched()
			}
		}
		s.OnComplete()
		wait.Wait()
		o.AssertComplete(t)
	}
}

func TestSwitchOnNext(t *testing.T) {
	nested := observable.Just(just(1), observable.Range(2, 2), fails(time.Millisecond, errBoom), just(4))
	for _, o := range []ints{observable.SwitchOnNext(nested), observable.SwitchOnNextDelayError(nested)} {
		synctest.Test(t, func(t *testing.T) {
			got := observabletest.Subscribe(context.Background(), o, t)
			time.Sleep(time.Second)
			got.AssertValues(t, 1, 2, 3, 4)
			got.AssertComplete(t)
		})
	}
}
