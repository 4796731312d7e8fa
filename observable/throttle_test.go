package observable_test

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quillgo/quill/observable"
	"github.com/quillgo/quill/observable/observabletest"
)

// misdeeds is how a user function may not come back.
var misdeeds = map[string]func(){
	"panic":  func() { panic(errBang) },
	"Goexit": runtime.Goexit,
}

func TestThrottle(t *testing.T) {
	bursts := []event{
		{at: 1, v: "a"}, {at: 2, v: "b"}, {at: 3, v: "c"}, {at: 8, v: "d"}, {at: 10, v: "e"}, {at: 15, v: "f"}, {at: 16, v: "g"}, {at: 17},
	}
	fails := []event{{at: 1, v: "a"}, {at: 2, v: "b"}, {at: 3, err: errBang}}
	type operator = func(o observable.Observable[any], on ...observable.Scheduler) observable.Observable[any]
	first := func(o observable.Observable[any], on ...observable.Scheduler) observable.Observable[any] {
		return observable.ThrottleFirst(o, 4*time.Second, on...)
	}
	latest := func(emitLast bool) operator {
		return func(o observable.Observable[any], on ...observable.Scheduler) observable.Observable[any] {
			return observable.ThrottleLatest(o, 4*time.Second, emitLast, on...)
		}
	}
	last := func(o observable.Observable[any], on ...observable.Scheduler) observable.Observable[any] {
		return observable.ThrottleLast(o, 3500*time.Millisecond, on...)
	}
	sample := func(o observable.Observable[any], on ...observable.Scheduler) observable.Observable[any] {
		return observable.Sample(o, 3500*time.Millisecond, true, on...)
	}
	for name, tc := range map[string]struct {
		apply  operator
		events []event
		want   []string
	}{
		"ThrottleFirst":                   {first, bursts, []string{"1 a", "8 d", "15 f", "17 |"}},
		"ThrottleFirst failing":           {first, fails, []string{"1 a", "3 #bang"}},
		"ThrottleLatest":                  {latest(false), bursts, []string{"1 a", "5 c", "9 d", "13 e", "17 |"}},
		"ThrottleLatest with the last":    {latest(true), bursts[:len(bursts)-1], []string{"1 a", "5 c", "9 d", "13 e", "17 g"}},
		"ThrottleLatest ending":           {latest(false), []event{{at: 1, v: "a"}, {at: 2, v: "b"}, {at: 3}}, []string{"1 a", "3 |"}},
		"ThrottleLatest ending with last": {latest(true), []event{{at: 1, v: "a"}, {at: 2, v: "b"}, {at: 3}}, []string{"1 a", "3 b", "3 |"}},
		"ThrottleLatest failing":          {latest(true), fails, []string{"1 a", "3 #bang"}},
		"ThrottleLast":                    {last, bursts, []string{"3.5 c", "10.5 e", "17 |"}},
		"Sample with the last":            {sample, bursts, []string{"3.5 c", "10.5 e", "17 g", "17 |"}},
		"Sample failing":                  {sample, fails, []string{"3 #bang"}},
	} {
		t.Run(name, func(t *testing.T) {
			c := newTimed(t)
			s, o := c.cold(tc.events...)
			obs := timedObserver[any](c)
			tc.apply(o, c).Subscribe(c.ctx, obs)
			c.run(20)
			if obs.Terminated() {
				assert.Zero(t, c.Pending())
				assert.Zero(t, s.active)
			}
			obs.Dispose()
			assert.Equal(t, tc.want, c.all())
			assert.Zero(t, c.Pending())
		})
	}
}

// An item that is emitted as it comes has its timer started after it has been
// taken: what the observer schedules for the same time comes before.
func TestThrottle_TimerStartsWhenTheItemWasTaken(t *testing.T) {
	for name, throttle := range map[string]func(c *timed, o observable.Observable[int]) observable.Observable[int]{
		"ThrottleFirst": func(c *timed, o observable.Observable[int]) observable.Observable[int] {
			return observable.ThrottleFirst(o, time.Second, c)
		},
		"ThrottleLatest": func(c *timed, o observable.Observable[int]) observable.Observable[int] {
			return observable.ThrottleLatest(o, time.Second, false, c)
		},
	} {
		c := newTimed(t)
		src, obs := new(manual[int]), observabletest.NewObserver[int](t)
		obs.Inside.Next = func(v int) {
			if v == 1 {
				c.at(1, func() { src.o.OnNext(2) })
			}
			c.note("%d", v)
		}
		throttle(c, src.observable()).Subscribe(c.ctx, obs)
		src.o.OnNext(1)
		c.run(1)
		src.o.OnNext(3)
		want := []string{"0 1", "1 3"} // 2 was dropped
		if name == "ThrottleLatest" {
			want = []string{"0 1", "1 2"} // 3 is held
		}
		assert.Equal(t, want, c.all(), name)
		obs.Dispose()
	}
}

// A source that the observer feeds from inside OnNext finds the gate shut.
func TestThrottle_ReentrantItems(t *testing.T) {
	c := newTimed(t)
	for _, throttle := range []func(observable.Observable[int]) observable.Observable[int]{
		func(o observable.Observable[int]) observable.Observable[int] {
			return observable.ThrottleFirst(o, time.Second, c)
		},
		func(o observable.Observable[int]) observable.Observable[int] {
			return observable.ThrottleLatest(o, time.Second, false, c)
		},
	} {
		src, obs := new(manual[int]), observabletest.NewObserver[int](t)
		obs.Inside.Next = func(v int) {
			if v < 3 {
				src.o.OnNext(v + 1)
			}
		}
		throttle(src.observable()).Subscribe(c.ctx, obs)
		src.o.OnNext(1)
		obs.AssertValues(t, 1)
		obs.Dispose()
		assert.Zero(t, c.Pending())
	}
}

func TestSampleWhen_EndsWithEither(t *testing.T) {
	for name, tc := range map[string]struct {
		source, sampler []event
		emitLast        bool
		want            []string
	}{
		"the source": {
			[]event{{at: 1, v: "a"}, {at: 2, v: "b"}, {at: 4, v: "c"}, {at: 5}}, []event{{at: 3, v: "x"}, {at: 3.5, v: "x"}, {at: 9}},
			false, []string{"3 b", "5 |"},
		},
		"the source, with the last": {
			[]event{{at: 1, v: "a"}, {at: 5}}, []event{{at: 9}},
			true, []string{"5 a", "5 |"},
		},
		"the sampler": {
			[]event{{at: 1, v: "a"}, {at: 4, v: "b"}, {at: 9}}, []event{{at: 3, v: "x"}, {at: 5}},
			false, []string{"3 a", "5 |"},
		},
		"the sampler, with the last": {
			[]event{{at: 1, v: "a"}, {at: 4, v: "b"}, {at: 9}}, []event{{at: 3, v: "x"}, {at: 5}},
			true, []string{"3 a", "5 b", "5 |"},
		},
		"the sampler's error": {
			[]event{{at: 1, v: "a"}, {at: 9}}, []event{{at: 5, err: errBang}},
			true, []string{"5 #bang"},
		},
		"the source's error": {
			[]event{{at: 1, v: "a"}, {at: 5, err: errBang}}, []event{{at: 9}},
			true, []string{"5 #bang"},
		},
		"the sampler before the source in one instant": {
			[]event{{at: 1, v: "a"}, {at: 3, v: "b"}, {at: 5}}, []event{{at: 3, v: "x"}},
			false, []string{"3 a", "5 |"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := newTimed(t)
			source, o := c.cold(tc.source...)
			sampler, by := c.cold(tc.sampler...)
			observable.SampleWhen(o, by, tc.emitLast).Subscribe(c.ctx, timedObserver[any](c))
			c.run(20)
			assert.Equal(t, tc.want, c.all())
			assert.Zero(t, source.active)
			assert.Zero(t, sampler.active)
			assert.Zero(t, c.Pending())
		})
	}
}

// A sampler that panics as it is subscribed to fails the stream, not its source.
func TestSampleWhen_SamplerPanics(t *testing.T) {
	for what, misbehave := range misdeeds {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := &observabletest.Probe[int]{Item: func(i int) int { return i }, Count: 3}
				obs := observabletest.NewObserver[int](t)
				bad := observable.Defer(func(context.Context) observable.Observable[int] { misbehave(); return open() })
				go observable.SampleWhen(p.Observable(), bad, true).Subscribe(t.Context(), obs)
				<-obs.Done()
				synctest.Wait()
				obs.AssertEmpty(t)
				require.Error(t, obs.Err())
				assert.True(t, errors.Is(obs.Err(), errBang) || errors.Is(obs.Err(), observable.ErrGoexit))
				assert.Zero(t, p.Active())
			})
		})
	}
}

// Two goroutines, the items' and the timer's, meet at every end: what is emitted
// stays in order, and the last item that was asked for comes out.
func TestTimedStress_ItemsMeetTheTimer(t *testing.T) {
	for name, build := range map[string]func(o observable.Observable[int]) observable.Observable[int]{
		"Debounce": func(o observable.Observable[int]) observable.Observable[int] {
			return observable.Debounce(o, time.Microsecond)
		},
		"DebounceWhen": func(o observable.Observable[int]) observable.Observable[int] {
			return observable.DebounceWhen(o, func(int) observable.Observable[int] { return observable.Timer(time.Microsecond) })
		},
		"Sample": func(o observable.Observable[int]) observable.Observable[int] {
			return observable.Sample(o, time.Microsecond, true)
		},
		"SampleWhen": func(o observable.Observable[int]) observable.Observable[int] {
			return observable.SampleWhen(o, observable.Interval(time.Microsecond), true)
		},
		"ThrottleLatest": func(o observable.Observable[int]) observable.Observable[int] {
			return observable.ThrottleLatest(o, time.Microsecond, true)
		},
		"DelayWhen": func(o observable.Observable[int]) observable.Observable[int] {
			return observable.DelayWhen(o, func(v int) observable.Observable[int] {
				if v%7 == 0 {
					return observable.Timer(time.Microsecond)
				}
				return observable.Empty[int]()
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			for range 20 {
				const n = 500
				obs := observabletest.NewObserver[int](t) // which checks that signals do not overlap
				source := observable.Range(0, n).DoOnNext(func(v int) {
					if v%50 == 0 {
						runtime.Gosched()
					}
				}).SubscribeOn(observable.Go())
				build(source).Subscribe(context.Background(), obs)
				<-obs.Done()
				obs.AssertComplete(t)
				got := obs.Values()
				if name == "DelayWhen" {
					require.Len(t, got, n)
					continue
				}
				require.Equal(t, n-1, got[len(got)-1])
				require.IsIncreasing(t, got)
			}
		})
	}
}
