package observable_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/quillgo/quill/observable"
	"github.com/quillgo/quill/observable/observabletest"
)

// What comes when, of the same three streams.
func TestMerge_Family(t *testing.T) {
	a := observable.Concat(later(time.Second, 1), fails(time.Second, errBoom))
	b := observable.Concat(just(10), later(3*time.Second, 11))
	c := observable.Concat(later(4*time.Second, 20), observable.Error[int](errOther))
	nested := observable.Just(a, b, c)
	for name, w := range map[string]struct {
		stream ints
		at     time.Duration
		want   string
	}{
		"Merge":                {observable.Merge(a, b, c), 2, "[10 1] boom"},
		"MergeDelayError":      {observable.MergeDelayError(a, b, c), 4, "[10 1 11 20] boom\nother"},
		"MergeLimit":           {observable.MergeLimit(2, b, c, b), 4, "[10 11 10 20] other"},
		"MergeLimit 1":         {observable.MergeLimit(1, b, b), 6, "[10 11 10 11] <nil>"},
		"MergeLimitDelayError": {observable.MergeLimitDelayError(1, a, b, c), 9, "[1 10 11 20] boom\nother"},
		"MergeAll":             {observable.MergeAll(nested, 2), 2, "[10 1] boom"},
		"MergeAllDelayError":   {observable.MergeAllDelayError(nested, 2), 6, "[10 1 11 20] boom\nother"},
		"outer error":          {observable.MergeAllDelayError(observable.Concat(nested, observable.Error[ints](errOther)), observable.Unlimited), 4, "[10 1 11 20] other\nboom\nother"},
		"Concat":               {observable.Concat(b, a, c), 5, "[10 11 1] boom"},
		"ConcatDelayError":     {observable.ConcatDelayError(a, b, c), 9, "[1 10 11 20] boom\nother"},
		"ConcatAll":            {observable.ConcatAll(nested), 2, "[1] boom"},
		"ConcatAll boundary":   {observable.ConcatAllDelayError(nested, false), 2, "[1] boom"},
		"ConcatAll end":        {observable.ConcatAllDelayError(nested, true), 9, "[1 10 11 20] boom\nother"},
		"outer error boundary": {observable.ConcatAllDelayError(observable.Concat(observable.Just(b, c), observable.Error[ints](errBoom)), false), 3, "[10 11] boom"},
		"outer error end":      {observable.ConcatAllDelayError(observable.Concat(observable.Just(b, c), observable.Error[ints](errBoom)), true), 7, "[10 11 20] boom\nother"},
		"scalar boundary":      {observable.ConcatAllDelayError(observable.Just(just(1), observable.Error[int](errOther), just(2)), false), 0, "[1] other"},
		"of none":              {observable.MergeLimitDelayError[int](1), 0, "[] <nil>"},
		"concat of none":       {observable.ConcatDelayError[int](), 0, "[] <nil>"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, got := reports(t)
				begin := time.Now()
				o := observabletest.NewObserver[int](t)
				w.stream.Subscribe(ctx, o)
				<-o.Done()
				text := fmt.Sprint(o.Values(), " ", o.Err())
				if took := time.Since(begin) / time.Second; took != w.at || text != w.want {
					t.Errorf("after %d s %q, want after %d s %q", took, text, w.at, w.want)
				}
				time.Sleep(time.Minute)
				wantReports(t, got())
			})
		})
	}
}

// A panic of project ends ConcatMapDelayError at once, with the errors so far.
func TestConcatMapDelayError_ProjectPanics(t *testing.T) {
	p := count(5)
	o := observabletest.Subscribe(context.Background(), observable.ConcatMapDelayError(p.Observable(), func(v int) ints {
		if v == 0 {
			return observable.Error[int](errOther)
		}
		panicOn(v, 2)
		return just(v)
	}, true), t)
	o.AssertValues(t, 1)
	o.AssertError(t, errOther)
	o.AssertError(t, errBoom)
	if p.Produced() != 3 || p.Active() != 0 {
		t.Errorf("upstream emitted %d items, %d active", p.Produced(), p.Active())
	}
}

// An error that ends the stream at a boundary stops the source.
func TestConcatMapDelayError_BoundaryStopsTheSource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &observabletest.Probe[int]{Item: func(i int) int { return i }, Count: observabletest.Endless, Async: true, Gap: time.Second}
		o := observabletest.NewObserver[int](t)
		o.Inside.Error = func(error) {
			if p.Active() > 0 {
				t.Error("the source is running")
			}
		}
		observable.ConcatMapDelayError(p.Observable(), func(v int) ints {
			if v == 1 {
				return fails(3*time.Second, errBoom)
			}
			return just(v)
		}, false).Subscribe(context.Background(), o)
		time.Sleep(time.Minute)
		o.AssertValues(t, 0)
		o.AssertError(t, errBoom)
	})
}
