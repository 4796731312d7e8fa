package observable_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/quillgo/quill/observable"
	"github.com/quillgo/quill/observable/observabletest"
)

func TestTakeUntilWhen(t *testing.T) {
	for _, c := range []struct {
		name  string
		other func() observable.Observable[int]
		items int
		fails bool
	}{
		{"an item", func() observable.Observable[int] { return later(2500*time.Millisecond, 1) }, 3, false},
		{"completion", func() observable.Observable[int] {
			return later(2500*time.Millisecond, 1).Filter(func(int) bool { return false })
		}, 3, false},
		{"an error", func() observable.Observable[int] {
			return observable.MapErr(later(2500*time.Millisecond, 1), func(context.Context, int) (int, error) { return 0, errBoom })
		}, 3, true},
		{"nothing", observable.Never[int], 5, false},
		{"an item at once", func() observable.Observable[int] { return just(1) }, 0, false},
		{"completion at once", observable.Empty[int], 0, false},
		{"an error at once", func() observable.Observable[int] { return observable.Error[int](errBoom) }, 0, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := count(5)
				p.Async, p.Gap = true, time.Second
				o := observabletest.NewObserver[int](t)
				stopped := func() {
					if p.Active() > 0 {
						t.Error("the end is told while the source is running (rule C6)")
					}
				}
				o.Inside.Complete, o.Inside.Error = stopped, func(error) { stopped() }
				observable.TakeUntilWhen(p.Observable(), c.other()).Subscribe(context.Background(), o)
				time.Sleep(time.Minute)
				if o.Count() != c.items || c.items == 0 && p.Subscriptions() > 0 {
					t.Errorf("%v, %d subscriptions", o, p.Subscriptions())
				}
				if c.fails {
					o.AssertError(t, errBoom)
				} else {
					o.AssertComplete(t)
				}
			})
		})
	}
}

func TestTakeUntilWhen_StopsTheOther(t *testing.T) {
	other := count(0)
	other.Open = true
	observabletest.Subscribe(t.Context(), observable.TakeUntilWhen(just(1), other.Observable()), t).AssertComplete(t)
	if other.Active() != 0 {
		t.Error("the other stream is running after the end")
	}
	o := observabletest.Subscribe(t.Context(), observable.TakeUntilWhen(observable.Never[int](), other.Observable()), t)
	o.Dispose()
	if other.Active() != 0 {
		t.Error("the other stream is running after Dispose")
	}
}
