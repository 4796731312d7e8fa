package observable_test

import (
	"math"
	"reflect"
	"slices"
	"testing"

	"github.com/quillgo/quill/observable"
	"github.com/quillgo/quill/observable/observabletest"
)

func TestReduce(t *testing.T) {
	sub := func(a, b int) int { return a - b }
	observabletest.Subscribe(t.Context(), observable.Reduce(observable.Just(10, 2, 3), sub), t).AssertValues(t, 5)
	observabletest.Subscribe(t.Context(), observable.ReduceSeed(observable.Just(10, 2, 3), 20, sub), t).AssertValues(t, 5)
	observabletest.Subscribe(t.Context(), observable.ReduceSeed(observable.Empty[int](), 20, sub), t).AssertValues(t, 20)
	observabletest.Subscribe(t.Context(), observable.ScanNoSeed(observable.Just(10, 2, 3), sub), t).AssertValues(t, 10, 8, 5)
	o := observabletest.Subscribe(t.Context(), observable.Reduce(observable.Empty[int](), sub), t)
	o.AssertEmpty(t)
	o.AssertComplete(t)

	called := false
	one := observable.Reduce(just(7), func(int, int) int { called = true; return 0 })
	observabletest.Subscribe(t.Context(), one, t).AssertValues(t, 7)
	if called {
		t.Error("the function is called for one item")
	}
}

// Each subscription calls the seed's function, before it subscribes to the
// source; when that panics, it does not.
func TestReduceWith_ScanWith(t *testing.T) {
	for name, apply := range map[string]func(o observable.Observable[int], seed func() int) observable.Observable[int]{
		"ReduceWith": func(o observable.Observable[int], seed func() int) observable.Observable[int] {
			return observable.ReduceWith(o, seed, add)
		},
		"ScanWith": func(o observable.Observable[int], seed func() int) observable.Observable[int] {
			return observable.LastElement(observable.ScanWith(o, seed, add))
		},
	} {
		p, seeds := count(3), 0
		o := apply(p.Observable(), func() int { seeds++; return 100 * seeds })
		observabletest.Subscribe(t.Context(), o, t).AssertValues(t, 103)
		observabletest.Subscribe(t.Context(), o, t).AssertValues(t, 203)
		p = count(3)
		observabletest.Subscribe(t.Context(), apply(p.Observable(), func() int { panic(errBoom) }), t).AssertError(t, errBoom)
		if p.Subscriptions() != 0 {
			t.Errorf("%s: the source is subscribed to although there is no seed", name)
		}
	}
}

func TestCollect(t *testing.T) {
	set := func(all map[int]bool, v int) { all[v] = true }
	o := observable.Collect(observable.Just(1, 2, 1), func() map[int]bool { return map[int]bool{} }, set)
	for range 2 {
		observabletest.Subscribe(t.Context(), o, t).AssertValues(t, map[int]bool{1: true, 2: true})
	}
	observabletest.Subscribe(t.Context(), observable.Count(observable.Range(5, 4)), t).AssertValues(t, 4)
}

// A list is the observer's own, and never nil.
func TestToList(t *testing.T) {
	o := observable.ToList(observable.Just(1, 2))
	first, second := observabletest.Subscribe(t.Context(), o, t), observabletest.Subscribe(t.Context(), o, t)
	first.Values()[0][0] = 9
	second.AssertValues(t, []int{1, 2})
	for _, o := range []observable.Observable[[]int]{
		observable.ToList(observable.Empty[int]()), observable.ToSortedList(observable.Empty[int]()),
	} {
		observabletest.Subscribe(t.Context(), o, t).AssertValues(t, []int{})
	}
}

func TestToMap(t *testing.T) {
	up := observable.Just(1, 2, 3)
	odd := func(v int) bool { return v%2 != 0 }
	text := func(v int) string { return string(rune('a' + v)) }
	for _, c := range []struct{ got, want any }{
		{observabletest.Subscribe(t.Context(), observable.ToMap(up, odd), t).Values()[0], map[bool]int{true: 3, false: 2}},
		{observabletest.Subscribe(t.Context(), observable.ToMapValue(up, odd, text), t).Values()[0], map[bool]string{true: "d", false: "c"}},
		{observabletest.Subscribe(t.Context(), observable.ToMultimap(up, odd), t).Values()[0], map[bool][]int{true: {1, 3}, false: {2}}},
		{
			observabletest.Subscribe(t.Context(), observable.ToMultimapValue(up, odd, text), t).Values()[0],
			map[bool][]string{true: {"b", "d"}, false: {"c"}},
		},
		{observabletest.Subscribe(t.Context(), observable.ToMap(observable.Empty[int](), odd), t).Values()[0], map[bool]int{}},
	} {
		if !reflect.DeepEqual(c.got, c.want) {
			t.Errorf("%v, want %v", c.got, c.want)
		}
	}
}

func TestSorted_IsStable(t *testing.T) {
	byTens := func(a, b int) int { return a/10 - b/10 }
	up := observable.Just(21, 11, 22, 12, 20)
	observabletest.Subscribe(t.Context(), observable.SortedFunc(up, byTens), t).AssertValues(t, 11, 12, 21, 22, 20)
	observabletest.Subscribe(t.Context(), observable.ToSortedListFunc(up, byTens), t).AssertValues(t, []int{11, 12, 21, 22, 20})
	observabletest.Subscribe(t.Context(), observable.Sorted(up), t).AssertValues(t, 11, 12, 20, 21, 22)

	// A sort that is not stable leaves short and regular lists in their order by
	// chance.
	scattered := observable.Map(observable.Range(0, 1000), func(v int) int { return v * 7919 % 1000 })
	byUnits := func(a, b int) int { return a%10 - b%10 }
	want, _ := scattered.ToSlice(t.Context())
	slices.SortStableFunc(want, byUnits)
	observabletest.Subscribe(t.Context(), observable.SortedFunc(scattered, byUnits), t).AssertValues(t, want...)
	observabletest.Subscribe(t.Context(), observable.ToSortedListFunc(scattered, byUnits), t).AssertValues(t, want)
}

func TestMath(t *testing.T) {
	up, none := observable.Just(3, 1, 4), observable.Empty[int]()
	observabletest.Subscribe(t.Context(), observable.Sum(up), t).AssertValues(t, 8)
	observabletest.Subscribe(t.Context(), observable.Sum(none), t).AssertValues(t, 0)
	observabletest.Subscribe(t.Context(), observable.Average(observable.Just(1, 2)), t).AssertValues(t, 1.5)
	observabletest.Subscribe(t.Context(), observable.Min(up), t).AssertValues(t, 1)
	observabletest.Subscribe(t.Context(), observable.Max(up), t).AssertValues(t, 4)
	observabletest.Subscribe(t.Context(), observable.Max(observable.Just("a", "c", "b")), t).AssertValues(t, "c")
	for _, o := range []erased{erase(observable.Average(none)), erase(observable.Min(none)), erase(observable.Max(none))} {
		got := observabletest.Subscribe(t.Context(), o, t)
		got.AssertEmpty(t)
		got.AssertComplete(t)
	}
	nan := observabletest.Subscribe(t.Context(), observable.Min(observable.Just(1, math.NaN(), 2)), t).Values()[0]
	if !math.IsNaN(nan) {
		t.Errorf("the smallest of items with a NaN is %v", nan)
	}
}
