package quillhttp_test

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"

	"github.com/quillgo/quill/command"
	"github.com/quillgo/quill/contrib/quillhttp"
)

func ExampleNewHystrixStream() {
	registry, _ := command.NewRegistry(command.RegistryOptions{})
	defer registry.Close()
	getUser := command.MustNew(command.Spec[int, string]{Name: "GetUser", Registry: registry,
		Run: func(context.Context, int) (string, error) { return "Ada", nil }})
	_, _ = getUser.Execute(context.Background(), 1)

	stream, err := quillhttp.NewHystrixStream(registry, quillhttp.Options{})
	if err != nil {
		panic(err)
	}
	server := httptest.NewServer(stream)
	defer server.Close()
	defer stream.Close()

	res, err := http.Get(server.URL + "/hystrix.stream")
	if err != nil {
		panic(err)
	}
	defer func() { _ = res.Body.Close() }()
	for lines := bufio.NewScanner(res.Body); lines.Scan(); {
		if strings.HasPrefix(lines.Text(), "data: ") {
			fmt.Println(lines.Text()[:60])
			break
		}
	}
	// Output: data: {"type":"HystrixCommand","name":"GetUser","group":"Get
}

func ExampleMiddleware() {
	registry, _ := command.NewRegistry(command.RegistryOptions{})
	defer registry.Close()
	getUser := command.MustNew(command.Spec[string, string]{Name: "GetUser", Registry: registry,
		Run:      func(_ context.Context, id string) (string, error) { return "Ada", nil },
		CacheKey: func(id string) (string, bool) { return id, true },
		Settings: command.Settings{Isolation: command.Semaphore},
	})
	scoped, err := quillhttp.Middleware(quillhttp.MiddlewareOptions{LogHeader: quillhttp.LogHeader})
	if err != nil {
		panic(err)
	}
	handler := scoped(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name, _ := getUser.Execute(r.Context(), "1")
		again, _ := getUser.Execute(r.Context(), "1") // not fetched again
		fmt.Fprintln(w, name, again)
	}))

	answer := httptest.NewRecorder()
	handler.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/", nil))
	fmt.Print(answer.Body)
	fmt.Println(regexp.MustCompile(`\d+ms`).ReplaceAllString(answer.Header().Get(quillhttp.LogHeader), "0ms"))
	// Output:
	// Ada Ada
	// GetUser[SUCCESS][0ms], GetUser[SUCCESS, RESPONSE_FROM_CACHE][0ms]
}
