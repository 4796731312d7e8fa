package command

import (
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/quillgo/quill/metrics"
)

// collapserCore is the registration of a collapser's name: what the collapsers
// of that name share.
type collapserCore struct {
	registry *Registry
	name     string
	spec     CollapserSettings // as the first NewCollapser gave them

	settings atomic.Pointer[CollapserSettings]     // with every field set; an immutable value (rule 8)
	recorder atomic.Pointer[metrics.BatchRecorder] // made at the first use
	spaces   sync.Map                              // the reflect.Type of an Out to a *cache.Space[Out]

	// sending counts batches that were taken to be sent, and shards, until they have
	// been served: a Shutdown waits for them, also before their command has begun.
	sending atomic.Int64

	mu   sync.Mutex
	open map[openBatch]struct{} // guarded by mu; the batches that wait to be sent
}

// openBatch is a batch of any type that waits to be sent.
type openBatch interface{ abort() }

// opened notes that a batch waits to be sent, and reports false, without doing
// so, if the registry is closed: abortOpen comes after that is known.
func (c *collapserCore) opened(b openBatch) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.registry.closed.Load() {
		return false
	}
	if c.open == nil {
		c.open = map[openBatch]struct{}{}
	}
	c.open[b] = struct{}{}
	return true
}

// taken notes that a batch no longer waits.
func (c *collapserCore) taken(b openBatch) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.open, b)
}

// sent notes that what sending counted has been served.
func (c *collapserCore) sent() {
	c.sending.Add(-1)
	if c.registry.closed.Load() {
		c.registry.poke()
	}
}

// abortOpen fails the requests that wait in a registry that is closed.
func (c *collapserCore) abortOpen() {
	c.mu.Lock()
	open := slices.Collect(maps.Keys(c.open))
	c.mu.Unlock()
	each(open, openBatch.abort)
}

// each calls f for all, also when one of the calls ends this goroutine by
// runtime.Goexit.
func each[E any](all []E, f func(E)) {
	defer func() {
		if len(all) > 0 {
			each(all, f)
		}
	}()
	for len(all) > 0 {
		e := all[0]
		all = all[1:]
		f(e)
	}
}

// registerCollapser returns the core for a collapser, made by the first of its
// name. The error names what a later one has different.
func (r *Registry) registerCollapser(name string, spec CollapserSettings) (*collapserCore, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed.Load() {
		return nil, ErrClosed
	}
	if c, ok := r.collapsers[name]; ok {
		if c.spec != spec {
			return nil, fmt.Errorf("CollapserSettings are %+v, but the collapser of that name that is registered has %+v", spec, c.spec)
		}
		return c, nil
	}
	c := &collapserCore{registry: r, name: name, spec: spec}
	set, err := c.resolve(r.collapserUpdates[name], &r.config)
	if err != nil {
		return nil, err
	}
	c.settings.Store(set)
	r.collapsers[name] = c
	return c, nil
}

// resolve returns the settings in force from all layers, as [core.plan] does, or
// what is wrong with them; the caller holds registry.mu. It changes nothing.
func (c *collapserCore) resolve(update CollapserSettings, cfg *Config) (*CollapserSettings, error) {
	s := update.or(cfg.Collapsers[c.name]).or(c.spec).or(cfg.DefaultCollapser).or(c.registry.collapserDefaults).or(collapserDefaults)
	if err := s.validate(); err != nil {
		return nil, err
	}
	if c.recorder.Load() != nil && c.settings.Load().fixed() != s.fixed() {
		return nil, fmt.Errorf("the windows are %+v, want %+v: they cannot change once the collapser was used", s.fixed(), c.settings.Load().fixed())
	}
	return &s, nil
}

// UpdateCollapser sets the settings of the collapsers named name, which need not
// exist yet, as [Registry.Update] does for commands.
func (r *Registry) UpdateCollapser(name string, s CollapserSettings) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	c, ok := r.collapsers[name]
	if !ok {
		c = &collapserCore{registry: r, name: name} // to be checked only
	}
	set, err := c.resolve(s, &r.config)
	if err != nil {
		return fmt.Errorf("command: collapser %q: %w", name, err)
	}
	c.settings.Store(set)
	r.collapserUpdates[name] = s
	return nil
}

// record returns the metrics, making them at the first use.
func (c *collapserCore) record() *metrics.BatchRecorder {
	if r := c.recorder.Load(); r != nil {
		return r
	}
	c.registry.mu.Lock() // so that no update comes between reading the windows and the recorder
	defer c.registry.mu.Unlock()
	if r := c.recorder.Load(); r != nil {
		return r
	}
	r := metrics.NewBatchRecorder(c.settings.Load().recorder())
	c.recorder.Store(r)
	return r
}

func (c *collapserCore) status() CollapserStatus {
	return CollapserStatus{Name: c.name, Settings: *c.settings.Load(), Metrics: c.record().Snapshot(c.registry.clock.Now())}
}

// CollapserStatus returns how the collapsers of that name are doing; ok is false
// if there are none.
func (r *Registry) CollapserStatus(name string) (s CollapserStatus, ok bool) {
	r.mu.Lock()
	c, ok := r.collapsers[name]
	r.mu.Unlock()
	if !ok {
		return s, false
	}
	return c.status(), true
}
