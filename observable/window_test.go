package observable_test

import (
	"context"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	"weak"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quillgo/quill/observable"
	"github.com/quillgo/quill/observable/observabletest"
)

type intWindow = observable.Observable[int]

// observed subscribes to o and, inside OnNext, to each window.
func observed(t *testing.T, o observable.Observable[intWindow]) (outer *observabletest.TestObserver[intWindow], inner func(i int) *observabletest.TestObserver[int]) {
	var all []*observabletest.TestObserver[int]
	outer = observabletest.NewObserver[intWindow](t)
	outer.Inside.Next = func(w intWindow) {
		obs := observabletest.NewObserver[int](t)
		all = append(all, obs) // before items come, and windows with them
		w.Subscribe(context.Background(), obs)
	}
	o.Subscribe(context.Background(), outer)
	return outer, func(i int) *observabletest.TestObserver[int] { return all[i] }
}

// TestWindow_ObservedLate is the way of RxJava: what nobody observes in time
// ends with its first item, which is not lost.
func TestWindow_ObservedLate(t *testing.T) {
	const n = many
	all, err := observable.Window(observable.Range(0, n), n).ToSlice(context.Background())
	require.NoError(t, err)
	assert.Len(t, all, n)
	items, err := observable.Concat(all...).ToSlice(context.Background())
	require.NoError(t, err)
	assert.Equal(t, firstInts(n), items)
}

func TestWindow_ObservedInTime(t *testing.T) {
	const n = many
	all, err := observable.FlatMap(observable.Window(observable.Range(0, n), 999), observable.ToList[int], observable.Unlimited).ToSlice(context.Background())
	require.NoError(t, err)
	assert.Len(t, all, n/999+1)
	assert.Equal(t, firstInts(n), joined(all))
}

// TestWindow_ObserverOfItsOwnPace queues a whole window for an observer that is
// still at its first item.
func TestWindow_ObserverOfItsOwnPace(t *testing.T) {
	const n = many
	source := observable.NewPublishSubject[int]()
	obs := observabletest.NewObserver[int](t)
	queued, busy, free := make(chan struct{}), make(chan struct{}), make(chan struct{})
	obs.Inside.Next = func(v int) {
		if v == 0 {
			close(busy)
			<-free
		}
	}
	var done sync.WaitGroup
	observable.Window(source.Observable(), n).Subscribe(context.Background(), observable.Funcs[intWindow]{Next: func(w intWindow) {
		taken := make(chan struct{})
		obs.Inside.Subscribe = func(observable.Disposable) {
			close(taken)
			<-queued // so that it is this goroutine that emits it
		}
		done.Go(func() { w.Subscribe(context.Background(), obs) })
		<-taken
	}})
	source.OnNext(0)
	close(queued)
	<-busy
	for i := 1; i < n; i++ {
		source.OnNext(i)
	}
	assert.Equal(t, 1, obs.Count())
	close(free)
	done.Wait()
	assert.Equal(t, firstInts(n), obs.Values())
	obs.AssertComplete(t)
}

func TestWindow_SecondObserverIsRefused(t *testing.T) {
	w, err := observable.Window(observable.Just(1, 2), 2).First(context.Background())
	require.NoError(t, err)
	items, err := w.ToSlice(context.Background())
	require.NoError(t, err)
	assert.Equal(t, []int{1}, items)
	_, err = w.ToSlice(context.Background())
	assert.Equal(t, observable.ErrSubscribedTwice, err)
}

func TestWindow_DisposeLeavesOpenWindowsAlone(t *testing.T) {
	on := observabletest.NewVirtualScheduler()
	for name, window := range map[string]func(o intWindow) observable.Observable[intWindow]{
		"count": func(o intWindow) observable.Observable[intWindow] { return observable.Window(o, 3) },
		"skip":  func(o intWindow) observable.Observable[intWindow] { return observable.WindowSkip(o, 3, 4) },
		"time": func(o intWindow) observable.Observable[intWindow] {
			return observable.WindowTimeCount(o, time.Second, observable.WindowOptions{Count: 3}, on)
		},
	} {
		t.Run(name, func(t *testing.T) {
			source := observable.NewPublishSubject[int]()
			outer, inner := observed(t, window(source.Observable()))
			source.OnNext(0)
			outer.Dispose()
			source.OnNext(1)
			assert.True(t, source.HasObservers())
			source.OnNext(2)
			assert.False(t, source.HasObservers())
			assert.Equal(t, firstInts(3), inner(0).Values())
			inner(0).AssertComplete(t)
			outer.AssertNotTerminated(t)
			assert.Zero(t, on.Pending())
		})
	}
}

func TestWindow_LastToLeaveStopsTheSource(t *testing.T) {
	source := observable.NewPublishSubject[int]()
	outer, inner := observed(t, observable.WindowSkip(source.Observable(), 10, 1))
	source.OnNext(0)
	source.OnNext(1)
	inner(1).Dispose()
	outer.Dispose()
	assert.True(t, source.HasObservers())
	source.OnNext(2)
	inner(0).Dispose()
	assert.False(t, source.HasObservers())
	assert.Equal(t, firstInts(3), inner(0).Values())
	assert.Equal(t, 2, outer.Count())
}

func TestWindowOpenClose_DisposeStopsWhatOpens(t *testing.T) {
	source, open, end := observable.NewPublishSubject[int](), observable.NewPublishSubject[int](), observable.NewPublishSubject[int]()
	outer, inner := observed(t, observable.WindowOpenClose(source.Observable(), open.Observable(),
		func(int) observable.Observable[int] { return end.Observable() }))
	open.OnNext(0)
	outer.Dispose()
	assert.False(t, open.HasObservers())
	source.OnNext(0)
	end.OnNext(0)
	assert.False(t, source.HasObservers() || end.HasObservers())
	assert.Equal(t, []int{0}, inner(0).Values())
	inner(0).AssertComplete(t)
}

func TestWindow_PanickingObserverIsFailedAlone(t *testing.T) {
	source := observable.NewPublishSubject[int]()
	outer, inner := observed(t, observable.WindowSkip(source.Observable(), 3, 1))
	source.OnNext(0)
	inner(0).Inside.Next = func(int) { panic(errBoom) }
	source.OnNext(1)
	source.OnNext(2)
	source.OnComplete()
	inner(0).AssertError(t, errBoom)
	assert.Equal(t, []int{0, 1}, inner(0).Values())
	assert.Equal(t, []int{1, 2}, inner(1).Values())
	inner(1).AssertComplete(t)
	outer.AssertComplete(t)
}

func TestWindow_PanicOfTheOuterObserverLeavesOpenWindowsAlone(t *testing.T) {
	source := observable.NewPublishSubject[int]()
	outer, inner := observed(t, observable.WindowSkip(source.Observable(), 3, 1))
	source.OnNext(0)
	outer.Inside.Next = func(intWindow) { panic(errBoom) }
	source.OnNext(1)
	source.OnNext(2)
	outer.AssertError(t, errBoom)
	assert.Equal(t, firstInts(3), inner(0).Values())
	inner(0).AssertComplete(t)
	assert.False(t, source.HasObservers())
}

// TestWindow_GoexitFailsAll ends the goroutine that drains, in a window's
// observer: nobody may be left waiting.
func TestWindow_GoexitFailsAll(t *testing.T) {
	never := observable.Never[int]()
	for name, window := range map[string]func(o intWindow) observable.Observable[intWindow]{
		"count": func(o intWindow) observable.Observable[intWindow] { return observable.WindowSkip(o, 10, 1) },
		"when":  func(o intWindow) observable.Observable[intWindow] { return observable.WindowWhen(o, never) },
		"time":  func(o intWindow) observable.Observable[intWindow] { return observable.WindowTime(o, time.Hour) },
		"open and close": func(o intWindow) observable.Observable[intWindow] {
			return observable.WindowOpenClose(o, observable.Just(1, 2), func(int) observable.Observable[int] { return never })
		},
	} {
		t.Run(name, func(t *testing.T) {
			var outer *observabletest.TestObserver[intWindow]
			var inner func(i int) *observabletest.TestObserver[int]
			var done sync.WaitGroup
			done.Go(func() {
				source := observable.Range(0, 3).DoOnNext(func(v int) {
					if v == 1 {
						inner(0).Inside.Next = func(int) { runtime.Goexit() }
					}
				})
				outer = observabletest.NewObserver[intWindow](t)
				var all []*observabletest.TestObserver[int]
				inner = func(i int) *observabletest.TestObserver[int] { return all[i] }
				outer.Inside.Next = func(w intWindow) {
					obs := observabletest.NewObserver[int](t)
					all = append(all, obs)
					w.Subscribe(context.Background(), obs)
				}
				window(source).Subscribe(context.Background(), outer)
			})
			done.Wait()
			inner(0).AssertError(t, observable.ErrGoexit)
			outer.AssertError(t, observable.ErrGoexit)
		})
	}
}

// TestWindowTime_GoexitInATask does the same on the timer's goroutine.
func TestWindowTime_GoexitInATask(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := observable.NewPublishSubject[int]()
		outer, inner := observabletest.NewObserver[intWindow](t), observabletest.NewObserver[int](t)
		outer.Inside.Next = func(w intWindow) {
			if outer.Count() > 1 {
				runtime.Goexit()
			}
			w.Subscribe(context.Background(), inner)
		}
		observable.WindowTimeSkip(source.Observable(), time.Hour, time.Second).Subscribe(context.Background(), outer)
		time.Sleep(time.Minute)
		outer.AssertError(t, observable.ErrGoexit)
		inner.AssertError(t, observable.ErrGoexit)
		assert.False(t, source.HasObservers())
	})
}

func TestWindowWhen_FromInsideAWindow(t *testing.T) {
	source, boundary := observable.NewPublishSubject[int](), observable.NewPublishSubject[int]()
	outer, inner := observed(t, observable.WindowWhen(source.Observable(), boundary.Observable()))
	inner(0).Inside.Next = func(int) {
		boundary.OnNext(0)
		boundary.OnNext(0)
		boundary.OnComplete()
	}
	source.OnNext(1)
	assert.Equal(t, []int{1}, inner(0).Values())
	inner(0).AssertComplete(t)
	for i := 1; i < 3; i++ {
		inner(i).AssertEmpty(t)
		inner(i).AssertComplete(t)
	}
	assert.Equal(t, 3, outer.Count())
	outer.AssertComplete(t)
	assert.False(t, source.HasObservers())
}

// TestWindow_NobodyHoldsWhatNobodyWants lets the stream run on and looks at the
// items of windows that nobody has observed.
func TestWindow_NobodyHoldsWhatNobodyWants(t *testing.T) {
	on := observabletest.NewVirtualScheduler()
	for name, ignore := range map[string]func(o stream) erased{
		"count": func(o stream) erased { return erase(observable.Window(o, 1000)) },
		"skip":  func(o stream) erased { return erase(observable.WindowSkip(o, 2, 3)) },
		"time":  func(o stream) erased { return erase(observable.WindowTime(o, time.Second, on)) },
		"when":  func(o stream) erased { return erase(observable.WindowWhen(o, observable.Never[int]())) },
		"group": func(o stream) erased { return erase(observable.GroupBy(o, func(v token) int { return v.N })) },
		"open and close": func(o stream) erased {
			return erase(observable.WindowOpenClose(o, observable.Just(1), func(int) stream { return observable.Never[token]() }))
		},
	} {
		t.Run(name, func(t *testing.T) {
			source := observable.NewPublishSubject[token]()
			obs := observabletest.NewObserver[any](t)
			obs.Forget = true
			ignore(source.Observable()).Subscribe(context.Background(), obs)
			var made []weak.Pointer[observabletest.Token]
			for i := range 99 {
				v := &observabletest.Token{N: i}
				made = append(made, weak.Make(v))
				source.OnNext(v)
			}
			runtime.GC()
			held := 0
			for _, w := range made {
				if w.Value() != nil {
					held++
				}
			}
			assert.LessOrEqual(t, held, 1, "the last one may be in a variable")
			runtime.KeepAlive(source)
			obs.Dispose()
			assert.Zero(t, on.Pending())
		})
	}
}

func TestWindow_ErrorAfterItsObserverLeftIsReported(t *testing.T) {
	var reports []error
	ctx := observable.WithErrorHandler(context.Background(), func(err error) { reports = append(reports, err) })
	source := observable.NewPublishSubject[int]()
	outer := observabletest.NewObserver[intWindow](t)
	outer.Inside.Next = func(w intWindow) { observabletest.Subscribe(context.Background(), w.Take(1), t) }
	observable.Window(source.Observable(), 10).Subscribe(ctx, outer)
	source.OnNext(1)
	source.OnError(errBoom)
	outer.AssertError(t, errBoom)
	require.Len(t, reports, 1)
	assert.ErrorIs(t, reports[0], errBoom)
}
