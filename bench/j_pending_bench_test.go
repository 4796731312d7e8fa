package bench_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/failsafe-go/failsafe-go"

	"github.com/quillgo/quill/bench/internal/peers"
	"github.com/quillgo/quill/command"
)

// pending is how many calls are in flight while group J measures.
const pending = 10_000

// crowd is a body that waits for its context, so that its timeout is armed.
type crowd struct {
	entered, left sync.WaitGroup
	leave         chan struct{}
}

func (c *crowd) wait(ctx context.Context, _ int) (int, error) {
	c.entered.Done()
	select {
	case <-c.leave:
	case <-ctx.Done():
	}
	return 0, nil
}

// BenchmarkJ is the full job for a body that asks for its end, while ten thousand
// calls of the same library wait for theirs.
func BenchmarkJ(b *testing.B) {
	ctx := context.Background()
	waiting := peers.Default()
	waiting.Limit, waiting.Timeout = 2*pending, time.Hour

	// among measures row while call is in flight ten thousand times.
	among := func(name string, call func(s peers.Setup) func(), measure func(b *meter)) {
		row(b, name, func(b *meter) {
			c := &crowd{leave: make(chan struct{})}
			s := waiting
			s.Run = c.wait
			one := call(s)
			c.entered.Add(pending)
			for range pending {
				c.left.Go(one)
			}
			c.entered.Wait()
			b.Cleanup(func() {
				close(c.leave)
				c.left.Wait()
			})
			b.ResetTimer()
			measure(b)
		})
	}
	among("bare+ctxTimeout", func(s peers.Setup) func() {
		return func() {
			ctx, cancel := context.WithTimeout(ctx, s.Timeout)
			defer cancel()
			_, _ = s.Run(ctx, 0)
		}
	}, func(b *meter) { fullBareTimeout(ctx, b, asking()) })
	among("quill", func(s peers.Setup) func() {
		q := peers.Quill(s, command.Semaphore)
		return func() { _, _ = q.Execute(ctx, 0) }
	}, func(b *meter) { fullQuill(ctx, b, asking(), command.Semaphore) })
	among("gobreaker", func(s peers.Setup) func() {
		cb := peers.Gobreaker(s)
		return func() {
			_, _ = cb.Execute(func() (int, error) {
				ctx, cancel := context.WithTimeout(ctx, s.Timeout)
				defer cancel()
				return s.Run(ctx, 0)
			})
		}
	}, func(b *meter) { fullGobreaker(ctx, b, asking()) })
	among("cep21", func(s peers.Setup) func() {
		q := peers.CEP21("Bench", s, false)
		return func() {
			_ = q.Run(ctx, func(ctx context.Context) error {
				_, err := s.Run(ctx, 0)
				return err
			})
		}
	}, func(b *meter) { fullCEP21(ctx, b, asking(), false) })
	among("failsafe", func(s peers.Setup) func() {
		policies := peers.Failsafe(s)
		return func() {
			_, _ = policies.WithContext(ctx).GetWithExecution(func(exec failsafe.Execution[int]) (int, error) {
				return s.Run(exec.Context(), 0)
			})
		}
	}, func(b *meter) { fullFailsafe(ctx, b, asking()) })
}
