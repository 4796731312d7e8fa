package observable_test

import (
	"context"
	"errors"
	"math"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quillgo/quill/observable"
	"github.com/quillgo/quill/observable/observabletest"
)

// What a hostile reader found.

// misbehave are observers that are failed by the boundary of a source.
var misbehave = map[string]observable.Funcs[int]{
	"panic in OnNext":       {Next: func(int) { panic(errBoom) }, Error: func(error) {}},
	"Goexit in OnNext":      {Next: func(int) { runtime.Goexit() }, Error: func(error) {}},
	"panic in OnSubscribe":  {Subscribe: func(observable.Disposable) { panic(errBoom) }, Error: func(error) {}},
	"Goexit in OnSubscribe": {Subscribe: func(observable.Disposable) { runtime.Goexit() }, Error: func(error) {}},
}

func TestRegression_UsingReleasesWhoeverIsToBlame(t *testing.T) {
	for name, o := range misbehave {
		for _, using := range []func(acquire func(context.Context) (int, error), build func(int) observable.Observable[int], release func(int) error) observable.Observable[int]{
			observable.Using[int, int], observable.UsingLazy[int, int],
		} {
			released := 0
			aside(func() {
				using(func(context.Context) (int, error) { return 7, nil },
					func(int) observable.Observable[int] { return observable.Range(0, 3) },
					func(int) error { released++; return nil }).Subscribe(context.Background(), o)
			})
			assert.Equal(t, 1, released, name)
		}
	}
}

func TestRegression_MulticastLeavesWhoeverIsToBlame(t *testing.T) {
	same := func(s observable.Observable[int]) observable.Observable[int] { return s }
	for name, o := range misbehave {
		source := observable.NewPublishSubject[int]()
		for _, stream := range []observable.Observable[int]{
			observable.PublishBy(source.Observable(), same),
			observable.ReplayBy(source.Observable(), same, observable.ReplayOptions{}),
		} {
			aside(func() {
				stream.Subscribe(context.Background(), o)
				source.OnNext(1)
			})
			assert.False(t, source.HasObservers(), name)
		}
		aside(func() { // which returns
			observable.PublishBy(observable.Range(0, math.MaxInt), same).Subscribe(context.Background(), o)
		})
	}
}

func TestRegression_GroupByHoldsNoNaN(t *testing.T) {
	source := observable.NewPublishSubject[int]()
	items, groups := 0, 0
	observable.GroupBy(source.Observable(), func(int) float64 { return math.NaN() }).Subscribe(context.Background(),
		observable.Funcs[observable.Grouped[float64, int]]{Next: func(g observable.Grouped[float64, int]) {
			groups++
			g.Take(1).Subscribe(context.Background(), observable.Funcs[int]{Next: func(int) { items++ }})
		}})
	const n = 50_000
	before := heapInUse()
	for i := range n {
		source.OnNext(i)
	}
	assert.Equal(t, []int{n, n}, []int{groups, items})
	assert.Less(t, int64(heapInUse())-int64(before), int64(n*64), "what groups that have ended hold")
	runtime.KeepAlive(source)
}

func heapInUse() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// An error that waits for its turn when a Goexit ends the drainer is reported.
func TestRegression_CutsReportWhatWaits(t *testing.T) {
	ctx, got := reports(t)
	source, boundary := observable.NewPublishSubject[int](), observable.NewPublishSubject[int]()
	var outer, inner error
	aside(func() {
		observable.WindowWhen(source.Observable(), boundary.Observable()).Subscribe(ctx, observable.Funcs[intWindow]{
			Next: func(w intWindow) {
				w.Subscribe(ctx, observable.Funcs[int]{
					Next:  func(int) { boundary.OnError(errBoom); runtime.Goexit() },
					Error: func(err error) { inner = err },
				})
			},
			Error: func(err error) { outer = err },
		})
		source.OnNext(1)
	})
	require.ErrorIs(t, outer, observable.ErrGoexit)
	require.ErrorIs(t, inner, observable.ErrGoexit)
	wantReports(t, got(), errBoom)
}

func TestRegression_GroupJoinErrorMeetsDispose(t *testing.T) {
	never := func(int) observable.Observable[int] { return observable.Never[int]() }
	observabletest.Race(t, 300, func(race func(f, g func(), more ...func())) {
		ctx, got := reports(t)
		a := new(source)
		o := observabletest.NewObserver[int](t)
		observable.GroupJoin(a.stream(), observable.Never[int](), never, never,
			func(a int, _ observable.Observable[int]) int { return a }).Subscribe(ctx, o)
		for i := range 50 {
			a.next(i)
		}
		var given bool
		race(func() { given = a.fail(errBoom) }, o.Dispose)
		told := len(got())
		if o.Err() != nil {
			told++
		}
		if given && told != 1 {
			t.Errorf("an error was told %d times", told)
		}
	})
}

func TestRegression_MaterializeReportsALateError(t *testing.T) {
	ctx, got := reports(t)
	a := new(source)
	o := observabletest.Subscribe(ctx, observable.Materialize(a.stream()), t)
	late := *a.o.Load()
	o.Dispose()
	late.OnError(errBoom)
	wantReports(t, got(), errBoom)
}

func TestRegression_BackoffKeepsTheErrorWhenIfPanics(t *testing.T) {
	b := observable.Backoff{Initial: 1, If: func(error) bool { panic("no") }}
	_, err := observable.RetryWhen(observable.Error[int](errBoom), b.Handler()).ToSlice(context.Background())
	require.ErrorIs(t, err, errBoom)
	var p *observable.PanicError
	require.True(t, errors.As(err, &p))
}
