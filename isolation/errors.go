package isolation

import (
	"errors"
	"strconv"
)

var (
	// ErrSemaphoreFull is the refusal of a semaphore that has no permit left.
	ErrSemaphoreFull = errors.New("isolation: semaphore full")
	// ErrPoolFull is the refusal of a pool that has neither a slot nor a place
	// in its queue left, or whose queue has reached its threshold.
	ErrPoolFull = errors.New("isolation: pool full")
	// ErrPoolClosed is the refusal of a pool that was closed.
	ErrPoolClosed = errors.New("isolation: pool closed")
)

// refusal is a sentinel that names who refused. It is made once per bulkhead,
// so that refusing costs no allocation (I4).
type refusal struct {
	err  error
	text string
}

func refusalOf(err error, name string) error {
	if name == "" {
		return err
	}
	return &refusal{err: err, text: err.Error() + ": " + strconv.Quote(name)}
}

func (r *refusal) Error() string { return r.text }
func (r *refusal) Unwrap() error { return r.err }
