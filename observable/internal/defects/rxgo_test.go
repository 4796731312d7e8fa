package defects_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quillgo/quill/observable"
	"github.com/quillgo/quill/observable/observabletest"
)

// RxGo leaves one or two goroutines behind for each stream that ends early.
func TestG1_EarlyEndsLeaveNothingBehind(t *testing.T) {
	for name, end := range map[string]func(o stream) stream{
		"Map, Take":  func(o stream) stream { return observable.Map(o, same).Take(3) },
		"ElementAt":  func(o stream) stream { return observable.ElementAt(o, 2) },
		"First":      observable.FirstElement[int],
		"panic":      func(o stream) stream { return observable.Map(o, func(int) int { panic(errBoom) }) },
		"Merge":      func(o stream) stream { return observable.Merge(o, observable.Error[int](errBoom)) },
		"Amb":        func(o stream) stream { return observable.Amb(o, observable.Just(1)) },
		"TakeUntil":  func(o stream) stream { return observable.TakeUntilWhen(o, observable.Timer(time.Second)) },
		"Timeout":    func(o stream) stream { return observable.IgnoreElements(o).Timeout(time.Second) },
		"SwitchMap":  func(o stream) stream { return observable.SwitchMap(o, func(int) stream { return o }).Take(1) },
		"ConcatMap":  func(o stream) stream { return observable.ConcatMap(o, func(int) stream { return o }).Take(2) },
		"ObserveOn":  func(o stream) stream { return o.ObserveOn(observable.Go(), 1).Take(2) },
		"GroupBy":    func(o stream) stream { return observable.Map(observable.GroupBy(o, same), grouped).Take(2) },
		"Share":      func(o stream) stream { return observable.Share(o).Take(2) },
		"Zip":        func(o stream) stream { return observable.Zip2(o, observable.Just(1, 2), add) },
		"WithLatest": func(o stream) stream { return observable.WithLatestFrom(o, o, add).Take(1) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { // where a goroutine that is left behind is a failure
				probe := &observabletest.Probe[int]{Item: same, Count: observabletest.Endless, Async: true, Gap: time.Millisecond}
				o := observabletest.Subscribe(t.Context(), end(probe.Observable()), t)
				<-o.Done()
				time.Sleep(time.Second) // for the source to look
				assert.Positive(t, probe.Subscriptions())
				assert.Zero(t, probe.Active())
			})
		})
	}
}

func grouped(observable.Grouped[int, int]) int { return 0 }

// RxGo's Take(1) waits for a second item before it completes.
func TestG2_TakeCompletesWithItsLastItem(t *testing.T) {
	s := observable.NewPublishSubject[int]()
	o := watch(t, s.Observable().Take(1))
	s.OnNext(1)
	assertOutcome(t, o, "1 |")
	assert.False(t, s.HasObservers())

	values := make(chan int, 1) // never closed
	values <- 1
	got, err := observable.FromChan(values).Take(1).ToSlice(t.Context())
	assert.NoError(t, err)
	assert.Equal(t, []int{1}, got)
}

// RxGo makes these operators' channels once: the second subscription ends the
// process.
func TestG3_StreamsCanBeSubscribedToAgain(t *testing.T) {
	s := observabletest.NewVirtualScheduler()
	ticks := observable.IntervalRange(1, 4, time.Second, time.Second, s)
	long := func(int) stream { return observable.Timer(time.Minute, s) }
	lists := func(o observable.Observable[[]int]) stream {
		return observable.Map(o, func(l []int) int { return len(l) })
	}
	for name, c := range map[string]struct {
		o    stream
		want string
	}{
		"FlatMap":  {observable.FlatMap(ticks, pair, observable.Unlimited), "1 1 2 2 3 3 4 4 |"},
		"Buffer":   {lists(observable.Buffer(ticks, 3)), "3 1 |"},
		"Debounce": {observable.Debounce(ticks, 2*time.Second, s), "4 |"},
		"Repeat":   {ticks.Repeat(2), "1 2 3 4 1 2 3 4 |"},
		"Sample":   {observable.Sample(ticks, 1500*time.Millisecond, true, s), "1 2 4 |"},
		"Join":     {observable.Join(ticks, observable.Just(10, 20), long, long, add), "11 21 12 22 13 23 14 24 |"},
		"Window":   {observable.ConcatMap(observable.Window(ticks, 3), observable.Count[int]), "3 1 |"},
	} {
		t.Run(name, func(t *testing.T) {
			first := watch(t, c.o)
			s.AdvanceBy(500 * time.Millisecond)
			second := watch(t, c.o) // while the first one is running
			s.AdvanceBy(time.Minute)
			third := watch(t, c.o)
			s.AdvanceBy(time.Minute)
			assertOutcome(t, first, c.want)
			assertOutcome(t, second, c.want)
			assertOutcome(t, third, c.want)
		})
	}
}

// RxGo's second Get returns nil, and then the process panics.
func TestG4_CountTwice(t *testing.T) {
	count := observable.Count(observable.Just(1, 2, 3))
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 2 {
				n, err := count.First(t.Context())
				assert.NoError(t, err)
				assert.Equal(t, 3, n)
			}
		})
	}
	wg.Wait()
}

// RxGo recovers nowhere: a panic of a user function ends the process.
func TestG5_PanicsOfUserFunctionsAreErrors(t *testing.T) {
	boom := func(int) int { panic(errBoom) }
	for name, apply := range map[string]func(o stream) stream{
		"Map":     func(o stream) stream { return observable.Map(o, boom) },
		"Filter":  func(o stream) stream { return o.Filter(func(int) bool { panic(errBoom) }) },
		"Scan":    func(o stream) stream { return observable.ScanNoSeed(o, func(_, v int) int { return boom(v) }) },
		"Reduce":  func(o stream) stream { return observable.Reduce(o, func(_, v int) int { return boom(v) }) },
		"FlatMap": func(o stream) stream { return observable.FlatMap(o, func(v int) stream { boom(v); return o }, 1) },
		"inner": func(o stream) stream {
			return observable.FlatMap(o, func(int) stream { return observable.Map(o, boom) }, 1)
		},
		"DoOnNext":  func(o stream) stream { return o.DoOnNext(func(v int) { boom(v) }) },
		"TakeWhile": func(o stream) stream { return o.TakeWhile(func(int) bool { panic(errBoom) }) },
		"GroupBy":   func(o stream) stream { return observable.Map(observable.GroupBy(o, boom), grouped) },
		"Zip2":      func(o stream) stream { return observable.Zip2(o, o, func(int, int) int { panic(errBoom) }) },
		"source":    func(stream) stream { return observable.Defer(func(context.Context) stream { panic(errBoom) }) },
	} {
		t.Run(name, func(t *testing.T) {
			for where, source := range map[string]stream{
				"here": observable.Just(1, 2), "elsewhere": observable.Just(1, 2).ObserveOn(observable.Go(), 4),
			} {
				o := watch(t, apply(source).SubscribeOn(observable.Go()))
				require.NoError(t, o.AwaitDone(t.Context()), where)
				var panicked *observable.PanicError
				assert.ErrorAs(t, o.Err(), &panicked, where)
				assert.ErrorIs(t, o.Err(), errBoom, where)
			}
		})
	}
}

// RxGo crashes at a nil item, and flattens items that are slices.
func TestG6_NilAndSlicesAreItems(t *testing.T) {
	any3 := observable.Just[any](1, nil, 3)
	watch(t, any3).AssertValues(t, 1, nil, 3)
	last, err := any3.Take(2).Last(t.Context())
	assert.NoError(t, err)
	assert.Nil(t, last)
	watch(t, any3.DefaultIfEmpty(9).Skip(1).Take(1)).AssertValues(t, nil)
	watch(t, observable.Distinct(observable.Just[any](nil, nil, 1))).AssertValues(t, nil, 1)
	watch(t, observable.Just([]int{1, 2}, []int{3})).AssertValues(t, []int{1, 2}, []int{3})
}

// RxGo emits items, further errors and a completion after an error.
func TestG7_NothingComesAfterAnError(t *testing.T) {
	var reported []error
	ctx := observable.WithErrorHandler(t.Context(), func(err error) { reported = append(reported, err) })
	bad := &observabletest.BadSource[int]{Values: []int{1, 2}, AfterEnd: errBoom}
	assertOutcome(t, observabletest.Subscribe(ctx, bad.Observable(), t), "1 2 |")
	assert.NotEmpty(t, reported)

	assertOutcome(t, watch(t, observable.Merge(failing(1), failing(2))), "1 #(boom)")
	s := observable.NewPublishSubject[int]()
	both := watch(t, observable.Merge(observable.OnErrorReturnItem(s.Observable(), -1), s.Observable()))
	s.OnNext(1)
	s.OnError(errBoom)
	s.OnNext(2)
	assertOutcome(t, both, "1 1 -1 #(boom)")
	assertOutcome(t, watch(t, observable.OnErrorReturnItem(failing(1), -1)), "1 -1 |")
}

// RxGo runs Create's function when the stream is made: subscribers share the items
// among them, and Retry has nothing to repeat.
func TestG8_CreateRunsForEachSubscription(t *testing.T) {
	runs := 0
	o := observable.Create(func(_ context.Context, e *observable.Emitter[int]) error {
		runs++
		e.Next(1)
		e.Next(2)
		return errBoom
	})
	assert.Zero(t, runs)
	assertOutcome(t, watch(t, o), "1 2 #(boom)")
	assertOutcome(t, watch(t, o), "1 2 #(boom)")
	assert.Equal(t, 2, runs)
	assertOutcome(t, watch(t, o.Retry(3)), "1 2 1 2 1 2 1 2 #(boom)")
	assert.Equal(t, 6, runs)
}

// RxGo's Retry subscribes when it is assembled, four times, and counts for all
// subscribers together.
func TestG9_RetryCountsForEachSubscription(t *testing.T) {
	probe := &observabletest.Probe[int]{Item: same, Err: errBoom}
	o := probe.Observable().Retry(3)
	assert.Zero(t, probe.Subscriptions())
	for i := range 3 {
		watch(t, o).AssertError(t, errBoom)
		assert.Equal(t, 4*(i+1), probe.Subscriptions())
	}
}

// RxGo's Thrown tells the error once; the second observer gets nil.
func TestG10_EveryObserverIsToldTheError(t *testing.T) {
	for name, o := range map[string]stream{
		"Error": observable.Error[int](errBoom), "after an item": failing(1), "cached": observable.Cache(failing(1)),
	} {
		for range 2 {
			assert.ErrorIs(t, o.Wait(t.Context()), errBoom, name)
		}
	}
}
