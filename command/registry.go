package command

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/benbjohnson/clock"

	"github.com/quillgo/quill/breaker"
	"github.com/quillgo/quill/internal/mono"
	"github.com/quillgo/quill/isolation"
)

// DefaultRegistry serves the commands that name no other. quill never closes it,
// and who closes it closes it for good. Tests, and above all those in
// testing/synctest bubbles, make one of their own.
var DefaultRegistry = mustRegistry(RegistryOptions{})

// RegistryOptions is the wiring of a registry.
type RegistryOptions struct {
	// Settings are the defaults of the registry's commands, before Hystrix's.
	Settings Settings
	// CollapserSettings are the same for its collapsers.
	CollapserSettings CollapserSettings
	// Hooks are called for every command, outside the command's own.
	Hooks Hooks
	// Listener gets the events of every command.
	Listener Listener
	// Clock is where time comes from; nil means package time. A registry with a
	// mocked clock gives bodies a context without a reported deadline.
	Clock clock.Clock
}

// Registry owns what commands share by name: breakers, semaphores, pools,
// metrics, and the clock. Its methods may be called concurrently.
type Registry struct {
	defaults          Settings
	collapserDefaults CollapserSettings
	hooks             *Hooks // nil if there are none
	listener          Listener
	listens           bool // listener has a function
	clock             *mono.Clock

	streams streams // who watches
	// watchers counts the subscribers of completions. It is all that an execution
	// looks at when there are none.
	watchers atomic.Int32

	closed  atomic.Bool // nothing new begins
	aborted atomic.Bool // what is on is cancelled

	mu               sync.Mutex
	cores            map[string]*core
	collapsers       map[string]*collapserCore
	pools            map[string]*isolation.Pool
	updates          map[string]Settings             // by name: what Update set
	collapserUpdates map[string]CollapserSettings    // by name: what UpdateCollapser set
	poolUpdates      map[string]isolation.PoolConfig // by key: what ConfigurePool set
	// config is what Configure set last: never changed, only replaced, together
	// with everything that follows from it.
	config   Config
	follower *following // who may configure by Follow; nil if nobody does
	reloads  Reloads
	resolved map[Settings]*resolved
	// changed is closed and replaced when an execution of a closed registry
	// ends; guarded by mu, nil until Shutdown waits.
	changed chan struct{}
}

// resolved are settings with every field set. Commands with the same settings
// share one.
type resolved struct{ Settings }

// NewRegistry returns a registry. The error is about RegistryOptions.Settings. A
// registry need not be closed: an idle one has no goroutine and no timer, and goes
// when nobody refers to it any more.
func NewRegistry(o RegistryOptions) (*Registry, error) {
	s := o.Settings.or(defaults)
	fill(&s.Isolation, Pool)
	if err := s.validate(); err != nil {
		return nil, fmt.Errorf("command: RegistryOptions: %w", err)
	}
	if err := o.CollapserSettings.or(collapserDefaults).validate(); err != nil {
		return nil, fmt.Errorf("command: RegistryOptions: %w", err)
	}
	r := &Registry{
		defaults:          o.Settings,
		collapserDefaults: o.CollapserSettings,
		listener:          o.Listener,
		listens:           o.Listener.Event != nil || o.Listener.Transition != nil,
		clock:             mono.New(o.Clock),
		cores:             map[string]*core{},
		collapsers:        map[string]*collapserCore{},
		pools:             map[string]*isolation.Pool{},
		updates:           map[string]Settings{},
		collapserUpdates:  map[string]CollapserSettings{},
		poolUpdates:       map[string]isolation.PoolConfig{},
		resolved:          map[Settings]*resolved{},
	}
	r.streams = newLive(&r.watchers)
	if o.Hooks.any() {
		r.hooks = &o.Hooks
	}
	return r, nil
}

func mustRegistry(o RegistryOptions) *Registry {
	r, err := NewRegistry(o)
	if err != nil {
		panic(err)
	}
	return r
}

// register returns the core for a command, made by the first of its name. The
// error names what a later one has different.
func (r *Registry) register(name, group, poolKey string, set Settings, kind Isolation, shared *isolation.Pool) (*core, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed.Load() {
		return nil, ErrClosed
	}
	if c, ok := r.cores[name]; ok {
		return c, c.matches(group, poolKey, set, shared)
	}
	c := &core{registry: r, name: name, group: group, poolKey: poolKey, spec: set, kind: kind, shared: shared}
	s, err := c.plan(r.updates[name], &r.config)
	if err != nil {
		return nil, err
	}
	c.apply(s)
	r.cores[name] = c
	return c, nil
}

// Update sets the settings of the commands named name, which need not exist
// yet, above all others; a zero field leaves what [Registry.Configure] or the Spec
// says. It replaces
// what an earlier Update of the name set, as a whole: give every field that is to
// stay. Executions that are on finish with what they have. The error names the
// field; then nothing changed.
func (r *Registry) Update(name string, s Settings) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	c, ok := r.cores[name]
	if !ok {
		c = &core{registry: r, name: name, kind: Pool} // to be checked only
	}
	all, err := c.plan(s, &r.config)
	if err != nil {
		return fmt.Errorf("command: %q: %w", name, err)
	}
	if ok {
		c.apply(all)
	}
	r.updates[name] = s
	return nil
}

// intern returns the one value for equal settings; the caller holds mu.
func (r *Registry) intern(s Settings) *resolved {
	p, ok := r.resolved[s]
	if !ok {
		if len(r.resolved) > 1000 {
			clear(r.resolved) // settings that change all the time are not worth sharing
		}
		p = &resolved{s}
		r.resolved[s] = p
	}
	return p
}

// ConfigurePool sets the sizes of the pool that the commands with this pool key
// share, before or after they have begun to use it. It replaces what an earlier
// ConfigurePool of the key set; a zero field leaves what [Registry.Configure] says,
// else the default. After an error, which is that of [isolation.Pool.Update],
// nothing has changed.
func (r *Registry) ConfigurePool(key string, cfg isolation.PoolConfig) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := r.config.pool(key, cfg)
	var err error
	if p, ok := r.pools[key]; ok {
		err = p.Update(all)
	} else if p, err = isolation.NewPool(key, all, nil); err == nil {
		r.pools[key] = p
	}
	if err != nil {
		return fmt.Errorf("command: ConfigurePool(%q): %w", key, err)
	}
	r.poolUpdates[key] = cfg
	return nil
}

// Pool returns the pool with that key, or nil if no command has used it and
// nobody called ConfigurePool for it.
func (r *Registry) Pool(key string) *isolation.Pool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.pools[key]
}

// pool returns the pool with that key, made if need be.
func (r *Registry) pool(key string) *isolation.Pool {
	r.mu.Lock()
	defer r.mu.Unlock()
	p, ok := r.pools[key]
	if !ok {
		p, _ = isolation.NewPool(key, r.config.pool(key, isolation.PoolConfig{}), nil) // validated by Configure
		if r.aborted.Load() {
			p.Close()
		}
		r.pools[key] = p
	}
	return p
}

// Commands returns the names of the registered commands, sorted.
func (r *Registry) Commands() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Sorted(maps.Keys(r.cores))
}

// Status returns how the commands of that name are doing; ok is false if there
// are none.
func (r *Registry) Status(name string) (s Status, ok bool) {
	c := r.core(name)
	if c == nil {
		return s, false
	}
	return c.status(), true
}

// core returns the registration of a name, or nil.
func (r *Registry) core(name string) *core {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.cores[name]
}

// Breaker returns the breaker of the commands of that name, or nil if there are
// none.
func (r *Registry) Breaker(name string) *breaker.Breaker {
	c := r.core(name)
	if c == nil {
		return nil
	}
	return c.use().breaker
}

// Shutdown refuses new executions, and requests that wait in a collapser's open
// batch, with [ErrClosed]. It waits until executions that are on have ended,
// fallbacks and bodies that nobody waits for included, or until ctx ends, whose cause
// it then returns. When they have ended it completes the registry's streams. It
// cancels nothing, and the registry stays closed for new executions whatever it
// returns: after an error call [Registry.Close].
func (r *Registry) Shutdown(ctx context.Context) error {
	r.refuse()
	r.unfollow()
	for {
		r.mu.Lock()
		if r.changed == nil {
			r.changed = make(chan struct{})
		}
		changed := r.changed
		idle := r.idle()
		r.mu.Unlock()
		if idle {
			return r.drained(ctx)
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// drained waits for what the registry's pools still run.
func (r *Registry) drained(ctx context.Context) error {
	r.mu.Lock()
	pools := slices.Collect(maps.Values(r.pools))
	r.mu.Unlock()
	for _, p := range pools {
		p.Close()
		if err := p.Wait(ctx); err != nil {
			return err
		}
	}
	r.streams.close()
	return nil
}

// Close does not wait, as [Registry.Shutdown] does: it refuses new executions and
// cancels those that are on, which end with [ErrClosed]. Bodies that ignore their
// context go on until they return, and so does a fallback that has begun, unless it
// is a stream: it has its caller's context. It ends a [Registry.Follow], and the
// registry's streams complete at once. Close is idempotent.
func (r *Registry) Close() {
	r.aborted.Store(true)
	r.refuse()
	r.unfollow()
	r.mu.Lock()
	cores := slices.Collect(maps.Values(r.cores))
	pools := slices.Collect(maps.Values(r.pools))
	r.mu.Unlock()
	r.streams.close()
	for _, p := range pools {
		p.Close()
	}
	for _, c := range cores {
		if l := c.circuit.Load(); l != nil {
			l.deadlines.Close()
		}
	}
}

// refuse lets nothing new begin: what waits in open batches has not begun.
func (r *Registry) refuse() {
	r.closed.Store(true)
	r.mu.Lock()
	collapsers := slices.Collect(maps.Values(r.collapsers))
	r.mu.Unlock()
	for _, c := range collapsers {
		c.abortOpen()
	}
}

// idle reports whether no execution is on, and no batch on its way to one; the
// caller holds mu.
func (r *Registry) idle() bool {
	for _, c := range r.cores {
		if l := c.circuit.Load(); l != nil && l.inflight.Load() > 0 {
			return false
		}
	}
	for _, c := range r.collapsers {
		if c.sending.Load() > 0 {
			return false
		}
	}
	return true
}

// poke wakes a Shutdown that waits.
func (r *Registry) poke() {
	r.mu.Lock()
	if r.changed != nil {
		close(r.changed)
		r.changed = nil
	}
	r.mu.Unlock()
}
