//go:build dashboard

package dashboard_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/quillgo/quill/breaker"
	"github.com/quillgo/quill/command"
	"github.com/quillgo/quill/isolation"
)

// Names of the commands. One needs escaping in the page.
const (
	getUser  = "GetUser"         // pool; a bit of everything
	getPrice = "GetPrice"        // semaphore; under load while the page is open
	charge   = "Charge.Card/v2"  // fails: its circuit is open
	audit    = "Audit"           // forced open
	search   = "Search"          // fails; forced closed
	users    = "Users"           // the pool of getUser
	payments = "Payments"        // the pool of charge
	window   = 100 * time.Second // of all counts: nothing leaves it while the test runs
)

// world is a registry with commands that call a backend.
type world struct {
	t        *testing.T
	registry *command.Registry
	backend  *httptest.Server
	client   *http.Client
	commands map[string]*command.Command[string, string]
	gate     chan struct{} // what /gate waits for
	waiting  chan struct{} // told for each request that waits at the gate
}

func newWorld(t *testing.T) *world {
	t.Helper()
	registry, err := command.NewRegistry(command.RegistryOptions{Settings: command.Settings{
		Window: window, HealthInterval: 5 * time.Second, LatencyWindow: 10 * time.Minute,
		SleepWindow: time.Hour, Timeout: time.Minute,
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(registry.Close)
	w := &world{t: t, registry: registry, commands: map[string]*command.Command[string, string]{},
		gate: make(chan struct{}), waiting: make(chan struct{}, 100)}
	w.backend = httptest.NewServer(w.routes())
	t.Cleanup(w.backend.Close)
	transport := &http.Transport{MaxIdleConnsPerHost: 10}
	t.Cleanup(transport.CloseIdleConnections)
	w.client = &http.Client{Transport: transport}

	if err := registry.ConfigurePool(users, isolation.PoolConfig{Core: 4, Queue: 3, RejectAt: 2}); err != nil {
		t.Fatal(err)
	}
	w.add(getUser, users, command.Settings{Timeout: 20 * time.Second})
	w.add(getPrice, "", command.Settings{Isolation: command.Semaphore, Semaphore: 2})
	w.add(charge, payments, command.Settings{})
	w.add(audit, "", command.Settings{Isolation: command.Semaphore, Breaker: breaker.ForcedOpen})
	w.add(search, "", command.Settings{Isolation: command.Semaphore, Breaker: breaker.ForcedClosed})
	return w
}

func (w *world) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/ok", func(rw http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(rw, "fine") })
	mux.HandleFunc("/gate", func(_ http.ResponseWriter, r *http.Request) {
		w.waiting <- struct{}{}
		select {
		case <-w.gate:
		case <-r.Context().Done():
		}
	})
	mux.HandleFunc("/hang", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	mux.HandleFunc("/fail", func(rw http.ResponseWriter, _ *http.Request) { http.Error(rw, "no", http.StatusInternalServerError) })
	mux.HandleFunc("/bad", func(rw http.ResponseWriter, _ *http.Request) { http.Error(rw, "what?", http.StatusBadRequest) })
	return mux
}

func (w *world) add(name, group string, s command.Settings) {
	w.t.Helper()
	c, err := command.New(command.Spec[string, string]{
		Name: name, Group: group, Registry: w.registry, Settings: s, Run: w.get,
		Fallback: func(context.Context, string, error) (string, error) { return "instead", nil },
	})
	if err != nil {
		w.t.Fatal(err)
	}
	w.commands[name] = c
}

// get is the body of all commands: a request to the backend.
func (w *world) get(ctx context.Context, path string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, w.backend.URL+path, nil)
	if err != nil {
		return "", err
	}
	res, err := w.client.Do(req)
	if err != nil {
		return "", err
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	switch {
	case err != nil:
		return "", err
	case res.StatusCode == http.StatusBadRequest:
		return "", command.BadRequest(errors.New(res.Status))
	case res.StatusCode != http.StatusOK:
		return "", errors.New(res.Status)
	}
	return string(body), nil
}

// call executes a command n times, one after the other, or until the test is
// over.
func (w *world) call(name, path string, n int) {
	w.t.Helper()
	for range n {
		out, err := w.commands[name].Execute(w.t.Context(), path)
		if err != nil && !command.IsBadRequest(err) && w.t.Context().Err() == nil {
			w.t.Errorf("%s(%s) gave %q, %v", name, path, out, err)
		}
	}
}

// hold begins n executions, waits until their requests are at the gate, and
// returns what waits for them to end.
func (w *world) hold(name string, n int) (wait func()) {
	w.t.Helper()
	var held sync.WaitGroup
	for range n {
		held.Go(func() { w.call(name, "/gate", 1) })
		<-w.waiting
	}
	return held.Wait
}

// keepCalling executes a command on two goroutines until stop is called, which
// waits for them, or the test is over.
func (w *world) keepCalling(name string) (stop func()) {
	var workers sync.WaitGroup
	var stopped atomic.Bool
	for range 2 {
		workers.Go(func() {
			for !stopped.Load() && w.t.Context().Err() == nil {
				w.call(name, "/ok", 1)
			}
		})
	}
	w.t.Cleanup(workers.Wait)
	return func() {
		stopped.Store(true)
		workers.Wait()
	}
}

// timeOut executes a command n times that is too late, and waits until its
// bodies have given their slots back.
func (w *world) timeOut(name string, n int) {
	w.t.Helper()
	if err := w.registry.Update(name, command.Settings{Timeout: 50 * time.Millisecond}); err != nil {
		w.t.Fatal(err)
	}
	w.call(name, "/hang", n)
	if err := w.registry.Update(name, command.Settings{}); err != nil {
		w.t.Fatal(err)
	}
	again := time.NewTicker(time.Millisecond)
	defer again.Stop()
	for status, _ := w.registry.Status(name); status.Pool.Active > 0; status, _ = w.registry.Status(name) {
		select {
		case <-again.C:
		case <-w.t.Context().Done():
			w.t.Fatal("the bodies do not return")
		}
	}
}

// queue begins n executions that find the pool full, and returns what waits for
// them to end.
func (w *world) queue(name string, n int) (wait func()) {
	var futures []*command.Future[string]
	for range n {
		futures = append(futures, w.commands[name].ToFuture(w.t.Context(), "/ok"))
	}
	return func() {
		for _, f := range futures {
			if _, err := f.Get(w.t.Context()); err != nil {
				w.t.Error(err)
			}
		}
	}
}
