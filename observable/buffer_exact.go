package observable

import "context"

// exactBufferSource cuts a stream into slices that follow each other: what most
// buffers are, so it goes without parts that may overlap.
type exactBufferSource[T any] struct {
	up    Source[T]
	count int
}

func (s *exactBufferSource[T]) synchronous() bool { return isSynchronous(s.up) }

func (s *exactBufferSource[T]) Subscribe(ctx context.Context, o Observer[[]T]) {
	subscribe(ctx, s.up, &exactBuffer[T]{relay: new(relay), ctx: ctx, down: o, count: s.count})
}

// exactBuffer gives its observer a Disposable that does not lead to the items.
type exactBuffer[T any] struct {
	*relay
	ctx   context.Context
	down  Observer[[]T]
	count int
	items []T // less than count; nil before the first
}

func (b *exactBuffer[T]) OnSubscribe(d Disposable) {
	b.up = d
	b.down.OnSubscribe(b.relay)
}

func (b *exactBuffer[T]) OnNext(v T) {
	if b.items == nil {
		b.items = make([]T, 0, min(b.count, mostRoom))
	}
	b.items = append(b.items, v)
	if len(b.items) == b.count {
		b.down.OnNext(b.take())
	}
}

func (b *exactBuffer[T]) OnError(err error) {
	b.take()
	b.down.OnError(err)
}

func (b *exactBuffer[T]) OnComplete() {
	if rest := b.take(); rest != nil {
		conclude(b.ctx, b.relay, b.down, rest)
		return
	}
	b.down.OnComplete()
}

// take returns the items and lets go of them (rule C18).
func (b *exactBuffer[T]) take() []T {
	items := b.items
	b.items = nil
	return items
}

// Blame implements [Stage].
func (b *exactBuffer[T]) Blame() (bool, Disposable, any) { return false, b.handle(), b.down }
