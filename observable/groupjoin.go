package observable

// GroupJoin emits, for each item of left, combine of it and the group of those
// items of right whose windows overlap the item's: a stream that begins with the
// right items whose windows are open and completes when the left item's window
// closes. Windows open and close as in [Join], and it ends as that does, the open
// groups first.
//
//	1---)               the windows of left
//	  a-----) b---)     GroupJoin  =>  (1, a |)
//
// A group has one observer, as a [UnicastSubject] has, and queues its items until
// that has come. Groups hang if the stream is disposed.
func GroupJoin[L, R, LE, RE, Out any](
	left Observable[L], right Observable[R],
	leftEnd func(L) Observable[LE], rightEnd func(R) Observable[RE],
	combine func(L, Observable[R]) Out,
) Observable[Out] {
	checkEnds("GroupJoin", leftEnd, rightEnd)
	if combine == nil {
		panic(badArgument("GroupJoin", "combine", nil, "a function"))
	}
	return Observable[Out]{src: &joinSource[L, R, LE, RE, Out]{left.src, right.src, leftEnd, rightEnd, nil, combine}}
}

// groupsEnd observes what a GroupJoin emits, to tell its groups the end before
// the observer below.
type groupsEnd[L, R, LE, RE, Out any] struct {
	join *joining[L, R, LE, RE, Out]
	down Observer[Out]
}

func (g *groupsEnd[L, R, LE, RE, Out]) OnSubscribe(d Disposable) { g.down.OnSubscribe(d) }
func (g *groupsEnd[L, R, LE, RE, Out]) OnNext(v Out)             { g.down.OnNext(v) }

func (g *groupsEnd[L, R, LE, RE, Out]) OnError(err error) {
	told := false // to a group's observer, who may dispose g
	for _, s := range g.orphans() {
		told = told || s.HasObservers()
		s.OnError(err)
	}
	switch {
	case !g.join.Disposed():
		g.down.OnError(err)
	case !told:
		reportLate(g.join.ctx, err)
	}
}

func (g *groupsEnd[L, R, LE, RE, Out]) OnComplete() {
	for _, s := range g.orphans() {
		s.OnComplete()
	}
	if !g.join.Disposed() {
		g.down.OnComplete()
	}
}

func (g *groupsEnd[L, R, LE, RE, Out]) orphans() []*UnicastSubject[R] {
	g.join.mu.Lock()
	defer g.join.mu.Unlock()
	all := g.join.orphans
	g.join.orphans = nil
	return all
}

// Blame implements [Stage].
func (g *groupsEnd[L, R, LE, RE, Out]) Blame() (bool, Disposable, any) {
	return false, g.join, g.down
}
