package metrics

import (
	"fmt"
	"iter"
	"math/bits"
	"strconv"
	"strings"
)

// Event is something that happens in an execution (Hystrix's
// HystrixEventType). The order is fixed: it is the order in which an
// execution's events are listed, whatever order they happened in.
type Event uint8

// The events, in their fixed order.
const (
	Emit               Event = iota // a streaming command gave an item
	Success                         // the body ended well
	Failure                         // the body failed, or panicked
	Timeout                         // the body was late
	BadRequest                      // the body refused its input: the caller's fault
	ShortCircuited                  // the breaker was open
	ThreadPoolRejected              // the pool was full
	SemaphoreRejected               // the semaphore was full
	FallbackEmit                    // a streaming fallback gave an item
	FallbackSuccess                 // the fallback ended well
	FallbackFailure                 // the fallback failed, or panicked
	FallbackRejection               // the fallback's semaphore was full
	FallbackDisabled                // there is a fallback, but it is switched off
	FallbackMissing                 // there is no fallback
	ExceptionThrown                 // the caller got an error, other than of an open breaker or a full semaphore
	ResponseFromCache               // another execution's result was shared
	Cancelled                       // the caller left before the end
	Collapsed                       // a collapser's request was part of the batch that this execution served

	// NumEvents is how many events there are.
	NumEvents = int(iota)
)

// String returns the event's name in Hystrix: "EMIT", "SHORT_CIRCUITED".
func (e Event) String() string {
	names := [NumEvents]string{
		Emit: "EMIT", Success: "SUCCESS", Failure: "FAILURE", Timeout: "TIMEOUT", BadRequest: "BAD_REQUEST",
		ShortCircuited: "SHORT_CIRCUITED", ThreadPoolRejected: "THREAD_POOL_REJECTED", SemaphoreRejected: "SEMAPHORE_REJECTED",
		FallbackEmit: "FALLBACK_EMIT", FallbackSuccess: "FALLBACK_SUCCESS", FallbackFailure: "FALLBACK_FAILURE",
		FallbackRejection: "FALLBACK_REJECTION", FallbackDisabled: "FALLBACK_DISABLED", FallbackMissing: "FALLBACK_MISSING",
		ExceptionThrown: "EXCEPTION_THROWN", ResponseFromCache: "RESPONSE_FROM_CACHE", Cancelled: "CANCELLED", Collapsed: "COLLAPSED",
	}
	if int(e) < NumEvents {
		return names[e]
	}
	return "Event(" + strconv.Itoa(int(e)) + ")"
}

// ParseEvent returns the event whose String is name.
func ParseEvent(name string) (Event, error) {
	for e := range allEvents.All() {
		if e.String() == name {
			return e, nil
		}
	}
	return 0, fmt.Errorf("metrics: no event is named %q, want one of %v", name, allEvents)
}

// Events is a set of events. The zero value is empty.
type Events uint32

const allEvents Events = 1<<NumEvents - 1

// Has reports whether e is in the set.
func (s Events) Has(e Event) bool { return s&(1<<e) != 0 }

// With returns the set with these events in it as well.
func (s Events) With(events ...Event) Events {
	for _, e := range events {
		s |= 1 << e
	}
	return s
}

// All yields the events in the set, in their fixed order.
func (s Events) All() iter.Seq[Event] {
	return func(yield func(Event) bool) {
		for rest := s & allEvents; rest != 0; rest &= rest - 1 {
			if !yield(Event(bits.TrailingZeros32(uint32(rest)))) {
				return
			}
		}
	}
}

// String lists the set as Hystrix's request log does: "FAILURE,
// FALLBACK_SUCCESS". That of the empty set is "".
func (s Events) String() string {
	var names []string
	for e := range s.All() {
		names = append(names, e.String())
	}
	return strings.Join(names, ", ")
}
