package cache_test

import (
	"context"
	"fmt"

	"github.com/quillgo/quill/cache"
	"github.com/quillgo/quill/observable"
)

// How do I ask once per request, however many want to know?
func ExampleShared() {
	users := cache.NewSpace[string]("GetUser")
	getUser := func(id string) observable.Observable[string] {
		return cache.Shared(observable.FromFunc(func(context.Context) (string, error) {
			fmt.Println("asking for", id)
			return "user " + id, nil
		}), users.Key(id))
	}

	ctx, scope := cache.NewScope(context.Background())
	defer scope.Close()
	for range 2 {
		fmt.Println(getUser("42").Single(ctx))
	}
	if err := cache.Clear(ctx, users.Key("42")); err != nil { // it was changed
		panic(err)
	}
	fmt.Println(getUser("42").Single(ctx))
	// Output:
	// asking for 42
	// user 42 <nil>
	// user 42 <nil>
	// asking for 42
	// user 42 <nil>
}

// How do I keep something for as long as a request takes?
func ExampleVar() {
	session := cache.NewVar(
		func() string { fmt.Println("opened"); return "session" },
		func(string) { fmt.Println("closed") },
	)
	ctx, scope := cache.NewScope(context.Background())
	for range 2 {
		fmt.Println(session.Get(ctx))
	}
	scope.Close()
	_, err := session.Get(ctx)
	fmt.Println(err)
	// Output:
	// opened
	// session <nil>
	// session <nil>
	// closed
	// cache: request scope is closed
}
