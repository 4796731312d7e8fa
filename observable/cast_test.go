package observable_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/quillgo/quill/observable"
	"github.com/quillgo/quill/observable/observabletest"
)

func TestFilterMap(t *testing.T) {
	half := func(v int) (string, bool) { return fmt.Sprint(v / 2), v%2 == 0 }
	o := observabletest.Subscribe(t.Context(), observable.FilterMap(observable.Range(0, 5), half), t)
	o.AssertValues(t, "0", "1", "2")
	o.AssertComplete(t)
}

func TestOfType_Cast(t *testing.T) {
	mixed := observable.Just[any](1, "a", nil, errBoom, 2)
	observabletest.Subscribe(t.Context(), observable.OfType[int](mixed), t).AssertValues(t, 1, 2)
	observabletest.Subscribe(t.Context(), observable.OfType[error](mixed), t).AssertValues(t, nil, errBoom)
	observabletest.Subscribe(t.Context(), observable.Cast[any](mixed), t).AssertValues(t, 1, "a", nil, errBoom, 2)
	observabletest.Subscribe(t.Context(), observable.Cast[fmt.Stringer](observable.Just(&observabletest.Token{N: 4})), t).AssertComplete(t)

	for want, o := range map[string]observable.Observable[int]{
		"observable: cannot cast string to int":              observable.Cast[int](mixed),
		"observable: cannot cast nil to int":                 observable.Cast[int](observable.Just[any](1, nil)),
		"observable: cannot cast *errors.errorString to int": observable.Cast[int](observable.Concat(observable.Just[any](1, errBoom))),
	} {
		got := observabletest.Subscribe(t.Context(), o, t)
		got.AssertValues(t, 1)
		if wrong := new(observable.CastError); !errors.As(got.Err(), &wrong) || wrong.Error() != want {
			t.Errorf("%v, want %s", got.Err(), want)
		}
	}
}

func TestPairwise(t *testing.T) {
	o := observabletest.Subscribe(t.Context(), observable.Pairwise(observable.Just(1, 2, 3)), t)
	o.AssertValues(t, [2]int{1, 2}, [2]int{2, 3})
	o.AssertComplete(t)
	observabletest.Subscribe(t.Context(), observable.Pairwise(just(1)), t).AssertEmpty(t)
}
