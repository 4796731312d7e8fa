package command

import (
	"fmt"
	"sync"
)

// Request is one argument of a batch, for the function that maps the batch's
// result to answers (HystrixCollapser.CollapsedRequest). Its methods may be called
// concurrently, also after the mapping has returned. While it runs, answers are
// kept; they are delivered after it, on the batch's goroutine; later ones on the
// goroutine that gives them.
type Request[In comparable, Out any] struct {
	arg   In
	seats *seat[In, Out]  // the latest first; fixed when the batch is taken
	shard *shard[In, Out] // guarded by the batcher's mu; nil until it is sent
	// waiting is how many seats have not been left; guarded by the batcher's mu.
	waiting int32

	answered bool // guarded by mu; a value was set or emitted
	over     bool // guarded by mu; nothing can be said any more
	told     bool // guarded by mu; the end has been delivered, or is being
	ready    bool // guarded by mu; the mapping is over, answers may be delivered
	busy     bool // guarded by mu; somebody is delivering, and goes on until nothing is left; or has told the end
	mu       sync.Mutex
	items    []Out // guarded by mu; not delivered yet; nothing once told is true
	err      error // guarded by mu; the end, if over
}

// Arg returns the argument.
func (r *Request[In, Out]) Arg() In { return r.arg }

// Respond answers with one value and completes (setResponse). The error is a
// [*CollapserError] that wraps [ErrAnswered] if the request was over before; then
// nothing happened. A mapping that returns it fails the requests that have no
// answer yet.
func (r *Request[In, Out]) Respond(v Out) error {
	if !r.say(func() { r.items, r.answered, r.over = append(r.items, v), true, true }) {
		return r.again(fmt.Sprintf("response %v", v))
	}
	return nil
}

// Emit gives one of several values (emitResponse). The request goes on until
// Respond, Complete or Fail; without one of them its caller waits for ever.
func (r *Request[In, Out]) Emit(v Out) error {
	if !r.say(func() { r.items, r.answered = append(r.items, v), true }) {
		return r.again(fmt.Sprintf("response %v", v))
	}
	return nil
}

// Complete ends the request (setComplete). It does nothing to one that is over.
func (r *Request[In, Out]) Complete() { r.say(func() { r.over = true }) }

// Fail ends the request with an error (setException), which must not be nil.
func (r *Request[In, Out]) Fail(err error) error {
	if err == nil {
		return r.again("error nil, want an error")
	}
	if !r.say(func() { r.over, r.err = true, err }) {
		return r.again(fmt.Sprintf("error %v", err))
	}
	return nil
}

// again is the error of an answer that cannot be given.
func (r *Request[In, Out]) again(what string) error {
	return r.fails(fmt.Errorf("%w, so this cannot be set: %s", ErrAnswered, what))
}

// fails is the collapser's own error about the request.
func (r *Request[In, Out]) fails(err error) error {
	return r.seats.batcher.collapser.fails(r.arg, err)
}

// say changes what there is to deliver, and delivers it if the mapping is over.
// It reports false, and does nothing, if the request is over.
func (r *Request[In, Out]) say(what func()) bool {
	r.mu.Lock()
	if r.over {
		r.mu.Unlock()
		return false
	}
	what()
	r.deliver()
	return true
}

// end ends the request, if it is not over, and delivers.
func (r *Request[In, Out]) end(err error) {
	r.mu.Lock()
	if !r.over {
		r.over, r.err = true, err
	}
	r.ready = true
	r.deliver()
}

// finish ends the request after the mapping: with err, or, if that is nil, with
// ErrNoResponse unless something was said to it (setExceptionIfResponseNotReceived).
// Then it delivers.
func (r *Request[In, Out]) finish(err error) {
	r.mu.Lock()
	switch {
	case r.over || err == nil && r.answered:
	case err == nil:
		r.over, r.err = true, r.fails(ErrNoResponse)
	default:
		r.over, r.err = true, err
	}
	r.ready = true
	r.deliver()
}

// release has answers delivered from now on, those included that are there.
func (r *Request[In, Out]) release() {
	r.mu.Lock()
	r.ready = true
	r.deliver()
}

// deliver tells the seats what there is to tell, until there is nothing more:
// one goroutine at a time, and without the lock, which the caller holds and
// deliver gives back.
func (r *Request[In, Out]) deliver() {
	for r.ready && !r.busy && (len(r.items) > 0 || r.over && !r.told) {
		items := r.items
		r.items, r.told, r.busy = nil, r.over, true
		over, err := r.over, r.err
		r.mu.Unlock()
		r.tell(r.seats, items, over, err)
		if over {
			return // nothing can be said any more
		}
		r.mu.Lock()
		r.busy = false
	}
	r.mu.Unlock()
}

// tell tells the seats from s on. One that ends this goroutine (runtime.Goexit)
// does not keep the others from being told, nor what comes after.
func (r *Request[In, Out]) tell(s *seat[In, Out], items []Out, over bool, err error) {
	if s.next == nil && s.ours && over { // most often: nothing is left to do if a future's OnDone ends this goroutine
		s.tell(items, over, err)
		return
	}
	returned := false
	defer func() {
		if returned {
			return
		}
		if s != nil { // the one after the one that did it
			r.tell(s, items, over, err)
		}
		r.mu.Lock()
		r.busy = false
		r.deliver()
	}()
	for s != nil {
		one := s
		s = s.next
		one.tell(items, over, err)
	}
	returned = true
}

// silent reports whether nothing has been said to the request.
func (r *Request[In, Out]) silent() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return !r.over && !r.answered
}
