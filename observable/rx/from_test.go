package rx_test

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/reactivex/rxgo/v2"

	"github.com/quillgo/quill/observable"
	"github.com/quillgo/quill/observable/observabletest"
	"github.com/quillgo/quill/observable/rx"
)

func TestFrom_RxgoOperators(t *testing.T) {
	list := func(o rxgo.Observable) ([]int, error) { return rx.From[int](o).ToSlice(t.Context()) }
	for _, c := range []struct {
		name   string
		stream func() rxgo.Observable
		want   []int
	}{
		{"Empty", rxgo.Empty, nil},
		{"Just", func() rxgo.Observable { return rxgo.Just(1, 2)() }, []int{1, 2}},
		{"Range Map Filter", func() rxgo.Observable { return rxgo.Range(1, 6).Map(same).Filter(even) }, []int{2, 4, 6}},
		{"Take", func() rxgo.Observable { return rxgo.Range(1, 6).Take(2) }, []int{1, 2}},
		{"FlatMap", func() rxgo.Observable {
			return rxgo.Range(1, 2).Map(same).FlatMap(func(i rxgo.Item) rxgo.Observable {
				return rxgo.Just(i.V, -i.V.(int))()
			})
		}, []int{1, -1, 2, -2}},
		{"Merge", func() rxgo.Observable {
			return rxgo.Merge([]rxgo.Observable{rxgo.Range(1, 3), rxgo.Range(4, 2)})
		}, []int{1, 2, 3, 4, 5}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := list(c.stream())
			if c.name == "Merge" {
				slices.Sort(got)
			}
			if err != nil || !slices.Equal(got, c.want) {
				t.Errorf("got %v and error %v, want %v", got, err, c.want)
			}
		})
	}
}

func TestFrom_KeepsTheOrder(t *testing.T) {
	const n = 10_000
	next := 0
	err := rx.From[int](rxgo.Range(0, n).Map(same), rxgo.WithBufferedChannel(7)).ForEach(t.Context(), func(v int) error {
		if v != next {
			t.Errorf("item %d came as number %d", v, next)
		}
		next++
		return nil
	})
	if err != nil || next != n {
		t.Errorf("%d items and error %v", next, err)
	}
}

// The options are rxgo's own: with ContinueOnError Map goes on after an error,
// the stream does not (rule X3).
func TestFrom_FirstErrorEndsTheStream(t *testing.T) {
	other, last := errors.New("other"), errors.New("last")
	ctx, got := reports(t)
	synctest.Test(t, func(t *testing.T) {
		// A source that looks at no context.
		source := rxgo.Defer([]rxgo.Producer{func(_ context.Context, next chan<- rxgo.Item) {
			for _, item := range []rxgo.Item{rxgo.Of(1), rxgo.Error(errBoom), rxgo.Of(2), rxgo.Error(context.Canceled), rxgo.Error(other), rxgo.Error(last)} {
				next <- item
			}
		}})
		o := observabletest.Subscribe(ctx, rx.From[int](source, rxgo.WithErrorStrategy(rxgo.ContinueOnError)), t)
		o.AssertValues(t, 1)
		o.AssertError(t, errBoom)
		settle()
	})
	if all := got(); len(all) != 2 || !errors.Is(all[0], other) || !errors.Is(all[1], last) {
		t.Errorf("the error handler got %v, want %q and %q", all, other, last)
	}
}

// An error that comes when nobody listens any more is reported once, whoever
// reads it: the subscriber, in its last round, or the drain.
func TestFrom_ErrorWhileDisposed(t *testing.T) {
	for range 100 {
		synctest.Test(t, func(t *testing.T) {
			ctx, got := reports(t)
			source := rxgo.Defer([]rxgo.Producer{func(_ context.Context, next chan<- rxgo.Item) {
				next <- rxgo.Of(1)
				next <- rxgo.Error(errBoom)
			}}, rxgo.WithBufferedChannel(2))
			o := observabletest.NewObserver[int](t).DisposeAfter(1)
			rx.From[int](source).Subscribe(ctx, o)
			settle()
			o.AssertNotTerminated(t)
			if all := got(); len(all) != 1 || !errors.Is(all[0], errBoom) {
				t.Errorf("the error handler got %v", all)
			}
		})
	}
}

type shape interface{ Area() int }

type square int

func (s square) Area() int { return int(s * s) }

func TestFrom_TypesOfItems(t *testing.T) {
	t.Run("wrong", func(t *testing.T) {
		got, err := rx.From[int](rxgo.Just(1, "two", 3)()).ToSlice(t.Context())
		wantTypeError(t, err, "rx: item is of type string, want int")
		if !slices.Equal(got, []int{1}) {
			t.Errorf("got %v", got)
		}
	})
	t.Run("no such method", func(t *testing.T) {
		_, err := rx.From[shape](rxgo.Just(4)()).ToSlice(t.Context())
		wantTypeError(t, err, "rx: item is of type int, want rx_test.shape")
	})
	t.Run("an interface", func(t *testing.T) {
		got, err := rx.From[shape](items(rxgo.Of(square(3)), rxgo.Of(nil))).ToSlice(t.Context())
		if err != nil || len(got) != 2 || got[0].Area() != 9 || got[1] != nil {
			t.Errorf("got %v and error %v", got, err)
		}
	})
	t.Run("an error as a value", func(t *testing.T) {
		got, err := rx.From[error](items(rxgo.Of(errBoom))).ToSlice(t.Context())
		if err != nil || len(got) != 1 || !errors.Is(got[0], errBoom) {
			t.Errorf("got %v and error %v", got, err)
		}
	})
}

func wantTypeError(t *testing.T, err error, text string) {
	t.Helper()
	var wrong *rx.TypeError
	if !errors.As(err, &wrong) || err.Error() != text {
		t.Errorf("error %v, want %s", err, text)
	}
}

func TestFrom_NilItems(t *testing.T) {
	isNil(t, func(v any) bool { return v == nil })
	isNil(t, func(v *int) bool { return v == nil })
	isNil(t, func(v []int) bool { return v == nil })
	isNil(t, func(v map[int]int) bool { return v == nil })
	isNil(t, func(v chan int) bool { return v == nil })
	isNil(t, func(v func()) bool { return v == nil })

	_, err := rx.From[int](items(rxgo.Of(nil))).ToSlice(t.Context())
	wantTypeError(t, err, "rx: item is nil, want int")
	_, err = rx.From[struct{}](items(rxgo.Of(nil))).ToSlice(t.Context())
	wantTypeError(t, err, "rx: item is nil, want struct {}")
}

func isNil[T any](t *testing.T, check func(T) bool) {
	t.Helper()
	got, err := rx.From[T](items(rxgo.Of(nil))).ToSlice(t.Context())
	if err != nil || len(got) != 1 || !check(got[0]) {
		t.Errorf("%T: got %v and error %v", check, got, err)
	}
}

func TestFrom_RefusesNil(t *testing.T) {
	defer func() {
		err, ok := recover().(*observable.ArgumentError)
		if !ok || !strings.Contains(err.Error(), "rx.From") {
			t.Errorf("panic %v", err)
		}
	}()
	rx.From[int](nil)
}

type key struct{}

// X1: the subscription's context replaces others, and carries its values.
func TestFrom_Context(t *testing.T) {
	ctx := context.WithValue(t.Context(), key{}, "here")
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	seen := rxgo.Range(0, 2).Map(func(ctx context.Context, _ any) (any, error) {
		return ctx.Value(key{}), nil
	}, rxgo.WithContext(ended))
	got, err := rx.From[string](seen, rxgo.WithContext(ended)).ToSlice(ctx)
	if err != nil || !slices.Equal(got, []string{"here", "here"}) {
		t.Errorf("got %q and error %v", got, err)
	}
}

// Through FromChannel rxgo merges two contexts, at the price of a goroutine that
// ends with the subscription only because its context does, also after
// completion. The bubble would not end.
func TestFrom_EndsTheContextAfterCompletion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ch := make(chan rxgo.Item)
		close(ch)
		o := observabletest.Subscribe(context.Background(), rx.From[int](rxgo.FromChannel(ch).Map(same)), t)
		o.AssertComplete(t)
	})
}

func TestFrom_EndOfTheContextIsNotCompletion(t *testing.T) {
	for range 100 { // rxgo closes its channel at the same time
		synctest.Test(t, func(t *testing.T) {
			h := &hold{}
			ctx, cancel := context.WithCancelCause(observable.WithHold(context.Background(), h))
			waiting := rxgo.Merge([]rxgo.Observable{rxgo.Never()}, rxgo.WithContext(ctx)).Map(same)
			// The Source alone: not watched, as behind an operator.
			o := observabletest.NewObserver[int](t)
			go rx.From[int](waiting).Source().Subscribe(ctx, o)
			synctest.Wait()
			cancel(errBoom)
			settle()
			o.AssertError(t, errBoom)
			if h.refs() != 0 {
				t.Errorf("%d references to the hold", h.refs())
			}
		})
	}
}

// expired is a context that has ended before its children know.
type expired struct {
	context.Context
	now *atomic.Bool
}

func (e expired) Err() error {
	if e.now.Load() {
		return context.DeadlineExceeded
	}
	return nil
}

func TestFrom_EndOfTheContextIsKnownFirst(t *testing.T) {
	var now atomic.Bool
	cut := mock{observe: func(...rxgo.Option) <-chan rxgo.Item {
		now.Store(true)
		return closedChannel()
	}}
	o := observabletest.NewObserver[int](t)
	rx.From[int](cut).Source().Subscribe(expired{t.Context(), &now}, o)
	o.AssertError(t, context.DeadlineExceeded)
}

// X2: whatever rxgo does.
func TestFrom_DisposeFreesTheSubscriber(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		deaf := rxgo.Defer([]rxgo.Producer{func(context.Context, chan<- rxgo.Item) { <-release }})
		o := observabletest.NewObserver[int](t)
		returned := false
		go func() {
			rx.From[int](deaf).Subscribe(context.Background(), o)
			returned = true
		}()
		synctest.Wait()
		o.Dispose()
		synctest.Wait()
		if !returned {
			t.Error("Subscribe has not returned")
		}
		o.AssertNotTerminated(t)
		close(release)
	})
}

// mock is an rxgo stream written by somebody else.
type mock struct {
	rxgo.Observable
	observe func(...rxgo.Option) <-chan rxgo.Item
}

func (m mock) Observe(opts ...rxgo.Option) <-chan rxgo.Item { return m.observe(opts...) }

func closedChannel() <-chan rxgo.Item {
	ch := make(chan rxgo.Item)
	close(ch)
	return ch
}

func TestFrom_ObserveMisbehaves(t *testing.T) {
	h := &hold{}
	ctx := observable.WithHold(context.Background(), h)
	panics := rx.From[int](mock{observe: func(...rxgo.Option) <-chan rxgo.Item { panic(errBoom) }})
	o := observabletest.Subscribe(ctx, panics.OnErrorReturn(func(err error) int {
		if !errors.Is(err, errBoom) || !errors.As(err, new(*observable.PanicError)) {
			t.Errorf("error %v", err)
		}
		return 7
	}), t)
	o.AssertValues(t, 7)
	o.AssertComplete(t)

	exits := observabletest.NewObserver[int](t)
	inGoroutine(func() {
		rx.From[int](mock{observe: func(...rxgo.Option) <-chan rxgo.Item { runtime.Goexit(); return nil }}).Subscribe(ctx, exits)
	})
	exits.AssertError(t, observable.ErrGoexit)

	if h.refs() != 0 {
		t.Errorf("%d references to the hold are left", h.refs())
	}
}

func TestFrom_DisposedInOnSubscribe(t *testing.T) {
	o := observabletest.NewObserver[int](t).DisposeAfter(0)
	rx.From[int](mock{observe: func(...rxgo.Option) <-chan rxgo.Item {
		t.Error("the rxgo stream was observed")
		return closedChannel()
	}}).Subscribe(context.Background(), o)
	o.AssertNotTerminated(t)
}

// The state of a subscription is its own, and the options are not shared by
// concurrent ones (the race detector tells).
func TestFrom_ConcurrentSubscriptions(t *testing.T) {
	opts := append(make([]rxgo.Option, 0, 8), rxgo.WithBufferedChannel(3))
	stream := rx.From[int](rxgo.Range(0, 100), opts...)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			got, err := stream.ToSlice(t.Context())
			if err != nil || len(got) != 100 || got[99] != 99 {
				t.Errorf("got %v and error %v", got, err)
			}
		})
	}
	wg.Wait()
}

// hold counts.
type hold struct {
	mu   sync.Mutex
	n    int // guarded by mu
	gone bool
}

func (h *hold) Retain() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.gone {
		return false
	}
	h.n++
	return true
}

func (h *hold) Release() {
	h.mu.Lock()
	h.n--
	h.mu.Unlock()
}

func (h *hold) refs() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.n
}

// X5: the hold is not free while a function inside rxgo runs.
func TestFrom_Hold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &hold{}
		ctx := observable.WithHold(context.Background(), h)
		slow := rxgo.Range(0, 3).Map(func(context.Context, any) (any, error) {
			time.Sleep(time.Minute) // does not look at its context
			return 0, nil
		})
		o := observabletest.NewObserver[int](t)
		go rx.From[int](slow).Subscribe(ctx, o)
		time.Sleep(time.Second)
		o.Dispose()
		time.Sleep(5 * time.Second)
		if h.refs() != 1 {
			t.Errorf("%d references while a function runs", h.refs())
		}
		time.Sleep(time.Hour)
		if h.refs() != 0 {
			t.Errorf("%d references when all is over", h.refs())
		}

		completed := observabletest.Subscribe(ctx, rx.From[int](rxgo.Range(0, 3)), t)
		completed.AssertComplete(t)
		if h.refs() != 0 {
			t.Errorf("%d references after completion", h.refs())
		}
	})
}

// The end may be found by the subscriber, in its last round, or by the drain.
func TestFrom_HoldIsReleasedOnce(t *testing.T) {
	for range 100 {
		synctest.Test(t, func(t *testing.T) {
			h := &hold{}
			ch := make(chan rxgo.Item, 1)
			ch <- rxgo.Of(1)
			close(ch)
			o := observabletest.NewObserver[int](t).DisposeAfter(1)
			rx.From[int](rxgo.FromChannel(ch)).Subscribe(observable.WithHold(context.Background(), h), o)
			settle()
			if h.refs() != 0 {
				t.Errorf("%d references to the hold", h.refs())
			}
		})
	}
}

func TestFrom_HoldIsGone(t *testing.T) {
	ctx := observable.WithHold(context.Background(), &hold{gone: true})
	o := observabletest.Subscribe(ctx, rx.From[int](mock{observe: func(...rxgo.Option) <-chan rxgo.Item {
		t.Error("the rxgo stream was observed")
		return closedChannel()
	}}), t)
	o.AssertNotTerminated(t)
}
