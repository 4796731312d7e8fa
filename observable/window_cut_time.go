package observable

import (
	"context"
	"time"
)

func checkSpan(operator, argument string, d time.Duration) {
	if d <= 0 {
		panic(badArgument(operator, argument, d, "a positive duration"))
	}
}

// timeCutSource cuts a stream into parts by time. skip is span if the parts are
// back to back.
type timeCutSource[T, R any] struct {
	up         Source[T]
	span, skip time.Duration
	count      int // items that fill a part; 0: none do
	restart    bool
	on         Scheduler
	parts      partsOf[T, R]
}

func (s *timeCutSource[T, R]) Subscribe(ctx context.Context, o Observer[R]) {
	t := &timeCut[T]{span: s.span, skip: s.skip, count: s.count, restart: s.restart, worker: s.on.Worker()}
	t.to, t.cutter, t.clock.to = &t.cutting, t, &t.cutting
	t.out = s.parts(ctx, o, t)
	onRefusal(t.worker, t)
	subscribe(ctx, s.up, t)
}

// timeCut's fields are the drainer's, but for the worker.
type timeCut[T any] struct {
	cutting[T]
	clock      door[T] // of the worker's tasks
	span, skip time.Duration
	count      int
	restart    bool
	worker     Worker

	filled int        // items in the part, if they count
	number int        // of the part, if its timer is its own
	timer  Disposable // of the part, if its timer is its own; or what begins parts
	shutIt func()     // the task that ends a part which overlaps others
}

// begin implements cutter. The first part is begun before the source emits, and
// before the timers start.
func (t *timeCut[T]) begin() {
	t.out.announce()
	t.door.enter(cut[T]{kind: cutOpen})
}

func (t *timeCut[T]) item(v T) {
	t.addAll(v)
	if t.count > 0 && len(t.open) > 0 {
		if t.filled++; t.filled >= t.count {
			t.turn()
		}
	}
}

func (t *timeCut[T]) event(e cut[T]) {
	switch {
	case e.kind == cutShut:
		if len(t.open) > 0 {
			t.shut(0)
		}
	case e.kind == cutNext:
		if !t.restart || e.n == t.number { // else its time ran out while the part was filled
			t.turn()
		}
	case t.skip == t.span:
		if p := t.add(); p != nil {
			if t.arm(); !t.restart {
				t.every(t.span, cut[T]{kind: cutNext})
			}
			p.unwanted()
		}
	default:
		t.overlapping()
	}
}

// turn goes on to the next part, where they are back to back.
func (t *timeCut[T]) turn() {
	t.filled = 0
	if !t.next() {
		return
	}
	t.arm()
	t.open[0].unwanted()
}

// arm starts the timer of the part, if it is its own.
func (t *timeCut[T]) arm() {
	if !t.restart {
		return
	}
	if t.timer != nil {
		t.timer.Dispose()
	}
	t.number++
	n := t.number
	t.timer = t.after(func() { t.clock.task(cut[T]{kind: cutNext, n: n}) })
}

// overlapping begins a part where they overlap, or have gaps between them.
func (t *timeCut[T]) overlapping() {
	p := t.add()
	if p == nil {
		return
	}
	if t.shutIt == nil {
		t.shutIt = func() { t.clock.task(cut[T]{kind: cutShut}) }
		t.after(t.shutIt)
		t.every(t.skip, cut[T]{kind: cutOpen})
	} else {
		t.after(t.shutIt)
	}
	p.unwanted()
}

func (t *timeCut[T]) after(task func()) Disposable {
	d, err := t.worker.After(t.span, task)
	t.check(err)
	return d
}

func (t *timeCut[T]) every(period time.Duration, c cut[T]) {
	_, err := t.worker.Every(period, period, func() { t.clock.task(c) })
	t.check(err)
}

// check ends the stream, if the scheduler refused something to the drainer.
func (t *timeCut[T]) check(err error) {
	if err != nil {
		t.enter(cut[T]{kind: cutEnd, err: err})
	}
}

// refused is called instead of a task.
func (t *timeCut[T]) refused(err error) { t.clock.task(cut[T]{kind: cutEnd, err: err}) }

// alone implements cutter: the timers end the parts, too.
func (t *timeCut[T]) alone() {}

// release implements cutter.
func (t *timeCut[T]) release() { t.worker.Dispose() }
