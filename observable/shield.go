package observable

import (
	"context"
	"sync/atomic"
)

// shielded is a source from outside, which may break the protocol.
type shielded[T any] struct{ src Source[T] }

func (s shielded[T]) Subscribe(ctx context.Context, o Observer[T]) {
	sh := &shield[T]{ctx: ctx, down: o}
	if h := HoldFrom(ctx); h != nil {
		if !h.Retain() {
			sh.OnSubscribe(new(emission))
			sh.OnError(ErrHoldGone)
			return
		}
		sh.holding.Store(true)
	}
	at := own
	defer sh.escaped(&at)
	s.src.Subscribe(ctx, sh)
	at = idle
}

// shield keeps a foreign source to rules C1, C3 and C4, and is a boundary for
// each signal, since the source may emit from a goroutine of its own. The
// source's Subscribe is user code, so it retains the context's hold until it
// returns, or the end has come, which is told when the hold is free; a Dispose
// does not free it.
type shield[T any] struct {
	link
	ctx        context.Context
	down       Observer[T]
	holding    atomic.Bool // the hold is retained; cleared by who releases it
	subscribed bool
	over       bool
}

func (s *shield[T]) OnSubscribe(d Disposable) {
	if s.subscribed {
		d.Dispose()
		s.violated("OnSubscribe was called twice")
		return
	}
	s.subscribed = true
	s.set(d)
	at := items
	defer s.guard(&at)
	s.down.OnSubscribe(s)
	at = idle
}

func (s *shield[T]) OnNext(v T) {
	if s.refuses("OnNext") {
		return
	}
	at := items
	defer s.guard(&at)
	s.down.OnNext(v)
	at = idle
}

func (s *shield[T]) OnError(err error) {
	if err == nil {
		err = &ProtocolError{"OnError was called with nil"}
	}
	if s.refuses("OnError") {
		undeliverable(s.ctx, &UndeliverableError{Err: err})
		return
	}
	s.over = true
	s.release()
	End(s.ctx, s, s.down, err)
}

func (s *shield[T]) OnComplete() {
	if s.refuses("OnComplete") {
		return
	}
	s.over = true
	s.release()
	End(s.ctx, s, s.down, nil)
}

// Blame implements [Stage]: a shield runs no user function.
func (s *shield[T]) Blame() (bool, Disposable, any) { return false, s, s.down }

// guard is the boundary of OnSubscribe and OnNext: it must be deferred itself.
func (s *shield[T]) guard(at *phase) {
	if *at != idle {
		s.over = true
		fault(s.ctx, *at, s, s.down, recover())
	}
}

// escaped is the boundary of the source's Subscribe: what gets here is the
// source's own, because each signal has a boundary. It must be deferred itself.
func (s *shield[T]) escaped(at *phase) {
	s.release()
	if *at == idle {
		return
	}
	r := recover()
	if s.over {
		if r != nil { // else a Goexit in a signal, which has been dealt with
			undeliverable(s.ctx, &UndeliverableError{Err: NewPanicError(r)})
		}
		return
	}
	if !s.subscribed {
		s.OnSubscribe(new(emission))
	}
	s.over = true
	fault(s.ctx, own, s, source{s, s.down}, r)
}

// release releases the hold, if it is retained.
func (s *shield[T]) release() {
	if s.holding.Load() && s.holding.Swap(false) {
		HoldFrom(s.ctx).Release()
	}
}

// refuses reports whether a signal must be dropped.
func (s *shield[T]) refuses(signal string) bool {
	if s.over || s.Disposed() {
		return true
	}
	if !s.subscribed {
		s.violated(signal + " was called before OnSubscribe")
		s.OnSubscribe(new(emission))
	}
	return s.over || s.Disposed()
}

func (s *shield[T]) violated(how string) {
	undeliverable(s.ctx, &ProtocolError{how})
}
