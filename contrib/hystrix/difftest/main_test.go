package difftest_test

import (
	"testing"

	"go.uber.org/goleak"
)

// The original keeps goroutines of each circuit, and of calls whose context has
// ended, for ever.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		goleak.IgnoreAnyFunction("github.com/afex/hystrix-go/hystrix.(*metricExchange).Monitor"),
		goleak.IgnoreAnyFunction("github.com/afex/hystrix-go/hystrix.(*poolMetrics).Monitor"),
	)
}
