package observable

import (
	"context"
	"iter"
)

// FlatMapSeq emits what the iterator project(v) yields, for each item v
// (RxJava: flatMapIterable, flatMapStream). It looks at Dispose before each
// value: then yield returns false. A nil iterator yields nothing. A panic of
// project or of the iterator fails the stream.
//
//	1     2     FlatMapSeq(v, v+1)  =>  1 2   2 3 |
func FlatMapSeq[T, R any](o Observable[T], project func(T) iter.Seq[R]) Observable[R] {
	return flatMapSeq("FlatMapSeq", o, project)
}

// ConcatMapSeq is [FlatMapSeq] under its other name: an iterator ends before
// the next item is looked at (RxJava: concatMapIterable, concatMapStream).
//
//	1     2     ConcatMapSeq(v, v+1)  =>  1 2   2 3 |
func ConcatMapSeq[T, R any](o Observable[T], project func(T) iter.Seq[R]) Observable[R] {
	return flatMapSeq("ConcatMapSeq", o, project)
}

func flatMapSeq[T, R any](name string, o Observable[T], project func(T) iter.Seq[R]) Observable[R] {
	if project == nil {
		panic(badArgument(name, "project", nil, "a function"))
	}
	return Observable[R]{src: &flatMapSeqSource[T, R]{o.src, project}}
}

type flatMapSeqSource[T, R any] struct {
	up      Source[T]
	project func(T) iter.Seq[R]
}

func (s *flatMapSeqSource[T, R]) synchronous() bool { return isSynchronous(s.up) }

func (s *flatMapSeqSource[T, R]) Subscribe(ctx context.Context, o Observer[R]) {
	f := &flatMapSeqObserver[T, R]{down: o, project: s.project}
	f.yield = f.emit
	subscribe(ctx, s.up, f)
}

type flatMapSeqObserver[T, R any] struct {
	down    Observer[R]
	up      Disposable
	project func(T) iter.Seq[R]
	yield   func(R) bool // emit, made once
	busy    bool         // project or the iterator is running (rule C9)
}

func (f *flatMapSeqObserver[T, R]) OnSubscribe(d Disposable) {
	f.up = d
	f.down.OnSubscribe(d)
}

func (f *flatMapSeqObserver[T, R]) OnNext(v T) {
	f.busy = true
	if seq := f.project(v); seq != nil && !f.up.Disposed() {
		seq(f.yield)
	}
	f.busy = false
}

// emit is the loop body of the iterators. An iterator that goes on after it has
// returned false is not listened to.
func (f *flatMapSeqObserver[T, R]) emit(v R) bool {
	if f.up.Disposed() {
		return false
	}
	f.busy = false
	f.down.OnNext(v)
	f.busy = true
	return !f.up.Disposed()
}

func (f *flatMapSeqObserver[T, R]) OnError(err error) { f.down.OnError(err) }
func (f *flatMapSeqObserver[T, R]) OnComplete()       { f.down.OnComplete() }

// Blame implements [Stage].
func (f *flatMapSeqObserver[T, R]) Blame() (bool, Disposable, any) { return f.busy, f.up, f.down }
