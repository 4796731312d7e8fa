//go:build !race

package observable_test

import (
	"testing"
	"time"

	"github.com/quillgo/quill/observable"
)

// TestAllocs_Filter is the budget of the operators that filter, transform and
// aggregate: one allocation for each subscription, none per item. What keeps
// items has a second one, for a Disposable that does not lead to them; queues,
// maps and lists come on top.
func TestAllocs_Filter(t *testing.T) {
	type stream = observable.Observable[int]
	for _, c := range []struct {
		name         string
		apply        func(o stream) stream
		subscription float64
	}{
		{"FilterMap", func(o stream) stream { return observable.FilterMap(o, func(v int) (int, bool) { return v, true }) }, 1},
		{"ScanNoSeed", func(o stream) stream { return observable.ScanNoSeed(o, add) }, 1},
		{"Pairwise", func(o stream) stream {
			return observable.Map(observable.Pairwise(o), func(p [2]int) int { return p[0] })
		}, 2},
		{"IgnoreElements", observable.IgnoreElements[int], 1},
		{"TakeWhile", func(o stream) stream { return o.TakeWhile(func(int) bool { return true }) }, 1},
		{"Skip", func(o stream) stream { return o.Skip(1) }, 1},
		{"SkipWhile", func(o stream) stream { return o.SkipWhile(func(int) bool { return false }) }, 1},
		{"SkipLast", func(o stream) stream { return observable.SkipLast(o, 2) }, 2},
		{"SkipLastTime", func(o stream) stream { return observable.SkipLastTime(o, 0) }, 3},
		{"SkipUntilWhen", func(o stream) stream { return observable.SkipUntilWhen(o, observable.Empty[int]()) }, 3},
		{"TakeLast", func(o stream) stream { return observable.TakeLast(o, 2) }, 3},
		{"TakeLastTime", func(o stream) stream {
			return observable.TakeLastTime(o, time.Hour, observable.TakeLastOptions{Count: 2})
		}, 3},
		{"DistinctUntilChanged", observable.DistinctUntilChanged[int], 1},
		{"ElementAt", func(o stream) stream { return observable.ElementAt(o, 1<<20) }, 1},
		{"LastElement", observable.LastElement[int], 2},
		{"DefaultIfEmpty", func(o stream) stream { return o.DefaultIfEmpty(1) }, 1},
		{"SwitchIfEmpty", func(o stream) stream { return o.SwitchIfEmpty(observable.Just(1)) }, 1},
		{"Reduce", func(o stream) stream { return observable.Reduce(o, add) }, 2},
		{"ReduceSeed", func(o stream) stream { return observable.ReduceSeed(o, 0, add) }, 2},
		{"Count", observable.Count[int], 2},
		{"Materialize", func(o stream) stream { return observable.Dematerialize(observable.Materialize(o)) }, 2},
		{"TimeInterval", func(o stream) stream {
			return observable.Map(observable.TimeInterval(o), func(i observable.Timed[int]) int { return i.Value })
		}, 2},
	} {
		few, many := 10, 1010
		subscription := subscriptionAllocs(c.apply(observable.Range(0, few))) - subscriptionAllocs(observable.Range(0, few))
		item := subscriptionAllocs(c.apply(observable.Range(0, many))) - subscriptionAllocs(c.apply(observable.Range(0, few)))
		if subscription != c.subscription || item != 0 {
			t.Errorf("%s: %v allocations per subscription and %v for a thousand items, want %v and none", c.name, subscription, item, c.subscription)
		}
	}
}
