package observable_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quillgo/quill/observable"
	"github.com/quillgo/quill/observable/observabletest"
)

// paced emits the events of a script, the last of which is the end, by the real
// clock, which a bubble has.
func paced(events ...event) observable.Observable[any] {
	return observable.Create(func(ctx context.Context, e *observable.Emitter[any]) error {
		start := time.Now()
		for _, ev := range events {
			select {
			case <-time.After(time.Until(start.Add(time.Duration(ev.at * float64(time.Second))))):
			case <-ctx.Done():
				return ctx.Err()
			}
			switch {
			case ev.v != nil:
				e.Next(ev.v)
			case ev.err != nil:
				return ev.err
			}
		}
		return nil
	}).SubscribeOn(observable.Go())
}

// realTimed runs o by the real clock of a bubble and returns what came out, with
// the time.
func realTimed(t *testing.T, build func() observable.Observable[any]) []string {
	var c *timed
	synctest.Test(t, func(t *testing.T) {
		c = newTimed(t)
		start := time.Now()
		note := func(format string, args ...any) {
			c.add("%v "+format, append([]any{time.Since(start).Seconds()}, args...)...)
		}
		obs := observabletest.NewObserver[any](t)
		obs.Inside = observable.Funcs[any]{
			Next:     func(v any) { note("%v", v) },
			Error:    func(err error) { note("#%v", err) },
			Complete: func() { note("|") },
		}
		build().Subscribe(c.ctx, obs)
		time.Sleep(time.Minute)
		obs.Dispose()
		synctest.Wait()
	})
	return c.all()
}

func TestDebounce(t *testing.T) {
	for name, tc := range map[string]struct {
		events []event
		want   []string
	}{
		"the last one of each burst": {
			[]event{{at: 1, v: "a"}, {at: 2, v: "b"}, {at: 3, v: "c"}, {at: 9, v: "d"}, {at: 10, v: "e"}, {at: 20}},
			[]string{"6 c", "13 e", "20 |"},
		},
		"just in time": {
			[]event{{at: 1, v: "a"}, {at: 4.001, v: "b"}, {at: 7, v: "c"}, {at: 30}},
			[]string{"4 a", "10 c", "30 |"},
		},
		"the completion lets go of what waits": {
			[]event{{at: 1, v: "a"}, {at: 2, v: "b"}, {at: 3}}, []string{"3 b", "3 |"},
		},
		"an error drops it": {
			[]event{{at: 1, v: "a"}, {at: 5, v: "b"}, {at: 6, err: errBang}}, []string{"4 a", "6 #bang"},
		},
		"nothing": {[]event{{at: 5}}, []string{"5 |"}},
	} {
		t.Run(name, func(t *testing.T) {
			c := newTimed(t)
			s, o := c.cold(tc.events...)
			obs := timedObserver[any](c)
			observable.Debounce(o, 3*time.Second, c).Subscribe(c.ctx, obs)
			c.run(60)
			assert.Equal(t, tc.want, c.all())
			assert.Zero(t, c.Pending())
			assert.Zero(t, s.active)
			assert.False(t, obs.Upstream().Disposed(), "it was not the observer that disposed")
			assert.Equal(t, tc.want, realTimed(t, func() observable.Observable[any] {
				return observable.Debounce(paced(tc.events...), 3*time.Second)
			}), "by the real clock")
		})
	}
}

// Under virtual time each item has a timer from when it comes: what is due at the
// same time and was scheduled in between comes after it, as in RxJava.
func TestDebounce_TimerIsAsOldAsItsItem(t *testing.T) {
	c := newTimed(t)
	_, o := c.cold(event{at: 1, v: "a"}, event{at: 2, v: "b"}, event{at: 20})
	observable.Debounce(o, 3*time.Second, c).Subscribe(c.ctx, timedObserver[any](c))
	c.at(2.5, func() { c.at(2.5, func() { c.note("scheduled later") }) })
	c.run(20)
	assert.Equal(t, []string{"5 b", "5 scheduled later", "20 |"}, c.all())
}

func TestDebounce_OneTimerAtATime(t *testing.T) {
	c := newTimed(t)
	src := new(manual[int])
	obs := observabletest.NewObserver[int](t)
	observable.Debounce(src.observable(), time.Second, c).Subscribe(c.ctx, obs)
	for i := range 100_000 {
		src.o.OnNext(i)
	}
	assert.Equal(t, 1, c.Pending())
	c.AdvanceBy(time.Second)
	obs.AssertValues(t, 99_999)
	obs.Dispose()
	assert.True(t, src.disposed.Load())
}

func TestDebounceWhen(t *testing.T) {
	for name, tc := range map[string]struct {
		when   func(c *timed, v any) observable.Observable[int]
		events []event
		want   []string
	}{
		"an item": {
			func(c *timed, _ any) observable.Observable[int] { return observable.Interval(3*time.Second, c) },
			[]event{{at: 1, v: "a"}, {at: 2, v: "b"}, {at: 9, v: "c"}, {at: 10}},
			[]string{"5 b", "10 c", "10 |"},
		},
		"a completion": {
			func(c *timed, _ any) observable.Observable[int] {
				return observable.IgnoreElements(observable.Timer(3*time.Second, c))
			},
			[]event{{at: 1, v: "a"}, {at: 2, v: "b"}, {at: 9, v: "c"}, {at: 10, err: errBang}},
			[]string{"5 b", "10 #bang"},
		},
		"at once": {
			func(*timed, any) observable.Observable[int] { return observable.Empty[int]() },
			[]event{{at: 1, v: "a"}, {at: 1, v: "b"}, {at: 2}},
			[]string{"1 a", "1 b", "2 |"},
		},
		"a failure": {
			func(c *timed, _ any) observable.Observable[int] {
				return observable.Concat(observable.IgnoreElements(observable.Timer(time.Second, c)), observable.Error[int](errBang))
			},
			[]event{{at: 1, v: "a"}, {at: 1.5, v: "b"}, {at: 5, v: "c"}},
			[]string{"2.5 #bang"},
		},
		"a failure at once": {
			func(*timed, any) observable.Observable[int] { return observable.Error[int](errBang) },
			[]event{{at: 1, v: "a"}, {at: 5, v: "c"}},
			[]string{"1 #bang"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := newTimed(t)
			s, o := c.cold(tc.events...)
			obs := timedObserver[any](c)
			observable.DebounceWhen(o, func(v any) observable.Observable[int] { return tc.when(c, v) }).Subscribe(c.ctx, obs)
			c.run(60)
			assert.Equal(t, tc.want, c.all())
			assert.Zero(t, c.Pending(), "what was superseded, and what emitted, is stopped")
			assert.Zero(t, s.active, "also when a function's stream fails, unlike in RxJava")
		})
	}
}

// A stream whose item was superseded has no say any more.
func TestDebounceWhen_SupersededStreamIsLate(t *testing.T) {
	c := newTimed(t)
	src, when := new(manual[string]), map[string]*manual[int]{"a": new(manual[int]), "b": new(manual[int])}
	o := observable.DebounceWhen(src.observable(), func(v string) observable.Observable[int] { return when[v].observable() })
	o.Subscribe(c.ctx, timedObserver[string](c))
	src.o.OnNext("a")
	src.o.OnNext("b")
	assert.True(t, when["a"].disposed.Load())
	when["a"].o.OnNext(1)
	when["a"].o.OnComplete()
	when["a"].o.OnError(errBang)
	require.Len(t, c.reports, 1)
	require.ErrorIs(t, c.reports[0], errBang)
	c.reports = nil
	assert.Empty(t, c.all())
	when["b"].o.OnNext(1)
	when["b"].o.OnNext(1)
	src.o.OnComplete()
	assert.Equal(t, []string{"0 b", "0 |"}, c.all())
}

func TestDebounceWhen_PanicOfTheFunctionDropsWhatWaits(t *testing.T) {
	c := newTimed(t)
	s, o := c.cold(event{at: 1, v: "a"}, event{at: 2, v: "b"}, event{at: 3})
	obs := timedObserver[any](c)
	observable.DebounceWhen(o, func(v any) observable.Observable[int] {
		if v == "b" {
			panic(errBang)
		}
		return observable.Never[int]()
	}).Subscribe(c.ctx, obs)
	c.run(10)
	obs.AssertEmpty(t)
	obs.AssertError(t, errBang)
	assert.Zero(t, s.active)
}

// timedChains is every operator here that delivers from a scheduler's task.
var timedChains = map[string]func(o observable.Observable[int], on ...observable.Scheduler) observable.Observable[int]{
	"Debounce": func(o observable.Observable[int], on ...observable.Scheduler) observable.Observable[int] {
		return observable.Debounce(o, time.Second, on...)
	},
	"ThrottleLatest": func(o observable.Observable[int], on ...observable.Scheduler) observable.Observable[int] {
		return observable.ThrottleLatest(o, time.Second, false, on...)
	},
	"Sample": func(o observable.Observable[int], on ...observable.Scheduler) observable.Observable[int] {
		return observable.Sample(o, time.Second, false, on...)
	},
	"TimeoutWith": func(o observable.Observable[int], on ...observable.Scheduler) observable.Observable[int] {
		return observable.TimeoutWith(observable.IgnoreElements(o), time.Second, observable.Range(5, 3), on...)
	},
	"DelayDelayError": func(o observable.Observable[int], on ...observable.Scheduler) observable.Observable[int] {
		return observable.DelayDelayError(o, time.Second, on...)
	},
	"DelaySubscription": func(o observable.Observable[int], on ...observable.Scheduler) observable.Observable[int] {
		return observable.DelaySubscription(o, time.Second, on...)
	},
}

// open is 1 2, which does not end.
func open() observable.Observable[int] {
	return observable.Concat(observable.Just(1, 2), observable.Never[int]())
}

func TestTimed_DisposeInsideOnNext(t *testing.T) {
	for name, build := range timedChains {
		c := newTimed(t)
		obs := observabletest.NewObserver[int](t).DisposeAfter(1)
		build(open(), c).Subscribe(c.ctx, obs)
		c.run(10)
		assert.Equal(t, 1, obs.Count(), name)
		obs.AssertNotTerminated(t)
		assert.Zero(t, c.Pending(), name)
	}
}

// Rules C9 and C10: the scheduler's task is a boundary.
func TestTimed_PanicBelowInTheTask(t *testing.T) {
	for name, build := range timedChains {
		for what, misbehave := range misdeeds {
			t.Run(name+" "+what, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					obs := observabletest.NewObserver[int](t)
					o := observable.Map(build(open()), func(int) int { misbehave(); return 0 })
					go o.Subscribe(context.Background(), obs) // ends with its items
					time.Sleep(time.Minute)
					synctest.Wait()
					obs.AssertEmpty(t)
					assert.Error(t, obs.Err())
				})
			})
		}
	}
}

func TestTimed_RefusalIsTheirErrorOnce(t *testing.T) {
	for name, build := range timedChains {
		for _, atOnce := range []bool{true, false} {
			synctest.Test(t, func(t *testing.T) {
				pool, on := refusingPool(atOnce)
				p := &observabletest.Probe[int]{Item: func(i int) int { return i }, Count: 1, Open: true}
				obs := observabletest.Subscribe(context.Background(), build(p.Observable(), on), t)
				pool.full.Store(true)
				time.Sleep(time.Minute)
				synctest.Wait()
				obs.AssertError(t, errPoolFull)
				assert.Zero(t, p.Active(), name)
			})
		}
	}
}
