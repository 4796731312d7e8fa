package bench_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/afex/hystrix-go/hystrix"
	"github.com/cep21/circuit/v4"
	"github.com/failsafe-go/failsafe-go"
	"github.com/failsafe-go/failsafe-go/bulkhead"

	"github.com/quillgo/quill/bench/internal/peers"
	"github.com/quillgo/quill/command"
	"github.com/quillgo/quill/isolation"
)

// fullBulkheadCEP21 accepts the refusal of a full bulkhead.
func fullBulkheadCEP21(cause error) bool {
	var e circuit.Error
	return errors.As(cause, &e) && e.ConcurrencyLimitReached()
}

// taken is the setup of group E: a bulkhead for one, which the occupant of g
// takes, and a volume that keeps the breakers closed, for which a refusal counts
// as an error. The timeout is long: hystrix-go frees the occupant's ticket at it.
func taken(is func(cause error) bool) (peers.Setup, *gate) {
	g := newGate()
	s := peers.Default()
	s.Limit, s.Timeout, s.Volume = 1, time.Hour, peers.Unreachable
	s.Run, s.Fallback = g.work, serves(is)
	return s, g
}

// BenchmarkE is a call that a full bulkhead refuses, and its fallback. Every
// fallback checks the cause, to the last call.
func BenchmarkE(b *testing.B) {
	ctx := context.Background()
	row(b, "bare", func(b *meter) {
		slots := make(chan struct{}, 1)
		slots <- struct{}{}
		serve := serves(sentinel(peers.ErrFull))
		b.ResetTimer()
		for i := range b.N {
			v, err := func() (int, error) {
				select {
				case slots <- struct{}{}:
				default:
					return 0, peers.ErrFull
				}
				defer func() { <-slots }()
				return peers.Work(ctx, i)
			}()
			if err != nil {
				v, err = serve(ctx, i, err)
			}
			check(b, v, err, peers.Fallen)
		}
	})
	row(b, "quill", func(b *meter) {
		s, g := taken(sentinel(isolation.ErrSemaphoreFull))
		q := peers.Quill(s, command.Semaphore)
		g.occupy(b, func() { _, _ = q.Execute(ctx, occupant) })
		b.ResetTimer()
		for i := range b.N {
			v, err := q.Execute(ctx, i)
			check(b, v, err, peers.Fallen)
		}
	})
	row(b, "quill-pool", func(b *meter) {
		s, g := taken(sentinel(isolation.ErrPoolFull))
		q := peers.Quill(s, command.Pool)
		g.occupy(b, func() { _, _ = q.Execute(ctx, occupant) })
		b.ResetTimer()
		for i := range b.N {
			v, err := q.Execute(ctx, i)
			check(b, v, err, peers.Fallen)
		}
	})
	row(b, "gobreaker", func(b *meter) {
		s, _ := taken(sentinel(peers.ErrFull))
		cb, slots := peers.Gobreaker(s), make(chan struct{}, s.Limit)
		slots <- struct{}{}
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
			s, g := taken(fullBulkheadCEP21)
			c := peers.CEP21("Bench", s, stats)
			g.occupy(b, func() {
				_ = c.Run(ctx, func(ctx context.Context) error {
					_, err := s.Run(ctx, occupant)
					return err
				})
			})
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
		s, g := taken(sentinel(bulkhead.ErrFull))
		policies := peers.Failsafe(s)
		g.occupy(b, func() {
			_, _ = policies.GetWithExecution(func(exec failsafe.Execution[int]) (int, error) {
				return s.Run(exec.Context(), occupant)
			})
		})
		b.ResetTimer()
		for i := range b.N {
			v, err := policies.WithContext(ctx).GetWithExecution(func(exec failsafe.Execution[int]) (int, error) {
				return s.Run(exec.Context(), i)
			})
			check(b, v, err, peers.Fallen)
		}
	})
	row(b, "hystrix-go", func(b *meter) {
		s, g := taken(sentinel(hystrix.ErrMaxConcurrency))
		name := peers.Hystrix(s)
		g.occupy(b, func() {
			_ = hystrix.DoC(ctx, name, func(ctx context.Context) error {
				_, err := s.Run(ctx, occupant)
				return err
			}, nil)
		})
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
}
