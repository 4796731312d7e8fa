package defects_test

import (
	"context"
	"log/slog"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quillgo/quill/observable"
	"github.com/quillgo/quill/observable/observabletest"
)

func add(a, b int) int { return a + b }

// ro's operator value changes a slice that it has captured: used for two sources
// it gives [2 1 9] twice.
func TestR16_OperatorsKeepNothingOfOtherStreams(t *testing.T) {
	sources := make([]stream, 1, 4) // with room for an append to write to
	sources[0] = observable.Just(9)
	resume := func(o stream) stream { return observable.OnErrorResumeWith(o, observable.Concat(sources...)) }
	start := func(o stream) stream { return observable.Merge(append(sources, o)...) }
	first, second := resume(failing(1)), resume(failing(2))
	merged := start(observable.Just(1))
	for range 2 {
		assertOutcome(t, watch(t, first), "1 9 |")
		assertOutcome(t, watch(t, second), "2 9 |")
		assertOutcome(t, watch(t, merged), "9 1 |")
	}
}

// ro's index belongs to the operator: a second subscription counts on, and two
// at a time race.
func TestR17_SubscriptionsCountForThemselves(t *testing.T) {
	letters := observable.Just(10, 20)
	naturals := func(yield func(int) bool) {
		for i := 0; yield(i); i++ {
		}
	}
	for name, o := range map[string]stream{
		"ZipSeq": observable.ZipSeq(letters, naturals, func(_, i int) int { return i }),
		"Scan":   observable.Scan(letters, -1, func(acc, _ int) int { return acc + 1 }).Skip(1),
	} {
		t.Run(name, func(t *testing.T) {
			var wg sync.WaitGroup
			for range 4 {
				wg.Go(func() {
					for range 50 {
						assertOutcome(t, watch(t, o), "0 1 |")
					}
				})
			}
			wg.Wait()
		})
	}
}

// ro keeps observers in a sync.Map, whose order is anybody's guess.
func TestR18_ObserversAreToldInOrder(t *testing.T) {
	s := observable.NewPublishSubject[int]()
	var told, want []int
	for i := range 20 {
		want = append(want, i)
		s.Subscribe(t.Context(), observable.Funcs[int]{Next: func(int) { told = append(told, i) }})
	}
	s.OnNext(0)
	assert.Equal(t, want, told)
}

// ro's Connect races with Subscribe and Unsubscribe, and so does its ToChannel.
func TestR19_ConnectMeetsSubscribe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		probe := &observabletest.Probe[int]{Item: same, Count: observabletest.Endless, Async: true, Gap: time.Millisecond}
		c := observable.Publish(probe.Observable())
		ctx, cancel := context.WithCancel(strict(t.Context(), t))
		var wg sync.WaitGroup
		for range 2 {
			wg.Go(func() {
				for range 50 {
					d := c.Connect(t.Context())
					time.Sleep(time.Millisecond)
					d.Dispose()
				}
			})
			wg.Go(func() {
				for range 50 {
					o := observabletest.Subscribe(ctx, c.Observable(), t)
					time.Sleep(time.Millisecond)
					o.Dispose()
					assert.False(t, o.Terminated())
				}
			})
			wg.Go(func() {
				var last error
				for item := range c.Observable().Chan(ctx, 1) {
					assert.NoError(t, last, "an item after the end")
					last = item.Err
				}
			})
		}
		time.Sleep(time.Second)
		cancel()
		wg.Wait()
		c.Connect(t.Context()).Dispose()
		time.Sleep(time.Second) // for the source to look
		assert.Zero(t, probe.Active())
	})
}

// ro keeps 345 bytes for each inner stream that has ended, for as long as the
// subscription lives.
func TestR20_InnerStreamsThatEndedAreLetGo(t *testing.T) {
	const many = 50_000
	for name, flatten := range map[string]func(o stream) stream{
		"FlatMap":   func(o stream) stream { return observable.FlatMap(o, pair, observable.Unlimited) },
		"ConcatMap": func(o stream) stream { return observable.ConcatMap(o, pair) },
		"MergeAll":  func(o stream) stream { return observable.MergeAll(observable.Map(o, pair), observable.Unlimited) },
	} {
		t.Run(name, func(t *testing.T) {
			s := observable.NewPublishSubject[int]()
			o := observabletest.NewObserver[int](t)
			o.Forget = true
			flatten(s.Observable()).Subscribe(t.Context(), o)
			before := heap()
			for i := range many {
				s.OnNext(i)
			}
			grown := heap() - before
			assert.Less(t, grown, many*20, "bytes for %d inner streams", many)
			assert.Equal(t, 2*many, o.Count())
			s.OnComplete()
			o.AssertComplete(t)
		})
	}
}

func pair(v int) stream { return observable.Just(v, v) }

// heap is what is in use after a collection.
func heap() int {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

// ro's intervals complete when the context's time is up, so the caller sees no
// error, and its FromChannel goes on waiting.
func TestR21_EndOfTheContextIsAnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		got, err := observable.Interval(300 * time.Millisecond).ToSlice(ctx)
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, []int{0, 1, 2}, got)

		ctx, cancel = context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		got, err = observable.FromChan(make(chan int)).ToSlice(ctx) // a leak would fail the bubble
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Empty(t, got)
	})
}

// ro's Future cannot be cancelled, and a panic in it ends the process.
func TestR22_FunctionsAreCancelledAndRecovered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		returned := 0
		waits := observable.FromFunc(func(ctx context.Context) (int, error) {
			<-ctx.Done()
			returned++
			return 0, nil
		}).SubscribeOn(observable.Go())
		for range 50 {
			o := watch(t, waits)
			synctest.Wait()
			o.Dispose()
			synctest.Wait()
			assertOutcome(t, o, "...")
		}
		assert.Equal(t, 50, returned)

		panics := watch(t, observable.FromFunc(func(context.Context) (int, error) { panic(errBoom) }).SubscribeOn(observable.Go()))
		<-panics.Done()
		panics.AssertError(t, errBoom)
	})
}

// ro completes the others when the first one's context ends: it is the
// connection's.
func TestR23_ShareOutlivesTheFirstObserversContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		shared := observable.Share(observable.Interval(time.Second))
		ctx, cancel := context.WithCancelCause(t.Context())
		first := observabletest.Subscribe(ctx, shared, t)
		second := watch(t, shared)
		time.Sleep(1500 * time.Millisecond)
		cancel(errBoom)
		synctest.Wait()
		first.AssertError(t, errBoom)
		time.Sleep(time.Second)
		assertOutcome(t, second, "0 1 ...")
		second.Dispose()
	})
}

// ro drops the errors of an observer that only wants items; nobody hears of
// them.
func TestR24_ErrorsAreNotDropped(t *testing.T) {
	var handled []error
	ctx := observable.WithErrorHandler(t.Context(), func(err error) { handled = append(handled, err) })
	failing(1).Subscribe(ctx, observable.Funcs[int]{Next: func(int) {}, Context: ctx})
	require.Len(t, handled, 1)
	assert.ErrorIs(t, handled[0], errBoom)
	var unhandled *observable.NotHandledError
	assert.ErrorAs(t, handled[0], &unhandled)

	var log strings.Builder
	before := slog.Default()
	defer slog.SetDefault(before)
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
	failing(1).Subscribe(t.Context(), observable.Funcs[int]{})
	assert.Contains(t, log.String(), "boom")
}

// ro's iterator hangs over a synchronous source, loses the item of every other
// stream of one, and panics with an error in the source's goroutine.
func TestR25_IteratorsLoseNothing(t *testing.T) {
	read := func(o stream) (all []int, last error) {
		for v, err := range o.Seq(strict(t.Context(), t)) {
			if last = err; err == nil {
				all = append(all, v)
			}
		}
		return all, last
	}
	all, err := read(observable.Just(1, 2, 3))
	assert.NoError(t, err)
	assert.Equal(t, []int{1, 2, 3}, all)
	for range 500 {
		all, err = read(observable.Just(1).SubscribeOn(observable.Go()))
		require.NoError(t, err)
		require.Equal(t, []int{1}, all)
	}
	for _, o := range []stream{failing(1, 2), failing(1, 2).SubscribeOn(observable.Go())} {
		all, err = read(o)
		assert.ErrorIs(t, err, errBoom)
		assert.Equal(t, []int{1, 2}, all)
	}
}

// ro delays the error with the items.
func TestR26_DelayLetsErrorsThrough(t *testing.T) {
	s := observabletest.NewVirtualScheduler()
	subject := observable.NewPublishSubject[int]()
	o := watch(t, observable.Delay(subject.Observable(), 300*time.Millisecond, s))
	later := watch(t, observable.DelayDelayError(subject.Observable(), 300*time.Millisecond, s))
	subject.OnNext(1)
	s.AdvanceBy(time.Millisecond)
	subject.OnError(errBoom)
	s.Trigger()
	assertOutcome(t, o, "#(boom)")
	assertOutcome(t, later, "...")
	s.AdvanceBy(300 * time.Millisecond)
	assertOutcome(t, o, "#(boom)")
	assertOutcome(t, later, "1 #(boom)")
}

// ro's "safe" stream is not safe if what is below it happens to be of another
// mode.
func TestR27_SerializeDoesNotDependOnWhatIsBelow(t *testing.T) {
	const each = 200
	crowd := observable.New(crowd(each))
	for name, o := range map[string]stream{
		"alone":     observable.Serialize(crowd),
		"twice":     observable.Serialize(observable.Serialize(crowd)),
		"Map below": observable.Map(observable.Serialize(crowd).Filter(func(int) bool { return true }), same),
		"inner":     observable.FlatMap(observable.Just(1), func(int) stream { return observable.Serialize(crowd) }, 1),
	} {
		t.Run(name, func(t *testing.T) {
			obs := watch(t, o) // an overlap fails the test
			<-obs.Done()
			assert.Equal(t, 4*each, obs.Count())
		})
	}
}

// crowd is a source whose goroutines emit as many items each, all at once.
type crowd int

func (c crowd) Subscribe(_ context.Context, o observable.Observer[int]) {
	o.OnSubscribe(new(handle))
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for i := range int(c) {
				o.OnNext(i)
			}
		})
	}
	wg.Wait()
	o.OnComplete()
}

// handle is a Disposable that stops nothing.
type handle struct{ disposed atomic.Bool }

func (h *handle) Dispose()       { h.disposed.Store(true) }
func (h *handle) Disposed() bool { return h.disposed.Load() }

// ro sleeps a millisecond so that the completion may not overtake an item.
func TestR28_ChannelsCloseAfterTheLastItem(t *testing.T) {
	for range 500 {
		var all []int
		for item := range observable.Just(1, 2, 3).SubscribeOn(observable.Go()).Chan(t.Context(), 0) {
			require.NoError(t, item.Err)
			all = append(all, item.Value)
		}
		require.Equal(t, []int{1, 2, 3}, all)
	}
}
