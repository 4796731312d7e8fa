package rx

import (
	"fmt"
	"reflect"
)

// TypeError is the error of a stream made by [From] whose item has another
// dynamic type than the stream's.
type TypeError struct {
	Want reflect.Type // the stream's element type
	Got  reflect.Type // the item's dynamic type; nil for a nil item
}

func (e *TypeError) Error() string {
	if e.Got == nil {
		return fmt.Sprintf("rx: item is nil, want %v", e.Want)
	}
	return fmt.Sprintf("rx: item is of type %v, want %v", e.Got, e.Want)
}

// valueOf returns v as a T. A nil item is a nil T if there is such a thing.
func valueOf[T any](v any) (T, error) {
	t, ok := v.(T)
	if ok {
		return t, nil
	}
	want := reflect.TypeFor[T]()
	if v == nil {
		switch want.Kind() {
		case reflect.Interface, reflect.Pointer, reflect.Map, reflect.Slice, reflect.Func, reflect.Chan, reflect.UnsafePointer:
			return t, nil
		}
	}
	return t, &TypeError{Want: want, Got: reflect.TypeOf(v)}
}
