package observable

import "time"

// ReplayOptions bounds what is kept for late observers. The zero value keeps
// everything.
type ReplayOptions struct {
	// Size is how many items are kept: the last ones. Zero and [Unlimited] mean
	// all.
	Size int
	// MaxAge is how long an item is kept: one that came MaxAge ago or earlier is
	// not told to an observer that comes now. Ageing goes on after the end. Zero
	// and less mean for ever.
	MaxAge time.Duration
	// On is the scheduler whose clock MaxAge is measured with; nil means [Go].
	On Scheduler
}

// check panics if operator cannot work with o.
func (o ReplayOptions) check(operator string) {
	if o.Size < 0 && o.Size != Unlimited {
		panic(badArgument(operator, "Size", o.Size, "1 or more, or 0 or Unlimited for all"))
	}
	if o.On != nil {
		checkScheduler(operator, "On", o.On)
	}
}

// ReplaySubject tells each observer what came before it subscribed, as far as
// it is kept, then what comes, then the end, without a gap and without
// overlap. It implements [Subject]; [NewReplaySubject] makes one.
//
//	1 2 3 4 |
//	   ^        =>  1 2 3 4 |
//
// What is kept is told on the goroutine that subscribes; an observer that takes
// its time there holds up nobody else, and misses nothing that the bounds drop
// meanwhile. Items are stored in chunks of up to 64; dropped ones are let go.
type ReplaySubject[T any] struct{ history[T] }

// NewReplaySubject returns a subject that keeps what opts says. A negative
// Size panics with an [*ArgumentError].
func NewReplaySubject[T any](opts ReplayOptions) *ReplaySubject[T] {
	opts.check("NewReplaySubject")
	s := new(ReplaySubject[T])
	s.keep(opts)
	return s
}

// Values returns a copy of what an observer that came now would be told.
func (s *ReplaySubject[T]) Values() []T {
	now := s.age.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.trim(now)
	return s.values()
}

// Size returns how many items [ReplaySubject.Values] would return.
func (s *ReplaySubject[T]) Size() int {
	now := s.age.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.trim(now)
	return s.size()
}
