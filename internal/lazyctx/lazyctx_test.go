package lazyctx_test

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	"unsafe"
	"weak"

	"github.com/benbjohnson/clock"
	"go.uber.org/goleak"

	"github.com/quillgo/quill/internal/deadline"
	"github.com/quillgo/quill/internal/goroutines"
	"github.com/quillgo/quill/internal/lazyctx"
	"github.com/quillgo/quill/internal/mono"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var errBoom = errors.New("boom")

// child returns a context without a deadline of its own.
func child(parent context.Context) *lazyctx.Ctx {
	c := new(lazyctx.Ctx)
	c.Init(parent)
	return c
}

// timed returns a context with a deadline after d.
func timed(parent context.Context, l *deadline.List, d time.Duration) *lazyctx.Ctx {
	c := new(lazyctx.Ctx)
	c.InitDeadline(parent, l, l.Clock().Now()+d)
	return c
}

func newList() *deadline.List { return deadline.New(mono.New(nil)) }

func closed(done <-chan struct{}) bool {
	select {
	case <-done:
		return true
	default:
		return false
	}
}

func TestCtx_Size(t *testing.T) {
	if n := unsafe.Sizeof(lazyctx.Ctx{}); n != 48 {
		t.Errorf("%d bytes", n)
	}
}

func TestCtx_Cancel(t *testing.T) {
	for _, watched := range []bool{false, true} {
		c := child(context.Background())
		if watched {
			c.Done()
		}
		if c.Err() != nil || context.Cause(c) != nil || closed(c.Done()) != false {
			t.Errorf("a live context: %v, %v", c.Err(), context.Cause(c))
		}
		c.Cancel()
		c.Cancel()
		c.Expire() // too late
		if !errors.Is(c.Err(), context.Canceled) || !errors.Is(context.Cause(c), context.Canceled) || !closed(c.Done()) || c.EndedByParent() {
			t.Errorf("a cancelled context: %v, %v", c.Err(), context.Cause(c))
		}
	}
	c := child(context.Background())
	c.Cancel()
	if !closed(c.Done()) || !errors.Is(c.Err(), context.Canceled) {
		t.Error("Done asked for after the end is open")
	}
}

func TestCtx_Deadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newList()
		seen, unseen := timed(context.Background(), l, time.Second), timed(context.Background(), l, time.Second)
		at, ok := seen.Deadline()
		if !ok || !at.Equal(time.Now().Add(time.Second)) {
			t.Errorf("Deadline %v, %v", at, ok)
		}
		start := time.Now()
		<-seen.Done()
		if time.Since(start) != time.Second || !errors.Is(seen.Err(), context.DeadlineExceeded) || !errors.Is(context.Cause(seen), context.DeadlineExceeded) {
			t.Errorf("after %v: %v, %v", time.Since(start), seen.Err(), context.Cause(seen))
		}
		// Nobody asked this one for Done: Err finds out by itself, and closes it.
		if !errors.Is(unseen.Err(), context.DeadlineExceeded) || !closed(unseen.Done()) {
			t.Errorf("without Done: %v", unseen.Err())
		}
		found := timed(context.Background(), l, time.Second)
		done := found.Done()
		time.Sleep(time.Second)
		if !errors.Is(found.Err(), context.DeadlineExceeded) || !closed(done) {
			t.Errorf("found by Err: %v", found.Err())
		}
		past := timed(context.Background(), l, -time.Second)
		<-past.Done()
		if !errors.Is(past.Err(), context.DeadlineExceeded) {
			t.Errorf("past: %v", past.Err())
		}
	})
}

// An owner that watches the deadline itself calls Expire; nothing else is armed.
func TestCtx_Owned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newList()
		c := new(lazyctx.Ctx)
		c.InitOwned(context.Background(), l, l.Clock().Now()+time.Second)
		done := c.Done()
		time.Sleep(2 * time.Second)
		if closed(done) {
			t.Error("the deadline is watched")
		}
		c.Expire()
		if !closed(done) || !errors.Is(c.Err(), context.DeadlineExceeded) {
			t.Errorf("%v", c.Err())
		}
	})
}

func TestCtx_CancelBeforeTheDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := timed(context.Background(), newList(), time.Second)
		done := c.Done()
		c.Cancel()
		time.Sleep(time.Minute)
		if !errors.Is(c.Err(), context.Canceled) || !closed(done) {
			t.Errorf("%v", c.Err())
		}
	})
}

func TestCtx_DeadlineIsTheEarlierOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newList()
		parent, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		for d, want := range map[time.Duration]time.Duration{time.Second: time.Second, time.Hour: time.Minute} {
			at, ok := timed(parent, l, d).Deadline()
			if !ok || time.Until(at) != want {
				t.Errorf("deadline in %v", time.Until(at))
			}
		}
		if at, ok := child(parent).Deadline(); !ok || time.Until(at) != time.Minute {
			t.Errorf("deadline in %v", time.Until(at))
		}
		c := timed(parent, l, time.Hour)
		<-c.Done()
		if !errors.Is(c.Err(), context.DeadlineExceeded) || !c.EndedByParent() {
			t.Errorf("%v, by the parent: %v", c.Err(), c.EndedByParent())
		}
	})
}

// A mocked clock's dates mean nothing outside.
func TestCtx_MockedDeadline(t *testing.T) {
	mock := clock.NewMock()
	l := deadline.New(mono.New(mock))
	c := timed(context.Background(), l, time.Second)
	if at, ok := c.Deadline(); ok {
		t.Errorf("Deadline %v", at)
	}
	other := timed(context.Background(), l, time.Second)
	done := c.Done()
	mock.Add(time.Second)
	<-done
	if !errors.Is(c.Err(), context.DeadlineExceeded) || !errors.Is(other.Err(), context.DeadlineExceeded) {
		t.Errorf("%v, %v", c.Err(), other.Err())
	}
}

func TestCtx_Parent(t *testing.T) {
	type key struct{}
	synctest.Test(t, func(t *testing.T) {
		parent, cancel := context.WithCancelCause(context.WithValue(context.Background(), key{}, "here"))
		watching, asking := child(parent), timed(parent, newList(), time.Hour)
		if watching.Value(key{}) != "here" {
			t.Errorf("Value %v", watching.Value(key{}))
		}
		done := watching.Done()
		cancel(errBoom)
		if !errors.Is(asking.Err(), context.Canceled) || !errors.Is(context.Cause(asking), errBoom) || !closed(asking.Done()) || !asking.EndedByParent() {
			t.Errorf("%v, %v", asking.Err(), context.Cause(asking))
		}
		synctest.Wait()
		if !closed(done) || !errors.Is(watching.Err(), context.Canceled) || !errors.Is(context.Cause(watching), errBoom) || !watching.EndedByParent() {
			t.Errorf("%v, %v", watching.Err(), context.Cause(watching))
		}
		late := child(parent)
		<-late.Done()
		if !errors.Is(late.Err(), context.Canceled) {
			t.Errorf("%v", late.Err())
		}
	})
}

// watched is a context that could end, does not, and counts who waits for it.
type watched struct {
	context.Context
	done    chan struct{}
	mu      sync.Mutex
	waiting int // guarded by mu
}

func (w *watched) Done() <-chan struct{} { return w.done }

func (w *watched) AfterFunc(func()) func() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.waiting++
	var once sync.Once
	return func() bool {
		once.Do(func() {
			w.mu.Lock()
			w.waiting--
			w.mu.Unlock()
		})
		return true
	}
}

// The parent is watched from the first Done on, and let go of at the end.
func TestCtx_WatchesItsParentWhileNeeded(t *testing.T) {
	parent := &watched{Context: context.Background(), done: make(chan struct{})}
	c := child(parent)
	if c.Err(); parent.waiting != 0 {
		t.Error("the parent is watched, but nobody asked for Done")
	}
	c.Done()
	c.Done()
	if parent.waiting != 1 {
		t.Errorf("%d wait for the parent", parent.waiting)
	}
	c.Cancel()
	if parent.waiting != 0 {
		t.Errorf("after the end %d wait for the parent", parent.waiting)
	}
	ended := child(parent)
	ended.Cancel()
	if ended.Done(); parent.waiting != 0 {
		t.Error("a context that has ended watches its parent")
	}
}

// A context that has ended is not kept until its deadline.
func TestCtx_IsLetGoOfAtItsEnd(t *testing.T) {
	l := newList()
	kept := func() weak.Pointer[lazyctx.Ctx] {
		c := timed(context.Background(), l, time.Hour)
		c.Done()
		c.Cancel()
		return weak.Make(c)
	}()
	runtime.GC()
	if kept.Value() != nil {
		t.Error("the list holds it")
	}
	l.Close()
}

// A closed list ends its contexts, also those that nobody watched, and those
// without a deadline.
func TestCtx_ListIsClosed(t *testing.T) {
	for _, at := range []time.Duration{time.Hour, deadline.Never} {
		l := newList()
		var all [3]lazyctx.Ctx
		for i := range all {
			all[i].InitDeadline(context.Background(), l, at)
		}
		watched, polled, asking := &all[0], &all[1], &all[2]
		if _, ok := watched.Deadline(); ok != (at != deadline.Never) {
			t.Errorf("%v: a deadline is reported: %v", at, ok)
		}
		done := watched.Done()
		if watched.Err() != nil || polled.Err() != nil {
			t.Error("ended before Close")
		}
		l.Close()
		if !closed(done) || !closed(asking.Done()) {
			t.Errorf("%v: Done is open", at)
		}
		for i, c := range []*lazyctx.Ctx{watched, polled, asking} {
			if !errors.Is(c.Err(), context.Canceled) {
				t.Errorf("%v: context %d: %v", at, i, c.Err())
			}
		}
	}
}

// Children of package context end with it, and cost no goroutine.
func TestCtx_StandardChildren(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newList()
		for _, end := range []struct {
			name string
			of   func(c *lazyctx.Ctx)
			want error
		}{
			{"Cancel", func(c *lazyctx.Ctx) { c.Cancel() }, context.Canceled},
			{"deadline", func(*lazyctx.Ctx) { time.Sleep(time.Minute) }, context.DeadlineExceeded},
			{"Expire", func(c *lazyctx.Ctx) { c.Expire() }, context.Canceled}, // early: its list is given up
			{"Err", func(c *lazyctx.Ctx) { time.Sleep(time.Second); _ = c.Err() }, context.DeadlineExceeded},
		} {
			parent, cancelParent := context.WithCancel(context.Background())
			c := timed(parent, l, time.Second)
			synctest.Wait() // for those that are about to end
			before := goroutines.Count()
			children := make([]context.Context, 0, 30)
			var cancels []context.CancelFunc
			var called sync.WaitGroup
			for range 10 {
				plain, cancel1 := context.WithCancel(c)
				later, cancel2 := context.WithTimeout(c, time.Hour)
				grand, cancel3 := context.WithCancel(context.WithValue(plain, "key", "value")) //nolint:staticcheck // any key will do
				children = append(children, plain, later, grand)
				cancels = append(cancels, cancel1, cancel2, cancel3)
				called.Add(1)
				context.AfterFunc(c, called.Done)
			}
			if n := goroutines.Count() - before; n > 0 {
				t.Errorf("%s: %d goroutines for the children", end.name, n)
			}
			cancels[0]() // one leaves early
			if c.Err() != nil || children[3].Err() != nil {
				t.Errorf("%s: a child's end ended others", end.name)
			}
			end.of(c)
			for i, child := range children {
				<-child.Done()
				if want := end.want; i > 0 && i != 2 && (!errors.Is(child.Err(), want) || !errors.Is(context.Cause(child), want)) {
					t.Errorf("%s: child %d ended with %v, %v", end.name, i, child.Err(), context.Cause(child))
				}
			}
			called.Wait()
			for _, cancel := range cancels {
				cancel()
			}
			cancelParent()
		}
	})
}

func TestCtx_OfACtx(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newList()
		outer := timed(context.Background(), l, time.Second)
		inner := timed(outer, l, time.Hour)
		start := time.Now()
		<-inner.Done()
		synctest.Wait()
		if !errors.Is(inner.Err(), context.DeadlineExceeded) || !inner.EndedByParent() || time.Since(start) != time.Second {
			t.Errorf("after %v: %v", time.Since(start), inner.Err())
		}
		outer = child(context.Background())
		inner = child(outer)
		inner.Done()
		inner.Cancel()
		if outer.Err() != nil {
			t.Errorf("the inner one ended the outer one: %v", outer.Err())
		}
		outer.Cancel()
	})
}

func TestCtx_AfterFunc(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := child(context.Background())
		var called [3]int
		stop := c.AfterFunc(func() { called[0]++ })
		c.AfterFunc(func() { called[1]++ })
		if !stop() || stop() {
			t.Error("stop did not stop once")
		}
		c.Cancel()
		stop = c.AfterFunc(func() { called[2]++ })
		synctest.Wait()
		if called != [3]int{0, 1, 1} || stop() {
			t.Errorf("called %v", called)
		}
	})
}

// Package context registers its child while it holds a lock that the function
// takes too: the function must not be called by AfterFunc itself.
func TestCtx_AfterFuncOfAnEndedContextDoesNotDeadlock(t *testing.T) {
	c := child(context.Background())
	c.Cancel()
	var mu sync.Mutex
	done := make(chan struct{})
	mu.Lock()
	c.AfterFunc(func() {
		mu.Lock()
		defer mu.Unlock()
		close(done)
	})
	mu.Unlock()
	<-done
}

// together runs all functions at once and waits for them.
func together(fs ...func()) {
	var wg sync.WaitGroup
	gate := make(chan struct{})
	for _, f := range fs {
		wg.Go(func() {
			<-gate
			f()
		})
	}
	close(gate)
	wg.Wait()
}

// Everything that can end a context, and everybody who wants to know, at once:
// it ends once, for one reason, and all of them hear it.
func TestCtx_Stress(t *testing.T) {
	l := newList()
	for round := range 3000 {
		parent, cancel := context.WithCancel(context.Background())
		c := timed(parent, l, time.Duration(round%5)*10*time.Microsecond)
		var std, lazy context.Context
		heard := make(chan struct{})
		together(
			func() {
				if round%2 == 0 {
					c.Cancel()
				}
			},
			func() {
				if round%3 == 0 {
					cancel()
				}
			},
			func() { <-c.Done() },
			func() { _ = c.Err() },
			func() {
				var stop context.CancelFunc
				std, stop = context.WithCancel(c)
				defer stop()
				<-std.Done()
			},
			func() { lazy = child(c); <-lazy.Done() },
			func() { c.AfterFunc(func() { close(heard) }) },
		)
		<-heard
		first := c.Err()
		if first == nil || std.Err() == nil || lazy.Err() == nil {
			t.Fatalf("round %d: %v, children %v and %v", round, first, std.Err(), lazy.Err())
		}
		c.Cancel()
		c.Expire()
		cancel()
		if !errors.Is(c.Err(), first) {
			t.Fatalf("round %d: %v became %v", round, first, c.Err())
		}
	}
	l.Close()
}
