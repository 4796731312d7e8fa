package main

import (
	"context"
	"sync"
	"time"

	"github.com/failsafe-go/failsafe-go"
	"github.com/failsafe-go/failsafe-go/bulkhead"
	"github.com/failsafe-go/failsafe-go/cachepolicy"
	"github.com/failsafe-go/failsafe-go/circuitbreaker"
	"github.com/failsafe-go/failsafe-go/fallback"
	"github.com/failsafe-go/failsafe-go/timeout"
)

// failsafeCircuit is Breaker(Bulkhead(Timeout(body))), with a fallback or a
// cache around it where they are asked for.
type failsafeCircuit struct {
	breaker  circuitbreaker.CircuitBreaker[*resource]
	policies []failsafe.Policy[*resource]
	cache    *failsafeCache
}

func failsafeLibrary() library {
	return library{"failsafe-go", func(d demand) any {
		if d.clock != nil {
			return nil
		}
		b := circuitbreaker.NewBuilder[*resource]().
			WithFailureRateThreshold(0.5, uint(d.opensAfter()), 10*time.Second).
			WithDelay(max(d.sleep, time.Millisecond)).WithSuccessThreshold(1)
		if d.changed != nil {
			b = b.OnStateChanged(func(circuitbreaker.StateChangedEvent) { d.changed() })
		}
		c := &failsafeCircuit{breaker: b.Build(), cache: &failsafeCache{m: map[string]*resource{}}}
		c.policies = append(c.policies, c.breaker)
		if d.limit != 0 {
			c.policies = append(c.policies, bulkhead.New[*resource](uint(d.limit)))
		}
		c.policies = append(c.policies, timeout.New[*resource](d.timeout))
		return c
	}}
}

func (c *failsafeCircuit) with(ctx context.Context, outer ...failsafe.Policy[*resource]) failsafe.Executor[*resource] {
	return failsafe.With(append(outer, c.policies...)...).WithContext(ctx)
}

func failsafeBody(body func(context.Context) error) func(failsafe.Execution[*resource]) (*resource, error) {
	return func(exec failsafe.Execution[*resource]) (*resource, error) { return nil, body(exec.Context()) }
}

func (c *failsafeCircuit) call(ctx context.Context, body func(context.Context) error) error {
	_, err := c.with(ctx).GetWithExecution(failsafeBody(body))
	return err
}

func (c *failsafeCircuit) callOr(ctx context.Context, body func(context.Context) error, or func(error) error) error {
	f := fallback.NewWithFunc(func(exec failsafe.Execution[*resource]) (*resource, error) { return nil, or(exec.LastError()) })
	_, err := c.with(ctx, f).GetWithExecution(failsafeBody(body))
	return err
}

func (c *failsafeCircuit) start(ctx context.Context, body func(context.Context) error) func() error {
	return c.with(ctx).GetAsyncWithExecution(failsafeBody(body)).Error
}

func (c *failsafeCircuit) value(ctx context.Context, body func(context.Context) *resource) (*resource, error) {
	return c.with(ctx).GetWithExecution(func(exec failsafe.Execution[*resource]) (*resource, error) {
		return body(exec.Context()), nil
	})
}

func (c *failsafeCircuit) successes() int { return int(c.breaker.Metrics().Successes()) }
func (c *failsafeCircuit) ask()           { c.breaker.Metrics().Successes() }

func (c *failsafeCircuit) scope(ctx context.Context) (context.Context, func()) {
	return ctx, func() {}
}

func (c *failsafeCircuit) share(ctx context.Context, key string, body func(context.Context) error) error {
	p := cachepolicy.NewBuilder[*resource](c.cache).WithKey(key).Build()
	_, err := c.with(ctx, p).GetWithExecution(failsafeBody(body))
	return err
}

type failsafeCache struct {
	mu sync.Mutex
	m  map[string]*resource
}

func (c *failsafeCache) Get(key string) (*resource, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	r, ok := c.m[key]
	return r, ok
}

func (c *failsafeCache) Set(key string, r *resource) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.m[key] = r
}
