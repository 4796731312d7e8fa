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

const tooLateText = "#observable: no signal in time"

func TestTimeoutWith_GoesOnWithTheOther(t *testing.T) {
	for name, tc := range map[string]struct {
		events []event
		want   []string
	}{
		"in time":           {[]event{{at: 1, v: "a"}, {at: 3}}, []string{"1 a", "3 |"}},
		"nothing":           {nil, []string{"3 ...", "4 x", "9 y", "10 |"}},
		"after an item":     {[]event{{at: 1, v: "a"}, {at: 5, v: "b"}}, []string{"1 a", "4 ...", "5 x", "10 y", "11 |"}},
		"an error in time":  {[]event{{at: 1, err: errBang}}, []string{"1 #bang"}},
		"a timeout's error": {[]event{{at: 1, err: &observable.TimeoutError{}}}, []string{"1 " + tooLateText}},
	} {
		t.Run(name, func(t *testing.T) {
			c := newTimed(t)
			s, o := c.cold(tc.events...)
			_, other := c.cold(event{at: 1, v: "x"}, event{at: 6, v: "y"}, event{at: 7})
			other = other.DoOnSubscribe(func(observable.Disposable) {
				assert.Zero(t, s.active, "the source is stopped before")
				c.note("...")
			})
			obs := timedObserver[any](c)
			observable.TimeoutWith(o, 3*time.Second, other, c).Subscribe(c.ctx, obs)
			c.run(20)
			assert.Equal(t, tc.want, c.all())
			assert.Zero(t, c.Pending())
			assert.False(t, obs.Upstream().Disposed())
		})
	}
}

func TestTimeoutWith_DisposeReachesTheOther(t *testing.T) {
	c := newTimed(t)
	other := new(manual[int])
	for _, build := range []func() observable.Observable[int]{
		func() observable.Observable[int] {
			return observable.TimeoutWith(observable.Never[int](), time.Second, other.observable(), c)
		},
		func() observable.Observable[int] {
			return observable.TimeoutWhenWith(observable.Never[int](), observable.Timer(time.Second, c), nobody, other.observable())
		},
	} {
		other.disposed.Store(false)
		obs := observabletest.Subscribe(c.ctx, build(), t)
		c.AdvanceBy(time.Second)
		other.o.OnNext(1)
		obs.AssertValues(t, 1)
		obs.Dispose()
		assert.True(t, other.disposed.Load())
		obs.AssertNotTerminated(t)
	}
}

// nobody times an item.
func nobody(int) observable.Observable[int] { return observable.Never[int]() }

// The other stream begins in a timer's task: what fails there is its error.
func TestTimeoutWith_OtherThatPanics(t *testing.T) {
	for what, misbehave := range misdeeds {
		broken := observable.NewUnsafe[int](brokenSource(misbehave))
		for name, o := range map[string]observable.Observable[int]{
			"TimeoutWith":     observable.TimeoutWith(observable.Never[int](), time.Second, broken),
			"TimeoutWhenWith": observable.TimeoutWhenWith(observable.Never[int](), observable.Timer(time.Second), nobody, broken),
		} {
			t.Run(name+" "+what, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					obs := observabletest.Subscribe(context.Background(), o, t)
					time.Sleep(time.Minute)
					synctest.Wait()
					require.Error(t, obs.Err())
					assert.NotErrorIs(t, obs.Err(), context.DeadlineExceeded)
				})
			})
		}
	}
}

func TestTimeoutWhen(t *testing.T) {
	for name, tc := range map[string]struct {
		events []event
		first  []event
		next   func(c *timed, v any) observable.Observable[int]
		want   []string
	}{
		"in time": {
			[]event{{at: 1, v: 5}, {at: 5, v: 3}, {at: 7}}, []event{{at: 2}}, inSeconds,
			[]string{"1 5", "5 3", "7 |"},
		},
		"first by an item": {
			[]event{{at: 3, v: 5}}, []event{{at: 2, v: "x"}}, inSeconds, []string{"2 " + tooLateText},
		},
		"first by its completion": {
			[]event{{at: 3, v: 5}}, []event{{at: 2}}, inSeconds, []string{"2 " + tooLateText},
		},
		"first by its error": {
			[]event{{at: 3, v: 5}}, []event{{at: 2, err: errBang}}, inSeconds, []string{"2 #bang"},
		},
		"first at the same time": { // it was subscribed to before, as in RxJava
			[]event{{at: 3, v: 5}}, []event{{at: 3}}, inSeconds, []string{"3 " + tooLateText},
		},
		"first is stopped by the item": {
			[]event{{at: 1, v: 5}, {at: 5}}, []event{{at: 2, err: errBang}}, inSeconds, []string{"1 5", "5 |"},
		},
		"next by an item": {
			[]event{{at: 1, v: 5}, {at: 2, v: 1}, {at: 9}}, []event{{at: 20}}, inSeconds, []string{"1 5", "2 1", "3 " + tooLateText},
		},
		"next by its completion at once": {
			[]event{{at: 1, v: 5}, {at: 2, v: 1}, {at: 9}}, []event{{at: 20}},
			func(*timed, any) observable.Observable[int] { return observable.Empty[int]() },
			[]string{"1 5", "1 " + tooLateText},
		},
		"next by its error": {
			[]event{{at: 1, v: 5}, {at: 2, v: 1}, {at: 9}}, []event{{at: 20}},
			func(*timed, any) observable.Observable[int] { return observable.Error[int](errBang) },
			[]string{"1 5", "1 #bang"},
		},
		"next panics": {
			[]event{{at: 1, v: 5}, {at: 2, v: 1}, {at: 9}}, []event{{at: 20}},
			func(*timed, any) observable.Observable[int] { panic(errBang) },
			[]string{"1 5", "1 #observable: user function panicked: bang"},
		},
		"the source fails": {
			[]event{{at: 1, v: 5}, {at: 2, err: errBang}}, []event{{at: 20}}, inSeconds, []string{"1 5", "2 #bang"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := newTimed(t)
			s, o := c.cold(tc.events...)
			timer, first := c.cold(tc.first...)
			obs := timedObserver[any](c)
			note := obs.Inside
			obs.Inside.Error = func(err error) {
				note.Error(err)
				assert.Zero(t, s.active, "everything is stopped before the end is told")
				assert.Zero(t, timer.active)
				assert.Zero(t, c.Pending())
			}
			next := func(v any) observable.Observable[int] { return tc.next(c, v) }
			observable.TimeoutWhen(o, first, next).Subscribe(c.ctx, obs)
			c.run(20)
			assert.Equal(t, tc.want, c.all())
			assert.Zero(t, s.active)
			assert.Zero(t, timer.active)
			assert.Zero(t, c.Pending())
			assert.False(t, obs.Upstream().Disposed())

			c = newTimed(t)
			_, o = c.cold(tc.events...)
			_, first = c.cold(tc.first...)
			observable.TimeoutWhenWith(o, first, next, observable.Just[any]("other")).Subscribe(c.ctx, timedObserver[any](c))
			c.run(20)
			last := len(tc.want) - 1
			if at, late := trimSuffix(tc.want[last], " "+tooLateText); late {
				tc.want = append(tc.want[:last:last], at+" other", at+" |")
			}
			assert.Equal(t, tc.want, c.all())
		})
	}
}

func trimSuffix(s, suffix string) (string, bool) {
	if len(s) < len(suffix) || s[len(s)-len(suffix):] != suffix {
		return s, false
	}
	return s[:len(s)-len(suffix)], true
}

// A first stream that says so at once leaves nothing to subscribe for.
func TestTimeoutWhen_FirstAtOnce(t *testing.T) {
	p := &observabletest.Probe[int]{Item: func(i int) int { return i }, Count: 3}
	obs := observabletest.Subscribe(t.Context(), observable.TimeoutWhen(p.Observable(), observable.Just(1, 2), nobody), t)
	obs.AssertError(t, context.DeadlineExceeded)
	obs.AssertEmpty(t)
	assert.Zero(t, p.Subscriptions())

	obs = observabletest.NewObserver[int](t).DisposeAfter(0)
	first := &observabletest.Probe[int]{Item: func(i int) int { return i }, Count: 3}
	observable.TimeoutWhen(p.Observable(), first.Observable(), nobody).Subscribe(t.Context(), obs)
	assert.Zero(t, p.Subscriptions()+first.Subscriptions())
}

// An item that the observer causes from inside OnNext is timed, the one before
// it not any more.
func TestTimeoutWhen_ReentrantItems(t *testing.T) {
	c := newTimed(t)
	src, timers := new(manual[int]), []*manual[int]{{}, {}}
	var err error
	obs := observable.Funcs[int]{Error: func(e error) { err = e }, Next: func(v int) {
		if v == 0 {
			src.o.OnNext(1)
		}
	}}
	asked := 0
	observable.TimeoutWhen(src.observable(), observable.Never[int](), func(v int) observable.Observable[int] {
		asked++
		return timers[v].observable()
	}).Subscribe(c.ctx, obs)
	src.o.OnNext(0)
	assert.Equal(t, 1, asked)
	assert.False(t, timers[1].disposed.Load())
	timers[1].o.OnComplete()
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

func TestTimeoutWhen_LateErrorsAreReported(t *testing.T) {
	c := newTimed(t)
	src, timer := new(manual[int]), new(manual[int])
	obs := observabletest.NewObserver[int](t)
	observable.TimeoutWhen(src.observable(), observable.Never[int](), func(int) observable.Observable[int] {
		return timer.observable()
	}).Subscribe(c.ctx, obs)
	src.o.OnNext(0)
	timer.o.OnNext(1)
	obs.AssertError(t, context.DeadlineExceeded)
	assert.True(t, src.disposed.Load() && timer.disposed.Load())
	src.o.OnNext(1)
	src.o.OnComplete()
	src.o.OnError(errBang)
	timer.o.OnError(errBang)
	require.Len(t, c.reports, 2)
	c.reports = nil
}

// The timer and the item race for the claim: there is one winner.
func TestTimeoutWhen_StressItemsMeetTheirTimers(t *testing.T) {
	late, inTime := 0, 0
	for range 300 {
		obs := observabletest.NewObserver[int](t)
		o := observable.Interval(20 * time.Microsecond).Take(20)
		observable.TimeoutWhenWith(o, observable.Never[int](), func(int) observable.Observable[int] {
			return observable.Timer(25 * time.Microsecond)
		}, observable.Just(-1)).Subscribe(t.Context(), obs)
		<-obs.Done()
		obs.AssertComplete(t)
		got := obs.Values()
		for i, v := range got {
			if v != i && (v != -1 || i != len(got)-1) {
				t.Fatalf("got %v", got)
			}
		}
		if got[len(got)-1] == -1 {
			late++
		} else {
			inTime++
		}
	}
	t.Logf("%d too late, %d in time", late, inTime)
}
