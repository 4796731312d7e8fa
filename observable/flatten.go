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
// the source is never blocked. The first error ends the stream. project may be
// called concurrently, by several subscriptions. A limit of 0, or a negative one
// but Unlimited, panics with an [*ArgumentError].
//
// Synchronous inner streams run one after the other on the source's goroutine,
// whatever the limit, and their items come in order; [Observable.SubscribeOn] lets
// them run at the same time. Items of others interleave.
func FlatMap[T, R any](o Observable[T], project func(T) Observable[R], limit int) Observable[R] {
	if project == nil {
		panic(badArgument("FlatMap", "project", nil, "a function"))
	}
	if limit < 1 && limit != Unlimited {
		panic(badArgument("FlatMap", "limit", limit, "1 or more, or Unlimited"))
	}
	return Observable[R]{src: &flatMapSource[T, R]{o.src, project, limit}}
}

// Merge emits what the sources emit, as it comes. It subscribes to them in
// order; a synchronous one therefore ends before the next begins. The first
// error ends the stream and stops the other sources.
func Merge[T any](sources ...Observable[T]) Observable[T] {
	return FlatMap(FromSlice(sources), identity[T], Unlimited)
}

func identity[T any](o Observable[T]) Observable[T] { return o }

type flatMapSource[T, R any] struct {
	up      Source[T]
	project func(T) Observable[R]
	limit   int
}

func (s *flatMapSource[T, R]) Subscribe(ctx context.Context, o Observer[R]) {
	f := &flatMapObserver[T, R]{project: s.project, limit: s.limit}
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
	inner := f.project(v)
	switch src := inner.src.(type) {
	case nil:
	case *justSource[R]:
		f.inside = true
		f.next(src.value)
		f.inside = false
	case *errorSource[R]:
		f.failed(src.err)
	default:
		f.live.Add(1)
		if f.limit == Unlimited {
			f.start(src)
			return
		}
		f.wait.Lock()
		full := f.active == f.limit
		if full {
			f.pending.push(src)
		} else {
			f.active++
		}
		f.wait.Unlock()
		if !full {
			f.start(src)
		}
	}
}

// start subscribes to an inner stream.
func (f *flatMapObserver[T, R]) start(src Source[R]) {
	in := &flatMapInner[T, R]{parent: f}
	if f.inners.add(&in.member) {
		src.Subscribe(f.ctx, in)
	}
}

func (f *flatMapObserver[T, R]) OnError(err error) { f.failed(err) }
func (f *flatMapObserver[T, R]) OnComplete()       { f.ended() }

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

func (f *flatMapObserver[T, R]) failed(err error) { f.fail(err, f.stop) }

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

type flatMapInner[T, R any] struct {
	member
	parent *flatMapObserver[T, R]
	inside bool // the inner stream's goroutine is inside down (rule C9)
}

func (i *flatMapInner[T, R]) OnSubscribe(d Disposable) { i.set(d) }

func (i *flatMapInner[T, R]) OnNext(v R) {
	i.inside = true
	i.parent.next(v)
	i.inside = false
}

func (i *flatMapInner[T, R]) OnError(err error) {
	i.parent.inners.remove(&i.member)
	i.parent.failed(err)
}

func (i *flatMapInner[T, R]) OnComplete() {
	i.parent.inners.remove(&i.member)
	i.parent.innerEnded()
}

func (i *flatMapInner[T, R]) failed(err error) { i.parent.failed(err) }

// Blame implements [Stage].
func (i *flatMapInner[T, R]) Blame() (bool, Disposable, any) {
	return !i.inside, i.parent.handle(), i.parent.down
}
