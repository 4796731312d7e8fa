package observable

import (
	"context"
	"fmt"
	"reflect"
)

// OfType emits the items that are of type R, as such, and leaves out the others.
// It is meant for streams of an interface type. A nil item is of every interface
// type.
//
//	1 "a" 2  OfType[int]  =>  1 2 |
func OfType[R, T any](o Observable[T]) Observable[R] {
	convert := conversion[R, T]()
	return FilterMap(o, convert)
}

// Cast emits each item as a value of type R. The first item that is not of type
// R stops the source and fails the stream with a [*CastError]. A nil item is of
// every interface type.
//
//	1 2 "a"  Cast[int]  =>  1 2 #
func Cast[R, T any](o Observable[T]) Observable[R] {
	convert := conversion[R, T]()
	return MapErr(o, func(_ context.Context, v T) (R, error) {
		r, ok := convert(v)
		if !ok {
			return r, &CastError{From: reflect.TypeOf(v), To: reflect.TypeFor[R]()}
		}
		return r, nil
	})
}

// CastError is the error of [Cast] for an item of the wrong type (RxJava:
// ClassCastException).
type CastError struct {
	From reflect.Type // of the item; nil if that was nil
	To   reflect.Type
}

func (e *CastError) Error() string {
	if e.From == nil {
		return fmt.Sprintf("observable: cannot cast nil to %v", e.To)
	}
	return fmt.Sprintf("observable: cannot cast %v to %v", e.From, e.To)
}

// conversion returns the type assertion from T to R, which takes a nil
// interface for one of any type that is an interface.
func conversion[R, T any]() func(T) (R, bool) {
	toInterface := reflect.TypeFor[R]().Kind() == reflect.Interface
	return func(v T) (R, bool) {
		item := any(v)
		r, ok := item.(R)
		return r, ok || toInterface && item == nil
	}
}
