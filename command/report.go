package command

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/quillgo/quill/isolation"
	"github.com/quillgo/quill/metrics"
)

// Report is how everything of a registry that has been used is doing at one
// moment: what Hystrix's dashboard stream tells (HystrixDashboardStream). It is
// a value: it does not change, and may be kept.
type Report struct {
	At         time.Time
	Commands   []CommandReport   // by name
	Pools      []PoolReport      // by key
	Collapsers []CollapserStatus // by name
}

// CommandReport is the [Status] of the commands of a name.
type CommandReport struct {
	Name string
	Status
}

// PoolReport is how a pool is doing that commands have used
// (HystrixThreadPoolMetrics).
type PoolReport struct {
	// Key is the commands' pool key, or the name of a Spec.SharedPool.
	Key    string
	Config isolation.PoolConfig // with every field set
	isolation.PoolStats
	// Executed and Rejected are what the windows of the commands that use the pool
	// count: executions with Pool isolation that ended in SUCCESS, FAILURE, TIMEOUT
	// or BAD_REQUEST, and THREAD_POOL_REJECTED. MaxActive is the highest of the
	// commands' MaxConcurrency. They are of this registry's commands; PoolStats are
	// of all who use the pool. (So Rejected hides PoolStats.Rejected, which counts
	// since the beginning.)
	Executed, Rejected int64
	MaxActive          int64
	// Window is the longest of the commands' Settings.Window.
	Window time.Duration
}

// Report returns how everything that has been used is doing: the commands that
// were executed or asked about by name, the pools that commands have used, and
// the collapsers. What was not used is not in it, and stays unused. The figures
// are read one after another while executions go on, so they need not belong to
// one instant. It costs some microseconds per command.
func (r *Registry) Report() Report {
	rep := Report{At: r.wall()}
	var pools poolReports
	for _, l := range r.circuits() {
		status := l.status()
		rep.Commands = append(rep.Commands, CommandReport{Name: l.name, Status: status})
		if p := l.pool.Load(); p != nil {
			pools.add(l, p, status.Settings, &status.Metrics.Rolling, status.Metrics.MaxConcurrency)
		}
	}
	rep.Pools = pools.sorted()
	for _, c := range r.usedCollapsers() {
		rep.Collapsers = append(rep.Collapsers, c.status())
	}
	return rep
}

// poolReports reports on the pools that commands have used: those with that key,
// or if it is "" all.
func (r *Registry) poolReports(now time.Duration, key string) []PoolReport {
	var pools poolReports
	for _, l := range r.circuits() {
		if p := l.pool.Load(); p != nil && (key == "" || key == l.poolName()) {
			rolling := l.recorder.Rolling(now)
			pools.add(l, p, l.settings.Load().Settings, &rolling, l.recorder.MaxConcurrency(now))
		}
	}
	return pools.sorted()
}

// wall returns the time of day.
func (r *Registry) wall() time.Time {
	if c := r.clock.Source(); c != nil {
		return c.Now()
	}
	return time.Now()
}

// circuits returns those of the commands that have been used, by name.
func (r *Registry) circuits() []*circuit {
	var used []*circuit
	r.mu.Lock()
	for _, c := range r.cores {
		if l := c.circuit.Load(); l != nil {
			used = append(used, l)
		}
	}
	r.mu.Unlock()
	slices.SortFunc(used, func(a, b *circuit) int { return cmp.Compare(a.name, b.name) })
	return used
}

// usedCollapsers returns the collapsers that have been used, by name.
func (r *Registry) usedCollapsers() []*collapserCore {
	r.mu.Lock()
	used := slices.Collect(maps.Values(r.collapsers))
	r.mu.Unlock()
	used = slices.DeleteFunc(used, func(c *collapserCore) bool { return c.recorder.Load() == nil })
	slices.SortFunc(used, func(a, b *collapserCore) int { return cmp.Compare(a.name, b.name) })
	return used
}

// collapser returns the registration of a collapser's name, or nil.
func (r *Registry) collapser(name string) *collapserCore {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.collapsers[name]
}

// poolReports collects the pools of commands, each once, in order of coming.
type poolReports struct {
	pools   []*isolation.Pool
	reports []PoolReport
}

// add adds what a command has done in its pool.
func (ps *poolReports) add(l *circuit, p *isolation.Pool, set Settings, rolling *metrics.Counts, highest int64) {
	i := slices.Index(ps.pools, p)
	if i < 0 {
		i = len(ps.pools)
		ps.pools = append(ps.pools, p)
		ps.reports = append(ps.reports, PoolReport{Key: l.poolName(), Config: p.Config(), PoolStats: p.Stats()})
	}
	rep := &ps.reports[i]
	rep.Rejected += rolling[metrics.ThreadPoolRejected]
	if set.Isolation == Pool {
		rep.Executed += rolling[metrics.Success] + rolling[metrics.Failure] + rolling[metrics.Timeout] + rolling[metrics.BadRequest]
		rep.MaxActive = max(rep.MaxActive, highest)
	}
	rep.Window = max(rep.Window, set.Window)
}

func (ps *poolReports) sorted() []PoolReport {
	slices.SortStableFunc(ps.reports, func(a, b PoolReport) int { return cmp.Compare(a.Key, b.Key) })
	return ps.reports
}

// poolName is what the pool of a command is called in reports.
func (c *core) poolName() string {
	if c.shared != nil {
		return c.shared.Name()
	}
	return c.poolKey
}
