package bench_test

import (
	"context"
	"testing"

	"github.com/quillgo/quill/bench/internal/peers"
	"github.com/quillgo/quill/command"
)

// cooperative runs the rows in which body and fallback run on the caller's
// goroutine, and the timeout is known to the body through its context.
func cooperative(ctx context.Context, b *testing.B, s peers.Setup) {
	row(b, "bare", func(b *meter) { fullBare(ctx, b, s) })
	row(b, "bare+ctxTimeout", func(b *meter) { fullBareTimeout(ctx, b, s) })
	row(b, "quill", func(b *meter) { fullQuill(ctx, b, s, command.Semaphore) })
	row(b, "gobreaker", func(b *meter) { fullGobreaker(ctx, b, s) })
	row(b, "cep21", func(b *meter) { fullCEP21(ctx, b, s, false) })
	row(b, "cep21+stats", func(b *meter) { fullCEP21(ctx, b, s, true) })
	row(b, "failsafe", func(b *meter) { fullFailsafe(ctx, b, s) })
}

// asking is the setup whose body asks for its context's end.
func asking() peers.Setup {
	s := peers.Default()
	s.Run = peers.AskDone
	return s
}

// BenchmarkA3 is the full job for a body that never asks its context for the
// end.
func BenchmarkA3(b *testing.B) { cooperative(context.Background(), b, peers.Default()) }

// BenchmarkA3Done is the full job for a body that does ask.
func BenchmarkA3Done(b *testing.B) { cooperative(context.Background(), b, asking()) }

// BenchmarkA3Leave is the full job where the caller is freed at the timeout,
// whatever the body does.
func BenchmarkA3Leave(b *testing.B) {
	ctx, s := context.Background(), peers.Default()
	row(b, "bare-goroutine", func(b *meter) { fullBareGo(ctx, b, s) })
	row(b, "quill", func(b *meter) { fullQuill(ctx, b, s, command.Pool) })
	row(b, "cep21.Go", func(b *meter) { fullCEP21Go(ctx, b, s) })
	row(b, "hystrix-go", func(b *meter) { fullHystrix(ctx, b, s) })
	row(b, "eapache", func(b *meter) { fullEapache(ctx, b, s) })
}

// BenchmarkA4 is BenchmarkA3 in a context that can be cancelled, as a request's
// is.
func BenchmarkA4(b *testing.B) { request(b, peers.Default()) }

// BenchmarkA4Done is BenchmarkA4 for a body that asks for the end.
func BenchmarkA4Done(b *testing.B) { request(b, asking()) }

func request(b *testing.B, s peers.Setup) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	cooperative(ctx, b, s)
	row(b, "quill-pool", func(b *meter) { fullQuill(ctx, b, s, command.Pool) })
	row(b, "hystrix-go", func(b *meter) { fullHystrix(ctx, b, s) })
}
