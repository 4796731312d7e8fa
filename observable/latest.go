package observable

import "context"

// CombineLatest2 emits combine of the latest items of both sources, each time
// that one of them emits, once both have. It completes when both have, and at
// once when one completes without an item. An error of either ends it at once.
// Combinations of items that come while another is delivered are queued without
// bound.
//
//	1   2     3 |
//	  a   b |      CombineLatest2  =>  1a 2a 2b 3b |
func CombineLatest2[A, B, R any](a Observable[A], b Observable[B], combine func(A, B) R) Observable[R] {
	if combine == nil {
		panic(badArgument("CombineLatest2", "combine", nil, "a function"))
	}
	return Observable[R]{src: &latest2Source[A, B, R]{a.src, b.src, combine, false}}
}

// CombineLatest2DelayError is [CombineLatest2] where the failure of a source
// that has emitted counts as its completion. The errors are told in the end, two
// of them joined in the order in which they came.
//
//	1   2     3 |
//	  a   #        CombineLatest2DelayError  =>  1a 2a 3a #
func CombineLatest2DelayError[A, B, R any](a Observable[A], b Observable[B], combine func(A, B) R) Observable[R] {
	if combine == nil {
		panic(badArgument("CombineLatest2DelayError", "combine", nil, "a function"))
	}
	return Observable[R]{src: &latest2Source[A, B, R]{a.src, b.src, combine, true}}
}

type latest2Source[A, B, R any] struct {
	a          Source[A]
	b          Source[B]
	combine    func(A, B) R
	delayError bool
}

func (s *latest2Source[A, B, R]) Subscribe(ctx context.Context, o Observer[R]) {
	l := &latest2[A, B, R]{fn: s.combine}
	l.a.from(s.a, &l.current.a)
	l.b.from(s.b, &l.current.b)
	l.all = [...]latestInput[tuple2[A, B], R]{&l.a, &l.b}
	l.delayError = s.delayError
	l.run(ctx, o, l.all[:], l)
}

type latest2[A, B, R any] struct {
	latest[tuple2[A, B], R]
	a   latestLane[A, tuple2[A, B], R]
	b   latestLane[B, tuple2[A, B], R]
	all [2]latestInput[tuple2[A, B], R]
	fn  func(A, B) R
}

type tuple2[A, B any] struct {
	a A
	b B
}

func (l *latest2[A, B, R]) combine(s tuple2[A, B]) R { return l.fn(s.a, s.b) }

// latest is what the lanes of one subscription share. S has one item of each
// source.
type latest[S, R any] struct {
	junction[R]
	lanes      []latestInput[S, R]
	next       interface{ combine(S) R }
	clone      func(S) S // of a snapshot; nil: it is copied
	delayError bool

	current S       // guarded by mu
	missing int     // guarded by mu; sources that have not emitted
	running int     // guarded by mu; sources that have not ended
	over    bool    // guarded by mu; there will be no more combinations
	queue   fifo[S] // guarded by mu; items to be combined
}

// latestInput is a lane of a latest, whatever the type of its items.
type latestInput[S, R any] interface {
	Disposable
	begin(l *latest[S, R])
	// drop lets go of the latest item. It needs mu.
	drop()
}

// run subscribes to the sources of lanes.
func (l *latest[S, R]) run(ctx context.Context, o Observer[R], lanes []latestInput[S, R], next interface{ combine(S) R }) {
	l.ctx, l.down, l.op, l.lanes, l.next = ctx, o, l, lanes, next
	l.missing, l.running = len(lanes), len(lanes)
	l.open(func() {
		for _, in := range lanes {
			if !l.live() {
				return
			}
			in.begin(l)
		}
	})
}

// step implements meeting: it emits a combination, or the end.
func (l *latest[S, R]) step() bool {
	if l.queue.n == 0 {
		if l.over {
			l.end(l.kept())
		} else {
			l.mu.Unlock()
		}
		return false
	}
	s := l.queue.pop()
	l.mu.Unlock()
	l.deliver(s)
	return true
}

// deliver emits the combination of s, as the drainer.
func (l *latest[S, R]) deliver(s S) {
	l.busy = true
	r := l.next.combine(s)
	l.busy = false
	l.emit(r)
}

// ended takes note of a source that has ended. The caller holds mu. It reports
// whether no combination can come any more.
func (l *latest[S, R]) ended(empty bool) bool {
	l.running--
	l.over = l.over || empty || l.running == 0
	return l.over
}

// stop implements meeting.
func (l *latest[S, R]) stop() {
	for _, in := range l.lanes {
		in.Dispose()
	}
}

// drop implements meeting.
func (l *latest[S, R]) drop() {
	for _, in := range l.lanes {
		in.drop()
	}
	l.queue.clear()
}

// latestLane observes one source of a latest.
type latestLane[T, S, R any] struct {
	lane[R]
	src   Source[T]
	all   *latest[S, R]
	field *T   // where in all.current its latest item is; guarded by mu
	some  bool // guarded by mu; there is an item
}

func (l *latestLane[T, S, R]) from(src Source[T], field *T) { l.src, l.field = src, field }

func (l *latestLane[T, S, R]) begin(all *latest[S, R]) {
	l.all, l.at = all, &all.junction
	subscribe(all.ctx, l.src, l)
}

// OnNext delivers at once if nobody is inside and nothing waits; the order is
// the one in which items were taken.
func (l *latestLane[T, S, R]) OnNext(v T) {
	all := l.all
	all.mu.Lock()
	if !all.live() || all.over {
		all.mu.Unlock()
		return
	}
	if !l.some {
		l.some = true
		all.missing--
	}
	*l.field = v
	if all.missing > 0 {
		all.mu.Unlock()
		return
	}
	s := all.current
	if all.clone != nil {
		s = all.clone(s)
	}
	direct := all.queue.n == 0 && all.wip.CompareAndSwap(0, 1)
	if !direct {
		all.queue.push(s)
	}
	all.mu.Unlock()
	if !direct {
		l.enter()
		return
	}
	l.inside = true
	all.deliver(s)
	if all.wip.Add(-1) != 0 {
		all.drain()
	}
	l.inside = false
}

func (l *latestLane[T, S, R]) OnError(err error) {
	all := l.all
	if !all.delayError {
		all.failed(err)
		return
	}
	all.mu.Lock()
	kept := all.delay(err)
	over := kept && all.ended(!l.some)
	all.mu.Unlock()
	if !kept {
		reportLate(all.ctx, err)
		return
	}
	l.leave(over)
}

func (l *latestLane[T, S, R]) OnComplete() {
	l.all.mu.Lock()
	over := l.all.ended(!l.some)
	l.all.mu.Unlock()
	l.leave(over)
}

// leave is called when the source has ended, with whether all is over.
func (l *latestLane[T, S, R]) leave(over bool) {
	if over {
		l.all.stop() // a drainer may be busy below
		l.arrive()
	}
}

func (l *latestLane[T, S, R]) drop() {
	var zero T
	*l.field = zero
}
