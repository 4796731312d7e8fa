package command

import (
	"context"
	"sync/atomic"

	"github.com/quillgo/quill/internal/deadline"
	"github.com/quillgo/quill/observable"
)

// closing is a stream that fails with ErrClosed when the registry is closed. It has
// no items, and the item type is that of the stream it ends: another one would be
// compiled in each package that uses commands (ADR 0001).
func closing[T any](c *circuit) observable.Observable[T] {
	return observable.NewUnsafe[T](closingSource[T]{c})
}

type closingSource[T any] struct{ *circuit }

func (s closingSource[T]) Subscribe(_ context.Context, o observable.Observer[T]) {
	w := &closeWatch[T]{circuit: s.circuit, down: o}
	o.OnSubscribe(w)
	if w.Disposed() {
		return
	}
	w.deadlines.Add(&w.entry, deadline.Never, w)
	if w.Disposed() {
		w.deadlines.Remove(&w.entry)
	}
}

type closeWatch[T any] struct {
	*circuit
	down  observable.Observer[T]
	entry deadline.Entry
	gone  atomic.Bool
}

// Expire implements deadline.Expirer: only Close expires an entry that never
// falls due. What follows runs user code, so it gets a goroutine.
func (w *closeWatch[T]) Expire() { go w.down.OnError(ErrClosed) }

func (w *closeWatch[T]) Dispose() {
	if !w.gone.Swap(true) {
		w.deadlines.Remove(&w.entry)
	}
}

func (w *closeWatch[T]) Disposed() bool { return w.gone.Load() }
