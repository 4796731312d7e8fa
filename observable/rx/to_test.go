package rx_test

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/reactivex/rxgo/v2"

	"github.com/quillgo/quill/observable"
	"github.com/quillgo/quill/observable/observabletest"
	"github.com/quillgo/quill/observable/rx"
)

func TestTo_RxgoOperators(t *testing.T) {
	six := observable.Range(1, 6)
	for _, c := range []struct {
		name   string
		stream func() rxgo.Observable
		want   []any
	}{
		{"empty", func() rxgo.Observable { return rx.To(observable.Empty[int]()) }, nil},
		{"all", func() rxgo.Observable { return rx.To(six) }, []any{1, 2, 3, 4, 5, 6}},
		{"Map Filter", func() rxgo.Observable { return rx.To(six).Map(same).Filter(even) }, []any{2, 4, 6}},
		{"FlatMap", func() rxgo.Observable {
			return rx.To(observable.Just(1, 2)).FlatMap(func(i rxgo.Item) rxgo.Observable {
				return rx.To(observable.Just(i.V.(int), -i.V.(int)))
			})
		}, []any{1, -1, 2, -2}},
		{"Concat", func() rxgo.Observable {
			return rxgo.Concat([]rxgo.Observable{rx.To(observable.Just(1)), rx.To(observable.Just("two"))})
		}, []any{1, "two"}},
		{"slices and nil are items", func() rxgo.Observable {
			return rx.To(observable.Just[any]([]int{1, 2}, nil, errBoom))
		}, []any{[]int{1, 2}, nil, errBoom}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := received(c.stream().Observe())
			if err != nil || !slices.EqualFunc(got, c.want, equal) {
				t.Errorf("got %v and error %v, want %v", got, err, c.want)
			}
		})
	}
	t.Run("Merge", func(t *testing.T) {
		got, err := received(rxgo.Merge([]rxgo.Observable{rx.To(six), rx.To(six)}).Observe())
		if err != nil || len(got) != 12 {
			t.Errorf("got %v and error %v", got, err)
		}
	})
}

func equal(a, b any) bool {
	if x, ok := a.([]int); ok {
		y, ok := b.([]int)
		return ok && slices.Equal(x, y)
	}
	return a == b
}

func TestTo_KeepsTheOrder(t *testing.T) {
	const n = 10_000
	got, err := received(rx.To(observable.Range(0, n), rxgo.WithBufferedChannel(5)).Map(same).Observe())
	if err != nil || len(got) != n {
		t.Fatalf("%d items and error %v", len(got), err)
	}
	for i, v := range got {
		if v != i {
			t.Fatalf("item %d is %v", i, v)
		}
	}
}

// X6: an observation is a subscription. The options are not shared by
// concurrent ones (the race detector tells).
func TestTo_ObservedMoreThanOnce(t *testing.T) {
	subscriptions := observabletest.Probe[int]{Item: func(i int) int { return i }, Count: 3}
	o := rx.To(subscriptions.Observable(), append(make([]rxgo.Option, 0, 8), rxgo.WithBufferedChannel(2))...)
	if subscriptions.Subscriptions() != 0 {
		t.Error("To has subscribed")
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 2 {
				got, err := received(o.Map(same, rxgo.WithBufferedChannel(1)).Observe())
				if err != nil || !slices.Equal(got, []any{0, 1, 2}) {
					t.Errorf("got %v and error %v", got, err)
				}
			}
		})
	}
	wg.Wait()
	if n := subscriptions.Subscriptions(); n != 16 {
		t.Errorf("%d subscriptions", n)
	}
}

func TestTo_Errors(t *testing.T) {
	broken := func(f func(observable.Observer[int])) observable.Observable[int] {
		return observable.NewUnsafe[int](sourceFunc(f))
	}
	create := func(f func()) observable.Observable[int] {
		return observable.Create(func(_ context.Context, e *observable.Emitter[int]) error {
			e.Next(1)
			f()
			return nil
		})
	}
	for _, c := range []struct {
		name   string
		stream observable.Observable[int]
		want   error
		values []any
	}{
		{"an error", observable.Concat(observable.Just(1), observable.Error[int](errBoom)), errBoom, []any{1}},
		{"a panic of a function", create(func() { panic(errBoom) }), errBoom, []any{1}},
		{"a Goexit of a function", create(runtime.Goexit), observable.ErrGoexit, []any{1}},
		{"a panic of a source that breaks the contract", broken(func(o observable.Observer[int]) {
			o.OnSubscribe(&nothing{})
			o.OnNext(1)
			panic(errBoom)
		}), errBoom, []any{1}},
		{"a panic before OnSubscribe", broken(func(observable.Observer[int]) { panic(errBoom) }), errBoom, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := received(rx.To(c.stream).Observe())
			if !errors.Is(err, c.want) || !slices.Equal(got, c.values) {
				t.Errorf("got %v and error %v, want %v and %v", got, err, c.values, c.want)
			}
		})
	}
}

type sourceFunc func(observable.Observer[int])

func (f sourceFunc) Subscribe(_ context.Context, o observable.Observer[int]) { f(o) }

type nothing struct{}

func (*nothing) Dispose()       {}
func (*nothing) Disposed() bool { return false }

func TestTo_PanicAfterTheEndIsReported(t *testing.T) {
	ctx, got := reports(t)
	values, err := received(rx.To(observable.NewUnsafe[int](sourceFunc(func(o observable.Observer[int]) {
		o.OnSubscribe(&nothing{})
		o.OnComplete()
		panic(errBoom)
	}))).Observe(rxgo.WithContext(ctx)))
	if len(values) != 0 || err != nil {
		t.Errorf("got %v and error %v", values, err)
	}
	if all := got(); len(all) != 1 || !errors.Is(all[0], errBoom) {
		t.Errorf("the error handler got %v", all)
	}
}

// A stream may go on elsewhere when its first goroutine has ended: the channel
// must stay open until the end.
func TestTo_GoexitThatWasRecovered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		later := observabletest.Probe[int]{Item: func(i int) int { return i }, Count: 3, Async: true, Gap: 1}
		stream := observable.FromFunc(func(context.Context) (int, error) {
			runtime.Goexit()
			return 0, nil
		}).OnErrorResumeNext(func(error) observable.Observable[int] { return later.Observable() })
		got, err := received(rx.To(stream).Observe())
		if err != nil || !slices.Equal(got, []any{0, 1, 2}) {
			t.Errorf("got %v and error %v", got, err)
		}
	})
}

func TestTo_StreamOnAnotherGoroutine(t *testing.T) {
	async := observabletest.Probe[int]{Item: func(i int) int { return i }, Count: 3, Async: true}
	got, err := received(rx.To(async.Observable()).Observe())
	if err != nil || !slices.Equal(got, []any{0, 1, 2}) {
		t.Errorf("got %v and error %v", got, err)
	}
}

func TestTo_Context(t *testing.T) {
	value := observable.FromFunc(func(ctx context.Context) (any, error) { return ctx.Value(key{}), nil })
	a := context.WithValue(context.Background(), key{}, "given to To")
	b := context.WithValue(context.Background(), key{}, "given to Observe")
	o := rx.To(value, rxgo.WithContext(a))
	for want, ch := range map[string]<-chan rxgo.Item{
		"given to To":      o.Observe(),
		"given to Observe": o.Map(same).Observe(rxgo.WithContext(b)),
	} {
		if got, err := received(ch); err != nil || !slices.Equal(got, []any{want}) {
			t.Errorf("got %v and error %v, want %v", got, err, want)
		}
	}
}

// X6: the end of the context disposes the subscription and closes the channel,
// without an error.
func TestTo_EndOfTheContext(t *testing.T) {
	number := func(i int) int { return i }
	for _, c := range []struct {
		name  string
		probe func() *observabletest.Probe[int]
		early bool
	}{
		{"while an item waits", endless, false},
		{"while the source waits", func() *observabletest.Probe[int] {
			return &observabletest.Probe[int]{Open: true}
		}, false},
		{"while an item of another goroutine waits", func() *observabletest.Probe[int] {
			return &observabletest.Probe[int]{Item: number, Count: observabletest.Endless, Async: true}
		}, false},
		{"while an error waits", func() *observabletest.Probe[int] {
			return &observabletest.Probe[int]{Err: errBoom}
		}, false},
		{"before", endless, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			for range 50 { // who notices first is left to chance
				synctest.Test(t, func(t *testing.T) {
					p := c.probe()
					background, got := reports(t)
					ctx, cancel := context.WithCancelCause(background)
					if c.early {
						cancel(errBoom)
					}
					ch := rx.To(p.Observable()).Observe(rxgo.WithContext(ctx))
					synctest.Wait()
					cancel(errBoom)
					synctest.Wait()
					if values, err := received(ch); len(values) != 0 || err != nil {
						t.Errorf("got %v and error %v", values, err)
					}
					if p.Active() != 0 || p.Produced() > 1 {
						t.Errorf("the source went on: %d items", p.Produced())
					}
					if all := got(); len(all) != 0 {
						t.Errorf("the error handler got %v", all)
					}
				})
			}
		})
	}
}
