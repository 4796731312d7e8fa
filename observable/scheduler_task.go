package observable

import (
	"container/heap"
	"math"
	"sync/atomic"
	"time"
)

// task is a piece of work for a worker, and its Disposable. Its fields, except
// disposed, are guarded by the worker's mu.
type task struct {
	home     *worker
	run      func() // nil when it will not run any more (rule C18)
	due      time.Duration
	period   time.Duration // zero for a task that runs once
	seq      uint64
	place    int // in the agenda, or -1
	disposed atomic.Bool
}

func (t *task) Dispose() {
	if !t.disposed.Swap(true) {
		t.home.cancel(t)
	}
}

func (t *task) Disposed() bool { return t.disposed.Load() }

// cancelled is the Disposable that a disposed worker returns.
type cancelled struct{}

func (cancelled) Dispose()       {}
func (cancelled) Disposed() bool { return true }

// agenda holds a worker's tasks in the order in which they run: a heap by due
// time, then by the order of scheduling.
type agenda struct {
	list taskHeap
	seq  uint64
}

func (a *agenda) add(t *task) {
	a.seq++
	t.seq = a.seq
	heap.Push(&a.list, t)
}

// head returns the next task, or nil.
func (a *agenda) head() *task {
	if len(a.list) == 0 {
		return nil
	}
	return a.list[0]
}

func (a *agenda) pop() *task { return heap.Pop(&a.list).(*task) }

// remove takes t out if it is in, and forgets its work.
func (a *agenda) remove(t *task) {
	if t.place >= 0 {
		heap.Remove(&a.list, t.place)
	}
	t.run = nil
}

// clear cancels all tasks.
func (a *agenda) clear() {
	for _, t := range a.list {
		t.disposed.Store(true)
		t.run, t.place = nil, -1
	}
	a.list = nil
}

type taskHeap []*task

func (h taskHeap) Len() int { return len(h) }

func (h taskHeap) Less(i, j int) bool {
	if h[i].due != h[j].due {
		return h[i].due < h[j].due
	}
	return h[i].seq < h[j].seq
}

func (h taskHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].place, h[j].place = i, j
}

func (h *taskHeap) Push(x any) {
	t := x.(*task)
	t.place = len(*h)
	*h = append(*h, t)
}

func (h *taskHeap) Pop() any {
	last := len(*h) - 1
	t := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	t.place = -1
	return t
}

// later returns the moment d after at; what would overflow is the end of time.
func later(at, d time.Duration) time.Duration {
	if d <= 0 {
		return at
	}
	if at > math.MaxInt64-d {
		return math.MaxInt64
	}
	return at + d
}
