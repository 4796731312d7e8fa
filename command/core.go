package command

import (
	"errors"
	"fmt"
	"reflect"
	"sync"
	"sync/atomic"

	"github.com/quillgo/quill/breaker"
	"github.com/quillgo/quill/cache"
	"github.com/quillgo/quill/internal/deadline"
	"github.com/quillgo/quill/isolation"
	"github.com/quillgo/quill/metrics"
)

// core is the registration of a name: what it costs before the first call.
type core struct {
	registry *Registry
	name     string
	group    string
	poolKey  string
	spec     Settings        // as the first New gave them
	kind     Isolation       // the isolation if nobody says which
	shared   *isolation.Pool // Spec.SharedPool, or nil

	settings atomic.Pointer[resolved]
	circuit  atomic.Pointer[circuit] // made at the first use
}

// circuit is what the executions of a name share.
type circuit struct {
	*core
	breaker   *breaker.Breaker
	semaphore *isolation.Semaphore
	fallbacks *isolation.Semaphore
	recorder  *metrics.Recorder
	deadlines *deadline.List
	pool      atomic.Pointer[isolation.Pool] // made at the first use

	// inflight counts executions that have begun and not ended, and bodies that
	// were left behind. An execution checks in before it looks whether the registry
	// is closed, so Shutdown misses none.
	inflight atomic.Int64

	spaces sync.Map // the reflect.Type of an Out to a *cache.Space[Out]
}

// matches reports, as an error, what is different from the first registration.
func (c *core) matches(group, poolKey string, set Settings, shared *isolation.Pool) error {
	different := func(field string, was, is any) error {
		if reflect.ValueOf(was).IsZero() {
			was = fmt.Sprintf("%v (not set)", was)
		}
		return fmt.Errorf("%s is %v, but the command of that name that is registered has %v", field, is, was)
	}
	switch {
	case c.group != group:
		return different("Group", c.group, group)
	case c.poolKey != poolKey:
		return different("PoolKey", c.poolKey, poolKey)
	case c.shared != shared:
		return different("SharedPool", c.shared, shared)
	}
	if field, was, is, ok := c.spec.difference(set); ok {
		return different("Settings."+field, was, is)
	}
	return nil
}

// plan returns the settings in force from all layers, or what is wrong with
// them: what Update set, then the entry for the name in cfg, the Spec's, cfg's
// default, the registry's and Hystrix's. The caller holds registry.mu and says in
// an error whose settings they are. Nothing changes.
func (c *core) plan(update Settings, cfg *Config) (Settings, error) {
	s := update.or(cfg.Commands[c.name]).or(c.spec).or(cfg.Default).or(c.registry.defaults).or(defaults)
	fill(&s.Isolation, c.kind)
	if err := s.validate(); err != nil {
		return s, err
	}
	if c.circuit.Load() != nil {
		if field, was, is, ok := c.settings.Load().fixed().difference(s.fixed()); ok {
			return s, fmt.Errorf("%s is %v, want %v: windows cannot change once the command was used", "Settings."+field, is, was)
		}
	}
	return s, nil
}

// apply puts in force what plan returned; the caller has held registry.mu since.
// The settings come last: who finds them finds the breaker and the semaphores at
// least as new.
func (c *core) apply(s Settings) {
	if l := c.circuit.Load(); l != nil {
		err := errors.Join(l.breaker.Update(s.breaker()), l.semaphore.SetLimit(s.Semaphore), l.fallbacks.SetLimit(s.FallbackSemaphore))
		if err != nil {
			panic(fmt.Sprintf("command: %q: validated settings were refused: %v", c.name, err))
		}
	}
	c.settings.Store(c.registry.intern(s))
}

// use returns the circuit, making it at the first use.
func (c *core) use() *circuit {
	if l := c.circuit.Load(); l != nil {
		return l
	}
	return c.make()
}

func (c *core) make() *circuit {
	r := c.registry
	r.mu.Lock() // so that no change comes between reading the settings and the circuit
	defer r.mu.Unlock()
	if l := c.circuit.Load(); l != nil {
		return l
	}
	set := c.settings.Load()
	l := &circuit{core: c, deadlines: deadline.New(r.clock)}
	var errs [3]error // all settings were validated when they were planned
	l.breaker, errs[0] = breaker.New(breaker.Options{
		Name: c.name, Settings: set.breaker(), Clock: r.clock.Source(), Epoch: r.clock.Epoch(), OnChange: r.listener.Transition,
	})
	l.semaphore, errs[1] = isolation.NewSemaphore(c.name, set.Semaphore)
	l.fallbacks, errs[2] = isolation.NewSemaphore(c.name+" fallback", set.FallbackSemaphore)
	for _, err := range errs {
		if err != nil {
			panic(fmt.Sprintf("command: %q: validated settings were refused: %v", c.name, err))
		}
	}
	l.recorder = metrics.NewRecorder(set.recorder())
	c.circuit.Store(l)
	return l
}

// slots returns the pool of the command.
func (c *circuit) slots() *isolation.Pool {
	if p := c.pool.Load(); p != nil {
		return p
	}
	p := c.shared
	if p == nil {
		p = c.registry.pool(c.poolKey)
	}
	c.pool.Store(p)
	return p
}

// checkIn counts an execution in and reports whether it may begin.
func (c *circuit) checkIn() bool {
	c.inflight.Add(1)
	return !c.registry.closed.Load()
}

// checkOut counts an execution, or a body left behind, out.
func (c *circuit) checkOut() {
	c.inflight.Add(-1)
	if c.registry.closed.Load() {
		c.registry.poke()
	}
}

// space returns the space of the request cache for results of type T (cache
// identity: registry, name, type of Out, key).
func space[T any](c *circuit) *cache.Space[T] { return spaceOf[T](&c.spaces, c.name) }

// spaceOf returns the space for T among those of a name.
func spaceOf[T any](spaces *sync.Map, name string) *cache.Space[T] {
	t := reflect.TypeFor[T]()
	if s, ok := spaces.Load(t); ok {
		return s.(*cache.Space[T])
	}
	s, _ := spaces.LoadOrStore(t, cache.NewSpace[T](name))
	return s.(*cache.Space[T])
}

// Status is how the commands of a name are doing at one moment.
type Status struct {
	Settings Settings
	Group    string
	PoolKey  string
	// BreakerOpen is Hystrix's isCircuitBreakerOpen: true also while a trial is on.
	BreakerOpen bool
	Breaker     breaker.State
	// HealthTotal and HealthErrors are the results in the breaker's window.
	HealthTotal, HealthErrors int
	HealthErrorPercent        int
	// Semaphore and Fallbacks are permits in use; Concurrent is the executions
	// whose body has begun and that have not ended.
	Semaphore, Fallbacks int
	Concurrent           int
	Pool                 isolation.PoolStats // zero if the command has not used it
	Metrics              metrics.Snapshot
}

func (c *core) status() Status {
	l := c.use()
	counts := l.breaker.Counts()
	s := Status{
		Settings: c.settings.Load().Settings, Group: c.group, PoolKey: c.poolKey,
		BreakerOpen: l.breaker.IsOpen(), Breaker: l.breaker.State(),
		HealthTotal: int(counts.Total()), HealthErrors: int(counts.Errors), HealthErrorPercent: counts.ErrorPercent(),
		Semaphore: l.semaphore.InUse(), Fallbacks: l.fallbacks.InUse(),
		Concurrent: int(l.recorder.Concurrency()),
		Metrics:    l.recorder.Snapshot(c.registry.clock.Now()),
	}
	if p := l.pool.Load(); p != nil {
		s.Pool = p.Stats()
	}
	return s
}
