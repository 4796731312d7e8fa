package observabletest

import (
	"runtime"

	"github.com/quillgo/quill/observable"
)

// sourceTrial is one case of a source in progress.
type sourceTrial struct {
	*trial
	src Source
}

// run subscribes obs, which stops an endless source after a few items, and
// waits.
func (c *sourceTrial) run(obs *TestObserver[any], hook func()) {
	if c.src.Count == Endless && obs.stopAfter < 0 {
		obs.DisposeAfter(3)
	}
	c.start(c.src.Make(hook), obs)
}

func (src *Source) some() bool { return src.Count > 0 }

func (src *Source) ends() bool { return !src.Open && src.Count != Endless }

func (src *Source) hooks() bool { return src.Hook != NoHook }

var sourceCases = []struct {
	name  string
	needs func(*Source) bool
	run   func(*sourceTrial)
}{
	{"C1 C2 C3 the source keeps the order of signals", nil, func(c *sourceTrial) {
		obs := c.observer()
		c.run(obs, nothing)
		want := c.src.Count
		if want == Endless {
			want = 3
		}
		if obs.Count() != want {
			c.tb.Errorf("%d items, want %d\n got: %v", obs.Count(), want, obs)
		}
		if obs.Terminated() != c.src.ends() || (obs.Err() != nil) != (c.src.Fails && c.src.ends()) {
			c.tb.Errorf("the end is not as described\n got: %v", obs)
		}
	}},
	{"C4 dispose inside OnSubscribe", nil, func(c *sourceTrial) {
		obs := c.observer().DisposeAfter(0)
		called := 0
		c.run(obs, func() { called++ })
		obs.AssertEmpty(c.tb)
		obs.AssertNotTerminated(c.tb)
		if called > 0 && c.src.Hook == PerItem {
			c.tb.Errorf("the user function was called %d times", called)
		}
	}},
	{"C4 Disposed is false after a natural end and true after Dispose", (*Source).ends, func(c *sourceTrial) {
		obs := c.observer()
		c.run(obs, nothing)
		d := obs.Upstream()
		if d.Disposed() {
			c.tb.Errorf("Disposed is true after a natural end")
		}
		d.Dispose()
		d.Dispose()
		if !d.Disposed() {
			c.tb.Errorf("Disposed is false after Dispose")
		}
	}},
	{"C4 C7 dispose from another goroutine gives no signal", func(s *Source) bool { return s.Open }, func(c *sourceTrial) {
		obs := c.observer()
		c.start(c.src.Make(nothing), obs)
		before := outcome(obs)
		obs.Dispose()
		settle()
		if after := outcome(obs); after != before {
			c.tb.Errorf("before Dispose: %s\n after it: %s", before, after)
		}
	}},
	{"C5 dispose inside OnNext stops the source", (*Source).some, func(c *sourceTrial) {
		obs := c.observer().DisposeAfter(1)
		c.run(obs, nothing)
		if obs.Count() != 1 {
			c.tb.Errorf("%d items, want one", obs.Count())
		}
		obs.AssertNotTerminated(c.tb)
	}},
	{"C5 C6 Take(1) behind stops the source", (*Source).some, func(c *sourceTrial) {
		obs := c.observer()
		c.start(c.src.Make(nothing).Take(1), obs)
		if obs.Count() != 1 {
			c.tb.Errorf("%d items, want one", obs.Count())
		}
		obs.AssertComplete(c.tb)
	}},
	{"C9 a panic of the user function", (*Source).hooks, func(c *sourceTrial) {
		obs := c.observer()
		c.run(obs, func() { panic(errBoom) })
		c.failedByPanic(obs)
	}},
	{"C9 a Goexit of the user function", (*Source).hooks, func(c *sourceTrial) {
		obs := c.observer()
		c.run(obs, runtime.Goexit)
		c.failed(obs, observable.ErrGoexit)
	}},
	{"C8 a panic of the user function after Dispose is reported", (*Source).hooks, func(c *sourceTrial) {
		obs := c.observer()
		c.run(obs, func() {
			if d := obs.Upstream(); d != nil {
				d.Dispose()
				panic(errBoom)
			}
		})
		if obs.Upstream() != nil && !obs.Terminated() {
			c.expectReport(errBoom)
		}
	}},
	{"C9 a panic below is not put down to the source", (*Source).some, func(c *sourceTrial) {
		obs := c.observer()
		c.start(observable.Map(c.src.Make(nothing).OnErrorReturn(func(error) any { return "recovered" }),
			panicUnlessRecovered), obs)
		obs.AssertEmpty(c.tb)
		c.failedByPanic(obs)
	}},
	{"C10 a panic of the observer in OnNext", (*Source).some, func(c *sourceTrial) {
		obs := c.observer()
		obs.Inside.Next = func(any) { panic(errBoom) }
		c.run(obs, nothing)
		c.failedByPanic(obs)
		if obs.Count() != 1 {
			c.tb.Errorf("%d items, want one", obs.Count())
		}
	}},
	{"C10 a Goexit of the observer in OnNext", (*Source).some, func(c *sourceTrial) {
		obs := c.observer()
		obs.Inside.Next = func(any) { runtime.Goexit() }
		c.run(obs, nothing)
		c.failed(obs, observable.ErrGoexit)
		if obs.Count() != 1 {
			c.tb.Errorf("%d items, want one", obs.Count())
		}
	}},
	{"C10 a panic of the observer at the end is reported", (*Source).ends, func(c *sourceTrial) {
		obs := c.observer()
		obs.Inside.Error = func(error) { panic(errInObserver) }
		obs.Inside.Complete = func() { panic(errInObserver) }
		c.run(obs, nothing)
		c.ended(obs)
		if err := obs.Err(); err != nil {
			c.expectReport(errInObserver, err)
		} else {
			c.expectReport(errInObserver)
		}
	}},
	{"C10 a Goexit of the observer at the end", (*Source).ends, func(c *sourceTrial) {
		obs := c.observer()
		obs.Inside.Error = func(error) { runtime.Goexit() }
		obs.Inside.Complete = runtime.Goexit
		c.run(obs, nothing)
		c.ended(obs)
	}},
	{"C10 a panic of the observer in OnSubscribe", nil, func(c *sourceTrial) {
		obs := c.observer()
		obs.Inside.Subscribe = func(observable.Disposable) { panic(errBoom) }
		c.run(obs, nothing)
		c.failedByPanic(obs)
		obs.AssertEmpty(c.tb)
	}},
	{"C12 each subscription gives the same", nil, func(c *sourceTrial) {
		stream := c.src.Make(nothing)
		var all [3]*TestObserver[any]
		for i := range all {
			all[i] = c.observer()
			if c.src.Count == Endless {
				all[i].DisposeAfter(3)
			}
			c.start(stream, all[i])
			if outcome(all[i]) != outcome(all[0]) {
				c.tb.Errorf("first subscription: %v\n another one: %v", all[0], all[i])
			}
		}
	}},
	{"C13 assembly does nothing", nil, func(c *sourceTrial) {
		called := 0
		c.assemble(func() { c.src.Make(func() { called++ }) })
		if called > 0 {
			c.tb.Errorf("assembly called the user function")
		}
	}},
	{"C20 a context that has ended", nil, func(c *sourceTrial) {
		called := 0
		c.cancelable()(errBoom)
		obs := c.observer()
		c.run(obs, func() { called++ })
		obs.AssertEmpty(c.tb)
		c.failed(obs, errBoom)
		if called > 0 {
			c.tb.Errorf("the user function was called")
		}
	}},
	{"C20 the context ends while the source waits", func(s *Source) bool { return s.Open }, func(c *sourceTrial) {
		obs := c.observer()
		cancel := c.cancelable()
		c.run(obs, nothing)
		cancel(errBoom)
		settle()
		if c.src.Count == Endless {
			obs.AssertNotTerminated(c.tb) // it was disposed before
		} else {
			c.failed(obs, errBoom)
		}
	}},
	{"C20 the context ends inside OnNext", (*Source).some, func(c *sourceTrial) {
		obs := c.observer()
		cancel := c.cancelable()
		obs.Inside.Next = func(any) {
			cancel(errBoom)
			runtime.Gosched()
		}
		c.start(c.src.Make(nothing), obs)
		c.ended(obs)
		if obs.Err() != nil && !c.src.Fails { // else it may have been faster
			c.failed(obs, errBoom)
		}
	}},
}
