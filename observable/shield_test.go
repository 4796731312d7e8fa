package observable_test

import (
	"context"
	"errors"
	"testing"

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
