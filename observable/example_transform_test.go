package observable_test

import (
	"context"
	"fmt"
	"strconv"

	"github.com/quillgo/quill/observable"
)

// How do I convert items with a function that may fail?
func ExampleMapErr() {
	numbers := observable.MapErr(observable.Just("1", "2", "x", "4"), func(_ context.Context, s string) (int, error) {
		return strconv.Atoi(s)
	})
	fmt.Println(numbers.ToSlice(context.Background()))
	// Output: [1 2] strconv.Atoi: parsing "x": invalid syntax
}

// How do I ask something for each item, several at a time?
func ExampleFlatMap() {
	ids := observable.Range(1, 3)
	users := observable.FlatMap(ids, func(id int) observable.Observable[string] {
		return observable.FromFunc(func(context.Context) (string, error) {
			return fmt.Sprint("user ", id), nil
		}).SubscribeOn(observable.Go())
	}, 2)
	// They come as they are ready; ConcatMapEager keeps their order.
	fmt.Println(observable.ToSortedList(users).Single(context.Background()))
	// Output: [user 1 user 2 user 3] <nil>
}

// How do I see each step of a sum?
func ExampleScan() {
	sums := observable.Scan(observable.Just(5, 10, 20), 100, func(sum, v int) int { return sum + v })
	fmt.Println(sums.ToSlice(context.Background()))
	// Output: [100 105 115 135] <nil>
}
