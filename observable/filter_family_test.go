package observable_test

import (
	"context"
	"runtime"
	"strings"
	"testing"
	"time"
	"weak"

	"github.com/quillgo/quill/observable"
	"github.com/quillgo/quill/observable/observabletest"
)

// What the operators that filter, transform and aggregate have in common.

func TestFilterFamily_Arguments(t *testing.T) {
	one := observable.Just(1)
	two := []observable.Scheduler{observable.Go(), observable.Go()}
	none := observable.TakeLastOptions{}
	for _, c := range []struct {
		operator, argument string
		f                  func()
	}{
		{"Skip", "n", func() { one.Skip(-1) }},
		{"SkipWhile", "skip", func() { one.SkipWhile(nil) }},
		{"SkipLast", "n", func() { observable.SkipLast(one, -1) }},
		{"SkipLastTime", "on", func() { observable.SkipLastTime(one, 1, two...) }},
		{"SkipLastTimeDelayError", "on", func() { observable.SkipLastTimeDelayError(one, 1, two...) }},
		{"SkipTime", "on", func() { observable.SkipTime(one, 1, two...) }},
		{"TakeTime", "on", func() { observable.TakeTime(one, 1, two...) }},
		{"TakeWhile", "keep", func() { one.TakeWhile(nil) }},
		{"TakeLast", "n", func() { observable.TakeLast(one, -1) }},
		{"TakeLastTime", "on", func() { observable.TakeLastTime(one, 1, none, nil) }},
		{"TakeLastTime", "options.Count", func() { observable.TakeLastTime(one, 1, observable.TakeLastOptions{Count: -2}) }},
		{"DistinctBy", "key", func() { observable.DistinctBy[int, int](one, nil) }},
		{"DistinctUntilChangedBy", "key", func() { observable.DistinctUntilChangedBy[int, int](one, nil) }},
		{"DistinctUntilChangedFunc", "equal", func() { observable.DistinctUntilChangedFunc(one, nil) }},
		{"ElementAt", "index", func() { observable.ElementAt(one, -1) }},
		{"ElementAtOr", "index", func() { observable.ElementAtOr(one, -1, 0) }},
		{"ElementAtOrError", "index", func() { observable.ElementAtOrError(one, -1) }},
		{"All", "pass", func() { observable.All(one, nil) }},
		{"Any", "match", func() { observable.Any(one, nil) }},
		{"Reduce", "accumulate", func() { observable.Reduce(one, nil) }},
		{"ReduceSeed", "accumulate", func() { observable.ReduceSeed(one, 0, nil) }},
		{"ReduceWith", "seed", func() { observable.ReduceWith(one, nil, add) }},
		{"ReduceWith", "accumulate", func() { observable.ReduceWith(one, func() int { return 0 }, nil) }},
		{"Collect", "create", func() { observable.Collect(one, nil, func(int, int) {}) }},
		{"Collect", "add", func() { observable.Collect(one, func() int { return 0 }, nil) }},
		{"ToMap", "key", func() { observable.ToMap[int, int](one, nil) }},
		{"ToMapValue", "key", func() { observable.ToMapValue[int, int](one, nil, func(int) int { return 0 }) }},
		{"ToMapValue", "value", func() { observable.ToMapValue[int, int, int](one, func(int) int { return 0 }, nil) }},
		{"ToMultimap", "key", func() { observable.ToMultimap[int, int](one, nil) }},
		{"ToMultimapValue", "key", func() { observable.ToMultimapValue[int, int](one, nil, func(int) int { return 0 }) }},
		{"ToMultimapValue", "value", func() { observable.ToMultimapValue[int, int, int](one, func(int) int { return 0 }, nil) }},
		{"SortedFunc", "compare", func() { observable.SortedFunc(one, nil) }},
		{"ToSortedListFunc", "compare", func() { observable.ToSortedListFunc(one, nil) }},
		{"FilterMap", "project", func() { observable.FilterMap[int, int](one, nil) }},
		{"ScanNoSeed", "accumulate", func() { observable.ScanNoSeed(one, nil) }},
		{"ScanWith", "seed", func() { observable.ScanWith(one, nil, add) }},
		{"ScanWith", "accumulate", func() { observable.ScanWith(one, func() int { return 0 }, nil) }},
		{"Timestamp", "on", func() { observable.Timestamp(one, two...) }},
		{"TimeInterval", "on", func() { observable.TimeInterval(one, two...) }},
	} {
		refused(t, c.operator, c.argument, c.f)
	}
}

// deaf is a source of three items whose Disposable knows nothing.
type deaf struct{}

func (deaf) Dispose()       {}
func (deaf) Disposed() bool { return false }

func (d deaf) Subscribe(_ context.Context, o observable.Observer[int]) {
	o.OnSubscribe(d)
	for _, v := range []int{3, 1, 2} {
		o.OnNext(v)
	}
	o.OnComplete()
}

// An operator that emits items when its source has completed knows by itself
// that it was disposed inside one of them.
func TestFilterFamily_DisposeInsideAnItemOfTheEnd(t *testing.T) {
	up := observable.NewUnsafe[int](deaf{})
	hour := time.Hour
	for name, c := range map[string]struct {
		o     erased
		after int
	}{
		"TakeLast":       {erase(observable.TakeLast(up, 2)), 1},
		"TakeLastTime":   {erase(observable.TakeLastTime(up, hour, observable.TakeLastOptions{})), 2},
		"LastElement":    {erase(observable.LastElement(up)), 1},
		"LastOr":         {erase(observable.LastOr(observable.IgnoreElements(up), 9)), 1},
		"SingleElement":  {erase(observable.SingleElement(observable.Count(up))), 1},
		"Reduce":         {erase(observable.Reduce(up, add)), 1},
		"ReduceSeed":     {erase(observable.ReduceSeed(up, 0, add)), 1},
		"Count":          {erase(observable.Count(up)), 1},
		"ToList":         {erase(observable.ToList(up)), 1},
		"ToSortedList":   {erase(observable.ToSortedList(up)), 1},
		"Sorted":         {erase(observable.Sorted(up)), 2},
		"All":            {erase(observable.All(up, func(int) bool { return true })), 1},
		"DefaultIfEmpty": {erase(observable.IgnoreElements(up).DefaultIfEmpty(9)), 1},
		"Materialize":    {erase(observable.Materialize(observable.IgnoreElements(up))), 1},
	} {
		o := observabletest.NewObserver[any](t).DisposeAfter(c.after)
		c.o.Subscribe(t.Context(), o)
		if o.Count() != c.after || o.Terminated() {
			t.Errorf("%s: %v", name, o)
		}
	}
}

// The items of 100,000 that come out, and no stack that grows with them.
func TestFilterFamily_ManyItems(t *testing.T) {
	const n = 20_000
	up := observable.Range(0, n)
	even := func(v int) bool { return v%2 == 0 }
	for name, c := range map[string]struct {
		o     erased
		count int
		last  any
	}{
		"FilterMap":            {erase(observable.FilterMap(up, func(v int) (int, bool) { return v, even(v) })), n / 2, n - 2},
		"OfType":               {erase(observable.OfType[int](up)), n, n - 1},
		"Cast":                 {erase(observable.Cast[int](up)), n, n - 1},
		"ScanNoSeed":           {erase(observable.ScanNoSeed(up, func(_, v int) int { return v })), n, n - 1},
		"Pairwise":             {erase(observable.Pairwise(up)), n - 1, [2]int{n - 2, n - 1}},
		"Skip":                 {erase(up.Skip(10)), n - 10, n - 1},
		"SkipLast":             {erase(observable.SkipLast(up, n/2)), n / 2, n/2 - 1},
		"SkipLastTime":         {erase(observable.SkipLastTime(up, 0)), n, n - 1},
		"TakeLast":             {erase(observable.TakeLast(up, n/2)), n / 2, n - 1},
		"TakeLast few":         {erase(observable.TakeLast(up, 3)), 3, n - 1},
		"TakeLastTime":         {erase(observable.TakeLastTime(up, time.Hour, observable.TakeLastOptions{Count: 7})), 7, n - 1},
		"Distinct":             {erase(observable.DistinctBy(up, func(v int) int { return v / 2 })), n / 2, n - 2},
		"DistinctUntilChanged": {erase(observable.DistinctUntilChangedBy(up, func(v int) int { return v / 2 })), n / 2, n - 2},
		"ElementAt":            {erase(observable.ElementAt(up, n-1)), 1, n - 1},
		"LastElement":          {erase(observable.LastElement(up)), 1, n - 1},
		"Count":                {erase(observable.Count(up)), 1, n},
		"Reduce":               {erase(observable.Reduce(up, add)), 1, n * (n - 1) / 2},
		"Sorted":               {erase(observable.SortedFunc(up, func(a, b int) int { return b - a })), n, 0},
		"Materialize":          {erase(observable.Materialize(up)), n + 1, observable.Notification[int]{Kind: observable.SignalComplete}},
		"Dematerialize":        {erase(observable.Dematerialize(observable.Materialize(up))), n, n - 1},
	} {
		o := observabletest.Subscribe(t.Context(), c.o, t)
		o.AssertComplete(t)
		if all := o.Values(); len(all) != c.count || all[len(all)-1] != c.last {
			t.Errorf("%s: %d items, the last one %v, want %d, %v", name, len(all), all[len(all)-1], c.count, c.last)
		}
	}
}

// An operator that is satisfied early has stopped its source when it says so,
// and lets nothing through that a subject is told from inside the item.
func TestFilterFamily_EarlyEnds(t *testing.T) {
	for name, apply := range map[string]func(o observable.Observable[int]) erased{
		"FirstElement": func(o observable.Observable[int]) erased { return erase(observable.FirstElement(o)) },
		"ElementAtOr":  func(o observable.Observable[int]) erased { return erase(observable.ElementAtOr(o, 2, 9)) },
		"Any": func(o observable.Observable[int]) erased {
			return erase(observable.Any(o, func(int) bool { return true }))
		},
		"Contains": func(o observable.Observable[int]) erased { return erase(observable.Contains(o, 3)) },
		"IsEmpty":  func(o observable.Observable[int]) erased { return erase(observable.IsEmpty(o)) },
	} {
		s := observable.NewPublishSubject[int]()
		o := observabletest.NewObserver[any](t)
		ended := func() {
			if s.HasObservers() {
				t.Errorf("%s: the end is told before the source is stopped", name)
			}
		}
		o.Inside.Next = func(any) {
			ended()
			s.OnNext(7)
		}
		o.Inside.Complete = ended
		apply(s.Observable()).Subscribe(t.Context(), o)
		for v := range 5 {
			s.OnNext(v)
		}
		if o.Count() != 1 || !o.Completed() {
			t.Errorf("%s: %v", name, o)
		}
	}
}

// A panic while the items of the end are delivered is told with the error that
// was delayed for them.
func TestFilterFamily_DelayedErrorIsNotLost(t *testing.T) {
	up := observable.Concat(observable.Just(1), observable.Error[int](errBoom))
	virtual := observabletest.NewVirtualScheduler()
	for name, o := range map[string]observable.Observable[int]{
		"TakeLastTime":           observable.TakeLastTime(up, time.Second, observable.TakeLastOptions{DelayError: true}, virtual),
		"SkipLastTimeDelayError": observable.SkipLastTimeDelayError(moving(up, virtual), time.Second, virtual),
	} {
		got := observabletest.Subscribe(t.Context(), observable.Map(o, explode), t)
		got.AssertError(t, errBoom)
		if p := new(observable.PanicError); !asPanic(got.Err(), &p) || !strings.Contains(p.Error(), "bang") {
			t.Errorf("%s: the error is %v, want the panic in it", name, got.Err())
		}
	}
	for name, o := range map[string]observable.Observable[int]{
		"TakeLastTime":           observable.TakeLastTime(up, time.Second, observable.TakeLastOptions{DelayError: true}, virtual),
		"SkipLastTimeDelayError": observable.SkipLastTimeDelayError(moving(up, virtual), time.Second, virtual),
	} {
		ctx, got := reports(t)
		obs := observabletest.NewObserver[int](t).DisposeAfter(1)
		o.Subscribe(ctx, obs)
		if obs.Count() != 1 || obs.Terminated() {
			t.Errorf("%s: %v", name, obs)
		}
		wantReports(t, got(), errBoom)
	}
}

// After the end nothing leads from the Disposable that an operator above hands
// down to items that came (rule C18).
func TestFilterFamily_ItemsAreLetGoAtTheEnd(t *testing.T) {
	second := func(_, v token) token { return v }
	for name, apply := range map[string]func(up stream) erased{
		"Scan":          func(up stream) erased { return erase(observable.Scan(up, nil, second)) },
		"ScanNoSeed":    func(up stream) erased { return erase(observable.ScanNoSeed(up, second)) },
		"Pairwise":      func(up stream) erased { return erase(observable.Pairwise(up)) },
		"Reduce":        func(up stream) erased { return erase(observable.Reduce(up, second)) },
		"ReduceSeed":    func(up stream) erased { return erase(observable.ReduceSeed(up, nil, second)) },
		"ToList":        func(up stream) erased { return erase(observable.ToList(up)) },
		"LastElement":   func(up stream) erased { return erase(observable.LastElement(up)) },
		"SingleElement": func(up stream) erased { return erase(observable.SingleElement(up)) },
		"Sorted":        func(up stream) erased { return erase(observable.SortedFunc(up, func(token, token) int { return 0 })) },
		"TakeLast":      func(up stream) erased { return erase(observable.TakeLast(up, 9)) },
		"TakeLastTime": func(up stream) erased {
			return erase(observable.TakeLastTime(up, time.Hour, observable.TakeLastOptions{}))
		},
		"SkipLast":             func(up stream) erased { return erase(observable.SkipLast(up, 9)) },
		"SkipLastTime":         func(up stream) erased { return erase(observable.SkipLastTime(up, time.Hour)) },
		"Distinct":             func(up stream) erased { return erase(observable.Distinct(up)) },
		"DistinctUntilChanged": func(up stream) erased { return erase(observable.DistinctUntilChanged(up)) },
	} {
		for _, end := range []error{nil, errBoom} {
			var made []weak.Pointer[observabletest.Token]
			p := &observabletest.Probe[token]{Count: 3, Err: end, Item: func(i int) token {
				v := &observabletest.Token{N: i}
				made = append(made, weak.Make(v))
				return v
			}}
			o := observabletest.NewObserver[any]()
			o.Forget = true
			apply(p.Observable().Take(9)).Subscribe(t.Context(), o)
			runtime.GC()
			for _, w := range made {
				if w.Value() != nil {
					t.Errorf("%s: an item is held after the end, %v", name, o)
				}
			}
			runtime.KeepAlive(o)
		}
	}
}

// moving lets a second pass before the error of o is told.
func moving(o observable.Observable[int], on *observabletest.VirtualScheduler) observable.Observable[int] {
	return o.OnErrorResumeNext(func(err error) observable.Observable[int] {
		on.AdvanceBy(time.Second)
		return observable.Error[int](err)
	})
}
