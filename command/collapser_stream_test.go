package command_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/quillgo/quill/command"
	"github.com/quillgo/quill/metrics"
	"github.com/quillgo/quill/observable"
	"github.com/quillgo/quill/observable/observabletest"
)

// batchItem is an item of a batch: the owner's n-th.
type batchItem struct{ owner, n int }

type multiplesSpec = command.StreamCollapserSpec[int, int, int, batchItem]

// newMultiples is a streaming collapser: the answer to n is n, 2n, ... nn.
func newMultiples(t *testing.T, edit func(*multiplesSpec)) (*command.Collapser[int, int], *command.Registry) {
	r, err := command.NewRegistry(command.RegistryOptions{})
	require.NoError(t, err)
	spec := multiplesSpec{
		Name: "Multiples", Registry: r, Scope: command.Global,
		Batch:   command.MustNew(command.Spec[[]int, batchItem]{Name: "Items", Registry: r, Stream: multiples}),
		ArgKey:  func(n int) int { return n },
		ItemKey: func(i batchItem) int { return i.owner },
		Map:     func(i batchItem) (int, error) { return i.owner * i.n, nil },
	}
	if edit != nil {
		edit(&spec)
	}
	c, err := command.NewStreamCollapser(spec)
	require.NoError(t, err)
	return c, r
}

func multiples(_ context.Context, args []int) observable.Observable[batchItem] {
	var items []batchItem
	for _, owner := range args {
		for n := range owner {
			items = append(items, batchItem{owner, n + 1})
		}
	}
	return observable.FromSlice(items)
}

func TestStreamCollapser_EachGetsItsItems(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, r := newMultiples(t, nil)
		three := observabletest.Subscribe(t.Context(), c.ToObservable(3))
		hot := c.Observe(t.Context(), 2)
		one := c.ToFuture(t.Context(), 1)
		_, err := c.Execute(t.Context(), 2)
		require.ErrorIs(t, err, observable.ErrTooMany)
		synctest.Wait()
		three.AssertValues(t, 3, 6, 9)
		three.AssertComplete(t)
		late := observabletest.Subscribe(t.Context(), hot)
		late.AssertValues(t, 2, 4)
		late.AssertComplete(t)
		got, err := one.Get(t.Context())
		require.NoError(t, err)
		require.Equal(t, 1, got)
		s, _ := r.Status("Items")
		require.EqualValues(t, 1, s.Metrics.Cumulative[metrics.Success])
		require.EqualValues(t, 3, s.Metrics.Cumulative[metrics.Collapsed])
		require.EqualValues(t, 6, s.Metrics.Cumulative[metrics.Emit])
	})
}

// What the batch does not say, or says to nobody.
func TestStreamCollapser_Missing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, test := range map[string]struct {
			missing func(*command.Request[int, int])
			values  []int
			err     error
		}{
			"nil":      {nil, nil, command.ErrNoResponse},
			"nothing":  {func(*command.Request[int, int]) {}, nil, nil},
			"a value":  {func(r *command.Request[int, int]) { _ = r.Respond(-r.Arg()) }, []int{0}, nil},
			"emits":    {func(r *command.Request[int, int]) { _ = r.Emit(7) }, []int{7}, nil},
			"an error": {func(r *command.Request[int, int]) { _ = r.Fail(context.Canceled) }, nil, context.Canceled},
			"a panic":  {func(*command.Request[int, int]) { panic(context.Canceled) }, nil, context.Canceled},
			"goexit":   {func(*command.Request[int, int]) { runtime.Goexit() }, nil, command.ErrNoResponse},
		} {
			c, _ := newMultiples(t, func(s *multiplesSpec) { s.Missing = test.missing })
			none := observabletest.Subscribe(t.Context(), c.ToObservable(0))
			two := observabletest.Subscribe(t.Context(), c.ToObservable(2))
			time.Sleep(time.Second)
			synctest.Wait()
			two.AssertValues(t, 2, 4)
			two.AssertComplete(t)
			require.Equal(t, test.values, none.Values(), name)
			if test.err == nil {
				none.AssertComplete(t)
			} else {
				none.AssertError(t, test.err)
			}
		}
	})
}

func TestStreamCollapser_Errors(t *testing.T) {
	boom := errors.New("boom")
	synctest.Test(t, func(t *testing.T) {
		for name, test := range map[string]struct {
			edit       func(*multiplesSpec)
			one, three error // nil: it completes
		}{
			"the batch fails": {func(s *multiplesSpec) { s.Batch = failingAfter(s.Registry, boom) }, boom, boom},
			"Map fails for one": {func(s *multiplesSpec) {
				s.Map = func(i batchItem) (int, error) { return i.n, onlyFor(3, i.owner, boom) }
			}, nil, boom},
			"Map panics":       {func(s *multiplesSpec) { s.Map = func(batchItem) (int, error) { panic(boom) } }, boom, boom},
			"ItemKey panics":   {func(s *multiplesSpec) { s.ItemKey = func(batchItem) int { panic(boom) } }, boom, boom},
			"ArgKey panics":    {func(s *multiplesSpec) { s.ArgKey = func(int) int { panic(boom) } }, boom, boom},
			"ArgKey ends it":   {func(s *multiplesSpec) { s.ArgKey = func(int) int { runtime.Goexit(); return 0 } }, observable.ErrGoexit, observable.ErrGoexit},
			"an unknown owner": {func(s *multiplesSpec) { s.ItemKey = func(i batchItem) int { return i.owner / 3 * 3 } }, command.ErrNoResponse, nil},
			"Shard panics":     {func(s *multiplesSpec) { s.Shard = func(int) string { panic(boom) } }, boom, boom},
			"Shard parts them": {func(s *multiplesSpec) {
				s.Shard = func(n int) string { return fmt.Sprint(n) }
				s.Map = func(i batchItem) (int, error) { return 1, onlyFor(1, i.owner, boom) }
			}, boom, nil},
		} {
			c, _ := newMultiples(t, test.edit)
			one := observabletest.Subscribe(t.Context(), c.ToObservable(1))
			three := observabletest.Subscribe(t.Context(), c.ToObservable(3))
			time.Sleep(time.Second)
			synctest.Wait()
			for o, want := range map[*observabletest.TestObserver[int]]error{one: test.one, three: test.three} {
				if want == nil {
					require.NoError(t, o.Err(), name)
					o.AssertComplete(t)
				} else {
					require.ErrorIs(t, o.Err(), want, name)
				}
			}
		}
	})
}

func onlyFor(owner, this int, err error) error {
	if owner == this {
		return err
	}
	return nil
}

func failingAfter(r *command.Registry, err error) *command.Command[[]int, batchItem] {
	return command.MustNew(command.Spec[[]int, batchItem]{
		Name: "Failing", Registry: r, Settings: command.Settings{Fallback: command.Off},
		Stream: func(context.Context, []int) observable.Observable[batchItem] {
			return observable.Concat(observable.Just(batchItem{1, 1}), observable.Error[batchItem](err))
		},
	})
}

// The stream ends when all have left, not before.
func TestStreamCollapser_AllLeave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		items := observable.NewPublishSubject[batchItem]()
		ended := make(chan struct{})
		c, r := newMultiples(t, func(s *multiplesSpec) {
			s.Batch = command.MustNew(command.Spec[[]int, batchItem]{
				Name: "Live", Registry: s.Registry,
				Stream: func(context.Context, []int) observable.Observable[batchItem] {
					return items.Observable().DoOnDispose(func() { close(ended) })
				},
			})
		})
		one := observabletest.Subscribe(t.Context(), c.ToObservable(1))
		two := observabletest.Subscribe(t.Context(), c.ToObservable(2))
		time.Sleep(10 * time.Millisecond)
		synctest.Wait()
		items.OnNext(batchItem{1, 1})
		items.OnNext(batchItem{2, 1})
		one.Dispose()
		items.OnNext(batchItem{1, 2})
		items.OnNext(batchItem{2, 2})
		one.AssertValues(t, 1)
		two.AssertValues(t, 2, 4)
		two.Dispose()
		<-ended
		synctest.Wait()
		s, _ := r.Status("Live")
		require.EqualValues(t, 1, s.Metrics.Cumulative[metrics.Cancelled])
	})
}

func TestNewStreamCollapser_BadInput(t *testing.T) {
	_, err := command.NewStreamCollapser(multiplesSpec{Name: "Bad"})
	for _, want := range []string{"Batch and Create are nil", "ArgKey is nil", "ItemKey is nil", "Map is nil"} {
		require.ErrorContains(t, err, want)
	}
}
