package quillhttp

import (
	"time"

	"github.com/quillgo/quill/command"
	"github.com/quillgo/quill/isolation"
)

// hystrixThreadPool is the message about a pool.
type hystrixThreadPool struct {
	Type        string `json:"type"`
	Name        string `json:"name"`
	CurrentTime int64  `json:"currentTime"`

	CurrentActiveCount        int    `json:"currentActiveCount"`
	CurrentCompletedTaskCount uint64 `json:"currentCompletedTaskCount"`
	CurrentCorePoolSize       int    `json:"currentCorePoolSize"`
	CurrentLargestPoolSize    int    `json:"currentLargestPoolSize"`
	CurrentMaximumPoolSize    int    `json:"currentMaximumPoolSize"`
	CurrentPoolSize           int    `json:"currentPoolSize"`
	CurrentQueueSize          int    `json:"currentQueueSize"`
	CurrentTaskCount          uint64 `json:"currentTaskCount"`

	RollingCountThreadsExecuted   int64 `json:"rollingCountThreadsExecuted"`
	RollingMaxActiveThreads       int64 `json:"rollingMaxActiveThreads"`
	RollingCountCommandRejections int64 `json:"rollingCountCommandRejections"`

	QueueSizeRejectionThreshold int   `json:"propertyValue_queueSizeRejectionThreshold"`
	RollingStatisticalWindow    int64 `json:"propertyValue_metricsRollingStatisticalWindowInMilliseconds"`
	ReportingHosts              int   `json:"reportingHosts"`
}

func newHystrixThreadPool(at time.Time, p *command.PoolReport) *hystrixThreadPool {
	return &hystrixThreadPool{
		Type: "HystrixThreadPool", Name: p.Key, CurrentTime: at.UnixMilli(),

		CurrentActiveCount:        p.Active,
		CurrentCompletedTaskCount: p.Completed,
		CurrentCorePoolSize:       p.Core,
		CurrentLargestPoolSize:    p.Largest,
		CurrentMaximumPoolSize:    p.Max,
		CurrentPoolSize:           poolSize(p.PoolStats),
		CurrentQueueSize:          p.Queued,
		CurrentTaskCount:          p.Submitted - p.Cancelled, // Java counts what ran, runs and waits

		RollingCountThreadsExecuted:   p.Executed,
		RollingMaxActiveThreads:       p.MaxActive,
		RollingCountCommandRejections: p.Rejected,

		QueueSizeRejectionThreshold: rejectionThreshold(p.Config),
		RollingStatisticalWindow:    millis(p.Window),
		ReportingHosts:              1,
	}
}

// poolSize is how many threads the pool would have in Hystrix: slots are always
// there, those beyond Core while they are taken.
func poolSize(p isolation.PoolStats) int { return max(p.Core, p.Active) }

// rejectionThreshold is the queue's length at which tasks are refused, 0 for a
// pool without a queue.
func rejectionThreshold(c isolation.PoolConfig) int {
	if c.RejectAt == isolation.Unlimited {
		return max(c.Queue, 0)
	}
	return c.RejectAt
}
