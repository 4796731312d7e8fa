//go:build !race

package quillhttp_test

import (
	"bufio"
	"context"
	"net"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/quillgo/quill/command"
	"github.com/quillgo/quill/contrib/quillhttp"
	"github.com/quillgo/quill/metrics"
)

const (
	loadClients = 50
	loadDead    = 10      // of them, who never read
	loadCalls   = 400_000 // of each of two goroutines
)

// flatOut executes c on two goroutines without a pause, and returns the
// allocations of the whole process per execution.
func flatOut(t *testing.T, c *command.Command[error, int]) float64 {
	t.Helper()
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	var workers sync.WaitGroup
	for range 2 {
		workers.Go(func() {
			for range loadCalls {
				if _, err := c.Execute(context.Background(), nil); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	workers.Wait()
	runtime.ReadMemStats(&after)
	return float64(after.Mallocs-before.Mallocs) / (2 * loadCalls)
}

// TestLoad: fifty clients over the network, ten of which never read, take
// nothing from commands under load: every event is counted, an execution
// allocates what it did, and when the stream is closed nothing is left.
func TestLoad(t *testing.T) {
	before := goleak.IgnoreCurrent()
	r := registry(t)
	c := newCommand(t, r, "Loaded", command.Settings{Isolation: command.Semaphore})
	pooled := newCommand(t, r, "Pooled", command.Settings{}) // for the stream to tell more
	_, err := pooled.Execute(t.Context(), nil)
	require.NoError(t, err)
	flatOut(t, c) // makes what is made once
	alone := flatOut(t, c)

	s, err := quillhttp.NewHystrixStream(r, quillhttp.Options{Every: 100 * time.Millisecond, MaxConnections: loadClients, WriteTimeout: time.Hour})
	require.NoError(t, err)
	server := httptest.NewUnstartedServer(s)
	server.Config.ConnContext = func(ctx context.Context, c net.Conn) context.Context {
		_ = c.(*net.TCPConn).SetWriteBuffer(1) // as little as there can be: who does not read is soon stuck
		return ctx
	}
	server.Start()
	var bursts atomic.Int64
	var clients sync.WaitGroup
	for i := range loadClients {
		conn, err := net.Dial("tcp", server.Listener.Addr().String())
		require.NoError(t, err)
		defer conn.Close()
		_ = conn.(*net.TCPConn).SetReadBuffer(1)
		_, err = conn.Write([]byte("GET /hystrix.stream HTTP/1.1\r\nHost: quill\r\nConnection: close\r\n\r\n"))
		require.NoError(t, err)
		if i < loadDead {
			continue
		}
		clients.Go(func() {
			for lines := bufio.NewScanner(conn); lines.Scan(); {
				if strings.Contains(lines.Text(), `"name":"Loaded"`) {
					bursts.Add(1)
				}
			}
		})
	}
	deadAreStuck := func() bool { return s.Clients() == loadClients && stuck() == loadDead }
	require.Eventually(t, deadAreStuck, time.Minute, 10*time.Millisecond, "those that do not read should be stuck in a write")

	told := bursts.Load()
	watched := flatOut(t, c)
	require.Eventually(t, deadAreStuck, time.Minute, 10*time.Millisecond, "still")
	require.Eventually(t, func() bool { return bursts.Load() > told }, time.Minute, time.Millisecond, "the others are told")
	status, _ := r.Status("Loaded")
	require.EqualValues(t, 3*2*loadCalls, status.Metrics.Cumulative[metrics.Success])
	t.Logf("allocations per execution: %.4f alone, %.4f with %d clients", alone, watched, loadClients)
	require.InDelta(t, alone, watched, 0.02)

	s.Close()
	clients.Wait() // their streams end
	require.Eventually(t, func() bool { return s.Clients() == 0 }, time.Minute, time.Millisecond)
	server.Close()
	goleak.VerifyNone(t, before)
}

// stuck counts the clients whose write waits for the network.
func stuck() int {
	stacks := make([]byte, 1<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	n := 0
	for g := range strings.SplitSeq(string(stacks), "\n\n") {
		if strings.Contains(g, "quillhttp.(*client).send") && strings.Contains(g, "waitWrite") {
			n++
		}
	}
	return n
}
