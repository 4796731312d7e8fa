package observabletest

import (
	"errors"
	"runtime"

	"github.com/quillgo/quill/observable"
)

// failedByPanic checks that obs failed with a PanicError of errBoom.
func (tr *trial) failedByPanic(obs *TestObserver[any]) {
	tr.tb.Helper()
	tr.failed(obs, errBoom)
	if !isPanic(obs.Err()) {
		tr.tb.Errorf("the error is %v, want a PanicError in it", obs.Err())
	}
}

func isPanic(err error) bool {
	var p *observable.PanicError
	return errors.As(err, &p)
}

// misbehaving returns an upstream of items for cases in which something
// goes wrong at the first item that comes out.
func (c *operatorTrial[T]) misbehaving() *Probe[T] {
	if c.op.Needs == AtEnd {
		return c.probe(3)
	}
	return c.probe(Endless)
}

func panicCases[T any]() []operatorCase[T] {
	return []operatorCase[T]{
		{"C9 a panic of the user function", hooks[T], func(c *operatorTrial[T]) {
			p, calls := c.hooked(), 0
			obs := c.run(p, func() {
				calls++
				panic(errBoom)
			})
			c.failedByPanic(obs)
			if calls != 1 {
				c.tb.Errorf("the user function was called %d times", calls)
			}
			if c.op.Hook == PerError && countErrors(obs.Err()) < 2 {
				c.tb.Errorf("the error %v lacks upstream's", obs.Err())
			}
			c.stopped(p)
		}},
		{"C9 a panic of the user function can be recovered below the operator", hooks[T], func(c *operatorTrial[T]) {
			p := c.hooked()
			obs := c.watch(p)
			c.start(c.apply(p, func() { panic(errBoom) }).OnErrorReturn(func(error) any { return "recovered" }), obs)
			obs.AssertComplete(c.tb)
			if v := obs.Values(); len(v) == 0 || v[len(v)-1] != "recovered" {
				c.tb.Errorf("the error did not come below the operator\n got: %v", obs)
			}
			c.stopped(p)
		}},
		{"C9 a Goexit of the user function", hooks[T], func(c *operatorTrial[T]) {
			p := c.hooked()
			obs := c.run(p, runtime.Goexit)
			c.failed(obs, observable.ErrGoexit)
			c.stopped(p)
		}},
		{"C8 a panic of the user function after Dispose is reported", hooks[T], func(c *operatorTrial[T]) {
			p := c.hooked()
			obs := c.watch(p)
			c.start(c.apply(p, func() {
				if d := obs.Upstream(); d != nil {
					d.Dispose()
					panic(errBoom)
				}
			}), obs)
			if obs.Upstream() == nil || obs.Terminated() {
				return // the function runs before there is anything to dispose
			}
			c.expectReport(errBoom)
			c.stopped(p)
		}},
		{"C9 a panic above comes through the operator", nil, func(c *operatorTrial[T]) {
			p := c.probe(3)
			obs := c.watch(p)
			up := observable.Map(p.Observable(), func(T) T { panic(errBoom) })
			c.start(c.op.Apply(up, nothing), obs)
			c.ended(obs)
			if obs.Err() != nil {
				c.failedByPanic(obs)
			} else if !c.op.Recovers && obs.Count() > 0 {
				c.tb.Errorf("items came without a cause: %v", obs)
			}
			c.stopped(p)
		}},
		{"C9 a panic below is not put down to the operator", nil, func(c *operatorTrial[T]) {
			p := c.misbehaving()
			obs := c.watch(p)
			stream := observable.Map(c.apply(p, nothing).OnErrorReturn(func(error) any { return "recovered" }),
				panicUnlessRecovered)
			c.start(stream, obs)
			obs.AssertEmpty(c.tb)
			if obs.Err() != nil || !obs.Completed() { // it may be an operator without items
				c.failedByPanic(obs)
			}
			c.stopped(p)
		}},
		{"C9 a Goexit that passes by fails the stream once", nil, func(c *operatorTrial[T]) {
			p := c.probe(2)
			p.Exit = true
			obs := c.run(p, nothing)
			c.ended(obs)
			if obs.Err() != nil {
				c.failed(obs, observable.ErrGoexit)
			}
		}},
		{"C10 a panic of the observer in OnNext", nil, func(c *operatorTrial[T]) {
			p := c.misbehaving()
			obs := c.watch(p)
			obs.Inside.Next = func(any) { panic(errBoom) }
			c.start(c.apply(p, nothing), obs)
			if obs.Count() == 0 {
				c.ended(obs)
				return
			}
			c.failedByPanic(obs)
			if obs.Count() != 1 {
				c.tb.Errorf("%d items, want one", obs.Count())
			}
			c.stopped(p)
		}},
		{"C10 a panic of the observer in OnNext and again in OnError", nil, func(c *operatorTrial[T]) {
			p := c.misbehaving()
			obs := c.watch(p)
			obs.Inside.Next = func(any) { panic(errBoom) }
			obs.Inside.Error = func(error) { panic(errInObserver) }
			c.start(c.apply(p, nothing), obs)
			if obs.Count() > 0 {
				c.failedByPanic(obs)
				c.expectReport(errBoom, errInObserver)
			}
			c.taken() // of operators that only fail
			c.stopped(p)
		}},
		{"C10 a Goexit of the observer in OnNext", nil, func(c *operatorTrial[T]) {
			p := c.misbehaving()
			obs := c.watch(p)
			obs.Inside.Next = func(any) { runtime.Goexit() }
			c.start(c.apply(p, nothing), obs)
			if obs.Count() == 0 {
				c.ended(obs)
				return
			}
			c.failed(obs, observable.ErrGoexit)
			if obs.Count() != 1 {
				c.tb.Errorf("%d items, want one", obs.Count())
			}
			c.stopped(p)
		}},
		{"C10 a panic of the observer in OnError is reported with the error", passes[T], func(c *operatorTrial[T]) {
			p := c.failing(1)
			obs := c.observer()
			obs.Inside.Error = func(error) { panic(errInObserver) }
			c.start(c.apply(p, nothing), obs)
			if obs.Err() != nil {
				c.expectReport(errInObserver, obs.Err())
			}
		}},
		{"C10 a panic of the observer in OnComplete is reported", nil, func(c *operatorTrial[T]) {
			obs := c.observer()
			obs.Inside.Complete = func() { panic(errInObserver) }
			c.start(c.apply(c.probe(3), nothing), obs)
			if obs.Completed() { // it may be an operator that only fails
				c.expectReport(errInObserver)
			}
		}},
		{"C10 a Goexit of the observer in OnError or OnComplete", nil, func(c *operatorTrial[T]) {
			for _, p := range []*Probe[T]{c.probe(3), c.failing(3)} {
				obs := c.observer()
				obs.Inside.Complete = runtime.Goexit
				obs.Inside.Error = func(error) { runtime.Goexit() }
				c.start(c.apply(p, nothing), obs)
				c.ended(obs)
			}
		}},
		{"C11 an error nobody takes is reported", passes[T], func(c *operatorTrial[T]) {
			p := c.failing(0)
			obs := c.watch(p)
			c.start(c.apply(p, nothing), obs)
			if obs.Err() == nil {
				return // an operator that does not get as far as the error
			}
			c.apply(p, nothing).Subscribe(c.ctx, observable.Funcs[any]{Context: c.ctx})
			settle()
			c.expectReport(errBoom)
		}},
	}
}

func panicUnlessRecovered(v any) any {
	if v != "recovered" {
		panic(errBoom)
	}
	return v
}

// errInObserver is what observers of the cases panic with at an end.
var errInObserver = errors.New("observer panicked")

// countErrors returns the number of errors that were joined to err.
func countErrors(err error) int {
	if j, ok := err.(interface{ Unwrap() []error }); ok {
		return len(j.Unwrap())
	}
	return 1
}
