package observable_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/quillgo/quill/observable"
	"github.com/quillgo/quill/observable/observabletest"
)

// How do I go on with something else after an error?
func ExampleObservable_OnErrorResumeNext() {
	fresh := observable.Concat(observable.Just(1, 2), observable.Error[int](errors.New("gone")))
	all := fresh.OnErrorResumeNext(func(err error) observable.Observable[int] {
		fmt.Println("instead of", err)
		return observable.Just(8, 9)
	})
	fmt.Println(all.ToSlice(context.Background()))
	// Output:
	// instead of gone
	// [1 2 8 9] <nil>
}

// How do I try again, and wait longer each time?
func ExampleBackoff() {
	clock := observabletest.NewVirtualScheduler() // leave it out for real time
	start := clock.Now()
	flaky := observable.FromFunc(func(context.Context) (int, error) {
		fmt.Println("attempt at", clock.Now().Sub(start))
		return 0, errors.New("busy")
	})
	policy := observable.Backoff{Initial: time.Second, Max: 3 * time.Second, Attempts: 3, On: clock}
	observable.RetryWhen(flaky, policy.Handler()).Subscribe(context.Background(), observable.Funcs[int]{
		Error: func(err error) { fmt.Println("gave up:", err) },
	})
	clock.AdvanceBy(time.Minute)
	// Output:
	// attempt at 0s
	// attempt at 1s
	// attempt at 3s
	// attempt at 6s
	// gave up: busy
}
