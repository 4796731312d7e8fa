package command_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/quillgo/quill/command"
)

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
