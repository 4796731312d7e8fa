package observable

import (
	"context"
	"iter"
	"sync/atomic"
)

// ZipSeq emits combine of the source's first item and the first value of seq,
// then of the second ones, and so on (RxJava: zipWith with an Iterable). It
// completes, and stops the source, as soon as seq has no more values; for a seq
// without any it does not subscribe to the source.
//
// seq is run anew for each subscription and is one value ahead of the source. It
// runs on the goroutine that emits, between two items, and its yield returns
// false once the stream has ended or was disposed: then it must return, on
// whichever goroutine that was.
//
//	1 2 3  ZipSeq(a b)  =>  1a 2b |
func ZipSeq[T, U, R any](o Observable[T], seq iter.Seq[U], combine func(T, U) R) Observable[R] {
	if seq == nil {
		panic(badArgument("ZipSeq", "seq", nil, "an iterator"))
	}
	if combine == nil {
		panic(badArgument("ZipSeq", "combine", nil, "a function"))
	}
	return Observable[R]{src: &zipSeqSource[T, U, R]{o.src, seq, combine}}
}

type zipSeqSource[T, U, R any] struct {
	up      Source[T]
	seq     iter.Seq[U]
	combine func(T, U) R
}

func (s *zipSeqSource[T, U, R]) synchronous() bool { return isSynchronous(s.up) }

func (s *zipSeqSource[T, U, R]) Subscribe(ctx context.Context, o Observer[R]) {
	z := &zipSeqObserver[T, U, R]{ctx: ctx, down: o, combine: s.combine}
	z.seq.open(s.seq) // before anybody can dispose
	announce(ctx, z, o)
	if z.Disposed() {
		return
	}
	var more bool
	fail := func(err error) {
		z.seq.close(ctx)
		if z.Disposed() {
			reportLate(ctx, err)
			return
		}
		End(ctx, z, o, err)
	}
	if err := try(func() { more = z.seq.advance(ctx) }, fail); err != nil {
		fail(err)
		return
	}
	switch {
	case z.Disposed():
	case more:
		subscribe(ctx, s.up, z)
	default:
		z.ended = true
		End(ctx, z, o, nil)
	}
}

type zipSeqObserver[T, U, R any] struct {
	link
	ctx     context.Context
	down    Observer[R]
	seq     puller[U]
	combine func(T, U) R
	busy    bool // combine or the iterator is running (rule C9)
	ended   bool // the iterator had no more values; the emitting goroutine's
}

func (z *zipSeqObserver[T, U, R]) OnSubscribe(d Disposable) { z.set(d) }

func (z *zipSeqObserver[T, U, R]) OnNext(v T) {
	if z.ended {
		return // re-entrant emission while the last item is delivered
	}
	u, ok := z.seq.take(z.ctx)
	if !ok {
		return
	}
	z.busy = true
	r := z.combine(v, u)
	z.busy = false
	z.down.OnNext(r)
	z.busy = true
	more := z.seq.advance(z.ctx)
	z.busy = false
	if more || z.Disposed() {
		return
	}
	z.ended = true
	z.up.Dispose()
	z.down.OnComplete()
}

func (z *zipSeqObserver[T, U, R]) OnError(err error) {
	z.seq.close(z.ctx)
	z.down.OnError(err)
}

func (z *zipSeqObserver[T, U, R]) OnComplete() {
	z.seq.close(z.ctx)
	z.down.OnComplete()
}

func (z *zipSeqObserver[T, U, R]) Dispose() {
	z.link.Dispose()
	z.seq.close(z.ctx)
}

// Blame implements [Stage].
func (z *zipSeqObserver[T, U, R]) Blame() (bool, Disposable, any) {
	if z.ended {
		return false, nil, z.down
	}
	return z.busy, z, z.down
}

// puller is an iterator that is one value ahead. One goroutine at a time takes
// and advances; any may close it.
type puller[U any] struct {
	next func() (U, bool)
	stop func()
	// word has the bits below. Who finds neither set and sets one is alone with the
	// iterator, which is stopped by who is alone with it when pullerClosed is set.
	word  atomic.Uint32
	value U // the next one, if there is one; of who is alone with the iterator
}

const (
	pullerInUse = 1 << iota
	pullerClosed
)

func (p *puller[U]) open(seq iter.Seq[U]) { p.next, p.stop = iter.Pull(seq) }

// use reports whether the caller is alone with the iterator, until unuse.
func (p *puller[U]) use() bool { return p.word.CompareAndSwap(0, pullerInUse) }

func (p *puller[U]) unuse(ctx context.Context) {
	if p.word.And(^uint32(pullerInUse))&pullerClosed != 0 {
		p.end(ctx)
	}
}

// take returns the next value, which advance has found; false: it was closed.
func (p *puller[U]) take(ctx context.Context) (v U, ok bool) {
	if !p.use() {
		return v, false
	}
	var zero U
	v, p.value = p.value, zero
	p.unuse(ctx)
	return v, true
}

// advance looks for the next value. It may panic, as the iterator may; close is
// still to be called then.
func (p *puller[U]) advance(ctx context.Context) bool {
	if !p.use() {
		return false
	}
	defer p.unuse(ctx)
	var more bool
	p.value, more = p.next()
	return more
}

// close stops the iterator, now or when it is not in use any more.
func (p *puller[U]) close(ctx context.Context) {
	if p.word.Or(pullerClosed) == 0 {
		p.end(ctx)
	}
}

// end stops the iterator. What it does wrong then nobody can be told (rule C8).
func (p *puller[U]) end(ctx context.Context) {
	var zero U
	p.value = zero
	report := func(err error) { ReportError(ctx, err) }
	if err := try(p.stop, report); err != nil {
		report(err)
	}
}
