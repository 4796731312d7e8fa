package observable

import "context"

// SequenceEqual emits whether both sources have the same items in the same
// order, by equal, and completes. It emits false, and stops the sources, as soon
// as two items differ; that one source is longer it says when both have
// completed. An error of either ends it at once. a is subscribed to before b: a
// synchronous one is queued as a whole, as by [Zip2].
//
//	1 2 |
//	1 3      SequenceEqual  =>  false |
func SequenceEqual[T any](a, b Observable[T], equal func(x, y T) bool) Observable[bool] {
	if equal == nil {
		panic(badArgument("SequenceEqual", "equal", nil, "a function"))
	}
	return Observable[bool]{src: &sequenceEqualSource[T]{a.src, b.src, equal}}
}

type sequenceEqualSource[T any] struct {
	a, b  Source[T]
	equal func(T, T) bool
}

func (s *sequenceEqualSource[T]) Subscribe(ctx context.Context, o Observer[bool]) {
	q := &sequenceEqual[T]{equal: s.equal}
	q.ctx, q.down, q.op = ctx, o, q
	q.a.src, q.b.src = s.a, s.b
	q.open(func() {
		q.a.begin(&q.junction, false)
		if q.live() {
			q.b.begin(&q.junction, false)
		}
	})
}

type sequenceEqual[T any] struct {
	junction[bool]
	a, b  queueLane[T, bool]
	equal func(T, T) bool
}

// step implements meeting: it compares two items, or emits the answer.
func (q *sequenceEqual[T]) step() bool {
	a, aOver := q.a.ready()
	b, bOver := q.b.ready()
	switch {
	case a && b:
		q.a.advance()
		q.b.advance()
		q.mu.Unlock()
		q.busy = true
		same := q.equal(q.a.take(), q.b.take())
		q.busy = false
		if same {
			return true
		}
		q.mu.Lock()
		q.answer(false)
	case aOver && bOver:
		q.answer(a == b)
	default:
		q.mu.Unlock()
	}
	return false
}

// answer emits the result and ends. The caller holds mu, which answer gives up:
// an error that came while two items were compared goes first, one that comes
// now is late.
func (q *sequenceEqual[T]) answer(same bool) {
	if q.err != nil {
		q.end(q.err)
		return
	}
	q.closed = true
	q.mu.Unlock()
	_ = q.halt() // none came before, and what comes now is late
	q.emit(same)
	q.mu.Lock()
	q.end(nil)
}

// stop implements meeting.
func (q *sequenceEqual[T]) stop() {
	q.a.Dispose()
	q.b.Dispose()
}

// drop implements meeting.
func (q *sequenceEqual[T]) drop() {
	q.a.drop()
	q.b.drop()
}
