package observable

import (
	"context"
	"slices"
	"sync"
)

// WithLatestFrom emits combine of each item of o and the latest item of other;
// items that come before other has emitted are dropped. It ends as o does, or
// with an error of other. other may complete without an item: then nothing is
// emitted.
//
//	1   2   3 |
//	  a   b |      WithLatestFrom  =>  2a 3b |
func WithLatestFrom[T, U, R any](o Observable[T], other Observable[U], combine func(v T, latest U) R) Observable[R] {
	if combine == nil {
		panic(badArgument("WithLatestFrom", "combine", nil, "a function"))
	}
	return Observable[R]{src: &withLatest1Source[T, U, R]{o.src, other.src, combine}}
}

type withLatest1Source[T, U, R any] struct {
	up      Source[T]
	other   Source[U]
	combine func(T, U) R
}

func (s *withLatest1Source[T, U, R]) Subscribe(ctx context.Context, o Observer[R]) {
	w := &withLatest1[T, U, R]{}
	w.other.from(s.other, &w.current)
	w.all = [...]withLatestInput[T, U, R]{&w.other}
	w.combine, w.lenient = s.combine, true
	w.run(ctx, s.up, o, w.all[:])
}

type withLatest1[T, U, R any] struct {
	withLatest[T, U, R]
	other withLatestLane[U, T, U, R]
	all   [1]withLatestInput[T, U, R]
}

// WithLatestFromSlice is [WithLatestFrom] with the latest items of any number of
// streams of one type. combine gets them in the order of others, in a slice of
// its own. Unlike there, the stream completes at once when one of others
// completes without an item, as it does in RxJava. The slice of streams is not
// copied.
//
//	1   2   3 |
//	  a   b
//	  x          WithLatestFromSlice  =>  2[a x] 3[b x] |
func WithLatestFromSlice[T, U, R any](o Observable[T], others []Observable[U], combine func(v T, latest []U) R) Observable[R] {
	if combine == nil {
		panic(badArgument("WithLatestFromSlice", "combine", nil, "a function"))
	}
	return Observable[R]{src: &withLatestSliceSource[T, U, R]{o.src, others, combine, slices.Clone[[]U]}}
}

type withLatestSliceSource[T, U, R any] struct {
	up      Source[T]
	others  []Observable[U]
	combine func(T, []U) R
	clone   func([]U) []U // a field, because making it allocates
}

func (s *withLatestSliceSource[T, U, R]) Subscribe(ctx context.Context, o Observer[R]) {
	n := len(s.others)
	w := &withLatest[T, []U, R]{current: make([]U, n), combine: s.combine, clone: s.clone}
	lanes, inputs := make([]withLatestLane[U, T, []U, R], n), make([]withLatestInput[T, []U, R], n)
	for i := range lanes {
		lanes[i].from(s.others[i].src, &w.current[i])
		inputs[i] = &lanes[i]
	}
	w.run(ctx, s.up, o, inputs)
}

// withLatest observes the source; withLatestLane observes another stream. S has
// one item of each of those.
type withLatest[T, S, R any] struct {
	serial[R]
	up      link
	inputs  []withLatestInput[T, S, R]
	combine func(T, S) R
	clone   func(S) S // of the latest items; nil: they are copied
	lenient bool      // another stream without an item does not end this one
	inside  bool      // the source's goroutine is inside down (rule C9)

	latest  sync.Mutex
	current S    // guarded by latest
	missing int  // guarded by latest; other streams that have not emitted
	stopped bool // guarded by latest; nothing is kept any more
}

// withLatestInput is a lane, whatever the type of its items.
type withLatestInput[T, S, R any] interface {
	Disposable
	begin(w *withLatest[T, S, R])
	// drop lets go of the latest item. It needs the mutex latest.
	drop()
}

func (w *withLatest[T, S, R]) run(ctx context.Context, up Source[T], o Observer[R], inputs []withLatestInput[T, S, R]) {
	w.ctx, w.down, w.owner = ctx, o, w
	w.inputs, w.missing = inputs, len(inputs)
	announce(ctx, w, o)
	made := false
	defer passing(&made, w)
	for _, in := range inputs {
		if w.state.Load() == 0 {
			in.begin(w)
		}
	}
	if w.state.Load() == 0 {
		subscribe(ctx, up, w)
	}
	made = true
}

func (w *withLatest[T, S, R]) OnSubscribe(d Disposable) { w.up.set(d) }
func (w *withLatest[T, S, R]) OnError(err error)        { w.failed(err) }
func (w *withLatest[T, S, R]) OnComplete()              { w.complete() }
func (w *withLatest[T, S, R]) failed(err error)         { w.fail(err, w.stop) }

func (w *withLatest[T, S, R]) OnNext(v T) {
	w.latest.Lock()
	s, some := w.current, w.missing == 0 && !w.stopped
	if some && w.clone != nil {
		s = w.clone(s)
	}
	w.latest.Unlock()
	if !some {
		return
	}
	r := w.combine(v, s)
	w.inside = true
	w.next(r)
	w.inside = false
}

func (w *withLatest[T, S, R]) complete() {
	w.stop()
	w.finish()
}

// stop disposes everything above and lets go of the latest items.
func (w *withLatest[T, S, R]) stop() {
	w.up.Dispose()
	for _, in := range w.inputs {
		in.Dispose()
	}
	w.latest.Lock()
	w.stopped = true
	for _, in := range w.inputs {
		in.drop()
	}
	w.latest.Unlock()
}

func (w *withLatest[T, S, R]) Dispose() {
	if w.dispose() {
		w.stop()
	}
}

// Blame implements [Stage].
func (w *withLatest[T, S, R]) Blame() (bool, Disposable, any) { return !w.inside, w.handle(), w.down }

type withLatestLane[U, T, S, R any] struct {
	link
	src   Source[U]
	end   *withLatest[T, S, R]
	field *U   // where in end.current its latest item is; guarded by end.latest
	some  bool // guarded by end.latest; there is, or was, an item
}

func (l *withLatestLane[U, T, S, R]) from(src Source[U], field *U) { l.src, l.field = src, field }

func (l *withLatestLane[U, T, S, R]) begin(w *withLatest[T, S, R]) {
	l.end = w
	subscribe(w.ctx, l.src, l)
}

func (l *withLatestLane[U, T, S, R]) OnSubscribe(d Disposable) { l.set(d) }

func (l *withLatestLane[U, T, S, R]) OnNext(v U) {
	l.end.latest.Lock()
	defer l.end.latest.Unlock()
	if l.end.stopped {
		return
	}
	*l.field = v
	if !l.some {
		l.some = true
		l.end.missing--
	}
}

func (l *withLatestLane[U, T, S, R]) OnError(err error) { l.end.failed(err) }

func (l *withLatestLane[U, T, S, R]) OnComplete() {
	l.end.latest.Lock()
	over := !l.some && !l.end.lenient
	l.end.latest.Unlock()
	if over {
		l.end.complete()
	}
}

func (l *withLatestLane[U, T, S, R]) drop() {
	var zero U
	*l.field = zero
}

func (l *withLatestLane[U, T, S, R]) failed(err error) { l.end.failed(err) }

// Blame implements [Stage]: the other stream's goroutine is never inside down
// without a boundary.
func (l *withLatestLane[U, T, S, R]) Blame() (bool, Disposable, any) { return true, l.end, l.end.down }
