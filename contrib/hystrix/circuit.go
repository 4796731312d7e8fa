package hystrix

import (
	"errors"
	"sync/atomic"
	"time"

	"github.com/quillgo/quill/breaker"
	"github.com/quillgo/quill/command"
)

// CircuitBreaker is the circuit of a name, as [GetCircuit] returns it, for
// programs that look at it or drive it by hand:
//
//	if circuit.AllowRequest() {
//		start := time.Now()
//		err := work()
//		circuit.ReportEvent(eventsOf(err), start, time.Since(start))
//	}
//
// Its methods may be called concurrently. After [Flush] it still is the circuit
// that it was, which Do and Go no longer use.
type CircuitBreaker struct {
	Name    string
	circuit *circuit // nil in one that a program made: then that of Name
}

// GetCircuit returns the circuit of a name and whether this call made it. The
// error is always nil.
func GetCircuit(name string) (*CircuitBreaker, bool, error) {
	c, created := shared.circuit(name)
	return &c.public, created, nil
}

// Flush forgets all circuits: the next call of each name begins with a new one,
// and with the settings that the name has. Calls that are on end as they would
// have; collectors get a last Reset.
func Flush() { shared.flush() }

// circuit is what the calls of a name share.
type circuit struct {
	public   CircuitBreaker
	registry *command.Registry
	breaker  *breaker.Breaker
	bare     *command.Command[call, struct{}] // for calls without a fallback
	backed   *command.Command[call, struct{}] // for the others
	feed     feed

	// trial is the trial that AllowRequest was granted, until ReportEvent decides
	// it. Do and Go take it over, so that who only asks keeps nobody out.
	trial atomic.Pointer[breaker.Permit]
}

// circuitOf returns the circuit of a name, made at its first use.
func circuitOf(name string) *circuit {
	if c, ok := shared.find(name); ok {
		return c
	}
	c, _ := shared.circuit(name)
	return c
}

func (cb *CircuitBreaker) use() *circuit {
	if cb.circuit != nil {
		return cb.circuit
	}
	return circuitOf(cb.Name)
}

// IsOpen reports whether calls find the circuit open. It changes nothing.
func (cb *CircuitBreaker) IsOpen() bool { return cb.use().breaker.IsOpen() }

// AllowRequest asks to make a call by hand. On an open circuit it is granted once
// in each sleep window, and then the next [CircuitBreaker.ReportEvent] says whether the circuit
// closes; a Do or Go that comes first makes the trial instead.
func (cb *CircuitBreaker) AllowRequest() bool {
	c := cb.use()
	permit, err := c.breaker.Acquire()
	if err != nil {
		return false
	}
	if p := &permit; p.Trial() {
		c.trial.Store(p)
	}
	return true
}

// handOver gives a trial that waits for ReportEvent to the next call.
func (c *circuit) handOver() {
	if p := c.trial.Load(); p != nil && c.trial.CompareAndSwap(p, nil) {
		p.Done(breaker.Ignore)
	}
}

// ReportEvent says what became of a call by hand: the first of eventTypes is
// "success", "failure", "rejected", "timeout", "short-circuit", "context_canceled" or
// "context_deadline_exceeded", the second, if there is one, "fallback-success" or
// "fallback-failure". Collectors are told, and the breaker counts successes, failures,
// timeouts and rejections. On a circuit that is not closed it counts none but that of
// the call that AllowRequest admitted last. The error says that eventTypes is empty.
func (cb *CircuitBreaker) ReportEvent(eventTypes []string, start time.Time, runDuration time.Duration) error {
	if len(eventTypes) == 0 {
		return errors.New("hystrix: ReportEvent got no event types, want what became of the call")
	}
	c, what := cb.use(), events[eventTypes[0]]
	then := noFallback
	if len(eventTypes) > 1 {
		then = map[string]after{"fallback-success": fallbackSuccess, "fallback-failure": fallbackFailure}[eventTypes[1]]
	}
	c.judge(what)
	c.feed.update(result(what, then, time.Since(start), runDuration, c.inUse()))
	return nil
}

// judge tells the breaker of a call by hand.
func (c *circuit) judge(what event) {
	outcome := breaker.Ignore
	switch what {
	case success:
		outcome = breaker.Success
	case failure, timeout, rejected:
		outcome = breaker.Failure
	}
	permit := c.trial.Swap(nil)
	if permit == nil {
		if c.breaker.State() != breaker.Closed {
			return
		}
		acquired, err := c.breaker.Acquire()
		if err != nil {
			return
		}
		if permit = &acquired; permit.Trial() { // opened meanwhile
			outcome = breaker.Ignore
		}
	}
	permit.Done(outcome)
}

// inUse returns the share of the places that are taken.
func (c *circuit) inUse() float64 {
	s := c.registry.Pool(c.bare.Name()).Stats()
	return float64(s.Active) / float64(s.Core)
}

// changed is called at each change of the breaker's state. The logger comes last:
// it may panic, which the breaker logs, or end the goroutine.
func (c *circuit) changed(t breaker.Transition) {
	if t.To == breaker.Closed {
		c.feed.reset(false)
	}
	logf("hystrix: circuit %v: %v, was %v", c.public.Name, t.To, t.From)
}
