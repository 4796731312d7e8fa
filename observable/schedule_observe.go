package observable

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
)

// ObserveOn emits the source's signals in tasks of the scheduler s, in order.
// Signals wait in a queue in between. An error overtakes queued items, which are
// dropped, as in RxJava.
//
//	1 2 3 #  ObserveOn, 1 takes long  =>  1 #
//
// bound is how many items may wait: [Unlimited], or a positive number; any other
// panics with an [*ArgumentError]. A
// producer that finds the queue full waits until the observer has taken an item,
// or has disposed; only where the scheduler's worker says that waiting could
// be for ever (MayWait; see [Worker]) the queue grows beyond bound instead. A
// bounded stage must not be fed by its own observer: that would wait for itself.
//
// When the scheduler refuses a task the stream fails with its error at the
// observer, on the producer's goroutine.
func (o Observable[T]) ObserveOn(s Scheduler, bound int) Observable[T] {
	return observeOn("ObserveOn", o, s, bound, false)
}

// ObserveOnDelayError is [Observable.ObserveOn] whose error waits in the queue
// like an item, so that nothing is dropped (RxJava: observeOn with delayError).
//
//	1 2 3 #  ObserveOnDelayError, 1 takes long  =>  1 2 3 #
func ObserveOnDelayError[T any](o Observable[T], s Scheduler, bound int) Observable[T] {
	return observeOn("ObserveOnDelayError", o, s, bound, true)
}

func observeOn[T any](operator string, o Observable[T], s Scheduler, bound int, delayError bool) Observable[T] {
	checkScheduler(operator, "s", s)
	if bound < 1 && bound != Unlimited {
		panic(badArgument(operator, "bound", bound, "1 or more, or Unlimited"))
	}
	return Observable[T]{src: &observeOnSource[T]{o.src, s, max(bound, 0), delayError}}
}

type observeOnSource[T any] struct {
	up    Source[T]
	on    Scheduler
	bound int  // 0: unlimited
	delay bool // an error waits in the queue
}

func (s *observeOnSource[T]) Subscribe(ctx context.Context, o Observer[T]) {
	q := &observeOnObserver[T]{ctx: ctx, down: o, worker: s.on.Worker(), bound: s.bound, delay: s.delay}
	if w, ok := q.worker.(*worker); ok && w.launch == nil {
		q.patience = observeOnPatience
	}
	q.task = q.drain
	q.space.L = &q.mu
	onRefusal(q.worker, q)
	subscribe(ctx, s.up, q)
}

// observeOnObserver is a queue between two goroutines: whoever puts something
// in while nobody drains schedules the drain, which then goes on until the queue
// is empty.
type observeOnObserver[T any] struct {
	relay
	ctx    context.Context
	down   Observer[T]
	worker Worker
	task   func() // drain
	bound  int    // 0: unlimited
	delay  bool   // an error waits in the queue
	// patience is how often the drain lets others run before it takes an empty
	// queue for the end of its task. It is 0 unless tasks have a goroutine of
	// their own, so that the producer may be running meanwhile.
	patience int

	// state has the bits below; bits are only ever added. Any of them stops the
	// drain at the next item and keeps new ones out.
	state atomic.Uint32

	mu    sync.Mutex
	queue chunks[T] // guarded by mu
	// taken is how many items the drain has taken out of queue, in one go, and not
	// come to yet, or not said so. With those in queue they are at most bound.
	taken     int       // guarded by mu
	space     sync.Cond // on mu; signalled when there is room, or state changes
	active    bool      // guarded by mu; the drain is scheduled or running
	completed bool      // guarded by mu
	err       error     // guarded by mu; set before observeOnFailed, or with completed
	batch     [][]T     // the drain's; what it has taken
}

// observeOnPatience makes up for the time that it takes to schedule the drain
// anew, which is as long as ten items take. It was measured: see
// docs/performance.md, G6.
const observeOnPatience = 8

const (
	observeOnOver   = 1 << iota // the end was told, or downstream disposed
	observeOnFailed             // err overtakes the queue
)

func (q *observeOnObserver[T]) OnSubscribe(d Disposable) {
	q.up = d
	q.down.OnSubscribe(q)
}

func (q *observeOnObserver[T]) OnNext(v T) {
	q.mu.Lock()
	if q.bound > 0 && q.queue.n+q.taken >= q.bound {
		q.wait()
	}
	if q.state.Load() != 0 {
		q.mu.Unlock()
		return
	}
	q.queue.push(v)
	if q.active {
		q.mu.Unlock()
		return
	}
	q.release()
}

// wait waits for room. The caller holds mu.
func (q *observeOnObserver[T]) wait() {
	if w, ok := q.worker.(interface{ MayWait() bool }); ok {
		q.mu.Unlock()
		may := w.MayWait()
		q.mu.Lock()
		if !may {
			return
		}
	}
	for q.queue.n+q.taken >= q.bound && q.state.Load() == 0 {
		q.space.Wait()
	}
}

func (q *observeOnObserver[T]) OnError(err error) {
	q.mu.Lock()
	if q.state.Load() != 0 {
		q.mu.Unlock()
		reportLate(q.ctx, err)
		return
	}
	q.err = err
	if q.delay {
		q.completed = true
		q.release()
		return
	}
	if q.state.Or(observeOnFailed)&observeOnOver != 0 { // Dispose does not wait for mu
		q.mu.Unlock()
		reportLate(q.ctx, err)
		return
	}
	q.release()
}

func (q *observeOnObserver[T]) OnComplete() {
	q.mu.Lock()
	q.completed = true
	q.release()
}

// release schedules the drain unless it is active. It is called with mu held,
// and releases it.
func (q *observeOnObserver[T]) release() {
	start := !q.active
	q.active = true
	q.mu.Unlock()
	if !start {
		return
	}
	if _, err := q.worker.Schedule(q.task); err != nil {
		q.refused(err)
	}
}

// drain is the worker's task.
func (q *observeOnObserver[T]) drain() {
	at := items
	defer catch[T](q.ctx, &at, q, q.down)
	left := q.patience
	for {
		more, end := q.take(left == 0)
		if !more && !end && left > 0 {
			left--
			runtime.Gosched()
			continue
		}
		left = q.patience
		if !more {
			at = idle
			if end {
				q.worker.Dispose()
				End(q.ctx, q, q.down, q.err) // nobody writes err after the end
			}
			return
		}
		for _, chunk := range q.batch {
			q.deliver(chunk)
			clear(chunk)
		}
	}
}

// take makes batch all that is queued, and reports whether that is something;
// if not, whether the end has come. The drain is over after that, and after an
// empty queue if the caller leaves.
func (q *observeOnObserver[T]) take(leave bool) (more, end bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	state := q.state.Load()
	switch {
	case state&observeOnOver != 0:
		q.batch = nil
		return false, false
	case state != 0, q.completed && q.queue.n == 0:
		q.batch = nil
		return false, q.close()
	}
	q.taken = q.queue.n
	q.active = q.taken > 0 || !leave
	q.batch = q.queue.swap(q.batch)
	return q.taken > 0, false
}

// deliver emits a part of the batch. With a bound, the room of items it has
// come to goes back to the producer a sixteenth of the bound at a time.
func (q *observeOnObserver[T]) deliver(chunk []T) {
	come := 0 // items whose room has not been given back
	for i, v := range chunk {
		if q.state.Load() != 0 {
			return
		}
		if q.bound > 0 {
			if come++; come > q.bound/16 || i == len(chunk)-1 {
				q.mu.Lock()
				q.taken -= come
				q.space.Signal()
				q.mu.Unlock()
				come = 0
			}
		}
		q.down.OnNext(v)
	}
}

// close keeps everything further out, and reports whether that was still to do.
// The caller holds mu.
func (q *observeOnObserver[T]) close() (first bool) {
	q.queue = chunks[T]{}
	q.space.Broadcast()
	return q.state.Or(observeOnOver)&observeOnOver == 0
}

// refused ends the stream because the scheduler will not run the drain, so that
// nobody else delivers.
func (q *observeOnObserver[T]) refused(err error) {
	q.mu.Lock()
	first := q.close()
	if q.err != nil {
		err = errors.Join(q.err, err)
	}
	q.mu.Unlock()
	if !first {
		return
	}
	q.up.Dispose()
	q.worker.Dispose()
	End(q.ctx, q, q.down, err)
}

func (q *observeOnObserver[T]) Dispose() {
	before := q.state.Or(observeOnOver) // at once: mu may be fought for
	q.relay.Dispose()
	q.worker.Dispose()
	q.mu.Lock()
	q.close()
	err := q.err
	q.mu.Unlock()
	if before == observeOnFailed || before == 0 && q.delay {
		reportLate(q.ctx, err) // accepted, but not told any more (rule C8)
	}
}

// Blame implements [Stage]: what is below runs in tasks, with a boundary of
// their own, so a panic that comes from above ends here.
func (q *observeOnObserver[T]) Blame() (bool, Disposable, any) { return true, q, q.down }

// failed implements failer.
func (q *observeOnObserver[T]) failed(cause error) {
	q.up.Dispose()
	q.OnError(cause)
}

// chunks is a queue that is filled item by item and emptied at once. It grows
// by whole slices, without copying, and takes them back for later.
type chunks[T any] struct {
	n    int
	tail []T   // the slice that is being filled
	used int   // how many items of tail are
	full [][]T // the slices before it
	free [][]T // empty ones
}

const (
	leastChunk = 8
	mostChunk  = 256
)

func (c *chunks[T]) push(v T) {
	if c.used == len(c.tail) {
		c.grow()
	}
	c.tail[c.used] = v
	c.used++
	c.n++
}

// grow begins a new slice, as large as all before it.
func (c *chunks[T]) grow() {
	if c.used > 0 {
		c.full = append(c.full, c.tail)
		c.used = 0
	}
	if last := len(c.free) - 1; last >= 0 {
		c.tail, c.free[last] = c.free[last], nil
		c.free = c.free[:last]
		return
	}
	c.tail = make([]T, min(max(c.n, leastChunk), mostChunk))
}

// swap empties the queue and returns what was in it. old is what the swap
// before returned, with the items cleared; it must not be used any more.
func (c *chunks[T]) swap(old [][]T) [][]T {
	for i := len(old) - 1; i >= 0 && len(c.free) < keptCapacity/mostChunk; i-- {
		c.free = append(c.free, old[i][:cap(old[i])])
	}
	clear(old)
	if c.n == 0 {
		return old[:0]
	}
	batch := append(c.full, c.tail[:c.used])
	c.n, c.tail, c.used, c.full = 0, nil, 0, old[:0]
	return batch
}
