// Dashboard is a service under load whose figures Hystrix's dashboard, Turbine or
// curl can read:
//
//	go run ./examples/dashboard -for 10m -addr 127.0.0.1:8080
//	curl -N http://127.0.0.1:8080/hystrix.stream
package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/quillgo/quill/cache"
	"github.com/quillgo/quill/command"
	"github.com/quillgo/quill/contrib/quillhttp"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:0", "where to listen")
	span := flag.Duration("for", 2*time.Second, "how long to run")
	flag.Parse()
	ctx, cancel := context.WithTimeout(context.Background(), *span)
	defer cancel()
	if err := run(ctx, *addr); err != nil {
		fmt.Fprintln(os.Stderr, "dashboard:", err)
		os.Exit(1)
	}
}

// commands are a quick one, a slow one, and one that fails now and then.
func commands() []*command.Command[int, string] {
	answer := func(typical time.Duration, failing float64) func(context.Context, int) (string, error) {
		return func(ctx context.Context, _ int) (string, error) {
			select {
			case <-time.After(time.Duration(rand.ExpFloat64() * float64(typical))):
			case <-ctx.Done():
				return "", context.Cause(ctx)
			}
			if rand.Float64() < failing {
				return "", errors.New("the backend is not well")
			}
			return "fine", nil
		}
	}
	instead := func(context.Context, int, error) (string, error) { return "something else", nil }
	return []*command.Command[int, string]{
		command.MustNew(command.Spec[int, string]{Name: "GetUser", Group: "Users", Run: answer(5*time.Millisecond, 0.01), Fallback: instead}),
		command.MustNew(command.Spec[int, string]{Name: "GetOrders", Group: "Orders", Run: answer(30*time.Millisecond, 0.1), Fallback: instead,
			Settings: command.Settings{Timeout: 100 * time.Millisecond}}),
		command.MustNew(command.Spec[int, string]{Name: "GetPrice", Run: answer(2*time.Millisecond, 0.6), Fallback: instead,
			Settings: command.Settings{Isolation: command.Semaphore}}),
	}
}

func run(ctx context.Context, addr string) error {
	mux := http.NewServeMux()
	server := &http.Server{Handler: mux, ReadHeaderTimeout: time.Second, WriteTimeout: 10 * time.Second}
	for path, open := range map[string]func(*command.Registry, quillhttp.Options) (*quillhttp.Stream, error){
		"GET /hystrix.stream":     quillhttp.NewHystrixStream,
		"GET /utilization.stream": quillhttp.NewUtilizationStream,
		"GET /config.stream":      quillhttp.NewConfigStream,
		"GET /requests.stream":    quillhttp.NewRequestStream,
	} {
		stream, err := open(command.DefaultRegistry, quillhttp.Options{})
		if err != nil {
			return err
		}
		mux.Handle(path, stream)
		server.RegisterOnShutdown(stream.Close)
	}
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	go func() { _ = server.Serve(listener) }() // ends with Shutdown
	url := "http://" + listener.Addr().String() + "/hystrix.stream"
	fmt.Println("the stream for the dashboard is", url)

	var load sync.WaitGroup
	for _, c := range commands() {
		for range 3 {
			load.Go(func() {
				for in := 0; ctx.Err() == nil; in++ {
					request(ctx, c, in)
				}
			})
		}
	}
	err = show(ctx, url)
	<-ctx.Done()
	load.Wait()
	return errors.Join(err, server.Shutdown(context.Background()))
}

// request is what a server's handler would do: a scope, and a call within it.
func request(ctx context.Context, c *command.Command[int, string], in int) {
	ctx, scope := cache.NewScope(ctx)
	defer scope.Close()
	_, _ = c.Execute(ctx, in)
}

// show prints the beginning of the first messages, as a client gets them.
func show(ctx context.Context, url string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	told := 0
	for lines := bufio.NewScanner(res.Body); told < 5 && lines.Scan(); {
		if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
			told++
			fmt.Printf("%.100s...\n", data)
		}
	}
	if told < 5 {
		return fmt.Errorf("%d messages came, want 5: three commands and two pools", told)
	}
	return nil
}
