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

// strictPool makes a pool that must not see a panic: the streams take them all.
func strictPool(t testing.TB, cfg isolation.PoolConfig) *isolation.Pool {
	t.Helper()
	p, err := isolation.NewPool("P", cfg, &isolation.PoolOptions{OnPanic: func(v any, _ []byte) { t.Error("a panic reached the pool: ", v) }})
	require.NoError(t, err)
	return p
}

// gated is a body that waits, and counts how often it was run.
func gated(gate <-chan struct{}, runs *int) stream {
	return observable.FromFunc(func(context.Context) (int, error) {
		*runs++
		<-gate
		return 1, nil
	})
}

func TestOn_Arguments(t *testing.T) {
	defer func() { assert.IsType(t, (*observable.ArgumentError)(nil), recover()) }()
	isolation.On(observable.Just(1), nil)
}

// The body runs in a slot, off the subscriber's goroutine; the slot is free when
// the end is told (I7).
func TestOn_RunsInASlot(t *testing.T) {
	for _, fail := range []error{nil, errBoom} {
		synctest.Test(t, func(t *testing.T) {
			p := strictPool(t, isolation.PoolConfig{Core: 1})
			gate := make(chan struct{})
			o := observabletest.NewObserver[int](t)
			told := 0
			free := func() {
				told++
				assert.Zero(t, p.Stats().Active)
			}
			o.Inside.Complete = free
			o.Inside.Error = func(error) { free() }
			isolation.On(observable.FromFunc(func(context.Context) (int, error) {
				<-gate
				assert.Equal(t, 1, p.Stats().Active)
				return 1, fail
			}), p).Subscribe(t.Context(), o) // returns though the gate is shut
			close(gate)
			synctest.Wait()
			assert.Equal(t, 1, told)
			o.Dispose()
			assert.Equal(t, isolation.PoolStats{Core: 1, Max: 1, Largest: 1, Submitted: 1, Completed: 1}, p.Stats())
		})
	}
}

// A caller that calls again when it has its answer is never refused the slot
// that it had.
func TestOn_SerialCallerIsNeverRefused(t *testing.T) {
	p := strictPool(t, isolation.PoolConfig{Core: 1})
	call := isolation.On(observable.FromFunc(func(context.Context) (int, error) { return 1, nil }), p)
	sinks := []func(context.Context) (int, error){call.First, call.Single, call.Last}
	for i := range 10_000 {
		_, err := sinks[i%3](context.Background())
		require.NoError(t, err)
	}
	require.NoError(t, p.Wait(t.Context()))
	assert.Zero(t, p.Stats().AbandonedTotal)
}

// Who subscribes again inside the end does it in the slot that just became free.
func TestOn_SubscribesAgainAtTheEnd(t *testing.T) {
	p := strictPool(t, isolation.PoolConfig{Core: 1})
	_, err := isolation.On(observable.Error[int](errBoom), p).Retry(100).First(t.Context())
	require.ErrorIs(t, err, errBoom)
	one := isolation.On(observable.Just(1), p)
	all, err := observable.Concat(one, one, one).ToSlice(t.Context())
	require.NoError(t, err)
	assert.Len(t, all, 3)
	require.NoError(t, p.Wait(t.Context()))
}

// The refusal comes on the subscriber's goroutine, after OnSubscribe.
func TestOn_Refuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := strictPool(t, isolation.PoolConfig{Core: 1, Queue: 1})
		gate, runs := make(chan struct{}), 0
		call := isolation.On(gated(gate, &runs), p)
		running, queued := observabletest.Subscribe(t.Context(), call, t), observabletest.Subscribe(t.Context(), call, t)
		refused := observabletest.NewObserver[int](t)
		call.Source().Subscribe(t.Context(), refused)
		refused.AssertError(t, isolation.ErrPoolFull)
		refused.Dispose()
		close(gate)
		synctest.Wait()
		running.AssertValues(t, 1)
		queued.AssertValues(t, 1)
		assert.Equal(t, 2, runs)
		assert.Equal(t, isolation.PoolStats{Core: 1, Max: 1, QueueLimit: 1, Largest: 1, Submitted: 2, Completed: 2, Rejected: 1}, p.Stats())
	})
}

func TestOn_DisposedInTheQueueNeverRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := strictPool(t, isolation.PoolConfig{Core: 1, Queue: 1})
		gate, runs := make(chan struct{}), 0
		call := isolation.On(gated(gate, &runs), p)
		running, queued := observabletest.Subscribe(t.Context(), call, t), observabletest.Subscribe(t.Context(), call, t)
		synctest.Wait()
		queued.Dispose()
		queued.Dispose()
		assert.Zero(t, p.Stats().Queued)
		next := observabletest.Subscribe(t.Context(), call, t) // there is room again
		close(gate)
		synctest.Wait()
		running.AssertComplete(t)
		next.AssertComplete(t)
		queued.AssertNotTerminated(t)
		queued.AssertEmpty(t)
		assert.Equal(t, 2, runs)
		assert.Equal(t, isolation.PoolStats{Core: 1, Max: 1, QueueLimit: 1, Largest: 1, Submitted: 3, Completed: 2, Cancelled: 1}, p.Stats())
	})
}

// Who disposes inside OnSubscribe takes no slot.
func TestOn_DisposedAtOnce(t *testing.T) {
	p := strictPool(t, isolation.PoolConfig{Core: 1})
	isolation.On(observable.Just(1), p).Subscribe(t.Context(), observabletest.NewObserver[int](t).DisposeAfter(0))
	assert.Equal(t, isolation.PoolStats{Core: 1, Max: 1}, p.Stats())
}

// Close tells those who are queued, unless they have left, and those who come.
func TestOn_Close(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := strictPool(t, isolation.PoolConfig{Core: 1, Queue: 3})
		gate, runs := make(chan struct{}), 0
		call := isolation.On(gated(gate, &runs), p)
		running := observabletest.Subscribe(t.Context(), call, t)
		var queued [2]*observabletest.TestObserver[int]
		for i := range queued {
			queued[i] = observabletest.NewObserver[int](t)
			queued[i].Inside.Error = func(error) { runtime.Goexit() } // harms nobody but the goroutine of Close
			call.Subscribe(t.Context(), queued[i])
		}
		left := observabletest.Subscribe(t.Context(), call, t)
		synctest.Wait()
		left.Dispose()
		ended(p.Close)
		for _, o := range append(queued[:], observabletest.Subscribe(t.Context(), call, t)) {
			o.AssertError(t, isolation.ErrPoolClosed)
		}
		left.AssertNotTerminated(t)
		close(gate)
		require.NoError(t, p.Wait(t.Context()))
		running.AssertValues(t, 1)
		assert.Equal(t, 1, runs)
	})
}

// Who is told of the Close may dispose others, which Close was about to tell.
func TestOn_DisposedWhileTheQueueIsDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := strictPool(t, isolation.PoolConfig{Core: 1, Queue: 2})
		gate, runs := make(chan struct{}), 0
		call := isolation.On(gated(gate, &runs), p)
		observabletest.Subscribe(t.Context(), call, t)
		first, second := observabletest.NewObserver[int](t), observabletest.NewObserver[int](t)
		first.Inside.Error = func(error) { second.Dispose() }
		call.Subscribe(t.Context(), first)
		call.Subscribe(t.Context(), second)
		p.Close()
		first.AssertError(t, isolation.ErrPoolClosed)
		second.AssertNotTerminated(t)
		close(gate)
	})
}

// User code that outlives a Dispose keeps the slot, and counts as abandoned,
// until it has ended, in whatever way.
func TestOn_BodyOutlivesDispose(t *testing.T) {
	for name, body := range bodies {
		for _, how := range []ending{byReturn, byPanic, byGoexit} {
			t.Run(fmt.Sprint(name, how), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					p := strictPool(t, isolation.PoolConfig{Core: 1})
					outer := newSemaphore(t, 1)
					gate := make(chan ending)
					o := observabletest.Subscribe(quiet(), isolation.Limit(isolation.On(body(func() { end(<-gate) }), p), outer), t)
					synctest.Wait()
					assert.Equal(t, isolation.PoolStats{Core: 1, Max: 1, Largest: 1, Submitted: 1, Active: 1}, p.Stats())
					o.Dispose()
					synctest.Wait()
					assert.Equal(t, isolation.PoolStats{Core: 1, Max: 1, Largest: 1, Submitted: 1, Active: 1, Abandoned: 1, AbandonedTotal: 1}, p.Stats())
					assert.Equal(t, isolation.SemaphoreStats{Limit: 1, InUse: 1, Abandoned: 1, AbandonedTotal: 1}, outer.Stats())
					observabletest.Subscribe(t.Context(), isolation.On(observable.Just(1), p), t).AssertError(t, isolation.ErrPoolFull)
					gate <- how
					synctest.Wait()
					assert.Equal(t, isolation.PoolStats{Core: 1, Max: 1, Largest: 1, Submitted: 1, Completed: 1, AbandonedTotal: 1, Rejected: 1}, p.Stats())
					assert.Zero(t, outer.InUse())
					o.AssertEmpty(t)
					o.AssertNotTerminated(t)
				})
			})
		}
	}
}

// It also does when upstream's Dispose does not return.
func TestOn_DisposeDoesNotReturn(t *testing.T) {
	for how, fault := range map[string]func(){"panic": func() { panic(errBoom) }, "Goexit": runtime.Goexit} {
		t.Run(how, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := strictPool(t, isolation.PoolConfig{Core: 1})
				gate := make(chan struct{})
				o := observabletest.Subscribe(context.Background(), isolation.On(observable.New[int](sourceFunc(func(_ context.Context, o observable.Observer[int]) {
					o.OnSubscribe(&handle{onDispose: fault})
					<-gate
				})), p), t)
				synctest.Wait()
				ended(o.Dispose)
				assert.Equal(t, 1, p.Stats().Abandoned)
				close(gate)
				synctest.Wait()
				assert.Zero(t, p.Stats().Active)
			})
		})
	}
}

// A stream that goes on after its Subscribe has returned does it without a slot,
// also where it runs user code again.
func TestOn_HoldsTheSlotWhileSubscribeRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := strictPool(t, isolation.PoolConfig{Core: 1})
		runs := 0
		body := observable.FromFunc(func(context.Context) (int, error) {
			runs++
			assert.Equal(t, 2-runs, p.Stats().Active, "in run %d", runs)
			return runs, nil
		})
		o := observabletest.Subscribe(t.Context(), isolation.On(observable.Concat(body, observable.ConcatMap(observable.Timer(time.Second),
			func(int) stream { return body })), p), t)
		synctest.Wait()
		o.AssertValues(t, 1)
		assert.Equal(t, isolation.PoolStats{Core: 1, Max: 1, Largest: 1, Submitted: 1, Completed: 1}, p.Stats())
		time.Sleep(2 * time.Second)
		synctest.Wait()
		o.AssertValues(t, 1, 2)
		o.AssertComplete(t)
		assert.Equal(t, isolation.PoolStats{Core: 1, Max: 1, Largest: 1, Submitted: 1, Completed: 1}, p.Stats())
	})
}

// Code that starts after the stream was disposed has no slot, and does not run.
func TestOn_BodyComesTooLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := strictPool(t, isolation.PoolConfig{Core: 1})
		var ctx context.Context
		o := observabletest.Subscribe(context.Background(), isolation.On(observable.NewUnsafe[int](sourceFunc(func(c context.Context, o observable.Observer[int]) {
			ctx = c
			o.OnSubscribe(new(handle))
		})), p), t)
		synctest.Wait()
		ran := 0
		for _, body := range bodies {
			body(func() { ran++ }).Source().Subscribe(ctx, observable.Funcs[int]{})
		}
		assert.Equal(t, len(bodies), ran, "while the stream is on")
		o.Dispose()
		for _, body := range bodies {
			body(func() { ran++ }).Source().Subscribe(ctx, observable.Funcs[int]{})
		}
		assert.Equal(t, len(bodies), ran, "after it was disposed")
	})
}

// Wherever a panic or a Goexit comes from, the observer is told and the slot is
// back.
func TestOn_PanicAndGoexit(t *testing.T) {
	faults(t, func(t *testing.T, up stream, subscribe func(stream) *observabletest.TestObserver[int]) {
		p := strictPool(t, isolation.PoolConfig{Core: 1})
		o := subscribe(isolation.On(up, p))
		assert.True(t, o.Terminated())
		s := p.Stats()
		assert.Zero(t, s.Active)
		assert.Equal(t, s.Submitted, s.Completed)
	})
}

// Whenever a subscription is disposed: no slot is lost, and none is taken twice.
func TestOn_DisposeAtAnyMoment(t *testing.T) {
	p := strictPool(t, isolation.PoolConfig{Core: 2, Queue: 2})
	call := isolation.On(observable.FromFunc(func(context.Context) (int, error) {
		runtime.Gosched()
		assert.LessOrEqual(t, p.Stats().Active, 2)
		return 1, nil
	}), p)
	for i := range 500 {
		var all sync.WaitGroup
		for j := range 4 {
			o := observabletest.NewObserver[int](t)
			if j%2 == 0 {
				o.DisposeAfter(i % 2)
			}
			call.Subscribe(context.Background(), o)
			all.Go(func() {
				for range i % 5 {
					runtime.Gosched()
				}
				o.Dispose()
			})
		}
		all.Wait()
	}
	require.NoError(t, p.Wait(t.Context()))
	s := p.Stats()
	assert.Zero(t, s.Active+s.Queued+s.Abandoned)
	assert.Equal(t, s.Submitted, s.Completed+s.Cancelled)
}

func TestOn_Contract(t *testing.T) {
	observabletest.Contract(t, observabletest.Operator[*observabletest.Token]{
		Name: "On",
		Apply: func(up observable.Observable[*observabletest.Token], _ func()) observable.Observable[any] {
			p, err := isolation.NewPool("P", isolation.PoolConfig{Core: 10}, nil)
			require.NoError(t, err)
			return observabletest.Erase(isolation.On(up, p))
		},
	})
}

// How do I run a stream in a pool, so that its caller can leave before it ends?
func ExampleOn() {
	p, err := isolation.NewPool("GetUser", isolation.PoolConfig{Core: 1}, nil)
	if err != nil {
		panic(err)
	}
	started, gate := make(chan struct{}), make(chan struct{})
	slow := isolation.On(observable.FromFunc(func(context.Context) (string, error) {
		close(started)
		<-gate // it does not look at its context
		return "Ada", nil
	}), p)

	var user observable.Disposable
	slow.Subscribe(context.Background(), observable.Funcs[string]{ // returns at once
		Subscribe: func(d observable.Disposable) { user = d },
	})
	<-started
	_, err = slow.First(context.Background())
	fmt.Println(err)

	user.Dispose() // the caller has waited long enough
	fmt.Println("active:", p.Stats().Active)
	close(gate)
	if err := p.Wait(context.Background()); err != nil { // until the slot is back
		panic(err)
	}
	fmt.Println("active:", p.Stats().Active)
	// Output:
	// isolation: pool full: "GetUser"
	// active: 1
	// active: 0
}
