package defects_test

import (
	"context"
	"math"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quillgo/quill/observable"
	"github.com/quillgo/quill/observable/observabletest"
)

// ro goes on: the observer that panicked at 1 gets the error, then 2, 3 and the
// completion.
func TestR1_ObserverThatPanickedGetsNothingMore(t *testing.T) {
	o := observabletest.NewObserver[int](t)
	o.Inside.Next = func(int) { panic(errBoom) }
	observable.Just(1, 2, 3).Subscribe(t.Context(), o)
	assert.Equal(t, []int{1}, o.Values())
	assert.ErrorIs(t, o.Err(), errBoom)
	var panicked *observable.PanicError
	assert.ErrorAs(t, o.Err(), &panicked)
}

// ro calls the projector for every item, and leaves the source running.
func TestR2_PanicOfAProjectorDisposesTheSource(t *testing.T) {
	probe := &observabletest.Probe[int]{Item: same, Count: 3}
	calls := 0
	o := watch(t, observable.Map(probe.Observable(), func(int) int {
		calls++
		panic(errBoom)
	}))
	o.AssertError(t, errBoom)
	o.AssertEmpty(t)
	assert.Equal(t, 1, calls)
	assert.Equal(t, 1, probe.Produced())
	assert.Zero(t, probe.Active())
}

func same(i int) int { return i }

// ro runs all five million: its sources never look whether anybody listens.
func TestR3_TakeStopsASynchronousSource(t *testing.T) {
	const many = 5_000_000
	for name, source := range map[string]stream{
		"Range":     observable.Range(0, many),
		"FromSlice": observable.FromSlice(make([]int, many)),
		"FromSeq":   observable.FromSeq(slices.Values(make([]int, many))),
		"Repeat":    observable.Just(0).Repeat(observable.Unlimited),
		"Just":      observable.Just(0, 1, 2),
	} {
		t.Run(name, func(t *testing.T) {
			items := 0
			o := watch(t, source.DoOnNext(func(int) { items++ }).Take(1))
			assertOutcome(t, o, "0 |")
			assert.Equal(t, 1, items)
		})
	}
}

// ro goes on for seconds after the context has ended.
func TestR4_ContextStopsASynchronousSource(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	err := observable.Range(0, math.MaxInt).ForEach(ctx, func(v int) error {
		if v == 20 {
			cancel(errBoom)
		}
		return nil
	})
	assert.ErrorIs(t, err, errBoom)
}

// The stream is stopped before the end of its context is told: blocking ends must
// not return in between, as if the stream had completed.
func TestR4andR21_BlockingEndsTellTheEndOfTheContext(t *testing.T) {
	for name, wait := range map[string]func(ctx context.Context, o stream) error{
		"ToSlice": func(ctx context.Context, o stream) error { _, err := o.ToSlice(ctx); return err },
		"First":   func(ctx context.Context, o stream) error { _, err := o.First(ctx); return err },
		"Wait":    func(ctx context.Context, o stream) error { return o.Wait(ctx) },
		"Seq": func(ctx context.Context, o stream) (last error) {
			for _, err := range o.Seq(ctx) {
				last = err
			}
			return last
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancelCause(t.Context())
				stopped := make(chan struct{})
				o := observable.Range(0, math.MaxInt).DoFinally(func() {
					close(stopped) // before whoever ended the stream tells so
					time.Sleep(time.Second)
				}).DoOnNext(func(v int) {
					if v == 20 {
						cancel(errBoom)
						<-stopped
					}
				}).Skip(100)
				assert.ErrorIs(t, wait(ctx, o), errBoom)
			})
		})
	}
}

// ro holds a mutex while it calls observers: each of these is a deadlock.
func TestR5_SubjectMayBeUsedInsideOnNext(t *testing.T) {
	subjects := map[string]func() observable.Subject[int]{
		"publish":  func() observable.Subject[int] { return observable.NewPublishSubject[int]() },
		"behavior": func() observable.Subject[int] { return observable.NewBehaviorSubject[int]() },
		"replay":   func() observable.Subject[int] { return observable.NewReplaySubject[int](observable.ReplayOptions{}) },
		"unicast":  func() observable.Subject[int] { return observable.NewUnicastSubject[int](observable.UnicastOptions{}) },
	}
	for name, make := range subjects {
		t.Run(name, func(t *testing.T) {
			s := make()
			late := observabletest.NewObserver[int](t)
			o := observabletest.NewObserver[int](t)
			o.Inside.Next = func(v int) {
				switch v {
				case 1:
					s.OnNext(2)
					assert.True(t, s.HasObservers())
					assert.False(t, s.Completed())
					s.Subscribe(t.Context(), late)
				case 2:
					s.OnComplete()
				}
			}
			s.Observable().Subscribe(t.Context(), o)
			s.OnNext(1)
			assertOutcome(t, o, "1 2 |")
			switch name {
			case "unicast":
				late.AssertError(t, observable.ErrSubscribedTwice)
			case "publish":
				assertOutcome(t, late, "2 |")
			case "behavior": // whose value is 2 since it was told so
				assertOutcome(t, late, "2 |")
			case "replay":
				assertOutcome(t, late, "1 2 |")
			}
		})
	}
}

// ro's late observer of a unicast subject gets the completion alone, and so
// do groups.
func TestR6_UnicastSubjectKeepsWhatCameBefore(t *testing.T) {
	s := observable.NewUnicastSubject[int](observable.UnicastOptions{})
	s.OnNext(1)
	s.OnNext(2)
	s.OnComplete()
	assertOutcome(t, watch(t, s.Observable()), "1 2 |")

	var inside []*observabletest.TestObserver[int]
	var groups []stream
	keys := observable.GroupBy(observable.Just(1, 2, 3, 4), func(v int) int { return v % 2 })
	require.NoError(t, keys.ForEach(t.Context(), func(g observable.Grouped[int, int]) error {
		if g.Key() == 1 {
			inside = append(inside, watch(t, g.Observable))
		} else {
			groups = append(groups, g.Observable)
		}
		return nil
	}))
	require.Len(t, inside, 1)
	assertOutcome(t, inside[0], "1 3 |")
	// A group that nobody wanted ends with its first item, which is not lost.
	require.Len(t, groups, 2)
	assertOutcome(t, watch(t, groups[0]), "2 |")
	assertOutcome(t, watch(t, groups[1]), "4 |")
}

// ro deadlocks: the teardown runs under the lock that the replay holds.
func TestR7_DisposingDuringTheBacklog(t *testing.T) {
	s := observable.NewUnicastSubject[int](observable.UnicastOptions{})
	s.OnNext(1)
	s.OnNext(2)
	o := observabletest.NewObserver[int](t).DisposeAfter(1)
	s.Observable().Subscribe(t.Context(), o)
	assertOutcome(t, o, "1 ...")
	assert.False(t, s.HasObservers())
	s.OnNext(3)
	assertOutcome(t, o, "1 ...")
}

// ro runs a teardown that comes late under the subscription's lock: asking the
// subscription anything is a deadlock.
func TestR8_TeardownMayAskTheSubscription(t *testing.T) {
	for after := range 2 { // disposed when subscribed, and at the first item
		var upstream observable.Disposable
		var states []bool
		tell := func() { states = append(states, upstream.Disposed()) }
		chain := observable.Using(
			func(context.Context) (int, error) { return 0, nil },
			func(int) stream {
				return observable.Range(0, 10).DoOnSubscribe(func(d observable.Disposable) { upstream = d }).DoOnDispose(tell)
			},
			func(int) error { tell(); return nil },
		).DoFinally(tell)
		o := observabletest.NewObserver[int](t).DisposeAfter(after)
		chain.Subscribe(strict(t.Context(), t), o)
		assert.Len(t, states, 3, "disposed after %d items", after)
		assert.True(t, o.Upstream().Disposed())
		o.Upstream().Dispose()
		assert.Len(t, states, 3)
	}
}

// ro's timer blocks Subscribe until it is over, so that the slow one wins, the
// timeout comes late, and three timers take three times as long.
func TestR9_TimersDoNotBlockSubscribe(t *testing.T) {
	s := observabletest.NewVirtualScheduler()
	timer := func(d time.Duration) stream { return observable.Timer(d, s) }
	named := func(o stream, v int) stream { return observable.Map(o, func(int) int { return v }) }
	const ms = time.Millisecond
	amb := watch(t, observable.Amb(named(timer(300*ms), 1), named(timer(50*ms), 2)))
	timeout := watch(t, timer(400*ms).Timeout(50*ms, s))
	three := watch(t, observable.FlatMap(observable.Just(1, 2, 3), func(v int) stream { return named(timer(100*ms), v) }, observable.Unlimited))
	assertOutcome(t, amb, "...")
	s.AdvanceBy(50 * ms)
	assertOutcome(t, amb, "2 |")
	timeout.AssertError(t, context.DeadlineExceeded)
	assertOutcome(t, three, "...")
	s.AdvanceBy(50 * ms)
	assertOutcome(t, three, "1 2 3 |")
	assert.Zero(t, s.Pending(), "the losers' timers")
}

// ro's SubscribeOn keeps the caller until the work is done, or for ever.
func TestR10_SubscribeOnFreesTheCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := make(chan struct{})
		work := observable.Create(func(context.Context, *observable.Emitter[int]) error { <-gate; return nil })
		o := watch(t, work.SubscribeOn(observable.Go()))
		synctest.Wait()
		assertOutcome(t, o, "...")
		close(gate)
		synctest.Wait()
		assertOutcome(t, o, "|")

		start := time.Now()
		first := watch(t, observable.Interval(time.Second).SubscribeOn(observable.Go()).Take(1))
		assertOutcome(t, first, "...")
		<-first.Done()
		assertOutcome(t, first, "0 |")
		assert.Equal(t, time.Second, time.Since(start))
	})
}

// ro's Retry, RepeatWith, Concat and FlatMap wait for their source inside
// Subscribe: over one without end nobody gets a subscription to end.
func TestR11_EndlessSourcesCanBeLeft(t *testing.T) {
	s := observabletest.NewVirtualScheduler()
	endless := observable.Interval(time.Second, s)
	for name, o := range map[string]stream{
		"Retry":     endless.Retry(3),
		"Repeat":    endless.Repeat(3),
		"Concat":    observable.Concat(endless, endless),
		"FlatMap":   observable.FlatMap(observable.Just(1, 2), func(int) stream { return endless }, 1),
		"ConcatMap": observable.ConcatMap(observable.Just(1, 2), func(int) stream { return endless }),
	} {
		t.Run(name, func(t *testing.T) {
			obs := watch(t, o) // returns
			s.AdvanceBy(2 * time.Second)
			obs.Dispose()
			s.AdvanceBy(2 * time.Second)
			assertOutcome(t, obs, "0 1 ...")
			assert.Zero(t, s.Pending())
		})
	}
}

// ro subscribes again, hundreds of thousands of times a second, though the only
// item that is wanted has come.
func TestR12_RetryEndsWhenNobodyListens(t *testing.T) {
	probe := &observabletest.Probe[int]{Item: same, Count: 1, Err: errBoom}
	assertOutcome(t, watch(t, probe.Observable().Retry(observable.Unlimited).Take(1)), "0 |")
	assert.Equal(t, 1, probe.Subscriptions())
}

// ro's source then sends on a closed channel, and the panic is swallowed.
func TestR13_LeavingObserveOnWhileTheSourceSends(t *testing.T) {
	for range 50 {
		ended := make(chan struct{})
		source := observable.Create(func(_ context.Context, e *observable.Emitter[int]) error {
			defer close(ended)
			for i := 0; e.Next(i); i++ {
			}
			return nil
		})
		o := observabletest.NewObserver[int](t)
		came := make(chan struct{}, 1)
		o.Inside.Next = func(int) {
			select {
			case came <- struct{}{}:
			default:
			}
		}
		go source.ObserveOn(observable.Go(), 1).Subscribe(strict(t.Context(), t), o) // ends with the Dispose
		<-came
		o.Dispose()
		<-ended // the producer is freed
		assert.False(t, o.Terminated())
	}
}

// ro keeps contexts in an atomic.Value, which panics when it meets a second type of
// them: the healthy stream fails.
func TestR14_TimeoutWithOtherTypesOfContext(t *testing.T) {
	type key struct{}
	s := observabletest.NewVirtualScheduler()
	seen := 0
	o := observable.MapErr(observable.Interval(time.Second, s).Timeout(2*time.Second, s), func(ctx context.Context, v int) (int, error) {
		seen += ctx.Value(key{}).(int)
		return v, nil
	})
	ctx, cancel := context.WithCancel(context.WithValue(strict(t.Context(), t), key{}, 5))
	defer cancel()
	obs := observabletest.Subscribe(context.WithValue(ctx, key{}, 7), observable.Defer(func(context.Context) stream { return o.Take(3) }), t)
	s.AdvanceBy(3 * time.Second)
	assertOutcome(t, obs, "0 1 2 |")
	assert.Equal(t, 21, seen)
}

// ro waits for the other one, which never comes.
func TestR15_CombineLatestOfAnEmptySourceCompletes(t *testing.T) {
	probe := &observabletest.Probe[int]{Item: same, Open: true}
	assertOutcome(t, watch(t, observable.CombineLatest2(observable.Empty[int](), probe.Observable(), add)), "|")
	assertOutcome(t, watch(t, observable.CombineLatest2(probe.Observable(), observable.Empty[int](), add)), "|")
	assert.Zero(t, probe.Active())
}
