package observable

import (
	"context"
	"sync"
	"sync/atomic"
)

// Unlimited as a number of concurrent inner streams, of queued items or of
// attempts means that there is no limit.
const Unlimited = -1

// FlatMap subscribes to project(v) for each item v and emits what these inner
// streams emit, as it comes. At most limit of them are subscribed at a time
// ([Unlimited]: all); those that have to wait are queued without bound, and
// the source is never blocked. The first error ends the stream and stops the
// source and all inner streams. project may be
// called concurrently, by several subscriptions. A limit of 0, or a negative one
// but Unlimited, panics with an [*ArgumentError].
//
//	1    2    3        FlatMap(v, later 10v)
//	1  10  2  20  3  30 |
//
// Synchronous inner streams run one after the other on the source's goroutine,
// whatever the limit, and their items come in order; [Observable.SubscribeOn] lets
// them run at the same time. Items of others interleave.
func FlatMap[T, R any](o Observable[T], project func(T) Observable[R], limit int) Observable[R] {
	return flatMap("FlatMap", o.src, project, limit, false)
}

// FlatMapDelayError is [FlatMap] that goes on after an error: of an inner
// stream with the others, of the source, or a panic of project, with the inner
// streams that there are. When all have ended it fails with their errors,
// joined in the order in which they came (RxJava: flatMap with delayErrors).
//
//	1    2x   3        FlatMapDelayError(v, later 10v)
//	1  10  2  3  30 x
func FlatMapDelayError[T, R any](o Observable[T], project func(T) Observable[R], limit int) Observable[R] {
	return flatMap("FlatMapDelayError", o.src, project, limit, true)
}

func flatMap[T, R any](name string, up Source[T], project func(T) Observable[R], limit int, delay bool) Observable[R] {
	if project == nil {
		panic(badArgument(name, "project", nil, "a function"))
	}
	checkLimit(name, limit)
	return Observable[R]{src: &flatMapSource[T, R]{up, project, limit, delay}}
}

// checkLimit refuses a number of concurrent inner streams that is none.
func checkLimit(operator string, limit int) {
	if limit < 1 && limit != Unlimited {
		panic(badArgument(operator, "limit", limit, "1 or more, or Unlimited"))
	}
}

func identity[T any](o Observable[T]) Observable[T] { return o }

// listed is the source of streams that are listed. It is not made by FromSlice:
// an Observable of Observables would have the compiler make all their methods
// for each T.
func listed[T any](sources []Observable[T]) Source[Observable[T]] {
	if len(sources) == 0 {
		return nil
	}
	return sliceSource[Observable[T]](sources)
}

type flatMapSource[T, R any] struct {
	up      Source[T]
	project func(T) Observable[R]
	limit   int
	delay   bool
}

func (s *flatMapSource[T, R]) Subscribe(ctx context.Context, o Observer[R]) {
	f := &flatMapObserver[T, R]{project: s.project, limit: s.limit, delay: s.delay}
	f.ctx, f.down, f.owner = ctx, o, f
	f.live.Store(1)
	subscribe(ctx, s.up, f)
}

// flatMapObserver observes the outer stream; flatMapInner the inner ones.
type flatMapObserver[T, R any] struct {
	serial[R]
	up      Disposable
	project func(T) Observable[R]
	inside  bool // the outer stream's goroutine is inside down (rule C9)
	delay   bool // errors wait for the end
	inners  group
	live    atomic.Int32 // the outer stream, and the inner ones that have not ended

	limit   int
	wait    sync.Mutex
	active  int             // guarded by wait; inner streams subscribed, if there is a limit
	pending fifo[Source[R]] // guarded by wait; inner streams that have to wait
	// starting is above zero while somebody subscribes to pending streams, so that
	// synchronous ones start each other in a loop, not recursively (rule C16).
	starting atomic.Int32
}

func (f *flatMapObserver[T, R]) OnSubscribe(d Disposable) {
	f.up = d
	f.inside = true
	f.down.OnSubscribe(f)
	f.inside = false
}

func (f *flatMapObserver[T, R]) OnNext(v T) {
	src := f.project(v).src
	if src == nil {
		return
	}
	if f.limit != Unlimited && f.waits(src) {
		return
	}
	switch src := src.(type) {
	case *justSource[R]:
		f.inside = true
		f.next(src.value)
		f.inside = false
	case *errorSource[R]:
		f.innerError(src.err)
	default:
		f.live.Add(1)
		f.start(src)
	}
}

// waits queues src if there are as many inner streams as there may be, and
// counts it as one of them otherwise, unless it is a scalar.
func (f *flatMapObserver[T, R]) waits(src Source[R]) bool {
	f.wait.Lock()
	defer f.wait.Unlock()
	if f.active == f.limit {
		f.live.Add(1)
		f.pending.push(src)
		return true
	}
	if !scalar(src) {
		f.active++
	}
	return false
}

// scalar reports whether src is emitted in place instead of being subscribed to.
func scalar[R any](src Source[R]) bool {
	switch src.(type) {
	case nil, *justSource[R], *errorSource[R]:
		return true
	}
	return false
}

// start subscribes to an inner stream.
func (f *flatMapObserver[T, R]) start(src Source[R]) {
	in := &flatMapInner[T, R]{parent: f}
	if !f.inners.add(&in.member) {
		return
	}
	if f.delay { // else a panic fails the stream as it passes by
		made := false
		defer passing(&made, in)
		src.Subscribe(f.ctx, in)
		made = true
		return
	}
	src.Subscribe(f.ctx, in)
}

func (f *flatMapObserver[T, R]) OnComplete() { f.ended() }

func (f *flatMapObserver[T, R]) OnError(err error) {
	if !f.delay {
		f.fail(err, f.stop)
		return
	}
	f.keep(err)
	f.ended()
}

// innerError takes in the error of an inner stream.
func (f *flatMapObserver[T, R]) innerError(err error) {
	if f.delay {
		f.keep(err)
		return
	}
	f.fail(err, f.stop)
}

// failed is for a panic of project, or of what it returned.
func (f *flatMapObserver[T, R]) failed(err error) {
	f.up.Dispose()
	f.OnError(err)
}

// ended is called when the outer or an inner stream has ended.
func (f *flatMapObserver[T, R]) ended() {
	if f.live.Add(-1) == 0 {
		f.finish()
	}
}

// innerEnded gives the ended stream's place to one that waits.
func (f *flatMapObserver[T, R]) innerEnded() {
	if f.limit != Unlimited && f.starting.Add(1) == 1 {
		for {
			f.wait.Lock()
			var src Source[R]
			if f.pending.n > 0 {
				src = f.pending.pop()
			} else {
				f.active--
			}
			f.wait.Unlock()
			if scalar(src) && src != nil {
				f.emit(src)
				continue // the place is still free
			}
			if src != nil {
				f.start(src)
			}
			if f.starting.Add(-1) == 0 {
				break
			}
		}
	}
	f.ended()
}

// emit emits a scalar that had to wait, from another one's terminal signal.
func (f *flatMapObserver[T, R]) emit(src Source[R]) {
	at := items
	defer catch(f.ctx, &at, f, f.down)
	switch src := src.(type) {
	case *justSource[R]:
		f.next(src.value)
	case *errorSource[R]:
		f.innerError(src.err)
	}
	f.ended()
	at = idle
}

// stop disposes everything above.
func (f *flatMapObserver[T, R]) stop() {
	f.up.Dispose()
	f.inners.Dispose()
	f.wait.Lock()
	f.pending.clear()
	f.wait.Unlock()
}

func (f *flatMapObserver[T, R]) Dispose() {
	if f.dispose() {
		f.stop()
	}
}

func (f *flatMapObserver[T, R]) Blame() (bool, Disposable, any) {
	return !f.inside, f.handle(), f.down
}
