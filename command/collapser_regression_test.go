package command_test

import (
	"context"
	"errors"
	"math"
	"runtime"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/quillgo/quill/cache"
	"github.com/quillgo/quill/command"
	"github.com/quillgo/quill/metrics"
	"github.com/quillgo/quill/observable"
	"github.com/quillgo/quill/observable/observabletest"
)

var errBoom = errors.New("boom")

type (
	squaresSpec   = command.CollapserSpec[int, int, []int]
	squareRequest = *command.Request[int, int]
	squaresCall   = *command.Call[[]int, []int]
)

// A Shard that ends its goroutine left the requests without an answer.
func TestRegression_ShardEndsItsGoroutine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSquares(t, func(s *squaresSpec) {
			s.Shard = func(int) string { runtime.Goexit(); return "" }
		})
		f := s.ToFuture(t.Context(), 1)
		time.Sleep(time.Second)
		synctest.Wait()
		select {
		case <-f.Done():
		default:
			t.Fatal("the future has no result")
		}
		_, err := f.Get(t.Context())
		require.ErrorIs(t, err, observable.ErrGoexit)
	})
}

// An argument that cannot be a key opened a batch, with nothing in it, whose
// delay was then that of the first request.
func TestRegression_RefusedArgumentOpensNoBatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, err := command.NewRegistry(command.RegistryOptions{})
		require.NoError(t, err)
		var sent atomic.Int32
		c := command.MustNewCollapser(command.CollapserSpec[any, any, []any]{
			Name: "Any", Scope: command.Global, Map: command.ByPosition[any, any],
			Batch: command.MustNew(command.Spec[[]any, []any]{Name: "Anys", Registry: r, Run: func(_ context.Context, args []any) ([]any, error) {
				sent.Add(1)
				return args, nil
			}}),
		})
		_, err = c.Execute(t.Context(), []int{1})
		require.ErrorContains(t, err, "cannot be compared")
		time.Sleep(9 * time.Millisecond)
		c.ToFuture(t.Context(), 1)
		time.Sleep(9 * time.Millisecond)
		synctest.Wait()
		require.Zero(t, sent.Load(), "it has waited for 9 of 10 ms")
		time.Sleep(time.Millisecond)
		synctest.Wait()
		require.EqualValues(t, 1, sent.Load())
	})
}

// A batch was made larger than MaxRequests after that had been lowered.
func TestRegression_MaxRequestsLoweredWhileABatchIsOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSquares(t, func(s *squaresSpec) { s.Settings.Delay = time.Minute })
		for n := range 3 {
			s.ToFuture(t.Context(), n)
		}
		require.NoError(t, s.registry.UpdateCollapser("Square", command.CollapserSettings{MaxRequests: 2}))
		s.ToFuture(t.Context(), 3)
		synctest.Wait()
		require.Equal(t, [][]int{{0, 1, 2}}, s.sent(), "as it was, and at once")
		time.Sleep(time.Minute)
		synctest.Wait()
		require.Equal(t, [][]int{{0, 1, 2}, {3}}, s.sent())

		require.NoError(t, s.registry.UpdateCollapser("Square", command.CollapserSettings{MaxRequests: 3}))
		s.ToFuture(t.Context(), 4)
		s.ToFuture(t.Context(), 5)
		require.NoError(t, s.registry.UpdateCollapser("Square", command.CollapserSettings{MaxRequests: 1}))
		s.ToFuture(t.Context(), 6)
		synctest.Wait()
		require.ElementsMatch(t, [][]int{{0, 1, 2}, {3}, {4, 5}, {6}}, s.sent(), "both are full")
	})
}

// What a mapping did to its slice of requests was done to the collapser's: a
// request that it took out was never told anything, and the nil that
// slices.DeleteFunc leaves ended the process.
func TestRegression_MappingMayChangeItsSlice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSquares(t, func(s *squaresSpec) {
			s.Map = func(values []int, requests []squareRequest) error {
				rest := slices.DeleteFunc(requests, func(r squareRequest) bool { return r.Arg() == 1 })
				return rest[0].Respond(values[1])
			}
		})
		f1, f2 := s.ToFuture(t.Context(), 1), s.ToFuture(t.Context(), 2)
		_, err := f1.Get(t.Context())
		require.ErrorIs(t, err, command.ErrNoResponse)
		got, err := f2.Get(t.Context())
		require.NoError(t, err)
		require.Equal(t, 4, got)
	})
}

// Each shard had room for all requests: many shards took memory by the square of
// their number.
func TestRegression_ManyShards(t *testing.T) {
	const shards, each = 5000, 4 << 10
	s := newSquares(t, func(s *squaresSpec) {
		s.Shard = strconv.Itoa
		s.Settings = command.CollapserSettings{MaxRequests: shards, Delay: time.Hour}
		s.Batch, s.Create = nil, func([]int) (squaresCall, error) { return nil, errBoom }
	})
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	var all [shards]*command.Future[int]
	for n := range all {
		all[n] = s.ToFuture(context.Background(), n)
	}
	for _, f := range all {
		_, err := f.Get(context.Background())
		require.ErrorIs(t, err, errBoom)
	}
	runtime.ReadMemStats(&after)
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(shards*each))
}

// The batch got the context of who had asked for its first argument first, also
// when that one had left, and its scope was closed, and others had joined.
func TestRegression_ContextOfOneWhoLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSquares(t, func(s *squaresSpec) {
			s.Batch = command.MustNew(command.Spec[[]int, []int]{
				Name: "Cached", Registry: s.Registry, Run: func(_ context.Context, args []int) ([]int, error) { return args, nil },
				CacheKey: func(args []int) (string, bool) { return "", true },
			})
		})
		first, scope := cache.NewScope(t.Context())
		second, other := cache.NewScope(t.Context())
		defer other.Close()
		f1, f2 := s.ToFuture(first, 1), s.ToFuture(second, 1)
		require.True(t, f1.Cancel())
		scope.Close()
		got, err := f2.Get(t.Context())
		require.NoError(t, err)
		require.Equal(t, 1, got)
	})
}

// A request that a streaming mapping failed counted as one who waits, so that the
// batch was never cancelled.
func TestRegression_StreamGoesOnForRequestsThatFailed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, test := range []struct {
			others int
			leave  bool // the one that failed, too late
		}{{0, false}, {1, false}, {1, true}} {
			items := observable.NewPublishSubject[batchItem]()
			ended := false
			c, _ := newMultiples(t, func(s *multiplesSpec) {
				s.Batch = command.MustNew(command.Spec[[]int, batchItem]{
					Name: "Live", Registry: s.Registry, Settings: command.Settings{Timeout: -1},
					Stream: func(context.Context, []int) observable.Observable[batchItem] {
						return items.Observable().DoOnDispose(func() { ended = true })
					},
				})
				s.Map = func(i batchItem) (int, error) { return i.n, onlyFor(1, i.owner, errBoom) }
			})
			one := observabletest.Subscribe(t.Context(), c.ToObservable(1))
			two := observabletest.NewObserver[int]()
			if test.others > 0 {
				c.ToObservable(2).Subscribe(t.Context(), two)
			}
			time.Sleep(time.Second)
			synctest.Wait()
			items.OnNext(batchItem{1, 1})
			one.AssertError(t, errBoom)
			if test.leave {
				one.Dispose()
			}
			synctest.Wait()
			if test.others > 0 {
				require.False(t, ended, "somebody waits")
				items.OnNext(batchItem{2, 1})
				two.AssertValues(t, 1)
				two.Dispose()
				synctest.Wait()
			}
			require.True(t, ended)
		}
	})
}

// After Close a collapser went on serving from the request cache.
func TestRegression_CachedAnswerOfAClosedRegistry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSquares(t, func(s *squaresSpec) {
			s.CacheKey = func(n int) (string, bool) { return strconv.Itoa(n), true }
		})
		ctx, scope := cache.NewScope(t.Context())
		defer scope.Close()
		_, err := s.Execute(ctx, 1)
		require.NoError(t, err)
		s.registry.Close()
		_, err = s.Execute(ctx, 1)
		require.ErrorIs(t, err, command.ErrClosed)
		require.Zero(t, s.Status().Metrics.Cumulative[metrics.BatchFromCache])
	})
}

// keyed gives a collapser a cache key, if it is to have one.
func keyed(is bool, edit func(*squaresSpec)) func(*squaresSpec) {
	return func(s *squaresSpec) {
		if is {
			s.CacheKey = func(n int) (string, bool) { return strconv.Itoa(n), true }
		}
		edit(s)
	}
}

// Several values, or a value without an end, were an error, or not seen, where the
// request was shared: by Observe, or through the request cache.
func TestRegression_SharedRequestOfSeveralValues(t *testing.T) {
	for name, test := range map[string]struct {
		say    func(squareRequest)
		values []int
		over   bool
	}{
		"two":            {func(r squareRequest) { _ = r.Emit(1); _ = r.Emit(2); r.Complete() }, []int{1, 2}, true},
		"without an end": {func(r squareRequest) { _ = r.Emit(1) }, []int{1}, false},
	} {
		t.Run(name, func(t *testing.T) {
			for _, key := range []bool{false, true} {
				synctest.Test(t, func(t *testing.T) {
					s := newSquares(t, keyed(key, func(s *squaresSpec) {
						s.Map = func(_ []int, r []squareRequest) error { test.say(r[0]); return nil }
					}))
					ctx, scope := cache.NewScope(t.Context())
					defer scope.Close()
					all := []*observabletest.TestObserver[int]{
						observabletest.Subscribe(ctx, s.Observe(ctx, 1)),
						observabletest.Subscribe(ctx, s.ToObservable(1)),
						observabletest.Subscribe(ctx, s.Observe(ctx, 1)),
					}
					time.Sleep(time.Second)
					synctest.Wait()
					for _, o := range all {
						o.AssertValues(t, test.values...)
						require.NoError(t, o.Err())
						require.Equal(t, test.over, o.Terminated())
					}
				})
			}
		})
	}
}

// Who leaves with the last item leaves the answer to others.
func TestRegression_WhoLeavesWithTheAnswer(t *testing.T) {
	for _, key := range []bool{false, true} {
		for name, say := range map[string]func(squareRequest){
			"one": func(r squareRequest) { _ = r.Respond(1) },
			"two": func(r squareRequest) { _ = r.Emit(1); _ = r.Respond(2) },
		} {
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s := newSquares(t, keyed(key, func(s *squaresSpec) {
						s.Map = func(_ []int, r []squareRequest) error { say(r[0]); return nil }
					}))
					ctx, scope := cache.NewScope(t.Context())
					defer scope.Close()
					hot := s.Observe(ctx, 1)
					for range 3 {
						got, err := hot.First(t.Context())
						require.NoError(t, err)
						require.Equal(t, 1, got)
					}
					synctest.Wait() // First does not wait for the rest
					late := observabletest.Subscribe(ctx, hot)
					late.AssertComplete(t)
					if !key {
						return
					}
					require.NoError(t, s.ClearCache(ctx, 1))
					for range 3 {
						got, err := s.ToObservable(1).First(ctx)
						require.NoError(t, err)
						require.Equal(t, 1, got)
					}
					require.Len(t, s.sent(), 2, "once, and once after it was cleared")
				})
			})
		}
	}
}

// An argument that is not equal to itself could not be taken out of its batch.
func TestRegression_NaNLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, err := command.NewRegistry(command.RegistryOptions{})
		require.NoError(t, err)
		var sent [][]float64
		c := command.MustNewCollapser(command.CollapserSpec[float64, float64, []float64]{
			Name: "Float", Scope: command.Global, Map: command.ByPosition[float64, float64],
			Settings: command.CollapserSettings{Delay: time.Minute, MaxRequests: 3},
			Batch: command.MustNew(command.Spec[[]float64, []float64]{Name: "Floats", Registry: r, Run: func(_ context.Context, args []float64) ([]float64, error) {
				sent = append(sent, args)
				return args, nil
			}}),
		})
		for range 5 {
			require.True(t, c.ToFuture(t.Context(), math.NaN()).Cancel())
		}
		time.Sleep(30 * time.Second)
		c.ToFuture(t.Context(), 1)
		time.Sleep(59 * time.Second)
		nan := c.ToFuture(t.Context(), math.NaN())
		gone := c.ToFuture(t.Context(), math.NaN())
		synctest.Wait()
		require.Len(t, sent, 1, "full")
		require.Len(t, sent[0], 3)
		require.False(t, gone.Cancel())
		got, err := nan.Get(t.Context())
		require.NoError(t, err)
		require.True(t, math.IsNaN(got))
	})
}

// A Call that had been started was counted as a batch.
func TestRegression_CreateReturnsAUsedCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var batch *command.Command[[]int, []int]
		var call squaresCall
		s := newSquares(t, func(s *squaresSpec) {
			batch = s.Batch
			s.Batch, s.Create = nil, func(args []int) (squaresCall, error) {
				if call == nil {
					call = batch.Call(args)
				}
				return call, nil
			}
		})
		_, err := s.Execute(t.Context(), 1)
		require.NoError(t, err)
		_, err = s.Execute(t.Context(), 2)
		require.ErrorIs(t, err, command.ErrAlreadyExecuted)
		require.EqualValues(t, 1, s.Status().Metrics.Cumulative[metrics.BatchExecuted])
	})
}

// Shutdown returned while mappings ran.
func TestRegression_ShutdownWaitsForTheMapping(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := make(chan struct{})
		s := newSquares(t, func(s *squaresSpec) {
			s.Map = func(values []int, requests []squareRequest) error {
				<-gate
				return command.ByPosition(values, requests)
			}
		})
		f := s.ToFuture(t.Context(), 3)
		time.Sleep(time.Second)
		var done atomic.Bool
		go func() { // ends with Shutdown
			if err := s.registry.Shutdown(t.Context()); err != nil {
				t.Error(err)
			}
			done.Store(true)
		}()
		synctest.Wait()
		require.False(t, done.Load())
		close(gate)
		synctest.Wait()
		require.True(t, done.Load())
		got, err := f.Get(t.Context())
		require.NoError(t, err)
		require.Equal(t, 9, got)
	})
}

// A batch that waits long kept whoever had come and gone.
func TestRegression_OpenBatchKeepsThoseWhoLeft(t *testing.T) {
	for name, arg := range map[string]func(n int) int{
		"other arguments": func(n int) int { return n + 1 },
		"the same":        func(int) int { return 0 },
	} {
		t.Run(name, func(t *testing.T) {
			s := newSquares(t, func(s *squaresSpec) { s.Settings.Delay = time.Hour })
			defer s.registry.Close()
			s.ToFuture(context.Background(), 0)
			var collected atomic.Int32
			const visitors = 2000
			come := func(n int) {
				type key struct{}
				value := new([1 << 10]byte)
				runtime.AddCleanup(value, func(int) { collected.Add(1) }, 0)
				s.ToFuture(context.WithValue(context.Background(), key{}, value), arg(n)).Cancel()
			}
			for n := range visitors {
				come(n)
			}
			for range 100 {
				runtime.GC()
				runtime.Gosched()
				if collected.Load() > visitors/2 {
					return
				}
			}
			t.Errorf("%d of %d are gone", collected.Load(), visitors)
		})
	}
}

// Shutdown waits for a batch that has been taken and whose command has not begun,
// because Shard or Create take their time.
func TestCollapserRegression_ShutdownWaitsForABatchOnItsWay(t *testing.T) {
	for name, slow := range map[string]func(*command.CollapserSpec[int, int, []int], func()){
		"Shard": func(s *command.CollapserSpec[int, int, []int], wait func()) {
			s.Shard = func(int) string { wait(); return "" }
		},
		"Create": func(s *command.CollapserSpec[int, int, []int], wait func()) {
			batch := s.Batch
			s.Batch, s.Create = nil, func(args []int) (*command.Call[[]int, []int], error) { wait(); return batch.Call(args), nil }
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				entered, leave := make(chan struct{}), make(chan struct{})
				s := newSquares(t, func(s *command.CollapserSpec[int, int, []int]) {
					slow(s, func() { close(entered); <-leave })
				})
				f := s.ToFuture(t.Context(), 1)
				<-entered
				over := make(chan error)
				go func() { over <- s.registry.Shutdown(context.Background()) }()
				synctest.Wait()
				select {
				case <-over:
					t.Fatal("Shutdown did not wait")
				case <-f.Done():
					t.Fatal("the request was told before")
				default:
				}
				close(leave)
				require.NoError(t, <-over)
				_, err := f.Get(t.Context())
				require.ErrorIs(t, err, command.ErrClosed)
			})
		})
	}
}
