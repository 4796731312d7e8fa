package observable

import "context"

// DelayWhen emits an item v when the stream when(v) emits or completes; then
// when(v) is stopped. Items whose stream is sooner overtake others. It completes
// when the source has and every item is out; an error, also one of when(v), ends
// it at once and drops the items that wait (RxJava: delay with a function).
//
//	1 2 |  DelayWhen(1 => 3s later, 2 => 1s later)  =>  . . 2 1|
func DelayWhen[T, U any](o Observable[T], when func(T) Observable[U]) Observable[T] {
	if when == nil {
		panic(badArgument("DelayWhen", "when", nil, "a function"))
	}
	return Observable[T]{src: &delayWhenSource[T, U]{o.src, when}}
}

type delayWhenSource[T, U any] struct {
	up   Source[T]
	when func(T) Observable[U]
}

func (s *delayWhenSource[T, U]) Subscribe(ctx context.Context, o Observer[T]) {
	d := &delayWhen[T, U]{when: s.when, live: 1}
	d.ctx, d.down, d.owner = ctx, o, d
	subscribe(ctx, s.up, d)
}

// delayWhen observes the source; delayInner the stream of an item.
type delayWhen[T, U any] struct {
	serial[T]
	up     Disposable
	when   func(T) Observable[U]
	inners group
	inside bool // the source's goroutine is inside down (rule C9)
	live   int  // guarded by mu; the source, and the items that wait
}

func (d *delayWhen[T, U]) OnSubscribe(up Disposable) {
	d.up = up
	d.inside = true
	d.down.OnSubscribe(d)
	d.inside = false
}

func (d *delayWhen[T, U]) OnNext(v T) {
	switch src := d.when(v).src.(type) {
	case nil, *justSource[U]:
		d.inside = true
		d.next(v)
		d.inside = false
	case *errorSource[U]:
		d.failed(src.err)
	default:
		in := &delayInner[T, U]{parent: d, v: v}
		if d.inners.add(&in.member) {
			d.mu.Lock()
			d.live++
			d.mu.Unlock()
			src.Subscribe(d.ctx, in)
		}
	}
}

func (d *delayWhen[T, U]) OnError(err error) { d.failed(err) }
func (d *delayWhen[T, U]) failed(err error)  { d.fail(err, d.stop) }

func (d *delayWhen[T, U]) OnComplete() {
	d.mu.Lock()
	last := d.left()
	d.mu.Unlock()
	if last {
		d.enter()
	}
}

// release emits an item whose time has come.
func (d *delayWhen[T, U]) release(v T) {
	d.mu.Lock()
	if d.state.Load() == 0 {
		d.queue = append(d.queue, v)
	}
	d.left()
	d.mu.Unlock()
	d.enter()
}

// left counts one who has left, and reports whether it was the last. The caller
// holds mu.
func (d *delayWhen[T, U]) left() bool {
	d.live--
	if d.live == 0 {
		d.completed = true
	}
	return d.completed
}

// stop disposes everything above.
func (d *delayWhen[T, U]) stop() {
	d.up.Dispose()
	d.inners.Dispose()
}

func (d *delayWhen[T, U]) Dispose() {
	if d.dispose() {
		d.stop()
	}
}

// Blame implements [Stage].
func (d *delayWhen[T, U]) Blame() (bool, Disposable, any) { return !d.inside, d.handle(), d.down }

type delayInner[T, U any] struct {
	member
	parent *delayWhen[T, U]
	v      T
	over   bool // v was released; the stream's goroutine's
}

func (i *delayInner[T, U]) OnSubscribe(d Disposable) { i.set(d) }

func (i *delayInner[T, U]) OnNext(U) {
	if !i.over {
		i.Dispose()
		i.release()
	}
}

func (i *delayInner[T, U]) OnComplete() {
	if !i.over {
		i.release()
	}
}

// release emits the item and lets go of it (rule C18).
func (i *delayInner[T, U]) release() {
	v := i.v
	i.over, i.v = true, *new(T)
	i.parent.inners.remove(&i.member)
	i.parent.release(v)
}

func (i *delayInner[T, U]) OnError(err error) { i.failed(err) }

// failed implements failer.
func (i *delayInner[T, U]) failed(err error) {
	if i.over {
		reportLate(i.parent.ctx, err)
		return
	}
	i.parent.inners.remove(&i.member)
	i.parent.failed(err)
}

// Blame implements [Stage]: what is emitted for an inner stream has a boundary
// of its own.
func (i *delayInner[T, U]) Blame() (bool, Disposable, any) {
	return true, i.parent, i.parent.down
}
