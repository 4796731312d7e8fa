package observable

import (
	"context"
	"iter"
)

// FromSeq emits what seq yields. seq is run anew for each subscription, on the
// subscriber's goroutine, and its yield returns false once the stream is
// disposed.
//
//	FromSeq(slices.Values([1 2 3]))  =>  1 2 3 |
func FromSeq[T any](seq iter.Seq[T]) Observable[T] {
	if seq == nil {
		panic(badArgument("FromSeq", "seq", nil, "an iterator"))
	}
	return Observable[T]{src: &seqSource[T]{run: func(l *seqLoop[T]) { seq(l.next) }}}
}

// FromSeq2 emits the values that seq yields until it yields an error, which
// ends the stream. It is the inverse of [Observable.Seq].
//
//	FromSeq2((1, nil) (2, nil) (0, err))  =>  1 2 #
func FromSeq2[T any](seq iter.Seq2[T, error]) Observable[T] {
	if seq == nil {
		panic(badArgument("FromSeq2", "seq", nil, "an iterator"))
	}
	return Observable[T]{src: &seqSource[T]{run: func(l *seqLoop[T]) { seq(l.next2) }}}
}

type seqSource[T any] struct{ run func(*seqLoop[T]) }

func (*seqSource[T]) synchronous() bool { return true }

func (s *seqSource[T]) Subscribe(ctx context.Context, o Observer[T]) {
	l := &seqLoop[T]{ctx: ctx, down: o, at: items}
	defer catch(ctx, &l.at, l, o)
	o.OnSubscribe(l)
	if l.Disposed() {
		l.at = idle
		return
	}
	l.iterate(s.run)
	switch {
	case l.Disposed():
		reportLate(ctx, l.err)
	case l.err != nil:
		l.at = terminal
		End(ctx, l, o, l.err)
	default:
		l.at = terminal
		o.OnComplete()
	}
	l.at = idle
}

// seqLoop is one run of an iterator. The iterator is user code that calls us
// back, so a panic may be its own or one of the chain below: at tells.
type seqLoop[T any] struct {
	emission
	ctx  context.Context
	down Observer[T]
	at   phase
	n    int   // items emitted
	err  error // what ends the stream
}

// iterate runs the iterator while retaining the context's hold.
func (l *seqLoop[T]) iterate(run func(*seqLoop[T])) {
	release, ok := retain(l.ctx)
	if !ok {
		l.err = ErrHoldGone
		return
	}
	defer release()
	l.at = own
	run(l)
}

func (l *seqLoop[T]) next(v T) bool {
	if l.Disposed() || l.err != nil {
		return false
	}
	if l.n++; l.n%pollEvery == 0 && l.ctx.Err() != nil {
		l.err = context.Cause(l.ctx)
		return false
	}
	l.at = items
	l.down.OnNext(v)
	l.at = own
	return !l.Disposed()
}

func (l *seqLoop[T]) next2(v T, err error) bool {
	if err == nil {
		return l.next(v)
	}
	if l.err == nil {
		l.err = err
	} else {
		reportLate(l.ctx, err)
	}
	return false
}
