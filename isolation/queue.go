package isolation

// queue is a doubly linked list of tasks that uses the links inside them, so
// that any of them leaves in place and none costs an allocation.
type queue struct {
	head, tail *Task
	len        int // number of tasks linked
}

func (q *queue) push(t *Task) {
	t.prev = q.tail
	if q.tail == nil {
		q.head = t
	} else {
		q.tail.next = t
	}
	q.tail = t
	q.len++
}

// pop unlinks the head, and returns it, or nil.
func (q *queue) pop() *Task {
	t := q.head
	if t != nil {
		q.remove(t)
	}
	return t
}

// remove unlinks t, which must be linked.
func (q *queue) remove(t *Task) {
	if t.prev == nil {
		q.head = t.next
	} else {
		t.prev.next = t.next
	}
	if t.next == nil {
		q.tail = t.prev
	} else {
		t.next.prev = t.prev
	}
	t.prev, t.next = nil, nil
	q.len--
}
