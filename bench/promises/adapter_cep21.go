package main

import (
	"context"
	"math"
	"time"

	"github.com/benbjohnson/clock"
	"github.com/cep21/circuit/v4"
	"github.com/cep21/circuit/v4/closers/hystrix"
	"github.com/cep21/circuit/v4/metrics/rolling"
)

// cep21Circuit is a circuit of cep21/circuit with its Hystrix opener and closer,
// called by Execute or, if leaves is set, by Go.
type cep21Circuit struct {
	circuit *circuit.Circuit
	stats   *rolling.RunStats
	leaves  bool
}

func cep21Library(name string) library {
	return library{name, func(d demand) any {
		limit := int64(d.limit)
		if limit == 0 {
			limit = -1
		}
		opener := hystrix.ConfigureOpener{RequestVolumeThreshold: int64(d.opensAfter()), ErrorThresholdPercentage: 50}
		closer := hystrix.ConfigureCloser{SleepWindow: d.sleep}
		config := circuit.Config{
			Execution: circuit.ExecutionConfig{Timeout: d.timeout, MaxConcurrentRequests: limit},
			Fallback:  circuit.FallbackConfig{MaxConcurrentRequests: -1},
		}
		if d.clock != nil {
			config.General.TimeKeeper = circuit.TimeKeeper{Now: d.clock.Now, AfterFunc: mockedAfterFunc(d.clock)}
			opener.Now, closer.AfterFunc = d.clock.Now, mockedAfterFunc(d.clock)
		}
		if d.changed != nil {
			config.Metrics.Circuit = []circuit.Metrics{cep21Listener(d.changed)}
		}
		config.General.ClosedToOpenFactory = hystrix.OpenerFactory(opener)
		config.General.OpenToClosedFactory = hystrix.CloserFactory(closer)
		c := &cep21Circuit{leaves: name == "cep21.Go"}
		if d.count {
			f := rolling.StatFactory{}
			config.Merge(f.CreateConfig(name))
			c.stats = f.RunStats(name)
		}
		c.circuit = circuit.NewCircuitFromConfig(name, config)
		return c
	}}
}

// mockedAfterFunc has f called by the mock; the timer that it has to return can
// only be a real one that does nothing.
func mockedAfterFunc(m *clock.Mock) func(time.Duration, func()) *time.Timer {
	return func(d time.Duration, f func()) *time.Timer {
		m.AfterFunc(d, f)
		t := time.NewTimer(math.MaxInt64)
		t.Stop()
		return t
	}
}

type cep21Listener func()

func (f cep21Listener) Opened(context.Context, time.Time) { f() }
func (f cep21Listener) Closed(context.Context, time.Time) { f() }

func (c *cep21Circuit) call(ctx context.Context, body func(context.Context) error) error {
	if c.leaves {
		return c.circuit.Go(ctx, body, nil)
	}
	return c.circuit.Run(ctx, body)
}

func (c *cep21Circuit) callOr(ctx context.Context, body func(context.Context) error, fallback func(error) error) error {
	or := func(_ context.Context, cause error) error { return fallback(cause) }
	if c.leaves {
		return c.circuit.Go(ctx, body, or)
	}
	return c.circuit.Execute(ctx, body, or)
}

func (c *cep21Circuit) successes() int { return int(c.stats.Successes.TotalSum()) }
func (c *cep21Circuit) ask()           { c.circuit.IsOpen() }
