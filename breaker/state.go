package breaker

import "strconv"

// State is where a breaker stands by itself, whatever its [Mode] makes of it.
type State uint8

// The states of a breaker.
const (
	Closed   State = iota // calls pass and are counted
	Open                  // calls are refused
	HalfOpen              // one trial call decides, all others are refused
)

// String returns "closed", "open" or "half-open".
func (s State) String() string {
	return name(uint8(s), "State", "closed", "open", "half-open")
}

// Mode is what an operator wants of a breaker (Hystrix's forceOpen,
// forceClosed and enabled in one; rule B9).
type Mode uint8

// The modes of a breaker.
const (
	Unset        Mode = iota // as Auto
	Auto                     // the breaker decides
	ForcedOpen               // everybody is refused
	ForcedClosed             // everybody is admitted, and counted
	Disabled                 // everybody is admitted, nobody counted
)

// String returns "unset", "auto", "forced-open", "forced-closed" or
// "disabled".
func (m Mode) String() string {
	return name(uint8(m), "Mode", "unset", "auto", "forced-open", "forced-closed", "disabled")
}

// Outcome is what became of an admitted call, as far as the health of what it
// called is concerned.
type Outcome uint8

// The outcomes of a call.
const (
	// Ignore says nothing about health: cancelled, a bad request. A trial that
	// ends so hands its place on (rule B4).
	Ignore Outcome = iota
	// Success counts as one.
	Success
	// Failure counts as an error: it failed, panicked or was late.
	Failure
	// Refused was turned away by a bulkhead behind the breaker. It counts as an
	// error, but as a trial it has tried nothing and hands its place on.
	Refused
)

// String returns "ignore", "success", "failure" or "refused".
func (o Outcome) String() string {
	return name(uint8(o), "Outcome", "ignore", "success", "failure", "refused")
}

func name(i uint8, kind string, names ...string) string {
	if int(i) < len(names) {
		return names[i]
	}
	return kind + "(" + strconv.Itoa(int(i)) + ")"
}
