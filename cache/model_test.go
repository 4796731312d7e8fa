package cache_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/quillgo/quill/cache"
	"github.com/quillgo/quill/observable"
	"github.com/quillgo/quill/observable/observabletest"
)

// run is what the model knows of one execution.
type run struct {
	*execution
	said     string // its items
	end      string // "" while it is on
	sharers  int
	disposed bool
}

// sharer is one subscriber, and what it must have been told.
type sharer struct {
	*observabletest.TestObserver[int]
	of   *run // nil: the scope was closed
	told string
	left bool
}

// model is a scope with one key, played step by step beside a naive model.
type model struct {
	t       *rapid.T
	ctx     context.Context
	scope   *cache.Scope
	key     cache.Key[int]
	remote  remote
	runs    []*run
	current *run // what the key has
	sharers []*sharer
	items   int
	closed  bool
}

const closedText = "#(cache: request scope is closed)"

// join subscribes somebody.
func (m *model) join(stopAfter int) {
	s := &sharer{TestObserver: observabletest.NewObserver[int]().DisposeAfter(stopAfter)}
	m.sharers = append(m.sharers, s)
	cache.Shared(m.remote.Observable(), m.key).Subscribe(m.ctx, s.TestObserver)
	if m.closed {
		s.told = closedText
		return
	}
	if m.current == nil || m.current.disposed {
		m.current = &run{execution: m.remote.last()}
		m.runs = append(m.runs, m.current)
	}
	s.of = m.current
	s.of.sharers++
	s.told = s.of.said + s.of.end
}

// leave lets a sharer go.
func (m *model) leave(s *sharer) {
	s.Dispose()
	if s.left || s.of == nil || s.of.end != "" {
		return
	}
	s.left = true
	s.of.sharers--
	s.of.disposed = s.of.disposed || s.of.sharers == 0
}

// on reports whether r neither ended nor was disposed.
func (r *run) on() bool { return r.end == "" && !r.disposed }

// tell adds something to what the sharers of r were told.
func (m *model) tell(r *run, what string) {
	for _, s := range m.sharers {
		if s.of == r && !s.left {
			s.told += what
		}
	}
}

func (m *model) emit(r *run) {
	m.items++
	r.OnNext(m.items)
	if r.on() {
		what := fmt.Sprint(m.items, " ")
		r.said += what
		m.tell(r, what)
	}
}

func (m *model) finish(r *run, err error) {
	if !r.on() {
		return // it was disposed: it must not
	}
	observable.End(context.Background(), r.execution, r.Observer, err)
	r.end = "|"
	if err != nil {
		r.end = "#(boom)"
	}
	m.tell(r, r.end)
}

func (m *model) clear() {
	err := cache.Clear(m.ctx, m.key)
	if errors.Is(err, cache.ErrScopeClosed) != m.closed {
		m.t.Fatalf("Clear: %v", err)
	}
	m.current = nil
}

func (m *model) close() {
	m.scope.Close()
	m.closed = true
	m.current = nil
	for _, r := range m.runs {
		if r.on() {
			m.tell(r, closedText)
			r.end, r.disposed = closedText, true
		}
	}
}

// check compares.
func (m *model) check() {
	if n := m.remote.count(); n != len(m.runs) {
		m.t.Fatalf("%d executions, want %d", n, len(m.runs))
	}
	for i, r := range m.runs {
		want := 0
		if r.disposed {
			want = 1
		}
		if n := int(r.execution.disposed.Load()); n != want {
			m.t.Fatalf("execution %d was disposed %d times, want %d", i, n, want)
		}
	}
	for i, s := range m.sharers {
		want := s.told
		if !s.Terminated() {
			want += "..."
		}
		if got := s.String(); got != want || len(s.Violations()) > 0 {
			m.t.Fatalf("sharer %d was told %s, want %s; violations %v", i, got, want, s.Violations())
		}
	}
	m.checkPeek()
}

func (m *model) checkPeek() {
	_, o, ok := cache.Peek(m.scope, m.key)
	want, wantOK := cache.Outcome[int]{}, false
	if r := m.current; r != nil && (r.end == "|" || r.end == "#(boom)") {
		var rest string
		n, _ := fmt.Sscan(r.said, &want.Value, &rest)
		want.Items, wantOK = n, n < 2
		if r.end != "|" {
			want.Err = errBoom
		}
	}
	if ok != wantOK || ok && (o.Value != want.Value || o.Items != want.Items || !errors.Is(o.Err, want.Err)) {
		m.t.Fatalf("Peek reports %+v, %v, want %+v, %v", o, ok, want, wantOK)
	}
}

func TestModel_Shared(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ctx, scope := cache.NewScope(context.Background())
		m := &model{t: t, ctx: ctx, scope: scope, key: cache.NewSpace[int]("").Key("k")}
		anyOf := func() *run {
			if len(m.runs) == 0 {
				t.Skip()
			}
			return rapid.SampledFrom(m.runs).Draw(t, "run")
		}
		t.Repeat(map[string]func(*rapid.T){
			"join":  func(*rapid.T) { m.join(-1) },
			"join2": func(*rapid.T) { m.join(-1) },
			"leave": func(t *rapid.T) {
				if len(m.sharers) == 0 {
					t.Skip()
				}
				m.leave(rapid.SampledFrom(m.sharers).Draw(t, "sharer"))
			},
			"emit": func(*rapid.T) {
				if r := anyOf(); r.end == "" || r.disposed {
					m.emit(r)
				}
			},
			"complete": func(*rapid.T) { m.finish(anyOf(), nil) },
			"fail":     func(*rapid.T) { m.finish(anyOf(), errBoom) },
			"clear":    func(*rapid.T) { m.clear() },
			"close": func(t *rapid.T) {
				if rapid.IntRange(0, 9).Draw(t, "dice") == 0 {
					m.close()
				}
			},
			"": func(*rapid.T) { m.check() },
		})
		m.close()
		m.check()
	})
}
