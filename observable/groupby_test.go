package observable_test

import (
	"context"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quillgo/quill/observable"
	"github.com/quillgo/quill/observable/observabletest"
)

type intGroup = observable.Grouped[int, int]

func mod(n int) func(int) int { return func(v int) int { return v % n } }

// TestGroupBy_ObservedLate is the way of RxJava, as for windows.
func TestGroupBy_ObservedLate(t *testing.T) {
	const n = many
	all, err := observable.GroupBy(observable.Range(0, n), mod(10)).ToSlice(context.Background())
	require.NoError(t, err)
	var items []int
	for _, g := range all {
		some, err := g.ToSlice(context.Background())
		require.NoError(t, err)
		for _, v := range some {
			require.Equal(t, g.Key(), v%10)
		}
		items = append(items, some...)
	}
	assert.Equal(t, firstInts(n), items)
}

func TestGroupBy_ObservedInTime(t *testing.T) {
	const n = many
	lists := observable.FlatMap(observable.GroupBy(observable.Range(0, n), mod(10)),
		func(g intGroup) observable.Observable[[]int] { return observable.ToList(g.Observable) }, observable.Unlimited)
	all, err := lists.ToSlice(context.Background())
	require.NoError(t, err)
	require.Len(t, all, 10)
	for k, list := range all {
		require.Len(t, list, n/10)
		for i, v := range list {
			require.Equal(t, 10*i+k, v)
		}
	}
}

func TestGroupBy_LeftGroupBeginsAgain(t *testing.T) {
	firsts := observable.FlatMap(observable.GroupBy(observable.Range(0, many), mod(2)),
		func(g intGroup) observable.Observable[int] { return g.Take(1) }, observable.Unlimited)
	all, err := firsts.ToSlice(context.Background())
	require.NoError(t, err)
	assert.Equal(t, firstInts(many), all)
}

func TestGroupBy_DisposeLeavesOpenGroupsAlone(t *testing.T) {
	source := observable.NewPublishSubject[int]()
	group := observabletest.NewObserver[int](t)
	outer := observabletest.NewObserver[intGroup](t)
	outer.Inside.Next = func(g intGroup) { g.Subscribe(context.Background(), group) }
	observable.GroupBy(source.Observable(), mod(2)).Subscribe(context.Background(), outer)
	source.OnNext(0)
	outer.Dispose()
	source.OnNext(1)
	source.OnNext(2)
	assert.Equal(t, []int{0, 2}, group.Values())
	assert.Equal(t, 1, outer.Count())
	group.Dispose()
	assert.False(t, source.HasObservers())
}

func TestGroupBy_ErrorAfterDisposeIsReported(t *testing.T) {
	var reports []error
	ctx := observable.WithErrorHandler(context.Background(), func(err error) { reports = append(reports, err) })
	source := observable.NewPublishSubject[int]()
	group := observabletest.NewObserver[int](t)
	outer := observabletest.NewObserver[intGroup](t).DisposeAfter(1)
	outer.Inside.Next = func(g intGroup) { g.Subscribe(context.Background(), group) }
	observable.GroupBy(source.Observable(), mod(2)).Subscribe(ctx, outer)
	source.OnNext(0)
	source.OnError(errBoom)
	group.AssertError(t, errBoom)
	outer.AssertNotTerminated(t)
	require.Len(t, reports, 1)
	assert.ErrorIs(t, reports[0], errBoom)
}

func TestGroupBy_KeyThatIsNone(t *testing.T) {
	source := observable.NewPublishSubject[int]()
	group := observabletest.NewObserver[int](t)
	outer := observabletest.NewObserver[observable.Grouped[any, int]](t)
	outer.Inside.Next = func(g observable.Grouped[any, int]) { g.Subscribe(context.Background(), group) }
	observable.GroupBy(source.Observable(), func(v int) any {
		if v == 2 {
			return []int{v}
		}
		return v
	}).Subscribe(context.Background(), outer)
	source.OnNext(1)
	source.OnNext(2)
	var panicked *observable.PanicError
	require.ErrorAs(t, group.Err(), &panicked)
	assert.Equal(t, group.Err(), outer.Err())
	assert.False(t, source.HasObservers())
}

func TestGroupByValue_PanicOfValueShowsTheGroup(t *testing.T) {
	group := observabletest.NewObserver[int](t)
	outer := observabletest.NewObserver[intGroup](t)
	outer.Inside.Next = func(g intGroup) { g.Subscribe(context.Background(), group) }
	observable.GroupByValue(observable.Just(1), mod(2), func(int) int { panic(errBoom) }).Subscribe(context.Background(), outer)
	assert.Equal(t, 1, outer.Count())
	group.AssertEmpty(t)
	group.AssertError(t, errBoom)
	outer.AssertError(t, errBoom)
}

// TestGroupBy_ErrorMeetsQueuedItems has a group's observer busy on a goroutine
// of its own while the source goes on.
func TestGroupBy_ErrorMeetsQueuedItems(t *testing.T) {
	for name, c := range map[string]struct {
		group func(observable.Observable[int], func(int) int) observable.Observable[intGroup]
		want  []int
	}{
		"overtakes": {observable.GroupBy[int, int], []int{0}},
		"waits":     {observable.GroupByDelayError[int, int], []int{0, 2, 4}},
	} {
		t.Run(name, func(t *testing.T) {
			obs := observabletest.NewObserver[int](t)
			busy, free := make(chan struct{}), make(chan struct{})
			obs.Inside.Next = func(v int) {
				if v == 0 {
					close(busy)
					<-free
				}
			}
			var done sync.WaitGroup
			source := observable.NewPublishSubject[int]()
			c.group(source.Observable(), mod(2)).Subscribe(context.Background(), observable.Funcs[intGroup]{
				Next: func(g intGroup) {
					done.Go(func() { g.Subscribe(context.Background(), obs) })
					<-busy
				},
				Error: func(error) {},
			})
			source.OnNext(0)
			source.OnNext(2)
			source.OnNext(4)
			source.OnError(errBoom)
			close(free)
			done.Wait()
			assert.Equal(t, c.want, obs.Values())
			obs.AssertError(t, errBoom)
		})
	}
}
