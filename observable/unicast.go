package observable

import (
	"context"
	"sync/atomic"
)

// UnicastOptions configures a [UnicastSubject].
type UnicastOptions struct {
	// OnTerminate, if not nil, is called once: when the end comes, before it is
	// told, or when the observer disposes. A panic of it goes to the error handler.
	OnTerminate func()
	// EagerError makes an error overtake the items that wait (RxJava: delayError
	// false).
	EagerError bool
}

// UnicastSubject has one observer in its life and queues, without bound, what
// comes before that. A second observer gets [ErrSubscribedTwice], also when the
// first one has left. It implements [Subject]; [NewUnicastSubject] makes one.
//
//	1 2 3 4 |
//	   ^        =>  1 2 3 4 |
//
// When the observer disposes, what is queued is let go and what comes is
// dropped.
type UnicastSubject[T any] struct {
	hub[T]     // whose wip is up until the observer is there, so that everything waits
	terminate  func()
	taken      atomic.Bool // the observer has come
	terminated atomic.Bool // terminate has been called
}

// NewUnicastSubject returns a subject that waits for its observer.
func NewUnicastSubject[T any](opts UnicastOptions) *UnicastSubject[T] {
	s := &UnicastSubject[T]{terminate: opts.OnTerminate}
	s.eager = opts.EagerError
	s.wip.Store(1)
	if opts.OnTerminate != nil {
		s.atEnd = func() { s.stopped(context.Background()) }
	}
	return s
}

// Subscribe implements [Source].
func (s *UnicastSubject[T]) Subscribe(ctx context.Context, o Observer[T]) {
	if !s.taken.CompareAndSwap(false, true) {
		Error[T](ErrSubscribedTwice).src.Subscribe(ctx, o)
		return
	}
	t := &tap[T]{ctx: ctx, down: o, host: s}
	doing := items
	defer t.guard(&doing)
	o.OnSubscribe(t)
	doing = idle // the hub has boundaries of its own
	s.join(t)
	s.take()
	s.drain(new(round[T]))
}

// Observable implements [Subject].
func (s *UnicastSubject[T]) Observable() Observable[T] { return Observable[T]{src: s} }

func (s *UnicastSubject[T]) leave(t *tap[T]) {
	s.hub.leave(t)
	s.drop()
	s.stopped(t.ctx)
}

// stopped calls the user's function, once.
func (s *UnicastSubject[T]) stopped(ctx context.Context) {
	if s.terminate == nil || !s.terminated.CompareAndSwap(false, true) {
		return
	}
	report := func(err error) { ReportError(ctx, err) }
	if err := try(s.terminate, report); err != nil {
		report(err)
	}
}
