package main

import (
	"context"
	"errors"

	"github.com/quillgo/quill/breaker"
	"github.com/quillgo/quill/cache"
	"github.com/quillgo/quill/command"
	"github.com/quillgo/quill/isolation"
	"github.com/quillgo/quill/metrics"
)

// quillCircuit is a command whose input says what to do.
type quillCircuit struct {
	registry *command.Registry
	cmd      *command.Command[quillJob, *resource]
}

type quillJob struct {
	run      func(ctx context.Context) (*resource, error)
	fallback func(cause error) error
	key      string
}

var errNoFallback = errors.New("no fallback wanted")

func quillLibrary(name string) library {
	how := command.Pool
	if name == "quill (semaphore)" {
		how = command.Semaphore
	}
	return library{name, func(d demand) any {
		o := command.RegistryOptions{}
		if d.clock != nil {
			o.Clock = d.clock
		}
		if d.changed != nil {
			o.Listener.Transition = func(breaker.Transition) { d.changed() }
		}
		r, err := command.NewRegistry(o)
		if err != nil {
			panic(err)
		}
		limit := d.limit
		if limit == 0 {
			limit = 1000
		}
		if err := r.ConfigurePool("Promise", isolation.PoolConfig{Core: limit}); err != nil {
			panic(err)
		}
		return &quillCircuit{r, command.MustNew(command.Spec[quillJob, *resource]{
			Name: "Promise", Registry: r,
			Run: func(ctx context.Context, j quillJob) (*resource, error) { return j.run(ctx) },
			Fallback: func(_ context.Context, j quillJob, cause error) (*resource, error) {
				if j.fallback == nil {
					return nil, errNoFallback
				}
				return nil, j.fallback(cause)
			},
			CacheKey: func(j quillJob) (string, bool) { return j.key, j.key != "" },
			Discard: func(r *resource, _ error) {
				if r != nil {
					r.closed.Store(true)
				}
			},
			Settings: command.Settings{
				Isolation: how, Timeout: d.timeout, Semaphore: limit, FallbackSemaphore: command.Unlimited,
				RequestVolume: d.opensAfter(), SleepWindow: d.sleep,
			},
		})}
	}}
}

func valueless(body func(context.Context) error) func(context.Context) (*resource, error) {
	return func(ctx context.Context) (*resource, error) { return nil, body(ctx) }
}

func (c *quillCircuit) call(ctx context.Context, body func(context.Context) error) error {
	_, err := c.cmd.Execute(ctx, quillJob{run: valueless(body)})
	return err
}

func (c *quillCircuit) callOr(ctx context.Context, body func(context.Context) error, fallback func(error) error) error {
	_, err := c.cmd.Execute(ctx, quillJob{run: valueless(body), fallback: fallback})
	return err
}

func (c *quillCircuit) start(ctx context.Context, body func(context.Context) error) func() error {
	f := c.cmd.ToFuture(ctx, quillJob{run: valueless(body)})
	return func() error {
		_, err := f.Get(ctx)
		return err
	}
}

func (c *quillCircuit) successes() int {
	s, _ := c.registry.Status("Promise")
	return int(s.Metrics.Cumulative[metrics.Success])
}

func (c *quillCircuit) ask()   { c.registry.Status("Promise") }
func (c *quillCircuit) close() { c.registry.Close() }

func (c *quillCircuit) scope(ctx context.Context) (context.Context, func()) {
	ctx, s := cache.NewScope(ctx)
	return ctx, s.Close
}

func (c *quillCircuit) share(ctx context.Context, key string, body func(context.Context) error) error {
	_, err := c.cmd.Execute(ctx, quillJob{run: valueless(body), key: key})
	return err
}

func (c *quillCircuit) value(ctx context.Context, body func(context.Context) *resource) (*resource, error) {
	return c.cmd.Execute(ctx, quillJob{run: func(ctx context.Context) (*resource, error) { return body(ctx), nil }})
}
