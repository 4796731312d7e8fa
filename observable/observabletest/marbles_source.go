package observabletest

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/quillgo/quill/observable"
)

// MarbleSource is a source that was drawn: made by [Cold] or [Hot]. It keeps the
// contract, and knows when it was subscribed to.
type MarbleSource[T any] struct {
	m      *Marbles
	hot    bool
	d      diagram
	legend legend[T]

	mu   sync.Mutex
	runs []*marbleRun[T] // guarded by mu; every subscription, in order
	over rune            // guarded by mu; the end of a hot source that was given
}

// Cold returns a source that plays its diagram to each subscriber, from the time
// of the subscription on. The items of the diagram are given by items, or nil
// (see [Marbles]), its error by failure, or it is [ErrMarble].
func Cold[T any](m *Marbles, marbles string, items map[rune]T, failure ...error) *MarbleSource[T] {
	m.tb.Helper()
	return newMarbleSource(m, "Cold", roleCold, marbles, items, failure)
}

// Hot returns a source that plays its diagram once, in Flush, to whoever has
// subscribed by then: from '^' on, if there is one, in the time of the other
// diagrams, and what is left of it before. Who comes after the end gets the end
// alone.
func Hot[T any](m *Marbles, marbles string, items map[rune]T, failure ...error) *MarbleSource[T] {
	m.tb.Helper()
	s := newMarbleSource(m, "Hot", roleHot, marbles, items, failure)
	m.prefix = max(m.prefix, s.d.prefix)
	m.hot = append(m.hot, func(m *Marbles) {
		w := m.Worker()
		for _, what := range s.d.marks {
			m.schedule(w, what.at, func() { s.tell(what) })
		}
	})
	return s
}

func newMarbleSource[T any](m *Marbles, call string, as role, marbles string, items map[rune]T, failure []error) *MarbleSource[T] {
	m.tb.Helper()
	s := &MarbleSource[T]{m: m, hot: as == roleHot}
	if m.open(call) {
		s.d, s.legend, _ = parseItems(m, call, as, marbles, items, failure)
	}
	return s
}

// parseItems is parse for a diagram that has items.
func parseItems[T any](m *Marbles, call string, as role, marbles string, items map[rune]T, failure []error) (diagram, legend[T], bool) {
	m.tb.Helper()
	l, err := newLegend(items, failure)
	if err != nil {
		m.tb.Fatalf("observabletest: %s(%q): %v", call, marbles, err)
		return diagram{}, l, false
	}
	d, ok := m.parse(marbles, as, l.known)
	return d, l, ok
}

// Observable returns the source as a stream.
func (s *MarbleSource[T]) Observable() observable.Observable[T] {
	return observable.NewUnsafe[T](s)
}

// Subscribe implements [observable.Source].
func (s *MarbleSource[T]) Subscribe(ctx context.Context, o observable.Observer[T]) {
	r := &marbleRun[T]{source: s, ctx: ctx, down: o, from: s.m.Now(), worker: s.m.Worker()}
	s.mu.Lock()
	over := s.over
	s.mu.Unlock()
	active := true
	defer observable.Catch(ctx, &active, r, o)
	s.join(r)
	o.OnSubscribe(r)
	active = false
	switch {
	case over != 0:
		r.tell(mark{what: over})
	case !s.hot:
		for _, what := range s.d.marks {
			_, _ = r.worker.After(what.at, func() { r.tell(what) }) // it refuses nothing
		}
	}
}

func (s *MarbleSource[T]) join(r *marbleRun[T]) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.runs = append(s.runs, r)
}

// tell gives a hot source's signal to its subscribers.
func (s *MarbleSource[T]) tell(what mark) {
	s.mu.Lock()
	if what.what == '|' || what.what == '#' {
		s.over = what.what
	}
	present := slices.Clone(s.runs)
	s.mu.Unlock()
	for _, r := range present {
		r.tell(what)
	}
}

// marbleRun is one subscription, and its Disposable.
type marbleRun[T any] struct {
	source   *MarbleSource[T]
	ctx      context.Context
	down     observable.Observer[T]
	worker   observable.Worker
	disposed atomic.Bool
	from     time.Time

	mu    sync.Mutex
	ended bool      // guarded by mu; by its terminal signal or by Dispose
	to    time.Time // guarded by mu; when
}

// Dispose implements [observable.Disposable].
func (r *marbleRun[T]) Dispose() {
	r.disposed.Store(true)
	r.worker.Dispose()
	r.end()
}

// Disposed implements [observable.Disposable].
func (r *marbleRun[T]) Disposed() bool { return r.disposed.Load() }

// end notes the end of the run and reports whether it is the first one.
func (r *marbleRun[T]) end() bool {
	now := r.source.m.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ended {
		return false
	}
	r.ended, r.to = true, now
	return true
}

func (r *marbleRun[T]) over() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.ended
}

// tell gives the subscriber one signal. It is a boundary.
func (r *marbleRun[T]) tell(what mark) {
	if r.over() {
		return
	}
	switch what.what {
	case '|':
		r.end()
		observable.End(r.ctx, r, r.down, nil)
	case '#':
		r.end()
		observable.End(r.ctx, r, r.down, r.source.legend.err)
	default:
		active := true
		defer observable.Catch(r.ctx, &active, r, r.down)
		v, _ := r.source.legend.item(what.what) // the parser has seen to it
		r.down.OnNext(v)
		active = false
	}
}

// marks is the run's diagram.
func (r *marbleRun[T]) marks() []mark {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := []mark{{r.source.m.since(r.from), '^'}}
	if r.ended {
		all = append(all, mark{r.source.m.since(r.to), '!'})
	}
	return all
}

// ExpectSubscriptions has Flush check when the source was subscribed to, with a
// diagram per subscription in the order in which they began: '^' is its
// beginning and '!' its end, by Dispose or by the source's own end. Without a
// diagram the source must not have been subscribed to.
func (s *MarbleSource[T]) ExpectSubscriptions(diagrams ...string) {
	s.m.tb.Helper()
	if !s.m.open("ExpectSubscriptions") {
		return
	}
	e := &subscriptionsExpected{tb: s.m.tb, frame: s.m.Frame, source: s.d.text, where: caller()}
	for _, text := range diagrams {
		d, ok := s.m.parse(text, roleSubscription, nil)
		if !ok {
			return
		}
		e.want = append(e.want, d.marks)
	}
	e.actual = func() (all [][]mark) {
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, r := range s.runs {
			all = append(all, r.marks())
		}
		return all
	}
	s.m.expects = append(s.m.expects, e)
}

// subscriptionsExpected is an expectation about when a source is subscribed to.
type subscriptionsExpected struct {
	tb     testing.TB
	frame  time.Duration
	source string
	where  string
	want   [][]mark
	actual func() [][]mark
}

func (*subscriptionsExpected) prepare() {}
func (*subscriptionsExpected) cleanUp() {}

func (e *subscriptionsExpected) check() {
	e.tb.Helper()
	got := e.actual()
	if slices.EqualFunc(e.want, got, slices.Equal[[]mark]) {
		return
	}
	var b strings.Builder
	for i := range max(len(e.want), len(got)) {
		var w, g []mark
		if i < len(e.want) {
			w = e.want[i]
		}
		if i < len(got) {
			g = got[i]
		}
		fmt.Fprintf(&b, "\n%s", comparison(w, g, e.frame))
	}
	e.tb.Errorf("%s: the source %q was not subscribed to as drawn: %d times, want %d%s", e.where, e.source, len(got), len(e.want), &b)
}

// caller returns the place of the call of the exported function that calls it.
func caller() string {
	_, file, line, ok := runtime.Caller(2)
	if !ok {
		return "?"
	}
	return fmt.Sprintf("%s:%d", file[strings.LastIndex(file, "/")+1:], line)
}
