package observabletest

import (
	"context"

	"github.com/quillgo/quill/observable"
)

// Erase hides a stream's element type, as [Operator] needs it. It adds no
// operator: what goes wrong below is never put down to it.
func Erase[T any](o observable.Observable[T]) observable.Observable[any] {
	return observable.NewUnsafe[any](erased[T]{o.Source()})
}

type erased[T any] struct{ src observable.Source[T] }

func (e erased[T]) Subscribe(ctx context.Context, o observable.Observer[any]) {
	e.src.Subscribe(ctx, &eraser[T]{down: o})
}

type eraser[T any] struct {
	up   observable.Disposable
	down observable.Observer[any]
}

func (e *eraser[T]) OnSubscribe(d observable.Disposable) {
	e.up = d
	e.down.OnSubscribe(d)
}

func (e *eraser[T]) OnNext(v T)        { e.down.OnNext(v) }
func (e *eraser[T]) OnError(err error) { e.down.OnError(err) }
func (e *eraser[T]) OnComplete()       { e.down.OnComplete() }

// Blame implements [observable.Stage]: there is no user function.
func (e *eraser[T]) Blame() (bool, observable.Disposable, any) { return false, e.up, e.down }
