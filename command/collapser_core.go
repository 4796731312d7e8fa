package command

import (
	"fmt"
	"sync/atomic"

	"github.com/quillgo/quill/metrics"
)

// collapserCore is the registration of a collapser's name: what the collapsers
// of that name share.
type collapserCore struct {
	registry *Registry
	name     string
	spec     CollapserSettings // as the first NewCollapser gave them

	settings atomic.Pointer[CollapserSettings]      // with every field set; an immutable value (rule 8)
	recorder atomic.Pointer[metrics.BatchRecorder] // made at the first use
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
