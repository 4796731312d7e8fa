package observable_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/quillgo/quill/observable"
)

// foreignSource is what RxJava's create is in quill when it does not emit from
// one function: a source of one's own, given to New. It has a clean-up, which it
// calls when it ends or is disposed.
type foreignSource struct {
	p *player
	a args
}

// Subscribe implements [observable.Source].
func (s foreignSource) Subscribe(_ context.Context, o observable.Observer[any]) {
	r := &foreignRun{foreignSource: s, down: o}
	o.OnSubscribe(r)
	s.p.log("create.call")
	if s.a.bool("throwBefore") {
		throw("boom")
	}
	var later []traceEvent
	for _, e := range s.a.values("events") {
		if e := traceEvent(e.([]any)); e.at() > 0 {
			later = append(later, e)
		} else {
			r.emit(e)
		}
	}
	if s.a.bool("throwAfter") {
		throw("boom")
	}
	for _, e := range later {
		s.p.at(s.p.now()+e.at(), func() { r.emit(e) })
	}
}

// foreignRun is one subscription to it. It goes on when it is disposed, as a bad
// source does.
type foreignRun struct {
	foreignSource
	down observable.Observer[any]
	over bool
}

func (r *foreignRun) emit(e traceEvent) {
	switch e.what() {
	case "next":
		r.down.OnNext(e.value())
	case "complete":
		r.down.OnComplete()
		r.Dispose()
	case "error", "tryError":
		possible := !r.over
		if possible || e.what() == "error" {
			r.down.OnError(errors.New(e.value().(string)))
			r.Dispose()
		}
		if e.what() == "tryError" {
			r.p.log(fmt.Sprintf("tryOnError=%v", possible))
		}
	default:
		panic("no event is called " + e.what())
	}
	if r.a.bool("logDisposed") {
		r.p.log(fmt.Sprintf("isDisposed=%v", r.over))
	}
}

// Dispose implements [observable.Disposable].
func (r *foreignRun) Dispose() {
	if !r.over && r.a.bool("cancellable") {
		r.p.log("create.cancel")
	}
	r.over = true
}

// Disposed implements [observable.Disposable].
func (r *foreignRun) Disposed() bool { return r.over }
