package observable

import "context"

// Join emits combine of each item of left and each item of right whose windows
// overlap. The window of an item opens when it comes and closes when the stream
// that leftEnd, or rightEnd, makes for it emits or completes. It completes when
// both sources have, whatever windows are open; an error of any of the streams
// ends it at once.
//
//	1---)  2---)      the windows of left
//	  a----------)    Join  =>  1a 2a
//
// An item is combined with those of the other side in the order in which they
// came. What comes while an item is delivered is queued without bound.
func Join[L, R, LE, RE, Out any](
	left Observable[L], right Observable[R],
	leftEnd func(L) Observable[LE], rightEnd func(R) Observable[RE],
	combine func(L, R) Out,
) Observable[Out] {
	checkEnds("Join", leftEnd, rightEnd)
	if combine == nil {
		panic(badArgument("Join", "combine", nil, "a function"))
	}
	return Observable[Out]{src: &joinSource[L, R, LE, RE, Out]{left.src, right.src, leftEnd, rightEnd, combine, nil}}
}

func checkEnds[L, R, LE, RE any](operator string, leftEnd func(L) Observable[LE], rightEnd func(R) Observable[RE]) {
	if leftEnd == nil {
		panic(badArgument(operator, "leftEnd", nil, "a function"))
	}
	if rightEnd == nil {
		panic(badArgument(operator, "rightEnd", nil, "a function"))
	}
}

// joinSource is a Join, or a GroupJoin if group is not nil.
type joinSource[L, R, LE, RE, Out any] struct {
	left     Source[L]
	right    Source[R]
	leftEnd  func(L) Observable[LE]
	rightEnd func(R) Observable[RE]
	combine  func(L, R) Out
	group    func(L, Observable[R]) Out
}

func (s *joinSource[L, R, LE, RE, Out]) Subscribe(ctx context.Context, o Observer[Out]) {
	j := &joining[L, R, LE, RE, Out]{combine: s.combine, group: s.group}
	j.ctx, j.down, j.op = ctx, o, j
	if s.group != nil {
		j.down = &groupsEnd[L, R, LE, RE, Out]{join: j, down: o}
	}
	j.left = joinSide[L, R, LE, Out]{lane: lane[Out]{at: &j.junction}, events: &j.events, came: leftCame, shut: leftShut, end: s.leftEnd}
	j.right = joinSide[R, L, RE, Out]{lane: lane[Out]{at: &j.junction}, events: &j.events, came: rightCame, shut: rightShut, end: s.rightEnd}
	j.open(func() {
		subscribe(ctx, s.left, &j.left)
		if j.live() {
			subscribe(ctx, s.right, &j.right)
		}
	})
}

// joinEvent is something that waits for its turn; what it was the sides know.
type joinEvent uint8

const (
	leftCame joinEvent = iota
	leftShut
	rightCame
	rightShut
)

type joining[L, R, LE, RE, Out any] struct {
	junction[Out]
	left    joinSide[L, R, LE, Out]
	right   joinSide[R, L, RE, Out]
	events  fifo[joinEvent] // guarded by mu
	combine func(L, R) Out
	group   func(L, Observable[R]) Out
	orphans []*UnicastSubject[R] // guarded by mu; groups whose windows the end has closed
}

// step implements meeting: it combines two items, or opens or closes a window.
func (j *joining[L, R, LE, RE, Out]) step() bool {
	if w := j.right.cursor; w != nil { // a new left item meets the right ones
		j.right.cursor = w.after
		j.pair(j.left.fresh, w)
		return true
	}
	if w := j.left.cursor; w != nil {
		j.left.cursor = w.after
		j.pair(w, j.right.fresh)
		return true
	}
	if j.events.n == 0 {
		if j.left.over && j.right.over {
			j.end(nil)
		} else {
			j.mu.Unlock()
		}
		return false
	}
	switch j.events.pop() {
	case leftCame:
		if j.openLeft() {
			j.right.cursor = j.right.first
		}
		j.mu.Unlock()
	case rightCame:
		j.right.open()
		if j.right.begin() {
			j.left.cursor = j.left.first
		}
		j.mu.Unlock()
	case leftShut:
		w := j.left.unlink()
		g := w.group
		w.group = nil
		j.mu.Unlock()
		if g != nil {
			j.busy = true // what a Goexit below comes to
			g.OnComplete()
			j.busy = false
		}
	case rightShut:
		j.right.unlink()
		j.mu.Unlock()
	}
	return true
}

// openLeft opens the window of the oldest left item that waits, and emits its
// group if there are groups. It is called, and returns, with mu held, and
// reports whether the stream goes on.
func (j *joining[L, R, LE, RE, Out]) openLeft() bool {
	w := j.left.open()
	v := w.item
	if j.group != nil {
		w.group = NewUnicastSubject[R](UnicastOptions{})
	}
	g := w.group
	if !j.left.begin() {
		return false
	}
	if g != nil {
		j.mu.Unlock()
		j.busy = true
		out := j.group(v, g.Observable())
		j.busy = false
		j.emit(out)
		j.mu.Lock()
	}
	return j.live()
}

// pair brings two items together. The caller holds mu, which pair gives up.
func (j *joining[L, R, LE, RE, Out]) pair(l *joinWindow[L, R, LE, Out], r *joinWindow[R, L, RE, Out]) {
	a, b, g := l.item, r.item, l.group
	j.mu.Unlock()
	j.busy = true
	if g != nil {
		g.OnNext(b)
		j.busy = false
		return
	}
	out := j.combine(a, b)
	j.busy = false
	j.emit(out)
}

// stop implements meeting.
func (j *joining[L, R, LE, RE, Out]) stop() {
	j.left.stop()
	j.right.stop()
}

// drop implements meeting.
func (j *joining[L, R, LE, RE, Out]) drop() {
	for w := j.left.first; w != nil; w = w.after {
		if w.group != nil {
			j.orphans = append(j.orphans, w.group)
		}
	}
	if j.Disposed() {
		j.orphans = nil // nobody tells them anything any more
	}
	j.left.drop()
	j.right.drop()
	j.events.clear()
}
