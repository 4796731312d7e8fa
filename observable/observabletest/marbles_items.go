package observabletest

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// unlettered is how an item is drawn that has no letter.
const unlettered = '?'

// legend says which items and which error the characters of a diagram are.
type legend[T any] struct {
	items map[rune]T
	err   error
}

func newLegend[T any](items map[rune]T, failure []error) (legend[T], error) {
	l := legend[T]{items, ErrMarble}
	if len(failure) > 0 {
		l.err = failure[0]
	}
	if len(failure) > 1 || l.err == nil {
		return l, fmt.Errorf("%d errors were given for its #, want at most one, and not nil", len(failure))
	}
	return l, nil
}

// item returns the item of a letter. The error says why there is none.
func (l legend[T]) item(letter rune) (v T, err error) {
	if l.items != nil {
		v, ok := l.items[letter]
		if !ok {
			return v, fmt.Errorf("%q is not an item, they are %s", letter, l.letters())
		}
		return v, nil
	}
	switch p := any(&v).(type) {
	case *string:
		*p = string(letter)
	case *int:
		if letter < '0' || letter > '9' {
			return v, fmt.Errorf("%q is not an item, without a map they are the digits", letter)
		}
		*p = int(letter - '0')
	default:
		return v, fmt.Errorf("%q has no item of type %T, there is no map, and only strings and ints can do without", letter, v)
	}
	return v, nil
}

func (l legend[T]) known(letter rune) error {
	_, err := l.item(letter)
	return err
}

func (l legend[T]) sorted() []rune {
	var all []rune
	for letter := range l.items {
		all = append(all, letter)
	}
	slices.Sort(all)
	return all
}

func (l legend[T]) letters() string {
	var all []string
	for _, letter := range l.sorted() {
		all = append(all, fmt.Sprintf("%q", letter))
	}
	return cmp.Or(strings.Join(all, ", "), "none")
}

// letter returns the letter of an item: likely, if it fits, or the first one
// that does.
func (l legend[T]) letter(v T, likely rune) rune {
	for _, letter := range append([]rune{likely}, l.sorted()...) {
		if w, err := l.item(letter); err == nil && !special(letter) && reflect.DeepEqual(v, w) {
			return letter
		}
	}
	if l.items != nil {
		return unlettered
	}
	switch v := any(v).(type) {
	case string:
		if r, n := utf8.DecodeRuneInString(v); n == len(v) && r != utf8.RuneError && !special(r) {
			return r
		}
	case int:
		if v >= 0 && v <= 9 {
			return '0' + rune(v)
		}
	}
	return unlettered
}

// signal is what a stream did.
type signal[T any] struct {
	at    time.Time
	what  rune // of an item 0
	value T
	err   error
}

// same reports whether s is what a diagram says, but for the time.
func (l legend[T]) same(s signal[T], m mark) bool {
	switch {
	case s.what == '#':
		return m.what == '#' && errors.Is(s.err, l.err)
	case s.what != 0 || m.what == '|' || m.what == '#':
		return s.what == m.what
	}
	v, err := l.item(m.what)
	return err == nil && reflect.DeepEqual(s.value, v)
}
