package observable_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
	"weak"

	"github.com/quillgo/quill/observable"
	"github.com/quillgo/quill/observable/observabletest"
)

func just(v int) observable.Observable[int] { return observable.Just(v) }

// later is a stream of v and completion, after d, from a goroutine of its own.
func later[T any](d time.Duration, v T) observable.Observable[T] {
	return observable.Map(observable.Timer(d), func(int) T { return v })
}

// depthAt is how many frames are on the stack, looked at now and then only.
func depthAt(n int) int {
	if n%500 != 0 {
		return 0
	}
	var frames [1024]uintptr
	return runtime.Callers(0, frames[:])
}

func TestFlatMap_Arguments(t *testing.T) {
	refused(t, "FlatMap", "project", func() { observable.FlatMap[int, int](observable.Just(1), nil, 1) })
	refused(t, "FlatMap", "limit", func() { observable.FlatMap(observable.Just(1), just, 0) })
	refused(t, "FlatMap", "limit", func() { observable.FlatMap(observable.Just(1), just, -2) })
}

func TestFlatMap_Synchronous(t *testing.T) {
	for _, limit := range []int{observable.Unlimited, 1, 2} {
		o := observabletest.Subscribe(t.Context(), observable.FlatMap(observable.Range(0, 4), func(v int) observable.Observable[int] {
			switch v {
			case 0:
				return observable.Empty[int]()
			case 1:
				return just(10)
			case 2:
				return observable.Range(20, 2)
			}
			return observable.Observable[int]{}
		}, limit), t)
		o.AssertValues(t, 10, 20, 21)
		o.AssertComplete(t)
	}
}

func TestFlatMap_InterleavesAsTimeGoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := observabletest.Subscribe(context.Background(), observable.Merge(later(3, 3), later(1, 1), later(2, 2)), t)
		time.Sleep(time.Second)
		o.AssertValues(t, 1, 2, 3)
		o.AssertComplete(t)
	})
}

// At most limit inner streams are subscribed at a time; the others wait, and
// the source does not.
func TestFlatMap_Limit(t *testing.T) {
	for _, limit := range []int{1, 2, 3} {
		synctest.Test(t, func(t *testing.T) {
			var active atomic.Int32
			most := int32(0)
			p := count(9)
			inner := func(v int) observable.Observable[int] {
				return observable.Defer(func(context.Context) observable.Observable[int] {
					most = max(most, active.Add(1)) // one stream is started at a time
					return observable.Map(later(time.Second, v), func(v int) int { active.Add(-1); return v })
				})
			}
			o := observabletest.Subscribe(context.Background(), observable.FlatMap(p.Observable(), inner, limit), t)
			if p.Produced() != 9 {
				t.Errorf("the source was stopped at item %d", p.Produced())
			}
			start := time.Now()
			<-o.Done()
			took := time.Since(start)
			if int(most) != limit || took != time.Duration(9/limit)*time.Second+time.Duration(min(1, 9%limit))*time.Second {
				t.Errorf("limit %d: %d at a time, took %v", limit, most, took)
			}
			got := o.Values()
			slices.Sort(got)
			if fmt.Sprint(got) != "[0 1 2 3 4 5 6 7 8]" {
				t.Errorf("limit %d: %v", limit, got)
			}
		})
	}
}

func TestFlatMap_FirstErrorWins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, got := reports(t)
		other := fmt.Errorf("other")
		running := &observabletest.Probe[int]{Item: func(i int) int { return i }, Count: observabletest.Endless, Async: true, Gap: time.Second}
		fails := func(d time.Duration, err error) observable.Observable[int] {
			return observable.MapErr(later(d, 0), func(context.Context, int) (int, error) { return 0, err })
		}
		o := observabletest.NewObserver[int](t)
		o.Inside.Error = func(error) {
			if running.Active() > 0 {
				t.Error("the error is told while another source is running (rule C14)")
			}
		}
		observable.Merge(running.Observable(), fails(2500*time.Millisecond, errBoom), fails(2500*time.Millisecond, other)).Subscribe(ctx, o)
		time.Sleep(time.Minute)
		o.AssertValues(t, 0, 1, 2)
		lost := other
		if errors.Is(o.Err(), other) {
			lost = errBoom
		}
		if reported := got(); len(reported) > 0 { // unless it was stopped in time
			wantReports(t, reported, lost)
		}
	})
}

// A stream that project returns after Dispose is not subscribed to.
func TestFlatten_DisposeInsideProject(t *testing.T) {
	for name, flatten := range flatteners {
		inner := count(observabletest.Endless)
		o := observabletest.NewObserver[int](t)
		flatten(observable.Range(0, 3), func(int) observable.Observable[int] {
			o.Upstream().Dispose()
			return inner.Observable()
		}).Subscribe(context.Background(), o)
		o.AssertEmpty(t)
		o.AssertNotTerminated(t)
		if inner.Produced() > 0 || inner.Active() > 0 {
			t.Errorf("%s: the inner stream emitted %d items, %d active", name, inner.Produced(), inner.Active())
		}
	}
}

// An error that was accepted while somebody was inside the observer, who then
// disposed, must not get lost (rule C8).
func TestFlatMap_ErrorAndDisposeAtOnce(t *testing.T) {
	for name, stream := range map[string]func(a, b observable.Observable[int]) observable.Observable[int]{
		"Merge": func(a, b observable.Observable[int]) observable.Observable[int] { return observable.Merge(a, b) },
		"Zip2": func(a, b observable.Observable[int]) observable.Observable[int] {
			return observable.Zip2(a, observable.Concat(just(1), b), add)
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, got := reports(t)
				o := observabletest.NewObserver[int](t).DisposeAfter(1)
				slow := observable.Map(later(time.Second, 1), func(v int) int { return v })
				failing := observable.MapErr(later(2*time.Second, 0), func(context.Context, int) (int, error) { return 0, errBoom })
				blocking := observable.FlatMap(stream(slow, failing), just, observable.Unlimited)
				o.Inside.Next = nil
				observable.Map(blocking, func(v int) int { time.Sleep(5 * time.Second); return v }).Subscribe(ctx, o)
				time.Sleep(time.Minute)
				o.AssertNotTerminated(t)
				wantReports(t, got(), errBoom)
			})
		})
	}
}

// Synchronous inner streams are subscribed to in a loop (rule C16).
func TestFlatten_NoRecursion(t *testing.T) {
	const n = many
	two := func(v int) observable.Observable[int] { return observable.Range(v, 2) }
	outer := observable.Range(0, n)
	for name, stream := range map[string]observable.Observable[int]{
		"FlatMap":         observable.FlatMap(outer, two, observable.Unlimited),
		"FlatMap limit 1": observable.FlatMap(outer, two, 1),
		"ConcatMap":       observable.ConcatMap(outer, two),
	} {
		deepest, items := 0, 0
		done := false
		stream.Subscribe(context.Background(), observable.Funcs[int]{
			Next:     func(int) { items++; deepest = max(deepest, depthAt(items)) },
			Complete: func() { done = true },
		})
		if items != 2*n || !done || deepest > 60 {
			t.Errorf("%s: %d items, completed %v, %d frames deep", name, items, done, deepest)
		}
	}
}

// The same when all of them waited for an asynchronous one.
func TestFlatten_NoRecursionAfterWaiting(t *testing.T) {
	const n = 20_000
	inner := func(v int) observable.Observable[int] {
		if v == 0 {
			return later(time.Second, 0)
		}
		return observable.Range(v, 2)
	}
	for name, stream := range map[string]observable.Observable[int]{
		"FlatMap limit 1": observable.FlatMap(observable.Range(0, n), inner, 1),
		"ConcatMap":       observable.ConcatMap(observable.Range(0, n), inner),
	} {
		synctest.Test(t, func(t *testing.T) {
			deepest, items := 0, 0
			done := make(chan struct{})
			stream.Subscribe(context.Background(), observable.Funcs[int]{
				Next:     func(int) { items++; deepest = max(deepest, depthAt(items)) },
				Complete: func() { close(done) },
			})
			<-done
			if items != 2*n-1 || deepest > 60 {
				t.Errorf("%s: %d items, %d frames deep", name, items, deepest)
			}
		})
	}
}

// Queues let go of what they have given away, also while the stream goes on
// (rule C18).
func TestFlatten_QueuesLetGo(t *testing.T) {
	for name, stream := range map[string]func(open, many stream) stream{
		"Merge": func(open, many stream) stream { return observable.Merge(open, many) },
		"TakeUntilWhen": func(open, many stream) stream {
			return observable.TakeUntilWhen(observable.Merge(open, many), observable.Never[int]())
		},
		"ConcatMap": func(open, many stream) stream {
			return observable.ConcatMap(observable.Merge(many, open), func(v token) stream { return later(time.Second, v) })
		},
		"FlatMap limit 1": func(open, many stream) stream {
			return observable.FlatMap(observable.Merge(many, open), func(v token) stream { return later(time.Second, v) }, 1)
		},
		"Zip2": func(open, many stream) stream {
			slow := &observabletest.Probe[int]{Item: func(i int) int { return i }, Count: 20, Async: true, Gap: time.Second, Open: true}
			return observable.Zip2(observable.Merge(many, open), slow.Observable(), func(v token, _ int) token { return v })
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			var made []weak.Pointer[observabletest.Token]
			item := func(i int) token {
				v := &observabletest.Token{N: i}
				made = append(made, weak.Make(v))
				return v
			}
			many := &observabletest.Probe[token]{Item: item, Count: 10, Async: true, Open: true}
			open := &observabletest.Probe[token]{Item: func(int) token { return nil }, Count: 1, Async: true, Open: true}
			o := observabletest.NewObserver[token](t)
			o.Forget = true
			o.Inside.Next = func(token) { time.Sleep(time.Second) } // the others queue meanwhile
			stream(open.Observable(), many.Observable()).Subscribe(context.Background(), o)
			time.Sleep(time.Minute)
			synctest.Wait()
			runtime.GC()
			held := 0
			for _, w := range made {
				if w.Value() != nil {
					held++
				}
			}
			if o.Count() != 11 || held > 0 {
				t.Errorf("%s: %d items came, %d are held", name, o.Count(), held)
			}
			o.AssertNotTerminated(t)
			o.Dispose()
			runtime.KeepAlive(o)
		})
	}
}

// Inner streams that have ended are let go of (rule C18).
func TestFlatten_LetsGoOfEndedInners(t *testing.T) {
	for name, flatten := range map[string]func(o observable.Observable[int], project func(int) observable.Observable[int]) observable.Observable[int]{
		"FlatMap": func(o observable.Observable[int], project func(int) observable.Observable[int]) observable.Observable[int] {
			return observable.FlatMap(o, project, observable.Unlimited)
		},
		"ConcatMap": observable.ConcatMap[int, int],
	} {
		type handle struct {
			flag
			_ [3]int // keeps it out of the allocator's shared blocks
		}
		var made []weak.Pointer[handle]
		inner := observable.NewUnsafe[int](sourceFunc(func(_ context.Context, o observable.Observer[int]) {
			d := &handle{}
			made = append(made, weak.Make(d))
			o.OnSubscribe(d)
			o.OnNext(1)
			o.OnComplete()
		}))
		outer := count(20)
		outer.Open = true
		o := observabletest.Subscribe(context.Background(), flatten(outer.Observable(), func(int) observable.Observable[int] { return inner }), t)
		runtime.GC()
		for i, d := range made {
			if d.Value() != nil {
				t.Errorf("%s: inner stream %d of %d is held", name, i, len(made))
			}
		}
		o.AssertNotTerminated(t)
		runtime.KeepAlive(o)
	}
}
