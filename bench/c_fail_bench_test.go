package bench_test

import (
	"context"
	"testing"

	"github.com/afex/hystrix-go/hystrix"
	"github.com/eapache/go-resiliency/deadline"
	"github.com/eapache/go-resiliency/semaphore"
	"github.com/failsafe-go/failsafe-go"

	"github.com/quillgo/quill/bench/internal/peers"
	"github.com/quillgo/quill/command"
)

// failing is the setup of group C: a body that always fails, a fallback that
// serves nothing but that failure, and a volume that keeps every breaker closed.
func failing() peers.Setup {
	s := peers.Default()
	s.Volume, s.Run, s.Fallback = peers.Unreachable, peers.Fail, peers.ServeFailure
	return s
}

// BenchmarkC is a body that fails, and its fallback.
func BenchmarkC(b *testing.B) {
	ctx, s := context.Background(), failing()
	row(b, "bare", func(b *meter) {
		for i := range b.N {
			v, err := s.Run(ctx, i)
			if err != nil {
				v, err = s.Fallback(ctx, i, err)
			}
			check(b, v, err, peers.Fallen)
		}
	})
	row(b, "quill", func(b *meter) {
		q := peers.Quill(s, command.Semaphore)
		b.ResetTimer()
		for i := range b.N {
			v, err := q.Execute(ctx, i)
			check(b, v, err, peers.Fallen)
		}
	})
	row(b, "quill-pool", func(b *meter) {
		q := peers.Quill(s, command.Pool)
		b.ResetTimer()
		for i := range b.N {
			v, err := q.Execute(ctx, i)
			check(b, v, err, peers.Fallen)
		}
	})
	row(b, "gobreaker", func(b *meter) {
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
			check(b, v, err, peers.Fallen)
		}
	})
	for _, stats := range []bool{false, true} {
		name := "cep21"
		if stats {
			name = "cep21+stats"
		}
		row(b, name, func(b *meter) {
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
				check(b, v, err, peers.Fallen)
			}
		})
	}
	row(b, "failsafe", func(b *meter) {
		policies := peers.Failsafe(s)
		b.ResetTimer()
		for i := range b.N {
			v, err := policies.WithContext(ctx).GetWithExecution(func(exec failsafe.Execution[int]) (int, error) {
				return s.Run(exec.Context(), i)
			})
			check(b, v, err, peers.Fallen)
		}
	})
	row(b, "hystrix-go", func(b *meter) {
		s := s
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
			check(b, v, err, peers.Fallen)
		}
	})
	row(b, "eapache", func(b *meter) {
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
			check(b, v, err, peers.Fallen)
		}
	})
}
