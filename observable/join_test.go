package observable_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/quillgo/quill/observable"
	"github.com/quillgo/quill/observable/observabletest"
)

// joinEnds are the ends of the windows that a join has opened: their signals are
// the test's.
type joinEnds map[int]*source

func (w joinEnds) end(v int) observable.Observable[int] {
	w[v] = new(source)
	return w[v].stream()
}

type joinTrial struct {
	left, right       *source
	leftEnd, rightEnd joinEnds
	o                 *observabletest.TestObserver[string]
	reported          func() []error
}

func newJoinTrial(t *testing.T) *joinTrial {
	t.Helper()
	return &joinTrial{left: new(source), right: new(source), leftEnd: joinEnds{}, rightEnd: joinEnds{},
		o: observabletest.NewObserver[string](t)}
}

// startJoin subscribes, with ends of windows that close when the test says so.
func startJoin(t *testing.T) *joinTrial {
	t.Helper()
	j := newJoinTrial(t)
	ctx, reported := reports(t)
	j.reported = reported
	observable.Join(j.left.stream(), j.right.stream(), j.leftEnd.end, j.rightEnd.end,
		func(l, r int) string { return fmt.Sprint(l, "-", r) }).Subscribe(ctx, j.o)
	return j
}

// running returns how many of the streams have not been disposed.
func (j *joinTrial) running() (n int) {
	for _, all := range []joinEnds{{-1: j.left, -2: j.right}, j.leftEnd, j.rightEnd} {
		for _, s := range all {
			if !s.Disposed() {
				n++
			}
		}
	}
	return n
}

func TestJoin_Windows(t *testing.T) {
	j := startJoin(t)
	j.left.next(1)
	j.left.next(2)
	j.right.next(10)
	j.o.AssertValues(t, "1-10", "2-10")
	j.leftEnd[1].next(0) // an item closes, and the stream is not needed any more
	if !j.leftEnd[1].Disposed() {
		t.Error("the end of a closed window is running")
	}
	j.right.next(20)
	j.rightEnd[10].complete() // so does completion
	j.left.next(3)
	j.o.AssertValues(t, "1-10", "2-10", "2-20", "3-20")
	j.left.complete()
	j.o.AssertNotTerminated(t)
	j.right.next(30)
	j.right.complete() // whatever windows are open
	j.o.AssertValues(t, "1-10", "2-10", "2-20", "3-20", "2-30", "3-30")
	j.o.AssertComplete(t)
	for v, end := range j.leftEnd {
		if !end.Disposed() {
			t.Errorf("the end of the window of %d is running", v)
		}
	}
}

// Windows in the middle, at the ends, and the only one of the list.
func TestJoin_ClosedInAnyOrder(t *testing.T) {
	for _, order := range [][]int{{1, 2, 3}, {3, 2, 1}, {2, 1, 3}, {2, 3, 1}} {
		j := startJoin(t)
		for v := 1; v <= 3; v++ {
			j.left.next(v)
		}
		open := map[int]bool{1: true, 2: true, 3: true}
		var want []string
		for i, closed := range order {
			j.leftEnd[closed].complete()
			delete(open, closed)
			j.right.next(10 * i)
			for v := 1; v <= 3; v++ {
				if open[v] {
					want = append(want, fmt.Sprint(v, "-", 10*i))
				}
			}
		}
		j.o.AssertValues(t, want...)
	}
}

// A window that closes at once has met what was there.
func TestJoin_EmptyWindow(t *testing.T) {
	o := observabletest.Subscribe(t.Context(), observable.Join(observable.Just(1, 2), observable.Just(10, 20),
		func(int) observable.Observable[int] { return observable.Never[int]() },
		func(int) observable.Observable[int] { return observable.Empty[int]() }, add), t)
	o.AssertValues(t, 11, 12, 21, 22)
	o.AssertComplete(t)
}

func TestJoin_Failures(t *testing.T) {
	for name, fail := range map[string]func(j *joinTrial){
		"left":       func(j *joinTrial) { j.left.fail(errBoom) },
		"right":      func(j *joinTrial) { j.right.fail(errBoom) },
		"a left end": func(j *joinTrial) { j.leftEnd[1].fail(errBoom) },
	} {
		j := startJoin(t)
		j.left.next(1)
		j.left.next(2)
		j.right.next(10)
		fail(j)
		j.o.AssertError(t, errBoom)
		if n := j.running(); n > 1 { // the one that failed
			t.Errorf("%s: %d streams are running", name, n)
		}
		wantReports(t, j.reported())
	}
	end := observable.Error[int](errBoom) // which fails while it is subscribed to
	o := observabletest.Subscribe(t.Context(), observable.Join(observable.Just(1, 2), just(10),
		func(int) observable.Observable[int] { return end }, just, add), t)
	o.AssertEmpty(t)
	o.AssertError(t, errBoom)
}

func TestJoin_PanicOfAnEnd(t *testing.T) {
	for _, bad := range map[string]func(int) observable.Observable[int]{
		"function": func(v int) observable.Observable[int] { panicOn(v, 20); return observable.Never[int]() },
		"stream": func(v int) observable.Observable[int] {
			if v != 20 {
				return observable.Never[int]()
			}
			return observable.Map(just(1), func(int) int { panic(errBoom) })
		},
	} {
		o := observabletest.Subscribe(context.Background(), observable.Join(just(1), observable.Just(10, 20),
			func(int) observable.Observable[int] { return observable.Never[int]() }, bad, add), t)
		o.AssertValues(t, 11)
		o.AssertError(t, errBoom)
	}
}

func TestJoin_Dispose(t *testing.T) {
	j := startJoin(t)
	j.left.next(1)
	j.right.next(10)
	j.o.Dispose()
	if n := j.running(); n > 0 {
		t.Errorf("%d streams are running", n)
	}
}

// Dispose between two combinations of the same item (rule C4).
func TestJoin_DisposeInsideOnNext(t *testing.T) {
	j := newJoinTrial(t)
	j.o.DisposeAfter(2)
	observable.Join(j.left.stream(), j.right.stream(), j.leftEnd.end, j.rightEnd.end,
		func(l, r int) string { return fmt.Sprint(l, "-", r) }).Subscribe(t.Context(), j.o)
	for v := 1; v <= 3; v++ {
		j.left.next(v)
	}
	j.right.next(10)
	j.o.AssertValues(t, "1-10", "2-10")
	if n := j.running(); n > 0 {
		t.Errorf("%d streams are running", n)
	}
}

// What comes from inside OnNext comes after what is being combined (rule C15).
func TestJoin_Reentrant(t *testing.T) {
	j := newJoinTrial(t)
	j.o.Inside.Next = func(v string) {
		if v == "1-10" {
			j.right.next(20)
			j.leftEnd[2].complete()
		}
	}
	observable.Join(j.left.stream(), j.right.stream(), j.leftEnd.end, j.rightEnd.end,
		func(l, r int) string { return fmt.Sprint(l, "-", r) }).Subscribe(t.Context(), j.o)
	j.left.next(1)
	j.left.next(2)
	j.right.next(10)
	j.right.next(30)
	j.o.AssertValues(t, "1-10", "2-10", "1-20", "2-20", "1-30")
}

func TestJoin_Long(t *testing.T) {
	const n = 100_000
	never := func(int) observable.Observable[int] { return observable.Never[int]() }
	got, err := observable.Join(just(0), observable.Range(0, n), never, func(int) observable.Observable[int] {
		return observable.Empty[int]()
	}, add).ToSlice(t.Context())
	if len(got) != n || err != nil || got[n-1] != n-1 {
		t.Errorf("%d items, %v", len(got), err)
	}
}

// startGroupJoin subscribes to a GroupJoin whose groups are observed at once.
func startGroupJoin(t *testing.T) (*joinTrial, map[int]*observabletest.TestObserver[int]) {
	t.Helper()
	j := newJoinTrial(t)
	groups := map[int]*observabletest.TestObserver[int]{}
	ctx, reported := reports(t)
	j.reported = reported
	observable.GroupJoin(j.left.stream(), j.right.stream(), j.leftEnd.end, j.rightEnd.end,
		func(l int, rights observable.Observable[int]) string {
			groups[l] = observabletest.Subscribe(ctx, rights, t)
			return fmt.Sprint(l)
		}).Subscribe(ctx, j.o)
	return j, groups
}

func TestGroupJoin_Windows(t *testing.T) {
	j, groups := startGroupJoin(t)
	j.right.next(10)
	j.right.next(20)
	j.rightEnd[10].complete()
	j.left.next(1)
	groups[1].AssertValues(t, 20)
	j.left.next(2)
	j.right.next(30)
	groups[1].AssertValues(t, 20, 30)
	j.leftEnd[1].next(0)
	groups[1].AssertComplete(t)
	j.right.next(40)
	groups[1].AssertValues(t, 20, 30)
	groups[2].AssertValues(t, 20, 30, 40)
	groups[2].AssertNotTerminated(t)
	j.left.complete()
	j.right.complete()
	groups[2].AssertComplete(t)
	j.o.AssertValues(t, "1", "2")
	j.o.AssertComplete(t)
}

// Groups are told the error before the observer is.
func TestGroupJoin_Error(t *testing.T) {
	j, groups := startGroupJoin(t)
	j.left.next(1)
	j.left.next(2)
	j.leftEnd[2].complete()
	j.o.Inside.Error = func(error) { groups[1].AssertError(t, errBoom) }
	j.right.fail(errBoom)
	j.o.AssertError(t, errBoom)
	groups[2].AssertComplete(t)
	wantReports(t, j.reported())
}

// A panic of combine, when the group has been made already.
func TestGroupJoin_Panic(t *testing.T) {
	var group observable.Observable[int]
	o := observabletest.Subscribe(t.Context(), observable.GroupJoin(observable.Just(1, 2), just(10),
		func(int) observable.Observable[int] { return observable.Never[int]() }, just,
		func(l int, rights observable.Observable[int]) int {
			panicOn(l, 2)
			group = rights
			return l
		}), t)
	o.AssertValues(t, 1)
	o.AssertError(t, errBoom)
	observabletest.Subscribe(t.Context(), group, t).AssertError(t, errBoom)
}

// A group's observer that disposes of everything when it is told the end has
// heard it: nothing is told twice (rule C4).
func TestGroupJoin_DisposedByAGroup(t *testing.T) {
	for _, end := range []error{nil, errBoom} {
		j, groups := startGroupJoin(t)
		j.left.next(1)
		groups[1].Inside.Error = func(error) { j.o.Dispose() }
		groups[1].Inside.Complete = func() { j.o.Dispose() }
		if end != nil {
			j.left.fail(end)
		} else {
			j.left.complete()
			j.right.complete()
		}
		j.o.AssertNotTerminated(t)
		wantReports(t, j.reported())
	}
}

func TestGroupJoin_Dispose(t *testing.T) {
	j, groups := startGroupJoin(t)
	j.left.next(1)
	j.o.Dispose()
	if n := j.running(); n > 0 {
		t.Errorf("%d streams are running", n)
	}
	groups[1].AssertNotTerminated(t)
}

func TestGroupJoin_OneObserverForEachGroup(t *testing.T) {
	var kept observable.Observable[int]
	observable.GroupJoin(just(1), just(2), joinEnds{}.end, joinEnds{}.end, func(_ int, rights observable.Observable[int]) int {
		kept = rights
		return 0
	}).Subscribe(t.Context(), observabletest.NewObserver[int](t))
	o := observabletest.Subscribe(t.Context(), kept, t)
	o.AssertValues(t, 2) // it waited
	o.AssertComplete(t)
	if err := observabletest.Subscribe(t.Context(), kept, t).Err(); !errors.Is(err, observable.ErrSubscribedTwice) {
		t.Errorf("a second observer got %v", err)
	}
}
