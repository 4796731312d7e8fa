package observable

import (
	"context"
	"sync/atomic"
)

// Amb emits what the first source to give any signal emits, and stops the
// others. The sources are subscribed in order until one has won.
//
//	. . 1 2 |
//	. 8 9 |    Amb  =>  . 8 9 |
func Amb[T any](sources ...Observable[T]) Observable[T] {
	switch len(sources) {
	case 0:
		return Observable[T]{}
	case 1:
		return sources[0]
	}
	return Observable[T]{src: ambSource[T](sources)}
}

type ambSource[T any] []Observable[T]

func (s ambSource[T]) Subscribe(ctx context.Context, o Observer[T]) {
	a := &amb[T]{ctx: ctx, down: o, runners: make([]ambRunner[T], len(s))}
	announce(ctx, a, o)
	made := false
	defer passing(&made, a)
	for i := range s {
		if a.winner.Load() != nil || a.Disposed() {
			break
		}
		r := &a.runners[i]
		r.amb = a
		subscribe(ctx, s[i].src, r)
	}
	made = true
}

type amb[T any] struct {
	emission
	ctx     context.Context
	down    Observer[T]
	winner  atomic.Pointer[ambRunner[T]]
	runners []ambRunner[T]
}

func (a *amb[T]) Dispose() {
	a.emission.Dispose()
	a.stop(nil)
}

// stop disposes all runners but one.
func (a *amb[T]) stop(but *ambRunner[T]) {
	for i := range a.runners {
		if r := &a.runners[i]; r != but {
			r.Dispose()
		}
	}
}

// failed fails the stream unless one has won.
func (a *amb[T]) failed(cause error) {
	if a.Disposed() {
		reportLate(a.ctx, cause)
		return
	}
	(&ambRunner[T]{amb: a}).OnError(cause)
}

type ambRunner[T any] struct {
	link
	amb *amb[T]
	won bool // the runner's own memory of having won
}

func (r *ambRunner[T]) OnSubscribe(d Disposable) { r.set(d) }

// wins reports whether this runner is the one whose signals count.
func (r *ambRunner[T]) wins() bool {
	if r.won {
		return true
	}
	if !r.amb.winner.CompareAndSwap(nil, r) {
		return false
	}
	r.won = true
	r.amb.stop(r)
	return true
}

func (r *ambRunner[T]) OnNext(v T) {
	if r.wins() {
		r.amb.down.OnNext(v)
	}
}

func (r *ambRunner[T]) OnError(err error) {
	if r.wins() {
		r.amb.down.OnError(err)
		return
	}
	reportLate(r.amb.ctx, err)
}

func (r *ambRunner[T]) OnComplete() {
	if r.wins() {
		r.amb.down.OnComplete()
	}
}

func (r *ambRunner[T]) failed(cause error) { r.amb.failed(cause) }

// Blame implements [Stage].
func (r *ambRunner[T]) Blame() (bool, Disposable, any) { return !r.won, r.amb, r.amb.down }
