package observable_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/quillgo/quill/observable"
	"github.com/quillgo/quill/observable/observabletest"
)

func TestZip_Arguments(t *testing.T) {
	refused(t, "Zip2", "combine", func() { observable.Zip2[int, int, int](just(1), just(1), nil) })
	refused(t, "Zip3", "combine", func() { observable.Zip3[int, int, int, int](just(1), just(1), just(1), nil) })
}

func TestZip2_Lengths(t *testing.T) {
	for _, c := range []struct {
		a, b int
		want []int
		used int // of the second source
	}{
		{3, 3, []int{0, 2, 4}, 3},
		{2, 9, []int{0, 2}, 2},
		{9, 2, []int{0, 2}, 2},
		{0, 5, nil, 0},
		{5, 0, nil, 0},
	} {
		b := count(c.b)
		o := observabletest.Subscribe(t.Context(), observable.Zip2(count(c.a).Observable(), b.Observable(), add), t)
		o.AssertValues(t, c.want...)
		o.AssertComplete(t)
		if b.Produced() != c.used || b.Active() != 0 {
			t.Errorf("Zip2(%d, %d): the second source emitted %d items, %d active", c.a, c.b, b.Produced(), b.Active())
		}
	}
	if second := count(1); true {
		observabletest.Subscribe(t.Context(), observable.Zip2(observable.Empty[int](), second.Observable(), add), t).AssertComplete(t)
		if second.Subscriptions() != 0 {
			t.Error("the second source is subscribed to after the end")
		}
	}
}

func TestZip2_LongSynchronousSources(t *testing.T) {
	const n = 100_000
	items, done, deepest := 0, false, 0
	observable.Zip2(observable.Range(0, n), observable.Range(0, n), func(a, b int) int { return a - b }).
		Subscribe(context.Background(), observable.Funcs[int]{
			Next: func(v int) {
				if v != 0 {
					t.Fatalf("item %d combines items that are %d apart", items, v)
				}
				items++
				deepest = max(deepest, depthAt(items))
			},
			Complete: func() { done = true },
		})
	if items != n || !done || deepest > 60 {
		t.Errorf("%d items, completed %v, %d frames deep", items, done, deepest)
	}
}

func TestZip3(t *testing.T) {
	o := observabletest.Subscribe(t.Context(), observable.Zip3(observable.Just(1, 2, 3), observable.Just("a", "b"), observable.Just(true, false, true),
		func(a int, b string, c bool) string {
			if c {
				return b
			}
			return b + b
		}), t)
	o.AssertValues(t, "a", "bb")
	o.AssertComplete(t)
}

func TestZip2_AsItemsCome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ticks := func(gap time.Duration, n int) *observabletest.Probe[int] {
			return &observabletest.Probe[int]{Item: func(i int) int { return i }, Count: n, Async: true, Gap: gap}
		}
		fast, slow := ticks(time.Second, 100), ticks(3*time.Second, 4)
		o := observabletest.Subscribe(context.Background(), observable.Zip2(fast.Observable(), slow.Observable(), add), t)
		start := time.Now()
		<-o.Done()
		o.AssertValues(t, 0, 2, 4, 6)
		o.AssertComplete(t)
		synctest.Wait()
		if took := time.Since(start); took != 12*time.Second || fast.Active() != 0 {
			t.Errorf("it took %v, %d active", took, fast.Active())
		}
		time.Sleep(time.Minute)
	})
}

// Sources without end wait for each other, and are stopped with the result.
func TestZip2_Endless(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fast, slow := count(observabletest.Endless), count(observabletest.Endless)
		fast.Async, fast.Gap, slow.Async, slow.Gap = true, time.Second, true, 7*time.Second
		o := observabletest.Subscribe(context.Background(), observable.Zip2(fast.Observable(), slow.Observable(), add).Take(4), t)
		<-o.Done()
		o.AssertValues(t, 0, 2, 4, 6)
		synctest.Wait()
		if fast.Active() != 0 || slow.Active() != 0 || slow.Produced() != 4 {
			t.Errorf("%d and %d active, the slow one emitted %d items", fast.Active(), slow.Active(), slow.Produced())
		}
		time.Sleep(time.Minute)
	})
}

// A panic of combine, or of the observer, in items that one source's terminal
// signal sets free.
func TestZip2_PanicInACombination(t *testing.T) {
	for _, where := range []string{"combine", "observer"} {
		synctest.Test(t, func(t *testing.T) {
			ctx, got := reports(t)
			a, b := count(observabletest.Endless), count(observabletest.Endless)
			a.Async, a.Gap, b.Async, b.Gap = true, time.Second, true, 2*time.Second
			o := observabletest.NewObserver[int](t)
			if where == "observer" {
				o.Inside.Next = func(v int) { panicOn(v, 4) }
			}
			o.Inside.Error = func(error) {
				if a.Active()+b.Active() > 0 {
					t.Error("the sources are running when the error is told (rule C9)")
				}
			}
			observable.Zip2(a.Observable(), b.Observable(), func(x, y int) int {
				if where == "combine" {
					panicOn(x, 2)
				}
				return x + y
			}).Subscribe(ctx, o)
			time.Sleep(time.Minute)
			if where == "combine" {
				o.AssertValues(t, 0, 2)
			} else {
				o.AssertValues(t, 0, 2, 4)
			}
			o.AssertError(t, errBoom)
			wantReports(t, got())
		})
	}
}

func TestAmb(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow, fast := later(2*time.Second, 2), later(time.Second, 1)
		o := observabletest.Subscribe(context.Background(), observable.Amb(slow, fast, observable.Never[int]()), t)
		<-o.Done()
		o.AssertValues(t, 1)
		o.AssertComplete(t)
		time.Sleep(time.Minute)
	})
	unused := count(1)
	o := observabletest.Subscribe(t.Context(), observable.Amb(observable.Never[int](), observable.Empty[int](), unused.Observable()), t)
	o.AssertComplete(t)
	if unused.Subscriptions() != 0 {
		t.Error("a source is subscribed to after another one has won")
	}
	observabletest.Subscribe(t.Context(), observable.Amb(observable.Error[int](errBoom), just(1)), t).AssertError(t, errBoom)
	observabletest.Subscribe(t.Context(), observable.Amb(just(1)), t).AssertValues(t, 1)
}

func TestAmb_LoserIsStoppedBeforeTheFirstSignal(t *testing.T) {
	loser := count(0)
	loser.Open = true
	o := observabletest.NewObserver[int](t)
	o.Inside.Next = func(int) {
		if loser.Active() > 0 {
			t.Error("the loser is running (rule C6)")
		}
	}
	observable.Amb(loser.Observable(), just(1)).Subscribe(t.Context(), o)
	o.AssertValues(t, 1)
}
