// Streaming is a command that gives many values and falls over in the middle:
// its fallback goes on where the body stopped.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync/atomic"

	"github.com/quillgo/quill/command"
	"github.com/quillgo/quill/metrics"
	"github.com/quillgo/quill/observable"
)

// pages gives the numbers of a book's pages, from first on, and breaks off
// after broken.
func pages(first, last, broken int) observable.Observable[int] {
	return observable.Create(func(_ context.Context, e *observable.Emitter[int]) error {
		for page := first; page <= last; page++ {
			if page > broken {
				return errors.New("connection reset")
			}
			if !e.Next(page) {
				return nil
			}
		}
		return nil
	})
}

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "streaming:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	const last = 6
	var read atomic.Int64 // the last page that arrived: the cursor to resume from
	book := command.MustNew(command.Spec[string, int]{
		Name: "ReadBook",
		Stream: func(context.Context, string) observable.Observable[int] {
			return pages(1, last, 3).DoOnNext(func(page int) { read.Store(int64(page)) })
		},
		FallbackStream: func(_ context.Context, _ string, cause error) observable.Observable[int] {
			fmt.Printf("  %v: going on with the mirror after page %d\n", cause, read.Load())
			return pages(int(read.Load())+1, last, last)
		},
	})

	call := book.Call("Moby-Dick")
	var got []int
	err := call.ToObservable().ForEach(ctx, func(page int) error {
		fmt.Println("  page", page)
		got = append(got, page)
		return nil
	})
	if err != nil {
		return err
	}
	fmt.Println("what happened:", call.Events())
	if len(got) != last || !call.Events().Has(metrics.FallbackEmit) || call.Emits() != 3 {
		return fmt.Errorf("got the pages %v, %d of them from the body", got, call.Emits())
	}
	return nil
}
