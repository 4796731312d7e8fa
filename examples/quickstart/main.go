// Quickstart calls a real HTTP backend through commands, while the backend
// answers, hangs, fails and comes back, and tells what happens. It exits with
// status 1 if something it tells did not happen.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/quillgo/quill/breaker"
	"github.com/quillgo/quill/cache"
	"github.com/quillgo/quill/command"
	"github.com/quillgo/quill/isolation"
)

// User is what the backend knows.
type User struct {
	ID   int    `json:"id"`
	Name string `json:"name"`
}

func main() {
	slog.SetDefault(slog.New(slog.DiscardHandler)) // the story below says everything
	backend, err := startBackend()
	if err != nil {
		fmt.Fprintln(os.Stderr, "quickstart:", err)
		os.Exit(1)
	}
	s := &story{backend: backend}
	s.tell()
	backend.Close()
	if s.wrong > 0 {
		fmt.Printf("\n%d of the things told above did not happen.\n", s.wrong)
		os.Exit(1)
	}
	fmt.Println("\nEverything happened as told.")
}

// fetch is the plain call, as a program without quill would make it.
func (s *story) fetch(ctx context.Context, id int) (User, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("%s/users/%d", s.backend.URL, id), nil)
	if err != nil {
		return User{}, command.BadRequest(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return User{}, err
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		return User{}, fmt.Errorf("backend said %s", res.Status)
	}
	var u User
	return u, json.NewDecoder(res.Body).Decode(&u)
}

type story struct {
	backend *backend
	wrong   int
}

func (s *story) tell() {
	// A command is a protected call: a name, a body, and what to do without it.
	getUser, err := command.New(command.Spec[int, User]{
		Name: "GetUser",
		Run:  s.fetch,
		Fallback: func(_ context.Context, id int, _ error) (User, error) {
			return User{ID: id, Name: "(somebody)"}, nil
		},
		CacheKey: func(id int) (string, bool) { return fmt.Sprint(id), true },
		Settings: command.Settings{
			Timeout:       300 * time.Millisecond,
			RequestVolume: 5,                      // judge the backend after five calls,
			SleepWindow:   500 * time.Millisecond, // and try again half a second after giving up
		},
	})
	if err != nil {
		fmt.Println(err)
		s.wrong++
		return
	}

	s.chapter("1. A call that works")
	request(func(ctx context.Context) {
		u, err := getUser.Execute(ctx, 1)
		s.check(err == nil && u.Name == "user 1", "GetUser(1) is %q", u.Name)
	})

	s.chapter("2. Ten goroutines of one request ask for the same user")
	before := s.backend.hits.Load()
	request(func(ctx context.Context) {
		var group sync.WaitGroup
		var right atomic.Int32
		for range 10 {
			group.Go(func() {
				if u, err := getUser.Execute(ctx, 2); err == nil && u.Name == "user 2" {
					right.Add(1)
				}
			})
		}
		group.Wait()
		s.check(right.Load() == 10, "%d of 10 got user 2", right.Load())
	})
	hits := s.backend.hits.Load() - before
	s.check(hits == 1, "the backend was asked %d time(s): the others shared the answer", hits)

	s.chapter("3. The backend hangs")
	s.backend.latency.Store(int64(time.Minute))
	request(func(ctx context.Context) {
		call := getUser.Call(3) // a Call is one execution that can be looked at
		u, err := call.Execute(ctx)
		s.check(err == nil && u.Name == "(somebody)", "GetUser(3) is %q after %v, not after a minute",
			u.Name, call.ExecutionLatency().Round(100*time.Millisecond))
		s.check(call.IsResponseTimedOut() && call.IsResponseFromFallback(), "what happened: %v", call.Events())
	})
	s.backend.latency.Store(0)

	s.chapter("4. The backend fails, until the breaker opens")
	s.backend.failing.Store(true)
	status := getUser.Registry().Breaker(getUser.Name())
	calls := 0
	for ; !status.IsOpen() && calls < 20; calls++ {
		request(func(ctx context.Context) { _, _ = getUser.Execute(ctx, 4) })
	}
	counts := status.Counts()
	s.check(status.IsOpen(), "after %d failing calls the breaker is %v: %d of the last %d calls did not work, the hanging one included",
		calls, status.State(), counts.Errors, counts.Total())
	before = s.backend.hits.Load()
	request(func(ctx context.Context) {
		call := getUser.Call(4)
		u, err := call.Execute(ctx)
		s.check(err == nil && u.Name == "(somebody)" && call.IsResponseShortCircuited(), "the next call gets %q without asking the backend", u.Name)
		s.check(errors.Is(call.ExecutionError(), breaker.ErrOpen), "the reason: %v", call.ExecutionError())
	})
	s.check(s.backend.hits.Load() == before, "the backend was asked %d times", s.backend.hits.Load()-before)

	s.chapter("5. The backend comes back")
	s.backend.failing.Store(false)
	if at, ok := status.NextTrial(); ok {
		time.Sleep(time.Until(at) + 10*time.Millisecond)
	}
	request(func(ctx context.Context) {
		call := getUser.Call(5)
		u, err := call.Execute(ctx)
		s.check(err == nil && u.Name == "user 5" && call.IsSuccessfulExecution(), "one call is let through as a trial, and gets %q", u.Name)
	})
	s.check(status.State() == breaker.Closed, "the breaker is %v again", status.State())

	s.bulkhead()
	s.log(getUser)
}

// bulkhead shows that a slow backend takes no more of the program than it was
// given.
func (s *story) bulkhead() {
	s.chapter("6. More calls at a time than the bulkhead admits")
	report, err := command.New(command.Spec[int, User]{
		Name:     "Report",
		Run:      s.fetch,
		Settings: command.Settings{Isolation: command.Semaphore, Semaphore: 2},
	})
	if err != nil {
		fmt.Println(err)
		s.wrong++
		return
	}
	s.backend.latency.Store(int64(200 * time.Millisecond))
	defer s.backend.latency.Store(0)
	var group sync.WaitGroup
	var served, refused atomic.Int32
	for id := range 5 {
		group.Go(func() {
			_, err := report.Execute(context.Background(), id)
			switch {
			case err == nil:
				served.Add(1)
			case errors.Is(err, isolation.ErrSemaphoreFull):
				refused.Add(1)
			}
		})
	}
	group.Wait()
	s.check(served.Load() == 2 && refused.Load() == 3, "of 5 calls at once %d were served and %d refused at once", served.Load(), refused.Load())
}

// log shows what a request has done, in one line.
func (s *story) log(getUser *command.Command[int, User]) {
	s.chapter("7. The log of one request")
	request(func(ctx context.Context) {
		for _, id := range []int{1, 1, 1, 2} {
			_, _ = getUser.Execute(ctx, id)
		}
		log := command.LogFrom(ctx)
		s.check(len(log.Entries()) == 4, "%v", log)
	})
}

// request is what an HTTP middleware does: one scope per request.
func request(f func(ctx context.Context)) {
	ctx, scope := cache.NewScope(context.Background())
	defer scope.Close()
	f(ctx)
}

func (s *story) chapter(title string) { fmt.Printf("\n%s\n", title) }

// check tells something that is to have happened.
func (s *story) check(happened bool, format string, args ...any) {
	mark := "  "
	if !happened {
		mark = "! "
		s.wrong++
	}
	fmt.Printf("   "+mark+format+"\n", args...)
}
