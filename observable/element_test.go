package observable_test

import (
	"testing"

	"github.com/quillgo/quill/observable"
	"github.com/quillgo/quill/observable/observabletest"
)

func TestElement(t *testing.T) {
	items := func(n int) observable.Observable[int] { return observable.Range(1, n) }
	for name, c := range map[string]struct {
		o    observable.Observable[int]
		want []int
		err  error
	}{
		"ElementAt":              {observable.ElementAt(items(3), 1), []int{2}, nil},
		"ElementAt beyond":       {observable.ElementAt(items(3), 3), nil, nil},
		"ElementAtOr":            {observable.ElementAtOr(items(3), 2, 9), []int{3}, nil},
		"ElementAtOr beyond":     {observable.ElementAtOr(items(3), 3, 9), []int{9}, nil},
		"ElementAtOrError":       {observable.ElementAtOrError(items(3), 0), []int{1}, nil},
		"ElementAtOrError, none": {observable.ElementAtOrError(items(3), 3), nil, observable.ErrEmpty},
		"FirstElement":           {observable.FirstElement(items(3)), []int{1}, nil},
		"FirstElement, none":     {observable.FirstElement(items(0)), nil, nil},
		"FirstOr, none":          {observable.FirstOr(items(0), 9), []int{9}, nil},
		"FirstOrError, none":     {observable.FirstOrError(items(0)), nil, observable.ErrEmpty},
		"LastElement":            {observable.LastElement(items(3)), []int{3}, nil},
		"LastElement, none":      {observable.LastElement(items(0)), nil, nil},
		"LastOr":                 {observable.LastOr(items(3), 9), []int{3}, nil},
		"LastOr, none":           {observable.LastOr(items(0), 9), []int{9}, nil},
		"LastOrError, none":      {observable.LastOrError(items(0)), nil, observable.ErrEmpty},
		"SingleElement":          {observable.SingleElement(items(1)), []int{1}, nil},
		"SingleElement, none":    {observable.SingleElement(items(0)), nil, nil},
		"SingleElement, two":     {observable.SingleElement(items(2)), nil, observable.ErrTooMany},
		"SingleOr, none":         {observable.SingleOr(items(0), 9), []int{9}, nil},
		"SingleOr, two":          {observable.SingleOr(items(2), 9), nil, observable.ErrTooMany},
		"SingleOrError":          {observable.SingleOrError(items(1)), []int{1}, nil},
		"SingleOrError, none":    {observable.SingleOrError(items(0)), nil, observable.ErrEmpty},
	} {
		t.Run(name, func(t *testing.T) {
			o := observabletest.Subscribe(t.Context(), c.o, t)
			o.AssertValues(t, c.want...)
			if c.err != nil {
				o.AssertError(t, c.err)
			} else {
				o.AssertComplete(t)
			}
		})
	}
}

func TestSingleElement_SecondItemStopsTheSource(t *testing.T) {
	p := count(observabletest.Endless)
	o := observabletest.NewObserver[int](t)
	o.Inside.Error = func(error) {
		if p.Active() > 0 {
			t.Error("the error is told before the source is stopped (rule C6)")
		}
	}
	observable.SingleElement(p.Observable()).Subscribe(t.Context(), o)
	o.AssertError(t, observable.ErrTooMany)
	if p.Produced() != 2 {
		t.Errorf("upstream emitted %d items, want 2", p.Produced())
	}
}
