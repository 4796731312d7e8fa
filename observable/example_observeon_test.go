package observable_test

import (
	"context"
	"fmt"

	"github.com/quillgo/quill/observable"
)

// How do I keep a slow consumer off the producer's goroutine, without a queue
// that grows for ever?
func ExampleObservable_ObserveOn() {
	lines := observable.Just("one", "two", "three")
	err := lines.
		ObserveOn(observable.Go(), 128). // a queue of 128; then the producer waits
		DoOnNext(func(line string) { fmt.Println("writing", line) }).
		Wait(context.Background())
	fmt.Println(err)
	// Output:
	// writing one
	// writing two
	// writing three
	// <nil>
}
