package observable_test

import (
	"errors"

	"github.com/quillgo/quill/observable"
	"github.com/quillgo/quill/observable/observabletest"
)

// token and erased are the item types of tests that are about no type: each type
// of item that a package uses costs it half a second of compiling.
type (
	token  = *observabletest.Token
	stream = observable.Observable[token]
	erased = observable.Observable[any]
)

var errBoom = errors.New("boom")

func erase[T any](o observable.Observable[T]) erased { return observabletest.Erase(o) }
