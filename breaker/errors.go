package breaker

import (
	"errors"
	"strconv"
	"time"
)

// ErrOpen is what a call is refused with. The value returned is an *[OpenError]
// that wraps it.
var ErrOpen = errors.New("breaker: circuit open")

// OpenError is a refusal: errors.Is(err, ErrOpen) holds. One value is made per
// opening and shared by all who are refused, so it must not be changed.
type OpenError struct {
	// Name is the breaker's.
	Name string

	// Until is the first instant at which a trial may start, so a caller that
	// comes back then is not refused for being early. It stays what it was while
	// a trial is under way, and is in the past then. It is zero when the breaker
	// was forced open, which no time ends.
	Until time.Time
}

func (e *OpenError) Error() string {
	if e.Name == "" {
		return ErrOpen.Error()
	}
	return ErrOpen.Error() + ": " + strconv.Quote(e.Name)
}

// Unwrap returns ErrOpen.
func (e *OpenError) Unwrap() error { return ErrOpen }

// RetryAfter returns how long after now to come back: 0 when the time has come
// or a trial is under way. It is not ok when only an operator can tell, because
// the breaker was forced open.
func (e *OpenError) RetryAfter(now time.Time) (wait time.Duration, ok bool) {
	if e.Until.IsZero() {
		return 0, false
	}
	return max(0, e.Until.Sub(now)), true
}
