package observable

// BehaviorSubject has a value: an observer is told the present one, then what
// comes, without a gap and without overlap. After the end there is no value:
// late observers get only the end. It implements [Subject]; use
// [NewBehaviorSubject] or [NewBehaviorSubjectOf] to make one.
//
//	1 2 3 4 |
//	   ^        =>  2 3 4 |
type BehaviorSubject[T any] struct{ history[T] }

// NewBehaviorSubject returns a subject without a value: until the first item
// comes there is nothing to tell (RxJava: create).
func NewBehaviorSubject[T any]() *BehaviorSubject[T] {
	s := new(BehaviorSubject[T])
	s.prepare(1, nil, behaves)
	return s
}

// NewBehaviorSubjectOf returns a subject whose value is v (RxJava:
// createDefault).
func NewBehaviorSubjectOf[T any](v T) *BehaviorSubject[T] {
	s := NewBehaviorSubject[T]()
	s.OnNext(v)
	return s
}

// Value returns the present value; ok is false if there is none, because no
// item has come or the subject has ended.
func (s *BehaviorSubject[T]) Value() (v T, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.last()
}
