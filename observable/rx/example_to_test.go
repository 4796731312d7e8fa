package rx_test

import (
	"context"
	"fmt"

	"github.com/reactivex/rxgo/v2"

	"github.com/quillgo/quill/observable"
	"github.com/quillgo/quill/observable/rx"
)

// A stream becomes an rxgo pipeline. The context frees the stream when rxgo
// leaves it early.
func ExampleTo() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()

	numbers := rx.To(observable.Range(1, 1_000_000))
	half := func(_ context.Context, v any) (any, error) { return v.(int) / 2, nil }
	for item := range numbers.Map(half).Take(4).Observe(rxgo.WithContext(ctx)) {
		fmt.Println(item.V, item.E)
	}
	// Output:
	// 0 <nil>
	// 1 <nil>
	// 1 <nil>
	// 2 <nil>
}
