package isolation_test

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/quillgo/quill/isolation"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestI5_AdmissionOrder submits tasks that do not end, one after the other, and
// spells what became of each: r runs, q is queued, x is refused.
func TestI5_AdmissionOrder(t *testing.T) {
	const off = isolation.Unlimited
	for _, c := range []struct {
		name string
		cfg  isolation.PoolConfig
		want string
	}{
		{"hand-off", isolation.PoolConfig{Core: 1}, "rxx"},
		{"hand-off, Hystrix's number", isolation.PoolConfig{Core: 1, Queue: -1}, "rxx"},
		{"hand-off, default size", isolation.PoolConfig{}, strings.Repeat("r", 10) + "xx"},
		{"hand-off grows to max", isolation.PoolConfig{Core: 1, Max: 3}, "rrrxx"},
		{"hand-off has no threshold to switch off", isolation.PoolConfig{Core: 1, RejectAt: off}, "rxx"},
		{"queue after core", isolation.PoolConfig{Core: 2, Queue: 3}, "rrqqqxx"},
		{"queue of one", isolation.PoolConfig{Core: 1, Queue: 1, RejectAt: off}, "rqxx"},
		{"default threshold caps a longer queue", isolation.PoolConfig{Core: 1, Queue: 50}, "rqqqqqxx"},
		{"threshold below the queue", isolation.PoolConfig{Core: 1, Queue: 9, RejectAt: 2}, "rqqxx"},
		{"threshold equal to the queue", isolation.PoolConfig{Core: 1, Queue: 7, RejectAt: 7}, "rqqqqqqqxx"},
		{"full queue grows to max", isolation.PoolConfig{Core: 1, Max: 3, Queue: 2, RejectAt: off}, "rqqrrxx"},
		{"threshold comes before growth", isolation.PoolConfig{Core: 1, Max: 3, Queue: 2, RejectAt: 2}, "rqqxx"},
		{"threshold of one", isolation.PoolConfig{Core: 2, Max: 3, Queue: 2, RejectAt: 1}, "rrqxx"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFixture(t, c.cfg)
				got := ""
				for i := range c.want {
					queued := f.Stats().Queued
					err := f.submit()
					synctest.Wait()
					switch {
					case slices.Contains(f.started, i):
						require.NoError(t, err)
						got += "r"
					case f.Stats().Queued == queued+1:
						require.NoError(t, err)
						got += "q"
					default:
						require.ErrorIs(t, err, isolation.ErrPoolFull)
						require.EqualError(t, err, `isolation: pool full: "P"`)
						got += "x"
					}
				}
				assert.Equal(t, c.want, got)
				assert.EqualValues(t, strings.Count(c.want, "x"), f.Stats().Rejected)
				f.finish()
			})
		})
	}
}

func TestI6_QueueIsFirstInFirstOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, isolation.PoolConfig{Core: 1, Queue: 4, RejectAt: isolation.Unlimited})
		f.accept(5)
		for i, how := range []ending{byReturn, byPanic, byGoexit, byReturn, byReturn} {
			synctest.Wait()
			assert.Len(t, f.started, i+1, "one at a time")
			f.jobs[i].end(how)
		}
		synctest.Wait()
		assert.Equal(t, []int{0, 1, 2, 3, 4}, f.started)
	})
}

// A slot above the core goes on with the queue, as a Hystrix thread would.
func TestI6_SlotAboveCoreTakesTheHeadOfTheQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, isolation.PoolConfig{Core: 1, Max: 2, Queue: 1, RejectAt: isolation.Unlimited})
		f.accept(3)
		synctest.Wait()
		require.ElementsMatch(t, []int{0, 2}, f.started)
		f.jobs[2].end(byReturn)
		synctest.Wait()
		assert.Equal(t, 1, f.started[2])
		assert.Equal(t, 2, f.Stats().Active)
		f.finish()
	})
}

func TestI6_CancelledTaskLeavesTheQueueInPlace(t *testing.T) {
	for _, c := range []struct {
		name   string
		cancel []int
		want   []int
	}{
		{"head", []int{1}, []int{0, 2, 3, 4}},
		{"middle", []int{2}, []int{0, 1, 3, 4}},
		{"tail", []int{3}, []int{0, 1, 2, 4}},
		{"head and tail", []int{1, 3}, []int{0, 2, 4}},
		{"all", []int{2, 1, 3}, []int{0, 4}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFixture(t, isolation.PoolConfig{Core: 1, Queue: 3})
				f.accept(4)
				require.ErrorIs(t, f.submit(), isolation.ErrPoolFull)
				f.jobs = f.jobs[:4]
				for _, i := range c.cancel {
					assert.True(t, f.jobs[i].Cancel())
					assert.False(t, f.jobs[i].Cancel(), "once")
				}
				assert.Equal(t, 3-len(c.cancel), f.Stats().Queued)
				f.accept(1) // its place is free again
				for _, i := range c.want {
					synctest.Wait()
					f.jobs[i].end(byReturn)
				}
				synctest.Wait()
				assert.Equal(t, c.want, f.started)
				assert.Equal(t, isolation.PoolStats{
					Core: 1, Max: 1, QueueLimit: 3, Largest: 1, Rejected: 1,
					Submitted: 5, Completed: uint64(len(c.want)), Cancelled: uint64(len(c.cancel)),
				}, f.Stats())
			})
		})
	}
}

func TestI9_CancelIsTooLateOnceTheTaskHasItsSlot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, isolation.PoolConfig{Core: 1, Queue: 1})
		assert.False(t, new(isolation.Task).Cancel(), "never submitted")
		f.accept(2)
		assert.False(t, f.jobs[0].Cancel(), "has its slot, whether Run was entered or not")
		require.Error(t, f.submit())
		assert.False(t, f.jobs[2].Cancel(), "refused")
		f.finish()
		assert.False(t, f.jobs[0].Cancel(), "has run")
		assert.False(t, f.jobs[1].Cancel(), "has run")
		assert.Zero(t, f.Stats().Cancelled)
	})
}

func TestI9_TaskServesOneAcceptedSubmit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, isolation.PoolConfig{Core: 1})
		f.accept(1)
		require.Error(t, f.submit())
		f.jobs[0].end(byReturn)
		synctest.Wait()
		refused := f.jobs[1]
		require.NoError(t, f.Submit(&refused.Task, refused), "a refused task may be submitted again")
		assert.PanicsWithValue(t, "isolation: Submit of a task that was submitted before", func() {
			_ = f.Submit(&refused.Task, refused)
		})
		assert.PanicsWithValue(t, "isolation: Submit without a Runner", func() {
			_ = f.Submit(new(isolation.Task), nil)
		})
		f.finish()
		assert.EqualValues(t, 2, f.Stats().Submitted)
	})
}

// A pool that tells its caller before the slot is back refuses serial callers
// at random.
func TestI7_SerialCallerWithOneSlotIsNeverRefused(t *testing.T) {
	p := newPool(t, isolation.PoolConfig{Core: 1})
	told := make(chan struct{})
	tell := func(task *isolation.Task) {
		task.Permit().Done()
		told <- struct{}{}
	}
	for i := range 100_000 {
		if _, err := submit(p, tell); err != nil {
			t.Fatalf("submit %d: %v", i, err)
		}
		<-told
	}
	require.NoError(t, p.Wait(t.Context()))
	assert.Equal(t, isolation.PoolStats{Core: 1, Max: 1, Largest: 1, Submitted: 100_000, Completed: 100_000}, p.Stats())
}
