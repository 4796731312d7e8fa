package command_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/quillgo/quill/cache"
	"github.com/quillgo/quill/command"
	"github.com/quillgo/quill/metrics"
	"github.com/quillgo/quill/observable"
)

func ExampleCompletionStream() {
	registry := fresh()
	half := command.MustNew(command.Spec[int, int]{
		Name: "Half", Registry: registry,
		Run: func(_ context.Context, n int) (int, error) {
			if n%2 != 0 {
				return 0, errors.New("odd")
			}
			return n / 2, nil
		},
		Fallback: func(context.Context, int, error) (int, error) { return 0, nil },
	})
	ctx := context.Background()
	ended := make(chan struct{})
	command.CompletionStream(registry).Subscribe(ctx, observable.Funcs[command.Completion]{
		Next:     func(c command.Completion) { fmt.Println(c.Command, c.Events) },
		Complete: func() { close(ended) },
	})

	_, _ = half.Execute(ctx, 4)
	_, _ = half.Execute(ctx, 5)
	_ = registry.Shutdown(ctx)
	<-ended
	// Output:
	// Half SUCCESS
	// Half FAILURE, FALLBACK_SUCCESS
}

func ExampleRequestStream() {
	registry := fresh()
	price := command.MustNew(command.Spec[string, int]{
		Name: "GetPrice", Registry: registry,
		Run:      func(context.Context, string) (int, error) { return 12, nil },
		CacheKey: func(article string) (string, bool) { return article, true },
	})
	told := make(chan struct{})
	command.RequestStream(registry).Take(1).Subscribe(context.Background(), observable.Funcs[command.RequestEvents]{
		Next:     func(e command.RequestEvents) { fmt.Println(len(e.Entries), e.Entries[1].Command, e.Entries[1].Events) },
		Complete: func() { close(told) },
	})

	ctx, scope := cache.NewScope(context.Background())
	_, _ = price.Execute(ctx, "pen")
	_, _ = price.Execute(ctx, "pen")
	scope.Close()
	<-told
	// Output:
	// 2 GetPrice SUCCESS, RESPONSE_FROM_CACHE
}

func ExampleHooks_Join() {
	named := func(name string) command.Hooks {
		return command.Hooks{
			Start: func(command.Info) error { fmt.Println(name, "start"); return nil },
			Emit:  func(_ command.Info, v any) any { fmt.Println(name, "emit", v); return v.(int) + 1 },
		}
	}
	double := command.MustNew(command.Spec[int, int]{
		Name: "Double", Registry: fresh(), Hooks: named("outer").Join(named("inner")),
		Run: func(_ context.Context, n int) (int, error) { return 2 * n, nil },
	})
	fmt.Println(double.Execute(context.Background(), 20))
	// Output:
	// outer start
	// inner start
	// inner emit 40
	// outer emit 41
	// 42 <nil>
}

func ExampleRegistry_Report() {
	registry := fresh()
	double := command.MustNew(command.Spec[int, int]{
		Name: "Double", Group: "Arithmetic", Registry: registry,
		Run: func(_ context.Context, n int) (int, error) { return 2 * n, nil },
	})
	for n := range 3 {
		_, _ = double.Execute(context.Background(), n)
	}
	report := registry.Report()
	fmt.Println(report.Commands[0].Name, report.Commands[0].Metrics.Rolling[metrics.Success])
	fmt.Println(report.Pools[0].Key, report.Pools[0].Executed, report.Pools[0].Core)
	// Output:
	// Double 3
	// Arithmetic 3 10
}
