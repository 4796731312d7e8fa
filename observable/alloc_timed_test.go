//go:build !race

package observable_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/quillgo/quill/observable"
	"github.com/quillgo/quill/observable/observabletest"
)

// What keeps an item back, or drops it, allocates nothing for it. Under virtual
// time Debounce has a timer for each item, so it is measured by the real clock.
func TestAlloc_NothingPerTimedItem(t *testing.T) {
	v := observabletest.NewVirtualScheduler()
	for name, build := range map[string]func(observable.Observable[int]) observable.Observable[int]{
		"Debounce": func(o observable.Observable[int]) observable.Observable[int] {
			return observable.Debounce(o, time.Hour)
		},
		"DebounceWhen scalar": func(o observable.Observable[int]) observable.Observable[int] {
			at := observable.Just(1)
			return observable.DebounceWhen(o, func(int) observable.Observable[int] { return at })
		},
		"ThrottleFirst": func(o observable.Observable[int]) observable.Observable[int] {
			return observable.ThrottleFirst(o, time.Hour, v)
		},
		"ThrottleLatest": func(o observable.Observable[int]) observable.Observable[int] {
			return observable.ThrottleLatest(o, time.Hour, true, v)
		},
		"Sample": func(o observable.Observable[int]) observable.Observable[int] {
			return observable.Sample(o, time.Hour, true, v)
		},
		"SampleWhen": func(o observable.Observable[int]) observable.Observable[int] {
			return observable.SampleWhen(o, observable.Never[int](), true)
		},
		"TimeoutWith": func(o observable.Observable[int]) observable.Observable[int] {
			return observable.TimeoutWith(o, time.Hour, observable.Empty[int](), v)
		},
		"DelayWhen scalar": func(o observable.Observable[int]) observable.Observable[int] {
			at := observable.Just(1)
			return observable.DelayWhen(o, func(int) observable.Observable[int] { return at })
		},
	} {
		t.Run(name, func(t *testing.T) {
			src := new(manual[int])
			assert.LessOrEqual(t, perItem(t, v, build(src.observable()), src), 0.002)
			src.o.OnComplete()
		})
	}
}
