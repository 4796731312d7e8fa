package observable_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/quillgo/quill/observable"
	"github.com/quillgo/quill/observable/observabletest"
)

func failing() observable.Observable[int] {
	return observable.Concat(observable.Just(1, 2), observable.Error[int](errBoom))
}

func TestRecover_Arguments(t *testing.T) {
	refused(t, "OnErrorResumeNext", "resume", func() { just(1).OnErrorResumeNext(nil) })
	refused(t, "OnErrorReturn", "value", func() { just(1).OnErrorReturn(nil) })
	refused(t, "Retry", "n", func() { just(1).Retry(-2) })
}

func TestOnErrorResumeNext(t *testing.T) {
	o := observabletest.Subscribe(t.Context(), failing().OnErrorResumeNext(func(err error) observable.Observable[int] {
		if !errors.Is(err, errBoom) {
			t.Errorf("resume got %v", err)
		}
		return observable.Just(8, 9)
	}), t)
	o.AssertValues(t, 1, 2, 8, 9)
	o.AssertComplete(t)

	second := errors.New("second")
	resumed := 0
	o = observabletest.Subscribe(t.Context(), failing().OnErrorResumeNext(func(error) observable.Observable[int] {
		resumed++
		return observable.Error[int](second)
	}), t)
	o.AssertError(t, second)
	if resumed != 1 {
		t.Errorf("resumed %d times", resumed)
	}
	none := observable.Observable[int]{}
	observabletest.Subscribe(t.Context(), failing().OnErrorResumeNext(func(error) observable.Observable[int] { return none }), t).AssertComplete(t)
}

// A function that fails while it handles an error must not hide it (RxJava:
// CompositeException).
func TestRecover_PanicInTheHandlerKeepsTheError(t *testing.T) {
	oops := errors.New("oops")
	for name, stream := range map[string]observable.Observable[int]{
		"OnErrorResumeNext": failing().OnErrorResumeNext(func(error) observable.Observable[int] { panic(oops) }),
		"OnErrorReturn":     failing().OnErrorReturn(func(error) int { panic(oops) }),
	} {
		o := observabletest.Subscribe(t.Context(), stream, t)
		o.AssertValues(t, 1, 2)
		o.AssertError(t, errBoom)
		o.AssertError(t, oops)
		if !errors.As(o.Err(), new(*observable.PanicError)) {
			t.Errorf("%s: %v", name, o.Err())
		}
	}
}

func TestOnErrorReturn(t *testing.T) {
	o := observabletest.Subscribe(t.Context(), failing().OnErrorReturn(func(error) int { return 7 }), t)
	o.AssertValues(t, 1, 2, 7)
	o.AssertComplete(t)
	o = observabletest.NewObserver[int](t).DisposeAfter(3)
	failing().OnErrorReturn(func(error) int { return 7 }).Subscribe(t.Context(), o)
	o.AssertValues(t, 1, 2, 7)
	o.AssertNotTerminated(t)
	// The item that stands for the error is an item: the observer's panic in it is
	// its own (rule C10), and the error that it stands for has been dealt with.
	o = observabletest.NewObserver[int](t)
	o.Inside.Next = func(v int) {
		if v == 7 {
			panic("bang")
		}
	}
	failing().OnErrorReturn(func(error) int { return 7 }).Subscribe(t.Context(), o)
	if !errors.As(o.Err(), new(*observable.PanicError)) || errors.Is(o.Err(), errBoom) {
		t.Errorf("error %v", o.Err())
	}
}

func TestRetry(t *testing.T) {
	for n, want := range []int{1, 2, 3} {
		p := count(2)
		p.Err = errBoom
		o := observabletest.Subscribe(t.Context(), p.Observable().Retry(n), t)
		if p.Subscriptions() != want || o.Count() != 2*want {
			t.Errorf("Retry(%d): %d subscriptions, %v", n, p.Subscriptions(), o)
		}
		o.AssertError(t, errBoom)
	}
}

func TestRetry_IsALoop(t *testing.T) {
	const n = 100_000
	tries, deepest := 0, 0
	observable.Defer(func(context.Context) observable.Observable[int] {
		deepest = max(deepest, depthAt(tries))
		if tries++; tries == n {
			return just(1)
		}
		return observable.Error[int](errBoom)
	}).Retry(observable.Unlimited).Subscribe(context.Background(), observable.Funcs[int]{})
	if tries != n || deepest > 60 {
		t.Errorf("%d tries, %d frames deep", tries, deepest)
	}
	// A panic is an error like another one.
	tries, deepest = 0, 0
	o := observabletest.Subscribe(t.Context(), observable.Map(just(1), func(v int) int {
		deepest = max(deepest, depthAt(tries))
		if tries++; tries <= 1000 {
			panic("bang")
		}
		return v
	}).Retry(observable.Unlimited), t)
	o.AssertValues(t, 1)
	o.AssertComplete(t)
	if deepest > 60 {
		t.Errorf("%d frames deep", deepest)
	}
}

func TestRetry_Dispose(t *testing.T) {
	p := count(1)
	p.Err = errBoom
	o := observabletest.Subscribe(t.Context(), p.Observable().Retry(observable.Unlimited).Take(3), t)
	o.AssertValues(t, 0, 0, 0)
	o.AssertComplete(t)
	if p.Subscriptions() != 3 {
		t.Errorf("%d subscriptions", p.Subscriptions())
	}
	synctest.Test(t, func(t *testing.T) {
		slow := count(1)
		slow.Async, slow.Each = true, func(int) { time.Sleep(time.Second) } // whether it is wanted or not
		again := observable.MapErr(slow.Observable(), func(context.Context, int) (int, error) { return 0, errBoom }).Retry(observable.Unlimited)
		ctx, got := reports(t)
		o := observabletest.Subscribe(ctx, again, t)
		time.Sleep(2500 * time.Millisecond)
		o.Dispose()
		time.Sleep(time.Minute)
		o.AssertEmpty(t)
		o.AssertNotTerminated(t)
		wantReports(t, got(), errBoom) // of the attempt that was on
	})
}

// Nobody may be watching the context of an endless loop (rule C20).
func TestRetry_LooksAtItsContext(t *testing.T) {
	ctx, cancel := context.WithCancelCause(context.Background())
	tries := 0
	o := observabletest.NewObserver[int](t)
	other := errors.New("other")
	observable.Defer(func(context.Context) observable.Observable[int] {
		if tries++; tries == 3 {
			cancel(errBoom)
		}
		return observable.Error[int](other)
	}).Retry(observable.Unlimited).Source().Subscribe(ctx, o)
	o.AssertError(t, errBoom)
	if tries != 3 || o.Upstream().Disposed() {
		t.Errorf("%d tries, disposed %v", tries, o.Upstream().Disposed())
	}
}
