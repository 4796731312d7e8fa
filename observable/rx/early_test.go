package rx_test

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"testing/synctest"

	"github.com/reactivex/rxgo/v2"

	"github.com/quillgo/quill/observable"
	"github.com/quillgo/quill/observable/observabletest"
	"github.com/quillgo/quill/observable/rx"
)

const often = 100

func endless() *observabletest.Probe[int] {
	return &observabletest.Probe[int]{Item: func(i int) int { return i }, Count: observabletest.Endless}
}

// What this side leaves early leaves no goroutine of rxgo's behind: the bubble
// would not end.
func TestEarly_From(t *testing.T) {
	for _, c := range []struct {
		name   string
		stream func() rxgo.Observable
	}{
		{"Range", func() rxgo.Observable { return rxgo.Range(0, 1<<30) }},
		{"Just", func() rxgo.Observable { return rxgo.Just(0, 1, 2, 3, 4)() }},
		{"Range Map Filter", func() rxgo.Observable { return rxgo.Range(0, 1<<30).Map(same).Filter(even) }},
		{"Take", func() rxgo.Observable { return rxgo.Range(0, 1<<30).Take(100) }},
		{"Map with a pool", func() rxgo.Observable { return rxgo.Range(0, 1<<30).Map(same, rxgo.WithPool(3)).Map(same) }},
		{"FlatMap", func() rxgo.Observable {
			return rxgo.Range(0, 1<<30).Map(same).FlatMap(func(i rxgo.Item) rxgo.Observable { return rxgo.Just(i.V, 7)() })
		}},
		{"Merge", func() rxgo.Observable {
			return rxgo.Merge([]rxgo.Observable{rxgo.Range(0, 50), rx.To(observable.Range(0, 50)), rxgo.Just(1, 2, 3)().Map(same)})
		}},
		{"Concat", func() rxgo.Observable {
			return rxgo.Concat([]rxgo.Observable{rx.To(observable.Range(0, 50)), rxgo.Range(0, 50)})
		}},
		{"Create", func() rxgo.Observable {
			return rxgo.Create([]rxgo.Producer{func(_ context.Context, next chan<- rxgo.Item) {
				for i := range 50 {
					next <- rxgo.Of(i)
				}
			}})
		}},
		{"FromChannel", func() rxgo.Observable {
			ch := make(chan rxgo.Item, 5)
			for i := range cap(ch) {
				ch <- rxgo.Of(i)
			}
			return rxgo.FromChannel(ch)
		}},
		{"To", func() rxgo.Observable { return rx.To(endless().Observable()) }},
		{"To Map", func() rxgo.Observable { return rx.To(endless().Observable()).Map(same) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				for range often {
					stream := rx.From[int](c.stream())
					if _, err := stream.First(t.Context()); err != nil {
						t.Fatal(err)
					}
				}
				for range often {
					n := 0
					err := rx.From[int](c.stream()).ForEach(t.Context(), func(int) error {
						if n++; n == 3 {
							return errBoom
						}
						return nil
					})
					if !errors.Is(err, errBoom) {
						t.Fatalf("error %v", err)
					}
				}
				for range often {
					ctx, cancel := context.WithCancel(t.Context())
					err := rx.From[int](c.stream()).ForEach(ctx, func(int) error { cancel(); return nil })
					if !errors.Is(err, context.Canceled) {
						t.Fatalf("error %v", err)
					}
				}
				settle()
			})
		})
	}
}

// What rxgo leaves early leaves no subscription on this side, once its context
// ends.
func TestEarly_To(t *testing.T) {
	fails := func(context.Context, any) (any, error) { return nil, errBoom }
	for _, c := range []struct {
		name    string
		observe func(o rxgo.Observable, ctx context.Context) <-chan rxgo.Item
	}{
		{"Take", func(o rxgo.Observable, ctx context.Context) <-chan rxgo.Item {
			return o.Take(3).Observe(rxgo.WithContext(ctx))
		}},
		{"First", func(o rxgo.Observable, ctx context.Context) <-chan rxgo.Item {
			return o.First().Observe(rxgo.WithContext(ctx))
		}},
		{"an error in Map", func(o rxgo.Observable, ctx context.Context) <-chan rxgo.Item {
			return o.Map(fails).Observe(rxgo.WithContext(ctx))
		}},
		{"TakeWhile, context when built", func(o rxgo.Observable, ctx context.Context) <-chan rxgo.Item {
			return o.TakeWhile(func(v any) bool { return v.(int) < 2 }, rxgo.WithContext(ctx)).Observe()
		}},
		{"Merge, context when built", func(o rxgo.Observable, ctx context.Context) <-chan rxgo.Item {
			return rxgo.Merge([]rxgo.Observable{o.Take(1), o.Map(fails)}, rxgo.WithContext(ctx)).Observe()
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := endless()
				for range often {
					ctx, cancel := context.WithCancel(t.Context())
					received(c.observe(rx.To(p.Observable()), ctx))
					cancel()
				}
				for range often { // the reader leaves in the middle
					ctx, cancel := context.WithCancel(t.Context())
					ch := rx.To(p.Observable()).Map(same).Observe(rxgo.WithContext(ctx))
					<-ch
					cancel()
				}
				synctest.Wait()
				if n := p.Active(); n > 0 {
					t.Errorf("%d subscriptions are left", n)
				}
			})
		})
	}
}

// X1: rxgo forgets to tell its source, the bridge behind it does not.
func TestEarly_FromTellsForRxgo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := endless()
		for range often {
			got, err := rx.From[int](rx.To(p.Observable()).Map(same).Take(3)).ToSlice(t.Context())
			if err != nil || len(got) != 3 {
				t.Fatalf("got %v and error %v", got, err)
			}
		}
		synctest.Wait()
		if n := p.Active(); n > 0 {
			t.Errorf("%d subscriptions are left", n)
		}
	})
}

// The cases from which TestRules_ThereAndBack is exempt: upstream is disposed,
// if not yet when the end is told.
func TestFrom_DisposesWhatIsBehindTo(t *testing.T) {
	type bridged = observable.Observable[int]
	for _, c := range []struct {
		name string
		down func(bridged) bridged
		next func(cancel context.CancelCauseFunc)
		want error
	}{
		{"Take", func(o bridged) bridged { return o.Take(1) }, func(context.CancelCauseFunc) {}, nil},
		{"a panic of an operator", func(o bridged) bridged {
			return observable.Map(o.OnErrorReturn(func(error) int { return -1 }), func(v int) int {
				if v >= 0 {
					panic(errBoom)
				}
				return v
			})
		}, nil, errBoom},
		{"a panic of the observer", nil, func(context.CancelCauseFunc) { panic(errBoom) }, errBoom},
		{"a Goexit of the observer", nil, func(context.CancelCauseFunc) { runtime.Goexit() }, observable.ErrGoexit},
		{"the context", nil, func(cancel context.CancelCauseFunc) { cancel(errBoom) }, errBoom},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := endless()
				stream := rx.From[int](rx.To(p.Observable()))
				if c.down != nil {
					stream = c.down(stream)
				}
				ctx, cancel := context.WithCancelCause(context.Background())
				o := observabletest.NewObserver[int](t)
				if c.next != nil {
					o.Inside.Next = func(int) { c.next(cancel) }
				}
				inGoroutine(func() { stream.Subscribe(ctx, o) })
				synctest.Wait()
				if c.want == nil {
					o.AssertComplete(t)
				} else {
					o.AssertError(t, c.want)
				}
				if p.Active() > 0 || p.Escaped() {
					t.Error("upstream is still running")
				}
				cancel(nil)
			})
		})
	}
	t.Run("the context, while upstream waits", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			p := &observabletest.Probe[int]{Open: true}
			ctx, cancel := context.WithCancelCause(context.Background())
			o := observabletest.NewObserver[int](t)
			go rx.From[int](rx.To(p.Observable())).Subscribe(ctx, o)
			synctest.Wait()
			cancel(errBoom)
			synctest.Wait()
			o.AssertError(t, errBoom)
			if p.Active() > 0 {
				t.Error("upstream is still running")
			}
		})
	})
}
