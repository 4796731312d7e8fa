package observable_test

import (
	"context"
	"errors"
	"strings"

	"github.com/quillgo/quill/observable"
)

// message is an error as recordings show it: the text of a test exception, the
// class of RxJava's own, and all of several.
func message(err error) string {
	var parts []string
	for _, e := range leaves(err) {
		parts = append(parts, simpleMessage(e))
	}
	if len(parts) == 1 {
		return parts[0]
	}
	return "!CompositeException(" + strings.Join(parts, ",") + ")"
}

// leaves returns the errors that are joined in err, those inside a panic too.
func leaves(err error) (all []error) {
	var panicked *observable.PanicError
	if p, ok := err.(*observable.PanicError); ok { //nolint:errorlint // a joined error is not the panic's
		panicked = p
	}
	if panicked != nil {
		if inside, ok := panicked.Value.(error); ok {
			return leaves(inside)
		}
		return []error{err}
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range joined.Unwrap() {
			all = append(all, leaves(e)...)
		}
		return all
	}
	return []error{err}
}

func simpleMessage(err error) string {
	var badArgument *observable.ArgumentError
	var wrongType *observable.CastError
	switch {
	case errors.As(err, &wrongType):
		return "!ClassCastException"
	case errors.Is(err, context.DeadlineExceeded):
		return "!TimeoutException"
	case errors.Is(err, observable.ErrEmpty):
		return "!NoSuchElementException"
	case errors.Is(err, observable.ErrTooMany), errors.As(err, &badArgument):
		return "!IllegalArgumentException"
	case errors.Is(err, observable.ErrSubscribedTwice):
		return "!IllegalStateException"
	}
	return err.Error()
}
