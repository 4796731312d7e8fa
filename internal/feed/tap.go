package feed

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/quillgo/quill/observable"
)

// tap is one observer of a feed, and the Disposable that it was given.
type tap[T any] struct {
	feed *Feed[T]
	ctx  context.Context
	down observable.Observer[T]
	gone atomic.Bool // disposed

	mu     sync.Mutex
	queue  []T  // guarded by mu; at most Room
	missed int  // guarded by mu; dropped since the last that was queued
	over   bool // guarded by mu; nothing more comes
	busy   bool // guarded by mu; a goroutine delivers
}

// push queues v, if there is room.
func (t *tap[T]) push(v T) {
	t.mu.Lock()
	if t.over || t.gone.Load() {
		t.mu.Unlock()
		return
	}
	if len(t.queue) == Room {
		t.missed++
		t.mu.Unlock()
		return
	}
	if t.missed > 0 && t.feed.Missed != nil {
		v = t.feed.Missed(v, t.missed)
	}
	t.missed = 0
	t.queue = append(t.queue, v)
	t.start()
}

// finish lets nothing more in. The end comes after what is queued.
func (t *tap[T]) finish() {
	t.mu.Lock()
	t.over = true
	t.start()
}

// start sees to it that somebody delivers, and unlocks mu.
func (t *tap[T]) start() {
	idle := !t.busy
	t.busy = true
	t.mu.Unlock()
	if idle {
		go t.deliver() // ends when the queue is empty, or with the observer
	}
}

// deliver is the observer's goroutine.
func (t *tap[T]) deliver() {
	active := true
	defer observable.Catch(t.ctx, &active, t, t.down)
	var batch []T
	for {
		var end bool
		batch, end = t.take(batch)
		if len(batch) == 0 {
			active = false
			if end && !t.gone.Load() {
				observable.End(t.ctx, t, t.down, nil)
			}
			return
		}
		for i, v := range batch {
			if t.gone.Load() {
				active = false
				return
			}
			var zero T
			batch[i] = zero // it is the observer's now
			t.down.OnNext(v)
		}
	}
}

// take exchanges an empty batch for what is queued. Where nothing is, the caller
// does not deliver any more but for the end, if it is time for that: nothing can
// be queued after it.
func (t *tap[T]) take(empty []T) (batch []T, end bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.queue) == 0 {
		t.busy = false
		return nil, t.over
	}
	batch, t.queue = t.queue, empty[:0]
	return batch, false
}

// Dispose implements observable.Disposable.
func (t *tap[T]) Dispose() {
	if t.gone.Swap(true) {
		return
	}
	t.feed.leave(t)
	t.mu.Lock()
	t.queue = nil
	t.mu.Unlock()
}

// Disposed implements observable.Disposable.
func (t *tap[T]) Disposed() bool { return t.gone.Load() }
