package isolation_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/quillgo/quill/isolation"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestClose_RefusesAndDropsTheQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, isolation.PoolConfig{Core: 1, Queue: 3})
		f.accept(4)
		f.Close()
		assert.Equal(t, []int{1, 2, 3}, f.dropped, "told before Close returns, in order")
		assert.False(t, f.jobs[1].Cancel(), "a dropped task is gone")

		err := f.submit()
		require.ErrorIs(t, err, isolation.ErrPoolClosed)
		require.NotErrorIs(t, err, isolation.ErrPoolFull)
		require.EqualError(t, err, `isolation: pool closed: "P"`)
		require.ErrorIs(t, f.Update(isolation.PoolConfig{}), isolation.ErrPoolClosed)

		f.Close()
		assert.Len(t, f.dropped, 3, "a second Close has nothing to do")
		assert.Equal(t, isolation.PoolStats{
			Core: 1, Max: 1, QueueLimit: 3, Active: 1, Largest: 1, Submitted: 4, Cancelled: 3,
		}, f.Stats(), "the one that runs goes on; a closed pool is not a full one")
		f.finish()
		assert.Equal(t, []int{0}, f.started)
	})
}

// One owner that fails must not keep the others from being told.
func TestClose_TellsEveryOwner(t *testing.T) {
	for _, c := range []struct {
		name    string
		hows    []ending
		reports int
	}{
		{"panic", []ending{byPanic, byReturn, byPanic}, 2},
		{"Goexit", []ending{byGoexit, byGoexit, byReturn}, 0},
		{"both", []ending{byGoexit, byPanic, byGoexit}, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				reports, told := 0, 0
				p, err := isolation.NewPool("P", isolation.PoolConfig{Core: 1, Queue: 4}, &isolation.PoolOptions{
					OnPanic: func(any, []byte) { reports++ },
				})
				require.NoError(t, err)
				gate := make(chan struct{})
				_, err = submit(p, func(*isolation.Task) { <-gate })
				require.NoError(t, err)
				for _, how := range c.hows {
					k := &task{dropped: func() { told++; end(how) }}
					require.NoError(t, p.Submit(&k.Task, k))
				}
				go p.Close()
				synctest.Wait()
				assert.Equal(t, len(c.hows), told)
				assert.Equal(t, c.reports, reports)
				close(gate)
				require.NoError(t, p.Wait(t.Context()), "Close has left")
			})
		})
	}
}

func TestClose_OwnersMayUseThePool(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, isolation.PoolConfig{Core: 1, Queue: 1})
		f.accept(1)
		k := &task{}
		k.dropped = func() {
			assert.Zero(t, f.Stats().Queued)
			assert.False(t, k.Cancel())
			assert.ErrorIs(t, f.submit(), isolation.ErrPoolClosed)
			f.Close()
		}
		require.NoError(t, f.Submit(&k.Task, k))
		f.Close()
		f.finish()
	})
}

// waiting starts a Wait and tells whether it has returned.
func waiting(t *testing.T, p *isolation.Pool) func() bool {
	var back atomic.Bool
	go func() {
		assert.NoError(t, p.Wait(context.Background()))
		back.Store(true)
	}()
	return func() bool {
		synctest.Wait()
		return back.Load()
	}
}

func TestWait_ForQueueSlotsAndGoroutines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, isolation.PoolConfig{Core: 1, Queue: 1})
		require.NoError(t, f.Wait(t.Context()), "an unused pool is idle")
		f.accept(2)
		one, two := waiting(t, f.Pool), waiting(t, f.Pool)

		f.jobs[0].end(byReturn)
		assert.False(t, one(), "a queued task has got the slot")
		permit := f.jobs[1].Permit()
		require.True(t, permit.Retain())
		permit.Done()
		f.jobs[1].end(byReturn)
		assert.False(t, one(), "the slot is still held")
		permit.Release()
		assert.True(t, one())
		assert.True(t, two(), "all who wait are told")

		f.accept(1)
		synctest.Wait()
		f.jobs[2].Permit().Done()
		one = waiting(t, f.Pool)
		assert.False(t, one(), "the goroutine still runs")
		f.jobs[2].end(byReturn)
		assert.True(t, one())
	})
}

func TestWait_ForTheOwnersThatCloseTells(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, isolation.PoolConfig{Core: 1, Queue: 1})
		f.accept(1)
		gate := make(chan struct{})
		k := &task{dropped: func() { <-gate }}
		require.NoError(t, f.Submit(&k.Task, k))
		go f.Close()
		synctest.Wait()
		f.jobs[0].end(byReturn)
		back := waiting(t, f.Pool)
		assert.False(t, back())
		close(gate)
		assert.True(t, back())
	})
}

func TestWait_ReturnsTheCauseOfItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, isolation.PoolConfig{Core: 1})
		f.accept(1)
		enough := errors.New("enough")
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(enough)
		assert.Equal(t, enough, f.Wait(ctx))
		f.finish()
		assert.NoError(t, f.Wait(ctx), "idle comes first")
	})
}
