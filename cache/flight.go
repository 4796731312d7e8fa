package cache

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	"github.com/quillgo/quill/observable"
)

// Flight is an execution that several share: it is subscribed to once, its
// signals are replayed to every sharer, and it is disposed when the last one
// leaves (rule S3). Its methods may be called concurrently.
//
// A flight is on until its execution ends by itself, or until it is aborted: by
// [Flight.Cancel], or because all its sharers left. A sharer's place in it is a
// seat: a stream, from [Flight.Join] or [Board], to be subscribed to once. The tag
// is a value of the owner's that goes with the flight, for who finds it later; the
// flight does not look at it.
type Flight[T any] struct {
	subject *observable.ReplaySubject[T]
	tag     any
	outcome atomic.Pointer[Outcome[T]]

	mu      sync.Mutex
	sharers int                   // guarded by mu
	state   flightState           // guarded by mu
	up      observable.Disposable // guarded by mu; the execution, while it is on
}

type flightState uint8

const (
	flying  flightState = iota
	landed              // ended by itself: replayed for ever
	aborted             // left by all, or cancelled: never inherited (rule S4)
)

// Outcome is how a flight ended that gave at most one item.
type Outcome[T any] struct {
	Value T // if Items is 1
	Items int
	Err   error // nil if it completed
}

// NewFlight returns a flight that nobody shares yet and that has not been
// started. tag is whatever the owner wants to find again with [Flight.Tag].
func NewFlight[T any](tag any) *Flight[T] {
	return &Flight[T]{subject: observable.NewReplaySubject[T](observable.ReplayOptions{}), tag: tag}
}

// Tag returns what NewFlight was given.
func (f *Flight[T]) Tag() any { return f.tag }

// Start subscribes to o. It must be called once, and returns when o's Subscribe
// does. The flight does not watch ctx: whoever starts one for several detaches
// it from the first (rule S5). What ctx holds the flight does not: it may run
// user code when the one who started it, and the hold, are gone.
func (f *Flight[T]) Start(ctx context.Context, o observable.Observable[T]) {
	o.Source().Subscribe(observable.WithoutHold(ctx), &flightObserver[T]{flight: f, ctx: ctx})
}

// StartScalar is Start for an o of at most one item, which sharers are told when
// o has completed: so who leaves with the item, as [observable.Observable.First]
// does, does not leave before the end, and the result stays for others. A second
// item is an error.
func (f *Flight[T]) StartScalar(ctx context.Context, o observable.Observable[T]) {
	o.Source().Subscribe(observable.WithoutHold(ctx), &flightObserver[T]{flight: f, ctx: ctx, scalar: true})
}

// Observable returns the flight as a stream, each subscriber of which is a
// sharer. Who subscribes after the flight was aborted gets the items it gave until
// then, and its error: that of Cancel, or context.Canceled when all had left.
func (f *Flight[T]) Observable() observable.Observable[T] {
	return observable.NewUnsafe[T](flightSource[T]{f})
}

type flightSource[T any] struct{ flight *Flight[T] }

func (s flightSource[T]) Subscribe(ctx context.Context, o observable.Observer[T]) {
	if seat, ok := s.flight.Join(); ok {
		seat.Source().Subscribe(ctx, o)
		return
	}
	s.flight.subject.Subscribe(ctx, o)
}

// Outcome returns how the flight ended; ok is false while it is on and after it
// gave more than one item. It does not allocate.
func (f *Flight[T]) Outcome() (o Outcome[T], ok bool) {
	if p := f.outcome.Load(); p != nil {
		return *p, true
	}
	return o, false
}

// Join makes the caller a sharer, and reports false if the flight was aborted.
// The stream it returns is to be subscribed to exactly once: disposing it is
// leaving.
func (f *Flight[T]) Join() (o observable.Observable[T], ok bool) {
	if !f.join() {
		return o, false
	}
	return observable.NewUnsafe[T](&seat[T]{flight: f}), true
}

func (f *Flight[T]) join() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.state == aborted {
		return false
	}
	f.sharers++
	return true
}

// leave is called once by each sharer that does not stay to the end.
func (f *Flight[T]) leave() {
	f.mu.Lock()
	f.sharers--
	up := f.up
	last := f.sharers == 0 && f.abort()
	f.mu.Unlock()
	if last {
		f.aborted(up, context.Canceled)
	}
}

// Cancel aborts a flight that is still on: the execution is disposed and all
// sharers get err. After the end it does nothing.
func (f *Flight[T]) Cancel(err error) {
	f.mu.Lock()
	up := f.up
	on := f.abort()
	f.mu.Unlock()
	if on {
		f.aborted(up, err)
	}
}

// on reports whether the flight has neither ended nor been aborted.
func (f *Flight[T]) on() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.state == flying
}

// abort marks a flight that is on as aborted; the caller holds mu.
func (f *Flight[T]) abort() bool {
	if f.state != flying {
		return false
	}
	f.state = aborted
	f.up = nil
	return true
}

// aborted disposes the execution of a flight that was just aborted, and tells
// those who share it, or come to look at it later.
func (f *Flight[T]) aborted(up observable.Disposable, err error) {
	defer f.subject.OnError(err) // also if up ends the goroutine
	if up != nil {
		up.Dispose()
	}
}

// land records that the execution ended by itself, and reports false if the
// flight was aborted before.
func (f *Flight[T]) land() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.state != flying {
		return false
	}
	f.state = landed
	f.up = nil
	return true
}

// flightObserver observes the execution of a flight.
type flightObserver[T any] struct {
	flight *Flight[T]
	ctx    context.Context
	up     observable.Disposable
	first  T
	n      int
	scalar bool // first is told at the end
}

func (o *flightObserver[T]) OnSubscribe(d observable.Disposable) {
	o.up = d
	f := o.flight
	f.mu.Lock()
	on := f.state == flying
	if on {
		f.up = d
	}
	f.mu.Unlock()
	if !on {
		d.Dispose()
	}
}

func (o *flightObserver[T]) OnNext(v T) {
	if o.n++; o.n == 1 {
		o.first = v
	}
	if !o.scalar {
		o.flight.subject.OnNext(v)
	} else if o.n == 2 {
		o.up.Dispose()
		o.OnError(observable.ErrTooMany)
	}
}

func (o *flightObserver[T]) OnError(err error) {
	if o.flight.land() {
		o.store(err)
		o.flight.subject.OnError(err)
	} else if !errors.Is(err, context.Canceled) { // which only says that it was disposed
		observable.ReportError(o.ctx, err)
	}
}

func (o *flightObserver[T]) OnComplete() {
	if o.flight.land() {
		o.store(nil)
		if o.scalar && o.n == 1 {
			o.flight.subject.OnNext(o.first)
		}
		o.flight.subject.OnComplete()
	}
}

func (o *flightObserver[T]) store(err error) {
	if o.n <= 1 {
		o.flight.outcome.Store(&Outcome[T]{Value: o.first, Items: o.n, Err: err})
	}
}

// seat is one sharer's place, taken by Join.
type seat[T any] struct {
	flight *Flight[T]
	taken  atomic.Bool
}

func (s *seat[T]) Subscribe(ctx context.Context, o observable.Observer[T]) {
	if s.taken.Swap(true) {
		observable.Error[T](observable.ErrSubscribedTwice).Source().Subscribe(ctx, o)
		return
	}
	s.flight.subject.Subscribe(ctx, &sharer[T]{flight: s.flight, down: o})
}

// sharer stands between the subject and one sharer's observer.
type sharer[T any] struct {
	flight *Flight[T]
	down   observable.Observer[T]
	up     observable.Disposable
	left   atomic.Bool // disposed, and leave was called
}

func (s *sharer[T]) OnSubscribe(d observable.Disposable) {
	s.up = d
	s.down.OnSubscribe(s)
}

func (s *sharer[T]) OnNext(v T)        { s.down.OnNext(v) }
func (s *sharer[T]) OnError(err error) { s.down.OnError(err) }
func (s *sharer[T]) OnComplete()       { s.down.OnComplete() }

// Dispose is the sharer leaving. When it returns the sharer is told nothing
// more, also if another goroutine was here first (C4).
func (s *sharer[T]) Dispose() {
	first := !s.left.Swap(true)
	s.up.Dispose()
	if first {
		s.flight.leave()
	}
}

// Disposed reports whether the sharer has left.
func (s *sharer[T]) Disposed() bool { return s.left.Load() }

// Blame implements [observable.Stage]: a sharer runs no user function.
func (s *sharer[T]) Blame() (bool, observable.Disposable, any) { return false, s, s.down }
