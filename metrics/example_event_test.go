package metrics_test

import (
	"fmt"

	"github.com/quillgo/quill/metrics"
)

// An execution's events are a set, listed in a fixed order.
func ExampleEvents() {
	events := metrics.Events(0).With(metrics.FallbackSuccess).With(metrics.Failure)
	fmt.Println(events)
	fmt.Println(events.Has(metrics.Failure), events.Has(metrics.Success))
	for e := range events.All() {
		fmt.Println(uint8(e), e)
	}
	// Output:
	// FAILURE, FALLBACK_SUCCESS
	// true false
	// 2 FAILURE
	// 9 FALLBACK_SUCCESS
}

func ExampleParseEvent() {
	e, err := metrics.ParseEvent("SHORT_CIRCUITED")
	fmt.Println(e == metrics.ShortCircuited, err)
	// Output:
	// true <nil>
}
