// Package feed hands values over to observers who must not hold up those who
// have the values: a push never waits and calls no user code.
//
// Each observer has a queue of its own, of bounded length, and a goroutine for as
// long as there is something in it. So a slow observer delays nobody, neither
// pushes nor other observers; what finds its queue full is dropped, and the next
// value that does not says how many were.
package feed

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/quillgo/quill/observable"
)

// Room is how many values may wait for an observer, besides those that it was
// already given to work through, which are no more.
const Room = 1024

// Feed is a hot stream that anybody can push into. The zero Feed is ready. Its
// methods may be called concurrently.
type Feed[T any] struct {
	// Missed, if set, returns v with the number of values dropped right before it.
	// It is set before the first use.
	Missed func(v T, n int) T

	taps   atomic.Pointer[[]*tap[T]] // replaced as a whole, under mu; nil: nobody is there
	mu     sync.Mutex
	closed bool // guarded by mu
}

// Listened reports whether anybody is subscribed.
func (f *Feed[T]) Listened() bool { return f.taps.Load() != nil }

// Push hands v to all who are subscribed. Pushes of one goroutine keep their
// order.
func (f *Feed[T]) Push(v T) {
	if taps := f.taps.Load(); taps != nil {
		for _, t := range *taps {
			t.push(v)
		}
	}
}

// Close completes the stream, for those who are there after what they have not
// been told yet, for later ones at once. What is pushed then is dropped.
func (f *Feed[T]) Close() {
	f.mu.Lock()
	f.closed = true
	taps := f.taps.Swap(nil)
	f.mu.Unlock()
	if taps != nil {
		for _, t := range *taps {
			t.finish()
		}
	}
}

// Observable returns the stream of what is pushed from the subscription on.
func (f *Feed[T]) Observable() observable.Observable[T] {
	return observable.NewUnsafe[T](source[T]{f})
}

type source[T any] struct{ feed *Feed[T] }

func (s source[T]) Subscribe(ctx context.Context, o observable.Observer[T]) {
	t := &tap[T]{feed: s.feed, ctx: ctx, down: o}
	active := true
	defer observable.Catch(ctx, &active, t, o)
	o.OnSubscribe(t)
	active = false
	if !s.feed.join(t) && !t.Disposed() {
		observable.End(ctx, t, o, nil)
	}
}

// join lets t in, or reports that the feed is closed.
func (f *Feed[T]) join(t *tap[T]) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return false
	}
	if t.Disposed() { // Dispose sets the flag before it calls leave
		return true
	}
	f.replace(append(f.list(), t))
	return true
}

func (f *Feed[T]) leave(t *tap[T]) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.replace(slices.DeleteFunc(f.list(), func(u *tap[T]) bool { return u == t }))
}

// list returns a copy of the taps; the caller holds mu.
func (f *Feed[T]) list() []*tap[T] {
	if taps := f.taps.Load(); taps != nil {
		return slices.Clone(*taps)
	}
	return nil
}

// replace puts another list in the place of the taps; the caller holds mu.
func (f *Feed[T]) replace(taps []*tap[T]) {
	if len(taps) == 0 {
		f.taps.Store(nil)
		return
	}
	f.taps.Store(&taps)
}
