package bench_test

import (
	"context"
	"testing"

	"github.com/failsafe-go/failsafe-go"

	"github.com/quillgo/quill/bench/internal/peers"
	"github.com/quillgo/quill/breaker"
)

// guarded is how quill's breaker is used alone; the deferred Done is for panics,
// which gobreaker counts as well.
func guarded(ctx context.Context, b *breaker.Breaker, id int) (int, error) {
	permit, err := b.Acquire()
	if err != nil {
		return 0, err
	}
	defer permit.Done(breaker.Failure)
	v, err := peers.Work(ctx, id)
	permit.Done(b.Classify(err))
	return v, err
}

// breakerOnly is the setup without anything else.
func breakerOnly() peers.Setup {
	s := peers.Default()
	s.Timeout, s.Limit = -1, -1
	return s
}

func BenchmarkA1(b *testing.B) {
	ctx := context.Background()
	row(b, "bare", func(b *meter) {
		for i := range b.N {
			v, err := peers.Work(ctx, i)
			check(b, v, err, i+1)
		}
	})
	row(b, "quill", func(b *meter) {
		q := peers.QuillBreaker(breakerOnly())
		b.ResetTimer()
		for i := range b.N {
			v, err := guarded(ctx, q, i)
			check(b, v, err, i+1)
		}
	})
	row(b, "gobreaker", func(b *meter) {
		cb := peers.Gobreaker(breakerOnly())
		b.ResetTimer()
		for i := range b.N {
			v, err := cb.Execute(func() (int, error) { return peers.Work(ctx, i) })
			check(b, v, err, i+1)
		}
	})
	row(b, "cep21", func(b *meter) {
		c := peers.CEP21("Bench", breakerOnly(), false)
		b.ResetTimer()
		for i := range b.N {
			var v int
			err := c.Run(ctx, func(ctx context.Context) (err error) {
				v, err = peers.Work(ctx, i)
				return err
			})
			check(b, v, err, i+1)
		}
	})
	row(b, "failsafe", func(b *meter) {
		exec := failsafe.With[int](peers.FailsafeBreaker(breakerOnly()))
		b.ResetTimer()
		for i := range b.N {
			v, err := exec.Get(func() (int, error) { return peers.Work(ctx, i) })
			check(b, v, err, i+1)
		}
	})
	row(b, "eapache", func(b *meter) {
		eb := peers.Eapache(breakerOnly())
		b.ResetTimer()
		for i := range b.N {
			var v int
			err := eb.Run(func() (err error) {
				v, err = peers.Work(ctx, i)
				return err
			})
			check(b, v, err, i+1)
		}
	})
}

// BenchmarkA1Par is BenchmarkA1 with a goroutine on every processor.
func BenchmarkA1Par(b *testing.B) {
	ctx := context.Background()
	row(b, "bare", func(b *meter) {
		b.RunParallel(func(p *testing.PB) {
			for i := 0; p.Next(); i++ {
				v, err := peers.Work(ctx, i)
				check(b, v, err, i+1)
			}
		})
	})
	row(b, "quill", func(b *meter) {
		q := peers.QuillBreaker(breakerOnly())
		b.ResetTimer()
		b.RunParallel(func(p *testing.PB) {
			for i := 0; p.Next(); i++ {
				v, err := guarded(ctx, q, i)
				check(b, v, err, i+1)
			}
		})
	})
	row(b, "gobreaker", func(b *meter) {
		cb := peers.Gobreaker(breakerOnly())
		b.ResetTimer()
		b.RunParallel(func(p *testing.PB) {
			for i := 0; p.Next(); i++ {
				v, err := cb.Execute(func() (int, error) { return peers.Work(ctx, i) })
				check(b, v, err, i+1)
			}
		})
	})
	row(b, "cep21", func(b *meter) {
		c := peers.CEP21("Bench", breakerOnly(), false)
		b.ResetTimer()
		b.RunParallel(func(p *testing.PB) {
			for i := 0; p.Next(); i++ {
				var v int
				err := c.Run(ctx, func(ctx context.Context) (err error) {
					v, err = peers.Work(ctx, i)
					return err
				})
				check(b, v, err, i+1)
			}
		})
	})
	row(b, "failsafe", func(b *meter) {
		exec := failsafe.With[int](peers.FailsafeBreaker(breakerOnly()))
		b.ResetTimer()
		b.RunParallel(func(p *testing.PB) {
			for i := 0; p.Next(); i++ {
				v, err := exec.Get(func() (int, error) { return peers.Work(ctx, i) })
				check(b, v, err, i+1)
			}
		})
	})
}
