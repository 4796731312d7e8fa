package command

import (
	"errors"
	"fmt"

	"github.com/quillgo/quill/isolation"
)

// Configure puts settings from outside in force, while commands run. It replaces
// what an earlier Configure set, as a whole: a value that was in the last Config
// and is not in this one comes from the next in line again. The order, field by
// field, highest first:
//
//   - what [Registry.Update], [Registry.UpdateCollapser] or
//     [Registry.ConfigurePool] set by hand,
//   - the entry for the name in c,
//   - Spec.Settings (a pool has none),
//   - the default in c,
//   - that of [RegistryOptions],
//   - Hystrix's default.
//
// It is all or nothing. Everything that c touches is checked first, and after an
// error nothing has changed; the error, of several lines if need be, names each
// command, pool and collapser, the field, its value and what would be right. A
// closed registry gives [ErrClosed].
//
// An execution goes on with the settings that it found when it began, all of one
// Config. Breakers, semaphores and pools belong to all executions, those that are
// on too: they have the new settings from the change on. A limit that is made
// smaller takes no place away from whoever has one.
//
// Configure does not block for more than the checks, and may be called
// concurrently: one comes after the other, whole.
func (r *Registry) Configure(c Config) error { return r.configure(c, nil) }

// configure is Configure, for a follower if f is not nil: then only while that
// one is followed.
func (r *Registry) configure(c Config, f *following) error {
	c = c.clone()
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed.Load() || f != nil && r.follower != f {
		return ErrClosed
	}
	p, err := r.plan(c)
	if err != nil {
		return fmt.Errorf("command: Configure: %w", err)
	}
	r.apply(c, p)
	if f != nil {
		r.reloads.Applied++
		r.reloads.Err = nil
	}
	return nil
}

// plan is what a Config comes to.
type plan struct {
	commands   map[*core]Settings
	collapsers map[*collapserCore]*CollapserSettings
	pools      map[*isolation.Pool]isolation.PoolConfig
}

// plan checks c against everything that is registered, and what it says about
// names that are not; the caller holds mu. Nothing changes.
func (r *Registry) plan(c Config) (p plan, err error) {
	defaultSet := c.Default.or(r.defaults).or(defaults)
	fill(&defaultSet.Isolation, Pool)
	errs := []error{
		labelled("default", defaultSet.validate()),
		labelled("default pool", c.DefaultPool.Validate()),
		labelled("default collapser", c.DefaultCollapser.or(r.collapserDefaults).or(collapserDefaults).validate()),
	}
	usable := c.withoutBadDefaults(errs)
	p = plan{map[*core]Settings{}, map[*collapserCore]*CollapserSettings{}, map[*isolation.Pool]isolation.PoolConfig{}}
	errs = append(errs, named("command", union(c.Commands, r.cores), func(name string, _ struct{}) error {
		core, ok := r.cores[name]
		if !ok {
			return r.updates[name].or(c.Commands[name]).possible()
		}
		s, err := core.plan(r.updates[name], &usable)
		p.commands[core] = s
		return err
	})...)
	errs = append(errs, named("collapser", union(c.Collapsers, r.collapsers), func(name string, _ struct{}) error {
		core, ok := r.collapsers[name]
		if !ok {
			return r.collapserUpdates[name].or(c.Collapsers[name]).possible()
		}
		s, err := core.resolve(r.collapserUpdates[name], &usable)
		p.collapsers[core] = s
		return err
	})...)
	errs = append(errs, named("pool", union(c.Pools, r.pools), func(key string, _ struct{}) error {
		s := usable.pool(key, r.poolUpdates[key])
		if pool, ok := r.pools[key]; ok && s != r.config.pool(key, r.poolUpdates[key]) {
			p.pools[pool] = s
		}
		return s.Validate()
	})...)
	return p, errors.Join(errs...)
}

// union returns the names in either.
func union[A, B any](a map[string]A, b map[string]B) map[string]struct{} {
	names := make(map[string]struct{}, len(a)+len(b))
	for name := range a {
		names[name] = struct{}{}
	}
	for name := range b {
		names[name] = struct{}{}
	}
	return names
}

// apply puts c in force, of which p is the plan; the caller has held mu since.
// Nothing that it calls can fail or is the user's.
func (r *Registry) apply(c Config, p plan) {
	r.config = c
	for core, s := range p.commands {
		if core.settings.Load().Settings != s {
			core.apply(s)
		}
	}
	for core, s := range p.collapsers {
		core.settings.Store(s)
	}
	for pool, s := range p.pools {
		if err := pool.Update(s); err != nil && !errors.Is(err, isolation.ErrPoolClosed) { // a closed pool has no use for sizes
			panic(fmt.Sprintf("command: pool %q: validated sizes were refused: %v", pool.Name(), err))
		}
	}
}
