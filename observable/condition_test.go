package observable_test

import (
	"testing"

	"github.com/quillgo/quill/observable"
	"github.com/quillgo/quill/observable/observabletest"
)

func TestCondition(t *testing.T) {
	even := func(v int) bool { return v%2 == 0 }
	for name, c := range map[string]struct {
		apply    func(o observable.Observable[int]) observable.Observable[bool]
		up       *observabletest.Probe[int]
		want     bool
		produced int
	}{
		"All, not":      {func(o observable.Observable[int]) observable.Observable[bool] { return observable.All(o, even) }, count(5), false, 2},
		"All":           {func(o observable.Observable[int]) observable.Observable[bool] { return observable.All(o, even) }, count(1), true, 1},
		"All of none":   {func(o observable.Observable[int]) observable.Observable[bool] { return observable.All(o, even) }, count(0), true, 0},
		"Any":           {func(o observable.Observable[int]) observable.Observable[bool] { return observable.Any(o, even) }, count(5), true, 1},
		"Any of none":   {func(o observable.Observable[int]) observable.Observable[bool] { return observable.Any(o, even) }, count(0), false, 0},
		"Contains":      {func(o observable.Observable[int]) observable.Observable[bool] { return observable.Contains(o, 2) }, count(5), true, 3},
		"Contains, not": {func(o observable.Observable[int]) observable.Observable[bool] { return observable.Contains(o, 9) }, count(5), false, 5},
		"IsEmpty, not":  {observable.IsEmpty[int], count(5), false, 1},
		"IsEmpty":       {observable.IsEmpty[int], count(0), true, 0},
	} {
		o := observabletest.Subscribe(t.Context(), c.apply(c.up.Observable()), t)
		if all := o.Values(); len(all) != 1 || all[0] != c.want || !o.Completed() || c.up.Produced() != c.produced {
			t.Errorf("%s: %v after %d items, want %v after %d", name, o, c.up.Produced(), c.want, c.produced)
		}
	}
}

// A Dispose inside the function is the last word (rule C4).
func TestCondition_DisposeInsideTheFunction(t *testing.T) {
	o := observabletest.NewObserver[bool](t)
	observable.Any(count(3).Observable(), func(int) bool { o.Dispose(); return true }).Subscribe(t.Context(), o)
	o.AssertEmpty(t)
	o.AssertNotTerminated(t)
}

func TestDefaultIfEmpty(t *testing.T) {
	observabletest.Subscribe(t.Context(), just(1).DefaultIfEmpty(9), t).AssertValues(t, 1)
	o := observabletest.Subscribe(t.Context(), observable.Empty[int]().DefaultIfEmpty(9), t)
	o.AssertValues(t, 9)
	o.AssertComplete(t)
	observabletest.Subscribe(t.Context(), observable.Error[int](errBoom).DefaultIfEmpty(9), t).AssertEmpty(t)
}

func TestSwitchIfEmpty(t *testing.T) {
	other := count(2)
	observabletest.Subscribe(t.Context(), just(1).SwitchIfEmpty(other.Observable()), t).AssertValues(t, 1)
	observabletest.Subscribe(t.Context(), observable.Error[int](errBoom).SwitchIfEmpty(other.Observable()), t).AssertError(t, errBoom)
	if other.Subscriptions() != 0 {
		t.Error("the other stream is subscribed to without need")
	}
	o := observabletest.Subscribe(t.Context(), observable.Empty[int]().SwitchIfEmpty(other.Observable()), t)
	o.AssertValues(t, 0, 1)
	o.AssertComplete(t)
	nothing := observable.Empty[int]().SwitchIfEmpty(observable.Empty[int]())
	observabletest.Subscribe(t.Context(), nothing, t).AssertComplete(t)

	other.Open = true
	o = observabletest.Subscribe(t.Context(), observable.Empty[int]().SwitchIfEmpty(other.Observable()), t)
	o.Dispose()
	if other.Active() != 0 {
		t.Error("the other stream is running after Dispose")
	}
}

// A Dispose that comes with the source's completion keeps the other stream out.
func TestSwitchIfEmpty_DisposeInsideTheCompletion(t *testing.T) {
	other := count(2)
	o := observabletest.NewObserver[int](t)
	up := observable.Empty[int]().DoOnComplete(o.Dispose)
	up.SwitchIfEmpty(other.Observable()).Subscribe(t.Context(), o)
	if other.Subscriptions() != 0 {
		t.Error("the other stream is subscribed to after Dispose")
	}
	o.AssertNotTerminated(t)
}
