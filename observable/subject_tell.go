package observable

// signal is an item or an end.
type signal[T any] struct {
	v   T
	err error // with end: what it failed with
	end bool
}

// round is a signal on its way to a list of observers. It lives on the stack of
// who tells it.
type round[T any] struct {
	signal[T]
	taps  []*tap[T]
	next  int // taps before it have been dealt with
	index int // the item's number, see history
	batch []T // items to be told one after the other, see history
	k     int // how many of batch have been
}

// resumer goes on with a round, and all that comes after it, when the goroutine
// that told it ends (runtime.Goexit).
type resumer[T any] interface{ resume(r round[T]) }

// tell delivers the round's signal to the observers that have not been told. It
// is a boundary that goes on with the next observer (rule C9).
func tell[T any](r *round[T], s resumer[T]) {
	for !tellOn(r, s) {
	}
}

func tellOn[T any](r *round[T], s resumer[T]) (done bool) {
	defer func() {
		if !done {
			crashed(r, s, recover())
		}
	}()
	for r.next < len(r.taps) {
		t := r.taps[r.next]
		r.next++
		switch {
		case t.gone() || t.from > r.index:
		case !r.end:
			t.down.OnNext(r.v)
		case r.err != nil:
			t.down.OnError(r.err)
		default:
			t.down.OnComplete()
		}
	}
	return true
}

// crashed fails the observer that panicked last. After a Goexit, of the
// observer or while it is failed, nobody else is left to go on.
func crashed[T any](r *round[T], s resumer[T], recovered any) {
	t := r.taps[r.next-1]
	returned := false
	defer func() {
		if !returned || recovered == nil {
			s.resume(*r)
		}
	}()
	defer t.Dispose()
	at := items
	if r.end {
		at = terminal
	}
	faultDuring(t.ctx, at, r.err, t, t.down, recovered)
	returned = true
}
