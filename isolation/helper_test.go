package isolation_test

import (
	"runtime"
	"sync"
	"testing"

	"github.com/quillgo/quill/isolation"
	"github.com/stretchr/testify/require"
)

// ending is how a body ends.
type ending int

const (
	byReturn ending = iota
	byPanic
	byGoexit
)

// diary notes what happened to jobs, in order.
type diary struct {
	mu      sync.Mutex
	started []int
	dropped []int
}

// job is a task that waits at a gate. It holds its slot by the holder's
// reference alone, so that tests decide about the permit.
type job struct {
	isolation.Task
	id   int
	book *diary
	gate chan ending
}

func (j *job) Run(*isolation.Task) {
	j.book.mu.Lock()
	j.book.started = append(j.book.started, j.id)
	j.book.mu.Unlock()
	end(<-j.gate)
}

func (j *job) Dropped(*isolation.Task) {
	j.book.mu.Lock()
	j.book.dropped = append(j.book.dropped, j.id)
	j.book.mu.Unlock()
}

func (j *job) end(how ending) { j.gate <- how }

func end(how ending) {
	switch how {
	case byPanic:
		panic("boom")
	case byGoexit:
		runtime.Goexit()
	}
}

// fixture is a pool with numbered jobs. It is used inside a synctest bubble.
type fixture struct {
	*isolation.Pool
	diary
	t    *testing.T
	jobs []*job
}

func newFixture(t *testing.T, cfg isolation.PoolConfig) *fixture {
	t.Helper()
	f := &fixture{t: t}
	f.Pool = newPool(t, cfg)
	return f
}

// newPool makes a pool that swallows the panics of its jobs.
func newPool(t testing.TB, cfg isolation.PoolConfig) *isolation.Pool {
	t.Helper()
	p, err := isolation.NewPool("P", cfg, &isolation.PoolOptions{OnPanic: func(any, []byte) {}})
	require.NoError(t, err)
	return p
}

// submit submits the next job, which exists afterwards whether accepted or not.
func (f *fixture) submit() error {
	j := &job{id: len(f.jobs), book: &f.diary, gate: make(chan ending)}
	f.jobs = append(f.jobs, j)
	return f.Submit(&j.Task, j)
}

// finish ends all jobs that run, and those that start then, until none is left.
func (f *fixture) finish() {
	for _, j := range f.jobs {
		close(j.gate)
	}
	require.NoError(f.t, f.Wait(f.t.Context()))
}

// accept submits n jobs, none of which may be refused.
func (f *fixture) accept(n int) {
	f.t.Helper()
	for range n {
		require.NoError(f.t, f.submit())
	}
}

// task runs a function as a task.
type task struct {
	isolation.Task
	run     func(*isolation.Task)
	dropped func()
}

func (k *task) Run(t *isolation.Task)   { k.run(t) }
func (k *task) Dropped(*isolation.Task) { k.dropped() }

func submit(p *isolation.Pool, run func(*isolation.Task)) (*isolation.Task, error) {
	k := &task{run: run}
	return &k.Task, p.Submit(&k.Task, k)
}
