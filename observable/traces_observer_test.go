package observable_test

import (
	"fmt"

	"github.com/quillgo/quill/observable"
)

// traceObserver is an observer of a case. It notes everything that it is told,
// also what should not be.
type traceObserver struct {
	p     *player
	i     int
	spec  traceSubscriber
	up    observable.Disposable // of its subscription
	items int
	parts int                     // how many windows and groups there were
	inner []observable.Disposable // their subscriptions
}

// observer adds an observer to the case.
func (p *player) observer(spec traceSubscriber) *traceObserver {
	o := &traceObserver{p: p, i: len(p.observers), spec: spec}
	p.observers = append(p.observers, o)
	p.seen.Subscribers = append(p.seen.Subscribers, []traceEvent{})
	return o
}

func (o *traceObserver) note(e ...any) {
	o.p.seen.Subscribers[o.i] = append(o.p.seen.Subscribers[o.i], append(traceEvent{o.p.now()}, e...))
}

func (o *traceObserver) log(text string) { o.p.log(fmt.Sprintf("observer%d.%s", o.i, text)) }

// OnSubscribe implements [observable.Observer].
func (o *traceObserver) OnSubscribe(d observable.Disposable) {
	if o.up != nil {
		o.p.wrong = append(o.p.wrong, fmt.Sprintf("%d: a second OnSubscribe", o.p.now()))
	}
	o.up = d
	o.log("onSubscribe")
	o.disposeAt(0)
}

// OnNext implements [observable.Observer].
func (o *traceObserver) OnNext(v any) {
	switch v := v.(type) {
	case grouped:
		o.open(observable.NewUnsafe(v.Source()), "group", v.Key())
	case erased:
		o.open(v, "window", o.parts)
	default:
		o.log("onNext(" + text(v) + ")")
		o.note("next", v)
	}
	o.items++
	o.disposeAt(o.items)
}

// OnError implements [observable.Observer].
func (o *traceObserver) OnError(err error) {
	o.log("onError(" + message(err) + ")")
	o.note("error", message(err))
}

// OnComplete implements [observable.Observer].
func (o *traceObserver) OnComplete() {
	o.log("onComplete")
	o.note("complete")
}

// unsubscribe is what the case does from outside.
func (o *traceObserver) unsubscribe() {
	o.log("dispose")
	if o.up != nil {
		o.up.Dispose()
	}
	if o.spec.AlsoInner {
		for _, d := range o.inner {
			d.Dispose()
		}
	}
}

// disposeAt leaves after the n-th item, if that is what the case says.
func (o *traceObserver) disposeAt(n int) {
	if o.spec.DisposeOnNext != nil && *o.spec.DisposeOnNext == n {
		o.unsubscribe()
	}
}

// grouped is a stream of items with one key.
type grouped interface {
	Key() any
	Source() observable.Source[any]
}

// part is a window or a group as a stream.
func part(v any) erased {
	switch v := v.(type) {
	case erased:
		return v
	case grouped:
		return observable.NewUnsafe(v.Source())
	}
	panic(fmt.Sprintf("%T is neither a window nor a group", v))
}

// open notes a window or a group and subscribes to it.
func (o *traceObserver) open(stream erased, kind string, id any) {
	o.parts++
	note := func(e ...any) { o.note("next", append([]any{kind, id}, e...)) }
	note("open")
	if o.spec.Inner == "none" {
		return
	}
	var up observable.Disposable
	n := 0
	stream.Subscribe(o.p.ctx, observable.Funcs[any]{
		Subscribe: func(d observable.Disposable) {
			up = d
			o.inner = append(o.inner, d)
		},
		Next: func(v any) {
			note("next", v)
			if n++; o.spec.DisposeInnerOnNext != nil && n == *o.spec.DisposeInnerOnNext {
				up.Dispose()
			}
		},
		Error:    func(err error) { note("error", message(err)) },
		Complete: func() { note("complete") },
	})
}
