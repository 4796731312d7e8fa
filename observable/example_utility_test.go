package observable_test

import (
	"context"
	"fmt"

	"github.com/quillgo/quill/observable"
)

// How do I watch a stream without changing it?
func ExampleObservable_DoOnNext() {
	total, err := observable.Sum(observable.Just(1, 2).
		DoOnNext(func(v int) { fmt.Println("saw", v) }).
		DoOnComplete(func() { fmt.Println("all seen") })).Single(context.Background())
	fmt.Println(total, err)
	// Output:
	// saw 1
	// saw 2
	// all seen
	// 3 <nil>
}
