package isolation_test

import (
	"testing"
	"testing/synctest"

	"github.com/quillgo/quill/isolation"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTask_DoneFreesTheSlotBeforeRunReturns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, isolation.PoolConfig{Core: 1, Queue: 1})
		f.accept(2)
		synctest.Wait()
		f.jobs[0].Permit().Done()
		synctest.Wait()
		assert.Equal(t, []int{0, 1}, f.started)
		assert.EqualValues(t, 1, f.Stats().Completed)
		f.finish()
		assert.EqualValues(t, 2, f.Stats().Completed, "the return of Run gives nothing back twice")
	})
}

func TestTask_RetainedSlotOutlivesRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, isolation.PoolConfig{Core: 1})
		f.accept(1)
		permit := f.jobs[0].Permit()
		require.True(t, permit.Retain())
		f.jobs[0].end(byReturn)
		synctest.Wait()
		assert.Equal(t, 1, f.Stats().Active)
		assert.Zero(t, f.Stats().Abandoned, "its holder left in good order")
		assert.ErrorIs(t, f.submit(), isolation.ErrPoolFull)
		permit.Release()
		assert.Zero(t, f.Stats().Active)
	})
}

func TestTask_AbandonedSlotCountsUntilItsCodeReturns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPool(t, isolation.PoolConfig{Core: 1})
		gate := make(chan struct{})
		hung, err := submit(p, func(task *isolation.Task) {
			require.True(t, task.Permit().Retain())
			defer task.Permit().Release()
			<-gate
		})
		require.NoError(t, err)
		synctest.Wait()
		hung.Permit().Abandon()
		want := isolation.PoolStats{Core: 1, Max: 1, Active: 1, Largest: 1, Abandoned: 1, AbandonedTotal: 1, Submitted: 1}
		assert.Equal(t, want, p.Stats())
		close(gate)
		synctest.Wait()
		want.Active, want.Abandoned, want.Completed = 0, 0, 1
		assert.Equal(t, want, p.Stats())
	})
}

// The caller may leave between the start of the goroutine and the user code.
func TestI3_CodeWhosePermitWentBackDoesNotRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, isolation.PoolConfig{Core: 1, Queue: 1})
		left, entered := make(chan struct{}), make(chan bool)
		k := &task{run: func(task *isolation.Task) {
			<-left
			entered <- task.Permit().Retain()
		}}
		require.NoError(t, f.Submit(&k.Task, k))
		f.accept(1)
		k.Permit().Abandon()
		close(left)
		assert.False(t, <-entered)
		synctest.Wait()
		assert.Equal(t, []int{0}, f.started, "the slot went to the next in the queue")
		assert.Zero(t, f.Stats().AbandonedTotal, "no code was running")
		f.finish()
	})
}

func TestTask_QueuedPermitHoldsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, isolation.PoolConfig{Core: 1, Queue: 1})
		f.accept(2)
		queued := f.jobs[1].Permit()
		assert.False(t, queued.Retain())
		queued.Abandon()
		queued.Done()
		assert.Equal(t, isolation.PoolStats{Core: 1, Max: 1, QueueLimit: 1, Active: 1, Queued: 1, Largest: 1, Submitted: 2}, f.Stats())
		f.finish()
		assert.Equal(t, []int{0, 1}, f.started)
	})
}

func TestPool_StatsFollowTheTasks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, isolation.PoolConfig{Core: 2, Max: 3, Queue: 2, RejectAt: isolation.Unlimited})
		f.accept(5)
		require.Error(t, f.submit())
		want := isolation.PoolStats{Core: 2, Max: 3, QueueLimit: 2, Active: 3, Queued: 2, Largest: 3, Submitted: 5, Rejected: 1}
		assert.Equal(t, want, f.Stats())

		f.jobs[0].end(byReturn)
		f.jobs[1].end(byReturn)
		synctest.Wait()
		want.Completed, want.Queued = 2, 0
		assert.Equal(t, want, f.Stats())

		f.jobs[4].end(byPanic)
		f.jobs[2].end(byGoexit)
		synctest.Wait()
		want.Completed, want.Active = 4, 1
		assert.Equal(t, want, f.Stats(), "Largest stays")
		f.finish()
	})
}
