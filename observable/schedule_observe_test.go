package observable_test

import (
	"context"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
	"weak"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quillgo/quill/observable"
	"github.com/quillgo/quill/observable/observabletest"
)

func TestObserveOn_DeliversInATaskInOrder(t *testing.T) {
	c := newTimed(t)
	obs := timedObserver[int](c)
	observable.Range(0, 3).ObserveOn(c, observable.Unlimited).Subscribe(c.ctx, obs)
	require.NotNil(t, obs.Upstream(), "OnSubscribe comes at once")
	obs.AssertEmpty(t)
	assert.Equal(t, 1, c.Pending(), "one task for all")
	c.Trigger()
	obs.AssertValues(t, 0, 1, 2)
	obs.AssertComplete(t)
	assert.False(t, obs.Upstream().Disposed())
}

func TestObserveOn_ManyItemsOnAVirtualScheduler(t *testing.T) {
	for _, bound := range []int{observable.Unlimited, 1, 1000} {
		c := newTimed(t)
		const n = 100_000
		next := 0
		obs := observabletest.NewObserver[int](t)
		obs.Forget = true
		obs.Inside.Next = func(v int) {
			if v != next {
				t.Fatalf("item %d is %d", next, v)
			}
			next++
		}
		observable.Range(0, n).ObserveOn(c, bound).Subscribe(c.ctx, obs)
		c.Trigger()
		assert.Equal(t, n, next)
		obs.AssertComplete(t)
		assert.Zero(t, c.Pending())
	}
}

func TestObserveOn_ErrorOvertakesQueuedItems(t *testing.T) {
	c := newTimed(t)
	failing := observable.Concat(observable.Range(0, 3), observable.Error[int](errBang))
	obs := observabletest.Subscribe(c.ctx, failing.ObserveOn(c, observable.Unlimited), t)
	c.Trigger()
	obs.AssertEmpty(t)
	obs.AssertError(t, errBang)

	// It also stops the drain between two items.
	subject := new(manual[int])
	obs = observabletest.NewObserver[int](t)
	obs.Inside.Next = func(v int) {
		if v == 1 {
			subject.o.OnError(errBang)
		}
	}
	subject.observable().ObserveOn(c, observable.Unlimited).Subscribe(c.ctx, obs)
	for i := range 4 {
		subject.o.OnNext(i)
	}
	c.Trigger()
	obs.AssertValues(t, 0, 1)
	obs.AssertError(t, errBang)
}

// manual is a source that the test tells what to emit.
type manual[T any] struct {
	o        observable.Observer[T]
	disposed atomic.Bool
}

func (m *manual[T]) observable() observable.Observable[T] { return observable.NewUnsafe[T](m) }
func (m *manual[T]) Dispose()                             { m.disposed.Store(true) }
func (m *manual[T]) Disposed() bool                       { return m.disposed.Load() }

func (m *manual[T]) Subscribe(_ context.Context, o observable.Observer[T]) {
	m.o = o
	o.OnSubscribe(m)
}

func TestObserveOn_DisposeDropsTheQueue(t *testing.T) {
	c := newTimed(t)
	src := new(manual[int])
	obs := observabletest.Subscribe(c.ctx, src.observable().ObserveOn(c, observable.Unlimited), t)
	src.o.OnNext(1)
	obs.Dispose()
	assert.True(t, src.disposed.Load())
	assert.True(t, obs.Upstream().Disposed())
	assert.Zero(t, c.Pending())
	src.o.OnNext(2)
	c.Trigger()
	obs.AssertEmpty(t)

	obs = observabletest.NewObserver[int](t).DisposeAfter(2)
	src = new(manual[int])
	src.observable().ObserveOn(c, observable.Unlimited).Subscribe(c.ctx, obs)
	for i := range 4 {
		src.o.OnNext(i)
	}
	src.o.OnComplete()
	c.Trigger()
	obs.AssertValues(t, 0, 1)
	obs.AssertNotTerminated(t)
	assert.True(t, src.disposed.Load())
}

// produce emits to m until stopped by its Dispose, and returns how many items
// have been taken so far.
func (m *manual[T]) produce(n int, item func(int) T) (taken func() int, done chan struct{}) {
	count := new(taskNotes)
	done = make(chan struct{})
	go func() {
		defer close(done)
		for i := range n {
			m.o.OnNext(item(i))
			count.add("")
		}
	}()
	return func() int { return len(count.all()) }, done
}

func TestObserveOn_BoundHoldsTheProducerBack(t *testing.T) {
	for _, bound := range []int{1, 2, 10, 100} {
		synctest.Test(t, func(t *testing.T) {
			obs := observabletest.NewObserver[int](t)
			gate := make(chan struct{})
			obs.Inside.Next = func(int) { <-gate }
			src := new(manual[int])
			src.observable().ObserveOn(observable.Go(), bound).Subscribe(context.Background(), obs)
			src.o.OnNext(-1)
			synctest.Wait() // it is being delivered
			taken, done := src.produce(3*bound, func(i int) int { return i })
			for i := range 3 * bound {
				synctest.Wait()
				delivered := i // those that have come out of the queue
				assert.LessOrEqual(t, taken(), bound+delivered, "no more than the bound waits")
				if bound <= 16 {
					assert.Equal(t, min(bound+delivered, 3*bound), taken(), "and no less")
				}
				gate <- struct{}{}
			}
			<-done
			src.o.OnComplete()
			close(gate)
			<-obs.Done()
			assert.Equal(t, 3*bound+1, obs.Count())
			obs.AssertComplete(t)
		})
	}
}

func TestObserveOn_DisposeFreesAWaitingProducer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // which fails if a goroutine is left
		obs := observabletest.NewObserver[int](t)
		gate := make(chan struct{})
		obs.Inside.Next = func(int) { <-gate }
		src := new(manual[int])
		src.observable().ObserveOn(observable.Go(), 2).Subscribe(context.Background(), obs)
		taken, done := src.produce(10, func(i int) int { return i })
		synctest.Wait()
		assert.Less(t, taken(), 10)
		obs.Dispose()
		<-done
		assert.Equal(t, 10, taken(), "what comes after is dropped")
		close(gate)
		synctest.Wait()
		obs.AssertValues(t, 0)
		obs.AssertNotTerminated(t)
	})
}

// What was delivered is not held, though the queue keeps its slices.
func TestObserveOn_HoldsNoItemWhileItIsIdle(t *testing.T) {
	v := observabletest.NewVirtualScheduler()
	src := new(manual[*[64]int])
	obs := observabletest.NewObserver[*[64]int](t)
	obs.Forget = true
	src.observable().ObserveOn(v, observable.Unlimited).Subscribe(context.Background(), obs)
	var made []weak.Pointer[[64]int]
	for range 20 {
		item := new([64]int)
		made = append(made, weak.Make(item))
		src.o.OnNext(item)
	}
	v.Trigger()
	runtime.GC()
	for i, item := range made {
		assert.Nil(t, item.Value(), "item %d", i)
	}
	runtime.KeepAlive(src)
}

// Rule C18, also for the item of a producer that waits when the observer leaves.
func TestObserveOn_HoldsNoItemAfterDispose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		obs := observabletest.NewObserver[*[64]int](t)
		obs.Forget = true
		gate := make(chan struct{})
		obs.Inside.Next = func(*[64]int) { <-gate }
		src := new(manual[*[64]int])
		src.observable().ObserveOn(observable.Go(), 2).Subscribe(context.Background(), obs)
		var made []weak.Pointer[[64]int]
		_, done := src.produce(5, func(int) *[64]int {
			item := new([64]int)
			made = append(made, weak.Make(item))
			return item
		})
		synctest.Wait()
		obs.Dispose()
		<-done
		close(gate)
		synctest.Wait()
		runtime.GC()
		for i, item := range made {
			assert.Nil(t, item.Value(), "item %d", i)
		}
		runtime.KeepAlive(obs)
		runtime.KeepAlive(src)
	})
}

func TestObserveOn_ContextFreesAWaitingProducer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		obs := observabletest.NewObserver[int](t)
		obs.Inside.Next = func(int) { time.Sleep(time.Minute) }
		done := make(chan struct{})
		go func() {
			observable.Range(0, 1_000_000_000).ObserveOn(observable.Go(), 2).Subscribe(ctx, obs)
			close(done)
		}()
		time.Sleep(90 * time.Second)
		cancel(errBang)
		<-done
		<-obs.Done()
		obs.AssertValues(t, 0, 1)
		obs.AssertError(t, errBang)
	})
}

func TestObserveOn_PanicOfTheObserverFreesAWaitingProducer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		obs := observabletest.NewObserver[int](t)
		obs.Inside.Next = func(v int) {
			time.Sleep(time.Second)
			if v == 3 {
				panic(errBang)
			}
		}
		observable.Range(0, 1_000_000_000).ObserveOn(observable.Go(), 2).Subscribe(context.Background(), obs)
		<-obs.Done()
		obs.AssertValues(t, 0, 1, 2, 3)
		obs.AssertError(t, errBang)
	})
}

// Where the task may need the producer's goroutine, the queue grows instead.
func TestObserveOn_BoundGivesWayWhereWaitingCouldBeForEver(t *testing.T) {
	for name, s := range map[string]func() observable.Scheduler{
		"Current":           observable.Current,
		"one place, shared": func() observable.Scheduler { return onePlacePool() },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				on := s()
				obs := observabletest.Subscribe(context.Background(), observable.Range(0, 100).SubscribeOn(on).ObserveOn(on, 3), t)
				<-obs.Done()
				assert.Equal(t, 100, obs.Count())
				obs.AssertComplete(t)
			})
		})
	}
}

func TestObserveOn_RefusalIsItsErrorOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pool, later := refusingPool(false)
		src := new(manual[int])
		obs := observabletest.Subscribe(context.Background(), src.observable().ObserveOn(later, observable.Unlimited), t)
		src.o.OnNext(1)
		synctest.Wait()
		pool.full.Store(true)
		src.o.OnNext(2)
		assert.True(t, src.disposed.Load())
		src.o.OnNext(3)
		pool.full.Store(false)
		src.o.OnNext(4)
		synctest.Wait()
		obs.AssertValues(t, 1)
		obs.AssertError(t, errPoolFull)

		_, full := refusingPool(true)
		obs = observabletest.Subscribe(context.Background(), observable.Error[int](errBang).ObserveOn(full, 1), t)
		obs.AssertError(t, errBang)
		obs.AssertError(t, errPoolFull)

		obs = observabletest.Subscribe(context.Background(), observable.Empty[int]().ObserveOn(full, 1), t)
		obs.AssertError(t, errPoolFull)
	})
}

// The pool's place is free between two bursts.
func TestObserveOn_HasOneTaskPerBurst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tasks := 0
		s := observable.SchedulerFunc(func(run func()) error { tasks++; go run(); return nil })
		src := new(manual[int])
		obs := observabletest.Subscribe(context.Background(), src.observable().ObserveOn(s, observable.Unlimited), t)
		for burst := range 3 {
			gate := make(chan struct{})
			obs.Inside.Next = func(int) { <-gate }
			for i := range 10 {
				src.o.OnNext(i)
				synctest.Wait()
			}
			close(gate)
			synctest.Wait()
			assert.Equal(t, burst+1, tasks)
		}
		assert.Equal(t, 30, obs.Count())
	})
}

func TestObserveOn_PanicAboveAndBelow(t *testing.T) {
	c := newTimed(t)
	boom := func(v int) int {
		if v == 2 {
			panic(errBang)
		}
		return v
	}
	above, below := timedObserver[int](c), timedObserver[int](c)
	observable.Map(observable.Range(0, 9), boom).ObserveOn(c, observable.Unlimited).Subscribe(c.ctx, above)
	src := new(manual[int])
	observable.Map(src.observable().ObserveOn(c, observable.Unlimited), boom).Subscribe(c.ctx, below)
	for i := range 4 {
		src.o.OnNext(i)
	}
	c.Trigger()
	above.AssertEmpty(t)
	above.AssertError(t, errBang)
	below.AssertValues(t, 0, 1)
	below.AssertError(t, errBang)
	assert.True(t, src.disposed.Load())
	assert.Zero(t, c.Pending())

	last := timedObserver[int](c)
	last.Inside.Complete = func() { panic(errBang) }
	observable.Empty[int]().ObserveOn(c, 1).Subscribe(c.ctx, last)
	c.Trigger()
	require.Len(t, c.reports, 1)
	require.ErrorIs(t, c.reports[0], errBang)
	c.reports = nil
}

// A panic that comes from above, from no stage's function, must not be put down
// to a stage below, which works on another goroutine: the task tells it.
func TestObserveOn_PanicOfABareSource(t *testing.T) {
	for name, build := range map[string]func(o observable.Observable[int], c *timed) observable.Observable[int]{
		"ObserveOn": func(o observable.Observable[int], c *timed) observable.Observable[int] { return o.ObserveOn(c, 2) },
		"Delay": func(o observable.Observable[int], c *timed) observable.Observable[int] {
			return observable.Delay(o, time.Second, c)
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := newTimed(t)
			src := new(panicking)
			obs := timedObserver[int](c)
			observable.Map(build(observable.NewUnsafe[int](src), c), func(v int) int { return v }).Subscribe(c.ctx, obs)
			obs.AssertNotTerminated(t)
			assert.True(t, src.disposed.Load())
			c.Trigger()
			obs.AssertError(t, errBang)
			obs.AssertEmpty(t)
		})
	}
}

type panicking struct{ manual[int] }

func (p *panicking) Subscribe(ctx context.Context, o observable.Observer[int]) {
	active := true
	defer observable.Catch[int](ctx, &active, p, o)
	o.OnSubscribe(p)
	o.OnNext(1)
	panic(errBang)
}
