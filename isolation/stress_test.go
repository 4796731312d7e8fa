package isolation_test

import (
	"errors"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/quillgo/quill/isolation"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// gauge counts who is inside, and remembers the most.
type gauge struct{ now, most atomic.Int64 }

func (g *gauge) enter() {
	n := g.now.Add(1)
	for most := g.most.Load(); n > most && !g.most.CompareAndSwap(most, n); most = g.most.Load() {
	}
}

func (g *gauge) leave() { g.now.Add(-1) }

// together runs f on n goroutines, which start at once, and waits for them.
func together(n int, f func(i int)) {
	var all sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		all.Go(func() {
			<-start
			f(i)
		})
	}
	close(start)
	all.Wait()
}

// dawdle lets others run for a random while.
func dawdle() {
	for range rand.IntN(20) {
		runtime.Gosched()
	}
}

func TestStress_SemaphoreNeverExceedsItsLimit(t *testing.T) {
	s := newSemaphore(t, 3)
	var inside gauge
	together(8, func(i int) {
		for n := range 3000 {
			if i == 0 {
				assert.NoError(t, s.SetLimit(1+n%3))
			}
			if !s.TryAcquire() {
				continue
			}
			inside.enter()
			if n%16 == 0 {
				runtime.Gosched()
			}
			inside.leave()
			s.Release()
		}
	})
	assert.LessOrEqual(t, inside.most.Load(), int64(3))
	assert.Zero(t, s.InUse())
}

// An acquire that began under the old limit must not succeed under the new one:
// who holds the only permit of a semaphore is alone.
func TestStress_SemaphoreShrinkIsExact(t *testing.T) {
	s := newSemaphore(t, isolation.Unlimited)
	for range 2000 {
		require.NoError(t, s.SetLimit(isolation.Unlimited))
		together(5, func(i int) {
			if i > 0 {
				for range 20 {
					if s.TryAcquire() {
						runtime.Gosched()
						s.Release()
					}
				}
				return
			}
			dawdle()
			assert.NoError(t, s.SetLimit(1))
			for !s.TryAcquire() {
				runtime.Gosched()
			}
			for range 20 {
				if n := s.InUse(); n != 1 {
					t.Errorf("%d permits of 1 are out", n)
				}
				runtime.Gosched()
			}
			s.Release()
		})
	}
	assert.Zero(t, s.InUse())
}

func TestStress_PermitGoesBackOnce(t *testing.T) {
	s := newSemaphore(t, 1)
	for range 1000 {
		p, err := s.Acquire()
		require.NoError(t, err)
		together(6, func(i int) {
			switch i {
			case 0:
				dawdle()
				p.Done()
			case 1:
				dawdle()
				p.Abandon()
			case 2:
				for range 20 {
					if n := s.Stats().Abandoned; n < 0 || n > 1 {
						t.Errorf("%d permits of 1 are abandoned", n)
					}
					runtime.Gosched()
				}
			default:
				for n := range 20 {
					if !p.Retain() {
						return
					}
					if s.TryAcquire() {
						t.Error("the place was free while user code held it")
					}
					if n%4 == 0 {
						runtime.Gosched()
					}
					p.Release()
				}
			}
		})
		// A second give-back would have panicked: no other permit is out.
		require.Zero(t, s.InUse())
		require.Zero(t, s.Stats().Abandoned)
		require.False(t, p.Retain())
	}
}

func TestStress_PermitCountsEveryReference(t *testing.T) {
	s := newSemaphore(t, 1)
	p, err := s.Acquire()
	require.NoError(t, err)
	together(4, func(int) {
		for range 300_000 {
			if !p.Retain() {
				t.Error("the holder has not left")
				return
			}
			p.Release()
		}
	})
	require.Equal(t, 1, s.InUse())
	p.Done()
	require.Zero(t, s.InUse(), "no reference is left over")
}

// TestStress_Pool lets callers come, leave, and resize, while bodies end in all
// ways. Bodies hold the permit as Run is told to; so no more of them are alive
// than slots, and in the end everything is back.
func TestStress_Pool(t *testing.T) {
	const most = 4
	p := newPool(t, isolation.PoolConfig{Core: most, Queue: 8, RejectAt: isolation.Unlimited})
	var alive gauge
	var accepted, ran, cancelled, refused atomic.Int64
	body := func(task *isolation.Task) {
		ran.Add(1)
		if !task.Permit().Retain() {
			return
		}
		defer task.Permit().Release()
		alive.enter()
		defer alive.leave()
		if rand.IntN(2) == 0 {
			runtime.Gosched()
		}
		end(ending(rand.IntN(3)))
	}
	together(8, func(i int) {
		for n := range 1000 {
			if i == 0 && n%10 == 0 {
				core := 1 + rand.IntN(most)
				assert.NoError(t, p.Update(isolation.PoolConfig{
					Core: core, Max: core + rand.IntN(most-core+1), Queue: rand.IntN(8), RejectAt: isolation.Unlimited,
				}))
			}
			task, err := submit(p, body)
			if err != nil {
				assert.ErrorIs(t, err, isolation.ErrPoolFull)
				refused.Add(1)
				runtime.Gosched()
				continue
			}
			accepted.Add(1)
			switch rand.IntN(4) {
			case 0:
				if task.Cancel() {
					cancelled.Add(1)
				} else {
					task.Permit().Abandon()
				}
			case 1:
				task.Permit().Done()
			case 2:
				s := p.Stats()
				if s.Submitted != uint64(s.Queued)+uint64(s.Active)+s.Completed+s.Cancelled || s.Abandoned > s.Active || s.Abandoned < 0 {
					t.Errorf("stats %+v are not of one instant", s)
				}
			}
		}
	})
	require.NoError(t, p.Wait(t.Context()))
	assert.LessOrEqual(t, alive.most.Load(), int64(most))
	assert.Equal(t, accepted.Load(), ran.Load()+cancelled.Load(), "I9")
	s := p.Stats()
	assert.EqualValues(t, accepted.Load(), s.Submitted)
	assert.EqualValues(t, refused.Load(), s.Rejected)
	assert.EqualValues(t, cancelled.Load(), s.Cancelled)
	assert.Equal(t, s.Submitted, s.Completed+s.Cancelled)
	assert.Zero(t, s.Active+s.Queued+s.Abandoned)
	assert.LessOrEqual(t, s.Largest, most)
}

func TestStress_CloseMeetsSubmitAndCancel(t *testing.T) {
	for range 200 {
		p := newPool(t, isolation.PoolConfig{Core: 1, Queue: 4, RejectAt: isolation.Unlimited})
		var accepted, ran, dropped, cancelled atomic.Int64
		together(5, func(i int) {
			if i == 0 {
				runtime.Gosched()
				p.Close()
				return
			}
			for range 10 {
				k := &task{run: func(*isolation.Task) { ran.Add(1) }, dropped: func() { dropped.Add(1) }}
				err := p.Submit(&k.Task, k)
				switch {
				case err == nil:
					accepted.Add(1)
					if i == 1 && k.Cancel() {
						cancelled.Add(1)
					}
				case !errors.Is(err, isolation.ErrPoolFull) && !errors.Is(err, isolation.ErrPoolClosed):
					t.Error(err)
				}
			}
		})
		require.NoError(t, p.Wait(t.Context()))
		require.Equal(t, accepted.Load(), ran.Load()+dropped.Load()+cancelled.Load(), "I9")
		require.EqualValues(t, dropped.Load()+cancelled.Load(), p.Stats().Cancelled)
	}
}
