package cache_test

import (
	"context"
	"runtime"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quillgo/quill/cache"
	"github.com/quillgo/quill/observable"
	"github.com/quillgo/quill/observable/observabletest"
)

// alone runs f on a goroutine of its own, which a Goexit may end, and waits. It
// returns what f panicked with.
func alone(f func()) (recovered any) {
	var g sync.WaitGroup
	g.Go(func() {
		defer func() { recovered = recover() }()
		f()
	})
	g.Wait()
	return recovered
}

// join subscribes a sharer to f.
func join(t *testing.T, f *cache.Flight[int], o *observabletest.TestObserver[int]) *observabletest.TestObserver[int] {
	t.Helper()
	seat, ok := f.Join()
	require.True(t, ok)
	seat.Subscribe(context.Background(), o)
	return o
}

func observer(t *testing.T) *observabletest.TestObserver[int] {
	return observabletest.NewObserver[int](t)
}

// A flight is subscribed to once, and replayed to whoever comes when.
func TestFlight_Shares(t *testing.T) {
	for _, end := range []error{nil, errBoom} {
		var r remote
		f := cache.NewFlight[int]("tag")
		assert.Equal(t, "tag", f.Tag())
		early := join(t, f, observer(t))
		f.Start(context.Background(), r.Observable())
		r.last().OnNext(1)
		during := observabletest.Subscribe(context.Background(), f.Observable(), t)
		r.last().OnNext(2)
		observable.End(context.Background(), r.last(), r.last().Observer, end)
		after := join(t, f, observer(t))
		for _, o := range []*observabletest.TestObserver[int]{early, during, after} {
			o.AssertValues(t, 1, 2)
			assert.True(t, o.Terminated())
			assert.Equal(t, end, o.Err())
			o.Dispose()
			assert.True(t, o.Upstream().Disposed())
		}
		assert.Equal(t, 1, r.count())
		assert.False(t, r.last().Disposed(), "it ended by itself")
		join(t, f, observer(t)).AssertValues(t, 1, 2) // though all have left
	}
}

func TestFlight_Outcome(t *testing.T) {
	for _, c := range []struct {
		items []int
		err   error
		want  cache.Outcome[int]
		ok    bool
	}{
		{nil, nil, cache.Outcome[int]{}, true},
		{[]int{7}, nil, cache.Outcome[int]{Value: 7, Items: 1}, true},
		{[]int{7, 8}, nil, cache.Outcome[int]{}, false},
		{nil, errBoom, cache.Outcome[int]{Err: errBoom}, true},
		{[]int{7}, errBoom, cache.Outcome[int]{Value: 7, Items: 1, Err: errBoom}, true},
		{[]int{7, 8}, errBoom, cache.Outcome[int]{}, false},
	} {
		var r remote
		f := cache.NewFlight[int](nil)
		o := observer(t)
		check := func() {
			got, ok := f.Outcome()
			assert.Equal(t, c.ok, ok)
			assert.Equal(t, c.want, got)
		}
		o.Inside.Complete = check // who is told the end finds the outcome
		o.Inside.Error = func(error) { check() }
		join(t, f, o)
		f.Start(context.Background(), r.Observable())
		for _, v := range c.items {
			r.last().OnNext(v)
		}
		_, ok := f.Outcome()
		assert.False(t, ok, "while it is on")
		observable.End(context.Background(), r.last(), r.last().Observer, c.err)
		check()
		assert.Zero(t, testing.AllocsPerRun(10, func() { _, _ = f.Outcome() }))
	}
}

// Who leaves does not disturb the others; the last one to leave disposes the
// execution, once, and nobody joins after that (S3, S4).
func TestFlight_LastSharerLeaves(t *testing.T) {
	var r remote
	f := cache.NewFlight[int](nil)
	leader, follower := join(t, f, observer(t)), join(t, f, observer(t))
	f.Start(context.Background(), r.Observable())
	r.last().OnNext(1)
	leader.Dispose()
	leader.Dispose()
	assert.False(t, r.last().Disposed())
	r.last().OnNext(2)
	leader.AssertValues(t, 1)
	follower.AssertValues(t, 1, 2)
	follower.Dispose()
	follower.Dispose()
	assert.EqualValues(t, 1, r.last().disposed.Load())
	_, ok := f.Join()
	assert.False(t, ok)
	_, ok = f.Outcome()
	assert.False(t, ok)
	late := observabletest.Subscribe(context.Background(), f.Observable(), t)
	late.AssertValues(t, 1, 2)
	late.AssertError(t, context.Canceled)
	leader.AssertNotTerminated(t)
	follower.AssertNotTerminated(t)
}

// A sharer that disposes inside OnNext stops a synchronous execution if it is the
// last, and only then.
func TestFlight_LeavesInsideOnNext(t *testing.T) {
	for _, others := range []int{0, 1} {
		f := cache.NewFlight[int](nil)
		leaver := join(t, f, observer(t).DisposeAfter(2))
		var other *observabletest.TestObserver[int]
		for range others {
			other = join(t, f, observer(t))
		}
		emitted := 0
		f.Start(context.Background(), observable.Range(0, 5).DoOnNext(func(int) { emitted++ }))
		leaver.AssertValues(t, 0, 1)
		leaver.AssertNotTerminated(t)
		if others == 0 {
			assert.Equal(t, 2, emitted)
		} else {
			other.AssertValues(t, 0, 1, 2, 3, 4)
			other.AssertComplete(t)
		}
	}
}

// One that is started when all have left is disposed before it does anything.
func TestFlight_StartAfterAbort(t *testing.T) {
	var r remote
	f := cache.NewFlight[int](nil)
	join(t, f, observer(t)).Dispose()
	ran := false
	f.Start(context.Background(), r.Observable().DoOnNext(func(int) { ran = true }))
	assert.EqualValues(t, 1, r.last().disposed.Load())

	f = cache.NewFlight[int](nil)
	join(t, f, observer(t).DisposeAfter(0))
	f.Start(context.Background(), observable.FromFunc(func(context.Context) (int, error) { ran = true; return 1, nil }))
	assert.False(t, ran)
}

func TestFlight_Cancel(t *testing.T) {
	var r remote
	f := cache.NewFlight[int](nil)
	first, second := join(t, f, observer(t)), join(t, f, observer(t))
	f.Start(context.Background(), r.Observable())
	r.last().OnNext(1)
	first.Inside.Error = func(error) { assert.True(t, r.last().Disposed(), "when the end is told") }
	f.Cancel(errBoom)
	f.Cancel(context.Canceled)
	assert.EqualValues(t, 1, r.last().disposed.Load())
	for _, o := range []*observabletest.TestObserver[int]{first, second, observabletest.Subscribe(context.Background(), f.Observable(), t)} {
		o.AssertValues(t, 1)
		o.AssertError(t, errBoom)
		o.Dispose()
	}
	assert.EqualValues(t, 1, r.last().disposed.Load())
	_, ok := f.Join()
	assert.False(t, ok)

	landed := cache.NewFlight[int](nil)
	landed.Start(context.Background(), observable.Just(1))
	landed.Cancel(errBoom)
	join(t, landed, observer(t)).AssertComplete(t)
}

// An execution that goes on after it was disposed is not heard; its error is
// reported, unless it says just that.
func TestFlight_SignalsAfterAbort(t *testing.T) {
	for err, want := range map[error][]error{nil: nil, context.Canceled: nil, errBoom: {errBoom}} {
		var reported []error
		ctx := observable.WithErrorHandler(context.Background(), func(err error) { reported = append(reported, err) })
		var r remote
		f := cache.NewFlight[int](nil)
		o := join(t, f, observer(t))
		f.Start(ctx, r.Observable())
		o.Dispose()
		r.last().OnNext(1)
		observable.End(context.Background(), r.last(), r.last().Observer, err)
		require.Len(t, reported, len(want))
		for i := range want {
			assert.ErrorIs(t, reported[i], want[i])
		}
		_, ok := f.Outcome()
		assert.False(t, ok)
		observabletest.Subscribe(context.Background(), f.Observable(), t).AssertEmpty(t)
	}
}

// What the execution's Dispose does, it does not keep the sharers waiting.
func TestFlight_DisposeDoesNotReturn(t *testing.T) {
	for _, fault := range []func(){runtime.Goexit, func() { panic(errBoom) }} {
		var r remote
		f := cache.NewFlight[int](nil)
		o := join(t, f, observer(t))
		f.Start(context.Background(), r.Observable())
		r.last().onDispose = fault
		alone(func() { f.Cancel(context.DeadlineExceeded) })
		o.AssertError(t, context.DeadlineExceeded)
	}
}

func TestFlight_SeatIsTakenOnce(t *testing.T) {
	var r remote
	f := cache.NewFlight[int](nil)
	seat, ok := f.Join()
	require.True(t, ok)
	first := observabletest.Subscribe(context.Background(), seat, t)
	f.Start(context.Background(), r.Observable())
	second := observabletest.Subscribe(context.Background(), seat, t)
	second.AssertError(t, observable.ErrSubscribedTwice)
	second.Dispose()
	assert.False(t, r.last().Disposed())
	first.Dispose()
	assert.True(t, r.last().Disposed())
}

// A sharer that panics has left, and harms nobody else.
func TestFlight_SharerPanics(t *testing.T) {
	f := cache.NewFlight[int](nil)
	bad := observer(t)
	bad.Inside.Next = func(int) { panic(errBoom) }
	join(t, f, bad)
	good := join(t, f, observer(t))
	var r remote
	f.Start(context.Background(), r.Observable())
	r.last().OnNext(1)
	bad.AssertError(t, errBoom)
	r.last().OnNext(2)
	bad.AssertValues(t, 1)
	good.AssertValues(t, 1, 2)
	good.Dispose()
	assert.True(t, r.last().Disposed(), "the one that panicked is no sharer")
}

// One that ends the execution's goroutine ends the flight: nobody else is there
// to go on.
func TestFlight_SharerCallsGoexit(t *testing.T) {
	f := cache.NewFlight[int](nil)
	bad := observer(t)
	bad.Inside.Next = func(int) { runtime.Goexit() }
	join(t, f, bad)
	good := join(t, f, observer(t))
	alone(func() { f.Start(context.Background(), observable.Just(1, 2)) })
	bad.AssertError(t, observable.ErrGoexit)
	good.AssertValues(t, 1)
	good.AssertError(t, observable.ErrGoexit)
	o, ok := f.Outcome()
	assert.True(t, ok)
	assert.ErrorIs(t, o.Err, observable.ErrGoexit)
}

// hold is an observable.Hold that must not be touched.
type hold struct{ t *testing.T }

func (h hold) Retain() bool { h.t.Error("the hold was retained"); return true }
func (h hold) Release()     { h.t.Error("the hold was released") }

// A flight has the values of its context but not what that holds, though values
// may look like it (S5).
func TestFlight_HoldsNothing(t *testing.T) {
	type key struct{}
	mine := hold{t}
	ctx := observable.WithHold(context.WithValue(context.Background(), key{}, mine), hold{t})
	f := cache.NewFlight[int](nil)
	f.Start(ctx, observable.FromFunc(func(ctx context.Context) (int, error) {
		assert.Nil(t, observable.HoldFrom(ctx))
		assert.Equal(t, mine, ctx.Value(key{}))
		return 1, nil
	}))
	join(t, f, observer(t)).AssertValues(t, 1)
}

// Who leaves with the item of a scalar execution leaves its result; of another
// the last who leaves ends it.
func TestFlight_Scalar(t *testing.T) {
	for _, scalar := range []bool{true, false} {
		disposed := false
		f := cache.NewFlight[int](nil)
		o := f.Observable()
		first := observabletest.NewObserver[int](t)
		first.DisposeAfter(1)
		o.Subscribe(t.Context(), first)
		e := observable.Just(7).DoOnDispose(func() { disposed = true })
		if scalar {
			f.StartScalar(t.Context(), e)
		} else {
			f.Start(t.Context(), e)
		}
		first.AssertValues(t, 7)
		second := observabletest.Subscribe(t.Context(), o, t)
		second.AssertValues(t, 7)
		_, ended := f.Outcome()
		assert.Equal(t, scalar, ended)
		assert.Equal(t, scalar, !disposed)
		if scalar {
			second.AssertComplete(t)
		} else {
			second.AssertError(t, context.Canceled)
		}
	}
}

func TestFlight_ScalarOfTwo(t *testing.T) {
	f := cache.NewFlight[int](nil)
	obs := observabletest.Subscribe(t.Context(), f.Observable(), t)
	disposed := false
	f.StartScalar(t.Context(), observable.Range(1, 3).DoOnDispose(func() { disposed = true }))
	obs.AssertValues(t)
	obs.AssertError(t, observable.ErrTooMany)
	assert.True(t, disposed)
}

func TestKey_OfNoSpace(t *testing.T) {
	ctx, scope := cache.NewScope(t.Context())
	defer scope.Close()
	for _, use := range []func(cache.Key[int]){
		func(k cache.Key[int]) { _ = cache.Clear(ctx, k) },
		func(k cache.Key[int]) { _, _, _ = cache.Peek(scope, k) },
		func(k cache.Key[int]) { _, _, _, _ = cache.Board(scope, k, nil) },
		func(k cache.Key[int]) { cache.Shared(observable.Just(1), k) },
	} {
		func() {
			defer func() { assert.IsType(t, (*observable.ArgumentError)(nil), recover()) }()
			use(cache.Key[int]{})
		}()
	}
}
