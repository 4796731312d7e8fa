package observable_test

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/quillgo/quill/observable"
	"github.com/quillgo/quill/observable/observabletest"
)

// stressSchedulers are schedulers that really run on other goroutines.
func stressSchedulers() map[string]observable.Scheduler {
	return map[string]observable.Scheduler{
		"Go":                      observable.Go(),
		"SchedulerFunc":           observable.SchedulerFunc(func(task func()) error { go task(); return nil }),
		"SchedulerFunc one place": onePlacePool(),
	}
}

func TestObserveOn_StressLosesNothing(t *testing.T) {
	for name, s := range stressSchedulers() {
		t.Run(name, func(t *testing.T) {
			var all sync.WaitGroup
			for _, bound := range []int{observable.Unlimited, 1, 7, 300} {
				all.Go(func() {
					const n = 20_000
					next := 0
					obs := observabletest.NewObserver[int](t)
					obs.Forget = true
					obs.Inside.Next = func(v int) {
						if v != next {
							t.Errorf("item %d is %d", next, v)
						}
						next++
						if v%512 == 0 {
							runtime.Gosched()
						}
					}
					observable.Range(0, n).SubscribeOn(observable.Go()).ObserveOn(s, bound).Subscribe(context.Background(), obs)
					<-obs.Done()
					obs.AssertComplete(t)
					assert.Equal(t, n, next)
				})
			}
			all.Wait()
		})
	}
}

func TestObserveOn_StressDisposeAtAnyTime(t *testing.T) {
	for name, s := range stressSchedulers() {
		t.Run(name, func(t *testing.T) {
			for i := range 60 {
				bound := []int{observable.Unlimited, 1, 4}[i%3]
				obs := observabletest.NewObserver[int](t)
				obs.Forget = true
				enough := make(chan struct{})
				obs.Inside.Next = func(v int) {
					if v == i%20 {
						close(enough)
					}
				}
				produced := make(chan struct{})
				go func() {
					defer close(produced)
					observable.Range(0, 1_000_000_000).ObserveOn(s, bound).Subscribe(context.Background(), obs)
				}()
				<-enough
				obs.Upstream().Dispose()
				before := obs.Count()
				<-produced // a producer that waits would hang here
				obs.AssertNotTerminated(t)
				assert.LessOrEqual(t, obs.Count(), before+1)
			}
		})
	}
}

// An error and a Dispose meet: the error is told or reported, never both and
// never lost.
func TestObserveOn_StressErrorMeetsDispose(t *testing.T) {
	for _, build := range []func(observable.Observable[int]) observable.Observable[int]{
		func(o observable.Observable[int]) observable.Observable[int] { return o.ObserveOn(observable.Go(), 1) },
		func(o observable.Observable[int]) observable.Observable[int] {
			return observable.Delay(o, 0)
		},
	} {
		for i := range 2000 {
			var reported atomic.Int32
			ctx := observable.WithErrorHandler(context.Background(), func(error) { reported.Add(1) })
			src := new(manual[int])
			obs := observabletest.NewObserver[int](t)
			build(src.observable()).Subscribe(ctx, obs)
			var all sync.WaitGroup
			all.Go(func() { src.o.OnError(errBang) })
			all.Go(func() {
				for range i % 50 {
					runtime.Gosched()
				}
				obs.Upstream().Dispose()
			})
			all.Wait()
			if reported.Load() == 0 {
				<-obs.Done()
			} else {
				obs.AssertNotTerminated(t)
			}
			assert.LessOrEqual(t, reported.Load(), int32(1))
		}
	}
}

// The end of the timer, of the stream and of the subscription meet: at most one
// is told, and nothing overlaps, which the observer checks.
func TestTimeout_StressEndsMeet(t *testing.T) {
	for i := range 2000 {
		src := new(manual[int])
		obs := observabletest.NewObserver[int](t)
		obs.Forget = true
		o := src.observable().Timeout(time.Duration(i%200) * time.Microsecond)
		if i%2 == 0 {
			o = observable.TimeoutFirst(src.observable(), time.Duration(i%200)*time.Microsecond)
		}
		// Timeouts of upstream's last signals are nobody's to report.
		ctx := observable.WithErrorHandler(context.Background(), func(error) {})
		var all sync.WaitGroup
		var subscribed atomic.Bool
		all.Go(func() {
			o.Subscribe(ctx, obs)
			subscribed.Store(true)
			if src.o == nil {
				return // it had timed out before
			}
			for v := range i % 300 {
				src.o.OnNext(v)
			}
			if i%3 == 0 {
				src.o.OnComplete()
			} else {
				src.o.OnError(errBang)
			}
		})
		if i%5 == 0 {
			all.Go(func() {
				for !subscribed.Load() {
					runtime.Gosched()
				}
				obs.Upstream().Dispose()
			})
		}
		all.Wait()
		if i%5 != 0 {
			<-obs.Done()
		}
	}
}

func TestDelay_StressLosesNothing(t *testing.T) {
	for name, s := range stressSchedulers() {
		t.Run(name, func(t *testing.T) {
			var all sync.WaitGroup
			for i := range 8 {
				all.Go(func() {
					const n = 2000
					obs := observabletest.NewObserver[int](t)
					observable.Delay(observable.Range(0, n), time.Duration(i)*100*time.Microsecond, s).Subscribe(context.Background(), obs)
					<-obs.Done()
					obs.AssertComplete(t)
					for i, v := range obs.Values() {
						if i != v {
							t.Errorf("item %d is %d", i, v)
						}
					}
					assert.Equal(t, n, obs.Count())
				})
			}
			all.Wait()
		})
	}
}

// Tasks that come, are cancelled and end while the worker goes to rest and
// starts again: each accepted one that is not cancelled runs, once.
func TestWorker_StressEveryTaskRuns(t *testing.T) {
	for name, s := range stressSchedulers() {
		t.Run(name, func(t *testing.T) {
			w := s.Worker()
			ran, want := 0, 0 // ran is the tasks', which never overlap
			var all sync.WaitGroup
			var cancelled atomic.Int64
			const producers, each = 8, 500
			for range producers {
				all.Go(func() {
					for i := range each {
						var d observable.Disposable
						var err error
						began := new(atomic.Bool)
						task := func() { began.Store(true); ran++ }
						if i%2 == 0 {
							d, err = w.Schedule(task)
						} else {
							d, err = w.After(time.Duration(i%7)*50*time.Microsecond, task)
						}
						assert.NoError(t, err)
						if i%10 == 3 {
							d.Dispose()
							cancelled.Add(1)
						}
						if i%50 == 0 {
							for !began.Load() { // let the worker go to rest
								runtime.Gosched()
							}
						}
					}
				})
			}
			all.Wait()
			last := make(chan int, 1)
			_, err := w.After(5*time.Millisecond, func() { last <- ran })
			assert.NoError(t, err)
			got := <-last
			want = producers * each
			assert.LessOrEqual(t, got, want)
			assert.GreaterOrEqual(t, got, want-int(cancelled.Load()))
		})
	}
}
