package quillhttp

import (
	"time"

	"github.com/quillgo/quill/command"
	"github.com/quillgo/quill/metrics"
)

// hystrixCollapser is the message about a collapser.
type hystrixCollapser struct {
	Type        string `json:"type"`
	Name        string `json:"name"`
	CurrentTime int64  `json:"currentTime"`

	RollingCountRequestsBatched    int64 `json:"rollingCountRequestsBatched"`
	RollingCountBatches            int64 `json:"rollingCountBatches"`
	RollingCountResponsesFromCache int64 `json:"rollingCountResponsesFromCache"`

	BatchSizeMean int64 `json:"batchSize_mean"`
	BatchSize     sizes `json:"batchSize"`

	RequestCacheEnabled bool  `json:"propertyValue_requestCacheEnabled"`
	MaxRequestsInBatch  int   `json:"propertyValue_maxRequestsInBatch"`
	TimerDelay          int64 `json:"propertyValue_timerDelayInMilliseconds"`
	ReportingHosts      int   `json:"reportingHosts"`
}

// sizes are the percentiles that Hystrix tells of batches.
type sizes struct {
	P25  int `json:"25"`
	P50  int `json:"50"`
	P75  int `json:"75"`
	P90  int `json:"90"`
	P95  int `json:"95"`
	P99  int `json:"99"`
	P995 int `json:"99.5"`
	P100 int `json:"100"`
}

func newHystrixCollapser(at time.Time, c *command.CollapserStatus) *hystrixCollapser {
	m, size := &c.Metrics, c.Metrics.Sizes.Percentile
	return &hystrixCollapser{
		Type: "HystrixCollapser", Name: c.Name, CurrentTime: at.UnixMilli(),

		RollingCountRequestsBatched:    m.Rolling[metrics.AddedToBatch],
		RollingCountBatches:            m.Rolling[metrics.BatchExecuted],
		RollingCountResponsesFromCache: m.Rolling[metrics.BatchFromCache],

		BatchSizeMean: int64(m.Sizes.Mean()),
		BatchSize:     sizes{size(25), size(50), size(75), size(90), size(95), size(99), size(99.5), size(100)},

		RequestCacheEnabled: c.Settings.RequestCache != command.Off,
		MaxRequestsInBatch:  limit(c.Settings.MaxRequests),
		TimerDelay:          millis(c.Settings.Delay),
		ReportingHosts:      1,
	}
}
