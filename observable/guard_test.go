package observable_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/quillgo/quill/observable"
	"github.com/quillgo/quill/observable/observabletest"
)

// reports returns a context that collects what the error handler gets.
func reports(t *testing.T) (context.Context, func() []error) {
	t.Helper()
	got := make(chan error, 100)
	ctx := observable.WithErrorHandler(context.Background(), func(err error) { got <- err })
	return ctx, func() (all []error) {
		for {
			select {
			case err := <-got:
				all = append(all, err)
			default:
				return all
			}
		}
	}
}

// wantReports checks that the error handler got errors that are the targets, in
// order.
func wantReports(t *testing.T, got []error, targets ...error) {
	t.Helper()
	if len(got) != len(targets) {
		t.Errorf("the error handler got %d errors, want %d: %v", len(got), len(targets), got)
		return
	}
	for i, target := range targets {
		if !errors.Is(got[i], target) {
			t.Errorf("the error handler got %v, want %v", got[i], target)
		}
	}
}

// inGoroutine runs f on a goroutine of its own, which may end by a Goexit, and
// waits for its end.
func inGoroutine(f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	<-done
}

// exits is a stream of one item and completion whose goroutine then ends by a
// Goexit: the function's failure is recovered, the Goexit goes on.
func exits(v int) observable.Observable[int] {
	return observable.FromFunc(func(context.Context) (int, error) {
		runtime.Goexit()
		return 0, nil
	}).OnErrorReturn(func(error) int { return v })
}

func TestGuard_PanicErrorHasTheStackOfThePanic(t *testing.T) {
	o := observabletest.Subscribe(t.Context(), observable.Map(observable.Just(1, 2), explode), t)
	var p *observable.PanicError
	if !errors.As(o.Err(), &p) || p.Value != "bang" || !strings.Contains(string(p.Stack), "explode") {
		t.Errorf("error %v", o.Err())
	}
	if errors.Unwrap(p) != nil {
		t.Errorf("a panic with %v wraps %v", p.Value, errors.Unwrap(p))
	}
}

func explode(int) int { panic("bang") }

func TestGuard_PanicOfNil(t *testing.T) {
	o := observabletest.Subscribe(t.Context(), observable.Map(observable.Just(1), func(int) int { panic(nil) }), t)
	o.AssertError(t, o.Err())
	if !errors.As(o.Err(), new(*runtime.PanicNilError)) {
		t.Errorf("error %v", o.Err())
	}
}

// exiting is a source whose goroutine, after its items, waits and ends by a
// Goexit of its own.
type exiting struct {
	items int
	after time.Duration
}

func (e exiting) Subscribe(ctx context.Context, o observable.Observer[int]) {
	d := &flag{}
	o.OnSubscribe(d)
	go func() {
		active := true
		defer observable.Catch(ctx, &active, d, o)
		for i := range e.items {
			o.OnNext(i)
		}
		time.Sleep(e.after)
		runtime.Goexit()
	}()
}

// flag is a Disposable.
type flag struct{ disposed atomic.Bool }

func (f *flag) Dispose()       { f.disposed.Store(true) }
func (f *flag) Disposed() bool { return f.disposed.Load() }

// A Goexit that passes by a place where streams meet must fail the stream in
// its turn, not while another goroutine is inside the observer (rule C2).
func TestGuard_GoexitWhereStreamsMeetWaitsForItsTurn(t *testing.T) {
	open := func() observable.Observable[int] {
		return (&observabletest.Probe[int]{Item: func(i int) int { return i }, Count: 1, Open: true, Async: true}).Observable()
	}
	exits := func(items int) observable.Observable[int] {
		return observable.NewUnsafe[int](exiting{items, 5 * time.Second})
	}
	inner := func(int) observable.Observable[int] { return open() }
	for _, c := range []struct {
		name   string
		stream observable.Observable[int]
		ends   bool
	}{
		{"Merge", observable.Merge(open(), exits(0)), true},
		{"FlatMap outer", observable.FlatMap(exits(1), inner, observable.Unlimited), true},
		{"ConcatMap outer", observable.ConcatMap(exits(1), inner), true},
		{"Zip2", observable.Zip2(open(), exits(1), func(a, _ int) int { return a }), true},
		{"TakeUntilWhen other", observable.TakeUntilWhen(open(), exits(0)), true},
		{"Amb loser", observable.Amb(open(), exits(0)), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := observabletest.NewObserver[int](t)
				o.Inside.Next = func(int) { time.Sleep(10 * time.Second) }
				c.stream.Subscribe(context.Background(), o)
				time.Sleep(time.Minute)
				o.AssertValues(t, 0)
				if c.ends {
					o.AssertError(t, observable.ErrGoexit)
				} else {
					o.AssertNotTerminated(t)
				}
			})
		})
	}
}

// A Goexit that goes on after a stream ended well by other means ends nothing
// twice (rule C3).
func TestGuard_GoexitAfterTheEnd(t *testing.T) {
	ends := exits(7)
	for _, c := range []struct {
		name   string
		stream observable.Observable[int]
	}{
		{"Merge", observable.Merge(ends)},
		{"Concat", observable.Concat(ends)},
		{"Concat of two", observable.Concat(ends, observable.Just(8))},
		{"Zip2", observable.Zip2(ends, observable.Just(1, 2), func(a, _ int) int { return a })},
		{"Amb", observable.Amb(ends, observable.Just(8))},
		{"TakeUntilWhen", observable.TakeUntilWhen(ends, observable.Never[int]())},
		{"TakeUntilWhen other", observable.TakeUntilWhen(observable.Just(1), ends)},
		{"MapErr", observable.MapErr(observable.Just(1, 2), func(context.Context, int) (int, error) { return 0, errBoom }).
			OnErrorResumeNext(func(error) observable.Observable[int] { return ends })},
		{"Create", observable.Create(func(context.Context, *observable.Emitter[int]) error { runtime.Goexit(); return nil }).
			OnErrorResumeNext(func(error) observable.Observable[int] { return ends })},
		{"New", observable.New(ends.Source())},
	} {
		t.Run(c.name, func(t *testing.T) {
			ctx, got := reports(t)
			o := observabletest.NewObserver[int](t)
			inGoroutine(func() { c.stream.Subscribe(ctx, o) })
			if !o.Terminated() {
				t.Errorf("the stream has not ended: %v", o)
			}
			wantReports(t, got())
		})
	}
}

// A goroutine that ends by a Goexit while it had more streams to start must not
// leave the observer waiting.
func TestGuard_GoexitWhileStreamsWait(t *testing.T) {
	inner := func(v int) observable.Observable[int] {
		switch v {
		case 0:
			return later(time.Second, 0)
		case 1:
			return exits(1)
		}
		return observable.Just(v, v)
	}
	for name, stream := range map[string]observable.Observable[int]{
		"FlatMap limit 1": observable.FlatMap(observable.Range(0, 5), inner, 1),
		"ConcatMap":       observable.ConcatMap(observable.Range(0, 5), inner),
	} {
		synctest.Test(t, func(t *testing.T) {
			ctx, got := reports(t)
			o := observabletest.Subscribe(ctx, stream, t)
			time.Sleep(time.Minute)
			o.AssertValues(t, 0, 1)
			o.AssertError(t, observable.ErrGoexit)
			wantReports(t, got())
			if t.Failed() {
				t.Log(name)
			}
		})
	}
}

// The end of one stream is told by another one's goroutine, which was inside the
// observer. What the observer does in the end is not put down to the item.
func TestGuard_EndIsToldByAnotherProducer(t *testing.T) {
	slow := func() observable.Observable[int] {
		return (&observabletest.Probe[int]{Item: func(i int) int { return i }, Count: 1, Open: true, Async: true}).Observable()
	}
	fails := func() observable.Observable[int] {
		return observable.MapErr(later(time.Second, 0), func(context.Context, int) (int, error) { return 0, errBoom })
	}
	for name, stream := range map[string]observable.Observable[int]{
		"Merge":         observable.Merge(slow(), fails()),
		"ConcatMap":     observable.ConcatMap(observable.Concat(just(0), fails()), func(int) observable.Observable[int] { return slow() }),
		"Zip2":          observable.Zip2(observable.Concat(just(1), fails()), slow(), add),
		"TakeUntilWhen": observable.TakeUntilWhen(slow(), fails()),
	} {
		for _, end := range []func(error){
			func(error) { runtime.Goexit() },
			func(error) { panic(errInMap) },
		} {
			synctest.Test(t, func(t *testing.T) {
				ctx, got := reports(t)
				o := observabletest.NewObserver[int](t)
				o.Inside.Next = func(int) { time.Sleep(10 * time.Second) }
				o.Inside.Error = end
				stream.Subscribe(ctx, o)
				time.Sleep(time.Minute)
				if o.Count() != 1 {
					t.Errorf("%s: %v", name, o)
				}
				o.AssertError(t, errBoom)
				for _, err := range got() {
					if !errors.Is(err, errBoom) || !errors.Is(err, errInMap) {
						t.Errorf("%s: report %v", name, err)
					}
				}
			})
		}
	}
}

// Retry cannot go on with a goroutine that ends; it must not leave its observer
// waiting.
func TestGuard_GoexitInARetriedSource(t *testing.T) {
	runs := 0
	stream := observable.FromFunc(func(context.Context) (int, error) {
		runs++
		runtime.Goexit()
		return 0, nil
	}).Retry(observable.Unlimited)
	o := observabletest.NewObserver[int](t)
	inGoroutine(func() { stream.Subscribe(context.Background(), o) })
	o.AssertError(t, observable.ErrGoexit)
	if runs != 1 {
		t.Errorf("%d runs", runs)
	}
}

// An operator that another package wrote: it calls its function at the end, and
// says so, also below an operator that ends early.
type finisher struct {
	up     observable.Source[int]
	finish func()
}

func (f finisher) Subscribe(ctx context.Context, o observable.Observer[int]) {
	f.up.Subscribe(ctx, &finishObserver{Observer: o, finish: f.finish})
}

type finishObserver struct {
	observable.Observer[int]
	up     observable.Disposable
	finish func()
	busy   bool
}

func (f *finishObserver) OnSubscribe(d observable.Disposable) {
	f.up = d
	f.Observer.OnSubscribe(d)
}

func (f *finishObserver) OnComplete() {
	f.busy = true
	f.finish()
	f.busy = false
	f.Observer.OnComplete()
}

func (f *finishObserver) Blame() (bool, observable.Disposable, any) { return f.busy, f.up, f.Observer }

func TestGuard_PanicOfAFunctionCalledAtTheEnd(t *testing.T) {
	one := func(int) bool { return true }
	for _, up := range []observable.Observable[int]{
		observable.Just(1),
		observable.Just(1, 2).Take(1),
		observable.Just(1, 2).TakeUntil(one),
		observable.Merge(observable.Just(1)),
		observable.Concat(observable.Just(1)),
		observable.Zip2(observable.Just(1), observable.Just(2), func(a, _ int) int { return a }),
		observable.TakeUntilWhen(observable.Just(1), observable.Never[int]()),
		observable.New(observable.Just(1).Source()),
	} {
		stream := observable.NewUnsafe[int](finisher{up.Source(), func() { panic(errBoom) }})
		ctx, got := reports(t)
		o := observabletest.Subscribe(ctx, stream, t)
		o.AssertValues(t, 1)
		o.AssertError(t, errBoom)
		wantReports(t, got())
	}
}

// The error that was being told when the observer panicked must not get lost
// (rule C10).
func TestGuard_PanicInOnErrorIsReportedWithTheError(t *testing.T) {
	ended := func(ctx context.Context) context.Context {
		ctx, cancel := context.WithCancelCause(ctx)
		cancel(errBoom)
		return ctx
	}
	for name, subscribe := range map[string]func(ctx context.Context, o observable.Observer[int]){
		"Error": observable.Error[int](errBoom).Subscribe,
		"a context that has ended": func(ctx context.Context, o observable.Observer[int]) {
			observable.Never[int]().Subscribe(ended(ctx), o)
		},
		"Range looks at its context": func(ctx context.Context, o observable.Observer[int]) {
			observable.Range(0, 5000).Source().Subscribe(ended(ctx), o)
		},
		"FromSlice looks at its context": func(ctx context.Context, o observable.Observer[int]) {
			observable.FromSlice(make([]int, 5000)).Source().Subscribe(ended(ctx), o)
		},
		"Retry looks at its context": func(ctx context.Context, o observable.Observer[int]) {
			observable.Error[int](fmt.Errorf("other")).Retry(3).Source().Subscribe(ended(ctx), o)
		},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, got := reports(t)
			o := observabletest.NewObserver[int](t)
			oops := errors.New("observer panicked")
			o.Inside.Error = func(error) { panic(oops) }
			subscribe(ctx, o)
			o.AssertError(t, errBoom)
			if o.Upstream().Disposed() {
				t.Error("Disposed is true after an end that was not a Dispose")
			}
			all := got()
			wantReports(t, all, oops)
			wantReports(t, all, errBoom)
		})
	}
}

// The handler of errors that nobody can be told may panic too.
func TestGuard_PanicOfTheErrorHandler(t *testing.T) {
	ctx := observable.WithErrorHandler(context.Background(), func(error) { panic("handler") })
	previous := slog.Default()
	defer slog.SetDefault(previous)
	var log strings.Builder
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
	observable.Error[int](errBoom).Subscribe(ctx, observable.Funcs[int]{Context: ctx})
	if !strings.Contains(log.String(), "error handler panicked") || !strings.Contains(log.String(), "boom") {
		t.Errorf("log %q", log.String())
	}
}
