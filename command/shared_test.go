package command_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quillgo/quill/cache"
	"github.com/quillgo/quill/command"
	"github.com/quillgo/quill/observable"
)

// Who takes the one item and leaves, as First and Zip2 do, has the whole result:
// it stays for the next.
func TestShared_WhoLeavesWithTheItemLeavesTheResult(t *testing.T) {
	inBubbles(t, func(t *testing.T, isolation command.Isolation) { // where nothing takes time
		runs := 0
		c := command.MustNew(command.Spec[int, int]{
			Name: "A", Registry: registry(t, command.RegistryOptions{}), Settings: command.Settings{Isolation: isolation},
			Run:      func(context.Context, int) (int, error) { runs++; return 40 + runs, nil },
			CacheKey: func(int) (string, bool) { return "", true },
		})
		ctx, scope := cache.NewScope(context.Background())
		for range 3 {
			got, err := c.ToObservable(1).First(ctx)
			require.NoError(t, err)
			assert.Equal(t, 41, got)
		}
		sum := observable.Zip2(c.ToObservable(1), c.Observe(ctx, 1), func(a, b int) int { return a + b })
		got, err := sum.First(ctx)
		require.NoError(t, err)
		assert.Equal(t, 82, got)
		got, err = c.Execute(ctx, 1)
		require.NoError(t, err)
		assert.Equal(t, 41, got)
		assert.Equal(t, 1, runs)
		assert.Equal(t, "A[SUCCESS][0ms], A[SUCCESS, RESPONSE_FROM_CACHE][0ms]x5", command.LogFrom(ctx).String())
		scope.Close()
	})
}

// The same without a cache: a hot execution replays its whole result.
func TestObserve_WhoLeavesWithTheItemLeavesTheResult(t *testing.T) {
	c := command.MustNew(command.Spec[int, int]{
		Name: "A", Registry: registry(t, command.RegistryOptions{}),
		Run: func(_ context.Context, in int) (int, error) { return in, nil },
	})
	o := c.Observe(t.Context(), 7)
	for range 2 {
		got, err := o.First(t.Context())
		require.NoError(t, err)
		assert.Equal(t, 7, got)
		all, err := o.ToSlice(t.Context())
		require.NoError(t, err)
		assert.Equal(t, []int{7}, all)
	}
}

func TestLog_Nil(t *testing.T) {
	assert.Empty(t, command.LogFrom(context.Background()).String())
	assert.Empty(t, command.LogFrom(context.Background()).Entries())
	ctx, scope := cache.NewScope(context.Background())
	scope.Close()
	assert.Nil(t, command.LogFrom(ctx))
}

// Closures may write to what they captured.
func TestDo_RunAndFallbackDoNotOverlap(t *testing.T) {
	require.ErrorContains(t, command.Do(t.Context(), "no function", nil, nil), "run is nil")
	const name = "TestDo_RunAndFallbackDoNotOverlap"
	require.NoError(t, command.DefaultRegistry.Update(name, command.Settings{Timeout: time.Millisecond}))
	var result string
	ended := false
	err := command.Do(t.Context(), name,
		func(ctx context.Context) error {
			<-ctx.Done() // the timeout
			result = "late"
			ended = true
			return nil
		},
		func(_ context.Context, cause error) error {
			assert.ErrorIs(t, cause, command.ErrTimeout)
			assert.True(t, ended)
			result = "fallback"
			return nil
		})
	require.NoError(t, err)
	assert.Equal(t, "fallback", result)
}
