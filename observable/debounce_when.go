package observable

import "context"

// DebounceWhen emits an item v when the stream when(v) emits or completes and no
// other item has come meanwhile, which would take its place: then when(v) is
// stopped. What is waiting when the source completes is emitted before the
// completion; an error, also one of when(v), drops it and ends the stream
// (RxJava: debounce with a function).
//
//	1 2 3 . . . 4 |  DebounceWhen(v, 2s later)  =>  . . . . 3 . . 4|
func DebounceWhen[T, U any](o Observable[T], when func(T) Observable[U]) Observable[T] {
	if when == nil {
		panic(badArgument("DebounceWhen", "when", nil, "a function"))
	}
	return Observable[T]{src: &debounceWhenSource[T, U]{o.src, when}}
}

type debounceWhenSource[T, U any] struct {
	up   Source[T]
	when func(T) Observable[U]
}

func (s *debounceWhenSource[T, U]) Subscribe(ctx context.Context, o Observer[T]) {
	d := &debounceWhen[T, U]{when: s.when}
	d.ctx, d.down, d.owner = ctx, o, d
	subscribe(ctx, s.up, d)
}

// debounceWhen observes the source; debounceInner the stream of an item.
type debounceWhen[T, U any] struct {
	serial[T]
	up     Disposable
	when   func(T) Observable[U]
	inside bool // the source's goroutine is inside down (rule C9)

	// waiting has the item that waits, and is what it waits for. A stream that is
	// not waiting any more emits nothing.
	waiting *debounceInner[T, U] // guarded by mu
}

func (d *debounceWhen[T, U]) OnSubscribe(up Disposable) {
	d.up = up
	d.inside = true
	d.down.OnSubscribe(d)
	d.inside = false
}

func (d *debounceWhen[T, U]) OnNext(v T) {
	d.replace(nil)
	switch src := d.when(v).src.(type) {
	case nil, *justSource[U]:
		d.inside = true
		d.next(v)
		d.inside = false
	case *errorSource[U]:
		d.failed(src.err)
	default:
		in := &debounceInner[T, U]{parent: d, v: v}
		if d.replace(in) {
			src.Subscribe(d.ctx, in)
		}
	}
}

// replace drops the item that waits, and makes in's the next one. It reports
// false if that is not wanted any more.
func (d *debounceWhen[T, U]) replace(in *debounceInner[T, U]) bool {
	d.mu.Lock()
	old, wanted := d.waiting, d.state.Load() == 0
	d.waiting = nil
	if wanted {
		d.waiting = in
	}
	d.mu.Unlock()
	if old != nil {
		old.Dispose()
	}
	return wanted
}

// release emits the item of in, whose time has come, unless another one has
// taken its place.
func (d *debounceWhen[T, U]) release(in *debounceInner[T, U]) {
	d.mu.Lock()
	mine := d.waiting == in && d.state.Load() == 0
	if mine {
		d.waiting = nil
		d.queue = append(d.queue, in.v)
	}
	d.mu.Unlock()
	if mine {
		d.enter()
	}
}

func (d *debounceWhen[T, U]) OnError(err error) { d.failed(err) }
func (d *debounceWhen[T, U]) failed(err error)  { d.fail(err, d.stop) }

func (d *debounceWhen[T, U]) OnComplete() {
	d.mu.Lock()
	in := d.waiting
	d.waiting = nil
	if in != nil && d.state.Load() == 0 {
		d.queue = append(d.queue, in.v)
	}
	d.completed = true
	d.mu.Unlock()
	if in != nil {
		in.Dispose()
	}
	d.enter()
}

// stop disposes the producers.
func (d *debounceWhen[T, U]) stop() {
	d.up.Dispose()
	d.replace(nil)
}

func (d *debounceWhen[T, U]) Dispose() {
	if d.dispose() {
		d.stop()
	}
}

// Blame implements [Stage].
func (d *debounceWhen[T, U]) Blame() (bool, Disposable, any) { return !d.inside, d.handle(), d.down }

type debounceInner[T, U any] struct {
	link
	parent *debounceWhen[T, U]
	v      T
}

func (i *debounceInner[T, U]) OnSubscribe(d Disposable) { i.set(d) }

func (i *debounceInner[T, U]) OnNext(U) {
	i.Dispose()
	i.parent.release(i)
}

func (i *debounceInner[T, U]) OnComplete() { i.parent.release(i) }

func (i *debounceInner[T, U]) OnError(err error) {
	i.parent.mu.Lock()
	waiting := i.parent.waiting == i
	i.parent.mu.Unlock()
	if !waiting {
		reportLate(i.parent.ctx, err)
		return
	}
	i.parent.failed(err)
}

// failed implements failer.
func (i *debounceInner[T, U]) failed(err error) {
	i.Dispose()
	i.OnError(err)
}

// Blame implements [Stage]: what is emitted for an inner stream has a boundary
// of its own.
func (i *debounceInner[T, U]) Blame() (bool, Disposable, any) {
	return true, i.parent, i.parent.down
}
