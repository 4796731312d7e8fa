package observable_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"runtime"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/quillgo/quill/observable"
	"github.com/quillgo/quill/observable/observabletest"
)

// ints is a stream of ints, and flattener an operator of inner streams.
type (
	ints      = observable.Observable[int]
	flattener = func(o ints, project func(int) ints) ints
)

// flatteners is every operator of inner streams that emits all that they emit.
var flatteners = map[string]flattener{
	"FlatMap":                      func(o ints, f func(int) ints) ints { return observable.FlatMap(o, f, observable.Unlimited) },
	"FlatMap limit 1":              func(o ints, f func(int) ints) ints { return observable.FlatMap(o, f, 1) },
	"FlatMapDelayError":            func(o ints, f func(int) ints) ints { return observable.FlatMapDelayError(o, f, observable.Unlimited) },
	"FlatMapDelayError limit 1":    func(o ints, f func(int) ints) ints { return observable.FlatMapDelayError(o, f, 1) },
	"ConcatMap":                    observable.ConcatMap[int, int],
	"ConcatMapDelayError end":      func(o ints, f func(int) ints) ints { return observable.ConcatMapDelayError(o, f, true) },
	"ConcatMapDelayError boundary": func(o ints, f func(int) ints) ints { return observable.ConcatMapDelayError(o, f, false) },
	"SwitchMap":                    observable.SwitchMap[int, int],
	"SwitchMapDelayError":          observable.SwitchMapDelayError[int, int],
	"ConcatMapEager":               func(o ints, f func(int) ints) ints { return observable.ConcatMapEager(o, f, observable.Unlimited) },
	"ConcatMapEager limit 1":       func(o ints, f func(int) ints) ints { return observable.ConcatMapEager(o, f, 1) },
	"ConcatMapEagerDelayError end": func(o ints, f func(int) ints) ints {
		return observable.ConcatMapEagerDelayError(o, f, observable.Unlimited, true)
	},
	"ConcatMapEagerDelayError boundary": func(o ints, f func(int) ints) ints { return observable.ConcatMapEagerDelayError(o, f, 2, false) },
}

// fails fails after d.
func fails(d time.Duration, err error) ints {
	return observable.MapErr(later(d, 0), func(context.Context, int) (int, error) { return 0, err })
}

var errOther = errors.New("other")

func TestFlatMapFamily_Arguments(t *testing.T) {
	one := just(1)
	refused(t, "FlatMapDelayError", "project", func() { observable.FlatMapDelayError[int, int](one, nil, 1) })
	refused(t, "FlatMapDelayError", "limit", func() { observable.FlatMapDelayError(one, just, 0) })
	refused(t, "FlatMapCombine", "project", func() { observable.FlatMapCombine[int, int](one, nil, add, 1) })
	refused(t, "FlatMapCombine", "combine", func() { observable.FlatMapCombine[int, int, int](one, just, nil, 1) })
	refused(t, "FlatMapCombine", "limit", func() { observable.FlatMapCombine(one, just, add, -2) })
	refused(t, "FlatMapCombineDelayError", "combine", func() { observable.FlatMapCombineDelayError[int, int, int](one, just, nil, 1) })
	failing := func(error) ints { return one }
	done := func() ints { return one }
	refused(t, "FlatMapNotifications", "onNext", func() { observable.FlatMapNotifications[int](one, nil, failing, done, 1) })
	refused(t, "FlatMapNotifications", "onError", func() { observable.FlatMapNotifications(one, just, nil, done, 1) })
	refused(t, "FlatMapNotifications", "onComplete", func() { observable.FlatMapNotifications(one, just, failing, nil, 1) })
	refused(t, "FlatMapNotifications", "limit", func() { observable.FlatMapNotifications(one, just, failing, done, 0) })
	refused(t, "FlatMapSeq", "project", func() { observable.FlatMapSeq[int, int](one, nil) })
	refused(t, "ConcatMapSeq", "project", func() { observable.ConcatMapSeq[int, int](one, nil) })
	refused(t, "MergeLimit", "limit", func() { observable.MergeLimit(0, one) })
	refused(t, "MergeLimitDelayError", "limit", func() { observable.MergeLimitDelayError(0, one) })
	refused(t, "MergeAll", "limit", func() { observable.MergeAll(observable.Just(one), 0) })
	refused(t, "MergeAllDelayError", "limit", func() { observable.MergeAllDelayError(observable.Just(one), 0) })
}

// Scalars, too, wait for their place: with a limit of one FlatMap is ConcatMap.
func TestFlatMap_ScalarsWaitForTheirPlace(t *testing.T) {
	for _, flatten := range []string{"FlatMap limit 1", "FlatMapDelayError limit 1"} {
		synctest.Test(t, func(t *testing.T) {
			o := observabletest.Subscribe(context.Background(), flatteners[flatten](observable.Range(0, 6), func(v int) ints {
				switch v {
				case 0, 3:
					return later(time.Second, v)
				case 2:
					return observable.Empty[int]()
				}
				return just(v)
			}), t)
			time.Sleep(1500 * time.Millisecond)
			o.AssertValues(t, 0, 1)
			time.Sleep(time.Second)
			o.AssertValues(t, 0, 1, 3, 4, 5)
			o.AssertComplete(t)
		})
	}
}

// An error that waits for its place comes after what was before it.
func TestFlatMap_ErrorWaitsForItsPlace(t *testing.T) {
	for name, flatten := range map[string]flattener{"": flatteners["FlatMap limit 1"], "DelayError": flatteners["FlatMapDelayError limit 1"]} {
		synctest.Test(t, func(t *testing.T) {
			o := observabletest.Subscribe(context.Background(), flatten(observable.Range(0, 3), func(v int) ints {
				if v == 1 {
					return observable.Error[int](errBoom)
				}
				return later(time.Second, v)
			}), t)
			time.Sleep(900 * time.Millisecond)
			o.AssertNotTerminated(t)
			time.Sleep(time.Minute)
			if name == "" {
				o.AssertValues(t, 0)
			} else {
				o.AssertValues(t, 0, 2)
			}
			o.AssertError(t, errBoom)
		})
	}
}

// Many scalars that waited are emitted in a loop (rule C16).
func TestFlatMap_ManyScalarsWaited(t *testing.T) {
	const n = many
	for _, flatten := range []string{"FlatMap limit 1", "FlatMapDelayError limit 1", "ConcatMap", "ConcatMapEager", "ConcatMapEager limit 1", "ConcatMapDelayError end"} {
		synctest.Test(t, func(t *testing.T) {
			deepest, items := 0, 0
			done := make(chan struct{})
			flatteners[flatten](observable.Range(0, n), func(v int) ints {
				if v == 0 {
					return later(time.Second, 0)
				}
				return just(v)
			}).Subscribe(context.Background(), observable.Funcs[int]{
				Next:     func(int) { items++; deepest = max(deepest, depthAt(items)) },
				Complete: func() { close(done) },
			})
			<-done
			if items != n || deepest > 60 {
				t.Errorf("%s: %d items, %d frames deep", flatten, items, deepest)
			}
		})
	}
}

// A panic of the observer while it gets a scalar that waited is not the inner
// stream's whose end made room.
func TestFlatMap_PanicAtScalarThatWaited(t *testing.T) {
	for _, flatten := range []string{"FlatMap limit 1", "FlatMapDelayError limit 1"} {
		synctest.Test(t, func(t *testing.T) {
			ctx, got := reports(t)
			o := observabletest.NewObserver[int](t)
			o.Inside.Next = func(v int) { panicOn(v, 1) }
			flatteners[flatten](observable.Range(0, 3), func(v int) ints {
				if v == 0 {
					return later(time.Second, 0)
				}
				return just(v)
			}).Subscribe(ctx, o)
			time.Sleep(time.Minute)
			o.AssertValues(t, 0, 1)
			o.AssertError(t, errBoom)
			wantReports(t, got())
		})
	}
}

func TestFlatMapDelayError_JoinsInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, got := reports(t)
		outer := observable.Concat(observable.Range(0, 3), fails(5*time.Second, errOther))
		inner := func(v int) ints {
			if v == 1 {
				return fails(time.Second, errBoom)
			}
			return observable.Concat(later(2*time.Second, v), later(8*time.Second, 10*v))
		}
		o := observabletest.NewObserver[int](t)
		observable.FlatMapDelayError(outer, inner, observable.Unlimited).Subscribe(ctx, o)
		time.Sleep(9 * time.Second)
		o.AssertNotTerminated(t)
		time.Sleep(time.Minute)
		if o.Count() != 4 || fmt.Sprint(o.Err()) != "boom\nother" {
			t.Errorf("%v, %q", o, o.Err())
		}
		wantReports(t, got())
	})
}

// A panic of project is an error of the source: the inner streams go on.
func TestFlatMapDelayError_ProjectPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &observabletest.Probe[int]{Item: func(i int) int { return i }, Count: 5}
		o := observabletest.Subscribe(context.Background(), observable.FlatMapDelayError(p.Observable(), func(v int) ints {
			panicOn(v, 2)
			return later(time.Second, v)
		}, observable.Unlimited), t)
		time.Sleep(time.Minute)
		got := o.Values()
		slices.Sort(got)
		if !slices.Equal(got, []int{0, 1}) || p.Produced() != 3 || p.Active() != 0 {
			t.Errorf("%v; upstream emitted %d items", o, p.Produced())
		}
		o.AssertError(t, errBoom)
	})
}

// Errors that wait for an end that does not come are reported (rule C8).
func TestFlatten_DisposeReportsErrorsThatWait(t *testing.T) {
	for name, flatten := range flatteners {
		synctest.Test(t, func(t *testing.T) {
			ctx, got := reports(t)
			o := observabletest.NewObserver[int](t)
			flatten(observable.Concat(observable.Range(0, 2), observable.Never[int]()), func(v int) ints {
				if v == 0 { // a timer: one that is replaced before it is due has nothing on its way
					return observable.MapErr(observable.Timer(time.Second), func(context.Context, int) (int, error) { return 0, errBoom })
				}
				return observable.Never[int]()
			}).Subscribe(ctx, o)
			time.Sleep(time.Minute)
			waits := !o.Terminated()
			o.Dispose()
			o.Dispose()
			switch {
			case name == "SwitchMap" || name == "SwitchMapDelayError": // it was replaced before it could fail
				wantReports(t, got())
			case waits:
				wantReports(t, got(), errBoom)
			default:
				o.AssertError(t, errBoom)
				wantReports(t, got())
			}
		})
	}
}

// A source without a boundary that panics in Subscribe, or exits, ends the
// stream whatever errors wait for.
func TestFlatten_SubscribeGoesWrong(t *testing.T) {
	for name, flatten := range flatteners {
		for what, f := range map[string]func(){"panic": func() { panic(errBoom) }, "Goexit": runtime.Goexit} {
			for where := range 3 { // at once, or behind one that is not synchronous
				t.Run(fmt.Sprint(name, " ", what, " ", where), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						bad := observable.NewUnsafe[int](sourceFunc(func(_ context.Context, o observable.Observer[int]) {
							o.OnSubscribe(new(flag))
							f()
						}))
						o := observabletest.NewObserver[int](t)
						go flatten(observable.Range(0, 3), func(v int) ints {
							if v == where {
								return bad
							}
							return later(time.Second, v)
						}).Subscribe(context.Background(), o)
						time.Sleep(time.Minute)
						synctest.Wait()
						if what == "panic" {
							o.AssertError(t, errBoom)
						} else {
							o.AssertError(t, observable.ErrGoexit)
						}
					})
				})
			}
		}
	}
}

// All that many inner streams leave behind is nothing (rule C18).
func TestFlatten_ManyInnersLeaveNothing(t *testing.T) {
	const n = many
	heap := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	for name, flatten := range flatteners {
		var before, during uint64
		s := observable.NewPublishSubject[int]()
		items := 0
		flatten(s.Observable(), func(v int) ints { return observable.Range(v, 2) }).
			Subscribe(context.Background(), observable.Funcs[int]{Next: func(int) { items++ }})
		s.OnNext(0)
		before = heap()
		for i := range n {
			s.OnNext(i)
		}
		during = heap()
		if items != 2*n+2 || during > before+100_000 {
			t.Errorf("%s: %d items, %d bytes more", name, items, int64(during)-int64(before))
		}
		s.OnNext(1)
		s.OnComplete()
	}
}

// An item emitted by the observer into the source, while it gets one.
func TestFlatten_ReentrantSource(t *testing.T) {
	for name, flatten := range flatteners {
		s := observable.NewPublishSubject[int]()
		o := observabletest.NewObserver[int](t)
		o.Inside.Next = func(v int) {
			if v < 40 && v%10 == 0 {
				s.OnNext(v/10 + 1)
			}
			if v == 40 {
				s.OnComplete()
			}
		}
		flatten(s.Observable(), func(v int) ints { return observable.Just(10*v, 10*v+1) }).Subscribe(context.Background(), o)
		s.OnNext(0)
		o.AssertComplete(t)
		if o.Count() != 10 || o.Values()[0] != 0 {
			t.Errorf("%s: %v", name, o.Values())
		}
	}
}

// Many sources on goroutines of their own: nothing is lost (run with -race).
func TestFlatten_ConcurrentInners(t *testing.T) {
	const inners, each = 20, 500
	for name, flatten := range flatteners {
		if name == "SwitchMap" || name == "SwitchMapDelayError" {
			continue
		}
		counts := make([]int, inners)
		o := observabletest.NewObserver[int](t)
		o.Forget = true
		o.Inside.Next = func(v int) {
			if counts[v/each] != v%each {
				t.Errorf("%s: item %d of %d came when %d was due", name, v%each, v/each, counts[v/each])
			}
			counts[v/each]++
		}
		flatten(observable.Range(0, inners), func(v int) ints {
			p := &observabletest.Probe[int]{Item: func(i int) int { return v*each + i }, Count: each, Async: true}
			return p.Observable()
		}).Subscribe(context.Background(), o)
		<-o.Done()
		o.AssertComplete(t)
		if o.Count() != inners*each {
			t.Errorf("%s: %d items", name, o.Count())
		}
	}
}

func TestFlatMapCombine(t *testing.T) {
	two := func(v int) ints { return observable.Just(v, 10*v) }
	o := observabletest.Subscribe(t.Context(), observable.FlatMapCombine(observable.Range(1, 2), two, add, 1), t)
	o.AssertValues(t, 2, 11, 4, 22)
	o.AssertComplete(t)
	failing := func(v, w int) int { panicOn(v, 1); return w }
	o = observabletest.Subscribe(t.Context(), observable.FlatMapCombineDelayError(observable.Range(0, 3), two, failing, 1), t)
	o.AssertValues(t, 0, 0, 2, 20)
	o.AssertError(t, errBoom)
}

func TestFlatMapNotifications(t *testing.T) {
	failed := func(err error) ints { return just(len(err.Error())) }
	done := func() ints { return observable.Just(8, 9) }
	o := observabletest.Subscribe(t.Context(), observable.FlatMapNotifications(observable.Range(1, 2), just, failed, done, observable.Unlimited), t)
	o.AssertValues(t, 1, 2, 8, 9)
	o.AssertComplete(t)
	o = observabletest.Subscribe(t.Context(), observable.FlatMapNotifications(
		observable.Concat(just(1), observable.Error[int](errBoom)), just, failed, done, observable.Unlimited), t)
	o.AssertValues(t, 1, 4)
	o.AssertComplete(t)

	ctx, got := reports(t)
	o = observabletest.NewObserver[int](t)
	observable.FlatMapNotifications(observable.Error[int](errBoom), just, func(error) ints { panic(errOther) }, done, observable.Unlimited).Subscribe(ctx, o)
	o.AssertError(t, errBoom)
	o.AssertError(t, errOther)
	o = observabletest.NewObserver[int](t)
	observable.FlatMapNotifications(observable.Empty[int](), just, failed, func() ints { panic(errOther) }, observable.Unlimited).Subscribe(ctx, o)
	o.AssertError(t, errOther)
	o = observabletest.NewObserver[int](t)
	o.Inside.Next = func(v int) { panicOn(v, 8) }
	observable.FlatMapNotifications(observable.Empty[int](), just, failed, func() ints { return just(8) }, observable.Unlimited).Subscribe(ctx, o)
	o.AssertError(t, errBoom)
	o = observabletest.NewObserver[int](t).DisposeAfter(1)
	observable.FlatMapNotifications(just(1), just, failed, func() ints { t.Error("called after Dispose"); return just(2) }, observable.Unlimited).Subscribe(ctx, o)
	o.AssertNotTerminated(t)
	wantReports(t, got())
}

func upTo(n int) iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := range n {
			if !yield(i) {
				return
			}
		}
	}
}

func TestFlatMapSeq(t *testing.T) {
	for _, flatten := range []func(ints, func(int) iter.Seq[int]) ints{observable.FlatMapSeq[int, int], observable.ConcatMapSeq[int, int]} {
		o := observabletest.Subscribe(t.Context(), flatten(observable.Range(0, 4), func(v int) iter.Seq[int] {
			if v == 1 {
				return nil
			}
			return upTo(v)
		}), t)
		o.AssertValues(t, 0, 1, 0, 1, 2)
		o.AssertComplete(t)
	}
	got := 0
	for _, err := range observable.FlatMapSeq(observable.Range(0, 1000), func(int) iter.Seq[int] { return upTo(100) }).Seq(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		got++
	}
	if got != 100_000 {
		t.Errorf("%d items", got)
	}
}

// Dispose stops the iterator, also one that does not listen.
func TestFlatMapSeq_Dispose(t *testing.T) {
	p := count(observabletest.Endless)
	yields := 0
	o := observabletest.NewObserver[int](t).DisposeAfter(3)
	observable.FlatMapSeq(p.Observable(), func(v int) iter.Seq[int] {
		return func(yield func(int) bool) {
			for range 5 {
				if yields++; !yield(v) && yields != 3 && yields != 4 && yields != 5 {
					t.Errorf("yield %d is refused", yields)
				}
			}
		}
	}).Subscribe(context.Background(), o)
	o.AssertValues(t, 0, 0, 0)
	o.AssertNotTerminated(t)
	if p.Produced() != 1 || yields != 5 {
		t.Errorf("upstream emitted %d items, %d yields", p.Produced(), yields)
	}
}

// Whose fault it is: the iterator's before, between and after its values, and
// not while the observer has one.
func TestFlatMapSeq_Panics(t *testing.T) {
	for place := range 4 {
		inner := func(int) iter.Seq[int] {
			return func(yield func(int) bool) {
				for i := range 3 {
					panicOn(i, place)
					yield(i)
				}
				panic(errBoom)
			}
		}
		saved := observable.FlatMapSeq(count(3).Observable(), inner).OnErrorReturn(func(error) int { return -1 })
		o := observabletest.Subscribe(context.Background(), saved, t)
		want := append([]int{0, 1, 2}[:place:place], -1)
		o.AssertValues(t, want...)
		o.AssertComplete(t)
	}
	saved := observable.Map(observable.FlatMapSeq(count(3).Observable(), func(int) iter.Seq[int] { return upTo(3) }).
		OnErrorReturn(func(error) int { t.Error("the observer's panic is put down to FlatMapSeq"); return -1 }),
		func(v int) int { panicOn(v, 1); return v })
	observabletest.Subscribe(context.Background(), saved, t).AssertError(t, errBoom)
}

func TestFlatMapSeq_Allocations(t *testing.T) {
	seq := upTo(10)
	stream := func(n int) ints {
		return observable.FlatMapSeq(observable.Range(0, n), func(int) iter.Seq[int] { return seq })
	}
	allocs := func(o ints) float64 {
		return testing.AllocsPerRun(50, func() { o.Subscribe(context.Background(), observable.Funcs[int]{}) })
	}
	if few, many := allocs(stream(1)), allocs(stream(1000)); few != many {
		t.Errorf("1 iterator: %v allocations, 1000: %v", few, many)
	}
}
