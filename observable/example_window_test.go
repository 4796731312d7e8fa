package observable_test

import (
	"context"
	"fmt"
	"time"

	"github.com/quillgo/quill/observable"
	"github.com/quillgo/quill/observable/observabletest"
)

// How do I write rows several at a time, and none too late?
func ExampleBufferTimeCount() {
	clock := observabletest.NewVirtualScheduler() // leave it out for real time
	rows := observable.NewPublishSubject[int]()
	batches := observable.BufferTimeCount(rows.Observable(), time.Second, observable.BufferOptions{Count: 2, RestartTimer: true}, clock)
	batches.Subscribe(context.Background(), observable.Funcs[[]int]{
		Next: func(batch []int) { fmt.Println("write", batch) },
	})
	for row := range 3 {
		rows.OnNext(row)
	}
	clock.AdvanceBy(time.Second)
	rows.OnComplete()
	// Output:
	// write [0 1]
	// write [2]
	// write []
}

// How do I make a figure of each three items?
func ExampleWindow() {
	sums := observable.FlatMap(observable.Window(observable.Range(1, 7), 3), observable.Sum[int], observable.Unlimited)
	fmt.Println(sums.ToSlice(context.Background()))
	// Output: [6 15 7] <nil>
}
