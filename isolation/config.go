package isolation

import "fmt"

// PoolConfig are the sizes of a pool. The zero value is Hystrix's default: ten
// slots, no queue.
type PoolConfig struct {
	// Core is how many tasks run at a time. Zero means 10. (Hystrix: coreSize)
	Core int
	// Max is how many tasks run at a time once the queue is full, or, without a
	// queue, how many run at all. Zero means as many as Core; less than Core is
	// an error. A pool with a queue gets beyond Core only with RejectAt
	// Unlimited: otherwise the threshold refuses first. (Hystrix: maximumSize
	// with allowMaximumSizeToDivergeFromCoreSize)
	Max int
	// Queue is how many tasks may wait for a slot. Zero or -1 means none: a task
	// gets a slot at once or is refused. There is no queue without a bound; here
	// -1 is Hystrix's value for none, and does not mean [Unlimited].
	// (Hystrix: maxQueueSize)
	Queue int
	// RejectAt refuses tasks while that many are queued: 1 to Queue. Zero means
	// 5, or Queue if that is less. [Unlimited] means no threshold: only a full
	// queue counts. Without a queue it must not be set to a number.
	// (Hystrix: queueSizeRejectionThreshold)
	RejectAt int
}

const (
	defaultCore     = 10
	defaultRejectAt = 5
)

// Validate reports the first field that cannot be, with its value and what
// would be right, or nil.
func (c PoolConfig) Validate() error {
	_, err := c.effective()
	return err
}

// effective returns c with defaults filled in: Max is at least Core, Queue at
// least 0, and RejectAt is 1 to Queue or Unlimited, or 0 without a queue.
func (c PoolConfig) effective() (PoolConfig, error) {
	e := c
	switch {
	case c.Core < 0:
		return e, fmt.Errorf("isolation: PoolConfig.Core is %d: want 1 or more, or 0 for %d", c.Core, defaultCore)
	case c.Core == 0:
		e.Core = defaultCore
	}
	switch {
	case c.Max == 0:
		e.Max = e.Core
	case c.Max < e.Core:
		return e, fmt.Errorf("isolation: PoolConfig.Max is %d, less than Core, which is %d: want Core or more, or 0 for Core", c.Max, e.Core)
	}
	switch {
	case c.Queue < -1:
		return e, fmt.Errorf("isolation: PoolConfig.Queue is %d: want 1 or more, or 0 or -1 for no queue", c.Queue)
	case c.Queue == -1:
		e.Queue = 0
	}
	switch {
	case c.RejectAt < Unlimited:
		return e, fmt.Errorf("isolation: PoolConfig.RejectAt is %d: want 1 to Queue, 0 for the default, or Unlimited (%d) for no threshold", c.RejectAt, Unlimited)
	case c.RejectAt > e.Queue:
		return e, fmt.Errorf("isolation: PoolConfig.RejectAt is %d, beyond Queue, which is %d: want 1 to Queue, 0 for the default, or Unlimited (%d) for no threshold",
			c.RejectAt, c.Queue, Unlimited)
	case e.Queue == 0:
		e.RejectAt = 0
	case c.RejectAt == 0:
		e.RejectAt = min(defaultRejectAt, e.Queue)
	}
	return e, nil
}
