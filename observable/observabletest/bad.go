package observabletest

import (
	"context"

	"github.com/quillgo/quill/observable"
)

// BadSource is a source that breaks the rules, for tests of what
// [observable.New] makes of it. The zero value emits its Values and completes,
// but ignores Dispose.
type BadSource[T any] struct {
	Values []T
	// Twice calls OnSubscribe a second time, with a Disposable of its own.
	Twice bool
	// Mute does not call OnSubscribe at all.
	Mute bool
	// Panic, if not nil, is panicked with after the values, instead of an end.
	Panic any
	// AfterEnd, if not nil, is given to OnError after the end, and all values
	// and OnComplete are repeated.
	AfterEnd error
}

// Observable returns the source shielded, as [observable.New] does.
func (b *BadSource[T]) Observable() observable.Observable[T] { return observable.New[T](b) }

// Subscribe implements [observable.Source].
func (b *BadSource[T]) Subscribe(_ context.Context, o observable.Observer[T]) {
	if !b.Mute {
		o.OnSubscribe(new(probeRun))
	}
	if b.Twice {
		o.OnSubscribe(new(probeRun))
	}
	for _, v := range b.Values {
		o.OnNext(v)
	}
	if b.Panic != nil {
		panic(b.Panic)
	}
	o.OnComplete()
	if b.AfterEnd != nil {
		for _, v := range b.Values {
			o.OnNext(v)
		}
		o.OnError(b.AfterEnd)
		o.OnComplete()
	}
}
