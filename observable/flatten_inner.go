package observable

import "errors"

// flatMapInner observes an inner stream.
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
	i.parent.innerError(err)
	if i.parent.delay {
		i.parent.innerEnded()
	}
}

func (i *flatMapInner[T, R]) OnComplete() {
	i.parent.inners.remove(&i.member)
	i.parent.innerEnded()
}

// failed is for a panic of the stream, or of one that it gave its place to. A
// Goexit may have left the loop of innerEnded, so that nobody can go on.
func (i *flatMapInner[T, R]) failed(err error) {
	if !i.parent.delay || errors.Is(err, ErrGoexit) {
		i.parent.fail(err, i.parent.stop)
		return
	}
	i.Dispose()
	i.OnError(err)
}

// Blame implements [Stage].
func (i *flatMapInner[T, R]) Blame() (bool, Disposable, any) {
	return !i.inside, i.parent.handle(), i.parent.down
}
