//go:build !race

package observable_test

import (
	"context"
	"testing"

	"github.com/quillgo/quill/observable"
)

// sink is an observer that costs nothing.
type sink struct{ items int }

func (*sink) OnSubscribe(observable.Disposable) {}
func (s *sink) OnNext(int)                      { s.items++ }
func (*sink) OnError(error)                     {}
func (*sink) OnComplete()                       {}

// subscriptionAllocs is how many allocations a subscription to o makes.
func subscriptionAllocs(o observable.Observable[int]) float64 {
	ctx, s := context.Background(), new(sink)
	return testing.AllocsPerRun(100, func() { o.Subscribe(ctx, s) })
}

// TestAllocs_Operators is the budget: what an operator allocates for each
// subscription, besides its source, and for each item. Range, which is the
// source, allocates once.
func TestAllocs_Operators(t *testing.T) {
	other := observable.Range(0, 1<<20)
	same := func(v int) int { return v }
	for _, c := range []struct {
		name         string
		apply        func(o observable.Observable[int]) observable.Observable[int]
		subscription float64
		item         float64
	}{
		{"Map", func(o observable.Observable[int]) observable.Observable[int] { return observable.Map(o, same) }, 1, 0},
		{"MapErr", func(o observable.Observable[int]) observable.Observable[int] {
			return observable.MapErr(o, func(_ context.Context, v int) (int, error) { return v, nil })
		}, 1, 0},
		{"Scan", func(o observable.Observable[int]) observable.Observable[int] { return observable.Scan(o, 0, add) }, 1, 0},
		{"Filter", func(o observable.Observable[int]) observable.Observable[int] {
			return o.Filter(func(int) bool { return true })
		}, 1, 0},
		{"Take", func(o observable.Observable[int]) observable.Observable[int] { return o.Take(1 << 20) }, 1, 0},
		{"TakeUntil", func(o observable.Observable[int]) observable.Observable[int] {
			return o.TakeUntil(func(int) bool { return false })
		}, 1, 0},
		{"FlatMap of scalars", func(o observable.Observable[int]) observable.Observable[int] {
			just := observable.Just(1)
			return observable.FlatMap(o, func(int) observable.Observable[int] { return just }, observable.Unlimited)
		}, 1, 0},
		// The inner stream's emission and its observer.
		{"FlatMap of streams", func(o observable.Observable[int]) observable.Observable[int] {
			two := observable.Just(1, 2)
			return observable.FlatMap(o, func(int) observable.Observable[int] { return two }, observable.Unlimited)
		}, 1, 2},
		// The queue of what waits for its turn is the second one.
		{"ConcatMap of scalars", func(o observable.Observable[int]) observable.Observable[int] {
			just := observable.Just(1)
			return observable.ConcatMap(o, func(int) observable.Observable[int] { return just })
		}, 2, 0},
		// The inner stream's emission.
		{"ConcatMap of streams", func(o observable.Observable[int]) observable.Observable[int] {
			two := observable.Just(1, 2)
			return observable.ConcatMap(o, func(int) observable.Observable[int] { return two })
		}, 2, 1},
		{"Amb", func(o observable.Observable[int]) observable.Observable[int] { return observable.Amb(o, other) }, 2, 0},
		{"OnErrorResumeNext", func(o observable.Observable[int]) observable.Observable[int] {
			return o.OnErrorResumeNext(func(error) observable.Observable[int] { return other })
		}, 1, 0},
		{"OnErrorReturn", func(o observable.Observable[int]) observable.Observable[int] {
			return o.OnErrorReturn(func(error) int { return 0 })
		}, 1, 0},
		{"Retry", func(o observable.Observable[int]) observable.Observable[int] { return o.Retry(1) }, 1, 0},
		{"TakeUntilWhen", func(o observable.Observable[int]) observable.Observable[int] {
			return observable.TakeUntilWhen(o, observable.Never[int]())
		}, 3, 0},
		{"New", func(o observable.Observable[int]) observable.Observable[int] { return observable.New(o.Source()) }, 1, 0},
		{"Defer", func(o observable.Observable[int]) observable.Observable[int] {
			return observable.Defer(func(context.Context) observable.Observable[int] { return o })
		}, 0, 0},
	} {
		few, many := 10, 1010
		base := subscriptionAllocs(observable.Range(0, few))
		subscription := subscriptionAllocs(c.apply(observable.Range(0, few))) - base - c.item*float64(few)
		item := (subscriptionAllocs(c.apply(observable.Range(0, many))) - base - subscription) / float64(many)
		if subscription != c.subscription || item != c.item {
			t.Errorf("%s: %v allocations per subscription and %v per item, want %v and %v", c.name, subscription, item, c.subscription, c.item)
		}
	}
}

func TestAllocs_Sources(t *testing.T) {
	values := make([]int, 100)
	for _, c := range []struct {
		name string
		o    observable.Observable[int]
		want float64
	}{
		{"Just", observable.Just(1), 1},
		{"Empty", observable.Empty[int](), 1},
		{"Error", observable.Error[int](errBoom), 1},
		{"Never", observable.Never[int](), 1},
		{"Range", observable.Range(0, 100), 1},
		{"FromSlice", observable.FromSlice(values), 1},
		{"FromFunc", observable.FromFunc(func(context.Context) (int, error) { return 1, nil }), 1},
		{"FromSeq", observable.FromSeq(func(yield func(int) bool) {
			for i := 0; i < 100 && yield(i); i++ {
			}
		}), 1},
		{"Create", observable.Create(func(_ context.Context, e *observable.Emitter[int]) error {
			for i := 0; i < 100 && e.Next(i); i++ {
			}
			return nil
		}), 1},
	} {
		if got := subscriptionAllocs(c.o); got != c.want {
			t.Errorf("%s: %v allocations per subscription, want %v", c.name, got, c.want)
		}
	}
}

// Items of a Zip that find their partner cost nothing, once its queues have
// room.
func TestAllocs_Zip(t *testing.T) {
	never := observable.Never[int]()
	if got := subscriptionAllocs(observable.Zip2(never, never, add)) - 2; got != 1 {
		t.Errorf("%v allocations per subscription, want 1", got)
	}
	a, b := &source{}, &source{}
	observable.Zip2(a.stream(), b.stream(), add).Subscribe(context.Background(), new(sink))
	a.next(1)
	b.next(1)
	if got := testing.AllocsPerRun(100, func() { a.next(1); b.next(1) }); got != 0 {
		t.Errorf("%v allocations per pair, want 0", got)
	}
}

// Watching a context that can end costs its watcher and what package context
// needs.
func TestAllocs_Context(t *testing.T) {
	ctx := t.Context()
	o, s := observable.Range(0, 100), new(sink)
	got := testing.AllocsPerRun(100, func() { o.Subscribe(ctx, s) })
	if want := 5.0; got != want {
		t.Errorf("%v allocations, want %v", got, want)
	}
}
