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

func TestDelay_DelaysItemsAndCompletion(t *testing.T) {
	c := newTimed(t)
	_, o := c.cold(event{at: 1, v: "a"}, event{at: 2, v: "b"}, event{at: 2, v: "c"}, event{at: 9, v: "d"}, event{at: 10})
	observable.Delay(o, 3*time.Second, c).Subscribe(c.ctx, timedObserver[any](c))
	c.run(20)
	assert.Equal(t, []string{"4 a", "5 b", "5 c", "12 d", "13 |"}, c.all())
	assert.Zero(t, c.Pending())
}

func TestDelay_ErrorOvertakesWhatIsDueLater(t *testing.T) {
	c := newTimed(t)
	s, o := c.cold(event{at: 1, v: "a"}, event{at: 2, v: "due with the error"}, event{at: 3, v: "b"}, event{at: 5, err: errBang})
	observable.Delay(o, 3*time.Second, c).Subscribe(c.ctx, timedObserver[any](c))
	c.run(20)
	assert.Equal(t, []string{"4 a", "5 due with the error", "5 #bang"}, c.all())
	assert.Zero(t, c.Pending())
	assert.Zero(t, s.active)
}

func TestDelay_OfZeroKeepsTheOrder(t *testing.T) {
	c := newTimed(t)
	observable.Delay(observable.Concat(observable.Range(0, 3), observable.Error[int](errBang)), -time.Second, c).
		Subscribe(c.ctx, timedObserver[int](c))
	assert.Empty(t, c.all(), "the scheduler delivers, not the source")
	c.run(0)
	assert.Equal(t, []string{"0 0", "0 1", "0 2", "0 #bang"}, c.all())
}

func TestDelay_DisposeDropsWhatWaits(t *testing.T) {
	c := newTimed(t)
	s, o := c.cold(event{at: 1, v: "a"}, event{at: 2, v: "b"}, event{at: 4, v: "c"}, event{at: 9})
	obs := timedObserver[any](c)
	observable.Delay(o, 3*time.Second, c).Subscribe(c.ctx, obs)
	c.at(4.5, obs.Dispose)
	c.run(20)
	assert.Equal(t, []string{"4 a"}, c.all())
	assert.Zero(t, c.Pending())
	assert.Zero(t, s.active)
	assert.True(t, obs.Upstream().Disposed())
}

func TestDelay_DisposeInsideOnNextStopsABurst(t *testing.T) {
	c := newTimed(t)
	obs := timedObserver[int](c).DisposeAfter(2)
	observable.Delay(observable.Range(0, 5), time.Second, c).Subscribe(c.ctx, obs)
	c.run(20)
	assert.Equal(t, []string{"1 0", "1 1"}, c.all())
}

// Rule C8, here and in ObserveOn: an error that was accepted does not get lost.
func TestDelay_ErrorThatIsDisposedBeforeItIsToldIsReported(t *testing.T) {
	for name, o := range map[string]func(c *timed) observable.Observable[int]{
		"Delay": func(c *timed) observable.Observable[int] {
			return observable.Delay(observable.Error[int](errBang), 0, c)
		},
		"ObserveOn": func(c *timed) observable.Observable[int] { return observable.Error[int](errBang).ObserveOn(c, 1) },
	} {
		t.Run(name, func(t *testing.T) {
			c := newTimed(t)
			obs := observabletest.Subscribe(c.ctx, o(c), t)
			obs.Dispose()
			obs.Dispose()
			c.Trigger()
			obs.AssertNotTerminated(t)
			require.Len(t, c.reports, 1)
			require.ErrorIs(t, c.reports[0], errBang)
			c.reports = nil

			obs = observabletest.Subscribe(c.ctx, o(c), t)
			c.Trigger()
			obs.AssertError(t, errBang)
			obs.Dispose()
			assert.Empty(t, c.reports, "it was told")
		})
	}
}

func TestDelay_DoesNotBlockTheSource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		obs := observabletest.NewObserver[int](t)
		obs.Inside.Next = func(int) { time.Sleep(time.Hour) }
		observable.Delay(observable.Range(0, 3), time.Second).Subscribe(context.Background(), obs)
		assert.Zero(t, time.Since(start))
		<-obs.Done()
		assert.Equal(t, 3*time.Hour+time.Second, time.Since(start))
		obs.AssertValues(t, 0, 1, 2)
		obs.AssertComplete(t)
	})
}

// An error counts from when it came, also when the observer is so late that
// the items behind it are overdue.
func TestDelay_ErrorOvertakesItemsOfALateObserver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		obs := observabletest.NewObserver[int](t)
		obs.Inside.Next = func(int) { time.Sleep(time.Minute) }
		p := &observabletest.Probe[int]{Item: func(i int) int { return i }, Count: 5, Err: errBang, Async: true, Gap: time.Second}
		observable.Delay(p.Observable(), 3*time.Second).Subscribe(context.Background(), obs)
		<-obs.Done()
		// Due at 3, 4, 5, 6 and 7; the error comes at 5.
		obs.AssertValues(t, 0, 1, 2)
		obs.AssertError(t, errBang)
	})
}

func TestDelay_RefusalIsItsErrorOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, full := refusingPool(true)
		p := &observabletest.Probe[int]{Item: func(i int) int { return i }, Count: 3}
		obs := observabletest.Subscribe(context.Background(), observable.Delay(p.Observable(), 0, full), t)
		obs.AssertError(t, errPoolFull)
		assert.Equal(t, 1, p.Produced())
		assert.Zero(t, p.Active())

		pool, later := refusingPool(false)
		p = &observabletest.Probe[int]{Item: func(i int) int { return i }, Count: 9, Async: true, Gap: time.Second}
		obs = observabletest.Subscribe(context.Background(), observable.Delay(p.Observable(), 3*time.Second, later), t)
		time.Sleep(3500 * time.Millisecond)
		pool.full.Store(true)
		time.Sleep(time.Minute)
		synctest.Wait()
		obs.AssertValues(t, 0)
		obs.AssertError(t, errPoolFull)
		assert.Zero(t, p.Active())

		pool, later = refusingPool(false)
		failing := observable.Concat(observable.Just(1), observable.Error[int](errBang))
		obs = observabletest.NewObserver[int](t)
		observable.Delay(failing, time.Hour, observable.SchedulerFunc(func(task func()) error {
			pool.full.Store(true)
			return later.(observable.SchedulerFunc)(task)
		})).
			Subscribe(context.Background(), obs)
		obs.AssertError(t, errBang)
		obs.AssertError(t, errPoolFull)
	})
}

func TestDelay_PanicAboveAndBelow(t *testing.T) {
	c := newTimed(t)
	boom := func(int) int { panic(errBang) }
	above := timedObserver[int](c)
	observable.Delay(observable.Map(observable.Range(0, 3), boom), time.Second, c).Subscribe(c.ctx, above)
	below := timedObserver[int](c)
	p := &observabletest.Probe[int]{Item: func(i int) int { return i }, Count: 3, Open: true}
	observable.Map(observable.Delay(p.Observable(), time.Second, c), boom).Subscribe(c.ctx, below)
	c.run(20)
	above.AssertError(t, errBang)
	below.AssertError(t, errBang)
	assert.Zero(t, p.Active())
	assert.Zero(t, c.Pending())
	var panicked *observable.PanicError
	assert.True(t, errors.As(below.Err(), &panicked))
}

func TestDelayDelayError_DelaysEverything(t *testing.T) {
	c := newTimed(t)
	s, o := c.cold(event{at: 1, v: "a"}, event{at: 2, v: "b"}, event{at: 3, err: errBang})
	observable.DelayDelayError(o, 3*time.Second, c).Subscribe(c.ctx, timedObserver[any](c))
	c.run(20)
	assert.Equal(t, []string{"4 a", "5 b", "6 #bang"}, c.all())
	assert.Zero(t, c.Pending())
	assert.Zero(t, s.active)

	c = newTimed(t)
	observable.DelayDelayError(observable.Just(1, 2), 3*time.Second, c).Subscribe(c.ctx, timedObserver[int](c))
	c.run(20)
	assert.Equal(t, []string{"3 1", "3 2", "3 |"}, c.all())
}

func TestDelayDelayError_ErrorThatIsDisposedBeforeItIsToldIsReported(t *testing.T) {
	c := newTimed(t)
	o := observable.DelayDelayError(observable.Error[int](errBang), time.Second, c)
	obs := observabletest.Subscribe(c.ctx, o, t)
	obs.Dispose()
	obs.Dispose()
	c.run(20)
	obs.AssertNotTerminated(t)
	require.Len(t, c.reports, 1)
	require.ErrorIs(t, c.reports[0], errBang)
	c.reports = nil

	obs = observabletest.Subscribe(c.ctx, o, t)
	c.run(40)
	obs.AssertError(t, errBang)
	obs.Dispose()
	assert.Empty(t, c.reports, "it was told")
}

func TestDelayDelayError_RefusalJoinsTheErrorThatWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pool, on := refusingPool(false)
		o := observable.DelayDelayError(observable.Error[int](errBang), time.Second, on)
		obs := observabletest.Subscribe(context.Background(), o, t)
		pool.full.Store(true)
		time.Sleep(time.Minute)
		synctest.Wait()
		obs.AssertError(t, errBang)
		obs.AssertError(t, errPoolFull)
	})
}
