package bench_test

import (
	"context"
	"testing"

	"github.com/eapache/go-resiliency/semaphore"
	"github.com/failsafe-go/failsafe-go"
	"github.com/failsafe-go/failsafe-go/bulkhead"

	"github.com/quillgo/quill/bench/internal/peers"
	"github.com/quillgo/quill/breaker"
	"github.com/quillgo/quill/command"
	"github.com/quillgo/quill/isolation"
)

// bounded is how quill's breaker and semaphore are used together, without a
// command.
func bounded(ctx context.Context, b *breaker.Breaker, s *isolation.Semaphore, id int) (int, error) {
	permit, err := b.Acquire()
	if err != nil {
		return 0, err
	}
	defer permit.Done(breaker.Failure)
	if !s.TryAcquire() {
		permit.Done(breaker.Refused)
		return 0, s.Refusal()
	}
	defer s.Release()
	v, err := peers.Work(ctx, id)
	permit.Done(b.Classify(err))
	return v, err
}

// BenchmarkA2 is breaker and bulkhead, without a timeout. quill's command counts
// events and latencies as well.
func BenchmarkA2(b *testing.B) {
	ctx := context.Background()
	setup := func() peers.Setup {
		s := peers.Default()
		s.Timeout = -1
		return s
	}
	row(b, "bare", func(b *meter) {
		s := make(chan struct{}, 100)
		b.ResetTimer()
		for i := range b.N {
			v, err := func() (int, error) {
				select {
				case s <- struct{}{}:
				default:
					return 0, peers.ErrFull
				}
				defer func() { <-s }()
				return peers.Work(ctx, i)
			}()
			check(b, v, err, i+1)
		}
	})
	row(b, "quill", func(b *meter) {
		q := peers.Quill(setup(), command.Semaphore)
		b.ResetTimer()
		for i := range b.N {
			v, err := q.Execute(ctx, i)
			check(b, v, err, i+1)
		}
	})
	row(b, "quill-by-hand", func(b *meter) {
		q, s := peers.QuillBreaker(setup()), peers.QuillSemaphore(setup())
		b.ResetTimer()
		for i := range b.N {
			v, err := bounded(ctx, q, s, i)
			check(b, v, err, i+1)
		}
	})
	row(b, "gobreaker", func(b *meter) {
		cb, s := peers.Gobreaker(setup()), make(chan struct{}, 100)
		b.ResetTimer()
		for i := range b.N {
			v, err := cb.Execute(func() (int, error) {
				select {
				case s <- struct{}{}:
				default:
					return 0, peers.ErrFull
				}
				defer func() { <-s }()
				return peers.Work(ctx, i)
			})
			check(b, v, err, i+1)
		}
	})
	row(b, "cep21", func(b *meter) {
		c := peers.CEP21("Bench", setup(), false)
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
		exec := failsafe.With[int](peers.FailsafeBreaker(setup()), bulkhead.New[int](100))
		b.ResetTimer()
		for i := range b.N {
			v, err := exec.Get(func() (int, error) { return peers.Work(ctx, i) })
			check(b, v, err, i+1)
		}
	})
	row(b, "eapache", func(b *meter) {
		eb, s := peers.Eapache(setup()), semaphore.New(100, setup().Sleep)
		b.ResetTimer()
		for i := range b.N {
			var v int
			err := eb.Run(func() (err error) {
				if err = s.Acquire(); err != nil {
					return err
				}
				defer s.Release()
				v, err = peers.Work(ctx, i)
				return err
			})
			check(b, v, err, i+1)
		}
	})
}
