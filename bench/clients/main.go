// Clients measures what the clients of a stream cost the commands that it tells
// of: pairs of passes, one without and one with clients over the network, some of
// whom never read, while two goroutines execute a command without a pause.
//
//	go run ./clients
package main

import (
	"bufio"
	"cmp"
	"context"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/quillgo/quill/command"
	"github.com/quillgo/quill/contrib/quillhttp"
)

func main() {
	pairs := flag.Int("pairs", 15, "pairs of passes")
	span := flag.Duration("pass", time.Second, "length of a pass")
	clients := flag.Int("clients", 50, "clients of the stream")
	dead := flag.Int("dead", 10, "of them, who never read")
	flag.Parse()
	if err := run(*pairs, *span, *clients, *dead); err != nil {
		fmt.Fprintln(os.Stderr, "clients:", err)
		os.Exit(1)
	}
}

func run(pairs int, span time.Duration, clients, dead int) error {
	registry, err := command.NewRegistry(command.RegistryOptions{})
	if err != nil {
		return err
	}
	defer registry.Close()
	for _, isolation := range []command.Isolation{command.Semaphore, command.Pool} {
		c, err := command.New(command.Spec[int, int]{
			Name: "Loaded with " + isolation.String(), Registry: registry,
			Settings: command.Settings{Isolation: isolation},
			Run:      func(_ context.Context, in int) (int, error) { return in, nil },
			Fallback: func(context.Context, int, error) (int, error) { return 0, nil },
		})
		if err != nil {
			return err
		}
		execute(c, span) // makes what is made once
		var without, with, ratios []float64
		for range pairs {
			alone := execute(c, span)
			audience, err := newAudience(registry, clients, dead)
			if err != nil {
				return err
			}
			watched := execute(c, span)
			told := audience.leave()
			if told < clients-dead {
				return fmt.Errorf("%d clients were told %d times of the command during a pass", clients-dead, told)
			}
			without, with, ratios = append(without, alone), append(with, watched), append(ratios, watched/alone)
		}
		fmt.Printf("%-9v  alone %6.0f ns, with %d clients %6.0f ns: median of %d ratios %.3f (%.3f to %.3f), GOMAXPROCS %d\n",
			isolation, median(without), clients, median(with), pairs, median(ratios), slices.Min(ratios), slices.Max(ratios), runtime.GOMAXPROCS(0))
	}
	return nil
}

// execute returns the time of an execution, in ns, on each of two goroutines.
func execute(c *command.Command[int, int], span time.Duration) float64 {
	var workers sync.WaitGroup
	var n atomic.Int64
	began := time.Now()
	for range 2 {
		workers.Go(func() {
			for time.Since(began) < span {
				for range 1000 {
					if _, err := c.Execute(context.Background(), 1); err != nil {
						panic(err)
					}
				}
				n.Add(1000)
			}
		})
	}
	workers.Wait()
	return 2 * float64(time.Since(began)) / float64(n.Load())
}

// audience is a server with a stream, and its clients.
type audience struct {
	stream  *quillhttp.Stream
	server  *http.Server
	conns   []net.Conn
	readers sync.WaitGroup
	told    atomic.Int64 // lines with data that were read
}

func newAudience(r *command.Registry, clients, dead int) (*audience, error) {
	stream, err := quillhttp.NewHystrixStream(r, quillhttp.Options{MaxConnections: clients})
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	a := &audience{stream: stream, server: &http.Server{Handler: stream, ReadHeaderTimeout: time.Second}}
	go func() { _ = a.server.Serve(listener) }() // ends with leave
	for i := range clients {
		conn, err := net.Dial("tcp", listener.Addr().String())
		if err != nil {
			return nil, err
		}
		a.conns = append(a.conns, conn)
		if _, err := io.WriteString(conn, "GET /hystrix.stream HTTP/1.1\r\nHost: quill\r\n\r\n"); err != nil {
			return nil, err
		}
		if i >= dead {
			a.readers.Go(func() { a.read(conn) }) // ends with leave
		}
	}
	for stream.Clients() < clients {
		runtime.Gosched()
	}
	return a, nil
}

func (a *audience) read(conn net.Conn) {
	for lines := bufio.NewScanner(conn); lines.Scan(); {
		if len(lines.Bytes()) > len("data: ") && string(lines.Bytes()[:len("data: ")]) == "data: " {
			a.told.Add(1)
		}
	}
}

// leave ends the stream, and returns how many messages the clients have read.
func (a *audience) leave() int {
	a.stream.Close()
	for _, conn := range a.conns {
		_ = conn.Close()
	}
	_ = a.server.Close()
	a.readers.Wait()
	return int(a.told.Load())
}

func median[T cmp.Ordered](values []T) T {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}
