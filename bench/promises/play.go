package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// verdict is what a library does about a promise.
type verdict struct {
	Offered bool
	Kept    bool
	Note    string // what was observed
}

func notOffered(note string) verdict { return verdict{Note: note} }
func kept() verdict                  { return verdict{Offered: true, Kept: true} }

func broken(format string, args ...any) verdict {
	return verdict{Offered: true, Note: fmt.Sprintf(format, args...)}
}

// The times of the cases. They are long enough for a busy machine, and cost
// nothing in the tests, which play in virtual time.
const (
	sleepWindow = 300 * time.Millisecond
	shortly     = 40 * time.Millisecond  // a timeout that is to pass
	settling    = 150 * time.Millisecond // what has been set in motion has happened
	patience    = 2 * time.Second        // what has not happened never will
	never       = time.Hour
)

var errBody = errors.New("body failed")

func settle() { time.Sleep(settling) }

// within reports whether f returns before patience runs out. If not, f goes on.
func within(f func()) bool {
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	select {
	case <-done:
		return true
	case <-time.After(patience):
		return false
	}
}

// ending is how a call ended.
type ending struct {
	returned bool // false: nothing came within patience
	err      error
	panicked any
}

// try calls c on a goroutine of its own, as a server does for a request, and
// survives what comes out.
func try(ctx context.Context, c caller, body func(context.Context) error) ending {
	ended := make(chan ending, 1)
	go func() {
		e := ending{returned: true, err: errors.New("the caller's goroutine was ended")}
		defer func() {
			e.panicked = recover()
			ended <- e
		}()
		e.err = c.call(ctx, body)
	}()
	select {
	case e := <-ended:
		return e
	case <-time.After(patience):
		return ending{}
	}
}

// admitted calls c with a body that succeeds and reports whether it was run.
func admitted(c caller) bool {
	ran := false
	_ = c.call(context.Background(), func(context.Context) error {
		ran = true
		return nil
	})
	return ran
}

// trip fails until c refuses, and reports whether it did. It waits a little
// between the calls once it should have opened: hystrix-go learns of failures
// with a delay.
func trip(c caller, d demand) bool {
	for i := range 20 * d.volume {
		ran := false
		end := try(context.Background(), c, func(context.Context) error {
			ran = true
			return errBody
		})
		if !end.returned {
			return false
		}
		if !ran {
			return true
		}
		if i >= d.volume {
			time.Sleep(time.Millisecond)
		}
	}
	return false
}

// crowd are calls whose bodies stay until they are let go, whatever their
// context says.
type crowd struct {
	entered, alive, most atomic.Int64
	leave                chan struct{}
	calls                sync.WaitGroup
}

func newCrowd() *crowd { return &crowd{leave: make(chan struct{})} }

func (w *crowd) stay(context.Context) error {
	w.entered.Add(1)
	n := w.alive.Add(1)
	defer w.alive.Add(-1)
	for {
		most := w.most.Load()
		if n <= most || w.most.CompareAndSwap(most, n) {
			break
		}
	}
	<-w.leave
	return nil
}

// call starts n calls, none of which is waited for.
func (w *crowd) call(c caller, n int) {
	for range n {
		w.calls.Go(func() {
			defer func() { _ = recover() }()
			_ = c.call(context.Background(), w.stay)
		})
	}
}

// disperse lets the bodies go and waits for the calls, as long as is sensible.
func (w *crowd) disperse() {
	close(w.leave)
	within(w.calls.Wait)
}

// resource is a value that somebody has to close.
type resource struct{ closed atomic.Bool }

// bodyEnd is a way in which a body can end.
type bodyEnd struct {
	name string
	// body is run with a context that ends if the way says so; leave is closed
	// when the call has had its time.
	body func(ctx context.Context, leave <-chan struct{}) error
	// cancel says that the caller leaves while the body runs.
	cancel bool
}

func bodyEnds() []bodyEnd {
	wait := func(ctx context.Context, leave <-chan struct{}) error {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-leave: // the library never ends its bodies' contexts
			return errBody
		}
	}
	return []bodyEnd{
		{name: "success", body: func(context.Context, <-chan struct{}) error { return nil }},
		{name: "error", body: func(context.Context, <-chan struct{}) error { return errBody }},
		{name: "panic", body: func(context.Context, <-chan struct{}) error { panic("boom") }},
		{name: "Goexit", body: func(context.Context, <-chan struct{}) error { runtime.Goexit(); return nil }},
		{name: "cancel", body: wait, cancel: true},
		{name: "timeout", body: wait},
	}
}

// once calls c with a body that ends so, and reports whether the call ended.
func (e bodyEnd) once(c caller) bool {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	leave := make(chan struct{})
	time.AfterFunc(5*shortly, func() { close(leave) })
	return try(ctx, c, func(ctx context.Context) error {
		if e.cancel {
			cancel()
		}
		return e.body(ctx, leave)
	}).returned
}
