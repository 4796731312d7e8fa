package isolation_test

import (
	"context"
	"errors"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"

	"github.com/quillgo/quill/observable"
	"github.com/quillgo/quill/observable/observabletest"
)

type stream = observable.Observable[int]

var errBoom = errors.New("boom")

// sourceFunc is a source of the user's own.
type sourceFunc func(ctx context.Context, o observable.Observer[int])

func (f sourceFunc) Subscribe(ctx context.Context, o observable.Observer[int]) { f(ctx, o) }

// handle is a Disposable that may do more than to remember.
type handle struct {
	disposed  atomic.Bool
	onDispose func()
}

func (h *handle) Dispose() {
	h.disposed.Store(true)
	if h.onDispose != nil {
		h.onDispose()
	}
}

func (h *handle) Disposed() bool { return h.disposed.Load() }

// ended runs f on a goroutine of its own, which a Goexit may end, and waits. A
// panic of f is no concern of the test.
func ended(f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() { _ = recover() }()
		f()
	}()
	<-done
}

// quiet is a context whose error handler is told what is of no interest here.
func quiet() context.Context {
	return observable.WithErrorHandler(context.Background(), func(error) {})
}

// bodies are the sources that run a user function, one that ignores its context
// and Dispose.
var bodies = map[string]func(run func()) observable.Observable[int]{
	"FromFunc": func(run func()) observable.Observable[int] {
		return observable.FromFunc(func(context.Context) (int, error) { run(); return 1, nil })
	},
	"Create": func(run func()) observable.Observable[int] {
		return observable.Create(func(_ context.Context, e *observable.Emitter[int]) error { run(); e.Next(1); return nil })
	},
	"FromSeq": func(run func()) observable.Observable[int] {
		return observable.FromSeq(func(yield func(int) bool) { run(); yield(1) })
	},
	"New": func(run func()) observable.Observable[int] {
		return observable.New[int](sourceFunc(func(_ context.Context, o observable.Observer[int]) {
			o.OnSubscribe(new(handle))
			run()
			o.OnNext(1)
			o.OnComplete()
		}))
	},
}

// place is somewhere around the operator under test where user code may fail.
type place struct {
	up    func(fault func()) stream // what the operator is applied to, if not to items
	below func(o stream, fault func()) stream
	obs   func(o *observabletest.TestObserver[int], fault func())
}

var places = map[string]place{
	"FromFunc": {up: bodies["FromFunc"]},
	"Create":   {up: bodies["Create"]},
	"FromSeq":  {up: bodies["FromSeq"]},
	"New":      {up: bodies["New"]},
	"New before any signal": {up: func(fault func()) stream {
		return observable.New[int](sourceFunc(func(context.Context, observable.Observer[int]) { fault() }))
	}},
	"NewUnsafe before any signal": {up: func(fault func()) stream {
		return observable.NewUnsafe[int](sourceFunc(func(context.Context, observable.Observer[int]) { fault() }))
	}},
	"Defer": {up: func(fault func()) stream {
		return observable.Defer(func(context.Context) stream { fault(); return observable.Just(1) })
	}},
	"SubscribeOn": {up: func(fault func()) stream {
		return observable.Just(1).SubscribeOn(observable.SchedulerFunc(func(func()) error { fault(); return nil }))
	}},
	"operator above": {up: func(fault func()) stream {
		return observable.Just(1, 2).DoOnNext(func(int) { fault() })
	}},
	"operator below": {below: func(o stream, fault func()) stream { return o.DoOnNext(func(int) { fault() }) }},
	"operator below, OnSubscribe": {below: func(o stream, fault func()) stream {
		return o.DoOnSubscribe(func(observable.Disposable) { fault() })
	}},
	"operator below, at the end": {below: func(o stream, fault func()) stream { return o.DoOnTerminate(fault) }},
	"observer, OnSubscribe": {obs: func(o *observabletest.TestObserver[int], fault func()) {
		o.Inside.Subscribe = func(observable.Disposable) { fault() }
	}},
	"observer, OnNext": {obs: func(o *observabletest.TestObserver[int], fault func()) {
		o.Inside.Next = func(int) { fault() }
	}},
	"observer, at the end": {obs: func(o *observabletest.TestObserver[int], fault func()) {
		o.Inside.Complete = fault
		o.Inside.Error = func(error) { fault() }
	}},
}

// faults calls test, in a bubble, for a panic and for a Goexit in each place.
// test applies the operator to up, subscribes to the result with subscribe, which
// waits until everything has happened, and checks that nothing is held.
func faults(t *testing.T, test func(t *testing.T, up stream, subscribe func(stream) *observabletest.TestObserver[int])) {
	for name, p := range places {
		for how, fault := range map[string]func(){"panic": func() { panic(errBoom) }, "Goexit": runtime.Goexit} {
			t.Run(name+", "+how, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					called := false
					faulty := func() {
						called = true
						fault()
					}
					up := observable.Just(1, 2)
					if p.up != nil {
						up = p.up(faulty)
					}
					test(t, up, func(o stream) *observabletest.TestObserver[int] {
						if p.below != nil {
							o = p.below(o, faulty)
						}
						obs := observabletest.NewObserver[int](t)
						if p.obs != nil {
							p.obs(obs, faulty)
						}
						ended(func() { o.Subscribe(quiet(), obs) })
						synctest.Wait()
						return obs
					})
					assert.True(t, called)
				})
			})
		}
	}
}
