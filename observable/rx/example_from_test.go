package rx_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/reactivex/rxgo/v2"

	"github.com/quillgo/quill/observable"
	"github.com/quillgo/quill/observable/rx"
)

// An rxgo pipeline becomes a typed stream.
func ExampleFrom() {
	numbers := rxgo.Range(1, 1_000_000).Filter(func(v any) bool { return v.(int)%2 == 0 })

	squares := observable.Map(rx.From[int](numbers), func(v int) int { return v * v })
	fmt.Println(squares.Take(3).ToSlice(context.Background()))
	// Output: [4 16 36] <nil>
}

// An item of another type ends the stream.
func ExampleFrom_wrongType() {
	_, err := rx.From[int](rxgo.Just(1, "two", 3)()).ToSlice(context.Background())
	fmt.Println(err)

	var wrong *rx.TypeError
	fmt.Println(errors.As(err, &wrong), wrong.Want.Kind(), wrong.Got.Kind())
	// Output:
	// rx: item is of type string, want int
	// true int string
}

// rxgo's FlatMap can be observed only once, so it is built for each
// subscription.
func ExampleFrom_builtForEachSubscription() {
	stream := observable.Defer(func(context.Context) observable.Observable[string] {
		return rx.From[string](rxgo.Just("a", "b")().FlatMap(func(i rxgo.Item) rxgo.Observable {
			return rxgo.Just(i.V, i.V.(string)+"!")()
		}))
	})
	fmt.Println(stream.ToSlice(context.Background()))
	fmt.Println(stream.ToSlice(context.Background()))
	// Output:
	// [a a! b b!] <nil>
	// [a a! b b!] <nil>
}
