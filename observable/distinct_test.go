package observable_test

import (
	"math"
	"testing"

	"github.com/quillgo/quill/observable"
	"github.com/quillgo/quill/observable/observabletest"
)

func TestDistinct_ZeroValues(t *testing.T) {
	a := &observabletest.Token{N: 1}
	up := observable.Just(nil, a, nil, a)
	observabletest.Subscribe(t.Context(), observable.Distinct(up), t).AssertValues(t, nil, a)
	up = observable.Just(nil, nil, a, a, nil)
	observabletest.Subscribe(t.Context(), observable.DistinctUntilChanged(up), t).AssertValues(t, nil, a, nil)
}

// Each subscription has a memory of its own.
func TestDistinct_Subscriptions(t *testing.T) {
	o := observable.Distinct(observable.Just(1, 2, 1))
	for range 2 {
		observabletest.Subscribe(t.Context(), o, t).AssertValues(t, 1, 2)
	}
}

// NaN is not equal to itself.
func TestDistinct_NaN(t *testing.T) {
	up := observable.Just(math.NaN(), math.NaN())
	if n := observabletest.Subscribe(t.Context(), observable.Distinct(up), t).Count(); n != 2 {
		t.Errorf("%d items, want 2", n)
	}
	if n := observabletest.Subscribe(t.Context(), observable.DistinctUntilChanged(up), t).Count(); n != 2 {
		t.Errorf("%d items, want 2", n)
	}
}

// An item that Go cannot compare fails the stream at this operator.
func TestDistinct_NotComparable(t *testing.T) {
	up := observable.Just[any](1, []int{1}, []int{2})
	for _, o := range []erased{observable.Distinct(up), observable.DistinctUntilChanged(up)} {
		got := observabletest.Subscribe(t.Context(), o.OnErrorReturn(func(err error) any {
			p := new(observable.PanicError)
			return asPanic(err, &p)
		}), t)
		got.AssertComplete(t)
		if all := got.Values(); all[len(all)-1] != true {
			t.Errorf("%v", got)
		}
	}
}

// What was left out is compared with, too.
func TestDistinctUntilChangedFunc_ComparesWithTheOneBefore(t *testing.T) {
	near := func(before, v int) bool { return v-before <= 1 }
	o := observable.DistinctUntilChangedFunc(observable.Just(0, 1, 2, 3, 5, 6), near)
	observabletest.Subscribe(t.Context(), o, t).AssertValues(t, 0, 5)
}
