package observable_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/quillgo/quill/observable"
	"github.com/quillgo/quill/observable/observabletest"
)

// How do I give up on a source that has gone silent?
//
// The virtual scheduler makes the example, and a test, take no time: leave it
// out for real time.
func ExampleObservable_Timeout() {
	clock := observabletest.NewVirtualScheduler()
	readings := observable.Concat(
		observable.Interval(time.Second, clock).Take(2),
		observable.Never[int](), // the sensor has died
	)
	readings.Timeout(5*time.Second, clock).Subscribe(context.Background(), observable.Funcs[int]{
		Next: func(v int) { fmt.Println("reading", v) },
		Error: func(err error) {
			fmt.Println(err)
			fmt.Println(errors.Is(err, context.DeadlineExceeded))
		},
	})
	clock.AdvanceBy(time.Minute)
	// Output:
	// reading 0
	// reading 1
	// observable: no signal within 5s
	// true
}
