package rx

import (
	"context"
	"slices"
	"sync"

	"github.com/reactivex/rxgo/v2"

	"github.com/quillgo/quill/observable"
)

// To returns o as an rxgo stream. It is cold, may be observed any number of
// times, and each observation subscribes to o (rule X6). opts are rxgo's for
// Defer: WithBufferedChannel and WithContext; an observation's own context
// takes the place of that one. WithPublishStrategy means nothing to Defer: o.Share
// and the like do its work.
//
// The subscription has the context of the observation. It runs on the goroutine
// that rxgo starts for it, o's producer waits until the reader has taken its
// item, and when the context ends o is disposed. A reader that leaves without
// ending the context, as rxgo's Take does, leaves the producer waiting. An error of
// o, be it a [*observable.PanicError], is the last item; the end of the context
// closes the channel without one.
func To[T any](o observable.Observable[T], opts ...rxgo.Option) rxgo.Observable {
	produce := func(ctx context.Context, next chan<- rxgo.Item) {
		s := &sender[T]{ctx: ctx, next: next, over: make(chan struct{})}
		defer s.wait()
		o.Subscribe(ctx, s)
	}
	// Clipped, because observations append to opts, maybe several at once.
	return rxgo.Defer([]rxgo.Producer{produce}, slices.Clip(opts)...)
}

// sender is the observer that feeds an rxgo channel. rxgo closes the channel
// when its producer has returned, so that must not be before the end.
type sender[T any] struct {
	ctx  context.Context
	next chan<- rxgo.Item
	up   observable.Disposable
	over chan struct{} // closed at the end, after the last item
	once sync.Once     // closes over
}

func (s *sender[T]) OnSubscribe(d observable.Disposable) { s.up = d }

func (s *sender[T]) OnNext(v T) {
	if !rxgo.Of(v).SendContext(s.ctx, s.next) {
		s.up.Dispose()
		s.end()
	}
}

func (s *sender[T]) OnError(err error) {
	rxgo.Error(err).SendContext(s.ctx, s.next)
	s.end()
}

func (s *sender[T]) OnComplete() { s.end() }

func (s *sender[T]) end() { s.once.Do(func() { close(s.over) }) }

// wait is deferred around the subscription, which may have returned before the
// end, or be passed by a Goexit after which the stream goes on elsewhere. It must
// be deferred itself: a panic that a source let through would end the process,
// and becomes the stream's error.
func (s *sender[T]) wait() {
	if r := recover(); r != nil {
		s.escaped(observable.NewPanicError(r))
	}
	<-s.over
}

// escaped tells a panic. The end of the context may be told at the same time.
func (s *sender[T]) escaped(err error) {
	select {
	case <-s.over:
		observable.ReportError(s.ctx, err)
		return
	default:
	}
	if s.up != nil {
		s.up.Dispose()
	}
	s.OnError(err)
}
