package command

import (
	"time"

	"github.com/quillgo/quill/isolation"
)

// Utilization is how much of what a registry has is in use at one moment
// (HystrixUtilization). What was not used is not in it.
type Utilization struct {
	At       time.Time
	Commands []CommandUtilization // by name
	Pools    []PoolUtilization    // by key
}

// CommandUtilization is part of [Utilization].
type CommandUtilization struct {
	Name       string
	Concurrent int // executions whose body has begun and that have not ended
}

// PoolUtilization is part of [Utilization].
type PoolUtilization struct {
	Key string
	isolation.PoolStats
}

func (r *Registry) utilization() Utilization {
	u := Utilization{At: r.wall()}
	for _, l := range r.circuits() {
		u.Commands = append(u.Commands, CommandUtilization{l.name, int(l.recorder.Concurrency())})
	}
	for _, p := range r.allPools() {
		u.Pools = append(u.Pools, PoolUtilization{p.Key, p.PoolStats})
	}
	return u
}

// Configuration is the settings in force at one moment of all that has been used
// in a registry (HystrixConfiguration). [Command.Settings] has those of a command
// that has not been.
type Configuration struct {
	At         time.Time
	Commands   []CommandConfiguration   // by name
	Pools      []PoolConfiguration      // by key
	Collapsers []CollapserConfiguration // by name
}

// CommandConfiguration is part of [Configuration].
type CommandConfiguration struct {
	Name, Group string
	Pool        string // its pool's key, or the name of its Spec.SharedPool
	Settings    Settings
}

// PoolConfiguration is part of [Configuration].
type PoolConfiguration struct {
	Key    string
	Config isolation.PoolConfig
}

// CollapserConfiguration is part of [Configuration].
type CollapserConfiguration struct {
	Name     string
	Settings CollapserSettings
}

func (r *Registry) configuration() Configuration {
	c := Configuration{At: r.wall()}
	for _, l := range r.circuits() {
		c.Commands = append(c.Commands, CommandConfiguration{l.name, l.group, l.poolName(), l.settings.Load().Settings})
	}
	for _, p := range r.allPools() {
		c.Pools = append(c.Pools, PoolConfiguration{p.Key, p.Config})
	}
	for _, b := range r.usedCollapsers() {
		c.Collapsers = append(c.Collapsers, CollapserConfiguration{b.name, *b.settings.Load()})
	}
	return c
}

func (r *Registry) allPools() []PoolReport {
	return r.poolReports(r.clock.Now(), "")
}
