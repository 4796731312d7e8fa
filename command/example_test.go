package command_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/quillgo/quill/breaker"
	"github.com/quillgo/quill/cache"
	"github.com/quillgo/quill/command"
	"github.com/quillgo/quill/observable"
)

// A body that fails, and a fallback that is told why.
func ExampleNew() {
	price, err := command.New(command.Spec[string, int]{
		Name:     "GetPrice",
		Registry: fresh(),
		Run:      func(context.Context, string) (int, error) { return 0, errors.New("no answer") },
		Fallback: func(_ context.Context, item string, cause error) (int, error) {
			fmt.Println("price of", item, "is a guess:", cause)
			return 100, nil
		},
	})
	if err != nil {
		panic(err)
	}
	fmt.Println(price.Execute(context.Background(), "tea"))
	// Output:
	// price of tea is a guess: no answer
	// 100 <nil>
}

// Without a fallback the caller gets an Error, which tells the kind and holds
// the body's own.
func ExampleError() {
	errDown := errors.New("down")
	c := command.MustNew(command.Spec[int, string]{
		Name:     "GetUser",
		Registry: fresh(),
		Run:      func(context.Context, int) (string, error) { return "", errDown },
	})
	_, err := c.Execute(context.Background(), 42)
	var e *command.Error
	fmt.Println(errors.As(err, &e), e.Kind, errors.Is(err, errDown), errors.Is(err, command.ErrNoFallback))
	// Output: true failed true true
}

// Calls of one request that have the same key share one execution.
func ExampleCommand_ToFuture() {
	calls := 0
	getUser := command.MustNew(command.Spec[int, string]{
		Name:     "GetUser",
		Registry: fresh(),
		Run:      func(_ context.Context, id int) (string, error) { calls++; return "user " + strconv.Itoa(id), nil },
		CacheKey: func(id int) (string, bool) { return strconv.Itoa(id), true },
	})
	ctx, scope := cache.NewScope(context.Background())
	defer scope.Close()
	first, second := getUser.ToFuture(ctx, 7), getUser.ToFuture(ctx, 7)
	fmt.Println(first.Get(ctx))
	fmt.Println(second.Get(ctx))
	fmt.Println(calls, "call")
	// Output:
	// user 7 <nil>
	// user 7 <nil>
	// 1 call
}

// Commands compose as streams.
func ExampleCommand_ToObservable() {
	r := fresh()
	length := command.MustNew(command.Spec[string, int]{
		Name: "Length", Registry: r,
		Run: func(_ context.Context, word string) (int, error) { return len(word), nil },
	})
	words := observable.Just("circuit", "breaker", "bulkhead")
	lengths := observable.ConcatMap(words, length.ToObservable)
	fmt.Println(lengths.ToSlice(context.Background()))
	// Output: [7 7 8] <nil>
}

// A streaming command goes on with its fallback where the body fell over.
func ExampleSpec_stream() {
	lines := command.MustNew(command.Spec[string, string]{
		Name:     "Tail",
		Registry: fresh(),
		Stream: func(_ context.Context, file string) observable.Observable[string] {
			return observable.Concat(observable.Just(file+": one", file+": two"), observable.Error[string](errors.New("torn off")))
		},
		FallbackStream: func(_ context.Context, _ string, cause error) observable.Observable[string] {
			return observable.Just("(" + cause.Error() + ")")
		},
	})
	for line, err := range lines.ToObservable("log").Seq(context.Background()) {
		fmt.Println(line, err)
	}
	// Output:
	// log: one <nil>
	// log: two <nil>
	// (torn off) <nil>
}

// A Call is one execution that can be looked at.
func ExampleCommand_Call() {
	c := command.MustNew(command.Spec[int, int]{
		Name:     "Slow",
		Registry: fresh(),
		Run: func(ctx context.Context, _ int) (int, error) {
			<-ctx.Done()
			return 0, ctx.Err()
		},
		Fallback: func(context.Context, int, error) (int, error) { return -1, nil },
		Settings: command.Settings{Timeout: 10 * time.Millisecond},
	})
	call := c.Call(1)
	fmt.Println(call.Execute(context.Background()))
	fmt.Println(call.Events(), call.IsResponseTimedOut(), call.IsResponseFromFallback())
	// Output:
	// -1 <nil>
	// TIMEOUT, FALLBACK_SUCCESS true true
}

// Settings change while the command runs.
func ExampleRegistry_Update() {
	r := fresh()
	c := command.MustNew(command.Spec[int, int]{
		Name: "Double", Registry: r,
		Run: func(_ context.Context, in int) (int, error) { return 2 * in, nil },
	})
	fmt.Println(c.Execute(context.Background(), 21))
	if err := r.Update("Double", command.Settings{Breaker: breaker.ForcedOpen}); err != nil {
		panic(err)
	}
	_, err := c.Execute(context.Background(), 21)
	fmt.Println(errors.Is(err, breaker.ErrOpen))
	fmt.Println(r.Update("Double", command.Settings{ErrorPercent: 120}))
	// Output:
	// 42 <nil>
	// true
	// command: "Double": Settings.ErrorPercent is 120, want 1 to 100
}

// fresh is a registry for one example: the default one is there for programs.
func fresh() *command.Registry {
	r, err := command.NewRegistry(command.RegistryOptions{})
	if err != nil {
		panic(err)
	}
	return r
}
