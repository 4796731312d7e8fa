package observable

import (
	"context"
	"time"
)

// Sample emits, each time that period has passed, the last item that came since
// the time before, if there was one. What is waiting when the source completes
// is emitted before the completion with emitLast, and dropped without, which is
// RxJava's default; an error drops it. The emitting is done by the scheduler on,
// or without one by [Go]; the source is never blocked.
//
//	1 2 . 3 . . . 4 . |  Sample(2s)  =>  . . 2 . 3 . . . 4 |
func Sample[T any](o Observable[T], period time.Duration, emitLast bool, on ...Scheduler) Observable[T] {
	return sample("Sample", o, period, emitLast, on)
}

// ThrottleLast is [Sample] without emitLast: of each period the last item.
//
//	1 2 . 3 . . . 4 . |  ThrottleLast(2s)  =>  . . 2 . 3 . . . 4 |
func ThrottleLast[T any](o Observable[T], period time.Duration, on ...Scheduler) Observable[T] {
	return sample("ThrottleLast", o, period, false, on)
}

func sample[T any](operator string, o Observable[T], period time.Duration, emitLast bool, on []Scheduler) Observable[T] {
	if period <= 0 {
		panic(badArgument(operator, "period", period, "a positive duration"))
	}
	return Observable[T]{src: &sampleSource[T]{o.src, period, emitLast, schedulerOf(operator, on)}}
}

type sampleSource[T any] struct {
	up       Source[T]
	period   time.Duration
	emitLast bool
	on       Scheduler
}

func (s *sampleSource[T]) Subscribe(ctx context.Context, o Observer[T]) {
	t := new(sampleTimed[T])
	t.clock = sampleClock[T]{s.on.Worker(), &t.sampleObserver, s.period}
	t.run(ctx, s.up, o, &t.clock, s.emitLast)
}

type sampleTimed[T any] struct {
	sampleObserver[T]
	clock sampleClock[T]
}

// sampleClock is the pulse of Sample.
type sampleClock[T any] struct {
	Worker
	sample *sampleObserver[T]
	period time.Duration
}

func (c *sampleClock[T]) begin() {
	onRefusal(c.Worker, c)
	if _, err := c.Every(c.period, c.period, c.sample.flush); err != nil {
		c.refused(err)
	}
}

// refused ends the stream because the scheduler will not run the task.
func (c *sampleClock[T]) refused(err error) { c.sample.failed(err) }

// SampleWhen emits, each time that sampler emits, the last item that came since
// the time before, if there was one. It ends with the source or with sampler,
// whichever is first; the other is stopped. What is waiting at a completion is
// emitted before it with emitLast, and dropped without, which is RxJava's
// default (RxJava: sample with a stream).
//
//	1 2 3   4 |
//	   x   x     SampleWhen  =>  2 3 |
func SampleWhen[T, U any](o Observable[T], sampler Observable[U], emitLast bool) Observable[T] {
	return Observable[T]{src: &sampleWhenSource[T, U]{o.src, sampler.src, emitLast}}
}

type sampleWhenSource[T, U any] struct {
	up       Source[T]
	sampler  Source[U]
	emitLast bool
}

func (s *sampleWhenSource[T, U]) Subscribe(ctx context.Context, o Observer[T]) {
	w := new(sampleWhen[T, U])
	w.sampler.src, w.sampler.sample = s.sampler, &w.sampleObserver
	w.run(ctx, s.up, o, &w.sampler, s.emitLast)
}

type sampleWhen[T, U any] struct {
	sampleObserver[T]
	sampler sampler[T, U]
}

// sampleObserver observes the source, and keeps its last item until the pulse
// has it emitted.
type sampleObserver[T any] struct {
	holder[T]
	up       Disposable
	pulse    pulse
	emitLast bool
	inside   bool // the source's goroutine is inside down (rule C9)
}

// pulse says when to emit. It is begun between OnSubscribe and the first item,
// as in RxJava, where that decides who is first when two things are due at once.
type pulse interface {
	Disposable
	begin()
}

func (s *sampleObserver[T]) run(ctx context.Context, up Source[T], o Observer[T], p pulse, emitLast bool) {
	s.ctx, s.down, s.owner = ctx, o, s
	s.pulse, s.emitLast = p, emitLast
	subscribe(ctx, up, s)
}

func (s *sampleObserver[T]) OnSubscribe(d Disposable) {
	s.up = d
	s.inside = true
	s.down.OnSubscribe(s)
	s.inside = false
	if s.state.Load() == 0 {
		s.pulse.begin()
	}
}

func (s *sampleObserver[T]) OnNext(v T) {
	s.mu.Lock()
	s.hold(v)
	s.mu.Unlock()
}

func (s *sampleObserver[T]) OnError(err error) { s.failed(err) }
func (s *sampleObserver[T]) failed(err error)  { s.fail(err, s.stop) }

func (s *sampleObserver[T]) OnComplete() {
	s.pulse.Dispose()
	s.complete(s.emitLast)
}

// flush emits the item that is held, for the pulse.
func (s *sampleObserver[T]) flush() {
	s.mu.Lock()
	some := s.release()
	s.mu.Unlock()
	if some {
		s.enter()
	}
}

// stop disposes the producers.
func (s *sampleObserver[T]) stop() {
	s.up.Dispose()
	s.pulse.Dispose()
	s.forget()
}

func (s *sampleObserver[T]) Dispose() {
	if s.dispose() {
		s.stop()
	}
}

// Blame implements [Stage].
func (s *sampleObserver[T]) Blame() (bool, Disposable, any) { return !s.inside, s.handle(), s.down }

// sampler is the pulse of SampleWhen.
type sampler[T, U any] struct {
	link
	src    Source[U]
	sample *sampleObserver[T]
}

func (p *sampler[T, U]) begin() {
	made := false
	defer passing(&made, p)
	subscribe(p.sample.ctx, p.src, p)
	made = true
}

func (p *sampler[T, U]) OnSubscribe(d Disposable) { p.set(d) }
func (p *sampler[T, U]) OnNext(U)                 { p.sample.flush() }
func (p *sampler[T, U]) OnError(err error)        { p.failed(err) }

func (p *sampler[T, U]) OnComplete() {
	p.sample.up.Dispose()
	p.sample.complete(p.sample.emitLast)
}

// failed implements failer.
func (p *sampler[T, U]) failed(err error) { p.sample.failed(err) }

// Blame implements [Stage]: what is emitted for the sampler has a boundary of
// its own.
func (p *sampler[T, U]) Blame() (bool, Disposable, any) { return true, p.sample, p.sample.down }
