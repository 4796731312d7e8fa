package isolation_test

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quillgo/quill/isolation"
	"github.com/quillgo/quill/observable"
	"github.com/quillgo/quill/observable/observabletest"
)

func TestLimit_Arguments(t *testing.T) {
	defer func() { assert.IsType(t, (*observable.ArgumentError)(nil), recover()) }()
	isolation.Limit(observable.Just(1), nil)
}

// The permit is held from the subscription to the end, and is back when the end
// is told (I7).
func TestLimit_HoldsUntilTheEnd(t *testing.T) {
	for name, end := range map[string]func(s observable.Subject[int]){
		"completion": func(s observable.Subject[int]) { s.OnComplete() },
		"error":      func(s observable.Subject[int]) { s.OnError(errBoom) },
	} {
		t.Run(name, func(t *testing.T) {
			sem := newSemaphore(t, 2)
			up := observable.NewPublishSubject[int]()
			o := observabletest.NewObserver[int](t)
			told := 0
			back := func() {
				told++
				assert.Zero(t, sem.InUse(), "the end is told")
			}
			o.Inside.Complete = back
			o.Inside.Error = func(error) { back() }
			limited := isolation.Limit(up.Observable(), sem)
			assert.Zero(t, sem.InUse(), "nobody has subscribed")
			limited.Subscribe(t.Context(), o)
			assert.Equal(t, 1, sem.InUse())
			up.OnNext(1)
			assert.Equal(t, 1, sem.InUse())
			end(up)
			o.AssertValues(t, 1)
			o.Dispose()
			assert.Equal(t, 1, told)
			assert.Equal(t, isolation.SemaphoreStats{Limit: 2}, sem.Stats())
		})
	}
}

func TestLimit_HoldsUntilDispose(t *testing.T) {
	sem := newSemaphore(t, 2)
	up := observable.NewPublishSubject[int]()
	limited := isolation.Limit(up.Observable(), sem)
	first, second := observabletest.Subscribe(t.Context(), limited, t), observabletest.Subscribe(t.Context(), limited, t)
	assert.Equal(t, 2, sem.InUse())
	first.Dispose()
	first.Dispose()
	assert.Equal(t, isolation.SemaphoreStats{Limit: 2, InUse: 1}, sem.Stats())
	up.OnNext(1)
	first.AssertEmpty(t)
	second.AssertValues(t, 1)
	second.Dispose()
	assert.Equal(t, isolation.SemaphoreStats{Limit: 2}, sem.Stats())
	inside := observabletest.NewObserver[int](t).DisposeAfter(0)
	limited.Subscribe(t.Context(), inside)
	assert.Zero(t, sem.InUse())
}

func TestLimit_Refuses(t *testing.T) {
	sem := newSemaphore(t, 1)
	held := observabletest.Subscribe(t.Context(), isolation.Limit(observable.Never[int](), sem), t)
	subscribed := false
	refused := observabletest.Subscribe(t.Context(), isolation.Limit(observable.New[int](sourceFunc(func(context.Context, observable.Observer[int]) {
		subscribed = true
	})), sem), t)
	refused.AssertEmpty(t)
	refused.AssertError(t, isolation.ErrSemaphoreFull)
	assert.Same(t, sem.Refusal(), refused.Err())
	assert.False(t, subscribed)
	refused.Dispose()
	assert.Equal(t, isolation.SemaphoreStats{Limit: 1, InUse: 1, Rejected: 1}, sem.Stats())
	held.Dispose()
	assert.Zero(t, sem.InUse())
}

// Who subscribes again when it is told the end finds the permit back.
func TestLimit_SubscribesAgainAtTheEnd(t *testing.T) {
	sem := newSemaphore(t, 1)
	failing := isolation.Limit(observable.Error[int](errBoom), sem)
	observabletest.Subscribe(t.Context(), failing.Retry(100), t).AssertError(t, errBoom)
	one := isolation.Limit(observable.Just(1), sem)
	observabletest.Subscribe(t.Context(), observable.Concat(one, one, one), t).AssertValues(t, 1, 1, 1)
	assert.Equal(t, isolation.SemaphoreStats{Limit: 1}, sem.Stats())
}

// User code that outlives a Dispose keeps the permit, and counts as abandoned,
// until it has ended, in whatever way.
func TestLimit_BodyOutlivesDispose(t *testing.T) {
	for name, body := range bodies {
		for _, how := range []ending{byReturn, byPanic, byGoexit} {
			t.Run(fmt.Sprint(name, how), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					sem := newSemaphore(t, 1)
					gate := make(chan ending)
					limited := isolation.Limit(body(func() { end(<-gate) }), sem)
					o := observabletest.NewObserver[int](t)
					go limited.Subscribe(quiet(), o)
					synctest.Wait()
					assert.Equal(t, isolation.SemaphoreStats{Limit: 1, InUse: 1}, sem.Stats())
					o.Dispose()
					assert.Equal(t, isolation.SemaphoreStats{Limit: 1, InUse: 1, Abandoned: 1, AbandonedTotal: 1}, sem.Stats())
					observabletest.Subscribe(t.Context(), limited, t).AssertError(t, isolation.ErrSemaphoreFull)
					gate <- how
					synctest.Wait()
					assert.Equal(t, isolation.SemaphoreStats{Limit: 1, AbandonedTotal: 1, Rejected: 1}, sem.Stats())
					o.AssertEmpty(t)
					o.AssertNotTerminated(t)
				})
			})
		}
	}
}

// Two semaphores around one body are both held, also after a Dispose.
func TestLimit_Nested(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		outer, inner := newSemaphore(t, 2), newSemaphore(t, 1)
		gate := make(chan struct{})
		limited := isolation.Limit(isolation.Limit(observable.FromFunc(func(context.Context) (int, error) { <-gate; return 1, nil }), inner), outer)
		o := observabletest.NewObserver[int](t)
		go limited.Subscribe(t.Context(), o)
		synctest.Wait()
		second := observabletest.Subscribe(t.Context(), limited, t)
		assert.Same(t, inner.Refusal(), second.Err())
		assert.Equal(t, 1, outer.InUse(), "the refused one gave the outer permit back")
		o.Dispose()
		for _, sem := range []*isolation.Semaphore{outer, inner} {
			assert.Equal(t, 1, sem.Stats().InUse)
			assert.Equal(t, 1, sem.Stats().Abandoned)
		}
		close(gate)
		synctest.Wait()
		for _, sem := range []*isolation.Semaphore{outer, inner} {
			assert.Zero(t, sem.Stats().InUse)
			assert.Zero(t, sem.Stats().Abandoned)
		}
	})
}

// A body whose permit has gone back does not run (I3).
func TestLimit_BodyComesTooLate(t *testing.T) {
	sem := newSemaphore(t, 1)
	var ctx context.Context
	slow := observable.NewUnsafe[int](sourceFunc(func(c context.Context, o observable.Observer[int]) {
		ctx = c
		o.OnSubscribe(new(handle))
	}))
	observabletest.Subscribe(context.Background(), isolation.Limit(slow, sem), t).Dispose()
	assert.Zero(t, sem.InUse())
	for name, body := range bodies {
		body(func() { t.Error("it runs without a permit: ", name) }).Source().Subscribe(ctx, observable.Funcs[int]{})
	}
}

// Wherever a panic or a Goexit comes from, the permit is back.
func TestLimit_PanicAndGoexit(t *testing.T) {
	faults(t, func(t *testing.T, up stream, subscribe func(stream) *observabletest.TestObserver[int]) {
		sem := newSemaphore(t, 1)
		subscribe(isolation.Limit(up, sem))
		assert.Equal(t, isolation.SemaphoreStats{Limit: 1}, sem.Stats())
	})
}

// So it is when upstream's Dispose does not return.
func TestLimit_DisposeDoesNotReturn(t *testing.T) {
	for how, fault := range map[string]func(){"panic": func() { panic(errBoom) }, "Goexit": runtime.Goexit} {
		t.Run(how, func(t *testing.T) {
			sem := newSemaphore(t, 1)
			up := observable.New[int](sourceFunc(func(_ context.Context, o observable.Observer[int]) {
				o.OnSubscribe(&handle{onDispose: fault})
			}))
			o := observabletest.Subscribe(context.Background(), isolation.Limit(up, sem), t)
			assert.Equal(t, 1, sem.InUse())
			ended(o.Dispose)
			assert.Zero(t, sem.InUse())
		})
	}
}

// A Dispose that races with the end gives the permit back once.
func TestLimit_DisposeAtTheEnd(t *testing.T) {
	sem := newSemaphore(t, 1)
	for range 300 {
		up := observable.NewPublishSubject[int]()
		o := observabletest.Subscribe(context.Background(), isolation.Limit(up.Observable(), sem))
		var both sync.WaitGroup
		both.Go(up.OnComplete)
		both.Go(o.Dispose)
		both.Wait()
		assert.Equal(t, isolation.SemaphoreStats{Limit: 1}, sem.Stats())
	}
}

func TestLimit_Contract(t *testing.T) {
	observabletest.Contract(t, observabletest.Operator[*observabletest.Token]{
		Name: "Limit",
		Apply: func(up observable.Observable[*observabletest.Token], _ func()) observable.Observable[any] {
			sem, err := isolation.NewSemaphore("S", 10)
			require.NoError(t, err)
			return observabletest.Erase(isolation.Limit(up, sem))
		},
	})
}

// How do I bound how many subscriptions of a stream are on at a time?
func ExampleLimit() {
	s, err := isolation.NewSemaphore("GetUser", 1)
	if err != nil {
		panic(err)
	}
	ctx := context.Background()
	getUser := isolation.Limit(observable.FromFunc(func(context.Context) (string, error) {
		fmt.Println("in use:", s.InUse())
		return "Ada", nil
	}), s)
	fmt.Println(getUser.First(ctx))
	fmt.Println("in use:", s.InUse())

	s.TryAcquire() // somebody else is at it
	_, err = getUser.First(ctx)
	fmt.Println(err)
	// Output:
	// in use: 1
	// Ada <nil>
	// in use: 0
	// isolation: semaphore full: "GetUser"
}

// A shared connection must not depend on the permit of whom it began with.
func TestLimit_SharedConnectionHoldsNoPermit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sem := newSemaphore(t, 1)
		body := observable.FromFunc(func(context.Context) (int, error) { return 7, nil })
		shared := observable.Share(observable.ConcatMap(observable.Timer(time.Second), func(int) stream { return body }))
		first := observabletest.Subscribe(context.Background(), isolation.Limit(shared, sem), t)
		second := observabletest.Subscribe(context.Background(), shared, t)
		first.Dispose()
		assert.Zero(t, sem.InUse())
		time.Sleep(time.Minute)
		second.AssertValues(t, 7)
		second.AssertComplete(t)
	})
}
