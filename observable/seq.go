package observable

import (
	"context"
	"iter"
	"sync"
)

// seqQueue is how many items of a stream that is not synchronous may wait for
// the loop that reads them.
const seqQueue = 128

// Seq returns the stream as an iterator: each range subscribes anew, and an
// error is the last pair, with the zero value; so is context.Cause(ctx) when ctx
// ends. Leaving the loop disposes the subscription.
//
//	1 2 #  Seq  =>  (1, nil) (2, nil) (0, #)
//
// A synchronous stream yields directly, on the caller's goroutine, without a
// queue; that is known of sources but [Create] and [Defer], and of operators that
// neither take nor make other streams. Any other is subscribed to on a goroutine of its own, which ends with
// the stream, and read through a queue of 128 items; its producer waits while
// the queue is full.
func (o Observable[T]) Seq(ctx context.Context) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		if isSynchronous(o.src) {
			s := &yieldSink[T]{yield: yield}
			s.run(ctx, func() { o.Subscribe(ctx, s) })
			s.finish()
			return
		}
		q := newPipe[T](seqQueue)
		defer q.Dispose()
		go o.Subscribe(ctx, q) // ends with the source's Subscribe; Dispose stops that
		for {
			v, err, ok := q.pop()
			if !ok {
				if err != nil {
					yield(v, err)
				}
				return
			}
			if !yield(v, nil) {
				return
			}
		}
	}
}

// yieldSink is the loop body of a range over a synchronous stream.
type yieldSink[T any] struct {
	ending
	yield func(T, error) bool
	left  bool // the loop was left, or its body panicked
}

func (s *yieldSink[T]) OnNext(v T) {
	s.left = true
	if s.yield(v, nil) {
		s.left = false
		return
	}
	s.stop(nil)
}

// finish hands the error to the loop. A panic of the loop's body became the
// stream's error on its way through the chain; the body gets it back.
func (s *yieldSink[T]) finish() {
	if p, ok := s.err.(*PanicError); ok && s.left {
		panic(p.Value)
	}
	if s.err != nil && !s.left {
		var zero T
		s.yield(zero, s.err)
	}
}

// Item is what [Observable.Chan] sends: a value, or the error that ended the
// stream.
type Item[T any] struct {
	Value T
	Err   error
}

// Chan subscribes and returns a channel of the items, closed at the end; an
// error is the last item, and so is context.Cause(ctx) when ctx ends, if the
// channel has room for it or somebody is receiving just then. bound is the
// channel's capacity, and a negative one panics with an [*ArgumentError]; the
// producer waits while the channel is full. Who stops reading must end ctx, which
// frees everything; the subscription runs on a goroutine that ends with the stream
// or with ctx.
//
//	1 2 #  Chan  =>  {1, nil} {2, nil} {0, #} closed
func (o Observable[T]) Chan(ctx context.Context, bound int) <-chan Item[T] {
	if bound < 0 {
		panic(badArgument("Chan", "bound", bound, "0 or more"))
	}
	out := make(chan Item[T], bound)
	s := &chanSink[T]{out: out, done: ctx.Done()}
	go o.Subscribe(ctx, s) // ends with the source's Subscribe; ctx stops that
	return out
}

type chanSink[T any] struct {
	out  chan<- Item[T]
	done <-chan struct{}
}

func (s *chanSink[T]) OnSubscribe(Disposable) {}
func (s *chanSink[T]) OnNext(v T)             { s.send(Item[T]{Value: v}) }

func (s *chanSink[T]) OnError(err error) {
	s.send(Item[T]{Err: err})
	close(s.out)
}

func (s *chanSink[T]) OnComplete() { close(s.out) }

func (s *chanSink[T]) send(i Item[T]) {
	select {
	case s.out <- i: // room: also after the end of ctx, so that its cause is seen
		return
	default:
	}
	select {
	case s.out <- i:
	case <-s.done:
	}
}

// pipe is an observer on one goroutine and a reader on another, with a bounded
// queue in between.
type pipe[T any] struct {
	link
	bound int

	mu    sync.Mutex
	moved sync.Cond // signalled when the queue, over or left changes; on mu
	queue fifo[T]   // guarded by mu
	over  bool      // guarded by mu; the stream has ended
	left  bool      // guarded by mu; the reader has
	err   error     // guarded by mu
}

func newPipe[T any](bound int) *pipe[T] {
	p := &pipe[T]{bound: bound}
	p.moved.L = &p.mu
	return p
}

func (p *pipe[T]) OnSubscribe(d Disposable) { p.set(d) }

func (p *pipe[T]) OnNext(v T) {
	p.mu.Lock()
	for p.queue.n == p.bound && !p.left {
		p.moved.Wait()
	}
	if !p.left {
		p.queue.push(v)
		p.moved.Broadcast()
	}
	p.mu.Unlock()
}

func (p *pipe[T]) OnError(err error) { p.end(err) }
func (p *pipe[T]) OnComplete()       { p.end(nil) }

func (p *pipe[T]) end(err error) {
	p.mu.Lock()
	p.over, p.err = true, err
	p.moved.Broadcast()
	p.mu.Unlock()
}

// pop waits for the next item; ok is false at the end.
func (p *pipe[T]) pop() (v T, err error, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.queue.n == 0 {
		if p.over {
			return v, p.err, false
		}
		p.moved.Wait()
	}
	v = p.queue.pop()
	p.moved.Broadcast()
	return v, nil, true
}

// Dispose is the reader leaving.
func (p *pipe[T]) Dispose() {
	p.link.Dispose()
	p.mu.Lock()
	p.left = true
	p.queue.clear()
	p.moved.Broadcast()
	p.mu.Unlock()
}
