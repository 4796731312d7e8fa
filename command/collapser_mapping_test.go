package command_test

import (
	"errors"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/quillgo/quill/command"
	"github.com/quillgo/quill/metrics"
	"github.com/quillgo/quill/observable"
	"github.com/quillgo/quill/observable/observabletest"
)

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
