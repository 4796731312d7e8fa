package command

import (
	"context"
	"log/slog"
	"reflect"
	"slices"

	"github.com/quillgo/quill/breaker"
	"github.com/quillgo/quill/metrics"
	"github.com/quillgo/quill/observable"
)

// Info tells a hook which execution it is called for.
type Info struct {
	Command string
	Group   string
	Context context.Context // the caller's
	Input   any

	out reflect.Type // the command's type of result, or nil: what a value may be replaced by
}

// Hooks are Hystrix's execution hooks: functions that are called at sixteen
// points of each execution, and one more for late results. Any may be nil and
// costs nothing then. They run on the goroutine that reached the point, so a slow
// one delays the execution and whoever waits for it; they may be called
// concurrently for different executions, and may call back into quill.
//
// The registry's hooks are outside the command's: first at a start, last where
// something comes out. [Hooks.Join] makes one of several, in the same order. Where a hook returns a value or an error, that replaces
// the one it was given; a value of another type than the command's, and a nil
// error, do not.
//
// A hook that panics is logged and ignored, except that Start fails the
// execution without a fallback, ThreadStart and ExecutionStart fail the body, and
// FallbackStart the fallback; an error that these return does the same.
type Hooks struct {
	Start            func(Info) error                    // before the breaker is asked
	ThreadStart      func(Info) error                    // in the pool's goroutine
	ThreadComplete   func(Info)                          // the body is over, or nobody waits for it any more
	ExecutionStart   func(Info) error                    // right before the body
	ExecutionEmit    func(Info, any) any                 // a value of the body
	ExecutionError   func(Info, error) error             // the body's error
	ExecutionSuccess func(Info)                          // the body completed
	FallbackStart    func(Info) error                    // right before the fallback, if one is defined
	FallbackEmit     func(Info, any) any                 // a value of the fallback
	FallbackError    func(Info, error) error             // the fallback's error
	FallbackSuccess  func(Info)                          // the fallback completed
	Emit             func(Info, any) any                 // a value, whoever made it
	Error            func(Info, Kind, error) error       // the execution failed with this cause
	Success          func(Info)                          // the execution completed
	CacheHit         func(Info)                          // served from the request cache: no other hook is called
	Unsubscribe      func(Info)                          // the caller left before the end
	Discard          func(info Info, value any, e error) // a body's result that came too late
}

// Listener gets the events of all commands of a registry, as they happen, on
// the goroutine where they happen (HystrixEventNotifier): a slow function delays
// the execution and whoever waits for it. Its functions may be nil, may be called
// concurrently, and may call back into quill. [Listener.Join] makes one of several.
type Listener struct {
	// Event is called for each event, those included that are in no execution's
	// event set (metrics.ExceptionThrown, metrics.FallbackDisabled).
	Event func(command string, e metrics.Event)
	// Transition is called for each change of a breaker, in order per breaker.
	Transition func(breaker.Transition)
}

// hooked is the hooks of one execution, outermost first.
type hooked struct {
	chain []*Hooks
	info  Info
}

// start calls a hook that may fail the execution, outermost first.
func (h *hooked) start(at func(*Hooks) func(Info) error) error {
	if h == nil { // inlined: without hooks there is no call
		return nil
	}
	return h.startAll(at)
}

func (h *hooked) startAll(at func(*Hooks) func(Info) error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = observable.NewPanicError(r)
		}
	}()
	for _, k := range h.chain {
		if f := at(k); f != nil {
			if err := f(h.info); err != nil {
				return err
			}
		}
	}
	return nil
}

// tell calls a hook that only listens, innermost first.
func (h *hooked) tell(at func(*Hooks) func(Info)) {
	if h == nil {
		return
	}
	for _, k := range slices.Backward(h.chain) {
		if f := at(k); f != nil {
			guarded(h.info.Command, "hook", func() { f(h.info) })
		}
	}
}

// fail calls a hook that may replace an error, innermost first.
func (h *hooked) fail(err error, at func(*Hooks) func(Info, error) error) error {
	if h == nil {
		return err
	}
	for _, k := range slices.Backward(h.chain) {
		if f := at(k); f != nil {
			guarded(h.info.Command, "hook", func() {
				if e := f(h.info, err); e != nil {
					err = e
				}
			})
		}
	}
	return err
}

// emit calls a hook that may replace a value, innermost first.
func emit[T any](h *hooked, v T, at func(*Hooks) func(Info, any) any) T {
	if h == nil {
		return v
	}
	for _, k := range slices.Backward(h.chain) {
		if f := at(k); f != nil {
			guarded(h.info.Command, "hook", func() {
				if w, ok := f(h.info, v).(T); ok {
					v = w
				}
			})
		}
	}
	return v
}

// discard tells the hooks of a result that came too late.
func (h *hooked) discard(value any, err error) {
	for _, k := range slices.Backward(h.chain) {
		if f := k.Discard; f != nil {
			guarded(h.info.Command, "hook", func() { f(h.info, value, err) })
		}
	}
}

// guarded logs the panic of a function that must not fail the execution.
func guarded(command, what string, f func()) {
	defer func() {
		if r := recover(); r != nil {
			slog.Default().Error("command: "+what+" panicked", "command", command, "panic", r)
		}
	}()
	f()
}

// any reports whether a hook is set.
func (k *Hooks) any() bool {
	return k.Start != nil || k.ThreadStart != nil || k.ThreadComplete != nil || k.ExecutionStart != nil ||
		k.ExecutionEmit != nil || k.ExecutionError != nil || k.ExecutionSuccess != nil || k.FallbackStart != nil ||
		k.FallbackEmit != nil || k.FallbackError != nil || k.FallbackSuccess != nil || k.Emit != nil ||
		k.Error != nil || k.Success != nil || k.CacheHit != nil || k.Unsubscribe != nil || k.Discard != nil
}

// The accessors below let one loop serve every hook of a shape.
func hookStart(k *Hooks) func(Info) error                 { return k.Start }
func hookThreadStart(k *Hooks) func(Info) error           { return k.ThreadStart }
func hookThreadComplete(k *Hooks) func(Info)              { return k.ThreadComplete }
func hookExecutionStart(k *Hooks) func(Info) error        { return k.ExecutionStart }
func hookExecutionEmit(k *Hooks) func(Info, any) any      { return k.ExecutionEmit }
func hookExecutionError(k *Hooks) func(Info, error) error { return k.ExecutionError }
func hookExecutionSuccess(k *Hooks) func(Info)            { return k.ExecutionSuccess }
func hookFallbackStart(k *Hooks) func(Info) error         { return k.FallbackStart }
func hookFallbackEmit(k *Hooks) func(Info, any) any       { return k.FallbackEmit }
func hookFallbackError(k *Hooks) func(Info, error) error  { return k.FallbackError }
func hookFallbackSuccess(k *Hooks) func(Info)             { return k.FallbackSuccess }
func hookEmit(k *Hooks) func(Info, any) any               { return k.Emit }
func hookSuccess(k *Hooks) func(Info)                     { return k.Success }
func hookCacheHit(k *Hooks) func(Info)                    { return k.CacheHit }
func hookUnsubscribe(k *Hooks) func(Info)                 { return k.Unsubscribe }
func hookError(kind Kind) func(*Hooks) func(Info, error) error {
	return func(k *Hooks) func(Info, error) error {
		if k.Error == nil {
			return nil
		}
		return func(i Info, err error) error { return k.Error(i, kind, err) }
	}
}
