package feed_test

import (
	"context"
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/quillgo/quill/internal/feed"
	"github.com/quillgo/quill/observable"
	"github.com/quillgo/quill/observable/observabletest"
)

// pushing is a feed that is pushed into and closed at each subscription.
type pushing struct{ n int }

func (p pushing) Subscribe(ctx context.Context, o observable.Observer[int]) {
	var f feed.Feed[int]
	f.Observable().Source().Subscribe(ctx, o)
	for i := range p.n {
		f.Push(i)
	}
	f.Close()
}

func TestContract(t *testing.T) {
	for _, n := range []int{0, 1, 3} {
		observabletest.SourceContract(t, observabletest.Source{
			Name: "Feed", Count: n, Async: true,
			Make: func(func()) observable.Observable[any] {
				return observabletest.Erase(observable.NewUnsafe[int](pushing{n}))
			},
		})
	}
}

func TestFeed_ClosedCompletesAtOnce(t *testing.T) {
	var f feed.Feed[int]
	f.Close()
	f.Close()
	all, err := f.Observable().ToSlice(t.Context())
	require.NoError(t, err)
	require.Empty(t, all)
	require.False(t, f.Listened())
}

func TestFeed_Listened(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var f feed.Feed[int]
		require.False(t, f.Listened())
		a, b := observabletest.NewObserver[int](t), observabletest.NewObserver[int](t)
		f.Observable().Subscribe(t.Context(), a)
		f.Observable().Subscribe(t.Context(), b)
		a.Dispose()
		require.True(t, f.Listened())
		f.Push(1)
		b.Dispose()
		require.False(t, f.Listened())
		f.Push(2)
	})
}

func TestFeed_DisposedInsideOnSubscribe(t *testing.T) {
	var f feed.Feed[int]
	f.Observable().Subscribe(context.Background(), observable.Funcs[int]{Subscribe: func(d observable.Disposable) { d.Dispose() }})
	require.False(t, f.Listened())
}

// One that blocks delays neither pushes nor others, loses what it has no room
// for, and is told how much that was.
func TestFeed_Blocked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		type item struct{ n, missed int }
		f := feed.Feed[item]{Missed: func(v item, n int) item { v.missed = n; return v }}
		gate := make(chan struct{})
		var slow, quick []item
		f.Observable().Subscribe(t.Context(), observable.Funcs[item]{Next: func(v item) {
			<-gate
			slow = append(slow, v)
		}})
		f.Observable().Subscribe(t.Context(), observable.Funcs[item]{Next: func(v item) { quick = append(quick, v) }})
		push := func(from, to int) {
			for i := from; i < to; i++ {
				f.Push(item{n: i})
				if i%100 == 0 {
					synctest.Wait()
				}
			}
		}
		push(0, 5000)
		synctest.Wait()
		require.Len(t, quick, 5000)
		require.False(t, slices.ContainsFunc(quick, func(v item) bool { return v.missed != 0 }))
		require.Empty(t, slow)

		close(gate)
		synctest.Wait()
		require.Len(t, slow, feed.Room+1, "the one that it was busy with does not count")
		push(5000, 5002)
		f.Close()
		synctest.Wait()
		require.Equal(t, []item{{5000, 5000 - feed.Room - 1}, {5001, 0}}, slow[len(slow)-2:])
		for i, v := range slow[:feed.Room+1] {
			require.Equal(t, item{n: i}, v)
		}
	})
}

func TestFeed_BadObserversHarmNobody(t *testing.T) {
	for name, bad := range map[string]func(){
		"panic":  func() { panic("boom") },
		"goexit": runtime.Goexit,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var f feed.Feed[int]
				var failed error
				f.Observable().Subscribe(t.Context(), observable.Funcs[int]{
					Next:  func(int) { bad() },
					Error: func(err error) { failed = err },
				})
				good := observabletest.NewObserver[int](t)
				f.Observable().Subscribe(t.Context(), good)
				f.Push(1)
				f.Push(2)
				synctest.Wait()
				require.Error(t, failed)
				f.Close()
				synctest.Wait()
				require.Equal(t, []int{1, 2}, good.Values())
			})
		})
	}
}

func TestFeed_ObserverCallsBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var f feed.Feed[int]
		seen := 0
		f.Observable().Subscribe(t.Context(), observable.Funcs[int]{Next: func(v int) {
			if seen++; v < 10 {
				f.Push(v + 1)
				f.Observable().Subscribe(t.Context(), observable.Funcs[int]{})
			} else {
				f.Close()
			}
		}})
		f.Push(0)
		synctest.Wait()
		require.Equal(t, 11, seen)
	})
}

// Pushers, and observers who come and go, from many goroutines: whoever stays
// gets everything once and in order, then the end.
func TestFeed_Stress(t *testing.T) {
	var f feed.Feed[[2]int]
	const pushers, each = 4, 200
	var mu sync.Mutex
	var got [pushers][]int
	ended := make(chan struct{})
	f.Observable().Subscribe(t.Context(), observable.Funcs[[2]int]{
		Next: func(v [2]int) {
			mu.Lock()
			defer mu.Unlock()
			got[v[0]] = append(got[v[0]], v[1])
		},
		Complete: func() { close(ended) },
	})
	var wg sync.WaitGroup
	for p := range pushers {
		wg.Go(func() {
			for i := range each {
				f.Push([2]int{p, i})
			}
		})
		wg.Go(func() {
			for range each {
				ctx, cancel := context.WithCancel(t.Context())
				f.Observable().Subscribe(ctx, observable.Funcs[[2]int]{Next: func([2]int) {}})
				cancel()
			}
		})
	}
	wg.Wait()
	f.Close()
	<-ended
	for p := range pushers {
		require.Len(t, got[p], each)
		require.True(t, slices.IsSorted(got[p]))
	}
}
