package isolation_test

import (
	"testing"
	"testing/synctest"

	"github.com/quillgo/quill/isolation"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestUpdate_GrowthStartsQueuedTasksAtOnce(t *testing.T) {
	for _, c := range []struct {
		name string
		to   isolation.PoolConfig
		want []int
	}{
		{"core", isolation.PoolConfig{Core: 3, Queue: 4}, []int{0, 1, 2}},
		{"core beyond the queue", isolation.PoolConfig{Core: 9, Queue: 4}, []int{0, 1, 2, 3, 4}},
		{"max", isolation.PoolConfig{Core: 1, Max: 2, Queue: 4}, []int{0, 1}},
		{"core, queue gone", isolation.PoolConfig{Core: 2}, []int{0, 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFixture(t, isolation.PoolConfig{Core: 1, Queue: 4})
				f.accept(5)
				require.NoError(t, f.Update(c.to))
				synctest.Wait()
				assert.ElementsMatch(t, c.want, f.started)
				assert.Equal(t, len(c.want), f.Stats().Active)
				assert.Equal(t, 5-len(c.want), f.Stats().Queued)
				f.finish()
				assert.Len(t, f.started, 5)
			})
		})
	}
}

func TestUpdate_ShrinkDrainsBeforeItAdmits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, isolation.PoolConfig{Core: 3, Queue: 3})
		f.accept(5)
		require.NoError(t, f.Update(isolation.PoolConfig{Core: 1, Queue: 3}))
		synctest.Wait()
		assert.Equal(t, 3, f.Stats().Active, "those that run go on")
		for i := range 2 {
			f.jobs[i].end(byReturn)
			synctest.Wait()
			assert.Len(t, f.started, 3, "no queued task before the pool is down to its size")
		}
		f.jobs[2].end(byReturn)
		synctest.Wait()
		assert.Len(t, f.started, 4)
		assert.Equal(t, 1, f.Stats().Active)
		assert.Equal(t, 3, f.Stats().Largest)
		f.finish()
		assert.Len(t, f.started, 5, "none was lost")
	})
}

func TestUpdate_ShrinkRefusesUntilDrained(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, isolation.PoolConfig{Core: 3})
		f.accept(3)
		require.NoError(t, f.Update(isolation.PoolConfig{Core: 1}))
		for i := range 3 {
			require.ErrorIs(t, f.submit(), isolation.ErrPoolFull)
			f.jobs[i].end(byReturn)
			synctest.Wait()
		}
		f.accept(1)
		f.finish()
	})
}

func TestUpdate_QueueSizeAndThreshold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, isolation.PoolConfig{Core: 1, Queue: 1})
		full := func() {
			t.Helper()
			require.ErrorIs(t, f.submit(), isolation.ErrPoolFull)
		}
		f.accept(2)
		full()
		require.NoError(t, f.Update(isolation.PoolConfig{Core: 1, Queue: 6}))
		f.accept(4)
		full() // the default threshold is 5
		require.NoError(t, f.Update(isolation.PoolConfig{Core: 1, Queue: 6, RejectAt: 6}))
		f.accept(1)
		full()
		require.NoError(t, f.Update(isolation.PoolConfig{Core: 1, Queue: 2}))
		assert.Equal(t, 6, f.Stats().Queued, "a smaller queue drops nobody")
		full()
		require.NoError(t, f.Update(isolation.PoolConfig{Core: 1}))
		assert.Equal(t, 6, f.Stats().Queued, "nor does none at all")
		full()
		f.finish()
		assert.Len(t, f.started, 7, "all that were accepted ran")
	})
}

// A registry may apply the same settings again at any time.
func TestUpdate_OfNothingDoesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := isolation.PoolConfig{Core: 1, Max: 2, Queue: 1, RejectAt: isolation.Unlimited}
		f := newFixture(t, cfg)
		f.accept(2)
		require.NoError(t, f.Update(cfg))
		synctest.Wait()
		assert.Equal(t, []int{0}, f.started, "growth beyond the core is for a full queue")
		f.finish()
	})
}
