package observable

// joinSide observes one source of a join, whose items are T; the other one's
// are X.
type joinSide[T, X, E, Out any] struct {
	lane[Out]
	events     *fifo[joinEvent] // guarded by the junction's mu, as are those below
	came, shut joinEvent        // what the side's events are called
	end        func(T) Observable[E]

	waiting fifo[T]                         // came, in order
	closing fifo[*joinWindow[T, X, E, Out]] // shut, in order
	over    bool                            // the source has completed

	first, last *joinWindow[T, X, E, Out] // open windows, in order
	fresh       *joinWindow[T, X, E, Out] // the one that was opened last
	cursor      *joinWindow[T, X, E, Out] // the next one to meet the other side's new item
}

func (s *joinSide[T, X, E, Out]) OnNext(v T) {
	s.at.mu.Lock()
	if s.at.live() {
		s.waiting.push(v)
		s.events.push(s.came)
	}
	s.at.mu.Unlock()
	s.enter()
}

func (s *joinSide[T, X, E, Out]) OnComplete() {
	s.at.mu.Lock()
	s.over = true
	s.at.mu.Unlock()
	s.arrive()
}

// open opens the window of the oldest item that waits. The caller, the drainer,
// holds mu.
func (s *joinSide[T, X, E, Out]) open() *joinWindow[T, X, E, Out] {
	w := &joinWindow[T, X, E, Out]{lane: lane[Out]{at: s.at}, side: s, item: s.waiting.pop(), before: s.last}
	if s.last == nil {
		s.first = w
	} else {
		s.last.after = w
	}
	s.last, s.fresh = w, w
	return w
}

// begin subscribes to the stream that closes the new window. It is called, and
// returns, with mu held, and reports whether the join goes on.
func (s *joinSide[T, X, E, Out]) begin() bool {
	w, at := s.fresh, s.at
	v := w.item
	at.mu.Unlock()
	at.busy = true // also while a Goexit passes by
	subscribe[E](at.ctx, s.end(v).src, w)
	at.busy = false
	at.mu.Lock()
	return at.live()
}

// unlink takes out the window whose turn to be closed has come, and returns it.
// The caller holds mu.
func (s *joinSide[T, X, E, Out]) unlink() *joinWindow[T, X, E, Out] {
	w := s.closing.pop()
	if w.before == nil {
		s.first = w.after
	} else {
		w.before.after = w.after
	}
	if w.after == nil {
		s.last = w.before
	} else {
		w.after.before = w.before
	}
	if s.fresh == w {
		s.fresh = nil
	}
	w.forget()
	return w
}

// stop disposes the source and what would close the windows.
func (s *joinSide[T, X, E, Out]) stop() {
	s.Dispose()
	s.at.mu.Lock()
	var open []*joinWindow[T, X, E, Out]
	for w := s.first; w != nil; w = w.after {
		open = append(open, w)
	}
	s.at.mu.Unlock()
	for _, w := range open {
		w.Dispose()
	}
}

// drop closes all windows. The caller holds mu.
func (s *joinSide[T, X, E, Out]) drop() {
	for w := s.first; w != nil; {
		after := w.after
		w.group = nil
		w.forget()
		w = after
	}
	s.first, s.last, s.fresh, s.cursor = nil, nil, nil, nil
	s.waiting.clear()
	s.closing.clear()
}

// joinWindow is an item whose window is open. It observes the stream that
// closes it.
type joinWindow[T, X, E, Out any] struct {
	lane[Out]
	side          *joinSide[T, X, E, Out]
	item          T                         // guarded by the junction's mu, as are those below
	group         *UnicastSubject[X]        // of a left item in a GroupJoin
	before, after *joinWindow[T, X, E, Out] // in the side's list
	closed        bool                      // its turn to be closed will come; the stream's
}

func (w *joinWindow[T, X, E, Out]) OnNext(E) {
	if !w.closed {
		w.Dispose()
		w.close()
		w.enter()
	}
}

func (w *joinWindow[T, X, E, Out]) OnComplete() {
	if !w.closed {
		w.close()
		w.arrive()
	}
}

func (w *joinWindow[T, X, E, Out]) close() {
	w.closed = true
	w.at.mu.Lock()
	if w.at.live() {
		w.side.closing.push(w)
		w.side.events.push(w.side.shut)
	}
	w.at.mu.Unlock()
}

// forget lets go of the item (rule C18). The caller holds mu.
func (w *joinWindow[T, X, E, Out]) forget() {
	var zero T
	w.item, w.before, w.after = zero, nil, nil
}
