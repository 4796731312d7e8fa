package observable_test

import (
	"context"
	"fmt"

	"github.com/quillgo/quill/observable"
	"github.com/quillgo/quill/observable/observabletest"
)

// How do I keep the newest when the observer is too slow?
func ExampleOnBackpressureLatest() {
	clock := observabletest.NewVirtualScheduler() // leave it out for a goroutine of the observer's own
	sensor := observable.NewPublishSubject[int]()
	observable.OnBackpressureLatest(sensor.Observable(), clock).Subscribe(context.Background(), observable.Funcs[int]{
		Next: func(v int) { fmt.Println("drew", v) },
	})
	for v := range 4 {
		sensor.OnNext(v) // the observer's turn has not come
	}
	clock.Trigger()
	// Output: drew 3
}

// How do I count what is dropped?
func ExampleOnBackpressureBufferFunc() {
	clock := observabletest.NewVirtualScheduler()
	dropped := 0
	bounded := observable.OnBackpressureBufferFunc(observable.Range(1, 100), 3, observable.OverflowDropLatest,
		func(int) { dropped++ }, clock)
	bounded.Subscribe(context.Background(), printer("kept"))
	clock.Trigger()
	fmt.Println("dropped", dropped)
	// Output:
	// kept 1
	// kept 2
	// kept 100
	// kept done
	// dropped 97
}
