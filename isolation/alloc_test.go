//go:build !race

package isolation_test

import (
	"testing"

	"github.com/quillgo/quill/isolation"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const allocRuns = 1000

func TestAllocs_Semaphore(t *testing.T) {
	s := newSemaphore(t, 1)
	assert.Zero(t, testing.AllocsPerRun(allocRuns, func() {
		if s.TryAcquire() {
			s.Release()
		}
	}), "a permit")
	p, err := s.Acquire()
	require.NoError(t, err)
	assert.Zero(t, testing.AllocsPerRun(allocRuns, func() {
		_, _ = s.Acquire()
		_ = s.TryAcquire()
		_ = s.Refusal()
	}), "a refusal (I4)")
	assert.Zero(t, testing.AllocsPerRun(allocRuns, func() {
		p.Retain()
		p.Release()
		_ = s.Stats()
	}), "user code")
	p.Done()
	assert.EqualValues(t, 1, testing.AllocsPerRun(allocRuns, func() {
		p, _ = s.Acquire()
		p.Retain()
		p.Abandon()
		p.Release()
	}), "a counted permit that is kept")
}

func TestAllocs_Pool(t *testing.T) {
	p := newPool(t, isolation.PoolConfig{Core: 1, Queue: 1})
	told := make(chan struct{}, 1)
	gate := make(chan struct{})
	tasks := make([]task, 2*allocRuns+10)
	tell := func(task *isolation.Task) {
		task.Permit().Done()
		told <- struct{}{}
	}
	next := func() *task {
		k := &tasks[0]
		tasks = tasks[1:]
		k.run = tell
		return k
	}
	assert.LessOrEqual(t, testing.AllocsPerRun(allocRuns, func() {
		k := next()
		_ = p.Submit(&k.Task, k)
		<-told
	}), 1.0, "the goroutine")

	hung := &task{run: func(*isolation.Task) { <-gate }}
	require.NoError(t, p.Submit(&hung.Task, hung))
	assert.Zero(t, testing.AllocsPerRun(allocRuns, func() {
		k := next()
		_ = p.Submit(&k.Task, k)
		k.Cancel()
	}), "queued and cancelled")

	queued, refused := next(), next()
	require.NoError(t, p.Submit(&queued.Task, queued))
	assert.Zero(t, testing.AllocsPerRun(allocRuns, func() {
		_ = p.Submit(&refused.Task, refused)
	}), "a refusal (I4)")
	close(gate)
	require.NoError(t, p.Wait(t.Context()))
	p.Close()
	assert.Zero(t, testing.AllocsPerRun(allocRuns, func() {
		_ = p.Submit(&refused.Task, refused)
		_ = p.Stats()
	}), "a refusal of a closed pool (I4)")
}
