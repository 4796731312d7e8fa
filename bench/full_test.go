package bench_test

import (
	"context"

	"github.com/afex/hystrix-go/hystrix"
	"github.com/eapache/go-resiliency/deadline"
	"github.com/eapache/go-resiliency/semaphore"
	"github.com/failsafe-go/failsafe-go"

	"github.com/quillgo/quill/bench/internal/peers"
	"github.com/quillgo/quill/command"
)

// The full job (breaker, bulkhead, timeout, fallback) in each library's own
// way, as a loop that expects the body's value. Groups A3, A4 and J run these
// with different contexts, bodies and neighbours.

func fullBare(ctx context.Context, b *meter, s peers.Setup) {
	for i := range b.N {
		v, err := s.Run(ctx, i)
		check(b, v, err, i+1)
	}
}

func fullBareTimeout(ctx context.Context, b *meter, s peers.Setup) {
	for i := range b.N {
		v, err := func() (int, error) {
			ctx, cancel := context.WithTimeout(ctx, s.Timeout)
			defer cancel()
			return s.Run(ctx, i)
		}()
		check(b, v, err, i+1)
	}
}

func fullQuill(ctx context.Context, b *meter, s peers.Setup, how command.Isolation) {
	q := peers.Quill(s, how)
	b.ResetTimer()
	for i := range b.N {
		v, err := q.Execute(ctx, i)
		check(b, v, err, i+1)
	}
}

func fullGobreaker(ctx context.Context, b *meter, s peers.Setup) {
	cb, slots := peers.Gobreaker(s), make(chan struct{}, s.Limit)
	b.ResetTimer()
	for i := range b.N {
		v, err := cb.Execute(func() (int, error) {
			select {
			case slots <- struct{}{}:
			default:
				return 0, peers.ErrFull
			}
			defer func() { <-slots }()
			ctx, cancel := context.WithTimeout(ctx, s.Timeout)
			defer cancel()
			return s.Run(ctx, i)
		})
		if err != nil {
			v, err = s.Fallback(ctx, i, err)
		}
		check(b, v, err, i+1)
	}
}

func fullCEP21(ctx context.Context, b *meter, s peers.Setup, stats bool) {
	c := peers.CEP21("Bench", s, stats)
	b.ResetTimer()
	for i := range b.N {
		var v int
		err := c.Execute(ctx, func(ctx context.Context) (err error) {
			v, err = s.Run(ctx, i)
			return err
		}, func(ctx context.Context, cause error) (err error) {
			v, err = s.Fallback(ctx, i, cause)
			return err
		})
		check(b, v, err, i+1)
	}
}

// fullCEP21Go captures the value, which is the cheapest way; it is safe here only
// because no body is late.
func fullCEP21Go(ctx context.Context, b *meter, s peers.Setup) {
	c := peers.CEP21("Bench", s, false)
	b.ResetTimer()
	for i := range b.N {
		var v int
		err := c.Go(ctx, func(ctx context.Context) (err error) {
			v, err = s.Run(ctx, i)
			return err
		}, func(ctx context.Context, cause error) (err error) {
			v, err = s.Fallback(ctx, i, cause)
			return err
		})
		check(b, v, err, i+1)
	}
}

func fullFailsafe(ctx context.Context, b *meter, s peers.Setup) {
	policies := peers.Failsafe(s)
	b.ResetTimer()
	for i := range b.N {
		v, err := policies.WithContext(ctx).GetWithExecution(func(exec failsafe.Execution[int]) (int, error) {
			return s.Run(exec.Context(), i)
		})
		check(b, v, err, i+1)
	}
}

// fullHystrix captures the value as fullCEP21Go does.
func fullHystrix(ctx context.Context, b *meter, s peers.Setup) {
	s.Limit = peers.HystrixLimit
	name := peers.Hystrix(s)
	b.ResetTimer()
	for i := range b.N {
		var v int
		err := hystrix.DoC(ctx, name, func(ctx context.Context) (err error) {
			v, err = s.Run(ctx, i)
			return err
		}, func(ctx context.Context, cause error) (err error) {
			v, err = s.Fallback(ctx, i, cause)
			return err
		})
		check(b, v, err, i+1)
	}
}

func fullEapache(ctx context.Context, b *meter, s peers.Setup) {
	eb, slots, limit := peers.Eapache(s), semaphore.New(s.Limit, s.Sleep), deadline.New(s.Timeout)
	b.ResetTimer()
	for i := range b.N {
		var v int
		err := eb.Run(func() error {
			if err := slots.Acquire(); err != nil {
				return err
			}
			defer slots.Release()
			return limit.Run(func(<-chan struct{}) (err error) {
				v, err = s.Run(ctx, i)
				return err
			})
		})
		if err != nil {
			v, err = s.Fallback(ctx, i, err)
		}
		check(b, v, err, i+1)
	}
}

// fullBareGo is a goroutine for the body and a caller that leaves at the timeout.
func fullBareGo(ctx context.Context, b *meter, s peers.Setup) {
	type result struct {
		v   int
		err error
	}
	for i := range b.N {
		v, err := func() (int, error) {
			ctx, cancel := context.WithTimeout(ctx, s.Timeout)
			defer cancel()
			done := make(chan result, 1)
			go func() {
				v, err := s.Run(ctx, i)
				done <- result{v, err}
			}()
			select {
			case r := <-done:
				return r.v, r.err
			case <-ctx.Done():
				return 0, ctx.Err()
			}
		}()
		check(b, v, err, i+1)
	}
}
