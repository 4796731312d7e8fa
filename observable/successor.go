package observable

import "context"

// successor observes a stream that takes the place of another one, and passes
// everything on. It is embedded in, or held by, the stage that subscribes it.
type successor[T any] struct {
	link
	ctx   context.Context
	owner Disposable // the stage, which down was given
	down  Observer[T]
	over  bool // the end has been told; the emitter's
}

// begin subscribes to src. It is a boundary: who calls it may be in a timer's
// task, or in a terminal signal.
func (s *successor[T]) begin(src Source[T]) {
	at := items
	defer catch(s.ctx, &at, s.owner, Observer[T](s))
	subscribe(s.ctx, src, s)
	at = idle
}

func (s *successor[T]) OnSubscribe(d Disposable) { s.set(d) }
func (s *successor[T]) OnNext(v T)               { s.down.OnNext(v) }

func (s *successor[T]) OnError(err error) {
	s.over = true
	s.down.OnError(err)
}

func (s *successor[T]) OnComplete() {
	s.over = true
	s.down.OnComplete()
}

// Blame implements [Stage].
func (s *successor[T]) Blame() (bool, Disposable, any) {
	if s.over {
		return false, nil, s.down
	}
	return false, s.owner, s.down
}
