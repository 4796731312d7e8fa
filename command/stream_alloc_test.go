//go:build !race

package command_test

import (
	"context"
	"runtime"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/quillgo/quill/cache"
	"github.com/quillgo/quill/command"
	"github.com/quillgo/quill/internal/goroutines"
	"github.com/quillgo/quill/observable"
)

// watched subscribes to everything of a registry that is not of one name, and
// returns what ends that.
func watched(r *command.Registry) (leave context.CancelFunc) {
	ctx, leave := context.WithCancel(context.Background())
	ignore(ctx, command.CompletionStream(r))
	ignore(ctx, command.RequestStream(r))
	ignore(ctx, command.ReportStream(r, 0))
	ignore(ctx, command.PoolsStream(r, 0))
	ignore(ctx, command.UtilizationStream(r, 0))
	ignore(ctx, command.ConfigurationStream(r, 0))
	return leave
}

func ignore[T any](ctx context.Context, o observable.Observable[T]) {
	o.Subscribe(ctx, observable.Funcs[T]{})
}

// Subscribers who have left cost an execution nothing; those who are there do
// not make it allocate, as long as they are quick: what is put in their queues
// has room there, and a goroutine is made anew now and then.
func TestAlloc_Streams(t *testing.T) {
	s := command.Settings{Isolation: command.Semaphore, Timeout: time.Minute, RequestCache: command.WhenScoped}
	scoped, scope := cache.NewScope(context.Background())
	defer scope.Close()
	for _, test := range []struct {
		name  string
		ctx   context.Context
		in    int
		there bool
		each  int // allocations per execution
	}{
		{"left", context.Background(), 1, false, 1},
		{"left, cached hit", scoped, 7, false, 0},
		{"there", context.Background(), 1, true, 3},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := everything(t, s, plain)
			defer c.Registry().Close()
			before := goroutines.Count()
			leave := watched(c.Registry())
			defer leave()
			if !test.there {
				leave()
				for goroutines.Count() > before {
					runtime.Gosched() // the contexts' watchers leave on goroutines of their own
				}
			}
			got := mallocs(func() {
				if _, err := c.Execute(test.ctx, test.in); err != nil {
					t.Fatal(err)
				}
			})
			if got > test.each*allocRuns+allocSlack {
				t.Errorf("%d executions made %d allocations, want %d each", allocRuns, got, test.each)
			}
			t.Logf("%.3f allocations per execution", float64(got)/allocRuns)
		})
	}
}

// TestAlloc_WatchedIdleCommands: 10,000 names that are registered, and not used,
// stay within 3 KB each, also when everything is watched for a while.
func TestAlloc_WatchedIdleCommands(t *testing.T) {
	const n = 10_000
	synctest.Test(t, func(t *testing.T) {
		r := registry(t, command.RegistryOptions{})
		defer r.Close()
		leave := watched(r)
		defer leave()
		synctest.Wait() // for what subscribing and leaving have going on
		goroutinesBefore := goroutines.Count()
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		commands := make([]*command.Command[int, int], n)
		for i := range commands {
			commands[i] = command.MustNew(command.Spec[int, int]{Name: "Command" + strconv.Itoa(i), Registry: r, Run: plain})
		}
		time.Sleep(time.Minute)
		if used := r.Report().Commands; len(used) != 0 {
			t.Fatalf("%d commands were used by looking at them", len(used))
		}
		for _, c := range commands[:n/20] {
			if _, err := command.HealthStream(r, c.Name(), 0).First(context.Background()); err != nil {
				t.Fatal(err)
			}
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		each := (int64(after.HeapAlloc) - int64(before.HeapAlloc)) / n
		t.Logf("%d bytes per command", each)
		if each > 3*1024 {
			t.Errorf("an idle command costs %d bytes, want at most 3072", each)
		}
		synctest.Wait()
		if now := goroutines.Count(); now > goroutinesBefore {
			t.Errorf("%d goroutines more for %d commands", now-goroutinesBefore, n)
		}
		runtime.KeepAlive(commands)
	})
}

// What was kept for the streams of a name goes with their last subscriber.
func TestAlloc_StreamsOfNamesAreForgotten(t *testing.T) {
	const n = 10_000
	synctest.Test(t, func(t *testing.T) {
		r := registry(t, command.RegistryOptions{})
		defer r.Close()
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		for i := range n {
			ctx, leave := context.WithCancel(context.Background())
			ignore(ctx, command.CompletionStreamOf(r, "Command"+strconv.Itoa(i)))
			ignore(ctx, command.RollingStream(r, "Command"+strconv.Itoa(i), 0))
			leave()
			synctest.Wait()
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		if each := (int64(after.HeapAlloc) - int64(before.HeapAlloc)) / n; each > 20 {
			t.Errorf("%d bytes are left for each of %d names that nobody watches", each, n)
		}
	})
}
