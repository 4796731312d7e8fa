package command

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/quillgo/quill/isolation"
	"github.com/quillgo/quill/metrics"
)

// Config are settings that come from outside the program: a file, a
// configuration service (Hystrix's dynamic properties). A zero field is not set;
// its value then comes from the next in line, see [Registry.Configure]. Names that
// nothing in the registry has wait for it. Package config makes a Config of JSON,
// of a map, and of Hystrix's own properties.
type Config struct {
	// Default is for all commands, below what their Specs say
	// (hystrix.command.default).
	Default Settings
	// Commands are by name, above the Spec (hystrix.command.NAME).
	Commands map[string]Settings
	// DefaultPool is for all pools of the registry (hystrix.threadpool.default).
	DefaultPool isolation.PoolConfig
	// Pools are by pool key, below what [Registry.ConfigurePool] says
	// (hystrix.threadpool.KEY). A pool whose Queue is set to none needs no
	// RejectAt to get rid of the default's.
	Pools map[string]isolation.PoolConfig
	// DefaultCollapser and Collapsers are the same for collapsers as Default and
	// Commands are for commands (hystrix.collapser).
	DefaultCollapser CollapserSettings
	Collapsers       map[string]CollapserSettings
}

// Validate reports everything that cannot be whatever the program says: each
// error names the command, pool or collapser, the field, its value and what would
// be right. [Registry.Configure] finds in addition what does not fit to the
// settings of a Spec.
func (c Config) Validate() error {
	errs := []error{
		labelled("default", c.Default.possible()),
		labelled("default pool", c.DefaultPool.Validate()),
		labelled("default collapser", c.DefaultCollapser.possible()),
	}
	usable := c.withoutBadDefaults(errs)
	errs = append(errs, named("command", c.Commands, func(_ string, s Settings) error { return s.possible() })...)
	errs = append(errs, named("pool", c.Pools, func(key string, _ isolation.PoolConfig) error {
		return usable.pool(key, isolation.PoolConfig{}).Validate()
	})...)
	errs = append(errs, named("collapser", c.Collapsers, func(_ string, s CollapserSettings) error { return s.possible() })...)
	return errors.Join(errs...)
}

// withoutBadDefaults returns c without the defaults that cannot be, so that what
// is wrong with them is said once; errs says which: commands', pools', collapsers'.
func (c Config) withoutBadDefaults(errs []error) Config {
	if errs[0] != nil {
		c.Default = Settings{}
	}
	if errs[1] != nil {
		c.DefaultPool = isolation.PoolConfig{}
	}
	if errs[2] != nil {
		c.DefaultCollapser = CollapserSettings{}
	}
	return c
}

// clone returns a copy that whoever made c cannot change.
func (c Config) clone() Config {
	c.Commands, c.Pools, c.Collapsers = maps.Clone(c.Commands), maps.Clone(c.Pools), maps.Clone(c.Collapsers)
	return c
}

// pool returns the sizes of a pool for which ConfigurePool set byHand.
func (c *Config) pool(key string, byHand isolation.PoolConfig) isolation.PoolConfig {
	s := byHand
	for _, next := range []isolation.PoolConfig{c.Pools[key], c.DefaultPool} {
		if s.Queue < 0 && s.RejectAt == 0 {
			break // a threshold from below was meant for another queue
		}
		fill(&s.Queue, next.Queue)
		fill(&s.RejectAt, next.RejectAt)
	}
	for _, next := range []isolation.PoolConfig{c.Pools[key], c.DefaultPool} {
		fill(&s.Core, next.Core)
		fill(&s.Max, next.Max)
	}
	return s
}

// named calls check for each entry, in the order of their names, and returns the
// errors, which say of what they are.
func named[T any](what string, entries map[string]T, check func(name string, entry T) error) (errs []error) {
	for _, name := range slices.Sorted(maps.Keys(entries)) {
		whose := fmt.Sprintf("%s %q", what, name)
		if name == "" {
			errs = append(errs, fmt.Errorf("%s: want a name", whose))
			continue
		}
		errs = append(errs, labelled(whose, check(name, entries[name])))
	}
	return errs
}

// labelled says of each error that is in err whose it is.
func labelled(whose string, err error) error {
	if err == nil {
		return nil
	}
	var many interface{ Unwrap() []error }
	if !errors.As(err, &many) {
		return fmt.Errorf("%s: %w", whose, err)
	}
	var errs []error
	for _, e := range many.Unwrap() {
		errs = append(errs, labelled(whose, e))
	}
	return errors.Join(errs...)
}

// possible reports what is wrong with settings of which some are not known yet:
// an unset field is given a value that fits to the others.
func (s Settings) possible() error {
	fitWindow(&s.Window, &s.Buckets, s.HealthInterval)
	fill(&s.HealthInterval, s.Window)
	fitWindow(&s.LatencyWindow, &s.LatencyBuckets, 0)
	s = s.or(defaults)
	fill(&s.Isolation, Pool)
	return s.validate()
}

func (s CollapserSettings) possible() error {
	fitWindow(&s.Window, &s.Buckets, 0)
	fitWindow(&s.SizeWindow, &s.SizeBuckets, 0)
	return s.or(collapserDefaults).validate()
}

// fitWindow sets what is not set of a window and the number of its parts to what
// fits to the other and to the length of other parts, 0 if that is not set.
func fitWindow(window *time.Duration, buckets *int, other time.Duration) {
	switch {
	case *window != 0:
		fill(buckets, 1)
	case *buckets > 0 && *buckets <= metrics.MaxBuckets && other >= 0 && other < math.MaxInt64/metrics.MaxBuckets:
		fill(&other, time.Second)
		*window = time.Duration(*buckets) * other
	case *buckets == 0 && other > 0:
		*window, *buckets = other, 1
	}
}
