package observable_test

import (
	"context"
	"errors"
	"math"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quillgo/quill/observable"
	"github.com/quillgo/quill/observable/observabletest"
)

const timeoutText = "#observable: no signal within 3s"

func TestTimeout_ExactEdges(t *testing.T) {
	for name, tc := range map[string]struct {
		events []event
		want   []string
		first  []string // of TimeoutFirst
	}{
		"nothing": {nil, []string{"3 " + timeoutText}, []string{"3 " + timeoutText}},
		"first at the limit": { // the timer was there first, as in RxJava
			[]event{{at: 3, v: "a"}}, []string{"3 " + timeoutText}, []string{"3 " + timeoutText},
		},
		"first just in time": {
			[]event{{at: 2.999, v: "a"}, {at: 9}},
			[]string{"2.999 a", "5.999 " + timeoutText},
			[]string{"2.999 a", "9 |"},
		},
		"item at the limit after another": { // the source's event was there first
			[]event{{at: 1, v: "a"}, {at: 4, v: "b"}, {at: 7, v: "c"}, {at: 7.001}},
			[]string{"1 a", "4 b", "7 c", "7.001 |"},
			[]string{"1 a", "4 b", "7 c", "7.001 |"},
		},
		"item past the limit": {
			[]event{{at: 1, v: "a"}, {at: 2.5, v: "b"}, {at: 5.501, v: "c"}, {at: 5.502}},
			[]string{"1 a", "2.5 b", "5.5 " + timeoutText},
			[]string{"1 a", "2.5 b", "5.501 c", "5.502 |"},
		},
		"completion in time": {
			[]event{{at: 2}}, []string{"2 |"}, []string{"2 |"},
		},
		"completion too late": {
			[]event{{at: 1, v: "a"}, {at: 5}},
			[]string{"1 a", "4 " + timeoutText},
			[]string{"1 a", "5 |"},
		},
		"error in time": {
			[]event{{at: 1, v: "a"}, {at: 3.5, err: errBang}},
			[]string{"1 a", "3.5 #bang"},
			[]string{"1 a", "3.5 #bang"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			for _, first := range []bool{false, true} {
				c := newTimed(t)
				s, o := c.cold(tc.events...)
				want, limited := tc.want, o.Timeout(3*time.Second, c)
				if first {
					want, limited = tc.first, observable.TimeoutFirst(o, 3*time.Second, c)
				}
				obs := timedObserver[any](c)
				note := obs.Inside
				atEnd := -1
				obs.Inside.Error = func(err error) { note.Error(err); atEnd = c.Pending() }
				obs.Inside.Complete = func() { note.Complete(); atEnd = c.Pending() }
				limited.Subscribe(c.ctx, obs)
				c.run(20)
				assert.Equal(t, want, c.all())
				assert.Zero(t, atEnd, "the timer is stopped before the end is told")
				assert.False(t, obs.Upstream().Disposed(), "it was not the observer that disposed")
				assert.Zero(t, s.active)
			}
		})
	}
}

func TestTimeout_ErrorSaysWhatItIs(t *testing.T) {
	c := newTimed(t)
	obs := timedObserver[int](c)
	observable.Never[int]().Timeout(-time.Second, c).Subscribe(c.ctx, obs)
	c.Trigger()
	var timeout *observable.TimeoutError
	require.ErrorAs(t, obs.Err(), &timeout)
	assert.Zero(t, timeout.After)
	obs.AssertError(t, context.DeadlineExceeded)
}

// Rule C6: upstream is stopped before the error is told.
func TestTimeout_StopsTheSourceFirst(t *testing.T) {
	c := newTimed(t)
	s, o := c.cold(event{at: 9})
	obs := timedObserver[any](c)
	obs.Inside.Error = func(error) { assert.Zero(t, s.active) }
	o.Timeout(3*time.Second, c).Subscribe(c.ctx, obs)
	c.run(4)
	assert.True(t, obs.Terminated())
}

func TestTimeout_DoesNotCountTheObserversTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		obs := observabletest.NewObserver[int](t)
		obs.Inside.Next = func(int) { time.Sleep(10 * time.Second) }
		p := &observabletest.Probe[int]{Item: func(i int) int { return i }, Count: 3, Async: true, Gap: time.Second}
		p.Observable().Timeout(3*time.Second).Subscribe(context.Background(), obs)
		<-obs.Done()
		obs.AssertValues(t, 0, 1, 2)
		obs.AssertComplete(t)
	})
}

func TestTimeout_FiresWhileTheSourceIsBlocked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ended := make(chan error, 1)
		blocked := observable.FromFunc(func(ctx context.Context) (int, error) {
			<-ctx.Done()
			ended <- ctx.Err()
			return 0, ctx.Err()
		})
		start := time.Now()
		obs := observabletest.NewObserver[int](t)
		go blocked.Timeout(time.Second).Subscribe(context.Background(), obs)
		<-obs.Done()
		assert.Equal(t, time.Second, time.Since(start))
		obs.AssertError(t, context.DeadlineExceeded)
		assert.ErrorIs(t, <-ended, context.Canceled)
	})
}

func TestTimeout_DisposeStopsTheTimer(t *testing.T) {
	c := newTimed(t)
	for _, limited := range []func(observable.Observable[any]) observable.Observable[any]{
		func(o observable.Observable[any]) observable.Observable[any] { return o.Timeout(3*time.Second, c) },
		func(o observable.Observable[any]) observable.Observable[any] {
			return observable.TimeoutFirst(o, 3*time.Second, c)
		},
	} {
		s, o := c.cold(event{at: 9})
		obs := observabletest.Subscribe(c.ctx, limited(o), t)
		c.AdvanceBy(time.Second)
		obs.Dispose()
		assert.Zero(t, s.active)
		assert.Zero(t, c.Pending())
		c.AdvanceBy(time.Minute)
		obs.AssertNotTerminated(t)

		obs = observabletest.NewObserver[any](t).DisposeAfter(0)
		limited(o).Subscribe(c.ctx, obs)
		assert.Zero(t, s.active, "it was not even subscribed to")
		assert.Zero(t, c.Pending())
	}
}

func TestTimeoutFirst_TimerIsGoneAfterTheFirstItem(t *testing.T) {
	c := newTimed(t)
	obs := timedObserver[int](c)
	seen := -1
	obs.Inside.Next = func(int) { seen = c.Pending() }
	observable.TimeoutFirst(observable.Concat(observable.Just(1), observable.Never[int]()), time.Second, c).
		Subscribe(c.ctx, obs)
	assert.Zero(t, seen)
	obs.Dispose()
}

func TestTimeout_LateErrorIsReported(t *testing.T) {
	c := newTimed(t)
	s := observabletest.BadSource[int]{AfterEnd: errBang}
	limited := observable.NewUnsafe[int](&s).Timeout(time.Second, c)
	limited.Subscribe(c.ctx, timedObserver[int](c))
	require.Len(t, c.reports, 1)
	require.ErrorIs(t, c.reports[0], errBang)
	c.reports = nil
}

func TestTimeout_RefusalIsItsError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, full := refusingPool(true)
		p := &observabletest.Probe[int]{Item: func(i int) int { return i }, Count: 3}
		obs := observabletest.Subscribe(context.Background(), p.Observable().Timeout(0, full), t)
		obs.AssertError(t, errPoolFull)
		assert.Zero(t, p.Subscriptions())

		pool, later := refusingPool(false)
		p = &observabletest.Probe[int]{Item: func(i int) int { return i }, Count: 9, Async: true, Gap: time.Second}
		obs = observabletest.Subscribe(context.Background(), p.Observable().Timeout(2500*time.Millisecond, later), t)
		pool.full.Store(true)
		time.Sleep(time.Minute)
		synctest.Wait()
		obs.AssertValues(t, 0, 1, 2)
		obs.AssertError(t, errPoolFull)
		assert.Zero(t, p.Active())
	})
}

// The item that is being delivered when the timer is refused comes first, and
// its goroutine tells the error.
func TestTimeout_RefusalWhileAnItemIsDelivered(t *testing.T) {
	for _, dispose := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			pool, later := refusingPool(false)
			obs := observabletest.NewObserver[int](t)
			obs.Inside.Next = func(int) {
				time.Sleep(time.Minute)
				if dispose {
					obs.Upstream().Dispose()
				}
			}
			p := &observabletest.Probe[int]{Item: func(i int) int { return i }, Count: 9, Async: true}
			p.Observable().Timeout(time.Second, later).Subscribe(context.Background(), obs)
			pool.full.Store(true)
			time.Sleep(time.Hour)
			synctest.Wait()
			obs.AssertValues(t, 0)
			if dispose {
				obs.AssertNotTerminated(t)
			} else {
				obs.AssertError(t, errPoolFull)
			}
			assert.Zero(t, p.Active())
		})
	}
}

func TestTimeout_PanicsAreTold(t *testing.T) {
	c := newTimed(t)
	boom := func(any) any { panic(errBang) }
	_, o := c.cold(event{at: 1, v: "a"}, event{at: 9})
	above, below := timedObserver[any](c), timedObserver[any](c)
	observable.Map(o, boom).Timeout(3*time.Second, c).Subscribe(c.ctx, above)
	observable.Map(o.Timeout(3*time.Second, c), boom).Subscribe(c.ctx, below)
	late := timedObserver[any](c)
	late.Inside.Error = func(error) { panic(errBang) }
	observable.Never[any]().Timeout(3*time.Second, c).Subscribe(c.ctx, late)
	c.run(20)
	above.AssertError(t, errBang)
	below.AssertError(t, errBang)
	late.AssertError(t, context.DeadlineExceeded)
	assert.Zero(t, c.Pending())
	require.Len(t, c.reports, 1, "a panic in OnError goes to the handler, with the error")
	require.ErrorIs(t, c.reports[0], errBang)
	require.ErrorIs(t, c.reports[0], context.DeadlineExceeded)
	c.reports = nil
}

func TestTimeout_GoexitOfTheObserverInTheTimer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		obs := observabletest.NewObserver[int](t)
		obs.Inside.Error = func(error) { runtime.Goexit() }
		observable.Never[int]().Timeout(time.Second).Subscribe(context.Background(), obs)
		<-obs.Done()
		synctest.Wait()
		obs.AssertError(t, context.DeadlineExceeded)
	})
}

func TestTimeout_OfAnyLengthDoesNotOverflow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		obs := observabletest.Subscribe(context.Background(), observable.Interval(time.Hour).Timeout(math.MaxInt64).Take(3), t)
		<-obs.Done()
		obs.AssertComplete(t)
	})
}

func TestTimeout_ErrorsOfTheContextComeThrough(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		obs := observabletest.Subscribe(ctx, observable.Never[int]().Timeout(time.Minute), t)
		time.Sleep(time.Second)
		cancel(errBang)
		<-obs.Done()
		obs.AssertError(t, errBang)
		assert.False(t, errors.Is(obs.Err(), context.DeadlineExceeded))
	})
}

// below is an observer that tells when it is looked at as a stage.
type below struct {
	observable.Observer[int]
	asked atomic.Int32
}

func (b *below) Blame() (bool, observable.Disposable, any) {
	b.asked.Add(1)
	return false, nil, b.Observer
}

// A source that comes back by Goexit when others have ended the stream is not
// below: what is there belongs to them.
func TestTimeout_LateGoexitDoesNotLookBelow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		body := observable.FromFunc(func(context.Context) (int, error) {
			time.Sleep(2 * time.Second)
			runtime.Goexit()
			return 0, nil
		}).SubscribeOn(observable.Go())
		for name, o := range map[string]observable.Observable[int]{
			"Timeout": body.Timeout(time.Second),
			"Zip2": observable.Zip2(body, observable.Delay(observable.Empty[int](), time.Second),
				func(a, b int) int { return a + b }),
		} {
			obs := observabletest.NewObserver[int](t)
			b := &below{Observer: obs}
			o.Source().Subscribe(t.Context(), b)
			time.Sleep(time.Minute)
			if !obs.Terminated() {
				t.Errorf("%s: not over", name)
			}
			if n := b.asked.Load(); n != 0 {
				t.Errorf("%s: what is below was looked at %d times", name, n)
			}
		}
	})
}
