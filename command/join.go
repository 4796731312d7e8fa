package command

import (
	"reflect"

	"github.com/quillgo/quill/breaker"
	"github.com/quillgo/quill/metrics"
)

// Join returns hooks that call those of h and of inner, as if they had been given
// one inside the other, h outermost:
//
//	Hooks: tracing.Join(logging, audit)
//
// Start, ThreadStart, ExecutionStart and FallbackStart call h's first and stop at
// the first that fails; all others call h's last, which so gets what the others
// made of the value or the error. A panic of one of those is logged, and the rest
// are called all the same. A function that none of them has is nil. (Hystrix
// registers one execution hook; this is how it gets more.)
func (h Hooks) Join(inner ...Hooks) Hooks {
	for _, in := range inner {
		h = h.join(in)
	}
	return h
}

func (h Hooks) join(in Hooks) Hooks {
	return Hooks{
		Start:            joinStart(h.Start, in.Start),
		ThreadStart:      joinStart(h.ThreadStart, in.ThreadStart),
		ThreadComplete:   joinTell(h.ThreadComplete, in.ThreadComplete),
		ExecutionStart:   joinStart(h.ExecutionStart, in.ExecutionStart),
		ExecutionEmit:    joinEmit(h.ExecutionEmit, in.ExecutionEmit),
		ExecutionError:   joinFail(h.ExecutionError, in.ExecutionError),
		ExecutionSuccess: joinTell(h.ExecutionSuccess, in.ExecutionSuccess),
		FallbackStart:    joinStart(h.FallbackStart, in.FallbackStart),
		FallbackEmit:     joinEmit(h.FallbackEmit, in.FallbackEmit),
		FallbackError:    joinFail(h.FallbackError, in.FallbackError),
		FallbackSuccess:  joinTell(h.FallbackSuccess, in.FallbackSuccess),
		Emit:             joinEmit(h.Emit, in.Emit),
		Error:            joinError(h.Error, in.Error),
		Success:          joinTell(h.Success, in.Success),
		CacheHit:         joinTell(h.CacheHit, in.CacheHit),
		Unsubscribe:      joinTell(h.Unsubscribe, in.Unsubscribe),
		Discard:          joinDiscard(h.Discard, in.Discard),
	}
}

func joinStart(outer, inner func(Info) error) func(Info) error {
	if outer == nil || inner == nil {
		return either(outer, inner, outer == nil)
	}
	return func(i Info) error {
		if err := outer(i); err != nil {
			return err
		}
		return inner(i)
	}
}

func joinTell(outer, inner func(Info)) func(Info) {
	if outer == nil || inner == nil {
		return either(outer, inner, outer == nil)
	}
	return func(i Info) {
		guarded(i.Command, "hook", func() { inner(i) })
		outer(i)
	}
}

func joinEmit(outer, inner func(Info, any) any) func(Info, any) any {
	if outer == nil || inner == nil {
		return either(outer, inner, outer == nil)
	}
	return func(i Info, v any) any {
		guarded(i.Command, "hook", func() {
			if w := inner(i, v); i.fits(w) {
				v = w
			}
		})
		guarded(i.Command, "hook", func() {
			if w := outer(i, v); i.fits(w) {
				v = w
			}
		})
		return v
	}
}

func joinFail(outer, inner func(Info, error) error) func(Info, error) error {
	if outer == nil || inner == nil {
		return either(outer, inner, outer == nil)
	}
	return func(i Info, err error) error {
		for _, f := range []func(Info, error) error{inner, outer} {
			guarded(i.Command, "hook", func() {
				if e := f(i, err); e != nil {
					err = e
				}
			})
		}
		return err
	}
}

func joinError(outer, inner func(Info, Kind, error) error) func(Info, Kind, error) error {
	if outer == nil || inner == nil {
		return either(outer, inner, outer == nil)
	}
	return func(i Info, k Kind, err error) error {
		at := func(f func(Info, Kind, error) error) func(Info, error) error {
			return func(i Info, err error) error { return f(i, k, err) }
		}
		return joinFail(at(outer), at(inner))(i, err)
	}
}

func joinDiscard(outer, inner func(Info, any, error)) func(Info, any, error) {
	if outer == nil || inner == nil {
		return either(outer, inner, outer == nil)
	}
	return func(i Info, v any, err error) {
		guarded(i.Command, "hook", func() { inner(i, v, err) })
		outer(i, v, err)
	}
}

func either[F any](a, b F, takeB bool) F {
	if takeB {
		return b
	}
	return a
}

// fits reports whether a hook may replace a value of the command by v. It may by
// any where no command says.
func (i Info) fits(v any) bool {
	if i.out == nil {
		return true
	}
	switch t := reflect.TypeOf(v); {
	case t == nil:
		return false
	case i.out.Kind() == reflect.Interface:
		return t.Implements(i.out)
	default:
		return t == i.out
	}
}

// Join returns a listener that calls l's functions and then those of others, in
// that order. A panic of one is logged, and the rest are called all the same. A
// function that none of them has is nil.
func (l Listener) Join(others ...Listener) Listener {
	for _, o := range others {
		l = l.join(o)
	}
	return l
}

func (l Listener) join(o Listener) Listener {
	joined := Listener{
		Event:      either(l.Event, o.Event, l.Event == nil),
		Transition: either(l.Transition, o.Transition, l.Transition == nil),
	}
	if l.Event != nil && o.Event != nil {
		joined.Event = func(command string, e metrics.Event) {
			guarded(command, "listener", func() { l.Event(command, e) })
			o.Event(command, e)
		}
	}
	if l.Transition != nil && o.Transition != nil {
		joined.Transition = func(t breaker.Transition) {
			guarded(t.Name, "listener", func() { l.Transition(t) })
			o.Transition(t)
		}
	}
	return joined
}
