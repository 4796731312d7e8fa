package bench_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/afex/hystrix-go/hystrix"
	"github.com/cep21/circuit/v4"
	"github.com/eapache/go-resiliency/breaker"
	"github.com/failsafe-go/failsafe-go"
	"github.com/failsafe-go/failsafe-go/circuitbreaker"
	"github.com/sony/gobreaker/v2"

	"github.com/quillgo/quill/bench/internal/peers"
	quillbreaker "github.com/quillgo/quill/breaker"
	"github.com/quillgo/quill/command"
)

// openCEP21 accepts the refusal of an open circuit.
func openCEP21(cause error) bool {
	var e circuit.Error
	return errors.As(cause, &e) && e.CircuitOpen()
}

// opened is the setup of group B: a body that fails and is counted, a breaker
// that opens after twenty of them and stays open, and a fallback that serves
// only an open breaker.
func opened(is func(cause error) bool) (peers.Setup, *counted) {
	c := &counted{}
	s := peers.Default()
	s.Sleep, s.Run, s.Fallback = time.Hour, c.fail, serves(is)
	return s, c
}

// trip calls until the breaker is open, and checks that it took exactly the
// twenty failures.
func trip(b *meter, s peers.Setup, c *counted, call func()) {
	b.Helper()
	for range s.Volume + 5 {
		call()
	}
	if n := c.runs.Load(); n != int64(s.Volume) {
		b.Fatalf("%d failures ran until the breaker was open, want %d", n, s.Volume)
	}
	c.runs.Store(0)
}

// unrun fails the benchmark if the body of an open circuit was run.
func (c *counted) unrun(b *meter) {
	b.Helper()
	if n := c.runs.Load(); n != 0 {
		b.Fatalf("the body ran %d times behind an open breaker", n)
	}
}

// BenchmarkB is a call that an open breaker refuses, and its fallback.
func BenchmarkB(b *testing.B) {
	ctx := context.Background()
	row(b, "bare", func(b *meter) {
		open := time.Now().Add(time.Hour)
		b.ResetTimer()
		for i := range b.N {
			v, err := peers.Fallen, error(nil)
			if time.Now().After(open) {
				v, err = peers.Work(ctx, i)
			}
			check(b, v, err, peers.Fallen)
		}
	})
	for _, how := range []command.Isolation{command.Semaphore, command.Pool} {
		name := "quill"
		if how == command.Pool {
			name = "quill-pool"
		}
		row(b, name, func(b *meter) {
			s, c := opened(sentinel(quillbreaker.ErrOpen))
			q := peers.Quill(s, how)
			trip(b, s, c, func() { _, _ = q.Execute(ctx, 0) })
			b.ResetTimer()
			for i := range b.N {
				v, err := q.Execute(ctx, i)
				check(b, v, err, peers.Fallen)
			}
			c.unrun(b)
		})
	}
	row(b, "gobreaker", func(b *meter) {
		s, c := opened(sentinel(gobreaker.ErrOpenState))
		cb := peers.Gobreaker(s)
		trip(b, s, c, func() { _, _ = cb.Execute(func() (int, error) { return s.Run(ctx, 0) }) })
		b.ResetTimer()
		for i := range b.N {
			v, err := cb.Execute(func() (int, error) { return s.Run(ctx, i) })
			if err != nil {
				v, err = s.Fallback(ctx, i, err)
			}
			check(b, v, err, peers.Fallen)
		}
		c.unrun(b)
	})
	for _, stats := range []bool{false, true} {
		name := "cep21"
		if stats {
			name = "cep21+stats"
		}
		row(b, name, func(b *meter) {
			s, n := opened(openCEP21)
			c := peers.CEP21("Bench", s, stats)
			trip(b, s, n, func() {
				_ = c.Run(ctx, func(ctx context.Context) error {
					_, err := s.Run(ctx, 0)
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
			n.unrun(b)
		})
	}
	row(b, "failsafe", func(b *meter) {
		s, c := opened(sentinel(circuitbreaker.ErrOpen))
		policies := peers.Failsafe(s)
		run := func(exec failsafe.Execution[int]) (int, error) { return s.Run(exec.Context(), 0) }
		trip(b, s, c, func() { _, _ = policies.GetWithExecution(run) })
		b.ResetTimer()
		for i := range b.N {
			v, err := policies.WithContext(ctx).GetWithExecution(func(exec failsafe.Execution[int]) (int, error) {
				return s.Run(exec.Context(), i)
			})
			check(b, v, err, peers.Fallen)
		}
		c.unrun(b)
	})
	row(b, "hystrix-go", func(b *meter) {
		s, c := opened(sentinel(hystrix.ErrCircuitOpen))
		s.Limit = peers.HystrixLimit
		name := peers.Hystrix(s)
		tripHystrix(ctx, b, name, s)
		c.runs.Store(0)
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
		c.unrun(b)
	})
	row(b, "eapache", func(b *meter) {
		s, c := opened(sentinel(breaker.ErrBreakerOpen))
		eb := peers.Eapache(s)
		trip(b, s, c, func() {
			_ = eb.Run(func() error {
				_, err := s.Run(ctx, 0)
				return err
			})
		})
		b.ResetTimer()
		for i := range b.N {
			var v int
			err := eb.Run(func() (err error) {
				v, err = s.Run(ctx, i)
				return err
			})
			if err != nil {
				v, err = s.Fallback(ctx, i, err)
			}
			check(b, v, err, peers.Fallen)
		}
		c.unrun(b)
	})
}

// tripHystrix calls until the breaker is open, which takes hystrix-go a while:
// what it judges reaches it through a channel.
func tripHystrix(ctx context.Context, b *meter, name string, s peers.Setup) {
	b.Helper()
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
		err := hystrix.DoC(ctx, name, func(ctx context.Context) error {
			_, err := s.Run(ctx, 0)
			return err
		}, nil)
		if errors.Is(err, hystrix.ErrCircuitOpen) {
			return
		}
	}
	b.Fatal("hystrix-go did not open")
}
