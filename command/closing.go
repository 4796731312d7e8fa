package command

import (
	"context"
	"sync/atomic"

	"github.com/quillgo/quill/internal/deadline"
	"github.com/quillgo/quill/observable"
)

// closing is a stream that fails with ErrClosed when the registry is closed.
func closing(c *circuit) observable.Observable[struct{}] {
	return observable.NewUnsafe[struct{}](closingSource{c})
}

type closingSource struct{ *circuit }

func (s closingSource) Subscribe(_ context.Context, o observable.Observer[struct{}]) {
	w := &closeWatch{circuit: s.circuit, down: o}
	o.OnSubscribe(w)
	if w.Disposed() {
		return
	}
	w.deadlines.Add(&w.entry, deadline.Never, w)
	if w.Disposed() {
		w.deadlines.Remove(&w.entry)
	}
}

type closeWatch struct {
	*circuit
	down  observable.Observer[struct{}]
	entry deadline.Entry
	gone  atomic.Bool
}

// Expire implements deadline.Expirer: only Close expires an entry that never
// falls due. What follows runs user code, so it gets a goroutine.
func (w *closeWatch) Expire() { go w.down.OnError(ErrClosed) }

func (w *closeWatch) Dispose() {
	if !w.gone.Swap(true) {
		w.deadlines.Remove(&w.entry)
	}
}

func (w *closeWatch) Disposed() bool { return w.gone.Load() }
