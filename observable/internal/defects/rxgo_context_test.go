package defects_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quillgo/quill/observable"
	"github.com/quillgo/quill/observable/observabletest"
)

// RxGo's Amb of empty streams hangs, and so does CombineLatest of an empty one.
func TestG11_EmptyStreamsEndTheOthers(t *testing.T) {
	empty, never := observable.Empty[int](), observable.Never[int]()
	for name, o := range map[string]stream{
		"Amb, two":            observable.Amb(empty, empty),
		"Amb, one":            observable.Amb(never, empty),
		"CombineLatest":       observable.CombineLatest2(empty, never, add),
		"CombineLatest, last": observable.CombineLatest2(never, empty, add),
		"Zip":                 observable.Zip2(never, empty, add),
	} {
		t.Run(name, func(t *testing.T) { assertOutcome(t, watch(t, o), "|") })
	}
}

// RxGo's Range never closes its channel when the context ends, and ToSlice
// reports no error.
func TestG12_EndedContextIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		defer cancel(nil)
		read := 0
		var last error
		for item := range observable.Range(0, 1<<40).Chan(ctx, 0) {
			if last = item.Err; last == nil {
				read++
			}
			if read == 3 {
				cancel(errBoom)
			}
		}
		assert.GreaterOrEqual(t, read, 3)
		assert.Less(t, read, 1<<20)
		if last != nil { // the channel had room for it
			assert.ErrorIs(t, last, errBoom)
		}

		got, err := observable.Range(0, 1<<40).ToSlice(ctx)
		assert.ErrorIs(t, err, errBoom)
		assert.Empty(t, got)
	})
}

// RxGo returns from a blocked send with its lock held: the next Observe waits for
// ever.
func TestG13_LeavingABlockedSend(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := observable.NewPublishSubject[int]()
		ctx, cancel := context.WithCancel(t.Context())
		blocked := s.Observable().Chan(ctx, 0) // nobody reads
		synctest.Wait()
		sent := make(chan struct{})
		go func() { // ends when ctx does
			s.OnNext(1)
			close(sent)
		}()
		synctest.Wait()
		select {
		case <-sent:
			t.Error("the producer did not wait")
		default:
		}
		cancel()
		<-sent
		for range blocked {
		}
		next := watch(t, s.Observable())
		s.OnNext(2)
		s.OnComplete()
		assertOutcome(t, next, "2 |")
	})
}

// RxGo's published stream stands still for all when one of them does not read,
// and nobody can leave.
func TestG14_SlowObserverWithAQueueHoldsUpNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := observable.NewPublishSubject[int]()
		c := observable.Publish(s.Observable())
		gate := make(chan struct{})
		slow := observabletest.NewObserver[int](t)
		slow.Inside.Next = func(int) { <-gate }
		c.Observable().ObserveOn(observable.Go(), observable.Unlimited).Subscribe(t.Context(), slow)
		fast, leaving := watch(t, c.Observable()), watch(t, c.Observable())
		c.Connect(t.Context())
		s.OnNext(1)
		leaving.Dispose()
		s.OnNext(2)
		s.OnComplete()
		assertOutcome(t, fast, "1 2 |")
		assertOutcome(t, leaving, "1 ...")
		synctest.Wait()
		assertOutcome(t, slow, "1 ...")
		close(gate)
		synctest.Wait()
		assertOutcome(t, slow, "1 2 |")
	})
}

// RxGo merges two contexts by a goroutine that outlives the stream.
func TestG15_FinishedStreamsWatchNoContext(t *testing.T) {
	for name, o := range map[string]stream{
		"completed": observable.Merge(observable.Just(1), observable.Just(2)),
		"failed":    failing(1),
		"left":      observable.Never[int]().StartWith(1),
	} {
		t.Run(name, func(t *testing.T) {
			watched := &watchedContext{Context: context.Background(), done: make(chan struct{})}
			for range 100 {
				observabletest.Subscribe(watched, o, t).Dispose()
			}
			watched.mu.Lock()
			defer watched.mu.Unlock()
			assert.Equal(t, 100, watched.began)
			assert.Equal(t, 100, watched.ended)
		})
	}
}

// watchedContext could end, and counts who waits for that.
type watchedContext struct {
	context.Context
	done         chan struct{} // never closed
	mu           sync.Mutex
	began, ended int // guarded by mu
}

func (c *watchedContext) Done() <-chan struct{} { return c.done }

// AfterFunc is what context.AfterFunc asks for.
func (c *watchedContext) AfterFunc(func()) func() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.began++
	return sync.OnceValue(func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.ended++
		return true
	})
}

// RxGo's intervals run before anybody observes them, its Timer emits nothing, and
// its Debounce drops what waits at the end.
func TestG16_TimedSourcesAreCold(t *testing.T) {
	s := observabletest.NewVirtualScheduler()
	interval := observable.Interval(10*time.Millisecond, s)
	assert.Zero(t, s.Pending())
	s.AdvanceBy(100 * time.Millisecond)
	first := watch(t, interval)
	s.AdvanceBy(10 * time.Millisecond)
	assertOutcome(t, first, "0 ...")
	second := watch(t, interval)
	s.AdvanceBy(10 * time.Millisecond)
	assertOutcome(t, first, "0 1 ...")
	assertOutcome(t, second, "0 ...")
	first.Dispose()
	second.Dispose()

	timer := watch(t, observable.Timer(time.Second, s))
	last := watch(t, observable.Debounce(observable.Just(1, 2), time.Second, s))
	assertOutcome(t, last, "2 |")
	s.AdvanceBy(time.Second)
	assertOutcome(t, timer, "0 |")
	assert.Zero(t, s.Pending())
}

// RxGo's Map with a pool changes the order, and its DoOnNext ends the stream and
// swallows the error.
func TestG17_OrderAndErrorsSurviveAPool(t *testing.T) {
	pool := observable.SchedulerFunc(func(task func()) error { go task(); return nil }) // ends with its work
	var want, seen []int
	for i := range 200 {
		want = append(want, i*2)
	}
	double := func(v int) int { return v * 2 }
	o := observable.Map(observable.Range(0, 200).ObserveOn(pool, 8), double).ObserveOn(pool, 8)
	got, err := o.DoOnNext(func(v int) { seen = append(seen, v) }).ToSlice(t.Context())
	assert.NoError(t, err)
	assert.Equal(t, want, got)
	assert.Equal(t, want, seen)

	eager := observable.ConcatMapEager(observable.Range(0, 50), func(v int) stream {
		return observable.Map(observable.Just(v).SubscribeOn(pool), double)
	}, 8)
	got, err = eager.ToSlice(t.Context())
	assert.NoError(t, err)
	assert.Equal(t, want[:50], got)

	assertOutcome(t, watch(t, failing(1, 2).DoOnNext(func(int) {})), "1 2 #(boom)")
}

// RxGo's optional single keeps its options where all observers write to them.
func TestG18_SinglesMayBeReadConcurrently(t *testing.T) {
	for name, o := range map[string]stream{
		"SingleElement": observable.SingleElement(observable.Just(5)),
		"SingleOr":      observable.SingleOr(observable.Empty[int](), 5),
		"Reduce":        observable.Reduce(observable.Just(2, 3), add),
	} {
		t.Run(name, func(t *testing.T) {
			var wg sync.WaitGroup
			for range 4 {
				wg.Go(func() {
					for range 50 {
						v, err := o.Single(t.Context())
						assert.NoError(t, err)
						assert.Equal(t, 5, v)
					}
				})
			}
			wg.Wait()
		})
	}
}

// RxGo's windows are channels that somebody has to read before the next one comes:
// a list of them hangs.
func TestG19_ListOfWindowsDoesNotHang(t *testing.T) {
	windows, err := observable.Window(observable.Just(1, 2, 3, 4, 5), 2).ToSlice(t.Context())
	require.NoError(t, err)
	// A window that nobody wanted ends with the item that opened it; nothing is
	// lost.
	var items []int
	for _, w := range windows {
		got, err := w.ToSlice(t.Context())
		require.NoError(t, err)
		items = append(items, got...)
	}
	assert.Equal(t, []int{1, 2, 3, 4, 5}, items)
	lists, err := observable.ConcatMap(observable.Window(observable.Just(1, 2, 3, 4, 5), 2), observable.Sum[int]).ToSlice(t.Context())
	require.NoError(t, err)
	assert.Equal(t, []int{3, 7, 5}, lists)
}
