package observable_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quillgo/quill/observable"
	"github.com/quillgo/quill/observable/observabletest"
)

// inSeconds is a stream that emits when v seconds have passed, more than once.
func inSeconds(c *timed, v any) observable.Observable[int] {
	return observable.IntervalAfter(time.Duration(v.(int))*time.Second, time.Second, c)
}

func TestDelayWhen(t *testing.T) {
	for name, tc := range map[string]struct {
		when   func(c *timed, v any) observable.Observable[int]
		events []event
		want   []string
	}{
		"items overtake, the completion waits": {
			inSeconds,
			[]event{{at: 1, v: 5}, {at: 2, v: 1}, {at: 4}},
			[]string{"3 1", "6 5", "6 |"},
		},
		"completions count": {
			func(c *timed, v any) observable.Observable[int] {
				return observable.IgnoreElements(inSeconds(c, v).Take(1))
			},
			[]event{{at: 1, v: 5}, {at: 2, v: 1}, {at: 9}},
			[]string{"3 1", "6 5", "9 |"},
		},
		"scalars": {
			func(*timed, any) observable.Observable[int] { return observable.Just(1) },
			[]event{{at: 1, v: 5}, {at: 2, v: 1}, {at: 9}},
			[]string{"1 5", "2 1", "9 |"},
		},
		"synchronous streams": {
			func(*timed, any) observable.Observable[int] { return observable.Just(1, 2) },
			[]event{{at: 1, v: 5}, {at: 2, v: 1}, {at: 9}},
			[]string{"1 5", "2 1", "9 |"},
		},
		"an error drops what waits": {
			inSeconds,
			[]event{{at: 1, v: 5}, {at: 2, v: 1}, {at: 4, err: errBang}},
			[]string{"3 1", "4 #bang"},
		},
		"an error of a function's stream": {
			func(_ *timed, v any) observable.Observable[int] {
				if v == 2 {
					return observable.Error[int](errBang)
				}
				return observable.Never[int]()
			},
			[]event{{at: 1, v: 1}, {at: 2, v: 2}, {at: 4}},
			[]string{"2 #bang"},
		},
		"a panic of the function": {
			func(_ *timed, v any) observable.Observable[int] {
				if v == 2 {
					panic(errBang)
				}
				return observable.Never[int]()
			},
			[]event{{at: 1, v: 1}, {at: 2, v: 2}, {at: 4}},
			[]string{"2 #observable: user function panicked: bang"},
		},
		"a stream that never comes": {
			func(*timed, any) observable.Observable[int] { return observable.Never[int]() },
			[]event{{at: 1, v: 1}, {at: 2}},
			nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := newTimed(t)
			s, o := c.cold(tc.events...)
			obs := timedObserver[any](c)
			observable.DelayWhen(o, func(v any) observable.Observable[int] { return tc.when(c, v) }).Subscribe(c.ctx, obs)
			c.run(60)
			assert.Equal(t, tc.want, c.all())
			assert.Zero(t, s.active)
			assert.Zero(t, c.Pending())
		})
	}
}

func TestDelayWhen_DisposeStopsAllStreams(t *testing.T) {
	c := newTimed(t)
	src, waits := new(manual[int]), []*manual[int]{{}, {}}
	obs := observabletest.NewObserver[int](t)
	observable.DelayWhen(src.observable(), func(i int) observable.Observable[int] { return waits[i].observable() }).
		Subscribe(c.ctx, obs)
	src.o.OnNext(0)
	src.o.OnNext(1)
	obs.Dispose()
	assert.True(t, src.disposed.Load() && waits[0].disposed.Load() && waits[1].disposed.Load())
	waits[0].o.OnNext(1)
	waits[1].o.OnError(errBang)
	obs.AssertEmpty(t)
	obs.AssertNotTerminated(t)
	require.Len(t, c.reports, 1)
	c.reports = nil
}

func TestDelayWhen_ManyItems(t *testing.T) {
	c := newTimed(t)
	const n = many
	obs := observabletest.NewObserver[int](t)
	observable.DelayWhen(observable.Range(0, n), func(int) observable.Observable[int] {
		return observable.Timer(time.Second, c)
	}).Subscribe(c.ctx, obs)
	c.AdvanceBy(time.Second)
	assert.Equal(t, n, obs.Count())
	obs.AssertComplete(t)
	assert.Zero(t, c.Pending())
}

func TestDelaySubscription(t *testing.T) {
	c := newTimed(t)
	s, o := c.cold(event{at: 1, v: "a"}, event{at: 2})
	obs := timedObserver[any](c)
	observable.DelaySubscription(o, 3*time.Second, c).Subscribe(c.ctx, obs)
	c.run(2)
	assert.Zero(t, s.active)
	c.run(10)
	assert.Equal(t, []string{"4 a", "5 |"}, c.all())
	assert.False(t, obs.Upstream().Disposed())
	assert.Zero(t, c.Pending())

	c = newTimed(t)
	s, o = c.cold(event{at: 1, v: "a"})
	obs = timedObserver[any](c)
	observable.DelaySubscription(o, 3*time.Second, c).Subscribe(c.ctx, obs)
	c.run(2)
	obs.Dispose()
	c.run(10)
	assert.Empty(t, c.all())
	assert.Zero(t, s.active)
	assert.Zero(t, c.Pending())
}

func TestDelaySubscriptionWhen(t *testing.T) {
	for name, tc := range map[string]struct {
		other []event
		want  []string
	}{
		"an item, and more":         {[]event{{at: 3, v: "x"}, {at: 3.5, v: "y"}, {at: 4}}, []string{"4 a", "5 |"}},
		"a completion":              {[]event{{at: 3}}, []string{"4 a", "5 |"}},
		"an error":                  {[]event{{at: 3, err: errBang}}, []string{"3 #bang"}},
		"an item before an error":   {[]event{{at: 3, v: "x"}, {at: 3.5, err: errBang}}, []string{"4 a", "5 |"}},
		"nothing that ever happens": {nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			c := newTimed(t)
			other, when := c.cold(tc.other...)
			s, o := c.cold(event{at: 1, v: "a"}, event{at: 2})
			obs := timedObserver[any](c)
			observable.DelaySubscriptionWhen(o, when).Subscribe(c.ctx, obs)
			c.run(10)
			assert.Equal(t, tc.want, c.all())
			obs.Dispose()
			assert.Zero(t, s.active)
			assert.Zero(t, other.active)
			assert.Zero(t, c.Pending())
		})
	}
}

// The other stream's terminal signal subscribes to the source: what fails there
// is the stream's error, also where no source's boundary is around it.
func TestDelaySubscriptionWhen_SourceThatPanics(t *testing.T) {
	for what, misbehave := range misdeeds {
		for name, other := range map[string]observable.Observable[int]{
			"item": observable.Timer(time.Second), "completion": observable.IgnoreElements(observable.Timer(time.Second)), "at once": {},
		} {
			t.Run(what+" "+name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					o := observable.NewUnsafe[int](brokenSource(misbehave))
					obs := observabletest.NewObserver[int](t)
					go observable.DelaySubscriptionWhen(o, other).Subscribe(context.Background(), obs)
					time.Sleep(time.Minute)
					synctest.Wait()
					require.Error(t, obs.Err())
					assert.True(t, errors.Is(obs.Err(), errBang) || errors.Is(obs.Err(), observable.ErrGoexit))
				})
			})
		}
	}
}

// brokenSource is a source that does no more than misbehave.
type brokenSource func()

func (f brokenSource) Subscribe(_ context.Context, o observable.Observer[int]) {
	o.OnSubscribe(new(manual[int]))
	f()
}
