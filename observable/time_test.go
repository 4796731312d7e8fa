package observable_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quillgo/quill/observable"
	"github.com/quillgo/quill/observable/observabletest"
)

// timed is a virtual scheduler with an error handler and notes of what observers
// were told, and when, in seconds.
type timed struct {
	*observabletest.VirtualScheduler
	taskNotes
	t       *testing.T
	start   time.Time
	ctx     context.Context
	reports []error
}

func newTimed(t *testing.T) *timed {
	v := observabletest.NewVirtualScheduler()
	c := &timed{VirtualScheduler: v, t: t, start: v.Now()}
	c.ctx = observable.WithErrorHandler(context.Background(), func(err error) { c.reports = append(c.reports, err) })
	t.Cleanup(func() { assert.Empty(t, c.reports, "what the error handler got") })
	return c
}

// note notes something with the time.
func (c *timed) note(format string, args ...any) {
	c.add("%v %s", c.Now().Sub(c.start).Seconds(), fmt.Sprintf(format, args...))
}

// at has f called at second s.
func (c *timed) at(s float64, f func()) {
	_, err := c.Worker().After(time.Duration(s*float64(time.Second)), f)
	require.NoError(c.t, err)
}

// run moves the time to second s.
func (c *timed) run(s int) { c.AdvanceTo(c.start.Add(time.Duration(s) * time.Second)) }

// timedObserver is an observer that notes what it is told.
func timedObserver[T any](c *timed) *observabletest.TestObserver[T] {
	obs := observabletest.NewObserver[T](c.t)
	obs.Inside = observable.Funcs[T]{
		Next:     func(v T) { c.note("%v", v) },
		Error:    func(err error) { c.note("#%v", err) },
		Complete: func() { c.note("|") },
	}
	return obs
}

// scripted is a cold source that emits on the virtual scheduler. It counts who
// is subscribed.
type scripted struct {
	c      *timed
	events []event
	active int
}

// event is an item, or an error, or with neither the completion.
type event struct {
	at  float64
	v   any
	err error
}

func (c *timed) cold(events ...event) (*scripted, observable.Observable[any]) {
	s := &scripted{c: c, events: events}
	return s, observable.NewUnsafe[any](s)
}

type scriptedRun struct {
	observable.Worker
	s    *scripted
	over bool
}

func (r *scriptedRun) end() {
	if !r.over {
		r.over = true
		r.s.active--
	}
}

func (r *scriptedRun) Dispose() {
	r.end()
	r.Worker.Dispose()
}

func (s *scripted) Subscribe(ctx context.Context, o observable.Observer[any]) {
	r := &scriptedRun{Worker: s.c.Worker(), s: s}
	s.active++
	active := true
	defer observable.Catch(ctx, &active, r, o)
	o.OnSubscribe(r)
	active = false
	for _, e := range s.events {
		_, err := r.After(time.Duration(e.at*float64(time.Second)), func() {
			if e.v != nil {
				active := true
				defer observable.Catch(ctx, &active, r, o)
				o.OnNext(e.v)
				active = false
				return
			}
			r.end()
			observable.End(ctx, r, o, e.err)
		})
		require.NoError(s.c.t, err)
	}
}

var errBang = errors.New("bang")

func TestTimer_EmitsOnceAndCompletes(t *testing.T) {
	c := newTimed(t)
	o := observable.Timer(2*time.Second, c)
	o.Subscribe(c.ctx, timedObserver[int](c))
	c.at(1, func() { o.Subscribe(c.ctx, timedObserver[int](c)) })
	observable.Timer(-time.Second, c).Subscribe(c.ctx, timedObserver[int](c))
	assert.Empty(t, c.all(), "nothing happens before the scheduler runs")
	c.run(10)
	assert.Equal(t, []string{"0 0", "0 |", "2 0", "2 |", "3 0", "3 |"}, c.all())
	assert.Zero(t, c.Pending())
}

func TestTimer_DisposedBeforeItsTime(t *testing.T) {
	c := newTimed(t)
	obs := timedObserver[int](c)
	observable.Timer(2*time.Second, c).Subscribe(c.ctx, obs)
	c.run(1)
	obs.Dispose()
	assert.Zero(t, c.Pending())
	c.run(10)
	assert.Empty(t, c.all())
	assert.True(t, obs.Upstream().Disposed())

	inNext := timedObserver[int](c).DisposeAfter(1)
	observable.Timer(0, c).Subscribe(c.ctx, inNext)
	c.run(11)
	inNext.AssertValues(t, 0)
	inNext.AssertNotTerminated(t)
}

func TestInterval_CountsAtAFixedRateUntilDisposed(t *testing.T) {
	c := newTimed(t)
	obs := timedObserver[int](c)
	observable.Interval(2*time.Second, c).Subscribe(c.ctx, obs)
	c.at(3, func() { observable.IntervalAfter(0, 3*time.Second, c).Take(2).Subscribe(c.ctx, timedObserver[int](c)) })
	c.run(7)
	obs.Dispose()
	c.run(20)
	assert.Equal(t, []string{"2 0", "3 0", "4 1", "6 1", "6 |", "6 2"}, c.all())
	assert.Zero(t, c.Pending())
}

func TestIntervalRange(t *testing.T) {
	c := newTimed(t)
	observable.IntervalRange(5, 3, time.Second, 2*time.Second, c).Subscribe(c.ctx, timedObserver[int](c))
	c.run(10)
	assert.Equal(t, []string{"1 5", "3 6", "5 7", "5 |"}, c.all())
	assert.Zero(t, c.Pending())

	c = newTimed(t)
	observable.IntervalRange(5, 0, time.Second, 2*time.Second, c).Subscribe(c.ctx, timedObserver[int](c))
	observable.IntervalRange(math.MaxInt, 1, -time.Second, 2*time.Second, c).Subscribe(c.ctx, timedObserver[int](c))
	c.run(10)
	assert.Equal(t, []string{fmt.Sprint("0 ", math.MaxInt), "0 |", "1 |"}, c.all())

	c = newTimed(t)
	obs := timedObserver[int](c).DisposeAfter(3)
	observable.IntervalRange(0, 3, time.Second, time.Second, c).Subscribe(c.ctx, obs)
	c.run(10)
	obs.AssertValues(t, 0, 1, 2)
	obs.AssertNotTerminated(t)
	assert.Zero(t, c.Pending())
}

func TestInterval_RealTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		got, err := observable.Interval(time.Second).Take(3).ToSlice(context.Background())
		require.NoError(t, err)
		assert.Equal(t, []int{0, 1, 2}, got)
		assert.Equal(t, 3*time.Second, time.Since(start))
	})
}

// On Current the subscriber's goroutine sleeps; the Disposable it has got ends
// that.
func TestInterval_OnCurrentEndsWithDispose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		obs := observabletest.NewObserver[int](t).DisposeAfter(3)
		observable.Interval(time.Second, observable.Current()).Subscribe(context.Background(), obs)
		obs.AssertValues(t, 0, 1, 2)
		assert.Equal(t, 3*time.Second, time.Since(start))

		ctx, cancel := context.WithTimeoutCause(t.Context(), 90*time.Minute, errBang)
		defer cancel()
		obs = observabletest.Subscribe(ctx, observable.Interval(time.Hour, observable.Current()), t)
		assert.Equal(t, 3*time.Second+90*time.Minute, time.Since(start))
		obs.AssertValues(t, 0)
		obs.AssertError(t, errBang)
	})
}

func TestTimer_PanicOfTheObserverStopsTheTicks(t *testing.T) {
	c := newTimed(t)
	obs := timedObserver[int](c)
	obs.Inside.Next = func(int) { panic(errBang) }
	observable.Interval(time.Second, c).Subscribe(c.ctx, obs)
	c.run(10)
	assert.Equal(t, 1, obs.Count())
	obs.AssertError(t, errBang)
	assert.Zero(t, c.Pending())

	obs = timedObserver[int](c)
	obs.Inside.Complete = func() { panic(errBang) }
	observable.Timer(time.Second, c).Subscribe(c.ctx, obs)
	c.run(20)
	require.Len(t, c.reports, 1)
	require.ErrorIs(t, c.reports[0], errBang)
	c.reports = nil
}

func TestTimer_GoexitOfAUserFunctionIsAnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := observable.Map(observable.Interval(time.Second), func(int) int { runtime.Goexit(); return 0 })
		obs := observabletest.Subscribe(context.Background(), o, t)
		time.Sleep(time.Minute)
		synctest.Wait()
		obs.AssertError(t, observable.ErrGoexit)
		obs.AssertEmpty(t)
	})
}

// refusingPool is a scheduler whose pool is full at once, or later.
func refusingPool(full bool) (*fullPool, observable.Scheduler) {
	p := new(fullPool)
	p.full.Store(full)
	return p, observable.SchedulerFunc(p.submit)
}

func TestTimer_RefusalIsItsError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, full := refusingPool(true)
		obs := observabletest.Subscribe(context.Background(), observable.Timer(0, full), t)
		obs.AssertError(t, errPoolFull)

		pool, later := refusingPool(false)
		obs = observabletest.Subscribe(context.Background(), observable.Interval(time.Second, later), t)
		time.Sleep(1500 * time.Millisecond)
		pool.full.Store(true)
		time.Sleep(time.Second)
		pool.full.Store(false)
		time.Sleep(time.Minute)
		synctest.Wait()
		obs.AssertValues(t, 0)
		obs.AssertError(t, errPoolFull)
	})
}

func TestTimedOperators_RefuseImpossibleArguments(t *testing.T) {
	s := observable.Go()
	o := observable.Just(1)
	for name, assemble := range map[string]func(){
		"Interval period":      func() { observable.Interval(0) },
		"IntervalAfter period": func() { observable.IntervalAfter(time.Second, -1) },
		"Timer on":             func() { observable.Timer(1, s, s) },
		"Interval on":          func() { observable.Interval(1, nil) },
		"IntervalAfter on":     func() { observable.IntervalAfter(1, 1, s, s) },
		"Delay on":             func() { observable.Delay(o, 1, s, s) },
		"Timeout on":           func() { o.Timeout(1, observable.SchedulerFunc(nil)) },
		"TimeoutFirst on":      func() { observable.TimeoutFirst(o, 1, s, s) },
		"IntervalRange count":  func() { observable.IntervalRange(0, -1, 1, 1) },
		"IntervalRange period": func() { observable.IntervalRange(0, 1, 1, 0) },
		"IntervalRange on":     func() { observable.IntervalRange(0, 0, 1, 1, s, s) },
		"Debounce on":          func() { observable.Debounce(o, 1, s, s) },
		"DebounceWhen when":    func() { observable.DebounceWhen[int, int](o, nil) },
		"ThrottleFirst on":     func() { observable.ThrottleFirst(o, 1, nil) },
		"ThrottleLatest on":    func() { observable.ThrottleLatest(o, 1, true, nil) },
		"ThrottleLast period":  func() { observable.ThrottleLast(o, 0) },
		"ThrottleLast on":      func() { observable.ThrottleLast(o, 1, nil) },
		"Sample period":        func() { observable.Sample(o, -1, true) },
		"Sample on":            func() { observable.Sample(o, 1, true, s, s) },
		"TimeoutWith on":       func() { observable.TimeoutWith(o, 1, o, s, s) },
		"TimeoutWhen next":     func() { observable.TimeoutWhen[int, int, int](o, o, nil) },
		"TimeoutWhenWith next": func() { observable.TimeoutWhenWith[int, int, int](o, o, nil, o) },
		"DelayDelayError on":   func() { observable.DelayDelayError(o, 1, s, s) },
		"DelayWhen when":       func() { observable.DelayWhen[int, int](o, nil) },
		"DelaySubscription on": func() { observable.DelaySubscription(o, 1, s, s) },
		"SubscribeOn s":        func() { o.SubscribeOn(nil) },
		"ObserveOn s":          func() { o.ObserveOn(observable.SchedulerFunc(nil), 1) },
		"ObserveOn bound":      func() { o.ObserveOn(s, 0) },
		"DoOnNext do":          func() { o.DoOnNext(nil) },
		"DoAfterNext do":       func() { o.DoAfterNext(nil) },
		"DoOnError do":         func() { o.DoOnError(nil) },
		"DoOnComplete do":      func() { o.DoOnComplete(nil) },
		"DoOnTerminate do":     func() { o.DoOnTerminate(nil) },
		"DoAfterTerminate do":  func() { o.DoAfterTerminate(nil) },
		"DoOnSubscribe do":     func() { o.DoOnSubscribe(nil) },
		"DoOnDispose do":       func() { o.DoOnDispose(nil) },
		"DoFinally do":         func() { o.DoFinally(nil) },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				refused, _ := recover().(*observable.ArgumentError)
				require.NotNil(t, refused)
				assert.Equal(t, name, refused.Operator+" "+refused.Argument)
			}()
			assemble()
		})
	}
}
