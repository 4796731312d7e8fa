// Web is an HTTP service: each request gets a scope, within which results are
// shared and logged.
package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/quillgo/quill/cache"
	"github.com/quillgo/quill/command"
	"github.com/quillgo/quill/observable"
)

var lookups atomic.Int64

var getPrice = command.MustNew(command.Spec[string, int]{
	Name: "GetPrice",
	Run: func(_ context.Context, article string) (int, error) {
		lookups.Add(1)
		return 100 * len(article), nil
	},
	CacheKey: func(article string) (string, bool) { return article, true },
})

// scoped is the middleware: one scope per request, closed when it is over.
func scoped(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, scope := cache.NewScope(r.Context())
		defer scope.Close()
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// total adds up the prices of the articles in the query. An article that stands
// there twice is looked up once.
func total(w http.ResponseWriter, r *http.Request) {
	articles := observable.FromSlice(r.URL.Query()["article"])
	prices := observable.FlatMap(articles, getPrice.ToObservable, 4) // no more at a time than the pool has slots
	sum, err := observable.Scan(prices, 0, func(sum, price int) int { return sum + price }).Last(r.Context())
	if err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("X-Request-Log", command.LogFrom(r.Context()).String())
	_, _ = fmt.Fprintln(w, strconv.Itoa(sum))
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "web:", err)
		os.Exit(1)
	}
}

func run() error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /total", total)
	server := &http.Server{Handler: scoped(mux), ReadHeaderTimeout: time.Second}
	go func() { _ = server.Serve(listener) }() // ends with Close
	defer func() { _ = server.Close() }()

	res, err := http.Get("http://" + listener.Addr().String() + "/total?article=pen&article=desk&article=pen")
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	fmt.Printf("total: %sthe request's log: %s\n", body, res.Header.Get("X-Request-Log"))
	if string(body) != "1000\n" || lookups.Load() != 2 {
		return fmt.Errorf("answer %q with %d lookups, want 1000 with 2", body, lookups.Load())
	}
	return nil
}
