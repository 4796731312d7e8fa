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
	"github.com/quillgo/quill/observable"
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
		time.Sleep(1)
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

// What a mapping can do wrong: every request is told something, and which.
func TestCollapser_Mapping(t *testing.T) {
	boom := errors.New("boom")
	type request = *command.Request[int, int]
	for name, c := range map[string]struct {
		apply    func([]int, []request) error
		one, two error // nil: it has its value
	}{
		"ByPosition":            {command.ByPosition[int, int], nil, nil},
		"ByKey":                 {command.ByKey(func(n int) int { return n * n }, func(v int) int { return v }), nil, nil},
		"ByKey, one is missing": {command.ByKey(func(n int) int { return n }, func(v int) int { return v }), nil, command.ErrNoResponse},
		"nothing":               {func([]int, []request) error { return nil }, command.ErrNoResponse, command.ErrNoResponse},
		"one error":             {func(v []int, r []request) error { return errors.Join(r[0].Respond(v[0]), r[1].Fail(boom)) }, nil, boom},
		"an error after one":    {func(v []int, r []request) error { _ = r[0].Respond(v[0]); return boom }, nil, boom},
		"a panic after one":     {func(v []int, r []request) error { _ = r[0].Respond(v[0]); panic(boom) }, nil, boom},
		"Goexit after one":      {func(v []int, r []request) error { _ = r[0].Respond(v[0]); runtime.Goexit(); return nil }, nil, observable.ErrGoexit},
		"twice":                 {func(v []int, r []request) error { return errors.Join(r[0].Respond(v[0]), r[0].Respond(9)) }, nil, command.ErrAnswered},
		"an error twice":        {func(v []int, r []request) error { return errors.Join(r[0].Fail(boom), r[0].Fail(boom)) }, boom, command.ErrAnswered},
		"nil for an error":      {func(v []int, r []request) error { return errors.Join(r[1].Respond(v[1]), r[0].Fail(nil)) }, command.ErrAnswered, nil},
		"completed empty":       {func(v []int, r []request) error { r[0].Complete(); r[0].Complete(); return r[1].Respond(v[1]) }, observable.ErrEmpty, nil},
		"two values": {func(v []int, r []request) error {
			_ = r[0].Emit(1)
			_ = r[0].Emit(2)
			r[0].Complete()
			return r[1].Respond(v[1])
		}, observable.ErrTooMany, nil},
		"emitted, then an error": {func(v []int, r []request) error { _ = r[0].Emit(1); _ = r[1].Respond(v[1]); return boom }, boom, nil},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newSquares(t, func(s *command.CollapserSpec[int, int, []int]) { s.Map = c.apply })
				f1, f2 := s.ToFuture(t.Context(), 1), s.ToFuture(t.Context(), 2)
				for n, want := range map[*command.Future[int]]error{f1: c.one, f2: c.two} {
					_, err := n.Get(t.Context())
					if want == nil {
						require.NoError(t, err)
					} else {
						require.ErrorIs(t, err, want)
					}
				}
			})
		})
	}
}

func TestCollapser_MissingResponseNamesTheCollapser(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSquares(t, func(s *command.CollapserSpec[int, int, []int]) {
			s.Map = func([]int, []*command.Request[int, int]) error { return nil }
		})
		_, err := s.Execute(t.Context(), 7)
		require.EqualError(t, err, "command: collapser Square, argument 7: no response was set for the request")
		var e *command.CollapserError
		require.ErrorAs(t, err, &e)
		require.Equal(t, 7, e.Arg)
	})
}

// Answers may come after the mapping, from anywhere, and several at a time.
func TestCollapser_AnsweredLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var kept *command.Request[int, int]
		s := newSquares(t, func(s *command.CollapserSpec[int, int, []int]) {
			s.Map = func(_ []int, r []*command.Request[int, int]) error { kept = r[0]; return kept.Emit(0) }
		})
		o := observabletest.NewObserver[int]()
		s.ToObservable(1).Subscribe(t.Context(), o)
		time.Sleep(time.Second)
		synctest.Wait()
		o.AssertValues(t, 0)
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for range 100 {
					_ = kept.Emit(1)
				}
			})
		}
		wg.Wait()
		require.Len(t, o.Values(), 401)
		kept.Complete()
		o.AssertComplete(t)
		require.ErrorIs(t, kept.Emit(2), command.ErrAnswered)
	})
}

// One caller's misbehaviour is nobody else's.
func TestCollapser_ObserversArePartedFromEachOther(t *testing.T) {
	for name, misbehave := range map[string]func(){
		"panic": func() { panic("observer") }, "goexit": runtime.Goexit,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newSquares(t, nil)
				ctx := observable.WithErrorHandler(t.Context(), func(error) {})
				var f []*command.Future[int]
				for range 2 {
					f = append(f, s.ToFuture(t.Context(), 1))
					s.ToObservable(1).Subscribe(ctx, observable.Funcs[int]{Next: func(int) { misbehave() }})
				}
				f = append(f, s.ToFuture(t.Context(), 2))
				for _, f := range f {
					_, err := f.Get(t.Context())
					require.NoError(t, err)
				}
			})
		})
	}
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

func TestCollapser_ClosedRegistry(t *testing.T) {
	for name, end := range map[string]func(*testing.T, *command.Registry){
		"Close":    func(_ *testing.T, r *command.Registry) { r.Close() },
		"Shutdown": func(t *testing.T, r *command.Registry) { require.NoError(t, r.Shutdown(t.Context())) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newSquares(t, func(s *command.CollapserSpec[int, int, []int]) { s.Settings.Delay = time.Hour })
				f := s.ToFuture(t.Context(), 1)
				begun := time.Now()
				end(t, s.registry)
				_, err := f.Get(t.Context())
				require.ErrorIs(t, err, command.ErrClosed)
				_, err = s.Execute(t.Context(), 2)
				require.ErrorIs(t, err, command.ErrClosed)
				require.Zero(t, time.Since(begun))
				_, err = command.NewCollapser(command.CollapserSpec[int, int, []int]{
					Name: "Late", Registry: s.registry, Map: command.ByPosition[int, int],
					Create: func([]int) (*command.Call[[]int, []int], error) { return nil, nil },
				})
				require.ErrorIs(t, err, command.ErrClosed)
			})
		})
	}
}

func TestCollapser_Create(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, create := range map[string]func([]int) (*command.Call[[]int, []int], error){
			"nil": func([]int) (*command.Call[[]int, []int], error) { return nil, nil },
			"error": func([]int) (*command.Call[[]int, []int], error) {
				return nil, errors.New("CollapserSpec.Create says no")
			},
			"panic": func([]int) (*command.Call[[]int, []int], error) { panic("CollapserSpec.Create") },
		} {
			s := newSquares(t, func(s *command.CollapserSpec[int, int, []int]) { s.Batch, s.Create = nil, create })
			_, err := s.Execute(t.Context(), 1)
			require.ErrorContains(t, err, "CollapserSpec.Create", name)
			require.Zero(t, s.Status().Metrics.Cumulative[metrics.BatchExecuted])
		}
	})
}

func TestNewCollapser_BadInput(t *testing.T) {
	r, err := command.NewRegistry(command.RegistryOptions{})
	require.NoError(t, err)
	batch := command.MustNew(command.Spec[[]int, []int]{Name: "Squares", Registry: r, Run: (&squares{}).run})
	create := func([]int) (*command.Call[[]int, []int], error) { return batch.Call(nil), nil }
	good := command.CollapserSpec[int, int, []int]{Name: "Good", Batch: batch, Map: command.ByPosition[int, int]}
	for want, edit := range map[string]func(*command.CollapserSpec[int, int, []int]){
		`Name is "", want a name`:                                       func(s *command.CollapserSpec[int, int, []int]) { s.Name = "" },
		"Batch and Create are nil, want one of them":                    func(s *command.CollapserSpec[int, int, []int]) { s.Batch = nil },
		"Batch and Create are both set, want one of them":               func(s *command.CollapserSpec[int, int, []int]) { s.Create = create },
		"Map is nil, want a function":                                   func(s *command.CollapserSpec[int, int, []int]) { s.Map = nil },
		"Scope is command.CollapserScope(7), want PerRequest or Global": func(s *command.CollapserSpec[int, int, []int]) { s.Scope = 7 },
		"CollapserSettings.Delay is -1ns, want more than 0":             func(s *command.CollapserSpec[int, int, []int]) { s.Settings.Delay = -1 },
		"CollapserSettings.MaxRequests is -2, want 1 to 2147483647, or Unlimited (-1)": func(s *command.CollapserSpec[int, int, []int]) {
			s.Settings.MaxRequests = command.None
		},
		"CollapserSettings.RequestCache is command.Switch(9)": func(s *command.CollapserSpec[int, int, []int]) { s.Settings.RequestCache = 9 },
		"CollapserSettings.Buckets is 3, want 1 to 4096, and a number that divides CollapserSettings.Window (10s)": func(s *command.CollapserSpec[int, int, []int]) {
			s.Settings.Buckets = 3
		},
		"CollapserSettings.Window is -1s":     func(s *command.CollapserSpec[int, int, []int]) { s.Settings.Window = -time.Second },
		"CollapserSettings.SizeWindow is -1s": func(s *command.CollapserSpec[int, int, []int]) { s.Settings.SizeWindow = -time.Second },
		"CollapserSettings.SizeBuckets is 7":  func(s *command.CollapserSpec[int, int, []int]) { s.Settings.SizeBuckets = 7 },
	} {
		s := good
		edit(&s)
		_, err := command.NewCollapser(s)
		require.ErrorContains(t, err, want)
		require.ErrorContains(t, err, fmt.Sprintf("command: CollapserSpec %q: ", s.Name))
	}
	_, ok := r.CollapserStatus("Good")
	require.False(t, ok, "nothing was registered")

	_, err = command.NewCollapser(good)
	require.NoError(t, err)
	_, err = command.NewCollapser(good)
	require.NoError(t, err, "the same again")
	good.Settings.Delay = time.Second
	_, err = command.NewCollapser(good)
	require.ErrorContains(t, err, "the collapser of that name that is registered has")
}

func TestUpdateCollapser(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSquares(t, func(s *command.CollapserSpec[int, int, []int]) { s.Settings.Delay = time.Minute })
		require.NoError(t, s.registry.UpdateCollapser("Square", command.CollapserSettings{MaxRequests: 1}))
		require.Equal(t, time.Minute, s.Settings().Delay, "what the update leaves out is the spec's")
		_, err := s.Execute(t.Context(), 3)
		require.NoError(t, err, "sent at once")
		require.ErrorContains(t, s.registry.UpdateCollapser("Square", command.CollapserSettings{Delay: -1}), `collapser "Square": CollapserSettings.Delay is -1ns`)
		require.ErrorContains(t, s.registry.UpdateCollapser("Square", command.CollapserSettings{Buckets: 5}), "they cannot change once the collapser was used")
		require.Equal(t, 1, s.Settings().MaxRequests, "the last good ones stay")
		require.ErrorContains(t, s.registry.UpdateCollapser("Later", command.CollapserSettings{RequestCache: 7}), "RequestCache")
		require.NoError(t, s.registry.UpdateCollapser("Later", command.CollapserSettings{Delay: 3 * time.Second}))
		later, err := command.NewCollapser(command.CollapserSpec[int, int, []int]{
			Name: "Later", Registry: s.registry, Map: command.ByPosition[int, int],
			Create: func([]int) (*command.Call[[]int, []int], error) { return nil, nil },
		})
		require.NoError(t, err)
		require.Equal(t, 3*time.Second, later.Settings().Delay)
	})
}

// An argument of an interface type may turn out not to be comparable.
func TestCollapser_ArgumentThatCannotBeCompared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, err := command.NewRegistry(command.RegistryOptions{})
		require.NoError(t, err)
		c := command.MustNewCollapser(command.CollapserSpec[any, any, []any]{
			Name: "Any", Scope: command.Global, Map: command.ByPosition[any, any],
			Batch: command.MustNew(command.Spec[[]any, []any]{Name: "Anys", Registry: r, Run: func(_ context.Context, args []any) ([]any, error) { return args, nil }}),
		})
		f := c.ToFuture(t.Context(), 1)
		_, err = c.Execute(t.Context(), []int{1})
		require.ErrorContains(t, err, "command: collapser Any, argument [1]: an argument of type []int cannot be compared, want one that can")
		got, err := f.Get(t.Context())
		require.NoError(t, err)
		require.Equal(t, 1, got)
	})
}

// Requests come and go from everywhere: each is told something, once, and each
// answer is its own.
func TestCollapser_Stress(t *testing.T) {
	s := newSquares(t, func(s *command.CollapserSpec[int, int, []int]) {
		s.Settings = command.CollapserSettings{Delay: time.Microsecond, MaxRequests: 7}
		s.Batch = command.MustNew(command.Spec[[]int, []int]{
			Name: "All", Registry: s.Registry, Settings: command.Settings{Isolation: command.Semaphore, Semaphore: command.Unlimited, Timeout: -1},
			Run: (&squares{}).run,
		})
	})
	var wg sync.WaitGroup
	var answered, left atomic.Int64
	const callers, each = 8, 500
	for c := range callers {
		wg.Go(func() {
			for i := range each {
				n := (c*31 + i) % 50
				f := s.ToFuture(t.Context(), n)
				if i%3 == 0 && f.Cancel() {
					left.Add(1)
					continue
				}
				got, err := f.Get(t.Context())
				if err == nil && got == n*n {
					answered.Add(1)
				} else {
					t.Errorf("%d: %d, %v", n, got, err)
				}
			}
		})
	}
	wg.Wait()
	require.EqualValues(t, callers*each, answered.Load()+left.Load())
	require.NoError(t, s.registry.Shutdown(t.Context()))
}
