package observable

import "context"

// Buffer emits the source's items as slices of count items each; the last one
// may have less. A slice is the observer's own. An error drops the items that
// wait, as it does for the whole family.
//
//	1 2 3 4 5 |  Buffer(2)  =>  [1 2] [3 4] [5] |
func Buffer[T any](o Observable[T], count int) Observable[[]T] {
	checkCount("Buffer", "count", count)
	return Observable[[]T]{src: &exactBufferSource[T]{o.src, count}}
}

// BufferSkip is [Buffer] that begins a slice each skip items: they overlap if
// skip is less than count, and leave out items if it is more (RxJava: buffer
// with a skip). It costs as many copies of an item as there are slices that it is
// in.
//
//	1 2 3 4 |  BufferSkip(3, 2)  =>  [1 2 3] [3 4] |
func BufferSkip[T any](o Observable[T], count, skip int) Observable[[]T] {
	checkCount("BufferSkip", "count", count)
	checkCount("BufferSkip", "skip", skip)
	return Observable[[]T]{src: &countCutSource[T, []T]{o.src, count, skip, bufferParts[T](count)}}
}

// bufferPart is a part that is emitted when it is closed.
type bufferPart[T any] struct {
	out   *bufferOutlet[T]
	items []T
}

func (b *bufferPart[T]) add(v T)        { b.items = append(b.items, v) }
func (b *bufferPart[T]) fail(error)     { b.items = nil }
func (b *bufferPart[T]) unwanted() bool { return false }

func (b *bufferPart[T]) close() {
	items := b.items
	b.items = nil
	b.out.spare = b
	b.out.emit(items)
}

// bufferOutlet emits buffers.
type bufferOutlet[T any] struct {
	outlet[[]T]
	room  int            // for so many items, to begin with
	spare *bufferPart[T] // one that was closed; the stage's
}

func (o *bufferOutlet[T]) begin() part[T] {
	if o.Disposed() {
		return nil
	}
	b := o.spare
	if o.spare = nil; b == nil {
		b = &bufferPart[T]{out: o}
	}
	b.items = make([]T, 0, o.room)
	return b
}

// mostRoom is how many items' room a buffer is given before they come.
const mostRoom = 256

// bufferParts makes the outlet of a stage whose buffers have room for so many
// items, to begin with.
func bufferParts[T any](room int) partsOf[T, []T] {
	return func(ctx context.Context, down Observer[[]T], stage outletStage) parts[T] {
		o := &bufferOutlet[T]{room: min(room, mostRoom)}
		o.open(ctx, down, stage)
		return o
	}
}
