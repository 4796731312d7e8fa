package command

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/quillgo/quill/internal/feed"
	"github.com/quillgo/quill/observable"
)

// streams is who watches a registry. It is an interface, whose implementation is
// live, so that Registry mentions no observable: what a type mentions is compiled
// again in each package that uses the type (ADR 0001).
type streams interface {
	push(Completion)
	// tells reports whether anybody wants to be told of requests.
	tells() bool
	pushRequests(RequestEvents)
	close()
}

// live is a registry's live streams, as far as somebody is subscribed to them.
type live struct {
	watchers    *atomic.Int32 // of completions; the registry's
	completions feed.Feed[Completion]
	requests    feed.Feed[RequestEvents]
	over        observable.PublishSubject[struct{}] // completes when the registry is closed

	mu      sync.RWMutex
	named   map[string]*namedFeed     // guarded by mu; by command
	sampled map[samplingKey]*sampling // guarded by mu
	closed  bool                      // guarded by mu
}

// namedFeed is the completions of one name while somebody is subscribed.
type namedFeed struct {
	feed  feed.Feed[Completion]
	users int // guarded by live.mu
}

func newLive(watchers *atomic.Int32) *live {
	s := &live{watchers: watchers, named: map[string]*namedFeed{}, sampled: map[samplingKey]*sampling{}}
	s.completions.Missed = missedCompletions
	s.requests.Missed = func(e RequestEvents, n int) RequestEvents { e.Missed = n; return e }
	return s
}

// liveOf returns the registry's streams.
func liveOf(r *Registry) *live { return r.streams.(*live) }

// close completes all streams. It calls no user code: every subscriber has a
// goroutine of its own.
func (s *live) close() {
	s.mu.Lock()
	first := !s.closed
	s.closed = true
	for _, f := range s.named {
		f.feed.Close()
	}
	s.mu.Unlock()
	if first {
		s.completions.Close()
		s.requests.Close()
		s.over.OnComplete()
	}
}

// CompletionStream returns the executions of all commands of the registry as they
// end (HystrixCommandCompletionStream, of all commands). It is hot: a subscriber
// gets what ends from then on.
//
// Each execution is told once, after its last event was counted; so the events
// of all completions add up to what [Status] counts, but for
// metrics.ExceptionThrown and metrics.FallbackDisabled, which are in no
// execution's set. What a closed registry refuses, or what has no scope to be
// cached in, is no execution.
//
// A subscriber never holds up an execution, nor another subscriber: it has a
// queue of its own, and a goroutine while there is something in it. One that is
// so slow that more than a thousand wait misses the next ones, and is told how
// many ([Completion.Missed]), as with Hystrix, where slow consumers drop. So a
// completion may be told a little after the execution's caller was: whoever needs
// to be called by the execution itself takes [Listener] or [Hooks].
//
// With nobody subscribed an execution pays one atomic load for all of this.
//
// The stream completes with [Registry.Close], or when [Registry.Shutdown] has
// waited for the last execution. What Close cancels ends after that, and is not
// told.
func CompletionStream(r *Registry) observable.Observable[Completion] {
	wantRegistry("CompletionStream", r)
	s := liveOf(r)
	return observable.Using(
		func(context.Context) (*feed.Feed[Completion], error) {
			s.watchers.Add(1)
			return &s.completions, nil
		},
		(*feed.Feed[Completion]).Observable,
		func(*feed.Feed[Completion]) error {
			s.watchers.Add(-1)
			return nil
		})
}

// CompletionStreamOf is [CompletionStream] of the commands of one name
// (HystrixCommandCompletionStream). The name need not be registered yet.
func CompletionStreamOf(r *Registry, name string) observable.Observable[Completion] {
	wantRegistry("CompletionStreamOf", r)
	wantName("CompletionStreamOf", name)
	s := liveOf(r)
	return observable.Using(
		func(context.Context) (*namedFeed, error) { return s.enter(name), nil },
		func(f *namedFeed) observable.Observable[Completion] { return f.feed.Observable() },
		func(f *namedFeed) error {
			s.leave(name, f)
			return nil
		})
}

// enter returns the feed of a name, for one subscriber more.
func (s *live) enter(name string) *namedFeed {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, ok := s.named[name]
	if !ok {
		f = &namedFeed{feed: feed.Feed[Completion]{Missed: missedCompletions}}
		if s.closed {
			f.feed.Close()
		}
		s.named[name] = f
	}
	f.users++
	s.watchers.Add(1)
	return f
}

func (s *live) leave(name string, f *namedFeed) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.watchers.Add(-1)
	if f.users--; f.users == 0 {
		delete(s.named, name)
	}
}

// push tells the completion of an execution.
func (s *live) push(c Completion) {
	s.completions.Push(c)
	s.mu.RLock()
	f := s.named[c.Command]
	s.mu.RUnlock()
	if f != nil {
		f.feed.Push(c)
	}
}

func (s *live) tells() bool { return s.requests.Listened() }

func (s *live) pushRequests(e RequestEvents) { s.requests.Push(e) }

// RequestStream returns what was executed within each scope, when the scope is
// closed (HystrixRequestEventsStream): the entries of its request log, of this
// registry's commands alone, which have the switch RequestLog on. A scope without
// any is not told. It is hot, and as [CompletionStream] as regards slow
// subscribers and the end.
func RequestStream(r *Registry) observable.Observable[RequestEvents] {
	wantRegistry("RequestStream", r)
	return liveOf(r).requests.Observable()
}

// wantRegistry panics if there is none.
func wantRegistry(function string, r *Registry) {
	if r == nil {
		panic(&observable.ArgumentError{Operator: "command." + function, Argument: "r", Value: nil, Want: "a registry, as DefaultRegistry"})
	}
}

// wantName panics if there can be nothing of that name.
func wantName(function, name string) {
	if name == "" {
		panic(&observable.ArgumentError{Operator: "command." + function, Argument: "name", Value: `""`, Want: "a name"})
	}
}

// wantInterval panics if nothing can be sampled that often.
func wantInterval(function string, every time.Duration) {
	if every < 0 {
		panic(&observable.ArgumentError{Operator: "command." + function, Argument: "every", Value: every,
			Want: "more than 0, or 0 for the default"})
	}
}
