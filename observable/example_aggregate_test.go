package observable_test

import (
	"context"
	"fmt"

	"github.com/quillgo/quill/observable"
)

// How do I make one result of all items?
func ExampleReduceSeed() {
	words := observable.Just("a", "stream", "of", "words")
	letters := observable.ReduceSeed(words, 0, func(n int, w string) int { return n + len(w) })
	fmt.Println(letters.Single(context.Background()))
	// Output: 14 <nil>
}

// How do I look items up by a key?
func ExampleToMap() {
	byLength := observable.ToMap(observable.Just("one", "three", "two"), func(w string) int { return len(w) })
	fmt.Println(byLength.Single(context.Background()))
	// Output: map[3:two 5:three] <nil>
}

// How do I find out whether something is in a stream, or else look elsewhere?
func ExampleAny() {
	negative := func(n int) bool { return n < 0 }
	fmt.Println(observable.Any(observable.Just(1, -2, 3), negative).Single(context.Background()))
	fmt.Println(observable.Empty[int]().SwitchIfEmpty(observable.Just(7)).ToSlice(context.Background()))
	// Output:
	// true <nil>
	// [7] <nil>
}
