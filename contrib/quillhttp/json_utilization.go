package quillhttp

import "github.com/quillgo/quill/command"

// hystrixUtilization is the message about what is in use.
type hystrixUtilization struct {
	Type        string                        `json:"type"`
	Commands    map[string]commandUtilization `json:"commands"`
	ThreadPools map[string]poolUtilization    `json:"threadpools"`
}

type commandUtilization struct {
	ActiveCount int `json:"activeCount"`
}

type poolUtilization struct {
	ActiveCount  int `json:"activeCount"`
	QueueSize    int `json:"queueSize"`
	CorePoolSize int `json:"corePoolSize"`
	PoolSize     int `json:"poolSize"`
}

func newHystrixUtilization(u command.Utilization) *hystrixUtilization {
	m := &hystrixUtilization{Type: "HystrixUtilization", Commands: map[string]commandUtilization{}, ThreadPools: map[string]poolUtilization{}}
	for _, c := range u.Commands {
		m.Commands[c.Name] = commandUtilization{c.Concurrent}
	}
	for _, p := range u.Pools {
		m.ThreadPools[p.Key] = poolUtilization{p.Active, p.Queued, p.Core, poolSize(p.PoolStats)}
	}
	return m
}
