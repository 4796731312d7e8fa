package observable_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quillgo/quill/observable"
	"github.com/quillgo/quill/observable/observabletest"
)

// beside calls f n times on a goroutine of its own while run runs.
func beside(n int, f func(), run func()) {
	var done sync.WaitGroup
	done.Go(func() {
		for range n {
			f()
		}
	})
	run()
	done.Wait()
}

func TestBufferStress_TimerMeetsItems(t *testing.T) {
	const n = 20_000
	for _, options := range []observable.BufferOptions{{}, {Count: 3}, {Count: 3, RestartTimer: true}} {
		// Not more often: ticks are made up for, so if they came faster than one can be
		// dealt with there would be no end of them.
		all, err := observable.BufferTimeCount(observable.Range(0, n), 50*time.Microsecond, options).ToSlice(context.Background())
		require.NoError(t, err)
		assert.Equal(t, firstInts(n), joined(all))
		for _, b := range all {
			assert.True(t, options.Count == 0 || len(b) <= options.Count, "%v", b)
		}
	}
}

func TestBufferStress_BoundaryMeetsItems(t *testing.T) {
	const n = 20_000
	boundary := observable.NewPublishSubject[int]()
	buffers := observabletest.NewObserver[[]int](t)
	windows := observabletest.NewObserver[int](t)
	beside(5_000, func() { boundary.OnNext(0) }, func() {
		observable.BufferWhen(observable.Range(0, n), boundary.Observable()).Subscribe(context.Background(), buffers)
		observable.ConcatMap(observable.WindowWhen(observable.Range(0, n), boundary.Observable()),
			func(w observable.Observable[int]) observable.Observable[int] { return w }).Subscribe(context.Background(), windows)
	})
	assert.Equal(t, firstInts(n), joined(buffers.Values()))
	assert.Equal(t, firstInts(n), windows.Values())
	assert.False(t, boundary.HasObservers())
}

func TestBufferStress_OpenAndCloseMeetItems(t *testing.T) {
	const n = 2_000 // as many parts as are opened may be open until the end
	open, end := observable.NewPublishSubject[int](), observable.NewPublishSubject[int]()
	ends := func(int) observable.Observable[int] { return end.Observable() }
	buffers := observabletest.NewObserver[[]int](t)
	windows := observabletest.NewObserver[[]int](t)
	beside(500, func() { open.OnNext(0); end.OnNext(0) }, func() {
		source := observable.Range(0, n)
		observable.BufferOpenClose(source, open.Observable(), ends).Subscribe(context.Background(), buffers)
		observable.FlatMap(observable.WindowOpenClose(source, open.Observable(), ends), observable.ToList[int], observable.Unlimited).
			Subscribe(context.Background(), windows)
	})
	for _, obs := range []*observabletest.TestObserver[[]int]{buffers, windows} {
		obs.AssertComplete(t)
		for _, b := range obs.Values() {
			for i := range b {
				require.Equal(t, b[0]+i, b[i], "items of one part follow each other")
			}
		}
	}
	assert.False(t, open.HasObservers() || end.HasObservers())
}

// TestBufferStress_WindowsAreLeft leaves the stream and its windows from other
// goroutines: in the end the source must have been stopped, once all were left.
func TestBufferStress_WindowsAreLeft(t *testing.T) {
	for range 300 {
		source := observable.NewPublishSubject[int]()
		var left sync.WaitGroup
		outer := observabletest.NewObserver[observable.Observable[int]](t)
		outer.Inside.Next = func(w observable.Observable[int]) {
			inner := observabletest.Subscribe(context.Background(), w, t)
			left.Go(inner.Dispose)
			if outer.Count() == 5 {
				left.Go(outer.Dispose)
			}
		}
		observable.WindowSkip(source.Observable(), 1<<30, 1).Subscribe(context.Background(), outer)
		for i := range 8 {
			source.OnNext(i)
		}
		left.Wait()
		require.False(t, source.HasObservers())
	}
}

func TestBufferStress_GroupsAreLeft(t *testing.T) {
	for range 300 {
		source := observable.NewPublishSubject[int]()
		var left sync.WaitGroup
		outer := observabletest.NewObserver[observable.Grouped[int, int]](t)
		outer.Inside.Next = func(g observable.Grouped[int, int]) {
			inner := observabletest.Subscribe(context.Background(), g.Observable, t)
			left.Go(inner.Dispose)
		}
		observable.GroupBy(source.Observable(), func(v int) int { return v % 4 }).Subscribe(context.Background(), outer)
		for i := range 32 {
			source.OnNext(i)
		}
		left.Go(outer.Dispose)
		left.Wait()
		require.False(t, source.HasObservers())
	}
}
