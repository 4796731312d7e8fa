package main

import (
	"context"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/afex/hystrix-go/hystrix"
	metricCollector "github.com/afex/hystrix-go/hystrix/metric_collector"
	eapache "github.com/eapache/go-resiliency/breaker"
	"github.com/sony/gobreaker/v2"
	"golang.org/x/sync/singleflight"
)

// gobreakerCircuit is a breaker of sony/gobreaker with a context.WithTimeout
// around the body, by hand.
type gobreakerCircuit struct {
	breaker *gobreaker.CircuitBreaker[struct{}]
	timeout time.Duration
}

func gobreakerLibrary() library {
	return library{"gobreaker", func(d demand) any {
		if d.limit != 0 || d.clock != nil {
			return nil
		}
		s := gobreaker.Settings{
			Interval: 10 * time.Second, BucketPeriod: time.Second, Timeout: d.sleep,
			ReadyToTrip: func(c gobreaker.Counts) bool {
				return int(c.Requests) >= d.opensAfter() && c.TotalFailures*2 >= c.Requests
			},
		}
		if d.changed != nil {
			s.OnStateChange = func(string, gobreaker.State, gobreaker.State) { d.changed() }
		}
		return &gobreakerCircuit{gobreaker.NewCircuitBreaker[struct{}](s), d.timeout}
	}}
}

func (c *gobreakerCircuit) call(ctx context.Context, body func(context.Context) error) error {
	_, err := c.breaker.Execute(func() (struct{}, error) {
		ctx, cancel := context.WithTimeout(ctx, c.timeout)
		defer cancel()
		return struct{}{}, body(ctx)
	})
	return err
}

func (c *gobreakerCircuit) successes() int { return int(c.breaker.Counts().TotalSuccesses) }
func (c *gobreakerCircuit) ask()           { c.breaker.Counts() }

// hystrixCircuit is a command of hystrix-go.
type hystrixCircuit struct {
	name    string
	counted *atomic.Int64
}

func hystrixLibrary() library {
	var made atomic.Int64
	var counters sync.Map // by name
	var register sync.Once
	return library{"hystrix-go", func(d demand) any {
		if d.changed != nil || d.clock != nil {
			return nil
		}
		c := &hystrixCircuit{name: strconv.FormatInt(made.Add(1), 10), counted: &atomic.Int64{}}
		counters.Store(c.name, c.counted)
		if d.count {
			register.Do(func() {
				metricCollector.Registry.Register(func(name string) metricCollector.MetricCollector {
					n, _ := counters.LoadOrStore(name, &atomic.Int64{})
					return hystrixCollector{n.(*atomic.Int64)}
				})
			})
		}
		limit := d.limit
		if limit == 0 {
			limit = 10_000
		}
		hystrix.ConfigureCommand(c.name, hystrix.CommandConfig{
			Timeout: int(d.timeout / time.Millisecond), MaxConcurrentRequests: limit, RequestVolumeThreshold: d.opensAfter(),
			SleepWindow: int(d.sleep / time.Millisecond), ErrorPercentThreshold: 50,
		})
		return c
	}}
}

// hystrixCollector is what a user has to count events with.
type hystrixCollector struct{ successes *atomic.Int64 }

func (c hystrixCollector) Update(r metricCollector.MetricResult) {
	c.successes.Add(int64(r.Successes))
}
func (c hystrixCollector) Reset() {}

func (c *hystrixCircuit) call(ctx context.Context, body func(context.Context) error) error {
	return hystrix.DoC(ctx, c.name, body, nil)
}

func (c *hystrixCircuit) callOr(ctx context.Context, body func(context.Context) error, fallback func(error) error) error {
	return hystrix.DoC(ctx, c.name, body, func(_ context.Context, cause error) error { return fallback(cause) })
}

func (c *hystrixCircuit) start(ctx context.Context, body func(context.Context) error) func() error {
	done := make(chan struct{}, 1)
	errs := hystrix.GoC(ctx, c.name, func(ctx context.Context) error {
		err := body(ctx)
		if err == nil {
			done <- struct{}{}
		}
		return err
	}, nil)
	return func() error {
		select {
		case <-done:
			return nil
		case err := <-errs:
			return err
		}
	}
}

func (c *hystrixCircuit) successes() int { return int(c.counted.Load()) }

// close is all that hystrix-go has for the purpose.
func (c *hystrixCircuit) close() { hystrix.Flush() }

// eapacheCircuit is a breaker of eapache/go-resiliency, which has neither a
// window nor a context.
type eapacheCircuit struct{ breaker *eapache.Breaker }

func eapacheLibrary() library {
	return library{"eapache", func(d demand) any {
		if d.limit != 0 || d.changed != nil || d.clock != nil {
			return nil
		}
		return &eapacheCircuit{eapache.New(d.opensAfter(), 1, d.sleep)}
	}}
}

func (c *eapacheCircuit) call(ctx context.Context, body func(context.Context) error) error {
	return c.breaker.Run(func() error { return body(ctx) })
}

// singleflightGroup is golang.org/x/sync/singleflight, which only shares.
type singleflightGroup struct{ group singleflight.Group }

func singleflightLibrary() library {
	return library{"singleflight", func(demand) any { return &singleflightGroup{} }}
}

func (g *singleflightGroup) scope(ctx context.Context) (context.Context, func()) {
	return ctx, func() {}
}

func (g *singleflightGroup) share(ctx context.Context, key string, body func(context.Context) error) error {
	_, err, _ := g.group.Do(key, func() (any, error) { return nil, body(ctx) })
	return err
}
