package observable_test

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/quillgo/quill/observable"
)

// traceSource is a test source of a case. It notes when it is subscribed to and
// how each of its subscriptions ends.
type traceSource struct {
	p    *player
	i    int
	spec traceSourceSpec
	subs int         // how many there were
	live []*traceRun // those of a hot source, in order of subscription
	over bool        // the hot source has ended
}

func newTraceSource(p *player, i int, spec traceSourceSpec) *traceSource {
	return &traceSource{p: p, i: i, spec: spec}
}

// source is the i-th test source as a stream.
func (p *player) source(i int) erased { return observable.NewUnsafe[any](p.tests[i]) }

// scheduleHot schedules the events of a hot source, before the time begins.
func (s *traceSource) scheduleHot() {
	if s.spec.Kind != "hot" {
		return
	}
	for _, e := range s.events(0) {
		s.p.at(e.at(), func() {
			s.over = s.over || e.what() != "next"
			for _, r := range slices.Clone(s.live) {
				r.emit(e)
			}
		})
	}
}

// events returns what the k-th subscription gets.
func (s *traceSource) events(k int) []traceEvent {
	if len(s.spec.Runs) == 0 {
		return s.spec.Events
	}
	return s.spec.Runs[min(k, len(s.spec.Runs)-1)]
}

// Subscribe implements [observable.Source].
func (s *traceSource) Subscribe(ctx context.Context, o observable.Observer[any]) {
	r := &traceRun{s: s, ctx: ctx, down: o, window: len(s.p.seen.Windows[s.i])}
	s.p.seen.Windows[s.i] = append(s.p.seen.Windows[s.i], traceEvent{s.p.now(), nil, "open"})
	k := s.subs
	s.subs++
	s.p.log(fmt.Sprintf("source%d.subscribe", s.i))
	if !r.begin() || !s.p.step() {
		return
	}
	switch s.spec.Kind {
	case "hot":
		if !s.over {
			s.live = append(s.live, r)
		}
	case "cold":
		for _, e := range s.events(k) {
			if r.disposed {
				return
			}
			r.pending = append(r.pending, s.p.at(s.p.now()+e.at(), func() { r.emit(e) }))
		}
	case "sync":
		for _, e := range s.events(k) {
			r.emit(e)
		}
	default:
		panic("no source is of the kind " + s.spec.Kind)
	}
}

// traceRun is one subscription to a test source.
type traceRun struct {
	s        *traceSource
	ctx      context.Context
	down     observable.Observer[any]
	window   int // its place in the source's windows
	pending  []observable.Disposable
	disposed bool
	over     bool // it has ended by itself
}

// begin hands the run over, and reports whether there is anything to emit for.
func (r *traceRun) begin() bool {
	active := true
	defer observable.Catch(r.ctx, &active, r, r.down)
	r.down.OnSubscribe(r)
	active = false
	return !r.disposed
}

// emit plays one event.
func (r *traceRun) emit(e traceEvent) {
	if r.disposed || r.over || !r.s.p.step() {
		return
	}
	switch e.what() {
	case "next":
		active := true
		defer observable.Catch(r.ctx, &active, r, r.down)
		r.down.OnNext(e.value())
		active = false
	case "error":
		r.end("error")
		observable.End(r.ctx, r, r.down, errors.New(e.value().(string)))
	case "complete":
		r.end("complete")
		observable.End(r.ctx, r, r.down, nil)
	default:
		panic("no event is called " + e.what())
	}
}

// end notes that the run has ended by itself.
func (r *traceRun) end(how string) {
	r.over = true
	r.close(how)
}

func (r *traceRun) close(how string) {
	w := r.s.p.seen.Windows[r.s.i][r.window]
	w[1], w[2] = r.s.p.now(), how
	r.s.live = slices.DeleteFunc(r.s.live, func(other *traceRun) bool { return other == r })
	for _, d := range r.pending {
		d.Dispose()
	}
}

// Dispose implements [observable.Disposable].
func (r *traceRun) Dispose() {
	if r.disposed {
		return
	}
	r.disposed = true
	if r.over {
		return
	}
	r.close("dispose")
	r.s.p.log(fmt.Sprintf("source%d.dispose", r.s.i))
}

// Disposed implements [observable.Disposable].
func (r *traceRun) Disposed() bool { return r.disposed }
