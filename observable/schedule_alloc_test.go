//go:build !race

package observable_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/quillgo/quill/observable"
	"github.com/quillgo/quill/observable/observabletest"
)

// perItem returns the allocations per item of a subscription that lasts, after
// a first burst has made what is kept.
func perItem(t *testing.T, v *observabletest.VirtualScheduler, o observable.Observable[int], src *manual[int]) float64 {
	t.Helper()
	const n = 1000
	o.Subscribe(context.Background(), observable.Funcs[int]{})
	burst := func() {
		for i := range n {
			src.o.OnNext(i)
		}
		v.Trigger()
	}
	burst()
	return testing.AllocsPerRun(20, burst) / n
}

func TestAlloc_NothingPerItem(t *testing.T) {
	for name, build := range map[string]func(observable.Observable[int], observable.Scheduler) observable.Observable[int]{
		"ObserveOn": func(o observable.Observable[int], s observable.Scheduler) observable.Observable[int] {
			return o.ObserveOn(s, observable.Unlimited)
		},
		"ObserveOn bounded": func(o observable.Observable[int], s observable.Scheduler) observable.Observable[int] {
			return o.ObserveOn(s, 5000)
		},
		"Delay": func(o observable.Observable[int], s observable.Scheduler) observable.Observable[int] {
			return observable.Delay(o, 0, s)
		},
		"Timeout": func(o observable.Observable[int], s observable.Scheduler) observable.Observable[int] {
			return o.Timeout(time.Hour, s)
		},
		"TimeoutFirst": func(o observable.Observable[int], s observable.Scheduler) observable.Observable[int] {
			return observable.TimeoutFirst(o, time.Hour, s)
		},
		"Do": func(o observable.Observable[int], _ observable.Scheduler) observable.Observable[int] {
			return o.DoOnNext(func(int) {}).DoAfterNext(func(int) {}).DoFinally(func() {})
		},
	} {
		t.Run(name, func(t *testing.T) {
			v := observabletest.NewVirtualScheduler()
			src := new(manual[int])
			got := perItem(t, v, build(src.observable(), v), src)
			assert.LessOrEqual(t, got, 0.002, "no more than a task for each burst of 1000")
		})
	}
}

// A Do operator is one allocation per subscription, also at its end.
func TestAlloc_DoPerSubscription(t *testing.T) {
	obs := &observable.Funcs[int]{}
	allocs := func(o observable.Observable[int]) float64 {
		return testing.AllocsPerRun(100, func() { o.Subscribe(context.Background(), obs) })
	}
	bare := allocs(observable.Just(1))
	for name, o := range map[string]observable.Observable[int]{
		"DoOnNext":         observable.Just(1).DoOnNext(func(int) {}),
		"DoOnComplete":     observable.Just(1).DoOnComplete(func() {}),
		"DoOnTerminate":    observable.Just(1).DoOnTerminate(func() {}),
		"DoAfterTerminate": observable.Just(1).DoAfterTerminate(func() {}),
		"DoOnSubscribe":    observable.Just(1).DoOnSubscribe(func(observable.Disposable) {}),
		"DoOnDispose":      observable.Just(1).DoOnDispose(func() {}),
		"DoFinally":        observable.Just(1).DoFinally(func() {}),
	} {
		assert.InDelta(t, bare+1, allocs(o), 0, name)
	}
}
