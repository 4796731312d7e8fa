package observable_test

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/quillgo/quill/observable"
	"github.com/quillgo/quill/observable/observabletest"
)

// asyncProducers returns n streams, each of which emits its number times perProducer
// plus 0, 1, ... from a goroutine of its own.
func asyncProducers(n, perProducer int) []observable.Observable[int] {
	all := make([]observable.Observable[int], n)
	for i := range all {
		all[i] = producer(i*perProducer, perProducer).Observable()
	}
	return all
}

func producer(first, n int) *observabletest.Probe[int] {
	return &observabletest.Probe[int]{Item: func(i int) int { return first + i }, Count: n, Async: true}
}

// wantAll checks that got has every number below n once, and those of one
// producer in order.
func wantAll(t *testing.T, got []int, n, perProducer int) {
	t.Helper()
	if len(got) != n {
		t.Errorf("%d items, want %d", len(got), n)
		return
	}
	next := make([]int, n/perProducer)
	for _, v := range got {
		if p := v / perProducer; v%perProducer != next[p] {
			t.Errorf("producer %d: item %d came when %d was next", p, v%perProducer, next[p])
			return
		}
		next[v/perProducer]++
	}
}

func TestStress_FanInLosesNothing(t *testing.T) {
	const goroutines, each = 8, 5000
	for name, stream := range map[string]func() observable.Observable[int]{
		"Merge": func() observable.Observable[int] { return observable.Merge(asyncProducers(goroutines, each)...) },
		"FlatMap": func() observable.Observable[int] {
			return observable.FlatMap(observable.FromSlice(asyncProducers(goroutines, each)),
				func(o observable.Observable[int]) observable.Observable[int] { return o }, observable.Unlimited)
		},
		"FlatMap limit 3": func() observable.Observable[int] {
			return observable.FlatMap(observable.FromSlice(asyncProducers(goroutines, each)),
				func(o observable.Observable[int]) observable.Observable[int] { return o }, 3)
		},
		"FlatMap of scalars": func() observable.Observable[int] {
			return observable.FlatMap(observable.Merge(asyncProducers(goroutines, each)...), just, observable.Unlimited)
		},
		"ConcatMap of streams that interleave": func() observable.Observable[int] {
			return observable.ConcatMap(observable.Merge(asyncProducers(goroutines, each)...), func(v int) observable.Observable[int] {
				if v%100 == 0 {
					return producer(v, 1).Observable()
				}
				return just(v)
			})
		},
		"TakeUntilWhen": func() observable.Observable[int] {
			return observable.TakeUntilWhen(observable.Merge(asyncProducers(goroutines, each)...), observable.Never[int]())
		},
	} {
		t.Run(name, func(t *testing.T) {
			o := observabletest.Subscribe(context.Background(), stream(), t)
			<-o.Done()
			o.AssertComplete(t)
			wantAll(t, o.Values(), goroutines*each, each)
		})
	}
}

func TestStress_ZipLosesNothing(t *testing.T) {
	const each = 5000
	lane := func() observable.Observable[int] { return observable.Merge(asyncProducers(4, each)...) }
	pairs := observable.Zip2(lane(), lane(), func(a, b int) [2]int { return [2]int{a, b} })
	o := observabletest.Subscribe(context.Background(), pairs, t)
	<-o.Done()
	o.AssertComplete(t)
	for side := range 2 {
		var all []int
		for _, p := range o.Values() {
			all = append(all, p[side])
		}
		wantAll(t, all, 4*each, each)
	}
}

// A stream below ends while several producers are about to emit: nothing comes
// through any more (rules C3, C4).
func TestStress_EarlyEndBelowAFanIn(t *testing.T) {
	for i := range 3000 {
		ends := map[string]func(o observable.Observable[int]) observable.Observable[int]{
			"TakeUntil": func(o observable.Observable[int]) observable.Observable[int] {
				n := 0
				return o.TakeUntil(func(int) bool { n++; return n == 5 })
			},
			"MapErr": func(o observable.Observable[int]) observable.Observable[int] {
				n := 0
				return observable.MapErr(o, func(_ context.Context, v int) (int, error) {
					if n++; n == 5 {
						return 0, errBoom
					}
					return v, nil
				})
			},
			"Take": func(o observable.Observable[int]) observable.Observable[int] { return o.Take(5) },
		}
		ctx, got := reports(t)
		probes := []*observabletest.Probe[int]{producer(0, 100), producer(1000, 100), producer(2000, 100)}
		merged := observable.Merge(probes[0].Observable(), probes[1].Observable(), probes[2].Observable())
		for name, end := range ends {
			o := observabletest.Subscribe(ctx, end(merged), t)
			<-o.Done()
			if name == "MapErr" {
				o.AssertError(t, errBoom)
			} else {
				o.AssertComplete(t)
			}
			runtime.Gosched()
			o.AssertProtocol(t)
		}
		for _, p := range probes {
			if p.Active() > 0 {
				t.Errorf("round %d: a producer has not been stopped", i)
			}
		}
		wantReports(t, got())
		if t.Failed() {
			return
		}
	}
}

// together runs all functions at once and waits for them.
func together(fs ...func()) {
	var wg sync.WaitGroup
	gate := make(chan struct{})
	for _, f := range fs {
		wg.Go(func() {
			<-gate
			f()
		})
	}
	close(gate)
	wg.Wait()
}

// source is a stream whose signals the test gives.
type source struct {
	flag
	o atomic.Pointer[observable.Observer[int]]
}

func (s *source) Subscribe(_ context.Context, o observable.Observer[int]) {
	s.o.Store(&o)
	o.OnSubscribe(s)
}

func (s *source) next(v int) {
	if !s.Disposed() {
		(*s.o.Load()).OnNext(v)
	}
}

// fail reports whether the error was given.
func (s *source) fail(err error) bool {
	if s.Disposed() {
		return false
	}
	(*s.o.Load()).OnError(err)
	return true
}

func (s *source) complete() {
	if !s.Disposed() {
		(*s.o.Load()).OnComplete()
	}
}

func (s *source) stream() observable.Observable[int] { return observable.NewUnsafe[int](s) }

// Ends of several streams meet: exactly one is told, and no error is lost
// (rules C3, C8, C14).
func TestStress_EndsMeet(t *testing.T) {
	other := errors.New("other")
	for name, meet := range map[string]func(a, b observable.Observable[int]) observable.Observable[int]{
		"Merge": func(a, b observable.Observable[int]) observable.Observable[int] { return observable.Merge(a, b) },
		"Zip2":  func(a, b observable.Observable[int]) observable.Observable[int] { return observable.Zip2(a, b, add) },
		"TakeUntilWhen": func(a, b observable.Observable[int]) observable.Observable[int] {
			return observable.TakeUntilWhen(a, b)
		},
		"Amb": func(a, b observable.Observable[int]) observable.Observable[int] { return observable.Amb(a, b) },
		"ConcatMap": func(a, b observable.Observable[int]) observable.Observable[int] {
			return observable.ConcatMap(observable.Concat(just(0), a), func(int) observable.Observable[int] { return b })
		},
	} {
		t.Run(name, func(t *testing.T) {
			for round := range 3000 {
				ctx, got := reports(t)
				a, b := &source{}, &source{}
				o := observabletest.Subscribe(ctx, meet(a.stream(), b.stream()), t)
				var given [2]bool
				ends := []func(){
					func() { a.next(1); given[0] = a.fail(errBoom) },
					func() { b.next(2); given[1] = b.fail(other) },
				}
				switch round % 3 { // sometimes one of the two completes
				case 1:
					ends[0] = func() { a.next(1); a.complete() }
				case 2:
					ends[1] = func() { b.next(2); b.complete() }
				}
				together(ends...)
				o.AssertProtocol(t)
				if !o.Terminated() {
					t.Fatalf("round %d: no end", round)
				}
				known := append(got(), o.Err())
				for i, err := range []error{errBoom, other} {
					n := 0
					for _, k := range known {
						if errors.Is(k, err) {
							n++
						}
					}
					if given[i] && n != 1 || !given[i] && n != 0 {
						t.Fatalf("round %d: %v was given: %v, and told %d times", round, err, given[i], n)
					}
				}
			}
		})
	}
}

// Dispose, the end of the context, items and an end, all at once: at most one
// end, and silence after it.
func TestStress_DisposeAndCancel(t *testing.T) {
	for range 5000 {
		ctx, got := reports(t)
		ctx, cancel := context.WithCancelCause(ctx)
		s := &source{}
		o := observabletest.NewObserver[int](t)
		s.stream().Take(100).Subscribe(ctx, o)
		together(
			func() { s.next(1); s.next(2); s.complete() },
			func() { cancel(errBoom) },
			o.Dispose,
		)
		cancel(nil)
		o.AssertProtocol(t)
		wantReports(t, got())
		if t.Failed() {
			return
		}
	}
}

// The context ends while the stream does: one of the two is told.
func TestStress_CancelAndEnd(t *testing.T) {
	for range 5000 {
		ctx, cancel := context.WithCancelCause(context.Background())
		s := &source{}
		o := observabletest.NewObserver[int](t)
		s.stream().Subscribe(ctx, o)
		together(
			func() { s.next(1); s.complete() },
			func() { cancel(errBoom) },
		)
		<-o.Done()
		o.AssertProtocol(t)
		if o.Err() != nil {
			o.AssertError(t, errBoom)
		}
		if t.Failed() {
			return
		}
	}
}

// A source that fails again and again from other goroutines is subscribed to
// again until Dispose, and not after it.
func TestStress_RetryAndDispose(t *testing.T) {
	for range 50 {
		synctest.Test(t, func(t *testing.T) {
			p := producer(0, 1)
			p.Err = errBoom
			o := observabletest.NewObserver[int](t)
			third := make(chan struct{})
			o.Inside.Next = func(int) {
				if o.Count() == 3 {
					close(third)
				}
			}
			p.Observable().Retry(observable.Unlimited).Subscribe(context.Background(), o)
			<-third
			o.Dispose()
			synctest.Wait()
			o.AssertNotTerminated(t)
			if p.Active() > 0 {
				t.Error("the source is still running")
			}
		})
	}
}

func TestStress_AmbHasOneWinner(t *testing.T) {
	const each = 50
	for range 1000 {
		o := observabletest.Subscribe(context.Background(), observable.Amb(asyncProducers(4, each)...), t)
		<-o.Done()
		o.AssertComplete(t)
		got := o.Values()
		if len(got) != each || got[0]/each != got[each-1]/each {
			t.Fatalf("items %v", got)
		}
	}
}
