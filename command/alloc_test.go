//go:build !race

package command_test

import (
	"context"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/quillgo/quill/breaker"
	"github.com/quillgo/quill/cache"
	"github.com/quillgo/quill/command"
	"github.com/quillgo/quill/internal/goroutines"
)

// allocRuns is how many executions the counts below are taken over. The slack
// allows for what happens once a second, such as a bucket made anew, and not for
// one allocation in a hundred executions.
const (
	allocRuns  = 10_000
	allocSlack = allocRuns / 100
)

// mallocs returns how many allocations the whole process made while f ran
// allocRuns times.
func mallocs(f func()) int {
	for range 1000 {
		f()
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for range allocRuns {
		f()
	}
	runtime.ReadMemStats(&after)
	return int(after.Mallocs - before.Mallocs)
}

// everything returns a command with all that can be configured, and metrics and
// latency on, as they always are.
func everything(t *testing.T, s command.Settings, body func(context.Context, int) (int, error)) *command.Command[int, int] {
	t.Helper()
	r, err := command.NewRegistry(command.RegistryOptions{})
	if err != nil {
		t.Fatal(err)
	}
	c, err := command.New(command.Spec[int, int]{
		Name: "Everything", Group: "Alloc", Registry: r, Settings: s, Run: body,
		Fallback: func(context.Context, int, error) (int, error) { return -1, nil },
		CacheKey: func(in int) (string, bool) { return "key", in == 7 },
		Discard:  func(int, error) {},
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func plain(_ context.Context, in int) (int, error) { return in, nil }

func TestAllocations(t *testing.T) {
	background := context.Background()
	cancellable, cancel := context.WithCancel(background)
	defer cancel()
	scoped, scope := cache.NewScope(background)
	defer scope.Close()

	semaphore := command.Settings{Isolation: command.Semaphore, Timeout: time.Minute, RequestCache: command.WhenScoped}
	with := func(s command.Settings, change func(*command.Settings)) command.Settings {
		change(&s)
		return s
	}
	pool := with(semaphore, func(s *command.Settings) { s.Isolation = command.Pool })
	open := with(semaphore, func(s *command.Settings) { s.Breaker = breaker.ForcedOpen })
	full := with(semaphore, func(s *command.Settings) { s.Semaphore = command.None })
	logless := with(semaphore, func(s *command.Settings) { s.RequestLog = command.Off })

	for _, test := range []struct {
		name string
		set  command.Settings
		ctx  context.Context
		in   int
		want int // the result
		each int // allocations per execution
	}{
		{"semaphore, background", semaphore, background, 1, 1, 1},
		{"semaphore, cancellable parent", semaphore, cancellable, 1, 1, 1},
		{"short-circuited to a fallback", open, background, 1, -1, 0},
		{"rejected to a fallback", full, background, 1, -1, 0},
		{"cached hit", logless, scoped, 7, 7, 0},
		{"pool, background", pool, background, 1, 1, 3},
		{"pool, cancellable parent", pool, cancellable, 1, 1, 3},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := everything(t, test.set, plain)
			got := mallocs(func() {
				if out, err := c.Execute(test.ctx, test.in); err != nil || out != test.want {
					t.Fatalf("Execute gave %v, %v, want %v", out, err, test.want)
				}
			})
			if got > test.each*allocRuns+allocSlack {
				t.Errorf("%d executions made %d allocations, want %d each", allocRuns, got, test.each)
			}
			t.Logf("%.3f allocations per execution", float64(got)/allocRuns)
		})
	}
}

// TestAlloc_IdleCommands: what a registered command costs before its first call.
func TestAlloc_IdleCommands(t *testing.T) {
	const n = 10_000
	r, err := command.NewRegistry(command.RegistryOptions{})
	if err != nil {
		t.Fatal(err)
	}
	names := make([]string, n)
	for i := range names {
		names[i] = "Command" + strconv.Itoa(i)
	}
	commands := make([]*command.Command[int, int], n)
	goroutinesBefore := goroutines.Count()
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for i, name := range names {
		commands[i] = command.MustNew(command.Spec[int, int]{Name: name, Registry: r, Run: plain,
			Fallback: func(context.Context, int, error) (int, error) { return -1, nil },
			CacheKey: func(int) (string, bool) { return "", false },
			Settings: command.Settings{Timeout: time.Second}})
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	each := (after.HeapAlloc - before.HeapAlloc) / n
	t.Logf("%d bytes per command", each)
	if each > 1024 {
		t.Errorf("an idle command costs %d bytes, want at most 1024", each)
	}
	if now := goroutines.Count(); now > goroutinesBefore {
		t.Errorf("%d goroutines for %d commands", now-goroutinesBefore, n)
	}
	runtime.KeepAlive(commands)
}

// TestAlloc_Collapser: a request by ToFuture is one allocation, and what a batch
// needs besides does not depend on how many there are.
func TestAlloc_Collapser(t *testing.T) {
	const batch, perBatch = 100, 25
	r, err := command.NewRegistry(command.RegistryOptions{})
	if err != nil {
		t.Fatal(err)
	}
	c := command.MustNewCollapser(command.CollapserSpec[int, int, []int]{
		Name: "Echo", Scope: command.Global, Map: command.ByPosition[int, int],
		Settings: command.CollapserSettings{MaxRequests: batch},
		Batch: command.MustNew(command.Spec[[]int, []int]{
			Name: "Echos", Registry: r, Run: func(_ context.Context, args []int) ([]int, error) { return args, nil },
		}),
	})
	ctx := context.Background()
	var asked [batch]*command.Future[int]
	got := mallocs(func() {
		for n := range asked {
			asked[n] = c.ToFuture(ctx, n)
		}
		for n, f := range asked {
			if got, err := f.Get(ctx); got != n || err != nil {
				t.Fatal(got, err)
			}
		}
	})
	if most := allocRuns*(batch+perBatch) + allocSlack; got > most {
		t.Errorf("%d batches of %d requests: %d allocations, want at most %d", allocRuns, batch, got, most)
	}
}
