package observable

import "sync"

// concatEagerInner observes an inner stream.
type concatEagerInner[T, R any] struct {
	link
	parent *concatEagerObserver[T, R]
	inside bool // the inner stream's goroutine is inside down (rule C9)

	mu    sync.Mutex
	queue []R  // guarded by mu; items before the stream's turn
	spare []R  // an empty slice to swap with queue; the drainer's
	done  bool // guarded by mu; the stream has ended
}

func (i *concatEagerInner[T, R]) OnSubscribe(d Disposable) { i.set(d) }

func (i *concatEagerInner[T, R]) OnNext(v R) {
	e := i.parent
	if e.wip.CompareAndSwap(0, 1) {
		if e.current != i { // then what is queued has been emitted
			i.push(v)
		} else if e.state.Load() == 0 {
			i.inside = true
			e.down.OnNext(v)
			i.inside = false
		}
		if e.wip.Add(-1) != 0 {
			e.drain()
		}
		return
	}
	i.push(v)
	e.enter()
}

func (i *concatEagerInner[T, R]) push(v R) {
	i.mu.Lock()
	if i.parent.state.Load() == 0 {
		i.queue = append(i.queue, v)
	}
	i.mu.Unlock()
}

func (i *concatEagerInner[T, R]) OnError(err error) {
	if i.parent.keep(err) {
		i.OnComplete()
	}
}

func (i *concatEagerInner[T, R]) OnComplete() {
	i.mu.Lock()
	i.done = true
	i.mu.Unlock()
	i.parent.enter()
}

// drained emits what is queued. It reports false if that is not all, because
// the stream has not ended, or because nobody wants any more.
func (i *concatEagerInner[T, R]) drained(at *phase) bool {
	e := i.parent
	for {
		i.mu.Lock()
		batch, done := i.queue, i.done
		i.queue, i.spare = i.spare, nil
		i.mu.Unlock()
		if len(batch) == 0 {
			i.spare = batch
			return done
		}
		for _, v := range batch {
			if e.state.Load() != 0 {
				return false
			}
			*at = items
			e.down.OnNext(v)
			*at = idle
		}
		clear(batch)
		if cap(batch) <= keptCapacity {
			i.spare = batch[:0]
		}
	}
}

// stop disposes the stream and lets go of what is queued.
func (i *concatEagerInner[T, R]) stop() {
	i.Dispose()
	i.mu.Lock()
	i.queue = nil
	i.mu.Unlock()
}

// failed is for a panic of the stream that passes by.
func (i *concatEagerInner[T, R]) failed(err error) {
	i.Dispose()
	i.OnError(err)
}

// Blame implements [Stage].
func (i *concatEagerInner[T, R]) Blame() (bool, Disposable, any) {
	return !i.inside, i.parent.handle(), i.parent.down
}
