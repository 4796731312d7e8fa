package observable_test

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"testing/synctest"

	"github.com/quillgo/quill/observable"
	"github.com/quillgo/quill/observable/observabletest"
)

// protocolErrors counts the ProtocolErrors among errs.
func protocolErrors(errs []error) (n int) {
	for _, err := range errs {
		if errors.As(err, new(*observable.ProtocolError)) {
			n++
		}
	}
	return n
}

func TestNew_SecondOnSubscribe(t *testing.T) {
	ctx, got := reports(t)
	first, second := &flag{}, &flag{}
	o := observabletest.Subscribe(ctx, observable.New[int](sourceFunc(func(_ context.Context, o observable.Observer[int]) {
		o.OnSubscribe(first)
		o.OnSubscribe(second)
		o.OnNext(1)
	})), t)
	o.AssertValues(t, 1)
	if first.Disposed() || !second.Disposed() || protocolErrors(got()) != 1 {
		t.Errorf("first disposed %v, second disposed %v", first.Disposed(), second.Disposed())
	}
}

func TestNew_SignalsWithoutOnSubscribe(t *testing.T) {
	ctx, got := reports(t)
	bad := &observabletest.BadSource[int]{Values: []int{1, 2}, Mute: true}
	o := observabletest.Subscribe(ctx, bad.Observable(), t)
	o.AssertValues(t, 1, 2)
	o.AssertComplete(t)
	if all := got(); protocolErrors(all) != 1 || len(all) != 1 {
		t.Errorf("reports %v", all)
	}
}

func TestNew_NilError(t *testing.T) {
	o := observabletest.Subscribe(t.Context(), observable.New[int](sourceFunc(func(_ context.Context, o observable.Observer[int]) {
		o.OnSubscribe(&flag{})
		o.OnError(nil)
	})), t)
	if !errors.As(o.Err(), new(*observable.ProtocolError)) {
		t.Errorf("error %v", o.Err())
	}
}

func TestNew_SignalsAfterDispose(t *testing.T) {
	ctx, got := reports(t)
	o := observabletest.NewObserver[int](t).DisposeAfter(1)
	bad := &observabletest.BadSource[int]{Values: []int{1, 2, 3}, AfterEnd: errBoom}
	bad.Observable().Subscribe(ctx, o)
	o.AssertValues(t, 1)
	o.AssertNotTerminated(t)
	wantReports(t, got(), errBoom)
}

// What the source itself panics with is its error, which the operators below
// see (rule C9); a panic after its end is reported.
func TestNew_SourcePanics(t *testing.T) {
	bad := &observabletest.BadSource[int]{Values: []int{1}, Panic: errBoom}
	o := observabletest.Subscribe(t.Context(), bad.Observable().OnErrorReturn(func(error) int { return 2 }), t)
	o.AssertValues(t, 1, 2)
	o.AssertComplete(t)

	mute := &observabletest.BadSource[int]{Mute: true, Panic: errBoom}
	observabletest.Subscribe(t.Context(), mute.Observable(), t).AssertError(t, errBoom)

	ctx, got := reports(t)
	o = observabletest.Subscribe(ctx, observable.New[int](sourceFunc(func(_ context.Context, o observable.Observer[int]) {
		o.OnSubscribe(&flag{})
		o.OnComplete()
		panic(errBoom)
	})), t)
	o.AssertComplete(t)
	wantReports(t, got(), errBoom)
}

// A panic below is caught at the signal: the source goes on, and is stopped by
// its Disposable.
func TestNew_PanicBelowDoesNotReachTheSource(t *testing.T) {
	d := &flag{}
	reached := false
	o := observabletest.Subscribe(t.Context(), observable.Map(observable.New[int](sourceFunc(func(_ context.Context, o observable.Observer[int]) {
		o.OnSubscribe(d)
		o.OnNext(1)
		reached = true
		o.OnNext(2)
		o.OnComplete()
	})), func(int) int { panic(errBoom) }), t)
	o.AssertError(t, errBoom)
	if !reached || !d.Disposed() {
		t.Errorf("the source went on: %v, disposed: %v", reached, d.Disposed())
	}
}

func TestFuncs(t *testing.T) {
	ctx, got := reports(t)
	observable.Error[int](errBoom).Subscribe(ctx, observable.Funcs[int]{Context: ctx})
	all := got()
	wantReports(t, all, errBoom)
	if !errors.As(all[0], new(*observable.NotHandledError)) {
		t.Errorf("report %v", all[0])
	}
	// Without a Context it is that of the subscription, whose end is no news.
	observable.Error[int](errBoom).Subscribe(ctx, observable.Funcs[int]{})
	wantReports(t, got(), errBoom)
	ended, cancel := context.WithCancel(ctx)
	cancel()
	observable.Just(1).Subscribe(ended, observable.Funcs[int]{})
	wantReports(t, got())
	var told string
	f := observable.Funcs[int]{
		Subscribe: func(observable.Disposable) { told += "s" },
		Next:      func(int) { told += "n" },
		Error:     func(error) { told += "e" },
		Complete:  func() { told += "c" },
	}
	observable.Just(1, 2).Subscribe(ctx, f)
	observable.Error[int](errBoom).Subscribe(ctx, f)
	if told != "snncse" {
		t.Errorf("told %q", told)
	}
	// A panic of an observer without an Error function is told to the handler.
	f.Error, f.Context = nil, ctx
	f.Next = func(int) { panic(errBoom) }
	observable.Just(1).Subscribe(ctx, f)
	wantReports(t, got(), errBoom)
}

// While a foreign source's Subscribe runs the hold is retained; it is free again
// before the end is told.
func TestNew_HoldUntilTheEnd(t *testing.T) {
	for name, end := range map[string]func(o observable.Observer[int]){
		"completes":    func(o observable.Observer[int]) { o.OnComplete() },
		"fails":        func(o observable.Observer[int]) { o.OnError(errBoom) },
		"panics":       func(observable.Observer[int]) { panic(errBoom) },
		"calls Goexit": func(observable.Observer[int]) { runtime.Goexit() },
	} {
		t.Run(name, func(t *testing.T) {
			h := &hold{}
			o := observabletest.NewObserver[int](t)
			told := 0
			free := func() {
				told++
				if h.retained.Load() != 0 {
					t.Error("the end is told while the hold is retained")
				}
			}
			o.Inside.Complete = free
			o.Inside.Error = func(error) { free() }
			o.Inside.Next = func(int) {
				if h.retained.Load() != 1 {
					t.Error("the source runs without the hold")
				}
			}
			done := make(chan struct{})
			go func() {
				defer close(done)
				observable.New[int](sourceFunc(func(_ context.Context, o observable.Observer[int]) {
					o.OnSubscribe(&flag{})
					o.OnNext(1)
					end(o)
				})).Subscribe(observable.WithHold(context.Background(), h), o)
			}()
			<-done
			o.AssertValues(t, 1)
			if told != 1 || h.taken.Load() != 1 || h.retained.Load() != 0 {
				t.Errorf("the end was told %d times, the hold taken %d times and is retained %d times", told, h.taken.Load(), h.retained.Load())
			}
		})
	}
}

// A Dispose does not stop a foreign source's code: it has the hold until it
// returns, whatever it says meanwhile.
func TestNew_HoldAfterDispose(t *testing.T) {
	h := &hold{}
	o := observabletest.NewObserver[int](t)
	observable.New[int](sourceFunc(func(_ context.Context, down observable.Observer[int]) {
		down.OnSubscribe(&flag{})
		o.Dispose()
		down.OnNext(1)
		down.OnComplete()
		if h.retained.Load() != 1 {
			t.Error("the source runs without the hold")
		}
	})).Subscribe(observable.WithHold(context.Background(), h), o)
	o.AssertEmpty(t)
	o.AssertNotTerminated(t)
	if h.taken.Load() != 1 || h.retained.Load() != 0 {
		t.Errorf("the hold was taken %d times and is retained %d times", h.taken.Load(), h.retained.Load())
	}
}

// A source that emits later holds nothing after its Subscribe; one that ends
// before its Subscribe returns, from another goroutine, holds nothing from then
// on. Either way the hold is released once.
func TestNew_HoldOfAnAsynchronousSource(t *testing.T) {
	for _, early := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			h := &hold{}
			o := observabletest.NewObserver[int](t)
			o.Inside.Complete = func() {
				if h.retained.Load() != 0 {
					t.Error("the end is told while the hold is retained")
				}
			}
			gate, ended := make(chan struct{}), make(chan struct{})
			observable.New[int](sourceFunc(func(_ context.Context, down observable.Observer[int]) {
				down.OnSubscribe(&flag{})
				go func() {
					defer close(ended)
					<-gate
					down.OnComplete()
				}()
				if early {
					close(gate)
					<-ended
				}
			})).Subscribe(observable.WithHold(context.Background(), h), o)
			if n := h.retained.Load(); n != 0 {
				t.Errorf("after Subscribe the hold is retained %d times", n)
			}
			if !early {
				close(gate)
				<-ended
			}
			o.AssertComplete(t)
			if h.taken.Load() != 1 || h.retained.Load() != 0 {
				t.Errorf("the hold was taken %d times and is retained %d times", h.taken.Load(), h.retained.Load())
			}
		})
	}
}

func TestNew_HoldIsGone(t *testing.T) {
	h := &hold{gone: true}
	o := observabletest.NewObserver[int](t)
	observable.New[int](sourceFunc(func(context.Context, observable.Observer[int]) {
		t.Error("the hold was gone, but the source ran")
	})).Subscribe(observable.WithHold(context.Background(), h), o)
	o.AssertError(t, observable.ErrHoldGone)
	if o.Upstream() == nil || h.retained.Load() != 0 {
		t.Errorf("upstream %v, the hold is retained %d times", o.Upstream(), h.retained.Load())
	}
}
