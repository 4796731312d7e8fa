package bench_test

import (
	"context"
	"testing"

	"github.com/afex/hystrix-go/hystrix"
	"github.com/failsafe-go/failsafe-go"

	"github.com/quillgo/quill/bench/internal/peers"
	"github.com/quillgo/quill/command"
)

type result struct {
	v   int
	err error
}

// goBare starts the body on a goroutine of its own, with a timeout.
func goBare(ctx context.Context, s peers.Setup, id int) <-chan result {
	done := make(chan result, 1)
	go func() {
		ctx, cancel := context.WithTimeout(ctx, s.Timeout)
		defer cancel()
		v, err := s.Run(ctx, id)
		done <- result{v, err}
	}()
	return done
}

// goHystrix starts a call of hystrix-go. The value comes through a channel, as
// in its documentation: there is nothing to wait for before a captured variable
// could be read.
func goHystrix(ctx context.Context, name string, s peers.Setup, id int) (<-chan int, <-chan error) {
	value := make(chan int, 1)
	return value, hystrix.GoC(ctx, name, func(ctx context.Context) error {
		v, err := s.Run(ctx, id)
		if err == nil {
			value <- v
		}
		return err
	}, func(ctx context.Context, cause error) error {
		v, err := s.Fallback(ctx, id, cause)
		if err == nil {
			value <- v
		}
		return err
	})
}

func getHystrix(value <-chan int, errs <-chan error) (int, error) {
	select {
	case v := <-value:
		return v, nil
	case err := <-errs:
		return 0, err
	}
}

// BenchmarkD starts one call and waits for it.
func BenchmarkD(b *testing.B) {
	ctx, s := context.Background(), peers.Default()
	row(b, "bare-goroutine", func(b *meter) {
		for i := range b.N {
			r := <-goBare(ctx, s, i)
			check(b, r.v, r.err, i+1)
		}
	})
	row(b, "quill", func(b *meter) {
		q := peers.Quill(s, command.Pool)
		b.ResetTimer()
		for i := range b.N {
			v, err := q.ToFuture(ctx, i).Get(ctx)
			check(b, v, err, i+1)
		}
	})
	row(b, "quill-semaphore", func(b *meter) {
		q := peers.Quill(s, command.Semaphore)
		b.ResetTimer()
		for i := range b.N {
			v, err := q.ToFuture(ctx, i).Get(ctx)
			check(b, v, err, i+1)
		}
	})
	row(b, "failsafe.GetAsync", func(b *meter) {
		policies := peers.Failsafe(s)
		b.ResetTimer()
		for i := range b.N {
			v, err := policies.WithContext(ctx).GetAsyncWithExecution(func(exec failsafe.Execution[int]) (int, error) {
				return s.Run(exec.Context(), i)
			}).Get()
			check(b, v, err, i+1)
		}
	})
	row(b, "hystrix.Go", func(b *meter) {
		s := s
		s.Limit = peers.HystrixLimit
		name := peers.Hystrix(s)
		b.ResetTimer()
		for i := range b.N {
			v, err := getHystrix(goHystrix(ctx, name, s, i))
			check(b, v, err, i+1)
		}
	})
}

// futures is how many calls BenchmarkD2 starts before it waits for the first.
const futures = 100

// BenchmarkD2 starts a hundred calls and waits for all.
func BenchmarkD2(b *testing.B) {
	ctx, s := context.Background(), peers.Default()
	row(b, "bare-goroutine", func(b *meter) {
		var started [futures]<-chan result
		for range b.N {
			for i := range started {
				started[i] = goBare(ctx, s, i)
			}
			for i, f := range started {
				r := <-f
				check(b, r.v, r.err, i+1)
			}
		}
	})
	for _, how := range []command.Isolation{command.Pool, command.Semaphore} {
		name := "quill"
		if how == command.Semaphore {
			name = "quill-semaphore"
		}
		row(b, name, func(b *meter) {
			q := peers.Quill(s, how)
			var started [futures]*command.Future[int]
			b.ResetTimer()
			for range b.N {
				for i := range started {
					started[i] = q.ToFuture(ctx, i)
				}
				for i, f := range started {
					v, err := f.Get(ctx)
					check(b, v, err, i+1)
				}
			}
		})
	}
	row(b, "failsafe.GetAsync", func(b *meter) {
		policies := peers.Failsafe(s)
		var started [futures]failsafe.ExecutionResult[int]
		b.ResetTimer()
		for range b.N {
			for i := range started {
				started[i] = policies.WithContext(ctx).GetAsyncWithExecution(func(exec failsafe.Execution[int]) (int, error) {
					return s.Run(exec.Context(), i)
				})
			}
			for i, f := range started {
				v, err := f.Get()
				check(b, v, err, i+1)
			}
		}
	})
	row(b, "hystrix.Go", func(b *meter) {
		s := s
		s.Limit = peers.HystrixLimit
		name := peers.Hystrix(s)
		var values [futures]<-chan int
		var errs [futures]<-chan error
		b.ResetTimer()
		for range b.N {
			for i := range values {
				values[i], errs[i] = goHystrix(ctx, name, s, i)
			}
			for i := range values {
				v, err := getHystrix(values[i], errs[i])
				check(b, v, err, i+1)
			}
		}
	})
}
