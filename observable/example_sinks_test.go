package observable_test

import (
	"context"
	"fmt"

	"github.com/quillgo/quill/observable"
)

// How do I read a stream in a loop?
func ExampleObservable_Seq() {
	for n, err := range observable.Range(1, 1_000_000).Seq(context.Background()) {
		if err != nil {
			fmt.Println(err)
			return
		}
		if n > 3 {
			break // stops the stream
		}
		fmt.Println(n)
	}
	// Output:
	// 1
	// 2
	// 3
}

// How do I get a channel?
func ExampleObservable_Chan() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel() // frees everything if the loop is left early
	for item := range observable.Just("a", "b").Chan(ctx, 1) {
		fmt.Println(item.Value, item.Err)
	}
	// Output:
	// a <nil>
	// b <nil>
}

// How do I stop at an error of my own?
func ExampleObservable_ForEach() {
	err := observable.Just(3, 2, 1, 0).ForEach(context.Background(), func(n int) error {
		if n == 1 {
			return fmt.Errorf("no more after %d", n)
		}
		fmt.Println(n)
		return nil
	})
	fmt.Println(err)
	// Output:
	// 3
	// 2
	// no more after 1
}
