package observable

import "time"

// chunkSize is how many items a chunk has room for, once a buffer has grown.
const chunkSize = 64

// chunk holds consecutive items.
type chunk[T any] struct {
	items  []T             // its length is its room
	stamps []time.Duration // when the items came, if their age matters, else nil
	next   *chunk[T]
}

// cursor is a place in a chain of chunks: in front of the item number n, counted
// from the first that ever came.
type cursor[T any] struct {
	in  *chunk[T]
	off int // in the chunk; at its end if there was no next chunk yet
	n   int
}

// settle moves a cursor from the end of its chunk to the start of the next.
func (c *cursor[T]) settle() {
	if c.off == len(c.in.items) && c.in.next != nil {
		c.in, c.off = c.in.next, 0
	}
}

// skip moves a settled cursor on within its chunk.
func (c *cursor[T]) skip(k int) {
	c.off += k
	c.n += k
}

// buffer is a queue in chunks with a moving head. It has no lock of its own.
//
// The items from head to tail are kept. Those from floor to head are dropped,
// but somebody is still being told them; those before floor are cleared (rule
// C18). The first chunk has room for one item and lies in the buffer itself, so
// that a scalar needs no other.
type buffer[T any] struct {
	head, tail, floor cursor[T]
	room              int           // of a grown chunk
	spare             *chunk[T]     // a grown chunk, cleared, or nil
	latest            time.Duration // the last item's time: they never go back
	first             chunk[T]
	one               [1]T
}

// prepare makes an empty buffer for at most limit items, or [Unlimited].
func (b *buffer[T]) prepare(limit int, stamped bool) {
	b.room = chunkSize
	if limit != Unlimited {
		b.room = min(max(limit, chunkSize/8), chunkSize)
	}
	b.first.items = b.one[:]
	if stamped {
		b.first.stamps = make([]time.Duration, 1)
	}
	b.head.in = &b.first
	b.tail, b.floor = b.head, b.head
}

// size returns how many items are kept.
func (b *buffer[T]) size() int { return b.tail.n - b.head.n }

// push adds an item at the tail.
func (b *buffer[T]) push(v T, now time.Duration) {
	if b.tail.off == len(b.tail.in.items) {
		b.grow()
	}
	b.tail.in.items[b.tail.off] = v
	if b.tail.in.stamps != nil {
		b.latest = max(b.latest, now)
		b.tail.in.stamps[b.tail.off] = b.latest
	}
	b.tail.skip(1)
}

// grow puts an empty chunk at the tail: after the first a small one.
func (b *buffer[T]) grow() {
	c := b.spare
	b.spare = nil
	if c == nil {
		room := b.room
		if b.tail.in == &b.first {
			room = min(room, chunkSize/8)
		}
		c = &chunk[T]{items: make([]T, room)}
		if b.first.stamps != nil {
			c.stamps = make([]time.Duration, room)
		}
	}
	b.tail.in.next = c
	b.tail.settle()
}

// stretch returns the items from c to the end of its chunk or to the tail.
func (b *buffer[T]) stretch(c *cursor[T]) []T {
	c.settle()
	if c.in == b.tail.in {
		return c.in.items[c.off:b.tail.off]
	}
	return c.in.items[c.off:]
}

// dropTo moves the head to the last n items.
func (b *buffer[T]) dropTo(n int) {
	for b.size() > n {
		b.head.settle()
		b.head.skip(min(b.size()-n, len(b.head.in.items)-b.head.off))
	}
}

// dropOld drops the items that came at or before limit.
func (b *buffer[T]) dropOld(limit time.Duration) {
	for b.size() > 0 {
		b.head.settle()
		if b.head.in.stamps[b.head.off] > limit {
			return
		}
		b.head.skip(1)
	}
}

// clearTo clears the items before number n, which is not beyond the head. No
// unsettled cursor may be left at the end of a chunk that has a next one.
func (b *buffer[T]) clearTo(n int) {
	for b.floor.n < n {
		c := b.floor.in
		k := min(n-b.floor.n, len(c.items)-b.floor.off)
		clear(c.items[b.floor.off : b.floor.off+k])
		b.floor.skip(k)
		b.floor.settle()
		if b.floor.in != c && len(c.items) == b.room {
			c.next = nil
			b.spare = c
		}
	}
}

// last returns the newest item, if any is kept.
func (b *buffer[T]) last() (v T, ok bool) {
	if b.size() == 0 {
		return v, false
	}
	return b.tail.in.items[b.tail.off-1], true
}

// values returns a copy of the items kept.
func (b *buffer[T]) values() []T {
	all := make([]T, 0, b.size())
	for c := b.head; c.n < b.tail.n; {
		some := b.stretch(&c)
		all = append(all, some...)
		c.skip(len(some))
	}
	return all
}
