// Streams uses the stream library alone: no command, no network.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/quillgo/quill/observable"
)

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "streams:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	// A stream is a description: nothing runs until somebody asks for items.
	words := observable.FromSlice(strings.Fields("the quick brown fox jumps over the lazy dog"))
	long := observable.Map(words.Filter(func(w string) bool { return len(w) > 3 }), strings.ToUpper)

	all, err := long.ToSlice(ctx)
	if err != nil {
		return err
	}
	fmt.Println("long words:", all)

	// The same stream as a loop. It runs on this goroutine, and stops with it.
	for w, err := range long.Seq(ctx) {
		if err != nil {
			return err
		}
		if w == "JUMPS" {
			break
		}
		fmt.Println("  ", w)
	}

	// Streams of streams: three at a time, in whatever order they finish.
	lengths := observable.FlatMap(words, func(w string) observable.Observable[string] {
		return observable.FromFunc(func(context.Context) (string, error) {
			return fmt.Sprintf("%s:%d", w, len(w)), nil
		}).SubscribeOn(observable.Go())
	}, 3)
	measured, err := lengths.ToSlice(ctx)
	if err != nil {
		return err
	}
	fmt.Println("measured concurrently:", len(measured), "words")

	// Errors are part of a stream: here the source fails twice, then works.
	attempts := 0
	flaky := observable.FromFunc(func(context.Context) (string, error) {
		if attempts++; attempts < 3 {
			return "", errors.New("not yet")
		}
		return "there we are", nil
	})
	text, err := flaky.Retry(5).First(ctx)
	if err != nil {
		return err
	}
	fmt.Printf("after %d attempts: %s\n", attempts, text)

	// Time: a source that is too slow is replaced.
	slow := observable.Map(observable.Timer(time.Minute), func(int) string { return "late" })
	answer, err := slow.Timeout(20 * time.Millisecond).OnErrorReturn(func(err error) string { return "instead: " + err.Error() }).First(ctx)
	if err != nil {
		return err
	}
	fmt.Println(answer)
	return nil
}
