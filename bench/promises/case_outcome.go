package main

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/quillgo/quill/internal/goroutines"
)

// survivesPanics: bodies panic, and callers recover.
func survivesPanics(l library) verdict {
	d := demand{timeout: never, volume: 4, sleep: never}
	c, ok := needs[caller](l, d)
	if !ok {
		return notOffered("")
	}
	boom := func(context.Context) error { panic("boom") }
	var wrong []string
	const panics = 20
	for range panics {
		end := try(context.Background(), c, boom)
		if end.err == nil && end.panicked == nil {
			wrong = append(wrong, "the caller is not told")
			break
		}
	}
	if admitted(c) {
		wrong = append(wrong, "not counted: closed after 20 panics")
	}
	if s, ok := needs[starter](l, demand{timeout: never}); ok {
		told := false
		within(func() {
			defer func() { told = told || recover() != nil }()
			told = s.start(context.Background(), boom)() != nil
		})
		if !told {
			wrong = append(wrong, "who started it is not told")
		}
	}
	if len(wrong) != 0 {
		return broken("%s", strings.Join(wrong, "; "))
	}
	return kept()
}

// fallsBackOnce: callers leave at the moment their body has succeeded, and a
// late body fails after its fallback ran.
func fallsBackOnce(l library) verdict {
	c, ok := needs[fallingBack](l, demand{timeout: never})
	if !ok {
		return notOffered("no fallback")
	}
	const calls = 20_000
	var after atomic.Int64
	for range calls {
		var succeeded atomic.Bool
		ctx, cancel := context.WithCancel(context.Background())
		_ = c.callOr(ctx, func(context.Context) error {
			defer cancel() // the last that the body does
			succeeded.Store(true)
			return nil
		}, func(error) error {
			if succeeded.Load() {
				after.Add(1)
			}
			return nil
		})
	}
	settle()
	if n := after.Load(); n != 0 {
		return broken("%d of %d fallbacks ran though the body had succeeded", n, calls)
	}
	c, _ = needs[fallingBack](l, demand{timeout: shortly})
	var fallbacks atomic.Int64
	leave := make(chan struct{})
	time.AfterFunc(3*shortly, func() { close(leave) })
	within(func() {
		_ = c.callOr(context.Background(), func(context.Context) error {
			<-leave
			return errBody
		}, func(error) error {
			fallbacks.Add(1)
			return nil
		})
	})
	settle()
	if n := fallbacks.Load(); n != 1 {
		return broken("%d fallbacks for a late failure", n)
	}
	return kept()
}

// losesNoEvent: forty thousand calls from sixteen goroutines succeed.
func losesNoEvent(l library) verdict {
	const callers, calls = 16, 2500
	d := demand{timeout: never, count: true}
	c, ok := needs[caller](l, d)
	if !ok {
		return notOffered("")
	}
	n, ok := c.(counter)
	if !ok {
		return notOffered("successes are not counted")
	}
	var ran atomic.Int64
	var all sync.WaitGroup
	for range callers {
		all.Go(func() {
			for range calls {
				_ = c.call(context.Background(), func(context.Context) error {
					ran.Add(1)
					return nil
				})
			}
		})
	}
	all.Wait()
	settle()
	if counted := int64(n.successes()); counted != ran.Load() {
		return broken("%d of %d successes lost", ran.Load()-counted, ran.Load())
	}
	return kept()
}

// callsBackFreely: a listener asks the circuit that it listens to, and a
// listener is slow.
func callsBackFreely(l library) verdict {
	var c caller
	d := demand{timeout: never, volume: 4, sleep: never}
	d.changed = func() { c.(asked).ask() }
	c, ok := needs[caller](l, d)
	if !ok {
		return notOffered("no listener")
	}
	if !trip(c, d) {
		return broken("a listener that asks its breaker waits for ever")
	}
	entered, leave := make(chan struct{}), make(chan struct{})
	var once sync.Once
	d.changed = func() {
		once.Do(func() { close(entered) })
		<-leave
	}
	c, _ = needs[caller](l, d)
	var tripping sync.WaitGroup
	tripping.Go(func() { trip(c, d) })
	<-entered
	free := within(func() { admitted(c) })
	close(leave)
	tripping.Wait()
	if !free {
		return broken("a slow listener stops every call")
	}
	return kept()
}

// sharesFairly: twenty callers share the execution that another started, and
// that one leaves.
func sharesFairly(l library) verdict {
	const others = 20
	c, ok := needs[sharer](l, demand{timeout: never})
	if !ok {
		return notOffered("nothing is shared")
	}
	ctx, end := c.scope(context.Background())
	defer end()
	leader, leaves := context.WithCancel(ctx)
	defer leaves()
	var runs, failed atomic.Int64
	entered, leave := make(chan struct{}, others+1), make(chan struct{})
	body := func(ctx context.Context) error {
		runs.Add(1)
		entered <- struct{}{}
		select {
		case <-leave:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	var all sync.WaitGroup
	all.Go(func() { _ = c.share(leader, "key", body) })
	<-entered
	for range others {
		all.Go(func() {
			if c.share(ctx, "key", body) != nil {
				failed.Add(1)
			}
		})
	}
	settle()
	leaves()
	settle()
	close(leave)
	all.Wait()
	switch {
	case runs.Load() == others+1:
		return notOffered("nothing in flight is shared: 21 runs for 21 callers")
	case failed.Load() != 0:
		return broken("%d of %d others failed", failed.Load(), others)
	case runs.Load() != 1:
		return broken("%d runs", runs.Load())
	}
	return kept()
}

// leavesNothing: circuits are made, used, opened, left with a hung body, closed,
// and the body ends.
func leavesNothing(l library) verdict {
	const circuits = 50
	d := demand{timeout: shortly, volume: 4, sleep: never}
	before := goroutines.Count()
	w := newCrowd()
	for range circuits {
		c, ok := needs[caller](l, d)
		if !ok {
			return notOffered("")
		}
		admitted(c)
		w.call(c, 1)
		trip(c, d)
		if c, ok := c.(closer); ok {
			c.close()
		}
	}
	time.Sleep(2 * shortly)
	w.disperse()
	settle()
	if n := goroutines.Count() - before; n > 2 {
		return broken("%d goroutines left of %d circuits", n, circuits)
	}
	return kept()
}

// disposes: bodies ignore their timeout and come with a value.
func disposes(l library) verdict {
	const calls = 50
	c, ok := needs[valued](l, demand{timeout: shortly})
	if !ok {
		return notOffered("no values, or no timeout")
	}
	var made, received sync.Map
	leave := make(chan struct{})
	var all sync.WaitGroup
	for range calls {
		all.Go(func() {
			r, err := c.value(context.Background(), func(context.Context) *resource {
				<-leave
				r := &resource{}
				made.Store(r, nil)
				return r
			})
			if err == nil && r != nil {
				received.Store(r, nil)
			}
		})
	}
	time.Sleep(2 * shortly)
	close(leave)
	all.Wait()
	settle()
	total, lost := 0, 0
	made.Range(func(k, _ any) bool {
		total++
		if _, ok := received.Load(k); !ok && !k.(*resource).closed.Load() {
			lost++
		}
		return true
	})
	switch {
	case total == 0:
		return broken("no body ran")
	case lost != 0:
		return broken("%d of %d late values in nobody's hands", lost, total)
	}
	return kept()
}
