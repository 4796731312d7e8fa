//go:build !race

package observable_test

import (
	"context"
	"testing"

	"github.com/quillgo/quill/observable"
)

// TestAllocs_Combine is the budget of operators of several streams: one
// allocation for each subscription, besides its sources, and none for each item
// once their queues have room.
func TestAllocs_Combine(t *testing.T) {
	type streams = observable.Observable[int]
	for _, c := range []struct {
		name         string
		apply        func(a, b streams) observable.Observable[int]
		subscription float64
		pair         float64
	}{
		{"Zip2", func(a, b streams) streams { return observable.Zip2(a, b, add) }, 1, 0},
		{"Zip2DelayError", func(a, b streams) streams { return observable.Zip2DelayError(a, b, add) }, 1, 0},
		// The lanes, what knows their kind, and the slice that the function gets.
		{"ZipSlice", func(a, b streams) streams {
			return observable.ZipSlice([]streams{a, b}, func(all []int) int { return all[0] })
		}, 3, 1},
		{"CombineLatest2", func(a, b streams) streams { return observable.CombineLatest2(a, b, add) }, 1, 0},
		{"CombineLatestSlice", func(a, b streams) streams {
			return observable.CombineLatestSlice([]streams{a, b}, func(all []int) int { return all[0] })
		}, 4, 2},
		{"WithLatestFrom", func(a, b streams) streams { return observable.WithLatestFrom(a, b, add) }, 1, 0},
	} {
		never := observable.Never[int]()
		if got := subscriptionAllocs(c.apply(never, never)) - 2; got != c.subscription {
			t.Errorf("%s: %v allocations per subscription, want %v", c.name, got, c.subscription)
		}
		a, b := &source{}, &source{}
		c.apply(a.stream(), b.stream()).Subscribe(context.Background(), new(sink))
		b.next(1)
		a.next(1)
		if got := testing.AllocsPerRun(100, func() { b.next(1); a.next(1) }); got != c.pair {
			t.Errorf("%s: %v allocations per pair, want %v", c.name, got, c.pair)
		}
	}
	values := []int{1, 2, 3}
	o := observable.Range(0, 3)
	if got := subscriptionAllocs(o.StartWith(values...)) - subscriptionAllocs(o); got != 1 {
		t.Errorf("StartWith: %v allocations per subscription, want 1", got)
	}
}
