package observable_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/quillgo/quill/observable"
)

// How do I make a stream of anything that delivers one thing after the other?
func ExampleCreate() {
	lines := []string{"one", "two", "three"}
	scanned := observable.Create(func(_ context.Context, e *observable.Emitter[string]) error {
		for _, line := range lines {
			if !e.Next(line) {
				fmt.Println("nobody listens any more")
				return nil
			}
		}
		return errors.New("torn off")
	})

	fmt.Println(scanned.ToSlice(context.Background()))
	fmt.Println(scanned.First(context.Background()))
	// Output:
	// [one two three] torn off
	// nobody listens any more
	// one <nil>
}

// How do I open something for each subscription, and close it for certain?
func ExampleUsing() {
	rows := observable.Using(
		func(context.Context) (string, error) { fmt.Println("open"); return "file", nil },
		func(name string) observable.Observable[string] { return observable.Just(name+" row 1", name+" row 2") },
		func(string) error { fmt.Println("close"); return nil },
	)
	fmt.Println(rows.First(context.Background()))
	// Output:
	// open
	// close
	// file row 1 <nil>
}
