package observable_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"
	"testing/synctest"
	"time"
	"weak"

	"github.com/quillgo/quill/observable"
	"github.com/quillgo/quill/observable/observabletest"
)

func TestConcatEager_Arguments(t *testing.T) {
	one := just(1)
	refused(t, "ConcatMapEager", "project", func() { observable.ConcatMapEager[int, int](one, nil, 1) })
	refused(t, "ConcatMapEager", "limit", func() { observable.ConcatMapEager(one, just, 0) })
	refused(t, "ConcatMapEagerDelayError", "project", func() { observable.ConcatMapEagerDelayError[int, int](one, nil, 1, true) })
	refused(t, "ConcatMapEagerDelayError", "limit", func() { observable.ConcatMapEagerDelayError(one, just, -2, true) })
	refused(t, "ConcatEagerLimit", "limit", func() { observable.ConcatEagerLimit(0, one) })
	refused(t, "ConcatEagerLimitDelayError", "limit", func() { observable.ConcatEagerLimitDelayError(0, one) })
	refused(t, "ConcatEagerAll", "limit", func() { observable.ConcatEagerAll(observable.Just(one), 0) })
	refused(t, "ConcatEagerAllDelayError", "limit", func() { observable.ConcatEagerAllDelayError(observable.Just(one), 0, true) })
}

// All run at once, and what they emit comes in order, as early as can be.
func TestConcatEager_InOrder(t *testing.T) {
	for limit, want := range map[int]time.Duration{observable.Unlimited: 5, 2: 9, 1: 11} {
		synctest.Test(t, func(t *testing.T) {
			begin := time.Now()
			o := observabletest.NewObserver[int](t)
			at := map[int]time.Duration{}
			o.Inside.Next = func(v int) { at[v] = time.Since(begin) / time.Second }
			observable.ConcatEagerLimit(limit, later(3*time.Second, 1), just(2), later(time.Second, 3), observable.Empty[int](),
				observable.Concat(just(4), later(5*time.Second, 5)), later(2*time.Second, 6)).Subscribe(context.Background(), o)
			<-o.Done()
			o.AssertValues(t, 1, 2, 3, 4, 5, 6)
			o.AssertComplete(t)
			if took := time.Since(begin) / time.Second; at[1] != 3 || took != want {
				t.Errorf("limit %d: took %d s, at %v", limit, took, at)
			}
		})
	}
}

// When an error is told, and what comes before it.
func TestConcatEager_Errors(t *testing.T) {
	boomAt1 := observable.Concat(just(20), fails(time.Second, errBoom))
	otherAt2 := fails(2*time.Second, errOther)
	slow := observable.Concat(just(10), later(3*time.Second, 11))
	last := just(30)
	nested := observable.Just(slow, boomAt1, otherAt2, last)
	for name, c := range map[string]struct {
		stream ints
		at     time.Duration
		items  string
		err    string
	}{
		"ConcatEagerAll":          {observable.ConcatEagerAll(nested, observable.Unlimited), 1, "[10]", "boom"},
		"ConcatEager":             {observable.ConcatEager(slow, boomAt1, otherAt2, last), 3, "[10 11]", "boom\nother"},
		"ConcatEagerDelayError":   {observable.ConcatEagerDelayError(slow, boomAt1, otherAt2, last), 3, "[10 11 20 30]", "boom\nother"},
		"All, boundary":           {observable.ConcatEagerAllDelayError(nested, observable.Unlimited, false), 3, "[10 11]", "boom\nother"},
		"All, end":                {observable.ConcatEagerAllDelayError(nested, observable.Unlimited, true), 3, "[10 11 20 30]", "boom\nother"},
		"LimitDelayError 1":       {observable.ConcatEagerLimitDelayError(1, slow, boomAt1, otherAt2, last), 6, "[10 11 20 30]", "boom\nother"},
		"Limit 1":                 {observable.ConcatEagerLimit(1, slow, boomAt1, otherAt2, last), 4, "[10 11 20]", "boom"},
		"outer, at once":          {observable.ConcatMapEager(observable.Concat(just(1), fails(time.Second, errBoom)), func(int) ints { return slow }, 1), 1, "[10]", "boom"},
		"outer, boundary":         {observable.ConcatMapEagerDelayError(observable.Concat(observable.Just(1, 2), fails(time.Second, errBoom)), func(int) ints { return slow }, 9, false), 3, "[10 11]", "boom"},
		"outer, end":              {observable.ConcatMapEagerDelayError(observable.Concat(observable.Just(1, 2), fails(time.Second, errBoom)), func(int) ints { return slow }, 9, true), 3, "[10 11 10 11]", "boom"},
		"scalar error, end":       {observable.ConcatEagerDelayError(slow, observable.Error[int](errOther), last), 3, "[10 11 30]", "other"},
		"scalar error, boundary":  {observable.ConcatEager(slow, observable.Error[int](errOther), last), 0, "[]", "other"},
		"scalar error, limit 2":   {observable.ConcatEagerLimitDelayError(2, slow, observable.Error[int](errOther), later(time.Second, 1)), 4, "[10 11 1]", "other"},
		"project panics, at once": {observable.ConcatMapEager(observable.Range(0, 3), func(v int) ints { panicOn(v, 1); return slow }, 9), 0, "[10]", errBoom.Error()},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, got := reports(t)
				begin := time.Now()
				o := observabletest.NewObserver[int](t)
				c.stream.Subscribe(ctx, o)
				<-o.Done()
				took := time.Since(begin) / time.Second
				text := fmt.Sprint(o.Err())
				if c.err == errBoom.Error() {
					o.AssertError(t, errBoom)
					text = c.err
				}
				if items := fmt.Sprint(o.Values()); took != c.at || items != c.items || text != c.err {
					t.Errorf("after %d s %s, %q; want after %d s %s, %q", took, items, text, c.at, c.items, c.err)
				}
				time.Sleep(time.Minute)
				wantReports(t, got())
			})
		})
	}
}

// project may run on the goroutine of an inner stream, which it must not fail.
func TestConcatMapEager_ProjectPanicsOnAnInnersGoroutine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, got := reports(t)
		p := count(5)
		o := observabletest.NewObserver[int](t)
		observable.ConcatMapEagerDelayError(p.Observable(), func(v int) ints {
			panicOn(v, 3)
			return later(time.Second, v)
		}, 2, true).Subscribe(ctx, o)
		time.Sleep(time.Minute)
		o.AssertValues(t, 0, 1)
		o.AssertError(t, errBoom)
		wantReports(t, got())
	})
}

// Dispose stops all that run, at once, whoever is inside the observer.
func TestConcatEager_Dispose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		probe := func() *observabletest.Probe[int] {
			return &observabletest.Probe[int]{Item: func(i int) int { return i }, Count: observabletest.Endless, Async: true, Gap: time.Second}
		}
		a, b, c := probe(), probe(), probe()
		o := observabletest.NewObserver[int](t)
		o.Inside.Next = func(v int) {
			if v == 2 {
				time.Sleep(time.Minute)
			}
		}
		observable.ConcatEager(a.Observable(), b.Observable(), c.Observable()).Subscribe(context.Background(), o)
		time.Sleep(30 * time.Second)
		if a.Active() != 1 || b.Active() != 1 || c.Active() != 1 {
			t.Errorf("%d, %d and %d are active", a.Active(), b.Active(), c.Active())
		}
		o.Dispose()
		if a.Active() != 0 || b.Active() != 0 || c.Active() != 0 {
			t.Errorf("%d, %d and %d are active after Dispose", a.Active(), b.Active(), c.Active())
		}
		time.Sleep(2 * time.Minute)
		o.AssertValues(t, 0, 1, 2)
		o.AssertNotTerminated(t)
	})
}

// An error that does not wait stops the other streams at once, whoever is inside
// the observer.
func TestConcatEager_ErrorStopsTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		running := &observabletest.Probe[int]{Item: func(i int) int { return i }, Count: observabletest.Endless, Async: true, Gap: time.Second}
		o := observabletest.NewObserver[int](t)
		o.Inside.Next = func(int) { time.Sleep(time.Minute) }
		observable.ConcatEagerAll(observable.Just(later(time.Millisecond, 2), running.Observable(), fails(2500*time.Millisecond, errBoom)), observable.Unlimited).
			Subscribe(context.Background(), o)
		time.Sleep(4 * time.Second)
		o.AssertNotTerminated(t)
		if running.Active() != 0 {
			t.Error("the other stream is active")
		}
		time.Sleep(time.Hour)
		o.AssertError(t, errBoom)
	})
}

// Items that wait for their turn are let go of when nobody wants them any more,
// and when they have been emitted (rule C18).
func TestConcatEager_LetsGo(t *testing.T) {
	for _, dispose := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			var made []weak.Pointer[observabletest.Token]
			waiting := &observabletest.Probe[token]{Item: func(i int) token {
				v := &observabletest.Token{N: i}
				made = append(made, weak.Make(v))
				return v
			}, Count: 100, Async: true, Open: true}
			first := &observabletest.Probe[token]{Item: func(int) token { return nil }, Count: 10, Async: true, Gap: time.Second}
			o := observabletest.NewObserver[token](t)
			o.Forget = true
			observable.ConcatEager(first.Observable(), waiting.Observable()).Subscribe(context.Background(), o)
			time.Sleep(5500 * time.Millisecond)
			if dispose {
				o.Dispose()
			}
			time.Sleep(time.Minute)
			synctest.Wait()
			runtime.GC()
			held := 0
			for _, w := range made {
				if w.Value() != nil {
					held++
				}
			}
			if len(made) != 100 || held > 0 || !dispose && o.Count() != 110 {
				t.Errorf("dispose %v: %d of %d are held, %d came", dispose, held, len(made), o.Count())
			}
			o.Dispose()
			runtime.KeepAlive(o)
		})
	}
}

// The same for items that wait for their inner stream.
func TestConcatMapEager_LetsGoOfItems(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var made []weak.Pointer[observabletest.Token]
		many := &observabletest.Probe[token]{Item: func(i int) token {
			v := &observabletest.Token{N: i}
			made = append(made, weak.Make(v))
			return v
		}, Count: 100, Open: true}
		o := observabletest.Subscribe(context.Background(), observable.ConcatMapEager(many.Observable(), func(token) ints { return observable.Never[int]() }, 2), t)
		o.Dispose()
		runtime.GC()
		held := 0
		for _, w := range made {
			if w.Value() != nil {
				held++
			}
		}
		if len(made) != 100 || held > 0 {
			t.Errorf("%d of %d are held", held, len(made))
		}
		runtime.KeepAlive(o)
	})
}

// Many sources on goroutines of their own come in order (run with -race).
func TestConcatEager_Stress(t *testing.T) {
	const sources, each = 30, 300
	for _, limit := range []int{observable.Unlimited, 1, 4} {
		all := make([]ints, sources)
		for s := range all {
			p := &observabletest.Probe[int]{Item: func(i int) int { return s*each + i }, Count: each, Async: rand.IntN(4) > 0, Each: func(int) {
				if rand.IntN(50) == 0 {
					runtime.Gosched()
				}
			}}
			all[s] = p.Observable()
		}
		o := observabletest.NewObserver[int](t)
		o.Forget = true
		due := 0
		o.Inside.Next = func(v int) {
			if v != due {
				t.Errorf("limit %d: %d came when %d was due", limit, v, due)
			}
			due = v + 1
		}
		observable.ConcatEagerLimit(limit, all...).Subscribe(context.Background(), o)
		<-o.Done()
		o.AssertComplete(t)
		if due != sources*each {
			t.Errorf("limit %d: %d items", limit, due)
		}
	}
}

func TestConcatEager_OfNone(t *testing.T) {
	for _, o := range []ints{
		observable.ConcatEager[int](), observable.ConcatEagerLimit[int](1), observable.ConcatEagerDelayError[int](),
		observable.ConcatEagerLimitDelayError[int](1), observable.ConcatEagerAll(observable.Empty[ints](), 1),
		observable.ConcatEagerAllDelayError(observable.Empty[ints](), 1, true),
	} {
		observabletest.Subscribe(t.Context(), o, t).AssertComplete(t)
	}
}

// A panic below, while an inner stream's item goes straight through, is not put
// down to the inner stream.
func TestConcatEager_PanicBelow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		saved := observable.ConcatEager(later(time.Second, 1), later(time.Second, 2)).OnErrorReturn(func(error) int {
			t.Error("the panic is put down to ConcatEager")
			return -1
		})
		o := observabletest.Subscribe(context.Background(), observable.Map(saved, func(v int) int { panicOn(v, 1); return v }), t)
		time.Sleep(time.Minute)
		o.AssertEmpty(t)
		o.AssertError(t, errBoom)
	})
}
