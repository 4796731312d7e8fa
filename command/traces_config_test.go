package command_test

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/quillgo/quill/breaker"
	"github.com/quillgo/quill/command"
	"github.com/quillgo/quill/isolation"
)

// settings are the config in quill's terms.
func (c config) settings(multi bool) command.Settings {
	s := command.Settings{
		Isolation:         command.Pool,
		Timeout:           duration(c.TimeoutMs),
		Semaphore:         limit(c.ExecutionSemaphore),
		FallbackSemaphore: limit(c.FallbackSemaphore),
		Fallback:          onOff(c.FallbackEnabled),
		RequestCache:      onOff(c.RequestCacheEnabled),
		RequestLog:        onOff(c.RequestLogEnabled),
		HealthInterval:    duration(c.HealthIntervalMs),
		Window:            duration(c.WindowMs),
		Buckets:           number(c.WindowBuckets),
	}
	if c.Isolation != nil && *c.Isolation == "SEMAPHORE" || c.Isolation == nil && multi {
		s.Isolation = command.Semaphore
	}
	if c.TimeoutEnabled != nil && !*c.TimeoutEnabled {
		s.Timeout = -1
	}
	if b := c.Breaker; b != nil {
		s.RequestVolume = number(b.RequestVolume)
		s.ErrorPercent = number(b.ErrorPercent)
		s.SleepWindow = duration(b.SleepWindowMs)
		switch {
		case b.Enabled != nil && !*b.Enabled:
			s.Breaker = breaker.Disabled
		case b.ForceOpen != nil && *b.ForceOpen:
			s.Breaker = breaker.ForcedOpen
		case b.ForceClosed != nil && *b.ForceClosed:
			s.Breaker = breaker.ForcedClosed
		}
	}
	return s
}

// set changes the field with that name, which may be the breaker's. The parts
// are copied: other commands may share them.
func (c *config) set(property string, value any) error {
	var b breakerConfig
	if c.Breaker != nil {
		b = *c.Breaker
	}
	text, err := json.Marshal(map[string]any{property: value})
	if err != nil {
		return err
	}
	if decodeStrictly(text, &b) == nil {
		c.Breaker = &b
		return nil
	}
	if err := decodeStrictly(text, c); err != nil {
		return fmt.Errorf("property %q: %w", property, err)
	}
	return nil
}

// sizes are the config in quill's terms.
func (c poolConfig) sizes() isolation.PoolConfig {
	p := isolation.PoolConfig{Core: number(c.CoreSize)}
	core := p.Core
	if core == 0 {
		core = 10
	}
	if c.MaximumSize != nil {
		p.Max = max(core, *c.MaximumSize)
	}
	if c.MaxQueueSize == nil || *c.MaxQueueSize <= 0 {
		return p
	}
	p.Queue, p.RejectAt = *c.MaxQueueSize, 5
	if c.RejectAt != nil {
		p.RejectAt = *c.RejectAt
	}
	if p.RejectAt > p.Queue { // never reached: the queue is full before
		p.RejectAt = isolation.Unlimited
	}
	return p
}

func number(n *int) int {
	if n == nil {
		return 0
	}
	return *n
}

func duration(n *int) time.Duration { return ms(number(n)) }

func onOff(on *bool) command.Switch {
	switch {
	case on == nil:
		return command.Unset
	case *on:
		return command.On
	}
	return command.Off
}

func limit(n *int) int {
	if n != nil && *n == 0 {
		return command.None
	}
	return number(n)
}

// multi reports whether the first instance of a key is a stream, on which the
// default of its isolation depends.
func (s *scenario) multi(key string) bool {
	for i := range s.Steps {
		if c := s.Steps[i].Cmd; c != nil && c.Key == key {
			return c.multi()
		}
	}
	return false
}

// settings are those of a key's Spec: as they were before any setProperty.
func (p *player) settings(key string) command.Settings {
	s, ok := p.first[key]
	if !ok {
		s = p.Commands[key].settings(p.multi(key))
		p.first[key] = s
	}
	return s
}
