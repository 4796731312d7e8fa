package observable_test

import (
	"context"
	"fmt"
	"time"

	"github.com/quillgo/quill/observable"
	"github.com/quillgo/quill/observable/observabletest"
)

// How do I wait until somebody has stopped typing?
//
// The virtual scheduler makes the example, and a test, take no time.
func ExampleDebounce() {
	clock := observabletest.NewVirtualScheduler()
	keys := observable.NewPublishSubject[string]()
	observable.Debounce(keys.Observable(), 300*time.Millisecond, clock).Subscribe(context.Background(), observable.Funcs[string]{
		Next: func(s string) { fmt.Println("search", s) },
	})
	for _, typed := range []string{"q", "qu", "qui"} {
		keys.OnNext(typed)
		clock.AdvanceBy(100 * time.Millisecond)
	}
	clock.AdvanceBy(time.Second)
	keys.OnNext("quill")
	keys.OnComplete()
	// Output:
	// search qui
	// search quill
}

// How do I do something every second?
func ExampleInterval() {
	clock := observabletest.NewVirtualScheduler()
	observable.Interval(time.Second, clock).Take(2).Subscribe(context.Background(), printer("tick"))
	clock.AdvanceBy(time.Hour)
	// Output:
	// tick 0
	// tick 1
	// tick done
}
