package observable_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quillgo/quill/observable"
	"github.com/quillgo/quill/observable/observabletest"
)

// firstInts is 0, 1, ..., n-1.
func firstInts(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}

func joined(all [][]int) (flat []int) {
	for _, some := range all {
		flat = append(flat, some...)
	}
	return flat
}

func TestBuffer_SlicesAreTheObserversOwn(t *testing.T) {
	var kept [][]int
	err := observable.BufferSkip(observable.Range(0, 6), 3, 1).ForEach(context.Background(), func(b []int) error {
		kept = append(kept, append([]int(nil), b...))
		clear(b)
		_ = append(b[:0], 9, 9, 9)
		return nil
	})
	require.NoError(t, err)
	assert.Equal(t, [][]int{{0, 1, 2}, {1, 2, 3}, {2, 3, 4}, {3, 4, 5}, {4, 5}, {5}}, kept)
}

func TestBuffer_DisposeWhileTheRestIsEmitted(t *testing.T) {
	obs := observabletest.NewObserver[[]int](t).DisposeAfter(3)
	observable.BufferSkip(observable.Range(0, 4), 3, 1).Subscribe(context.Background(), obs)
	assert.Equal(t, [][]int{{0, 1, 2}, {1, 2, 3}, {2, 3}}, obs.Values())
	obs.AssertNotTerminated(t)
}

func TestBuffer_ManyItems(t *testing.T) {
	all, err := observable.Buffer(observable.Range(0, 100_001), 1000).ToSlice(context.Background())
	require.NoError(t, err)
	assert.Len(t, all, 101)
	assert.Equal(t, firstInts(100_001), joined(all))
}

func TestBuffer_IsSynchronous(t *testing.T) {
	for b, err := range observable.Buffer(observable.Range(0, 1<<40), 2).Seq(context.Background()) {
		require.NoError(t, err)
		assert.Equal(t, []int{0, 1}, b)
		break
	}
}

func TestBuffer_Arguments(t *testing.T) {
	o, second := observable.Range(0, 3), time.Second
	var none func(int) observable.Observable[int]
	refused(t, "Buffer", "count", func() { observable.Buffer(o, 0) })
	refused(t, "BufferSkip", "skip", func() { observable.BufferSkip(o, 1, 0) })
	refused(t, "BufferTime", "span", func() { observable.BufferTime(o, 0) })
	refused(t, "BufferTime", "on", func() { observable.BufferTime(o, second, nil) })
	refused(t, "BufferTimeCount", "options.Count", func() {
		observable.BufferTimeCount(o, second, observable.BufferOptions{Count: -2})
	})
	refused(t, "BufferOpenClose", "end", func() { observable.BufferOpenClose(o, o, none) })
	refused(t, "Window", "count", func() { observable.Window(o, -1) })
	refused(t, "WindowTimeSkip", "skip", func() { observable.WindowTimeSkip(o, second, -second) })
	refused(t, "WindowTimeSkip", "span", func() { observable.WindowTimeSkip(o, 0, second) })
	refused(t, "WindowTimeCount", "options.Count", func() {
		observable.WindowTimeCount(o, second, observable.WindowOptions{Count: -2})
	})
	refused(t, "WindowOpenClose", "end", func() { observable.WindowOpenClose(o, o, none) })
	refused(t, "GroupBy", "key", func() { observable.GroupBy[int, int](o, nil) })
	refused(t, "GroupByValue", "value", func() { observable.GroupByValue[int, int, int](o, mod(2), nil) })
}

func TestBufferTimeCount_CountOfZeroFillsNothing(t *testing.T) {
	on := observabletest.NewVirtualScheduler()
	source := observable.NewPublishSubject[int]()
	obs := observabletest.Subscribe(context.Background(),
		observable.BufferTimeCount(source.Observable(), time.Second, observable.BufferOptions{RestartTimer: true}, on), t)
	for i := range 5 {
		source.OnNext(i)
	}
	on.AdvanceBy(2 * time.Second)
	assert.Equal(t, [][]int{firstInts(5), {}}, obs.Values())
	source.OnComplete()
	assert.Equal(t, [][]int{firstInts(5), {}, {}}, obs.Values())
	assert.Zero(t, on.Pending())
}

func TestBufferTime_DisposeStopsTheTimer(t *testing.T) {
	on := observabletest.NewVirtualScheduler()
	source := observable.NewPublishSubject[int]()
	for _, o := range []observable.Observable[[]int]{
		observable.BufferTime(source.Observable(), time.Second, on),
		observable.BufferTimeSkip(source.Observable(), time.Second, 2*time.Second, on),
		observable.BufferTimeCount(source.Observable(), time.Second, observable.BufferOptions{Count: 2, RestartTimer: true}, on),
	} {
		obs := observabletest.Subscribe(context.Background(), o, t)
		source.OnNext(1)
		assert.NotZero(t, on.Pending())
		obs.Dispose()
		assert.Zero(t, on.Pending())
		assert.False(t, source.HasObservers())
		never := observabletest.NewObserver[[]int](t).DisposeAfter(0)
		o.Subscribe(context.Background(), never)
		assert.Zero(t, on.Pending())
	}
}

func TestBufferTime_RefusalIsItsError(t *testing.T) {
	full := errors.New("full")
	refuse := observable.SchedulerFunc(func(func()) error { return full })
	source := observable.NewPublishSubject[int]()
	obs := observabletest.Subscribe(context.Background(), observable.BufferTime(source.Observable(), time.Millisecond, refuse), t)
	require.NoError(t, obs.AwaitDone(context.Background()))
	obs.AssertError(t, full)
	assert.Empty(t, obs.Values())
	assert.False(t, source.HasObservers())
}

func TestBufferWhen_FromInsideOnNext(t *testing.T) {
	source, boundary := observable.NewPublishSubject[int](), observable.NewPublishSubject[int]()
	obs := observabletest.NewObserver[[]int](t)
	again := true
	obs.Inside.Next = func([]int) {
		if again {
			again = false
			source.OnNext(2)
			boundary.OnNext(0)
			source.OnNext(3)
			source.OnComplete()
		}
	}
	observable.BufferWhen(source.Observable(), boundary.Observable()).Subscribe(context.Background(), obs)
	source.OnNext(1)
	boundary.OnNext(0)
	// The source's items wait in the stage, the boundary's in its subject, until
	// the first buffer has been taken.
	assert.Equal(t, []int{1, 2, 3}, joined(obs.Values()))
	obs.AssertComplete(t)
	assert.False(t, boundary.HasObservers())
}

func TestBufferOpenClose_ErrorOfAnEnd(t *testing.T) {
	source, open, end := observable.NewPublishSubject[int](), observable.NewPublishSubject[int](), observable.NewPublishSubject[int]()
	obs := observabletest.Subscribe(context.Background(), observable.BufferOpenClose(source.Observable(), open.Observable(),
		func(int) observable.Observable[int] { return end.Observable() }), t)
	open.OnNext(1)
	source.OnNext(1)
	end.OnError(errBoom)
	obs.AssertError(t, errBoom)
	assert.Empty(t, obs.Values())
	assert.False(t, source.HasObservers() || open.HasObservers())
}

func TestBufferOpenClose_SynchronousEndsDoNotPileUp(t *testing.T) {
	now := func(int) observable.Observable[int] { return observable.Just(1) }
	all, err := observable.BufferOpenClose(observable.Never[int](), observable.Range(0, 100_000), now).ToSlice(context.Background())
	require.NoError(t, err)
	assert.Len(t, all, 100_000)
}
