package breaker_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quillgo/quill/breaker"
	"github.com/quillgo/quill/observable"
	"github.com/quillgo/quill/observable/observabletest"
)

var errBoom = errors.New("boom")

// source is a source of the user's own.
type source func(ctx context.Context, o observable.Observer[int])

func (f source) Subscribe(ctx context.Context, o observable.Observer[int]) { f(ctx, o) }

// handle is a Disposable that may do more than to remember.
type handle struct {
	disposed  bool
	onDispose func()
}

func (h *handle) Dispose() {
	h.disposed = true
	if h.onDispose != nil {
		h.onDispose()
	}
}

func (h *handle) Disposed() bool { return h.disposed }

// counts are the results in the window.
func (r *rig) counts() string {
	c := r.Counts()
	return fmt.Sprintf("%d ok %d failed", c.Successes, c.Errors)
}

// alone runs f on a goroutine of its own, which a Goexit may end, and waits.
func alone(f func()) {
	var g sync.WaitGroup
	g.Go(f)
	g.Wait()
}

func TestGuard_Arguments(t *testing.T) {
	defer func() { assert.IsType(t, (*observable.ArgumentError)(nil), recover()) }()
	breaker.Guard(observable.Just(1), nil)
}

// A completion is a success, and nothing that comes before it.
func TestGuard_Completion(t *testing.T) {
	r := newRig(t)
	up := observable.NewPublishSubject[int]()
	o := observabletest.Subscribe(t.Context(), breaker.Guard(up.Observable(), r.Breaker), t)
	up.OnNext(1)
	assert.Equal(t, "0 ok 0 failed", r.counts())
	o.Inside.Complete = func() { assert.Equal(t, "1 ok 0 failed", r.counts(), "when the end is told") }
	up.OnComplete()
	o.AssertValues(t, 1)
	o.AssertComplete(t)
	o.Dispose()
	assert.Equal(t, "1 ok 0 failed", r.counts())
}

// An error is what Classify says, before it is told.
func TestGuard_Error(t *testing.T) {
	neutral := errors.New("neutral")
	for _, c := range []struct {
		err  error
		want string
	}{
		{errBoom, "0 ok 1 failed"},
		{context.DeadlineExceeded, "0 ok 1 failed"},
		{neutral, "0 ok 0 failed"},
		{context.Canceled, "0 ok 0 failed"},
	} {
		r := newRig(t, func(s *breaker.Settings) {
			s.Classify = func(err error) breaker.Outcome {
				if errors.Is(err, neutral) {
					return breaker.Ignore
				}
				return breaker.DefaultClassify(err)
			}
		})
		o := observabletest.NewObserver[int](t)
		o.Inside.Error = func(error) { assert.Equal(t, c.want, r.counts()) }
		breaker.Guard(observable.Error[int](c.err), r.Breaker).Subscribe(t.Context(), o)
		o.AssertError(t, c.err)
		o.Dispose()
		assert.Equal(t, c.want, r.counts())
	}
}

// Whoever subscribes again when it is told the failure that opened the breaker
// is refused.
func TestGuard_RetryMeetsTheOpenBreaker(t *testing.T) {
	r := newRig(t)
	runs := 0
	failing := observable.FromFunc(func(context.Context) (int, error) { runs++; return 0, errBoom })
	_, err := breaker.Guard(failing, r.Breaker).Retry(10).First(t.Context())
	require.ErrorIs(t, err, breaker.ErrOpen)
	assert.Equal(t, 4, runs)
}

// An open breaker refuses without subscribing.
func TestGuard_Refuses(t *testing.T) {
	r := newRig(t)
	r.trip()
	want := r.refuse()
	guarded := breaker.Guard(observable.New[int](source(func(context.Context, observable.Observer[int]) {
		t.Error("the source was subscribed to")
	})), r.Breaker)
	o := observabletest.NewObserver[int](t)
	guarded.Source().Subscribe(t.Context(), o)
	o.AssertEmpty(t)
	assert.Same(t, want, o.Err())
	o.Dispose()
	assert.Equal(t, "0 ok 4 failed", r.counts())
}

// A Dispose is no result, whatever came before it: a trial is handed on.
func TestGuard_Dispose(t *testing.T) {
	r := newRig(t)
	up := observable.NewPublishSubject[int]()
	guarded := breaker.Guard(up.Observable(), r.Breaker)
	first := observabletest.Subscribe(t.Context(), guarded.Take(1), t)
	up.OnNext(1)
	first.AssertComplete(t)
	assert.Equal(t, "0 ok 0 failed", r.counts())

	r.trip()
	r.wait()
	trial := observabletest.Subscribe(t.Context(), guarded, t)
	observabletest.Subscribe(t.Context(), guarded, t).AssertError(t, breaker.ErrOpen)
	trial.Dispose()
	trial.Dispose()
	assert.Equal(t, breaker.HalfOpen, r.State())
	assert.False(t, up.HasObservers())
	next := observabletest.Subscribe(t.Context(), guarded, t)
	next.AssertNotTerminated(t)
	up.OnComplete()
	next.AssertComplete(t)
	assert.Equal(t, breaker.Closed, r.State())
}

// The end of the subscription's context is what Classify says of it.
func TestGuard_ContextEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		guarded := breaker.Guard(observable.Never[int](), r.Breaker)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		late := observabletest.Subscribe(ctx, guarded, t)
		time.Sleep(2 * time.Second)
		synctest.Wait()
		late.AssertError(t, context.DeadlineExceeded)
		assert.Equal(t, "0 ok 1 failed", r.counts())

		ctx, cancel = context.WithCancel(t.Context())
		left := observabletest.Subscribe(ctx, guarded, t)
		cancel()
		synctest.Wait()
		left.AssertError(t, context.Canceled)
		assert.Equal(t, "0 ok 1 failed", r.counts())

		ctx, cancel = context.WithCancel(t.Context())
		completed := observabletest.Subscribe(ctx, breaker.Guard(observable.Just(1), r.Breaker), t)
		cancel()
		synctest.Wait()
		completed.AssertComplete(t)
		assert.Equal(t, "1 ok 1 failed", r.counts())
	})
}

// A trial that hangs owes nothing after its lease: another one takes its place,
// and its own late end decides nothing.
func TestGuard_SubscriptionThatHangs(t *testing.T) {
	r := newRig(t)
	r.trip()
	r.wait()
	up := observable.NewPublishSubject[int]()
	hung := observabletest.Subscribe(t.Context(), breaker.Guard(up.Observable(), r.Breaker), t)
	r.wait()
	observabletest.Subscribe(t.Context(), breaker.Guard(observable.Just(1), r.Breaker), t).AssertComplete(t)
	assert.Equal(t, breaker.Closed, r.State())
	up.OnError(errBoom)
	hung.AssertError(t, errBoom)
	assert.Equal(t, breaker.Closed, r.State())
	assert.Equal(t, "1 ok 0 failed", r.counts())
}

// What goes wrong above is a failure, what goes wrong below is a Dispose.
func TestGuard_PanicAndGoexit(t *testing.T) {
	above := func(fault func()) map[string]observable.Observable[int] {
		return map[string]observable.Observable[int]{
			"FromFunc": observable.FromFunc(func(context.Context) (int, error) { fault(); return 1, nil }),
			"New":      observable.New[int](source(func(context.Context, observable.Observer[int]) { fault() })),
			"Defer":    observable.Defer(func(context.Context) observable.Observable[int] { fault(); return observable.Just(1) }),
			"operator": observable.Just(1).DoOnNext(func(int) { fault() }),
		}
	}
	below := func(guarded observable.Observable[int], fault func()) map[string]observable.Observable[int] {
		return map[string]observable.Observable[int]{
			"operator":              guarded.DoOnNext(func(int) { fault() }),
			"operator, OnSubscribe": guarded.DoOnSubscribe(func(observable.Disposable) { fault() }),
		}
	}
	for how, fault := range map[string]func(){"panic": func() { panic(errBoom) }, "Goexit": runtime.Goexit} {
		for name, up := range above(fault) {
			r := newRig(t)
			o := observabletest.NewObserver[int](t)
			alone(func() { breaker.Guard(up, r.Breaker).Subscribe(context.Background(), o) })
			assert.Error(t, o.Err(), name)
			assert.Equal(t, "0 ok 1 failed", r.counts(), "%s above: %s", how, name)
		}
		r := newRig(t)
		r.trip()
		for name, stream := range below(breaker.Guard(observable.Just(1), r.Breaker), fault) {
			r.wait()
			o := observabletest.NewObserver[int](t)
			alone(func() { stream.Subscribe(context.Background(), o) })
			assert.Error(t, o.Err(), name)
			assert.Equal(t, breaker.HalfOpen, r.State(), "%s below: %s", how, name)
			assert.Equal(t, "0 ok 4 failed", r.counts(), "%s below: %s", how, name)
		}
	}
}

// A Classify that does not return means a failure, and the stream's error has
// both.
func TestGuard_ClassifyPanics(t *testing.T) {
	inClassify := errors.New("classify")
	for _, fault := range []error{inClassify, observable.ErrGoexit} {
		r := newRig(t, func(s *breaker.Settings) {
			s.Classify = func(error) breaker.Outcome {
				if errors.Is(fault, observable.ErrGoexit) {
					runtime.Goexit()
				}
				panic(fault)
			}
		})
		o := observabletest.NewObserver[int](t)
		alone(func() { breaker.Guard(observable.Error[int](errBoom), r.Breaker).Subscribe(t.Context(), o) })
		o.AssertError(t, fault)
		o.AssertError(t, errBoom)
		assert.Equal(t, "0 ok 1 failed", r.counts())

		// When the context has ended nobody is there to be told.
		var reported []error
		ctx, cancel := context.WithCancel(observable.WithErrorHandler(context.Background(), func(err error) { reported = append(reported, err) }))
		up := new(handle)
		o = observabletest.NewObserver[int](t)
		breaker.Guard(observable.New[int](source(func(_ context.Context, o observable.Observer[int]) { o.OnSubscribe(up) })), r.Breaker).Source().Subscribe(ctx, o)
		cancel()
		alone(o.Dispose)
		assert.Equal(t, "0 ok 2 failed", r.counts())
		assert.True(t, up.disposed)
		if errors.Is(fault, inClassify) {
			require.Len(t, reported, 1)
			assert.ErrorIs(t, reported[0], inClassify)
		} else {
			assert.Empty(t, reported)
		}
	}
}

// An end that was classified is not classified again when it is disposed.
func TestGuard_ClassifiesOnce(t *testing.T) {
	var classified []error
	r := newRig(t, func(s *breaker.Settings) {
		s.Classify = func(err error) breaker.Outcome {
			classified = append(classified, err)
			return breaker.Failure
		}
	})
	ctx, cancel := context.WithCancel(t.Context())
	o := observabletest.NewObserver[int](t)
	breaker.Guard(observable.Error[int](errBoom), r.Breaker).Source().Subscribe(ctx, o)
	cancel()
	o.Dispose()
	assert.Equal(t, []error{errBoom}, classified)
}

// The breaker has been told when upstream's Dispose does not return.
func TestGuard_DisposeDoesNotReturn(t *testing.T) {
	r := newRig(t)
	r.trip()
	r.wait()
	o := observabletest.Subscribe(context.Background(), breaker.Guard(observable.New[int](source(func(_ context.Context, o observable.Observer[int]) {
		o.OnSubscribe(&handle{onDispose: runtime.Goexit})
	})), r.Breaker), t)
	alone(o.Dispose)
	r.admitTrial()
}

// A listener that ends the goroutine ends the stream too, and the breaker has
// been told.
func TestGuard_ListenerDoesNotReturn(t *testing.T) {
	r := newRig(t, func(s *breaker.Settings) { s.RequestVolume = 1 })
	r.Listen(func(x breaker.Transition) {
		if x.To == breaker.HalfOpen {
			return
		}
		runtime.Goexit()
	})
	failed := observabletest.NewObserver[int](t)
	alone(func() { breaker.Guard(observable.Error[int](errBoom), r.Breaker).Subscribe(t.Context(), failed) })
	failed.AssertError(t, errBoom)
	failed.AssertError(t, observable.ErrGoexit)
	assert.Equal(t, breaker.Open, r.State())
	r.wait()
	completed := observabletest.NewObserver[int](t)
	alone(func() { breaker.Guard(observable.Just(1), r.Breaker).Subscribe(t.Context(), completed) })
	completed.AssertValues(t, 1)
	completed.AssertError(t, observable.ErrGoexit)
	assert.Equal(t, breaker.Closed, r.State())
}

// A Dispose that races with the end: the breaker hears of one of them.
func TestGuard_DisposeAtTheEnd(t *testing.T) {
	r := newRig(t)
	for range 300 {
		r.trip()
		r.wait()
		up := observable.NewPublishSubject[int]()
		o := observabletest.Subscribe(context.Background(), breaker.Guard(up.Observable(), r.Breaker))
		var both sync.WaitGroup
		both.Go(up.OnComplete)
		both.Go(o.Dispose)
		both.Wait()
		if r.State() != breaker.Closed { // it was disposed: the next one gets the trial
			r.admitTrial().Done(breaker.Success)
		}
		require.Equal(t, "1 ok 0 failed", r.counts())
	}
}

func TestGuard_Contract(t *testing.T) {
	observabletest.Contract(t, observabletest.Operator[*observabletest.Token]{
		Name: "Guard",
		Apply: func(up observable.Observable[*observabletest.Token], _ func()) observable.Observable[any] {
			return observabletest.Erase(breaker.Guard(up, newRig(t).Breaker))
		},
	})
}

// How do I put a breaker in front of a stream?
func ExampleGuard() {
	b, err := breaker.New(breaker.Options{Name: "GetUser", Settings: breaker.Settings{RequestVolume: 2}})
	if err != nil {
		panic(err)
	}
	getUser := breaker.Guard(observable.FromFunc(func(context.Context) (string, error) {
		return "", errors.New("connection refused")
	}), b)
	for range 3 {
		_, err := getUser.First(context.Background())
		fmt.Println(err)
	}
	// Output:
	// connection refused
	// connection refused
	// breaker: circuit open: "GetUser"
}
