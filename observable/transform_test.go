package observable_test

import (
	"context"
	"testing"

	"github.com/quillgo/quill/observable"
	"github.com/quillgo/quill/observable/observabletest"
)

// count returns an upstream of the numbers from 0 on.
func count(n int) *observabletest.Probe[int] {
	return &observabletest.Probe[int]{Item: func(i int) int { return i }, Count: n}
}

func add(a, b int) int { return a + b }

func TestTransform_Arguments(t *testing.T) {
	one := observable.Just(1)
	refused(t, "Map", "project", func() { observable.Map[int, int](one, nil) })
	refused(t, "MapErr", "project", func() { observable.MapErr[int, int](one, nil) })
	refused(t, "Scan", "accumulate", func() { observable.Scan[int, int](one, 0, nil) })
}

func TestMap(t *testing.T) {
	o := observabletest.Subscribe(t.Context(), observable.Map(observable.Just(1, 2), func(v int) string { return string(rune('a' + v)) }), t)
	o.AssertValues(t, "b", "c")
	o.AssertComplete(t)
}

func TestMapErr(t *testing.T) {
	type key struct{}
	ctx := context.WithValue(context.Background(), key{}, "here")
	p := count(observabletest.Endless)
	o := observabletest.NewObserver[int](t)
	o.Inside.Error = func(error) {
		if p.Active() > 0 {
			t.Error("the error is told before upstream is disposed (rule C6)")
		}
	}
	observable.MapErr(p.Observable(), func(ctx context.Context, v int) (int, error) {
		if ctx.Value(key{}) != "here" {
			t.Error("project does not get the subscription's context")
		}
		if v == 2 {
			return 0, errBoom
		}
		return 10 * v, nil
	}).Subscribe(ctx, o)
	o.AssertValues(t, 0, 10)
	o.AssertError(t, errBoom)
	if p.Produced() != 3 || o.Upstream().Disposed() {
		t.Errorf("upstream emitted %d items, disposed %v", p.Produced(), o.Upstream().Disposed())
	}
}

func TestMapErr_LateErrorIsReported(t *testing.T) {
	ctx, got := reports(t)
	o := observabletest.NewObserver[int](t)
	observable.MapErr(count(3).Observable(), func(context.Context, int) (int, error) {
		o.Dispose()
		return 0, errBoom
	}).Subscribe(ctx, o)
	o.AssertNotTerminated(t)
	wantReports(t, got(), errBoom)
}

func TestScan(t *testing.T) {
	o := observabletest.Subscribe(t.Context(), observable.Scan(observable.Just(1, 2, 3), 10, add), t)
	o.AssertValues(t, 10, 11, 13, 16)
	o.AssertComplete(t)
	observabletest.Subscribe(t.Context(), observable.Scan(observable.Empty[int](), 7, add), t).AssertValues(t, 7)

	p := count(3)
	o = observabletest.Subscribe(t.Context(), observable.Scan(p.Observable(), 7, add).Take(1), t)
	o.AssertValues(t, 7)
	o.AssertComplete(t)
	if p.Produced() != 0 {
		t.Errorf("upstream emitted %d items", p.Produced())
	}
}

// The seed is emitted when everybody below has got its Disposable (rule C1),
// also where the stream below subscribes to others.
func TestScan_SeedComesAfterOnSubscribe(t *testing.T) {
	for _, up := range []observable.Observable[int]{
		observable.Merge(observable.Just(1)),
		observable.Zip2(observable.Just(1), observable.Just(0), add),
		observable.Just(1).Retry(1),
		observable.TakeUntilWhen(observable.Just(1), observable.Never[int]()),
		observable.Amb(observable.Just(1), observable.Never[int]()),
	} {
		o := observabletest.Subscribe(t.Context(), observable.Scan(up, 5, add), t)
		o.AssertValues(t, 5, 6)
		o.AssertComplete(t)
	}
}
