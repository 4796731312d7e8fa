package observabletest_test

import (
	"context"
	"testing"

	"github.com/quillgo/quill/observable"
	"github.com/quillgo/quill/observable/observabletest"
)

// EveryOther is an operator as a user writes one: it passes every other item of
// those that keep wants.
func EveryOther[T any](o observable.Observable[T], keep func(T) bool) observable.Observable[T] {
	return observable.NewUnsafe[T](everyOther[T]{o.Source(), keep})
}

type everyOther[T any] struct {
	up   observable.Source[T]
	keep func(T) bool
}

// Subscribe makes the state (rule C12) and passes the context on (C20).
func (s everyOther[T]) Subscribe(ctx context.Context, o observable.Observer[T]) {
	s.up.Subscribe(ctx, &everyOtherObserver[T]{down: o, keep: s.keep})
}

type everyOtherObserver[T any] struct {
	up      observable.Disposable
	down    observable.Observer[T]
	keep    func(T) bool
	odd     bool
	running bool // keep is: who is to blame for a panic (C9)
}

func (e *everyOtherObserver[T]) OnSubscribe(d observable.Disposable) {
	e.up = d
	e.down.OnSubscribe(d)
}

func (e *everyOtherObserver[T]) OnNext(v T) {
	e.running = true
	kept := e.keep(v)
	e.running = false
	if kept {
		e.odd = !e.odd
		if e.odd {
			e.down.OnNext(v)
		}
	}
}

func (e *everyOtherObserver[T]) OnError(err error) { e.down.OnError(err) }
func (e *everyOtherObserver[T]) OnComplete()       { e.down.OnComplete() }

// Blame implements observable.Stage.
func (e *everyOtherObserver[T]) Blame() (bool, observable.Disposable, any) {
	return e.running, e.up, e.down
}

// How do I know that an operator of mine keeps the rules?
//
// Run the contract over it, in a test of its own. The element type Token adds
// the cases about references to items.
func ExampleContract() {
	_ = func(t *testing.T) { // func TestEveryOther(t *testing.T)
		observabletest.Contract(t, observabletest.Operator[*observabletest.Token]{
			Name: "EveryOther",
			Hook: observabletest.PerItem,
			Apply: func(up observable.Observable[*observabletest.Token], hook func()) observable.Observable[any] {
				return observabletest.Erase(EveryOther(up, func(*observabletest.Token) bool {
					hook()
					return true
				}))
			},
		})
	}
}
