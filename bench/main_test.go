package bench_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/quillgo/quill/bench/internal/peers"
)

// row is one sub-benchmark. Each row has its own loop with the call spelled out
// in it: a function value in between would have closures escape that do not
// escape for the library's users.
func row(b *testing.B, name string, f func(b *meter)) {
	b.Run(name, func(b *testing.B) {
		b.ReportAllocs()
		m := &meter{B: b, since: processTime()}
		f(m)
		b.StopTimer()
		if used := processTime() - m.since; used > 0 {
			b.ReportMetric(float64(used)/float64(b.N), "cpu-ns/op")
		}
	})
}

// meter is a benchmark that also reports the processor time of the whole
// process: what a library does on other goroutines is its cost too, and other
// programs on the machine are not.
type meter struct {
	*testing.B
	since time.Duration
}

func (m *meter) ResetTimer() {
	m.since = processTime()
	m.B.ResetTimer()
}

// check fails the benchmark unless the call gave the value that it had to give.
func check(b *meter, v int, err error, want int) {
	if err != nil || v != want {
		fail(b, v, err, want)
	}
}

//go:noinline
func fail(b *meter, v int, err error, want int) {
	b.Helper()
	b.Fatalf("the call gave %d, %v, want %d", v, err, want)
}

// serves returns a fallback that serves only the causes that is accepts. What it
// accepted once it knows again by identity, so that looking at the cause costs
// every library the same. It is for serial callers.
func serves(is func(cause error) bool) func(context.Context, int, error) (int, error) {
	var known error
	return func(_ context.Context, _ int, cause error) (int, error) {
		if cause != known { //nolint:errorlint // identity is what makes it cheap
			if !is(cause) {
				return 0, cause
			}
			known = cause
		}
		return peers.Fallen, nil
	}
}

// sentinel accepts what errors.Is finds it in.
func sentinel(err error) func(cause error) bool {
	return func(cause error) bool { return errors.Is(cause, err) }
}

// counted is a failing body that counts how often it was run.
type counted struct{ runs atomic.Int64 }

func (c *counted) fail(context.Context, int) (int, error) {
	c.runs.Add(1)
	return 0, peers.ErrBody
}

// gate is a body that holds its place, for the id occupant, and works for any
// other.
type gate struct{ entered, leave chan struct{} }

const occupant = -2

func newGate() *gate { return &gate{make(chan struct{}), make(chan struct{})} }

func (g *gate) work(ctx context.Context, id int) (int, error) {
	if id == occupant {
		close(g.entered)
		<-g.leave
	}
	return peers.Work(ctx, id)
}

// occupy runs call, which has to pass g, until the benchmark ends.
func (g *gate) occupy(b *meter, call func()) {
	b.Helper()
	left := make(chan struct{})
	go func() {
		defer close(left)
		call()
	}()
	select {
	case <-g.entered:
	case <-left:
		b.Fatal("the occupant was refused")
	}
	b.Cleanup(func() {
		close(g.leave)
		<-left
	})
}
