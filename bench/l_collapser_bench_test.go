package bench_test

import (
	"context"
	"testing"

	"github.com/quillgo/quill/command"
	"github.com/quillgo/quill/isolation"
)

// batchSize is how many requests group L asks for at a time.
const batchSize = 100

// BenchmarkL asks for a hundred things: by a hundred commands, and by a collapser
// whose batch is full with the hundredth. A row is named after the way in. The
// batch command does what the single ones do, once for each argument.
func BenchmarkL(b *testing.B) {
	ctx := context.Background()
	pools := func(b *meter) *command.Registry {
		r, err := command.NewRegistry(command.RegistryOptions{Settings: command.Settings{Semaphore: command.Unlimited}})
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(r.Close)
		return r
	}
	single := func(b *meter, i command.Isolation) *command.Command[int, int] {
		r := pools(b)
		if err := r.ConfigurePool("One", isolation.PoolConfig{Core: batchSize}); err != nil {
			b.Fatal(err)
		}
		return command.MustNew(command.Spec[int, int]{
			Name: "One", Registry: r, Settings: command.Settings{Isolation: i},
			Run: func(_ context.Context, n int) (int, error) { return n + 1, nil },
		})
	}
	collapsed := func(b *meter, i command.Isolation) *command.Collapser[int, int] {
		r := pools(b)
		return command.MustNewCollapser(command.CollapserSpec[int, int, []int]{
			Name: "Collapsed", Registry: r, Scope: command.Global, Map: command.ByPosition[int, int],
			Settings: command.CollapserSettings{MaxRequests: batchSize},
			Batch: command.MustNew(command.Spec[[]int, []int]{
				Name: "Hundred", Registry: r, Settings: command.Settings{Isolation: i},
				Run: func(_ context.Context, args []int) ([]int, error) {
					answers := make([]int, len(args))
					for i, n := range args {
						answers[i] = n + 1
					}
					return answers, nil
				},
			}),
		})
	}
	futures := func(name string, ask func(b *meter) func(context.Context, int) *command.Future[int]) {
		row(b, name, func(b *meter) {
			toFuture := ask(b)
			var asked [batchSize]*command.Future[int]
			for b.Loop() {
				for n := range asked {
					asked[n] = toFuture(ctx, n)
				}
				for n, f := range asked {
					if got, err := f.Get(ctx); err != nil || got != n+1 {
						b.Fatal(got, err)
					}
				}
			}
		})
	}
	futures("singles-pool", func(b *meter) func(context.Context, int) *command.Future[int] {
		return single(b, command.Pool).ToFuture
	})
	futures("singles-semaphore", func(b *meter) func(context.Context, int) *command.Future[int] {
		return single(b, command.Semaphore).ToFuture
	})
	futures("quill", func(b *meter) func(context.Context, int) *command.Future[int] {
		return collapsed(b, command.Pool).ToFuture
	})
	futures("quill-semaphore", func(b *meter) func(context.Context, int) *command.Future[int] {
		return collapsed(b, command.Semaphore).ToFuture
	})
}
