package rules_test

import (
	"testing"
	"time"

	"github.com/quillgo/quill/observable"
	"github.com/quillgo/quill/observable/observabletest"
)

// TestRules_Timed puts the operators that wait for time, or for another stream,
// through the contract. Time is the bubble's.
func TestRules_Timed(t *testing.T) {
	for _, op := range timedOperators {
		observabletest.Contract(t, op)
	}
}

// TestRules_TimedSources is the same for sources.
func TestRules_TimedSources(t *testing.T) {
	for _, src := range timedSources {
		observabletest.SourceContract(t, src)
	}
}

func never(token) observable.Observable[int] { return observable.Never[int]() }

// soon is a stream that says something after a while, on a goroutine of its own.
func soon() observable.Observable[int] { return observable.Timer(time.Second) }

// signalOnly is what does not hold for upstream where it only says when: its items
// are not emitted.
var signalOnly = map[string]string{
	"C19 zero values are items": "upstream's items are not emitted",
}

// notAwaited is the same where the other stream may end the result before
// upstream has even called OnSubscribe.
var notAwaited = with(signalOnly, map[string]string{
	"C4 dispose before upstream calls OnSubscribe": "the end comes before it, and cannot dispose it yet",
})

// tooLate is what does not hold where whatever upstream emits is a timeout.
var tooLate = with(notAwaited, map[string]string{
	"C9 a Goexit that passes by fails the stream once":      "it has failed before",
	"C9 a panic below is not put down to the operator":      "nothing gets below it but the error",
	"C20 the context ends while a synchronous source emits": "it has failed before",
})

// overtaking is what does not hold for items that are due at once, each on a
// goroutine of its own.
var overtaking = map[string]string{
	"C12 each subscription gives the same": "items overtake each other",
	"C15 subscribing inside OnNext":        "items overtake each other",
}

var timedOperators = []observabletest.Operator[token]{
	// debounce.go, debounce_when.go
	{Name: "Debounce", Async: true, Needs: observabletest.AtEnd, Apply: func(up stream, _ func()) erased {
		return erase(observable.Debounce(up, time.Second))
	}},
	{Name: "DebounceWhen scalar", Hook: observabletest.PerItem, Apply: func(up stream, hook func()) erased {
		return erase(observable.DebounceWhen(up, func(token) observable.Observable[int] { hook(); return observable.Just(1) }))
	}},
	{Name: "DebounceWhen waiting", Hook: observabletest.PerItem, Needs: observabletest.AtEnd, Apply: func(up stream, hook func()) erased {
		return erase(observable.DebounceWhen(up, func(v token) observable.Observable[int] { hook(); return never(v) }))
	}},
	{Name: "DebounceWhen inner", Exempt: notAwaited, Apply: func(up stream, _ func()) erased {
		return erase(observable.DebounceWhen(observable.Range(0, 2), func(int) stream { return up }))
	}},

	// throttle.go, throttle_latest.go
	{Name: "ThrottleFirst", Apply: func(up stream, _ func()) erased {
		return erase(observable.ThrottleFirst(up, time.Second))
	}},
	{Name: "ThrottleLatest", Async: true, Apply: func(up stream, _ func()) erased {
		return erase(observable.ThrottleLatest(up, time.Second, false))
	}},
	{Name: "ThrottleLatest emitting the last", Async: true, Apply: func(up stream, _ func()) erased {
		return erase(observable.ThrottleLatest(up, time.Second, true))
	}},

	// sample.go
	{Name: "ThrottleLast", Async: true, Needs: observabletest.AtEnd, Apply: func(up stream, _ func()) erased {
		return erase(observable.ThrottleLast(up, time.Second))
	}},
	{Name: "Sample emitting the last", Async: true, Needs: observabletest.AtEnd, Apply: func(up stream, _ func()) erased {
		return erase(observable.Sample(up, time.Second, true))
	}},
	{Name: "SampleWhen source", Needs: observabletest.AtEnd, Apply: func(up stream, _ func()) erased {
		return erase(observable.SampleWhen(up, observable.Never[int](), true))
	}},
	{Name: "SampleWhen sampler", Needs: observabletest.AtEnd, Exempt: signalOnly, Apply: func(up stream, _ func()) erased {
		return erase(observable.SampleWhen(observable.Never[int](), up, true))
	}},

	// timeout.go, timeout_when.go
	{Name: "TimeoutWith source", Apply: func(up stream, _ func()) erased {
		return erase(observable.TimeoutWith(up, 2*time.Minute, observable.Never[token]()))
	}},
	{Name: "TimeoutWith other", Async: true, Apply: func(up stream, _ func()) erased {
		return erase(observable.TimeoutWith(observable.Never[token](), time.Microsecond, up))
	}},
	{Name: "TimeoutWhen source", Hook: observabletest.PerItem, Apply: func(up stream, hook func()) erased {
		return erase(observable.TimeoutWhen(up, observable.Never[int](), func(v token) observable.Observable[int] { hook(); return never(v) }))
	}},
	{Name: "TimeoutWhen first", Recovers: true, Needs: observabletest.AtEnd, Exempt: tooLate, Apply: func(up stream, _ func()) erased {
		return erase(observable.TimeoutWhen(observable.Never[int](), up, func(int) stream { return up }))
	}},
	{Name: "TimeoutWhen next", Exempt: tooLate, Recovers: true, Needs: observabletest.AtEnd, Apply: func(up stream, _ func()) erased {
		return erase(observable.TimeoutWhen(observable.Range(0, 2), observable.Never[int](), func(int) stream { return up }))
	}},
	{Name: "TimeoutWhenWith other", Apply: func(up stream, _ func()) erased {
		return erase(observable.TimeoutWhenWith(observable.Never[token](), observable.Empty[int](), never, up))
	}},
	{Name: "TimeoutWhenWith other later", Async: true, Apply: func(up stream, _ func()) erased {
		return erase(observable.TimeoutWhenWith(observable.Never[token](), soon(), never, up))
	}},

	// delay.go, delay_when.go, delay_subscription.go
	{Name: "DelayDelayError", Async: true, Needs: observabletest.AtEnd, Apply: func(up stream, _ func()) erased {
		return erase(observable.DelayDelayError(up, time.Second))
	}},
	{Name: "DelayWhen scalar", Hook: observabletest.PerItem, Apply: func(up stream, hook func()) erased {
		return erase(observable.DelayWhen(up, func(token) observable.Observable[int] { hook(); return observable.Just(1) }))
	}},
	{Name: "DelayWhen at once", Hook: observabletest.PerItem, Apply: func(up stream, hook func()) erased {
		return erase(observable.DelayWhen(up, func(v token) stream { hook(); return twice(v) }))
	}},
	{Name: "DelayWhen waiting", Hook: observabletest.PerItem, Async: true, Needs: observabletest.AtEnd, Exempt: overtaking, Apply: func(up stream, hook func()) erased {
		return erase(observable.DelayWhen(up, func(token) observable.Observable[int] { hook(); return soon() }))
	}},
	{Name: "DelayWhen inner", Exempt: signalOnly, Apply: func(up stream, _ func()) erased {
		return erase(observable.DelayWhen(observable.Range(0, 2), func(int) stream { return up }))
	}},
	{Name: "DelaySubscription", Async: true, Apply: func(up stream, _ func()) erased {
		return erase(observable.DelaySubscription(up, time.Microsecond))
	}},
	{Name: "DelaySubscriptionWhen source", Apply: func(up stream, _ func()) erased {
		return erase(observable.DelaySubscriptionWhen(up, observable.Just(1)))
	}},
	{Name: "DelaySubscriptionWhen other", Exempt: signalOnly, Apply: func(up stream, _ func()) erased {
		return erase(observable.DelaySubscriptionWhen(observable.Range(0, 2), up))
	}},
}

var timedSources = []observabletest.Source{
	{Name: "IntervalRange", Count: 3, Async: true, Make: func(func()) erased {
		return erase(observable.IntervalRange(5, 3, 0, time.Second))
	}},
	{Name: "IntervalRange of nothing", Async: true, Make: func(func()) erased {
		return erase(observable.IntervalRange(5, 0, time.Second, time.Second))
	}},
}
