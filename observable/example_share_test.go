package observable_test

import (
	"context"
	"fmt"

	"github.com/quillgo/quill/observable"
)

// How do I run a source once for several observers, and when?
func ExamplePublish() {
	ctx := context.Background()
	source := observable.Defer(func(context.Context) observable.Observable[int] {
		fmt.Println("source runs")
		return observable.Just(1, 2)
	})
	shared := observable.Publish(source)
	shared.Observable().Subscribe(ctx, printer("a"))
	shared.Observable().Subscribe(ctx, printer("b"))
	shared.Connect(ctx)
	// Output:
	// source runs
	// a 1
	// b 1
	// a 2
	// b 2
	// a done
	// b done
}

// How do I load something once, when it is first asked for?
func ExampleCache() {
	ctx := context.Background()
	loaded := observable.Cache(observable.FromFunc(func(context.Context) (int, error) {
		fmt.Println("loading")
		return 42, nil
	}))

	for range 2 {
		fmt.Println(loaded.First(ctx))
	}
	// Output:
	// loading
	// 42 <nil>
	// 42 <nil>
}

// How do I give up after some attempts?
func ExampleRetryWhen() {
	attempt := 0
	source := observable.FromFunc(func(context.Context) (int, error) {
		attempt++
		return 0, fmt.Errorf("attempt %d failed", attempt)
	})
	_, err := observable.RetryWhen(source, func(failures observable.Observable[error]) observable.Observable[int] {
		last := observable.Zip2(failures, observable.Range(1, 3), func(err error, n int) error {
			if n < 3 {
				return nil
			}
			return err
		})
		return observable.MapErr(last, func(_ context.Context, err error) (int, error) { return 0, err })
	}).First(context.Background())
	fmt.Println(err)
	// Output:
	// attempt 3 failed
}
