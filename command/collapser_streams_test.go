package command_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/quillgo/quill/command"
	"github.com/quillgo/quill/metrics"
	"github.com/quillgo/quill/observable/observabletest"
)

// What the streams and the report tell of a collapser that was used.
func TestCollapser_Streams(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSquares(t, nil)
		done := observabletest.Subscribe(t.Context(), command.CompletionStreamOf(s.registry, "Squares"))
		batches := observabletest.Subscribe(t.Context(), command.BatchStream(s.registry, "Square", 0))
		sizes := observabletest.Subscribe(t.Context(), command.BatchSizeStream(s.registry, "Square", time.Second))
		for n := range 3 {
			s.ToFuture(t.Context(), n)
		}
		time.Sleep(1500 * time.Millisecond)
		synctest.Wait()

		require.Len(t, done.Values(), 1)
		c := done.Values()[0]
		require.Equal(t, 3, c.Collapsed)
		require.Equal(t, "SUCCESS, COLLAPSED", c.Events.String())

		require.Len(t, batches.Values(), 1)
		require.Equal(t, [metrics.NumBatchEvents]int64{1, 3, 0}, batches.Values()[0].Rolling)
		require.Len(t, sizes.Values(), 1)
		require.Equal(t, 3, sizes.Values()[0].Percentile(100))

		report := s.registry.Report()
		require.Equal(t, []command.CollapserStatus{s.Status()}, report.Collapsers)
		s.registry.Close()
		synctest.Wait()
		done.AssertComplete(t)
	})
}
