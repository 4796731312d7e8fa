package bench_test

import (
	"errors"
	"strconv"
	"testing"
	"time"

	original "github.com/afex/hystrix-go/hystrix"

	"github.com/quillgo/quill/bench/internal/peers"
	"github.com/quillgo/quill/contrib/hystrix"
)

// The same calls of the same API, through hystrix-go and through the package
// that takes its place. Each runs a function that keeps its result in what it
// captured, or sends it, with a fallback.

// shim configures a circuit of contrib/hystrix as peers.Hystrix does one of
// hystrix-go.
func shim(b *meter, s peers.Setup) string {
	name := b.Name() + strconv.Itoa(b.N)
	hystrix.ConfigureCommand(name, hystrix.CommandConfig{
		Timeout:               int(s.Timeout / time.Millisecond),
		MaxConcurrentRequests: s.Limit, RequestVolumeThreshold: s.Volume,
		SleepWindow: int(s.Sleep / time.Millisecond), ErrorPercentThreshold: 50,
	})
	b.Cleanup(hystrix.Flush)
	return name
}

// roomy is the setup for both: hystrix-go refuses serial callers otherwise.
func roomy() peers.Setup {
	s := peers.Default()
	s.Limit = peers.HystrixLimit
	return s
}

var errFell = errors.New("the fallback was called")

func fell(error) error { return errFell }

// BenchmarkI1 is Do.
func BenchmarkI1(b *testing.B) {
	row(b, "quill", func(b *meter) {
		name := shim(b, roomy())
		b.ResetTimer()
		for i := range b.N {
			var v int
			err := hystrix.Do(name, func() error { v = i + 1; return nil }, fell)
			check(b, v, err, i+1)
		}
	})
	row(b, "hystrix-go", func(b *meter) {
		name := peers.Hystrix(roomy())
		b.ResetTimer()
		for i := range b.N {
			var v int
			err := original.Do(name, func() error { v = i + 1; return nil }, fell)
			check(b, v, err, i+1)
		}
	})
}

// BenchmarkI2 is Go. The result comes through a channel of the caller's, as in
// hystrix-go's documentation.
func BenchmarkI2(b *testing.B) {
	row(b, "quill", func(b *meter) {
		name, output := shim(b, roomy()), make(chan int, 1)
		b.ResetTimer()
		for i := range b.N {
			v, err := getHystrix(output, hystrix.Go(name, func() error { output <- i + 1; return nil }, fell))
			check(b, v, err, i+1)
		}
	})
	row(b, "hystrix-go", func(b *meter) {
		name, output := peers.Hystrix(roomy()), make(chan int, 1)
		b.ResetTimer()
		for i := range b.N {
			v, err := getHystrix(output, original.Go(name, func() error { output <- i + 1; return nil }, fell))
			check(b, v, err, i+1)
		}
	})
}
