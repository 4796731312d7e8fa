package command_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/quillgo/quill/cache"
	"github.com/quillgo/quill/command"
	"github.com/quillgo/quill/metrics"
	"github.com/quillgo/quill/observable/observabletest"
)

// squares is a collapser whose answers are the squares of the arguments, and
// what its batches were.
type squares struct {
	*command.Collapser[int, int]
	registry *command.Registry
	gate     chan struct{} // the batch waits for it, unless nil

	mu      sync.Mutex
	batches [][]int
}

func newSquares(t *testing.T, edit func(*command.CollapserSpec[int, int, []int])) *squares {
	r, err := command.NewRegistry(command.RegistryOptions{})
	require.NoError(t, err)
	s := &squares{registry: r}
	spec := command.CollapserSpec[int, int, []int]{
		Name: "Square", Registry: r, Scope: command.Global, Map: command.ByPosition[int, int],
		Batch: command.MustNew(command.Spec[[]int, []int]{Name: "Squares", Registry: r, Run: s.run}),
	}
	if edit != nil {
		edit(&spec)
	}
	s.Collapser, err = command.NewCollapser(spec)
	require.NoError(t, err)
	return s
}

func (s *squares) run(ctx context.Context, args []int) ([]int, error) {
	s.mu.Lock()
	s.batches = append(s.batches, args)
	s.mu.Unlock()
	if s.gate != nil {
		select {
		case <-s.gate:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
	answers := make([]int, len(args))
	for i, n := range args {
		answers[i] = n * n
	}
	return answers, nil
}

func (s *squares) sent() [][]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.batches
}

func TestCollapser_ManyBecomeOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSquares(t, nil)
		f2, f3 := s.ToFuture(t.Context(), 2), s.ToFuture(t.Context(), 3)
		again := observabletest.NewObserver[int]()
		s.ToObservable(3).Subscribe(t.Context(), again)
		got, err := s.Execute(t.Context(), 4)
		require.NoError(t, err)
		require.Equal(t, 16, got)
		for n, f := range map[int]*command.Future[int]{2: f2, 3: f3} {
			got, err := f.Get(t.Context())
			require.NoError(t, err)
			require.Equal(t, n*n, got)
		}
		synctest.Wait()
		again.AssertValues(t, 9)
		again.AssertComplete(t)
		require.Equal(t, [][]int{{2, 3, 4}}, s.sent())

		st := s.Status()
		require.EqualValues(t, 1, st.Metrics.Cumulative[metrics.BatchExecuted])
		require.EqualValues(t, 3, st.Metrics.Cumulative[metrics.AddedToBatch])
		require.Equal(t, 3, st.Metrics.Sizes.Percentile(50))
		batch, _ := s.registry.Status("Squares")
		require.EqualValues(t, 3, batch.Metrics.Cumulative[metrics.Collapsed])
		require.EqualValues(t, 1, batch.Metrics.Cumulative[metrics.Success])
	})
}

// The delay is that of the batch's first request, and a new batch has a delay of
// its own.
func TestCollapser_DelayIsOfTheFirstRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSquares(t, func(s *command.CollapserSpec[int, int, []int]) { s.Settings.Delay = 10 * time.Millisecond })
		time.Sleep(7 * time.Millisecond) // no tick that runs anyway
		s.ToFuture(t.Context(), 1)
		time.Sleep(9 * time.Millisecond)
		s.ToFuture(t.Context(), 2)
		synctest.Wait()
		require.Empty(t, s.sent())
		time.Sleep(time.Millisecond)
		synctest.Wait()
		require.Equal(t, [][]int{{1, 2}}, s.sent())
		s.ToFuture(t.Context(), 3)
		time.Sleep(10*time.Millisecond - 1)
		synctest.Wait()
		require.Len(t, s.sent(), 1)
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		require.Equal(t, [][]int{{1, 2}, {3}}, s.sent())
	})
}

func TestCollapser_FullBatchIsSentAtOnce(t *testing.T) { // rule 11
	synctest.Test(t, func(t *testing.T) {
		s := newSquares(t, func(s *command.CollapserSpec[int, int, []int]) {
			s.Settings = command.CollapserSettings{Delay: time.Hour, MaxRequests: 2}
		})
		begun := time.Now()
		f := s.ToFuture(t.Context(), 1)
		got, err := s.Execute(t.Context(), 2)
		require.NoError(t, err)
		require.Equal(t, 4, got)
		got, err = f.Get(t.Context())
		require.NoError(t, err)
		require.Equal(t, 1, got)
		require.Zero(t, time.Since(begun))

		s.ToFuture(t.Context(), 3) // a batch of its own, which waits
		synctest.Wait()
		require.Equal(t, [][]int{{1, 2}}, s.sent())
		s.registry.Close() // else its timer is pending for an hour
	})
}

// Who leaves takes its argument along; a batch that all left leaves nothing, no
// timer either.
func TestCollapser_LeavingBeforeItIsSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSquares(t, func(s *command.CollapserSpec[int, int, []int]) { s.Settings.Delay = time.Minute })
		ctx, cancel := context.WithCancelCause(t.Context())
		f1, f2 := s.ToFuture(ctx, 1), s.ToFuture(t.Context(), 2)
		shared := s.Observe(t.Context(), 3)
		a, b := observabletest.NewObserver[int](), observabletest.NewObserver[int]()
		shared.Subscribe(t.Context(), a)
		shared.Subscribe(t.Context(), b)
		cancel(errors.New("tired"))
		synctest.Wait()
		_, err := f1.Get(t.Context())
		require.EqualError(t, err, "tired")
		a.Dispose()
		require.True(t, s.ToFuture(t.Context(), 2).Cancel(), "another for the same argument")
		time.Sleep(time.Minute)
		synctest.Wait()
		require.Equal(t, [][]int{{2, 3}}, s.sent())
		got, err := f2.Get(t.Context())
		require.NoError(t, err)
		require.Equal(t, 4, got)
		b.AssertValues(t, 9)
		a.AssertValues(t)

		begun := time.Now()
		for range 3 {
			require.True(t, s.ToFuture(t.Context(), 5).Cancel())
			time.Sleep(time.Second)
		}
		require.Equal(t, 3*time.Second, time.Since(begun))
		time.Sleep(time.Hour)
		synctest.Wait()
		require.Len(t, s.sent(), 1)
	})
}

// A batch that all left later is cancelled: nobody waits for its body (rule 12).
func TestCollapser_LeavingAfterItWasSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSquares(t, nil)
		s.gate = make(chan struct{})
		f1, f2 := s.ToFuture(t.Context(), 1), s.ToFuture(t.Context(), 2)
		time.Sleep(10 * time.Millisecond)
		synctest.Wait()
		require.Equal(t, [][]int{{1, 2}}, s.sent())
		require.True(t, f1.Cancel())
		synctest.Wait()
		st, _ := s.registry.Status("Squares")
		require.Equal(t, 1, st.Concurrent, "somebody waits")
		require.True(t, f2.Cancel())
		synctest.Wait()
		st, _ = s.registry.Status("Squares")
		require.Zero(t, st.Concurrent)
		require.EqualValues(t, 1, st.Metrics.Cumulative[metrics.Cancelled])
	})
}

func TestCollapser_Shards(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSquares(t, func(s *command.CollapserSpec[int, int, []int]) {
			s.Shard = func(n int) string { return fmt.Sprint(n % 2) }
			s.Map = func(values []int, requests []*command.Request[int, int]) error {
				if values[0] == 1 {
					return errors.New("odd ones are not for us")
				}
				return command.ByPosition(values, requests)
			}
		})
		f := make([]*command.Future[int], 5)
		for n := range f {
			f[n] = s.ToFuture(t.Context(), n+1)
		}
		for n, f := range f {
			got, err := f.Get(t.Context())
			if n%2 == 0 {
				require.EqualError(t, err, "odd ones are not for us", "one shard's failure is not another's")
				continue
			}
			require.NoError(t, err)
			require.Equal(t, (n+1)*(n+1), got)
		}
		require.ElementsMatch(t, [][]int{{1, 3, 5}, {2, 4}}, s.sent())
		require.EqualValues(t, 2, s.Status().Metrics.Cumulative[metrics.BatchExecuted])
	})
}

func TestCollapser_PerRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSquares(t, func(s *command.CollapserSpec[int, int, []int]) {
			s.Scope = command.PerRequest
			s.CacheKey = func(n int) (string, bool) { return fmt.Sprint(n), n > 0 }
		})
		_, err := s.Execute(t.Context(), 1)
		require.ErrorIs(t, err, cache.ErrNoScope)
		_, err = s.Execute(t.Context(), -1)
		require.ErrorIs(t, err, cache.ErrNoScope, "without a key the batch is missed")

		a, scopeA := cache.NewScope(t.Context())
		b, scopeB := cache.NewScope(t.Context())
		fa, fb := s.ToFuture(a, 1), s.ToFuture(b, 1)
		hit := s.ToFuture(a, 1)
		for _, f := range []*command.Future[int]{fa, fb, hit} {
			_, err := f.Get(t.Context())
			require.NoError(t, err)
		}
		require.Equal(t, [][]int{{1}, {1}}, s.sent())
		_, err = s.Execute(a, 1)
		require.NoError(t, err)
		require.EqualValues(t, 2, s.Status().Metrics.Cumulative[metrics.BatchFromCache])
		require.NoError(t, s.ClearCache(a, 1))
		_, err = s.Execute(a, 1)
		require.NoError(t, err)
		require.Len(t, s.sent(), 3)

		waiting, keyed := s.ToFuture(b, -2), s.ToFuture(b, 2)
		scopeB.Close()
		for _, f := range []*command.Future[int]{waiting, keyed} {
			_, err = f.Get(t.Context())
			require.ErrorIs(t, err, cache.ErrScopeClosed)
		}
		_, err = s.Execute(b, -3)
		require.ErrorIs(t, err, cache.ErrScopeClosed)
		scopeA.Close()
		require.Len(t, s.sent(), 3)
	})
}

// A batch has the values of its first request's context, and its end is not the
// end of that.
func TestCollapser_Context(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		type key struct{}
		var seen any
		s := newSquares(t, func(s *command.CollapserSpec[int, int, []int]) {
			s.Batch = command.MustNew(command.Spec[[]int, []int]{Name: "Values", Registry: s.Registry, Run: func(ctx context.Context, args []int) ([]int, error) {
				seen = ctx.Value(key{})
				return args, ctx.Err()
			}})
		})
		left, leave := context.WithCancel(context.WithValue(t.Context(), key{}, "left"))
		s.ToFuture(left, 1)
		leave()
		synctest.Wait()
		first, cancel := context.WithCancel(context.WithValue(t.Context(), key{}, "first"))
		f1 := s.ToFuture(first, 2)
		f2 := s.ToFuture(context.WithValue(t.Context(), key{}, "second"), 3)
		f3 := s.ToFuture(context.WithValue(t.Context(), key{}, "third"), 2)
		_, err := f2.Get(t.Context())
		require.NoError(t, err)
		require.Equal(t, "first", seen)
		for _, f := range []*command.Future[int]{f1, f3} {
			_, err = f.Get(t.Context())
			require.NoError(t, err)
		}
		cancel()
	})
}

// A global collapser keeps nothing of a caller's context.
func TestCollapser_GlobalKeepsNoContext(t *testing.T) {
	s := newSquares(t, func(s *command.CollapserSpec[int, int, []int]) { s.Settings.MaxRequests = 1 })
	var collected atomic.Int32
	ask := func() {
		type key struct{}
		value := new([1 << 10]byte)
		runtime.AddCleanup(value, func(int) { collected.Add(1) }, 0)
		got, err := s.Execute(context.WithValue(context.Background(), key{}, value), 3)
		require.NoError(t, err)
		require.Equal(t, 9, got)
	}
	for range 10 {
		ask()
	}
	for range 1000 {
		runtime.GC()
		if collected.Load() == 10 {
			break
		}
		runtime.Gosched()
	}
	require.EqualValues(t, 10, collected.Load())
	runtime.KeepAlive(s)
}
