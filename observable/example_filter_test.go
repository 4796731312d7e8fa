package observable_test

import (
	"context"
	"fmt"

	"github.com/quillgo/quill/observable"
)

// How do I take what I need of an endless stream?
func ExampleObservable_Filter() {
	fizz := observable.Range(1, 1_000_000_000).
		Filter(func(n int) bool { return n%3 == 0 }).
		Skip(1).
		Take(3) // the range stops at 12
	fmt.Println(fizz.ToSlice(context.Background()))
	// Output: [6 9 12] <nil>
}

// How do I leave out what has not changed?
func ExampleDistinctUntilChanged() {
	states := observable.Just("up", "up", "down", "down", "up")
	fmt.Println(observable.DistinctUntilChanged(states).ToSlice(context.Background()))
	// Output: [up down up] <nil>
}
