package peers

import (
	"strconv"
	"sync/atomic"
	"time"

	"github.com/afex/hystrix-go/hystrix"
	"github.com/cep21/circuit/v4"
	cephystrix "github.com/cep21/circuit/v4/closers/hystrix"
	"github.com/cep21/circuit/v4/metrics/rolling"
	eapache "github.com/eapache/go-resiliency/breaker"
	"github.com/failsafe-go/failsafe-go"
	"github.com/failsafe-go/failsafe-go/bulkhead"
	"github.com/failsafe-go/failsafe-go/circuitbreaker"
	"github.com/failsafe-go/failsafe-go/fallback"
	"github.com/failsafe-go/failsafe-go/timeout"
	"github.com/sony/gobreaker/v2"
)

// The window that every library judges.
const (
	window  = 10 * time.Second
	buckets = 10
)

// Gobreaker returns a breaker that counts as Hystrix does. Its bulkhead (a
// channel), timeout and fallback are written by hand around it.
func Gobreaker(s Setup) *gobreaker.CircuitBreaker[int] {
	volume := uint32(s.Volume)
	return gobreaker.NewCircuitBreaker[int](gobreaker.Settings{
		Name: "Bench", Interval: window, BucketPeriod: window / buckets, Timeout: s.Sleep,
		ReadyToTrip: func(c gobreaker.Counts) bool {
			return c.Requests >= volume && c.TotalFailures*2 >= c.Requests
		},
	})
}

// CEP21 returns a circuit with its Hystrix opener and closer, and with its
// rolling statistics if stats is set.
func CEP21(name string, s Setup, stats bool) *circuit.Circuit {
	c := circuit.Config{
		General: circuit.GeneralConfig{
			ClosedToOpenFactory: cephystrix.OpenerFactory(cephystrix.ConfigureOpener{
				ErrorThresholdPercentage: 50, RequestVolumeThreshold: int64(s.Volume), RollingDuration: window, NumBuckets: buckets,
			}),
			OpenToClosedFactory: cephystrix.CloserFactory(cephystrix.ConfigureCloser{SleepWindow: s.Sleep}),
		},
		Execution: circuit.ExecutionConfig{Timeout: s.Timeout, MaxConcurrentRequests: int64(s.Limit)},
	}
	if stats {
		f := rolling.StatFactory{}
		c.Merge(f.CreateConfig(name))
	}
	return circuit.NewCircuitFromConfig(name, c)
}

// FailsafeBreaker returns failsafe-go's breaker alone.
func FailsafeBreaker(s Setup) circuitbreaker.CircuitBreaker[int] {
	return circuitbreaker.NewBuilder[int]().
		WithFailureRateThreshold(0.5, uint(s.Volume), window).
		WithDelay(s.Sleep).WithSuccessThreshold(1).Build()
}

// Failsafe returns Fallback(Breaker(Bulkhead(Timeout(body)))), Hystrix's order.
func Failsafe(s Setup) failsafe.Executor[int] {
	return failsafe.With[int](
		fallback.NewWithFunc(func(exec failsafe.Execution[int]) (int, error) {
			return s.Fallback(exec.Context(), 0, exec.LastError())
		}),
		FailsafeBreaker(s),
		bulkhead.New[int](uint(s.Limit)),
		timeout.New[int](s.Timeout),
	)
}

// Eapache returns go-resiliency's breaker. It counts errors in a row, without a
// window, and no successes: a reference, not the same job.
func Eapache(s Setup) *eapache.Breaker { return eapache.New(s.Volume, 1, s.Sleep) }

var hystrixNames atomic.Int64

// Hystrix configures a command of hystrix-go and returns its name, which is
// new each time: what hystrix-go keeps under a name it keeps for ever. DoC
// returns before its ticket is back, so that even a serial caller is refused now
// and then: where refusals are not the job, Limit is to be HystrixLimit.
func Hystrix(s Setup) string {
	name := "bench-" + strconv.FormatInt(hystrixNames.Add(1), 10)
	hystrix.ConfigureCommand(name, hystrix.CommandConfig{
		Timeout:               int(s.Timeout / time.Millisecond),
		MaxConcurrentRequests: s.Limit, RequestVolumeThreshold: s.Volume,
		SleepWindow: int(s.Sleep / time.Millisecond), ErrorPercentThreshold: 50,
	})
	return name
}

// HystrixLimit is a bulkhead with room enough for the tickets of hystrix-go that
// are still on their way back.
const HystrixLimit = 100_000
