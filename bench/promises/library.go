package main

import (
	"context"
	"time"

	"github.com/benbjohnson/clock"
)

// library is an adapter: it makes circuits in a library's own terms.
type library struct {
	name string
	// build returns a circuit as a case demands it, or nil if the library does
	// not offer something of it. What else the library can do the circuit shows by
	// the interfaces below that it implements.
	build func(d demand) any
}

// demand is what a case wants of a circuit. A zero field is not wanted.
type demand struct {
	limit   int           // bulkhead
	timeout time.Duration // of one call; without an own one, a context.WithTimeout around the body
	volume  int           // failures that open the breaker; 0: it never opens
	sleep   time.Duration // how long it stays open
	changed func()        // a listener for changes of the breaker's state
	count   bool          // successes will be asked for
	clock   *clock.Mock   // where time comes from
}

// unreachable is the volume of a breaker that is never to open.
const unreachable = 1 << 30

func (d demand) opensAfter() int {
	if d.volume == 0 {
		return unreachable
	}
	return d.volume
}

// caller is a circuit that can be called. It returns when the library lets the
// caller go; a panic or Goexit that the library hands on goes through.
type caller interface {
	call(ctx context.Context, body func(ctx context.Context) error) error
}

// fallingBack is a caller with a fallback.
type fallingBack interface {
	callOr(ctx context.Context, body func(ctx context.Context) error, fallback func(cause error) error) error
}

// starter calls asynchronously.
type starter interface {
	start(ctx context.Context, body func(ctx context.Context) error) (wait func() error)
}

// counter knows how many calls succeeded.
type counter interface{ successes() int }

// asked is a circuit with a harmless method that a listener may want to call.
type asked interface{ ask() }

// closer is a circuit that keeps something until it is closed.
type closer interface{ close() }

// sharer shares one run among all who call under a key within a scope.
type sharer interface {
	scope(ctx context.Context) (scoped context.Context, end func())
	share(ctx context.Context, key string, body func(ctx context.Context) error) error
}

// valued is a circuit whose body returns a resource, and which has to do
// something about one that comes too late.
type valued interface {
	value(ctx context.Context, body func(ctx context.Context) *resource) (*resource, error)
}

// needs returns the library's circuit if it offers what is demanded and is a T.
func needs[T any](l library, d demand) (T, bool) {
	c, ok := l.build(d).(T)
	return c, ok
}

func libraries() []library {
	return []library{
		quillLibrary("quill"),
		quillLibrary("quill (semaphore)"),
		failsafeLibrary(),
		cep21Library("cep21"),
		cep21Library("cep21.Go"),
		gobreakerLibrary(),
		hystrixLibrary(),
		eapacheLibrary(),
		singleflightLibrary(),
	}
}

// quills reports whether a column is quill's: those must keep every promise.
func quills(name string) bool { return name == "quill" || name == "quill (semaphore)" }
