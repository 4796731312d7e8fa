package command_test

import (
	"context"
	"testing"

	"github.com/quillgo/quill/command"
)

func BenchmarkExecute(b *testing.B) {
	for _, i := range []command.Isolation{command.Semaphore, command.Pool} {
		b.Run(i.String(), func(b *testing.B) {
			r, _ := command.NewRegistry(command.RegistryOptions{})
			c := command.MustNew(command.Spec[int, int]{Name: "B", Registry: r, Settings: command.Settings{Isolation: i},
				Run:      func(_ context.Context, in int) (int, error) { return in, nil },
				Fallback: func(context.Context, int, error) (int, error) { return -1, nil }})
			b.ReportAllocs()
			for b.Loop() {
				if _, err := c.Execute(context.Background(), 1); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
