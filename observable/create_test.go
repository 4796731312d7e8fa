package observable_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/quillgo/quill/observable"
	"github.com/quillgo/quill/observable/observabletest"
)

// hold is an observable.Hold that notes whether it is retained.
type hold struct {
	gone     bool
	retained atomic.Int32
	taken    atomic.Int32 // how often it was retained in all
}

func (h *hold) Retain() bool {
	if h.gone {
		return false
	}
	h.taken.Add(1)
	h.retained.Add(1)
	return true
}

func (h *hold) Release() { h.retained.Add(-1) }

// refused checks that f panics with an ArgumentError for the argument.
func refused(t *testing.T, operator, argument string, f func()) {
	t.Helper()
	defer func() {
		t.Helper()
		e, ok := recover().(*observable.ArgumentError)
		if !ok || e.Operator != operator || e.Argument != argument || e.Want == "" {
			t.Errorf("%s: refused with %+v, want an ArgumentError for %s", operator, e, argument)
		}
	}()
	f()
}

func TestCreate_Arguments(t *testing.T) {
	refused(t, "Range", "count", func() { observable.Range(0, -1) })
	refused(t, "Range", "count", func() { observable.Range(math.MaxInt, 2) })
	refused(t, "Range", "count", func() { observable.Range(2, math.MaxInt) })
	refused(t, "Error", "err", func() { observable.Error[int](nil) })
	refused(t, "FromSeq", "seq", func() { observable.FromSeq[int](nil) })
	refused(t, "FromSeq2", "seq", func() { observable.FromSeq2[int](nil) })
	refused(t, "FromFunc", "f", func() { observable.FromFunc[int](nil) })
	refused(t, "Defer", "build", func() { observable.Defer[int](nil) })
	refused(t, "FromChan", "values", func() { observable.FromChan[int](nil) })
	refused(t, "Create", "f", func() { observable.Create[int](nil) })
	refused(t, "New", "src", func() { observable.New[int](nil) })
	refused(t, "NewUnsafe", "src", func() { observable.NewUnsafe[int](nil) })
	refused(t, "Subscribe", "obs", func() { observable.Just(1).Subscribe(t.Context(), nil) })
	refused(t, "WithErrorHandler", "handle", func() { observable.WithErrorHandler(t.Context(), nil) })
}

func TestRange_Bounds(t *testing.T) {
	for _, c := range []struct{ start, count, last int }{
		{5, 3, 7},
		{-2, 3, 0},
		{math.MaxInt, 1, math.MaxInt},
		{math.MinInt, 2, math.MinInt + 1},
		{math.MaxInt - 1, 2, math.MaxInt},
	} {
		o := observabletest.Subscribe(t.Context(), observable.Range(c.start, c.count), t)
		o.AssertComplete(t)
		if v := o.Values(); len(v) != c.count || v[0] != c.start || v[len(v)-1] != c.last {
			t.Errorf("Range(%d, %d) gave %v", c.start, c.count, v)
		}
	}
	observabletest.Subscribe(t.Context(), observable.Range(math.MaxInt, 0), t).AssertComplete(t)
	observabletest.Subscribe(t.Context(), observable.Range(-1, math.MaxInt).Take(1), t).AssertValues(t, -1)
}

// A synchronous loop that nobody watches looks at its context by itself, and
// that is no Dispose (rules C4 and C20).
func TestCreate_LoopsLookAtTheirContext(t *testing.T) {
	endless := iter.Seq[int](func(yield func(int) bool) {
		for i := 0; yield(i); i++ {
		}
	})
	for name, o := range map[string]observable.Observable[int]{
		"Range":     observable.Range(0, math.MaxInt),
		"FromSlice": observable.FromSlice(make([]int, 100_000)),
		"FromSeq":   observable.FromSeq(endless),
	} {
		ctx, cancel := context.WithCancelCause(context.Background())
		obs := observabletest.NewObserver[int](t)
		obs.Inside.Next = func(int) {
			if obs.Count() == 10 {
				cancel(errBoom)
			}
		}
		o.Source().Subscribe(ctx, obs)
		obs.AssertError(t, errBoom)
		if obs.Count() > 2048 || obs.Upstream().Disposed() {
			t.Errorf("%s: %d items, disposed %v", name, obs.Count(), obs.Upstream().Disposed())
		}
	}
}

func TestFromSeq_Dispose(t *testing.T) {
	cleaned := false
	seq := func(yield func(int) bool) {
		defer func() { cleaned = true }()
		for i := 0; yield(i); i++ {
		}
	}
	o := observabletest.Subscribe(t.Context(), observable.FromSeq(seq).Take(3), t)
	o.AssertValues(t, 0, 1, 2)
	if !cleaned {
		t.Error("the iterator was not left")
	}
}

func TestFromSeq2_Errors(t *testing.T) {
	late := errors.New("late")
	stubborn := func(yield func(int, error) bool) {
		if yield(1, nil) {
			yield(2, errBoom)
		}
		// What comes now is ignored: the stream has ended.
		yield(3, nil)
		yield(4, late)
	}
	ctx, got := reports(t)
	o := observabletest.Subscribe(ctx, observable.FromSeq2(stubborn), t)
	o.AssertValues(t, 1)
	o.AssertError(t, errBoom)
	wantReports(t, got(), late)

	o = observabletest.Subscribe(ctx, observable.FromSeq2(stubborn).Take(1), t)
	o.AssertValues(t, 1)
	o.AssertComplete(t)
	wantReports(t, got(), late) // an error after Dispose (rule C8)
}

// While user code runs its hold is retained, and it is free again when the
// stream's end is told.
func TestCreate_Hold(t *testing.T) {
	for _, c := range []struct {
		name   string
		stream func(check func()) observable.Observable[int]
	}{
		{"FromFunc", func(check func()) observable.Observable[int] {
			return observable.FromFunc(func(context.Context) (int, error) { check(); return 1, nil })
		}},
		{"FromFunc failing", func(check func()) observable.Observable[int] {
			return observable.FromFunc(func(context.Context) (int, error) { check(); return 1, errBoom })
		}},
		{"FromFunc panicking", func(check func()) observable.Observable[int] {
			return observable.FromFunc(func(context.Context) (int, error) { check(); panic(errBoom) })
		}},
		{"FromSeq", func(check func()) observable.Observable[int] {
			return observable.FromSeq(func(yield func(int) bool) { check(); yield(1); check() })
		}},
		{"FromSeq2 failing", func(check func()) observable.Observable[int] {
			return observable.FromSeq2(func(yield func(int, error) bool) { check(); yield(1, errBoom) })
		}},
		{"FromSeq panicking", func(check func()) observable.Observable[int] {
			return observable.FromSeq(func(func(int) bool) { check(); panic(errBoom) })
		}},
		{"Create", func(check func()) observable.Observable[int] {
			return observable.Create(func(_ context.Context, e *observable.Emitter[int]) error { e.Next(1); check(); return nil })
		}},
		{"Create failing", func(check func()) observable.Observable[int] {
			return observable.Create(func(context.Context, *observable.Emitter[int]) error { check(); return errBoom })
		}},
		{"Defer", func(check func()) observable.Observable[int] {
			return observable.Defer(func(context.Context) observable.Observable[int] { check(); return observable.Just(1) })
		}},
		{"Defer panicking", func(check func()) observable.Observable[int] {
			return observable.Defer(func(context.Context) observable.Observable[int] { check(); panic(errBoom) })
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := &hold{}
			called := 0
			stream := c.stream(func() {
				called++
				if h.retained.Load() != 1 {
					t.Error("the function runs without the hold")
				}
			})
			o := observabletest.NewObserver[int](t)
			free := func() {
				if h.retained.Load() != 0 {
					t.Error("the end is told while the hold is retained")
				}
			}
			o.Inside.Complete = free
			o.Inside.Error = func(error) { free() }
			stream.Subscribe(observable.WithHold(context.Background(), h), o)
			if !o.Terminated() || called == 0 || h.taken.Load() != 1 || h.retained.Load() != 0 {
				t.Errorf("%v: function called %d times, hold taken %d times", o, called, h.taken.Load())
			}

			h, called = &hold{gone: true}, 0
			o = observabletest.NewObserver[int](t)
			stream.Subscribe(observable.WithHold(context.Background(), h), o)
			o.AssertError(t, observable.ErrHoldGone)
			if called > 0 || o.Upstream() == nil {
				t.Errorf("the hold was gone, but the function ran %d times", called)
			}
		})
	}
	if observable.HoldFrom(context.Background()) != nil {
		t.Error("a context without a hold has one")
	}
}

// The context of a function that a source runs ends with the subscription, and
// has its values.
func TestCreate_ContextOfTheFunction(t *testing.T) {
	type key struct{}
	run := map[string]func(f func(ctx context.Context) error) observable.Observable[int]{
		"FromFunc": func(f func(ctx context.Context) error) observable.Observable[int] {
			return observable.FromFunc(func(ctx context.Context) (int, error) { return 1, f(ctx) })
		},
		"Create": func(f func(ctx context.Context) error) observable.Observable[int] {
			return observable.Create(func(ctx context.Context, _ *observable.Emitter[int]) error { return f(ctx) })
		},
	}
	for name, source := range run {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, got := reports(t)
				ctx = context.WithValue(ctx, key{}, "here")
				var body context.Context
				waits := source(func(ctx context.Context) error {
					body = ctx
					if ctx.Value(key{}) != "here" || ctx.Err() != nil {
						t.Errorf("value %v, error %v", ctx.Value(key{}), ctx.Err())
					}
					<-ctx.Done()
					return ctx.Err()
				})
				o := observabletest.NewObserver[int](t)
				go waits.Subscribe(ctx, o)
				synctest.Wait()
				o.Dispose()
				synctest.Wait()
				o.AssertNotTerminated(t)
				if body.Err() != context.Canceled {
					t.Errorf("after Dispose: %v", body.Err())
				}

				parent, cancel := context.WithCancelCause(ctx)
				o = observabletest.NewObserver[int](t)
				go waits.Subscribe(parent, o)
				synctest.Wait()
				cancel(errBoom)
				synctest.Wait()
				o.AssertError(t, errBoom)
				wantReports(t, got())

				failing := source(func(ctx context.Context) error {
					o.Dispose()
					return errBoom // it is not heard any more (rule C8)
				})
				o = observabletest.NewObserver[int](t)
				failing.Subscribe(ctx, o)
				o.AssertNotTerminated(t)
				wantReports(t, got(), errBoom)

				source(func(ctx context.Context) error { body = ctx; return nil }).Subscribe(ctx, observable.Funcs[int]{})
				if body.Err() == nil {
					t.Error("the context goes on after the function")
				}
			})
		})
	}
}

func TestFromChan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		values := make(chan int)
		stream := observable.FromChan(values)
		first, second := observabletest.NewObserver[int](t), observabletest.NewObserver[int](t)
		ctx, cancel := context.WithCancelCause(t.Context())
		go stream.Subscribe(ctx, first)
		synctest.Wait()
		values <- 1
		go stream.Subscribe(context.Background(), second)
		synctest.Wait()
		first.Dispose()
		synctest.Wait()
		values <- 2 // only the second one is left to take it
		synctest.Wait()
		first.AssertValues(t, 1)
		second.AssertValues(t, 2)
		second.AssertNotTerminated(t)
		close(values)
		synctest.Wait()
		second.AssertComplete(t)

		third := observabletest.NewObserver[int](t)
		go observable.FromChan(make(chan int)).Source().Subscribe(ctx, third) // not watched
		synctest.Wait()
		cancel(errBoom)
		synctest.Wait()
		third.AssertError(t, errBoom)
		if third.Upstream().Disposed() {
			t.Error("the end of the context is a Dispose")
		}
	})
}

func TestCreate_Emitter(t *testing.T) {
	ctx, got := reports(t)
	var kept *observable.Emitter[int]
	var wanted []bool
	stream := observable.Create(func(_ context.Context, e *observable.Emitter[int]) error {
		kept = e
		for i := range 3 {
			wanted = append(wanted, e.Next(i))
		}
		return errBoom
	})
	o := observabletest.Subscribe(ctx, stream, t)
	o.AssertValues(t, 0, 1, 2)
	o.AssertError(t, errBoom)
	if kept.Next(9) {
		t.Error("Next reports true after the end")
	}
	o = observabletest.NewObserver[int](t).DisposeAfter(1)
	stream.Subscribe(ctx, o)
	o.AssertValues(t, 0)
	wantReports(t, got(), errBoom)
	if fmt.Sprint(wanted) != "[true true true false false false]" {
		t.Errorf("Next reported %v", wanted)
	}

	// A panic of the chain below does not reach the function.
	wanted = nil
	o = observabletest.Subscribe(ctx, observable.Map(stream, func(int) int { panic(errInMap) }), t)
	o.AssertError(t, errInMap)
	wantReports(t, got(), errBoom)
	if fmt.Sprint(wanted) != "[false false false]" {
		t.Errorf("Next reported %v", wanted)
	}
}

var errInMap = errors.New("map")

// A function whose stream was continued by somebody below must not be heard any
// more.
func TestCreate_EmitterAfterARecovery(t *testing.T) {
	stream := observable.Create(func(_ context.Context, e *observable.Emitter[int]) error {
		for i := 0; e.Next(i); i++ {
		}
		e.Next(99)
		return nil
	})
	once := false
	o := observabletest.Subscribe(t.Context(), observable.Map(stream, func(v int) int {
		if v == 2 && !once {
			once = true
			panic(errBoom)
		}
		return v
	}).Retry(1).Take(5), t)
	o.AssertValues(t, 0, 1, 0, 1, 2)
	o.AssertComplete(t)
}

func TestDefer(t *testing.T) {
	built := 0
	stream := observable.Defer(func(ctx context.Context) observable.Observable[int] {
		built++
		return observable.Just(built)
	})
	observabletest.Subscribe(t.Context(), stream, t).AssertValues(t, 1)
	observabletest.Subscribe(t.Context(), stream, t).AssertValues(t, 2)
	empty := observable.Defer(func(context.Context) (none observable.Observable[int]) { return none })
	observabletest.Subscribe(t.Context(), empty, t).AssertComplete(t)
}

// A subscriber of a blocked source is freed by Dispose, whatever stage called
// it.
func TestFromFunc_IsFreedFromBelow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		blocked := observable.FromFunc(func(ctx context.Context) (int, error) {
			<-ctx.Done()
			return 0, ctx.Err()
		})
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		o := observabletest.Subscribe(ctx, observable.Merge(blocked, blocked).Retry(3), t)
		synctest.Wait() // who watches the context tells it
		o.AssertError(t, context.DeadlineExceeded)
	})
}
