package isolation_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/quillgo/quill/isolation"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// call is the whole protocol of a caller that may leave: the body holds the
// permit for itself, the caller cancels, or abandons if it is too late for that.
type call struct {
	isolation.Task
	body func()
	told chan struct{}
}

func (c *call) Run(t *isolation.Task) {
	defer close(c.told)
	defer t.Permit().Done()
	if !t.Permit().Retain() {
		return
	}
	defer t.Permit().Release()
	c.body()
}

func (c *call) Dropped(*isolation.Task) { close(c.told) }

// do runs body in p and leaves when ctx ends.
func do(ctx context.Context, p *isolation.Pool, body func()) error {
	c := &call{body: body, told: make(chan struct{})}
	if err := p.Submit(&c.Task, c); err != nil {
		return err
	}
	select {
	case <-c.told:
		return nil
	case <-ctx.Done():
		if !c.Cancel() {
			c.Permit().Abandon()
		}
		return ctx.Err()
	}
}

// Promise 1: at most N bodies are alive, abandoned ones included. Sixty callers
// with a timeout of 10 ms meet a dependency that hangs.
func TestPromise1_AtMostNBodiesAliveIncludingAbandoned(t *testing.T) {
	t.Run("pool", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			p := newPool(t, isolation.PoolConfig{Core: 3, Queue: 2})
			var alive gauge
			gate := make(chan struct{})
			hang := func() {
				alive.enter()
				defer alive.leave()
				<-gate
			}
			for range 60 {
				ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
				require.ErrorIs(t, do(ctx, p, hang), context.DeadlineExceeded)
				cancel()
			}
			// Three hang in their slots; the others come one at a time, wait in
			// the queue, and leave it.
			assert.EqualValues(t, 3, alive.most.Load())
			want := isolation.PoolStats{
				Core: 3, Max: 3, QueueLimit: 2, Active: 3, Largest: 3,
				Abandoned: 3, AbandonedTotal: 3, Submitted: 60, Cancelled: 57,
			}
			assert.Equal(t, want, p.Stats())
			close(gate)
			require.NoError(t, p.Wait(t.Context()))
			want.Active, want.Abandoned, want.Completed = 0, 0, 3
			assert.Equal(t, want, p.Stats())
		})
	})
	t.Run("hand-off", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			p := newPool(t, isolation.PoolConfig{Core: 3})
			var alive gauge
			gate := make(chan struct{})
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
			defer cancel()
			together(60, func(int) {
				_ = do(ctx, p, func() {
					alive.enter()
					defer alive.leave()
					<-gate
				})
			})
			assert.EqualValues(t, 3, alive.now.Load())
			assert.EqualValues(t, 57, p.Stats().Rejected)
			assert.Equal(t, 3, p.Stats().Abandoned)
			require.ErrorIs(t, do(t.Context(), p, func() {}), isolation.ErrPoolFull)
			close(gate)
			synctest.Wait()
			require.NoError(t, do(t.Context(), p, func() {}))
			assert.EqualValues(t, 3, alive.most.Load())
			require.NoError(t, p.Wait(t.Context()))
		})
	})
	t.Run("semaphore", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := newSemaphore(t, 3)
			var alive gauge
			gate := make(chan struct{})
			for range 60 {
				permit, err := s.Acquire()
				if err != nil {
					continue
				}
				go func() {
					require.True(t, permit.Retain())
					defer permit.Release()
					alive.enter()
					defer alive.leave()
					<-gate
				}()
				synctest.Wait()
				permit.Abandon()
			}
			assert.EqualValues(t, 3, alive.most.Load())
			assert.Equal(t, isolation.SemaphoreStats{Limit: 3, InUse: 3, Abandoned: 3, AbandonedTotal: 3, Rejected: 57}, s.Stats())
			close(gate)
			synctest.Wait()
			assert.Equal(t, isolation.SemaphoreStats{Limit: 3, AbandonedTotal: 3, Rejected: 57}, s.Stats())
		})
	})
}

// Promise 2: every permit goes back exactly once, however its execution ends.
func TestPromise2_EveryPermitGoesBackExactlyOnce(t *testing.T) {
	inTime := func(ctx context.Context) (context.Context, context.CancelFunc) { return context.WithCancel(ctx) }
	late := func(ctx context.Context) (context.Context, context.CancelFunc) {
		return context.WithTimeout(ctx, time.Millisecond)
	}
	gone := func(ctx context.Context) (context.Context, context.CancelFunc) {
		ctx, cancel := context.WithCancel(ctx)
		cancel()
		return ctx, cancel
	}
	for _, c := range []struct {
		name string
		ctx  func(context.Context) (context.Context, context.CancelFunc)
		body func()
	}{
		{"success", inTime, func() {}},
		{"panic", inTime, func() { end(byPanic) }},
		{"Goexit", inTime, func() { end(byGoexit) }},
		{"cancel", gone, func() { time.Sleep(time.Second) }},
		{"timeout", late, func() { time.Sleep(time.Second) }},
		{"timeout, then panic", late, func() { time.Sleep(time.Second); end(byPanic) }},
		{"timeout, then Goexit", late, func() { time.Sleep(time.Second); end(byGoexit) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPool(t, isolation.PoolConfig{Core: 1})
				for n := range uint64(10) {
					ctx, cancel := c.ctx(t.Context())
					require.NotErrorIs(t, do(ctx, p, c.body), isolation.ErrPoolFull)
					cancel()
					require.NoError(t, p.Wait(t.Context()))
					s := p.Stats()
					assert.Equal(t, n+1, s.Completed)
					assert.Zero(t, s.Active)
					assert.Zero(t, s.Abandoned)
				}
			})
		})
	}
	t.Run("cancel in the queue", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			f := newFixture(t, isolation.PoolConfig{Core: 1, Queue: 1})
			f.accept(1)
			for range 10 {
				ctx, cancel := late(t.Context())
				require.ErrorIs(t, do(ctx, f.Pool, func() { t.Error("ran") }), context.DeadlineExceeded)
				cancel()
			}
			f.finish()
			assert.Equal(t, isolation.PoolStats{
				Core: 1, Max: 1, QueueLimit: 1, Largest: 1, Submitted: 11, Completed: 1, Cancelled: 10,
			}, f.Stats())
		})
	})
}
