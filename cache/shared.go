package cache

import (
	"context"
	"slices"

	"github.com/quillgo/quill/observable"
)

// Space is a set of keys whose flights have the same item type: for example
// those of one command. Two spaces never share a flight, whatever their keys.
type Space[T any] struct{ id *spaceID }

type spaceID struct{ name string }

// NewSpace returns a space. The name is for the reader of a debugger.
func NewSpace[T any](name string) *Space[T] { return &Space[T]{&spaceID{name}} }

// Key is one key of a space. "" is a key like any other.
type Key[T any] struct {
	space *Space[T]
	key   string
}

// Key returns the space's key for s.
func (s *Space[T]) Key(key string) Key[T] { return Key[T]{s, key} }

type flightKey struct {
	space *spaceID
	key   string
}

func (k Key[T]) flight() flightKey {
	if k.space == nil {
		panic(&observable.ArgumentError{Operator: "cache", Argument: "key", Value: "of no space", Want: "a Space's Key"})
	}
	return flightKey{k.space.id, k.key}
}

// Shared makes o a stream whose executions are shared per scope under key: the
// first subscriber in a scope starts it, and everyone who subscribes there while
// it is on, or after it ended, gets the same items and the same end. The stream
// fails with [ErrNoScope] in a context without a scope. It is Hystrix's request
// cache as an operator (rules S2 to S5). An only sharer who leaves before the
// end, as [observable.Observable.First] does at the first item, leaves nothing to
// replay; [observable.Observable.Single] waits for the end.
func Shared[T any](o observable.Observable[T], key Key[T]) observable.Observable[T] {
	if key.space == nil {
		panic(&observable.ArgumentError{Operator: "cache.Shared", Argument: "key", Value: "of no space", Want: "a Space's Key"})
	}
	return observable.NewUnsafe[T](&sharedSource[T]{o, key})
}

type sharedSource[T any] struct {
	up  observable.Observable[T]
	key Key[T]
}

func (s *sharedSource[T]) Subscribe(ctx context.Context, o observable.Observer[T]) {
	f, seat, fresh, err := Board(ScopeFrom(ctx), s.key, nil)
	if err != nil {
		seat = observable.Error[T](err)
	}
	if fresh {
		// Deferred because others may share the flight by now, if o ends this goroutine.
		defer f.Start(context.WithoutCancel(ctx), s.up) // rule S5
	}
	seat.Source().Subscribe(ctx, o)
}

// Board is what [Shared] does before it starts an execution, for those who
// want to know: it joins the flight that key has in s, or makes one, which is
// fresh and has to be started by the caller, after it has subscribed to its
// seat. tag is given to a fresh flight. The error is [ErrNoScope] for a nil scope,
// or [ErrScopeClosed].
func Board[T any](s *Scope, key Key[T], tag any) (f *Flight[T], seat observable.Observable[T], fresh bool, err error) {
	if s == nil {
		return nil, seat, false, ErrNoScope
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, seat, false, ErrScopeClosed
	}
	if f, ok := s.flights[key.flight()].(*Flight[T]); ok {
		if seat, ok := f.Join(); ok {
			return f, seat, false, nil
		}
	}
	f = NewFlight[T](tag)
	seat, _ = f.Join() // nobody else has seen f: it cannot be aborted
	if s.flights == nil {
		s.flights = make(map[flightKey]flight)
	}
	s.flights[key.flight()] = f
	return f, seat, true, nil
}

// Peek returns the flight that key has in s, which may be nil, if it ended with
// at most one item, and how. It neither joins nor allocates: it is the fast way
// to a cached result.
func Peek[T any](s *Scope, key Key[T]) (f *Flight[T], o Outcome[T], ok bool) {
	if s == nil {
		return nil, o, false
	}
	k := key.flight()
	s.mu.Lock()
	f, ok = s.flights[k].(*Flight[T])
	s.mu.Unlock()
	if ok {
		o, ok = f.Outcome()
	}
	return f, o, ok
}

// Clear forgets what key has in the scope of ctx: the next call runs anew. Those
// who share the present flight keep it, until the scope closes. The error is [ErrNoScope] or
// [ErrScopeClosed].
func Clear[T any](ctx context.Context, key Key[T]) error {
	s := ScopeFrom(ctx)
	if s == nil {
		return ErrNoScope
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return ErrScopeClosed
	}
	f := s.flights[key.flight()]
	delete(s.flights, key.flight())
	s.cleared = slices.DeleteFunc(s.cleared, func(f flight) bool { return !f.on() })
	if f != nil && f.on() {
		s.cleared = append(s.cleared, f)
	}
	return nil
}
