package observable_test

import (
	"context"
	"fmt"

	"github.com/quillgo/quill/observable"
)

// What comes of a group is made inside FlatMap, so that it is observed in time.
func ExampleGroupBy() {
	words := observable.Just("apple", "banana", "avocado", "cherry", "blueberry")
	letters := observable.GroupBy(words, func(w string) string { return w[:1] })
	counts := observable.FlatMap(letters, func(g observable.Grouped[string, string]) observable.Observable[string] {
		return observable.Map(observable.Count(g.Observable), func(n int) string { return fmt.Sprint(g.Key(), n) })
	}, observable.Unlimited)
	all, err := counts.ToSlice(context.Background())
	fmt.Println(all, err)
	// Output: [a2 b2 c1] <nil>
}
