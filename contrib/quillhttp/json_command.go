package quillhttp

import (
	"time"

	"github.com/quillgo/quill/breaker"
	"github.com/quillgo/quill/command"
	"github.com/quillgo/quill/metrics"
)

// hystrixCommand is the message about a command. Names, types and order of the
// fields are Hystrix's, here and in all messages: clients rely on them.
type hystrixCommand struct {
	Type        string `json:"type"`
	Name        string `json:"name"`
	Group       string `json:"group"`
	CurrentTime int64  `json:"currentTime"` // ms since 1970

	IsCircuitBreakerOpen bool  `json:"isCircuitBreakerOpen"`
	ErrorPercentage      int   `json:"errorPercentage"`
	ErrorCount           int64 `json:"errorCount"`
	RequestCount         int64 `json:"requestCount"`

	RollingCountBadRequests        int64 `json:"rollingCountBadRequests"`
	RollingCountCollapsedRequests  int64 `json:"rollingCountCollapsedRequests"`
	RollingCountEmit               int64 `json:"rollingCountEmit"`
	RollingCountExceptionsThrown   int64 `json:"rollingCountExceptionsThrown"`
	RollingCountFailure            int64 `json:"rollingCountFailure"`
	RollingCountFallbackEmit       int64 `json:"rollingCountFallbackEmit"`
	RollingCountFallbackFailure    int64 `json:"rollingCountFallbackFailure"`
	RollingCountFallbackMissing    int64 `json:"rollingCountFallbackMissing"`
	RollingCountFallbackRejection  int64 `json:"rollingCountFallbackRejection"`
	RollingCountFallbackSuccess    int64 `json:"rollingCountFallbackSuccess"`
	RollingCountResponsesFromCache int64 `json:"rollingCountResponsesFromCache"`
	RollingCountSemaphoreRejected  int64 `json:"rollingCountSemaphoreRejected"`
	RollingCountShortCircuited     int64 `json:"rollingCountShortCircuited"`
	RollingCountSuccess            int64 `json:"rollingCountSuccess"`
	RollingCountThreadPoolRejected int64 `json:"rollingCountThreadPoolRejected"`
	RollingCountTimeout            int64 `json:"rollingCountTimeout"`

	CurrentConcurrentExecutionCount    int   `json:"currentConcurrentExecutionCount"`
	RollingMaxConcurrentExecutionCount int64 `json:"rollingMaxConcurrentExecutionCount"`

	LatencyExecuteMean int64     `json:"latencyExecute_mean"`
	LatencyExecute     latencies `json:"latencyExecute"`
	LatencyTotalMean   int64     `json:"latencyTotal_mean"`
	LatencyTotal       latencies `json:"latencyTotal"`

	RequestVolumeThreshold   int     `json:"propertyValue_circuitBreakerRequestVolumeThreshold"`
	SleepWindow              int64   `json:"propertyValue_circuitBreakerSleepWindowInMilliseconds"`
	ErrorThresholdPercentage int     `json:"propertyValue_circuitBreakerErrorThresholdPercentage"`
	ForceOpen                bool    `json:"propertyValue_circuitBreakerForceOpen"`
	ForceClosed              bool    `json:"propertyValue_circuitBreakerForceClosed"`
	CircuitBreakerEnabled    bool    `json:"propertyValue_circuitBreakerEnabled"`
	IsolationStrategy        string  `json:"propertyValue_executionIsolationStrategy"`
	ThreadTimeout            int64   `json:"propertyValue_executionIsolationThreadTimeoutInMilliseconds"`
	ExecutionTimeout         int64   `json:"propertyValue_executionTimeoutInMilliseconds"`
	InterruptOnTimeout       bool    `json:"propertyValue_executionIsolationThreadInterruptOnTimeout"`
	ThreadPoolKeyOverride    *string `json:"propertyValue_executionIsolationThreadPoolKeyOverride"` // always null
	SemaphoreMaxConcurrent   int     `json:"propertyValue_executionIsolationSemaphoreMaxConcurrentRequests"`
	FallbackMaxConcurrent    int     `json:"propertyValue_fallbackIsolationSemaphoreMaxConcurrentRequests"`
	RollingStatisticalWindow int64   `json:"propertyValue_metricsRollingStatisticalWindowInMilliseconds"`
	RequestCacheEnabled      bool    `json:"propertyValue_requestCacheEnabled"`
	RequestLogEnabled        bool    `json:"propertyValue_requestLogEnabled"`
	ReportingHosts           int     `json:"reportingHosts"`
	ThreadPool               string  `json:"threadPool"`
}

// latencies are the percentiles that Hystrix tells, in whole milliseconds.
type latencies struct {
	P0   int64 `json:"0"`
	P25  int64 `json:"25"`
	P50  int64 `json:"50"`
	P75  int64 `json:"75"`
	P90  int64 `json:"90"`
	P95  int64 `json:"95"`
	P99  int64 `json:"99"`
	P995 int64 `json:"99.5"`
	P100 int64 `json:"100"`
}

func newLatencies(l metrics.LatencySnapshot) latencies {
	at := func(p float64) int64 { return l.Percentile(p).Milliseconds() }
	return latencies{at(0), at(25), at(50), at(75), at(90), at(95), at(99), at(99.5), at(100)}
}

func newHystrixCommand(at time.Time, c *command.CommandReport) *hystrixCommand {
	s, m := &c.Settings, &c.Metrics
	errs, requests, percent := int64(c.HealthErrors), int64(c.HealthTotal), c.HealthErrorPercent
	if s.Breaker == breaker.Disabled {
		// Nothing is counted for a breaker that is off; Hystrix counts all the same.
		errs, requests, percent = m.Errors(), m.Requests(), m.ErrorPercentage()
	}
	return &hystrixCommand{
		Type: "HystrixCommand", Name: c.Name, Group: c.Group, CurrentTime: at.UnixMilli(),

		IsCircuitBreakerOpen: c.BreakerOpen,
		ErrorPercentage:      percent,
		ErrorCount:           errs,
		RequestCount:         requests,

		RollingCountBadRequests:        m.Rolling[metrics.BadRequest],
		RollingCountCollapsedRequests:  m.Rolling[metrics.Collapsed],
		RollingCountEmit:               m.Rolling[metrics.Emit],
		RollingCountExceptionsThrown:   m.Rolling[metrics.ExceptionThrown],
		RollingCountFailure:            m.Rolling[metrics.Failure],
		RollingCountFallbackEmit:       m.Rolling[metrics.FallbackEmit],
		RollingCountFallbackFailure:    m.Rolling[metrics.FallbackFailure],
		RollingCountFallbackMissing:    m.Rolling[metrics.FallbackMissing],
		RollingCountFallbackRejection:  m.Rolling[metrics.FallbackRejection],
		RollingCountFallbackSuccess:    m.Rolling[metrics.FallbackSuccess],
		RollingCountResponsesFromCache: m.Rolling[metrics.ResponseFromCache],
		RollingCountSemaphoreRejected:  m.Rolling[metrics.SemaphoreRejected],
		RollingCountShortCircuited:     m.Rolling[metrics.ShortCircuited],
		RollingCountSuccess:            m.Rolling[metrics.Success],
		RollingCountThreadPoolRejected: m.Rolling[metrics.ThreadPoolRejected],
		RollingCountTimeout:            m.Rolling[metrics.Timeout],

		CurrentConcurrentExecutionCount:    c.Concurrent,
		RollingMaxConcurrentExecutionCount: m.MaxConcurrency,

		LatencyExecuteMean: m.Execution.Mean().Milliseconds(),
		LatencyExecute:     newLatencies(m.Execution),
		LatencyTotalMean:   m.Total.Mean().Milliseconds(),
		LatencyTotal:       newLatencies(m.Total),

		RequestVolumeThreshold:   s.RequestVolume,
		SleepWindow:              millis(s.SleepWindow),
		ErrorThresholdPercentage: s.ErrorPercent,
		ForceOpen:                s.Breaker == breaker.ForcedOpen,
		ForceClosed:              s.Breaker == breaker.ForcedClosed,
		CircuitBreakerEnabled:    s.Breaker != breaker.Disabled,
		IsolationStrategy:        strategy(s.Isolation),
		ThreadTimeout:            millis(s.Timeout),
		ExecutionTimeout:         millis(s.Timeout),
		InterruptOnTimeout:       true, // a body's context always ends at the timeout (rule 12)
		SemaphoreMaxConcurrent:   limit(s.Semaphore),
		FallbackMaxConcurrent:    limit(s.FallbackSemaphore),
		RollingStatisticalWindow: millis(s.Window),
		RequestCacheEnabled:      s.RequestCache != command.Off,
		RequestLogEnabled:        s.RequestLog != command.Off,
		ReportingHosts:           1,
		ThreadPool:               c.PoolKey,
	}
}

// strategy is Hystrix's word for an isolation.
func strategy(i command.Isolation) string {
	if i == command.Semaphore {
		return "SEMAPHORE"
	}
	return "THREAD"
}
