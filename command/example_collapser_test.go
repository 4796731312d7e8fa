package command_test

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/quillgo/quill/cache"
	"github.com/quillgo/quill/command"
	"github.com/quillgo/quill/observable"
)

// Two requests, one call.
func ExampleNewCollapser() {
	getNames := command.MustNew(command.Spec[[]int, []string]{
		Name:     "GetNames",
		Registry: fresh(),
		Run: func(_ context.Context, ids []int) ([]string, error) {
			fmt.Println("asked for", ids)
			return []string{"Ada", "Grace"}[:len(ids)], nil
		},
	})
	getName, err := command.NewCollapser(command.CollapserSpec[int, string, []string]{
		Name:  "GetName",
		Batch: getNames,
		Map:   command.ByPosition[int, string],
		// So that this example does not depend on time.
		Settings: command.CollapserSettings{Delay: time.Hour, MaxRequests: 2},
	})
	if err != nil {
		panic(err)
	}

	ctx, scope := cache.NewScope(context.Background())
	defer scope.Close()
	first := getName.ToFuture(ctx, 1)
	fmt.Println(getName.Execute(ctx, 2))
	fmt.Println(first.Get(ctx))
	events := command.LogFrom(ctx).Entries()[0].Events
	fmt.Println("GetNames:", events)
	// Output:
	// asked for [1 2]
	// Grace <nil>
	// Ada <nil>
	// GetNames: SUCCESS, COLLAPSED
}

// Each request gets the lines that are its own.
func ExampleNewStreamCollapser() {
	type line struct{ file, text string }
	grep := command.MustNew(command.Spec[[]string, line]{
		Name:     "ReadLines",
		Registry: fresh(),
		Stream: func(_ context.Context, files []string) observable.Observable[line] {
			return observable.Just(line{"b", "two"}, line{"a", "one"}, line{"b", "three"})
		},
	})
	lines, err := command.NewStreamCollapser(command.StreamCollapserSpec[string, string, string, line]{
		Name:     "Lines",
		Batch:    grep,
		Scope:    command.Global,
		ArgKey:   func(file string) string { return file },
		ItemKey:  func(l line) string { return l.file },
		Map:      func(l line) (string, error) { return strings.ToUpper(l.text), nil },
		Settings: command.CollapserSettings{Delay: time.Hour, MaxRequests: 2},
	})
	if err != nil {
		panic(err)
	}
	ctx := context.Background()
	a := lines.Observe(ctx, "a")
	fmt.Println(lines.ToObservable("b").ToSlice(ctx))
	fmt.Println(a.ToSlice(ctx))
	// Output:
	// [TWO THREE] <nil>
	// [ONE] <nil>
}
