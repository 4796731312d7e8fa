// Rxgo runs an existing rxgo pipeline through commands, and back.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/reactivex/rxgo/v2"

	"github.com/quillgo/quill/command"
	"github.com/quillgo/quill/observable"
	"github.com/quillgo/quill/observable/rx"
)

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "rxgo:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	getSquare := command.MustNew(command.Spec[int, int]{
		Name: "GetSquare",
		Run: func(_ context.Context, n int) (int, error) {
			if n == 4 {
				return 0, errors.New("no squares today")
			}
			return n * n, nil
		},
		Fallback: func(context.Context, int, error) (int, error) { return -1, nil },
	})

	// From: an rxgo pipeline, typed, with each item going through the command.
	numbers := rxgo.Range(1, 5).Filter(func(i any) bool { return i.(int)%2 == 0 || i.(int) == 3 })
	squares := observable.ConcatMap(rx.From[int](numbers), getSquare.ToObservable)

	// To: the result as an rxgo observable again, for code that expects one.
	var got []int
	for item := range rx.To(squares).Map(func(_ context.Context, i any) (any, error) { return i.(int) + 1, nil }).Observe() {
		if item.E != nil {
			return item.E
		}
		got = append(got, item.V.(int))
	}
	fmt.Println("squares plus one:", got)
	if len(got) != 3 || got[0] != 5 || got[2] != 0 {
		return fmt.Errorf("got %v, want [5 10 0]", got)
	}
	return ctx.Err()
}
