package observable_test

import (
	"context"
	"iter"
	"runtime"
	"slices"
	"testing"

	"github.com/quillgo/quill/observable"
	"github.com/quillgo/quill/observable/observabletest"
)

// countingSeq is an endless iterator that knows how it is used.
type countingSeq struct {
	yielded int
	ended   int // runs that have come to their end
	at      func(i int)
	last    func()
}

func (n *countingSeq) seq(yield func(int) bool) {
	defer func() { n.ended++ }()
	for i := 0; ; i++ {
		if n.at != nil {
			n.at(i)
		}
		n.yielded++
		if !yield(i) {
			break
		}
	}
	if n.last != nil {
		n.last()
	}
}

func TestZipSeq(t *testing.T) {
	for _, c := range []struct {
		values []int
		want   []int
		used   int // of the source, which has 3
	}{
		{[]int{10, 20}, []int{10, 21}, 2},
		{[]int{10, 20, 30, 40}, []int{10, 21, 32}, 3},
		{nil, nil, 0},
	} {
		p := count(3)
		o := observabletest.Subscribe(t.Context(), observable.ZipSeq(p.Observable(), slices.Values(c.values), add), t)
		o.AssertValues(t, c.want...)
		o.AssertComplete(t)
		if p.Produced() != c.used || p.Active() != 0 {
			t.Errorf("%v: the source emitted %d items, %d active", c.values, p.Produced(), p.Active())
		}
		if len(c.values) == 0 && p.Subscriptions() != 0 {
			t.Error("the source is subscribed to though nothing can come")
		}
	}
}

// The iterator is one value ahead, is run anew by each subscription, and comes to
// its end when the stream does, whatever the reason.
func TestZipSeq_IteratorEndsWithTheStream(t *testing.T) {
	for name, run := range map[string]func(t *testing.T, seq iter.Seq[int]){
		"completion": func(t *testing.T, seq iter.Seq[int]) {
			t.Helper()
			observabletest.Subscribe(t.Context(), observable.ZipSeq(observable.Range(0, 3), seq, add), t).AssertComplete(t)
		},
		"error": func(t *testing.T, seq iter.Seq[int]) {
			t.Helper()
			p := count(3)
			p.Err = errBoom
			observabletest.Subscribe(t.Context(), observable.ZipSeq(p.Observable(), seq, add), t).AssertError(t, errBoom)
		},
		"dispose inside OnNext": func(t *testing.T, seq iter.Seq[int]) {
			t.Helper()
			o := observabletest.NewObserver[int](t).DisposeAfter(3)
			observable.ZipSeq(observable.Range(0, 9), seq, add).Subscribe(t.Context(), o)
			o.AssertValues(t, 0, 2, 4)
		},
		"dispose": func(t *testing.T, seq iter.Seq[int]) {
			t.Helper()
			p := count(3)
			p.Open = true
			o := observabletest.Subscribe(t.Context(), observable.ZipSeq(p.Observable(), seq, add), t)
			o.Dispose()
			o.Dispose()
		},
		"panic of combine": func(t *testing.T, seq iter.Seq[int]) {
			t.Helper()
			o := observabletest.Subscribe(t.Context(), observable.ZipSeq(observable.Range(0, 9), seq, func(a, _ int) int {
				panicOn(a, 2)
				return a
			}), t)
			o.AssertValues(t, 0, 1)
			o.AssertError(t, errBoom)
		},
	} {
		n := new(countingSeq)
		run(t, n.seq)
		if n.ended != 1 || n.yielded > 4 {
			t.Errorf("%s: %d runs of the iterator have ended, it yielded %d values", name, n.ended, n.yielded)
		}
	}
}

func TestZipSeq_DisposedInsideOnSubscribe(t *testing.T) {
	n := new(countingSeq)
	o := observabletest.NewObserver[int](t).DisposeAfter(0)
	observable.ZipSeq(just(1), n.seq, add).Subscribe(t.Context(), o)
	if n.yielded != 0 {
		t.Error("the iterator has run")
	}
}

// The iterator is user code: its panics and Goexits are the stream's error (rule
// C9), also the ones before the source is subscribed to.
func TestZipSeq_IteratorFails(t *testing.T) {
	for bad := range 3 {
		for _, goexit := range []bool{false, true} {
			n := &countingSeq{at: func(i int) {
				if i == bad && goexit {
					runtime.Goexit()
				}
				panicOn(i, bad)
			}}
			p := count(observabletest.Endless)
			ctx, reported := reports(t)
			o := observabletest.NewObserver[int](t)
			inGoroutine(func() { observable.ZipSeq(p.Observable(), n.seq, add).Subscribe(ctx, o) })
			if o.Count() != bad || p.Active() != 0 || n.ended != 1 {
				t.Errorf("value %d: %d items, %d active, %d runs have ended", bad, o.Count(), p.Active(), n.ended)
			}
			if goexit {
				o.AssertError(t, observable.ErrGoexit)
			} else {
				o.AssertError(t, errBoom)
			}
			wantReports(t, reported())
		}
	}
}

// What the iterator does wrong when it is told to stop nobody can be told (rule
// C8).
func TestZipSeq_PanicAfterTheEnd(t *testing.T) {
	n := &countingSeq{last: func() { panic(errBoom) }}
	ctx, reported := reports(t)
	o := observabletest.NewObserver[int](t)
	observable.ZipSeq(just(1), n.seq, add).Subscribe(ctx, o)
	o.AssertValues(t, 1)
	o.AssertComplete(t)
	wantReports(t, reported(), errBoom)
}

// Dispose from another goroutine does not wait for the iterator, which comes to
// its end when it has yielded.
func TestZipSeq_DisposedWhileTheIteratorRuns(t *testing.T) {
	inside, disposed := make(chan struct{}), make(chan struct{})
	n := &countingSeq{at: func(i int) {
		if i == 1 {
			close(inside)
			<-disposed
		}
	}}
	p := count(observabletest.Endless)
	o := observabletest.NewObserver[int](t)
	go func() {
		<-inside
		o.Dispose()
		close(disposed)
	}()
	observable.ZipSeq(p.Observable(), n.seq, add).Subscribe(context.Background(), o)
	o.AssertValues(t, 0)
	o.AssertNotTerminated(t)
	if n.ended != 1 || p.Produced() != 1 {
		t.Errorf("%d runs of the iterator have ended, the source emitted %d items", n.ended, p.Produced())
	}
}

func TestStress_ZipSeqDisposed(t *testing.T) {
	for range 300 {
		n := new(countingSeq)
		p := &observabletest.Probe[int]{Item: func(i int) int { return i }, Count: 50, Async: true}
		o := observabletest.NewObserver[int](t)
		ended := make(chan struct{})
		observable.ZipSeq(p.Observable(), func(yield func(int) bool) {
			defer close(ended)
			n.seq(yield)
		}, add).Subscribe(context.Background(), o)
		runtime.Gosched()
		o.Dispose()
		<-ended
	}
}
