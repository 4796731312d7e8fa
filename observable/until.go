package observable

import (
	"context"
	"time"
)

// TakeTime emits the source's items until d has passed since the subscription;
// then it completes and stops the source. Time is that of the scheduler on;
// without one it is [Go]'s (RxJava: take with a time).
//
//	1 2 3 4  TakeTime(2s)  =>  1 2 |
func TakeTime[T any](o Observable[T], d time.Duration, on ...Scheduler) Observable[T] {
	return TakeUntilWhen(o, Observable[int]{src: &tickSource{first: d, on: schedulerOf("TakeTime", on)}})
}

// TakeUntilWhen emits the source's items until other emits an item or
// completes; then it completes and stops the source (RxJava: takeUntil with a
// stream). An error of either fails it.
//
//	1 2 3 4
//	    x      TakeUntilWhen  =>  1 2 |
func TakeUntilWhen[T, U any](o Observable[T], other Observable[U]) Observable[T] {
	return Observable[T]{src: &takeUntilWhenSource[T, U]{o.src, other.src}}
}

type takeUntilWhenSource[T, U any] struct {
	up    Source[T]
	other Source[U]
}

func (s *takeUntilWhenSource[T, U]) Subscribe(ctx context.Context, o Observer[T]) {
	t := &takeUntilWhen[T]{}
	t.ctx, t.down, t.owner = ctx, o, t
	u := &until[T, U]{end: t}
	t.other = u
	announce(ctx, t, o)
	if t.state.Load() != 0 {
		return
	}
	made := false
	defer passing(&made, t)
	subscribe(ctx, s.other, u)
	if t.state.Load() == 0 {
		subscribe(ctx, s.up, t)
	}
	made = true
}

// takeUntilWhen observes the source; until observes the other stream.
type takeUntilWhen[T any] struct {
	serial[T]
	up     link
	other  Disposable
	inside bool // the source's goroutine is inside down (rule C9)
}

func (t *takeUntilWhen[T]) OnSubscribe(d Disposable) { t.up.set(d) }
func (t *takeUntilWhen[T]) OnError(err error)        { t.failed(err) }
func (t *takeUntilWhen[T]) failed(err error)         { t.fail(err, t.stop) }

func (t *takeUntilWhen[T]) OnComplete() { t.complete() }

func (t *takeUntilWhen[T]) OnNext(v T) {
	t.inside = true
	t.next(v)
	t.inside = false
}

func (t *takeUntilWhen[T]) complete() {
	t.stop()
	t.finish()
}

func (t *takeUntilWhen[T]) stop() {
	t.up.Dispose()
	t.other.Dispose()
}

func (t *takeUntilWhen[T]) Dispose() {
	if t.dispose() {
		t.stop()
	}
}

// Blame implements [Stage].
func (t *takeUntilWhen[T]) Blame() (bool, Disposable, any) { return !t.inside, t.handle(), t.down }

type until[T, U any] struct {
	link
	end *takeUntilWhen[T]
}

func (u *until[T, U]) OnSubscribe(d Disposable) { u.set(d) }
func (u *until[T, U]) OnNext(U)                 { u.end.complete() }
func (u *until[T, U]) OnError(err error)        { u.end.failed(err) }
func (u *until[T, U]) OnComplete()              { u.end.complete() }
func (u *until[T, U]) failed(err error)         { u.end.failed(err) }

// Blame implements [Stage]: the other stream's goroutine is never inside down
// without a boundary.
func (u *until[T, U]) Blame() (bool, Disposable, any) { return true, u.end, u.end.down }
