package observable_test

import (
	"context"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quillgo/quill/observable"
	"github.com/quillgo/quill/observable/observabletest"
)

func TestSubscribeOn_SubscribesInATask(t *testing.T) {
	c := newTimed(t)
	p := &observabletest.Probe[int]{Item: func(i int) int { return i }, Count: 3}
	obs := timedObserver[int](c)
	p.Observable().SubscribeOn(c).Subscribe(c.ctx, obs)
	require.NotNil(t, obs.Upstream(), "OnSubscribe comes at once")
	assert.Zero(t, p.Subscriptions())
	c.Trigger()
	obs.AssertValues(t, 0, 1, 2)
	obs.AssertComplete(t)
	assert.Zero(t, c.Pending())
}

func TestSubscribeOn_ReturnsAtOnceAndDisposeEndsABlockedSource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // which fails if a goroutine is left
		running, ended := false, false
		o := observable.FromFunc(func(ctx context.Context) (int, error) {
			running = true
			<-ctx.Done()
			ended = true
			return 0, ctx.Err()
		}).SubscribeOn(observable.Go())
		obs := observabletest.Subscribe(context.Background(), o, t)
		synctest.Wait()
		assert.True(t, running)
		obs.Dispose()
		synctest.Wait()
		assert.True(t, ended)
		obs.AssertNotTerminated(t)
		assert.True(t, obs.Upstream().Disposed())
	})
}

func TestSubscribeOn_DisposedBeforeItsTask(t *testing.T) {
	c := newTimed(t)
	p := &observabletest.Probe[int]{Item: func(i int) int { return i }, Count: 3}
	obs := timedObserver[int](c)
	p.Observable().SubscribeOn(c).Subscribe(c.ctx, obs)
	obs.Dispose()
	assert.Zero(t, c.Pending())
	p.Observable().SubscribeOn(c).Subscribe(c.ctx, timedObserver[int](c).DisposeAfter(0))
	assert.Zero(t, c.Pending())
	c.Trigger()
	assert.Zero(t, p.Subscriptions())
	assert.Empty(t, c.all())
}

func TestSubscribeOn_RefusalIsItsError(t *testing.T) {
	_, full := refusingPool(true)
	p := &observabletest.Probe[int]{Item: func(i int) int { return i }, Count: 3}
	obs := observabletest.Subscribe(context.Background(), p.Observable().SubscribeOn(full), t)
	obs.AssertError(t, errPoolFull)
	assert.Zero(t, p.Subscriptions())
}

// dropping is a scheduler of a pool that accepts tasks and drops them later, of
// which it tells.
type dropping struct{ workers []*droppingWorker }

func (*dropping) Now() time.Time { return time.Now() }

func (d *dropping) Worker() observable.Worker {
	w := &droppingWorker{Worker: observable.Go().Worker()}
	d.workers = append(d.workers, w)
	return w
}

type droppingWorker struct {
	observable.Worker
	accepted int
	tell     func(error)
	task     func()
}

func (w *droppingWorker) OnRefusal(f func(error)) { w.tell = f }

func (w *droppingWorker) Schedule(task func()) (observable.Disposable, error) {
	w.accepted++
	w.task = task
	return w, nil
}

func (w *droppingWorker) After(_ time.Duration, task func()) (observable.Disposable, error) {
	return w.Schedule(task)
}

func (w *droppingWorker) Every(_, _ time.Duration, task func()) (observable.Disposable, error) {
	return w.Schedule(task)
}

// A worker may tell of a refusal more than once, and run the task after all;
// the observer hears of it once.
func TestOperators_TellALateRefusalOnce(t *testing.T) {
	for name, build := range map[string]func(o observable.Observable[int], s observable.Scheduler) observable.Observable[int]{
		"SubscribeOn": func(o observable.Observable[int], s observable.Scheduler) observable.Observable[int] {
			return o.SubscribeOn(s)
		},
		"ObserveOn": func(o observable.Observable[int], s observable.Scheduler) observable.Observable[int] {
			return o.ObserveOn(s, observable.Unlimited)
		},
		"Delay": func(o observable.Observable[int], s observable.Scheduler) observable.Observable[int] {
			return observable.Delay(o, time.Second, s)
		},
		"Timeout": func(_ observable.Observable[int], s observable.Scheduler) observable.Observable[int] {
			return observable.Never[int]().Timeout(time.Second, s)
		},
		"Timer": func(_ observable.Observable[int], s observable.Scheduler) observable.Observable[int] {
			return observable.Timer(time.Second, s)
		},
		"Interval": func(_ observable.Observable[int], s observable.Scheduler) observable.Observable[int] {
			return observable.Interval(time.Second, s)
		},
	} {
		t.Run(name, func(t *testing.T) {
			for _, disposed := range []bool{false, true} {
				s := new(dropping)
				p := &observabletest.Probe[int]{Item: func(i int) int { return i }, Count: 3, Open: true}
				obs := observabletest.Subscribe(context.Background(), build(p.Observable(), s), t)
				require.Len(t, s.workers, 1)
				w := s.workers[0]
				require.NotNil(t, w.tell)
				assert.Equal(t, 1, w.accepted)
				obs.AssertNotTerminated(t)
				if disposed {
					obs.Dispose()
				}
				w.tell(errPoolFull)
				w.tell(errPoolFull)
				w.task()
				if disposed {
					obs.AssertNotTerminated(t)
				} else {
					obs.AssertError(t, errPoolFull)
				}
				obs.AssertEmpty(t)
				assert.Zero(t, p.Active())
				assert.True(t, w.Disposed())
			}
		})
	}
}

// recording is a virtual scheduler that remembers its workers.
type recording struct {
	*observabletest.VirtualScheduler
	workers []observable.Worker
}

func (r *recording) Worker() observable.Worker {
	w := r.VirtualScheduler.Worker()
	r.workers = append(r.workers, w)
	return w
}

func TestOperators_DisposeTheirWorkerBeforeTheEndIsTold(t *testing.T) {
	for name, build := range map[string]func(o observable.Observable[int], s observable.Scheduler) observable.Observable[int]{
		"SubscribeOn": observable.Observable[int].SubscribeOn,
		"ObserveOn": func(o observable.Observable[int], s observable.Scheduler) observable.Observable[int] {
			return o.ObserveOn(s, 1)
		},
		"Delay": func(o observable.Observable[int], s observable.Scheduler) observable.Observable[int] {
			return observable.Delay(o, time.Second, s)
		},
		"Timeout": func(o observable.Observable[int], s observable.Scheduler) observable.Observable[int] {
			return o.Timeout(time.Second, s)
		},
		"TimeoutFirst": func(o observable.Observable[int], s observable.Scheduler) observable.Observable[int] {
			return observable.TimeoutFirst(o, time.Second, s)
		},
		"Timer": func(_ observable.Observable[int], s observable.Scheduler) observable.Observable[int] {
			return observable.Timer(time.Second, s)
		},
		"Interval": func(_ observable.Observable[int], s observable.Scheduler) observable.Observable[int] {
			return observable.Interval(time.Second, s).Take(2)
		},
	} {
		t.Run(name, func(t *testing.T) {
			for _, o := range []observable.Observable[int]{
				observable.Just(1), observable.Empty[int](), observable.Error[int](errBang), observable.Never[int](),
			} {
				s := &recording{VirtualScheduler: observabletest.NewVirtualScheduler()}
				obs := observabletest.NewObserver[int](t)
				disposed := func() {
					for _, w := range s.workers {
						assert.True(t, w.Disposed())
					}
				}
				obs.Inside.Error = func(error) { disposed() }
				obs.Inside.Complete = disposed
				build(o, s).Subscribe(context.Background(), obs)
				s.AdvanceBy(time.Minute)
				assert.Len(t, s.workers, 1)
				if !obs.Terminated() {
					obs.Dispose()
					disposed()
				}
			}
		})
	}
}

func TestSubscribeOn_GoexitOfTheSourceIsToldOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := observable.FromFunc(func(context.Context) (int, error) { runtime.Goexit(); return 0, nil })
		obs := observabletest.Subscribe(context.Background(), o.SubscribeOn(observable.Go()), t)
		<-obs.Done()
		synctest.Wait()
		obs.AssertError(t, observable.ErrGoexit)
	})
}

// A source without a boundary of its own fails the stream nevertheless.
func TestSubscribeOn_PanicOfABareSource(t *testing.T) {
	for _, exit := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			o := observable.NewUnsafe[int](bareSource(exit)).SubscribeOn(observable.Go())
			obs := observabletest.Subscribe(context.Background(), o, t)
			<-obs.Done()
			if exit {
				obs.AssertError(t, observable.ErrGoexit)
			} else {
				obs.AssertError(t, errBang)
			}
		})
	}
}

type bareSource bool

func (exit bareSource) Subscribe(context.Context, observable.Observer[int]) {
	if exit {
		runtime.Goexit()
	}
	panic(errBang)
}
