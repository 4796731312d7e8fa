package observable

// queueLane observes one source of a junction and queues its items.
type queueLane[T, R any] struct {
	lane[R]
	src        Source[T]
	delayError bool

	queue fifo[T] // guarded by the junction's mu
	over  bool    // guarded by the junction's mu
	err   error   // guarded by the junction's mu; waits, if errors are delayed
	front T       // the item in use; the drainer's
}

func (l *queueLane[T, R]) begin(j *junction[R], delayError bool) {
	l.at, l.delayError = j, delayError
	subscribe(j.ctx, l.src, l)
}

func (l *queueLane[T, R]) OnNext(v T) {
	l.at.mu.Lock()
	if l.at.live() {
		l.queue.push(v)
	}
	l.at.mu.Unlock()
	l.enter()
}

func (l *queueLane[T, R]) OnError(err error) {
	if !l.delayError {
		l.at.failed(err)
		return
	}
	l.at.mu.Lock()
	late := !l.at.live()
	if !late {
		l.err, l.over = err, true
	}
	l.at.mu.Unlock()
	if late {
		reportLate(l.at.ctx, err)
		return
	}
	l.arrive()
}

func (l *queueLane[T, R]) OnComplete() {
	l.at.mu.Lock()
	l.over = true
	l.at.mu.Unlock()
	l.arrive()
}

// ready reports whether an item waits, and whether none will come. It needs the
// junction's mu, as do those below down to last.
func (l *queueLane[T, R]) ready() (some, over bool) { return l.queue.n > 0, l.over }

// advance moves the oldest item to the front.
func (l *queueLane[T, R]) advance() { l.front = l.queue.pop() }

// drop lets go of all items.
func (l *queueLane[T, R]) drop() { l.queue.clear() }

// last returns, once, the error that waited for the items to be used, or nil.
func (l *queueLane[T, R]) last() error {
	err := l.err
	l.err = nil
	return err
}

// take empties the front (rule C18).
func (l *queueLane[T, R]) take() T {
	var zero T
	v := l.front
	l.front = zero
	return v
}
