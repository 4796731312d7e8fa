package command_test

import (
	"context"
	"errors"
	"fmt"
	"maps"

	"github.com/quillgo/quill/breaker"
	"github.com/quillgo/quill/cache"
	"github.com/quillgo/quill/command"
	"github.com/quillgo/quill/isolation"
	"github.com/quillgo/quill/observable"
)

// read collects what was seen, at the end of a scenario.
func (p *player) read() *record {
	r := &record{
		Steps: p.results, Handles: map[string]*handleRecord{},
		Commands: map[string]*commandRecord{}, Contexts: map[string]string{}, bodies: p.bodies,
	}
	for name, h := range p.handles {
		r.Handles[name] = h.read()
	}
	for _, h := range p.handles {
		if h.instance == nil {
			continue // a collapsed request
		}
		if key := h.instance.spec.Key; r.Commands[key] == nil {
			r.Commands[key] = p.readCommand(key)
		}
	}
	p.readBatches(r)
	for name, ctx := range p.scopes {
		r.Contexts[name] = p.log(ctx)
	}
	maps.Copy(r.Contexts, p.closed)
	return r
}

// holding is how many bodies of a key hold a permit: functions until they
// return, streams until their end.
func (p *player) holding(key string) (n int) {
	for _, h := range p.handles {
		if h.creator && h.instance.spec.Key == key {
			n += int(h.instance.run.holding.Load())
		}
	}
	return n
}

func (p *player) readCommand(key string) *commandRecord {
	s := p.status(key)
	c := &commandRecord{
		ExecPermits: s.Semaphore, FallbackPermits: s.Fallbacks, Concurrent: s.Concurrent, Notified: map[string]int{},
	}
	for _, h := range p.handles {
		if n := h.instance; h.creator && n.spec.Key == key {
			c.Runs += int(n.run.entered.Load())
			c.FallbackRuns += int(n.fallback.entered.Load())
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for e, n := range p.notified[key] {
		c.Notified[e.String()] = n
	}
	return c
}

func (h *handle) read() *handleRecord {
	r := &handleRecord{}
	r.Values, r.Terminal = h.seen()
	if !h.creator {
		return r
	}
	n := h.instance
	c := n.call
	r.Events = []string{}
	for e := range c.Events().All() {
		r.Events = append(r.Events, e.String())
	}
	r.Emissions, r.FallbackEmissions = c.Emits(), c.FallbackEmits()
	for _, f := range []struct {
		name string
		is   bool
	}{
		{"executionComplete", c.IsExecutionComplete()},
		{"executedInThread", c.IsExecutedInPool()},
		{"successfulExecution", c.IsSuccessfulExecution()},
		{"failedExecution", c.IsFailedExecution()},
		{"responseFromCache", c.IsResponseFromCache()},
		{"responseFromFallback", c.IsResponseFromFallback()},
		{"responseTimedOut", c.IsResponseTimedOut()},
		{"responseShortCircuited", c.IsResponseShortCircuited()},
		{"responseRejected", c.IsResponseRejected()},
		{"responseSemaphoreRejected", c.IsResponseSemaphoreRejected()},
		{"responseThreadPoolRejected", c.IsResponsePoolRejected()},
	} {
		if f.is {
			r.Flags = append(r.Flags, f.name)
		}
	}
	r.FailedExecutionError = viewError(c.FailedExecutionError())
	r.ExecutionError = viewError(c.ExecutionError())
	r.Runs, r.FallbackRuns = int(n.run.entered.Load()), int(n.fallback.entered.Load())
	r.RunContext, r.FallbackContext = n.run.contextName(), n.fallback.contextName()
	n.mu.Lock()
	defer n.mu.Unlock()
	r.Hooks = append([]string{}, n.hooks...)
	return r
}

// snapshot is the result of a snapshot step.
func (h *handle) snapshot() map[string]any {
	if h.p.substituted {
		h.ended() // elsewhere a future's result is seen by who waits for it only
	}
	r := h.read()
	s := map[string]any{"values": r.Values, "terminal": r.Terminal != nil}
	if !h.creator {
		return s
	}
	s["events"], s["flags"] = r.Events, r.Flags
	s["emissions"], s["fallbackEmissions"] = r.Emissions, r.FallbackEmissions
	s["failedExecutionError"], s["executionError"] = r.FailedExecutionError, r.ExecutionError
	return s
}

// platformError is how the format writes an error of quill's own.
type platformError struct {
	is   error
	view errorRecord
}

var platform = []platformError{
	{command.ErrTimeout, errorRecord{Category: "TIMEOUT"}},
	{breaker.ErrOpen, errorRecord{Category: "OTHER", Message: "Hystrix circuit short-circuited and is OPEN"}},
	{isolation.ErrSemaphoreFull, errorRecord{Category: "OTHER", Message: "could not acquire a semaphore for execution"}},
	{isolation.ErrPoolFull, errorRecord{Category: "POOL_REJECTED", Message: "<pool rejected>"}},
	{command.ErrNoFallback, errorRecord{Category: "NO_FALLBACK", Message: "No fallback available."}},
	{command.ErrAlreadyExecuted, errorRecord{
		Category: "ILLEGAL_STATE", Message: "This instance can only be executed once. Please instantiate a new instance.",
	}},
	{cache.ErrNoScope, errorRecord{
		Category: "ILLEGAL_STATE", Message: "Request caching is not available. Maybe you need to initialize the HystrixRequestContext?",
	}},
	{cache.ErrScopeClosed, errorRecord{Category: "ILLEGAL_STATE"}},
	{command.ErrNoResponse, errorRecord{Category: "ILLEGAL_STATE"}},
	{command.ErrAnswered, errorRecord{Category: "ILLEGAL_STATE"}},
	{command.ErrDuplicateArgument, errorRecord{Category: "ILLEGAL_ARGUMENT"}},
	{command.ErrFallbackRejected, errorRecord{Category: "FALLBACK_REJECTED"}}, // the format has no name for it
	{observable.ErrEmpty, errorRecord{Category: "NO_ELEMENTS"}},
	{observable.ErrTooMany, errorRecord{Category: "ILLEGAL_ARGUMENT"}},
	{context.Canceled, errorRecord{Category: "CANCELLED", Message: "Subscription unsubscribed"}},
	{context.DeadlineExceeded, errorRecord{Category: "INTERRUPTED"}}, // what a body says whose context ended
}

// viewError is an error in the format's terms.
func viewError(err error) *errorRecord {
	if err == nil {
		return nil
	}
	if e, ok := err.(*command.Error); ok { //nolint:errorlint // what it wraps is told by its cause
		return &errorRecord{
			Category: "RUNTIME", FailureType: failureType(e.Kind, e.Err), Cause: viewError(e.Err), FallbackError: viewError(e.FallbackErr),
		}
	}
	var script *scriptError
	if errors.As(err, &script) {
		v := &errorRecord{Category: script.category, Message: script.message, Cause: viewError(script.cause)}
		if script.category == "BAD_REQUEST" && !command.IsBadRequest(err) {
			v.Category = "BAD_REQUEST without its mark"
		}
		return v
	}
	var panicked *observable.PanicError
	if errors.As(err, &panicked) {
		return &errorRecord{
			Category: "OTHER", Message: "Throwable caught while executing.",
			Cause: &errorRecord{Category: "PANIC", Message: fmt.Sprint(panicked.Value)},
		}
	}
	for _, p := range platform {
		if errors.Is(err, p.is) {
			v := p.view
			return &v
		}
	}
	return &errorRecord{Category: "OTHER", Message: err.Error()}
}

// brief is how a hook's entry names an error.
func (e *errorRecord) brief() string {
	if e.Message == "" {
		return e.Category
	}
	return e.Category + ":" + e.Message
}

// failureType is the format's name of a kind.
func failureType(k command.Kind, cause error) string {
	switch k {
	case command.Failed:
		return "COMMAND_EXCEPTION"
	case command.TimedOut:
		return "TIMEOUT"
	case command.ShortCircuited:
		return "SHORTCIRCUIT"
	case command.PoolRejected:
		return "REJECTED_THREAD_EXECUTION"
	case command.SemaphoreRejected:
		return "REJECTED_SEMAPHORE_EXECUTION"
	case command.FallbackRejected:
		return "REJECTED_SEMAPHORE_FALLBACK"
	case command.BadlyRequested:
		return "BAD_REQUEST_EXCEPTION"
	case command.Refused:
		if errors.Is(cause, command.ErrAlreadyExecuted) {
			return "BAD_REQUEST_EXCEPTION"
		}
		return "COMMAND_EXCEPTION"
	}
	return k.String()
}
