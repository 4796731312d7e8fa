package command_test

import (
	"context"
	"errors"
	"flag"
	"io"
	"log/slog"
	"math/rand/v2"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/quillgo/quill/breaker"
	"github.com/quillgo/quill/cache"
	"github.com/quillgo/quill/command"
	"github.com/quillgo/quill/internal/goroutines"
	"github.com/quillgo/quill/isolation"
	"github.com/quillgo/quill/metrics"
	"github.com/quillgo/quill/observable"
)

var soak = flag.Int("soak", soakSize, "how many executions TestSoak makes")

// TestSoak makes many executions with bodies of every bad habit, through every
// entry point, while callers leave and settings change. At its end all permits are
// free, the outcomes add up to the calls, and no goroutine is left.
func TestSoak(t *testing.T) {
	slog.SetDefault(slog.New(slog.NewTextHandler(io.Discard, nil)))
	var counted [metrics.NumEvents]atomic.Int64
	r := registry(t, command.RegistryOptions{Listener: command.Listener{Event: func(_ string, e metrics.Event) { counted[e].Add(1) }}})
	if err := r.ConfigurePool("pool", isolation.PoolConfig{Core: 20, Queue: 50, RejectAt: 50}); err != nil {
		t.Fatal(err)
	}
	var alive, discarded atomic.Int64
	body := func(ctx context.Context, seed uint64) (uint64, error) {
		alive.Add(1)
		defer alive.Add(-1)
		switch rnd := rand.New(rand.NewPCG(seed, 1)); rnd.IntN(24) {
		case 0:
			return 0, errBody
		case 1:
			return 0, command.BadRequest(errBody)
		case 2:
			return 0, command.Bare(errBody)
		case 3:
			panic(errBody)
		case 4:
			runtime.Goexit()
		case 5: // obeys its context
			<-ctx.Done()
			return 0, ctx.Err()
		case 6: // ignores it
			time.Sleep(time.Duration(rnd.IntN(3000)) * time.Microsecond)
		case 7: // looks at it now and then
			for ctx.Err() == nil && rnd.IntN(20) > 0 {
				runtime.Gosched()
			}
		case 8: // has children
			child, cancel := context.WithTimeout(ctx, time.Duration(rnd.IntN(2000))*time.Microsecond)
			defer cancel()
			<-child.Done()
		}
		return seed, nil
	}
	fall := func(_ context.Context, seed uint64, _ error) (uint64, error) {
		switch rand.New(rand.NewPCG(seed, 2)).IntN(12) {
		case 0:
			return 0, errBody
		case 1:
			panic(errBody)
		case 2:
			time.Sleep(100 * time.Microsecond)
		}
		return seed, nil
	}
	settings := func(i command.Isolation) command.Settings {
		return command.Settings{Isolation: i, Timeout: time.Millisecond, Semaphore: 20, FallbackSemaphore: 20,
			RequestCache: command.WhenScoped, ErrorPercent: 90, SleepWindow: time.Millisecond}
	}
	protect := func(name string, i command.Isolation, key func(uint64) (string, bool)) *command.Command[uint64, uint64] {
		return newCommand(t, command.Spec[uint64, uint64]{Name: name, Registry: r, PoolKey: "pool", Settings: settings(i),
			Run: body, Fallback: fall, Discard: func(uint64, error) { discarded.Add(1) }, CacheKey: key})
	}
	byTens := func(seed uint64) (string, bool) { return strconv.FormatUint(seed%10, 10), true }
	commands := []*command.Command[uint64, uint64]{
		protect("semaphore", command.Semaphore, nil), protect("semaphore, cached", command.Semaphore, byTens),
		protect("pool", command.Pool, nil), protect("pool, cached", command.Pool, byTens),
	}
	scopes := make([]context.Context, 4) // in which calls share results, for a while each
	before := goroutines.Count()

	// Settings change all the time.
	stop := make(chan struct{})
	var changer sync.WaitGroup
	changer.Go(func() {
		rnd := rand.New(rand.NewPCG(3, 4))
		for {
			select {
			case <-stop:
				return
			case <-time.After(200 * time.Microsecond):
			}
			for n, c := range commands {
				s := settings(both[n/2])
				s.Timeout = time.Duration(1+rnd.IntN(2000)) * time.Microsecond
				s.Semaphore, s.FallbackSemaphore = 1+rnd.IntN(30), 1+rnd.IntN(30)
				s.Breaker = []breaker.Mode{breaker.Auto, breaker.Auto, breaker.Auto, breaker.ForcedOpen, breaker.ForcedClosed, breaker.Disabled}[rnd.IntN(6)]
				if err := r.Update(c.Name(), s); err != nil {
					t.Error(err)
				}
			}
			if err := r.ConfigurePool("pool", isolation.PoolConfig{Core: 1 + rnd.IntN(30), Queue: 60, RejectAt: 1 + rnd.IntN(60)}); err != nil {
				t.Error(err)
			}
		}
	})

	// Each call runs on a goroutine of its own, since a body may end that.
	calls, maybe := make([]atomic.Int64, len(commands)), make([]atomic.Int64, len(commands))
	var told atomic.Int64
	call := func(seed uint64, scoped context.Context) {
		rnd := rand.New(rand.NewPCG(seed, 5))
		ctx, cancel := context.WithCancel(context.Background())
		n := rnd.IntN(len(commands))
		if n%2 == 1 && rnd.IntN(3) > 0 {
			ctx, cancel = context.WithCancel(scoped)
		}
		defer cancel()
		leave := func() {
			if rnd.IntN(4) == 0 {
				time.AfterFunc(time.Duration(rnd.IntN(2000))*time.Microsecond, cancel)
			}
		}
		c := commands[n]
		calls[n].Add(1)
		// A body that calls Goexit on this goroutine leaves nobody to be told: the
		// deferred function stands in for the caller.
		defer told.Add(1)
		var err error
		switch rnd.IntN(4) {
		case 0:
			leave()
			_, err = c.Execute(ctx, seed)
		case 1:
			leave()
			f := c.ToFuture(ctx, seed)
			if rnd.IntN(5) == 0 {
				f.Cancel()
			}
			_, err = f.Get(context.Background())
		case 2:
			leave()
			_, err = c.Observe(ctx, seed).First(context.Background())
		case 3:
			// A stream whose context has ended before is never begun, so the
			// caller leaves after the subscription.
			_, err = c.ToObservable(seed).DoOnSubscribe(func(observable.Disposable) { leave() }).Last(ctx)
		}
		var e *command.Error
		switch scope := cache.ScopeFrom(ctx); {
		case errors.As(err, &e) && e.Kind == command.Refused:
			calls[n].Add(-1) // the scope was closed before
		case scope != nil && scope.Closed() && ctx.Err() != nil:
			maybe[n].Add(1) // that may have been so too: who has left is not told
		}
	}
	const workers = 64
	var group sync.WaitGroup
	type work struct {
		seed   uint64
		scoped context.Context
	}
	seeds := make(chan work)
	for range workers {
		group.Go(func() {
			for w := range seeds {
				done := make(chan struct{})
				go func() {
					defer close(done)
					call(w.seed, w.scoped)
				}()
				<-done
			}
		})
	}
	closers := make([]func(), len(scopes))
	for seed := range uint64(*soak) {
		n := seed % uint64(len(scopes))
		if seed%1000 < uint64(len(scopes)) { // a new scope, while the old one is in use
			if closers[n] != nil {
				closers[n]()
			}
			ctx, scope := cache.NewScope(context.Background())
			scopes[n], closers[n] = ctx, scope.Close
		}
		seeds <- work{seed, scopes[n]}
	}
	close(seeds)
	group.Wait()
	close(stop)
	changer.Wait()
	if err := r.Shutdown(context.Background()); err != nil {
		t.Fatal(err)
	}

	for _, closeScope := range closers {
		closeScope()
	}
	if told.Load() != int64(*soak) {
		t.Errorf("%d of %d callers were told", told.Load(), *soak)
	}
	if alive.Load() != 0 {
		t.Errorf("%d bodies are alive after Shutdown", alive.Load())
	}
	for _, name := range r.Commands() {
		s, _ := r.Status(name)
		if s.Semaphore != 0 || s.Fallbacks != 0 || s.Concurrent != 0 || s.Pool.Active != 0 || s.Pool.Queued != 0 || s.Pool.Abandoned != 0 {
			t.Errorf("%s: %d permits, %d fallback permits, %d executions, pool %+v are left", name, s.Semaphore, s.Fallbacks, s.Concurrent, s.Pool)
		}
		for e := range metrics.Event(metrics.NumEvents) {
			counted[e].Add(-s.Metrics.Cumulative[e])
		}
	}
	for e := range metrics.Event(metrics.NumEvents) {
		if lost := counted[e].Load(); lost != 0 {
			t.Errorf("%v: the listener and the counters differ by %d", e, lost)
		}
	}
	for n, c := range commands {
		s, _ := r.Status(c.Name())
		ends, sharers := int64(0), int64(0)
		for _, e := range terminalEvents {
			ends += s.Metrics.Cumulative[e]
		}
		// A call that leads a shared execution and leaves it is one outcome, and the
		// execution, if it goes on for others, another.
		if n%2 == 1 {
			sharers = s.Metrics.Cumulative[metrics.Cancelled]
		}
		if want, refused := calls[n].Load(), maybe[n].Load(); ends < want-refused || ends > want+sharers {
			t.Errorf("%s: %d calls, of which %d may have been refused, had %d outcomes (%d shared executions were left)", c.Name(), want, refused, ends, sharers)
		}
		t.Logf("%s: %d calls, %v", c.Name(), calls[n].Load(), s.Metrics.Cumulative)
	}
	t.Logf("%d late results were disposed of", discarded.Load())
	for n := 0; goroutines.Count() > before && n < 1000; n++ {
		time.Sleep(time.Millisecond) // a goroutine's last instructions
	}
	if now := goroutines.Count(); now > before {
		t.Errorf("%d goroutines, %d before", now, before)
	}
}

var terminalEvents = []metrics.Event{metrics.Success, metrics.BadRequest, metrics.FallbackSuccess, metrics.FallbackFailure,
	metrics.FallbackRejection, metrics.FallbackDisabled, metrics.FallbackMissing, metrics.Cancelled, metrics.ResponseFromCache}
