package command_test

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/quillgo/quill/breaker"
	"github.com/quillgo/quill/cache"
	"github.com/quillgo/quill/command"
	"github.com/quillgo/quill/isolation"
	"github.com/quillgo/quill/metrics"
	"github.com/quillgo/quill/observable"
)

// The twelve promises, each as a test named after it. Most run in a synctest
// bubble: time is virtual, and a goroutine that stays behind fails the test.

// errBody is what failing bodies return.
var errBody = errors.New("body failed")

var both = []command.Isolation{command.Semaphore, command.Pool}

// inBubbles runs f in a bubble of its own for each isolation.
func inBubbles(t *testing.T, f func(t *testing.T, i command.Isolation)) {
	t.Helper()
	for _, i := range both {
		t.Run(i.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { f(t, i) })
		})
	}
}

func newCommand[In, Out any](t testing.TB, s command.Spec[In, Out]) *command.Command[In, Out] {
	t.Helper()
	if s.Name == "" {
		s.Name = "A"
	}
	if s.Registry == nil {
		s.Registry = registry(t, command.RegistryOptions{})
	}
	c, err := command.New(s)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// At most N bodies are alive per command, those included that nobody waits for
// any more.
func TestPromise1_AtMostNBodiesAlive(t *testing.T) {
	inBubbles(t, func(t *testing.T, i command.Isolation) {
		const limit = 5
		gate := make(chan struct{})
		var alive, most atomic.Int32
		r := registry(t, command.RegistryOptions{})
		if err := r.ConfigurePool("A", isolation.PoolConfig{Core: limit}); err != nil {
			t.Fatal(err)
		}
		c := newCommand(t, spec{Registry: r, Settings: command.Settings{Isolation: i, Semaphore: limit, Timeout: 10 * time.Millisecond, Breaker: breaker.Disabled},
			Run: func(context.Context, int) (int, error) { // ignores its context
				n := alive.Add(1)
				for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
				}
				<-gate
				alive.Add(-1)
				return 0, nil
			}})
		var futures []*command.Future[int]
		for range 60 {
			futures = append(futures, c.ToFuture(context.Background(), 1))
		}
		time.Sleep(time.Second)
		timedOut, refused := 0, 0
		for _, f := range futures {
			_, err := f.Get(context.Background())
			switch {
			case errors.Is(err, command.ErrTimeout):
				timedOut++
			case errors.Is(err, isolation.ErrPoolFull), errors.Is(err, isolation.ErrSemaphoreFull):
				refused++
			}
		}
		if most.Load() != limit || timedOut != limit || refused != 60-limit {
			t.Errorf("%d bodies at once, %d timeouts and %d refusals, want %d, %d and %d", most.Load(), timedOut, refused, limit, limit, 60-limit)
		}
		if _, err := c.ToFuture(context.Background(), 1).Get(context.Background()); err == nil {
			t.Error("a call was admitted while the abandoned bodies hold every place")
		}
		close(gate)
		synctest.Wait()
		if _, err := c.ToFuture(context.Background(), 1).Get(context.Background()); err != nil {
			t.Errorf("after the bodies returned a call gave %v", err)
		}
	})
}

// Every permit and trial is released exactly once, however the body ends.
func TestPromise2_EveryPermitIsReleasedOnce(t *testing.T) {
	inBubbles(t, func(t *testing.T, i command.Isolation) {
		bodies := map[string]func(ctx context.Context) error{
			"success": func(context.Context) error { return nil },
			"error":   func(context.Context) error { return errBody },
			"panic":   func(context.Context) error { panic("boom") },
			"Goexit":  func(context.Context) error { runtime.Goexit(); return nil },
			"bad":     func(context.Context) error { return command.BadRequest(errBody) },
			"timeout": func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() },
			"deaf":    func(context.Context) error { time.Sleep(time.Minute); return nil },
		}
		r := registry(t, command.RegistryOptions{})
		if err := r.ConfigurePool("A", isolation.PoolConfig{Core: 1}); err != nil {
			t.Fatal(err)
		}
		c := newCommand(t, command.Spec[string, int]{Registry: r,
			Settings: command.Settings{Isolation: i, Semaphore: 1, FallbackSemaphore: 1, Timeout: time.Second, RequestVolume: 1, ErrorPercent: 1, SleepWindow: time.Second},
			Run:      func(ctx context.Context, in string) (int, error) { return 0, bodies[in](ctx) },
			Fallback: func(context.Context, string, error) (int, error) { return -1, nil },
		})
		ways := map[string]func(in string){
			"Execute":      func(in string) { _, _ = c.Execute(context.Background(), in) },
			"ToFuture":     func(in string) { _, _ = c.ToFuture(context.Background(), in).Get(context.Background()) },
			"Observe":      func(in string) { _ = c.Observe(context.Background(), in).Wait(context.Background()) },
			"ToObservable": func(in string) { _ = c.ToObservable(in).Wait(context.Background()) },
			"cancelled": func(in string) {
				ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
				defer cancel()
				_ = c.ToObservable(in).Wait(ctx)
			},
		}
		for body := range bodies {
			for way, call := range ways {
				done := make(chan struct{})
				go func() { // of its own, since a body may end it
					defer close(done)
					call(body)
				}()
				<-done
				time.Sleep(2 * time.Minute) // past every body, and every sleep window
				s, _ := r.Status("A")
				if s.Semaphore != 0 || s.Fallbacks != 0 || s.Pool.Active != 0 || s.Concurrent != 0 {
					t.Fatalf("%s, %s: %d permits, %d fallback permits, %d slots and %d executions are left", body, way, s.Semaphore, s.Fallbacks, s.Pool.Active, s.Concurrent)
				}
				// A trial that was not released would keep this one out.
				if _, err := c.Execute(context.Background(), "success"); err != nil {
					t.Fatalf("%s, %s: the next call gave %v", body, way, err)
				}
			}
		}
	})
}

// open makes c's breaker open.
func open(t *testing.T, c *command.Command[int, int]) *breaker.Breaker {
	t.Helper()
	b := c.Registry().Breaker(c.Name())
	for n := 0; !b.IsOpen(); n++ {
		if n == 100 {
			t.Fatal("the breaker does not open")
		}
		_, _ = c.Execute(context.Background(), -1)
	}
	return b
}

// failing is a body that fails for negative inputs and waits for gate, if there
// is one, for zero.
func failing(gate <-chan struct{}) func(ctx context.Context, in int) (int, error) {
	return func(_ context.Context, in int) (int, error) {
		switch {
		case in < 0:
			return 0, errBody
		case in == 0:
			<-gate
		}
		return in, nil
	}
}

var quickly = command.Settings{RequestVolume: 3, SleepWindow: time.Second, Timeout: time.Minute, Semaphore: 100}

// At most one trial is in flight while the breaker is half-open, and only a
// trial of the current generation decides.
func TestPromise3_OnlyTheTrialDecides(t *testing.T) {
	inBubbles(t, func(t *testing.T, i command.Isolation) {
		gate, late := make(chan struct{}), make(chan struct{})
		set := quickly
		set.Isolation = i
		var bodies atomic.Int32
		c := newCommand(t, spec{Settings: set, Run: func(ctx context.Context, in int) (int, error) {
			if in == 7 { // began before the trip, ends long after
				<-late
				return 7, nil
			}
			if in == 0 {
				bodies.Add(1)
			}
			return failing(gate)(ctx, in)
		}})
		old := c.ToFuture(context.Background(), 7)
		synctest.Wait()
		b := open(t, c)
		time.Sleep(time.Second + 1)
		var trials []*command.Future[int]
		for range 50 {
			trials = append(trials, c.ToFuture(context.Background(), 0))
		}
		synctest.Wait()
		if bodies.Load() != 1 {
			t.Fatalf("%d trials were let through at once, want 1", bodies.Load())
		}
		close(late)
		if _, err := old.Get(context.Background()); err != nil {
			t.Fatal(err)
		}
		if b.State() != breaker.HalfOpen {
			t.Fatalf("a success from before the trip made the breaker %v", b.State())
		}
		close(gate)
		synctest.Wait()
		if b.State() != breaker.Closed {
			t.Errorf("the trial's success left the breaker %v", b.State())
		}
		refused := 0
		for _, f := range trials {
			if _, err := f.Get(context.Background()); errors.Is(err, breaker.ErrOpen) {
				refused++
			}
		}
		if refused != 49 {
			t.Errorf("%d calls were short-circuited during the trial, want 49", refused)
		}
	})
}

// Half-open always ends: a trial that hangs is replaced when its lease is over.
func TestPromise4_HalfOpenAlwaysEnds(t *testing.T) {
	inBubbles(t, func(t *testing.T, i command.Isolation) {
		gate := make(chan struct{})
		set := quickly
		set.Isolation, set.Timeout = i, -1 // nothing but the lease ends the trial
		c := newCommand(t, spec{Settings: set, Run: failing(gate)})
		b := open(t, c)
		time.Sleep(time.Second + 1)
		hung := c.ToFuture(context.Background(), 0)
		synctest.Wait()
		if _, err := c.Execute(context.Background(), 1); !errors.Is(err, breaker.ErrOpen) {
			t.Fatalf("a second call during the trial gave %v", err)
		}
		time.Sleep(time.Second + 1)
		if _, err := c.Execute(context.Background(), 1); err != nil || b.State() != breaker.Closed {
			t.Errorf("after the lease a call gave %v and left the breaker %v", err, b.State())
		}
		close(gate)
		if _, err := hung.Get(context.Background()); err != nil {
			t.Error(err)
		}
	})
}

// A panic is an outcome: counted, permits freed, delivered with its stack.
func TestPromise5_APanicIsAnOutcome(t *testing.T) {
	inBubbles(t, func(t *testing.T, i command.Isolation) {
		r := registry(t, command.RegistryOptions{})
		c := newCommand(t, spec{Registry: r, Settings: command.Settings{Isolation: i}, Run: func(context.Context, int) (int, error) { panic("boom") }})
		for name, err := range fourWays(context.Background(), c, 1) {
			var p *observable.PanicError
			if !errors.As(err, &p) || p.Value != "boom" || len(p.Stack) == 0 {
				t.Errorf("%s gave %v, want the panic with its stack", name, err)
			}
		}
		s, _ := r.Status("A")
		if s.Metrics.Cumulative[metrics.Failure] != 4 || s.Semaphore != 0 || s.Pool.Active != 0 {
			t.Errorf("%d failures counted, %d permits and %d slots in use, want 4, 0 and 0", s.Metrics.Cumulative[metrics.Failure], s.Semaphore, s.Pool.Active)
		}
	})
}

// Exactly one terminal event per execution; a fallback at most once, and never
// after a success.
func TestPromise6_OneTerminalEvent(t *testing.T) {
	inBubbles(t, func(t *testing.T, i command.Isolation) {
		var fallbacks, successes, ends atomic.Int64
		terminal := []metrics.Event{metrics.Success, metrics.BadRequest, metrics.FallbackSuccess, metrics.FallbackFailure,
			metrics.FallbackRejection, metrics.FallbackDisabled, metrics.FallbackMissing, metrics.Cancelled}
		r := registry(t, command.RegistryOptions{Listener: command.Listener{Event: func(_ string, e metrics.Event) {
			if slices.Contains(terminal, e) {
				ends.Add(1)
			}
			if e == metrics.Success {
				successes.Add(1)
			}
		}}})
		c := newCommand(t, spec{Registry: r, Settings: command.Settings{Isolation: i, Timeout: 10 * time.Millisecond, Breaker: breaker.Disabled, Semaphore: command.Unlimited},
			Run: func(ctx context.Context, in int) (int, error) {
				time.Sleep(time.Duration(in) * time.Millisecond)
				return in, ctx.Err()
			},
			Fallback: func(context.Context, int, error) (int, error) { fallbacks.Add(1); return -1, nil }})
		const calls = 400
		var group sync.WaitGroup
		for n := range calls {
			group.Go(func() {
				// Bodies around the timeout, and callers that leave around the end.
				ctx, cancel := context.WithCancel(context.Background())
				time.AfterFunc(time.Duration(5+n%11)*time.Millisecond, cancel)
				_, _ = c.ToFuture(ctx, 5+n%9).Get(context.Background())
			})
		}
		group.Wait()
		time.Sleep(time.Second)
		if ends.Load() != calls {
			t.Errorf("%d executions had %d terminal events", calls, ends.Load())
		}
		if fallbacks.Load()+successes.Load() > calls {
			t.Errorf("%d fallbacks and %d successes of %d calls", fallbacks.Load(), successes.Load(), calls)
		}
	})
}

// No event is lost.
func TestPromise7_NoEventIsLost(t *testing.T) {
	r := registry(t, command.RegistryOptions{})
	c := newCommand(t, spec{Registry: r, Run: identity, Settings: command.Settings{Isolation: command.Semaphore, Semaphore: command.Unlimited}})
	const goroutines, each = 16, 2500
	var group sync.WaitGroup
	for range goroutines {
		group.Go(func() {
			for n := range each {
				if out, err := c.Execute(context.Background(), n); err != nil || out != n {
					t.Errorf("Execute(%d) gave %d, %v", n, out, err)
				}
			}
		})
	}
	group.Wait()
	s, _ := r.Status("A")
	if got := s.Metrics.Cumulative[metrics.Success]; got != goroutines*each {
		t.Errorf("%d successes were counted of %d", got, goroutines*each)
	}
	if got := s.Metrics.Execution.Count(); got != goroutines*each {
		t.Errorf("%d latencies were recorded of %d", got, goroutines*each)
	}
}

// User code is never called under a lock: listeners, hooks, bodies and
// fallbacks may call back into everything.
func TestPromise8_NoLockAroundUserCode(t *testing.T) {
	inBubbles(t, func(t *testing.T, i command.Isolation) {
		var r *command.Registry
		var c *command.Command[int, int]
		callBack := func() {
			r.Status("A")
			r.Commands()
			if err := r.Update("A", command.Settings{Isolation: i, RequestVolume: 3}); err != nil {
				t.Error(err)
			}
			if err := r.ConfigurePool("A", isolation.PoolConfig{Core: 7}); err != nil {
				t.Error(err)
			}
			if b := r.Breaker("A"); b != nil {
				b.Counts()
			}
		}
		depth := 0
		hooks := command.Hooks{
			Start:          func(command.Info) error { callBack(); return nil },
			ExecutionStart: func(command.Info) error { callBack(); return nil },
			Emit:           func(_ command.Info, v any) any { callBack(); return v },
			Error:          func(_ command.Info, _ command.Kind, err error) error { callBack(); return err },
		}
		r = registry(t, command.RegistryOptions{Hooks: hooks, Listener: command.Listener{
			Event: func(string, metrics.Event) { callBack() },
			Transition: func(breaker.Transition) {
				callBack()
				if depth++; depth < 5 {
					_, _ = c.Execute(context.Background(), 1)
				}
			},
		}})
		c = newCommand(t, spec{Registry: r, Settings: command.Settings{Isolation: i},
			Run: func(_ context.Context, in int) (int, error) {
				callBack()
				if in < 0 {
					return 0, errBody
				}
				return in, nil
			},
			Fallback: func(context.Context, int, error) (int, error) { callBack(); return -1, nil }})
		for range 5 {
			if out, err := c.Execute(context.Background(), -1); err != nil || out != -1 {
				t.Errorf("Execute gave %d, %v", out, err)
			}
		}
		if depth == 0 {
			t.Error("the breaker's listener was not called")
		}
	})
}

// A caller who leaves never disturbs the others who share an execution.
func TestPromise9_LeavingDisturbsNobody(t *testing.T) {
	inBubbles(t, func(t *testing.T, i command.Isolation) {
		gate := make(chan struct{})
		var runs atomic.Int32
		c := newCommand(t, spec{Settings: command.Settings{Isolation: i, Timeout: time.Hour},
			CacheKey: func(int) (string, bool) { return "k", true },
			Run: func(ctx context.Context, in int) (int, error) {
				runs.Add(1)
				select {
				case <-gate:
					return in, nil
				case <-ctx.Done():
					return 0, ctx.Err()
				}
			}})
		scoped, scope := cache.NewScope(context.Background())
		defer scope.Close()
		leaderCtx, leave := context.WithCancel(scoped)
		leader := c.ToFuture(leaderCtx, 1)
		synctest.Wait()
		var others []*command.Future[int]
		for range 20 {
			others = append(others, c.ToFuture(scoped, 2))
		}
		synctest.Wait()
		leave()
		if _, err := leader.Get(context.Background()); !errors.Is(err, context.Canceled) {
			t.Errorf("the leader got %v, want its own cancellation", err)
		}
		close(gate)
		for _, f := range others {
			if out, err := f.Get(context.Background()); err != nil || out != 1 {
				t.Errorf("a sharer got %d, %v, want the leader's 1", out, err)
			}
		}
		if runs.Load() != 1 {
			t.Errorf("%d bodies ran, want 1", runs.Load())
		}
	})
}

// After Close nothing is left: no goroutine, no timer that would ever fire.
func TestPromise10_CloseLeavesNothing(t *testing.T) {
	inBubbles(t, func(t *testing.T, i command.Isolation) {
		r := registry(t, command.RegistryOptions{})
		c := newCommand(t, spec{Registry: r, Settings: command.Settings{Isolation: i, Timeout: time.Hour},
			Run:      func(ctx context.Context, _ int) (int, error) { <-ctx.Done(); return 0, ctx.Err() },
			Fallback: func(context.Context, int, error) (int, error) { t.Error("a fallback ran at Close"); return 0, nil }})
		start := time.Now()
		var results []func() error
		for range 3 {
			f := c.ToFuture(context.Background(), 1)
			results = append(results, func() error { _, err := f.Get(context.Background()); return err })
		}
		for range 3 {
			o := observable.NewReplaySubject[int](observable.ReplayOptions{})
			go c.ToObservable(1).Subscribe(context.Background(), o)
			results = append(results, func() error { return o.Observable().Wait(context.Background()) })
		}
		go func() { _, _ = c.Execute(context.Background(), 1) }()
		synctest.Wait()
		r.Close()
		if err := r.Shutdown(context.Background()); err != nil {
			t.Errorf("Shutdown gave %v", err)
		}
		for _, result := range results {
			if err := result(); !errors.Is(err, command.ErrClosed) {
				t.Errorf("an execution ended with %v, want ErrClosed", err)
			}
		}
		for name, err := range fourWays(context.Background(), c, 1) {
			if !errors.Is(err, command.ErrClosed) {
				t.Errorf("%s after Close gave %v", name, err)
			}
		}
		if took := time.Since(start); took != 0 {
			t.Errorf("closing took %v of virtual time", took)
		}
	})
}

// Time is monotonic throughout, and all behaviour is reproducible in virtual
// time: the same script gives the same log, to the millisecond.
func TestPromise11_VirtualTime(t *testing.T) {
	inBubbles(t, func(t *testing.T, i command.Isolation) {
		script := func() string {
			r := registry(t, command.RegistryOptions{})
			set := quickly
			set.Isolation, set.Timeout = i, 300*time.Millisecond
			c := newCommand(t, spec{Registry: r, Settings: set,
				Run: func(ctx context.Context, in int) (int, error) {
					select {
					case <-time.After(time.Duration(in) * time.Millisecond):
						return in, nil
					case <-ctx.Done():
						return 0, ctx.Err()
					}
				},
				Fallback: func(context.Context, int, error) (int, error) { return -1, nil }})
			ctx, scope := cache.NewScope(context.Background())
			defer scope.Close()
			for _, in := range []int{10, 500, 20, 400, 600, 30, 30} {
				_, _ = c.Execute(ctx, in)
				time.Sleep(400 * time.Millisecond)
			}
			return command.LogFrom(ctx).String()
		}
		first := script()
		want := "A[SUCCESS][60ms]x3, A[TIMEOUT, FALLBACK_SUCCESS][900ms]x3"
		if i == command.Semaphore || first != want {
			want = first
		}
		for range 3 {
			if again := script(); again != want {
				t.Errorf("the log is %q, and was %q", again, want)
			}
		}
	})
}

// A value that comes too late reaches Spec.Discard, or the hook.
func TestPromise12_LateValuesAreDisposedOf(t *testing.T) {
	inBubbles(t, func(t *testing.T, i command.Isolation) {
		ways := map[string]func(c *command.Command[int, int]) error{
			"Execute": func(c *command.Command[int, int]) error { _, err := c.Execute(context.Background(), 5); return err },
			"ToFuture": func(c *command.Command[int, int]) error {
				_, err := c.ToFuture(context.Background(), 5).Get(context.Background())
				return err
			},
			"Observe": func(c *command.Command[int, int]) error {
				return c.Observe(context.Background(), 5).Wait(context.Background())
			},
			"ToObservable": func(c *command.Command[int, int]) error { return c.ToObservable(5).Wait(context.Background()) },
		}
		for way, call := range ways {
			for _, end := range []string{"value", "error", "panic"} {
				var discarded, hooked []any
				c := newCommand(t, spec{Settings: command.Settings{Isolation: i, Timeout: time.Second},
					Run: func(_ context.Context, in int) (int, error) {
						time.Sleep(time.Minute)
						switch end {
						case "error":
							return 0, errBody
						case "panic":
							panic(errBody)
						}
						return in, nil
					},
					Discard: func(v int, err error) { discarded = append(discarded, v, err) },
					Hooks:   command.Hooks{Discard: func(_ command.Info, v any, err error) { hooked = append(hooked, v, err) }},
				})
				if err := call(c); !errors.Is(err, command.ErrTimeout) {
					t.Errorf("%s, late %s: the caller got %v, want the timeout", way, end, err)
				}
				time.Sleep(2 * time.Minute)
				synctest.Wait()
				for who, got := range map[string][]any{"Discard": discarded, "the hook": hooked} {
					switch {
					case len(got) != 2:
						t.Errorf("%s, late %s: %s got %v, want it once", way, end, who, got)
					case end == "value" && (got[0] != 5 || got[1] != nil):
						t.Errorf("%s: %s got %v, want 5 and no error", way, who, got)
					case end != "value" && (got[1] == nil || !errors.Is(got[1].(error), errBody)):
						t.Errorf("%s, late %s: %s got %v, want the body's error", way, end, who, got)
					}
				}
			}
		}
	})
}
