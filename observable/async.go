package observable

// AsyncSubject tells only the last item, and only when it completes; to late
// observers, too. An error is told alone. It implements [Subject];
// [NewAsyncSubject] makes one.
//
//	1 2 3 |  =>  3 |
type AsyncSubject[T any] struct{ history[T] }

// NewAsyncSubject returns a subject without an item.
func NewAsyncSubject[T any]() *AsyncSubject[T] {
	s := new(AsyncSubject[T])
	s.prepare(1, nil, postpones)
	return s
}

// Value returns the item that observers are told; ok is false if there is
// none, or the subject has not completed.
func (s *AsyncSubject[T]) Value() (v T, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.Completed() {
		return v, false
	}
	return s.last()
}
