package isolation_test

import (
	"errors"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/quillgo/quill/isolation"
	"pgregory.net/rapid"
)

// modelPool is the pool as plain lists: it counts what it is asked for and
// remembers no sums but those of events.
type modelPool struct {
	cfg     isolation.PoolConfig
	closed  bool
	jobs    []*modelJob // all ever submitted
	queue   []int
	started []int
	want    isolation.PoolStats // the sums of events
}

type modelJob struct {
	modelPermit
	inRun bool
}

func (m *modelPool) active() (active, abandoned int) {
	for _, j := range m.jobs {
		if j.out() {
			active++
		}
		if j.abandoned {
			abandoned++
		}
	}
	return active, abandoned
}

func (m *modelPool) start(i int) {
	m.jobs[i].holder, m.jobs[i].inRun = true, true
	m.started = append(m.started, i)
	active, _ := m.active()
	m.want.Largest = max(m.want.Largest, active)
}

// next starts the head of the queue if there are one and a slot for it.
func (m *modelPool) next() bool {
	active, _ := m.active()
	if active >= m.cfg.Max || len(m.queue) == 0 {
		return false
	}
	i := m.queue[0]
	m.queue = m.queue[1:]
	m.start(i)
	return true
}

// submit says what should become of the next job.
func (m *modelPool) submit() error {
	i := len(m.jobs)
	m.jobs = append(m.jobs, &modelJob{})
	active, _ := m.active()
	threshold := m.cfg.Queue > 0 && m.cfg.RejectAt != isolation.Unlimited && len(m.queue) >= m.cfg.RejectAt
	if m.closed {
		return isolation.ErrPoolClosed
	}
	fits := active < m.cfg.Core || len(m.queue) < m.cfg.Queue || active < m.cfg.Max
	if threshold || !fits {
		m.want.Rejected++
		return isolation.ErrPoolFull
	}
	m.want.Submitted++
	if active >= m.cfg.Core && len(m.queue) < m.cfg.Queue {
		m.queue = append(m.queue, i)
	} else {
		m.start(i)
	}
	return nil
}

func (m *modelPool) stats() isolation.PoolStats {
	s := m.want
	s.Core, s.Max, s.QueueLimit, s.Queued = m.cfg.Core, m.cfg.Max, m.cfg.Queue, len(m.queue)
	s.Active, s.Abandoned = m.active()
	return s
}

func drawConfig(t *rapid.T) isolation.PoolConfig {
	cfg := isolation.PoolConfig{Core: rapid.IntRange(1, 3).Draw(t, "core")}
	cfg.Max = cfg.Core + rapid.IntRange(0, 2).Draw(t, "more")
	cfg.Queue = rapid.IntRange(0, 4).Draw(t, "queue")
	if cfg.Queue > 0 {
		cfg.RejectAt = rapid.SampledFrom([]int{isolation.Unlimited, isolation.Unlimited, 1, cfg.Queue}).Draw(t, "rejectAt")
	}
	return cfg
}

// TestModel_Pool plays random calls, one at a time, against the model. Bodies
// end only when told to.
func TestModel_Pool(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rapid.Check(bubbleTB{t}, func(rt *rapid.T) {
			cfg := drawConfig(rt)
			g := &poolGame{fixture: newFixture(t, cfg), model: &modelPool{cfg: cfg}}
			defer g.finish()
			rt.Repeat(g.actions())
		})
	})
}

// bubbleTB keeps rapid from asking for the deadline, which has no meaning in a
// synctest bubble and panics there.
type bubbleTB struct{ *testing.T }

// poolGame is a pool and its model.
type poolGame struct {
	*fixture
	model *modelPool
}

func (g *poolGame) actions() map[string]func(*rapid.T) {
	m := g.model
	permits := permitActions{
		pick: func(t *rapid.T) (*isolation.Permit, *modelPermit) {
			i := g.pick(t, func(*modelJob) bool { return true })
			return g.jobs[i].Permit(), &m.jobs[i].modelPermit
		},
		total: func() { m.want.AbandonedTotal++ },
		freed: func() {
			m.want.Completed++
			m.next() // one slot, one task; only Update fills all
		},
	}
	submit := func(t *rapid.T) {
		want := m.submit()
		if err := g.submit(); !errors.Is(err, want) {
			t.Fatalf("Submit: %v, want %v", err, want)
		}
	}
	actions := map[string]func(*rapid.T){
		"submit":  submit,
		"submit2": submit, // twice as often, to have a queue
		"submit3": submit,
		"end": func(t *rapid.T) {
			i := g.pick(t, func(j *modelJob) bool { return j.inRun })
			g.jobs[i].end(rapid.SampledFrom([]ending{byReturn, byPanic, byGoexit}).Draw(t, "how"))
			m.jobs[i].inRun = false
			permits.left(&m.jobs[i].modelPermit)
		},
		"cancel": func(t *rapid.T) {
			i := g.pick(t, func(*modelJob) bool { return true })
			at := slices.Index(m.queue, i)
			if got := g.jobs[i].Cancel(); got != (at >= 0) {
				t.Fatalf("Cancel of %d is %v", i, got)
			}
			if at >= 0 {
				m.queue = slices.Delete(m.queue, at, at+1)
				m.want.Cancelled++
			}
		},
		"update": func(t *rapid.T) {
			cfg := drawConfig(t)
			if err := g.Update(cfg); (err != nil) != m.closed {
				t.Fatal(err)
			}
			if !m.closed && cfg != m.cfg {
				m.cfg = cfg
				for m.next() {
				}
			}
		},
		"close": func(t *rapid.T) {
			if rapid.IntRange(0, 9).Draw(t, "rarely") > 0 {
				t.Skip("not now")
			}
			g.Close()
			if !m.closed && !slices.Equal(g.dropped, m.queue) {
				t.Fatalf("dropped %v, want %v", g.dropped, m.queue)
			}
			m.closed = true
			m.want.Cancelled += uint64(len(m.queue))
			m.queue = nil
		},
		"": g.compare,
	}
	permits.into(actions)
	return actions
}

// compare is done after each step. A step may start several jobs, whose
// goroutines then run in any order, so only which jobs it started is compared.
func (g *poolGame) compare(t *rapid.T) {
	synctest.Wait()
	got := g.Stats()
	if want := g.model.stats(); got != want {
		t.Fatalf("stats %+v, want %+v", got, want)
	}
	if got.Submitted != uint64(got.Queued)+uint64(got.Active)+got.Completed+got.Cancelled ||
		got.Abandoned > got.Active || got.Active > got.Largest {
		t.Fatalf("stats %+v are not of one instant", got)
	}
	started := slices.Sorted(slices.Values(g.started))
	if want := slices.Sorted(slices.Values(g.model.started)); !slices.Equal(started, want) {
		t.Fatalf("started %v, want %v", started, want)
	}
}

func (g *poolGame) pick(t *rapid.T, which func(*modelJob) bool) int {
	var those []int
	for i, j := range g.model.jobs {
		if which(j) {
			those = append(those, i)
		}
	}
	if len(those) == 0 {
		t.Skip("none")
	}
	return rapid.SampledFrom(those).Draw(t, "job")
}

// finish gives back what the model knows to be out.
func (g *poolGame) finish() {
	for i, j := range g.model.jobs {
		for range j.code {
			g.jobs[i].Permit().Release()
		}
	}
	g.fixture.finish()
}
