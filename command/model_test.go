package command_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/quillgo/quill/breaker"
	"github.com/quillgo/quill/cache"
	"github.com/quillgo/quill/command"
	"github.com/quillgo/quill/isolation"
)

// randomCall is one call of a random randomCalls: what the body and the fallback do, when
// the caller leaves, and what happens before the next call.
type randomCall struct {
	Body     string // ok, error, bad, bare, panic, nested
	Delay    int    // ms that the body takes; it obeys its context
	Fallback string // ok, error, panic
	Leave    int    // ms after which the caller leaves; 0: it stays
	Deadline bool   // ... because its deadline passes, not by cancelling
	Pause    int    // ms before the next call
	Mode     breaker.Mode
}

// randomCalls is a sequence of calls and the settings that they find.
type randomCalls struct {
	Isolation command.Isolation
	Settings  command.Settings
	Fallback  bool // one is defined
	Cached    bool
	Steps     []randomCall
}

func drawScript(t *rapid.T) randomCalls {
	s := randomCalls{
		Isolation: rapid.SampledFrom(both).Draw(t, "isolation"),
		Fallback:  rapid.Bool().Draw(t, "fallback"),
		Cached:    rapid.Bool().Draw(t, "cached"),
		Settings: command.Settings{
			Timeout:           50 * time.Millisecond,
			RequestVolume:     rapid.IntRange(1, 4).Draw(t, "volume"),
			ErrorPercent:      rapid.SampledFrom([]int{1, 50, 100}).Draw(t, "percent"),
			SleepWindow:       100 * time.Millisecond,
			Semaphore:         rapid.SampledFrom([]int{1, 10, command.None}).Draw(t, "semaphore"),
			FallbackSemaphore: rapid.SampledFrom([]int{1, 10, command.None}).Draw(t, "fallback semaphore"),
			Fallback:          rapid.SampledFrom([]command.Switch{command.On, command.On, command.Off}).Draw(t, "fallbacks"),
		},
	}
	s.Settings.Isolation = s.Isolation
	s.Steps = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) randomCall {
		return randomCall{
			Body:     rapid.SampledFrom([]string{"ok", "ok", "error", "bad", "bare", "panic", "nested"}).Draw(t, "body"),
			Delay:    rapid.SampledFrom([]int{0, 10, 30, 80}).Draw(t, "delay"),
			Fallback: rapid.SampledFrom([]string{"ok", "ok", "error", "panic"}).Draw(t, "fallback"),
			Leave:    rapid.SampledFrom([]int{0, 0, 0, 5, 20}).Draw(t, "leave"),
			Deadline: rapid.Bool().Draw(t, "deadline"),
			Pause:    rapid.SampledFrom([]int{1, 7, 120, 11_000}).Draw(t, "pause"),
			Mode:     rapid.SampledFrom([]breaker.Mode{breaker.Unset, breaker.Unset, breaker.Unset, breaker.ForcedOpen, breaker.ForcedClosed, breaker.Disabled}).Draw(t, "mode"),
		}
	}), 1, 12).Draw(t, "steps")
	return s
}

// play makes the randomCalls's calls by one way and returns what could be seen.
func (s randomCalls) play(t *testing.T, way string) (seen []string) {
	r := registry(t, command.RegistryOptions{})
	var mu sync.Mutex // a caller leaves on whatever goroutine ends its context
	var hooks []string
	note := func(format string, args ...any) {
		mu.Lock()
		defer mu.Unlock()
		hooks = append(hooks, fmt.Sprintf(format, args...))
	}
	var current randomCall
	def := command.Spec[int, int]{
		Name: "A", Registry: r, Settings: s.Settings,
		Run: func(ctx context.Context, in int) (int, error) {
			now := current
			select {
			case <-time.After(time.Duration(now.Delay) * time.Millisecond):
			case <-ctx.Done():
				return 0, ctx.Err()
			}
			switch now.Body {
			case "error":
				return 0, errBody
			case "bad":
				return 0, command.BadRequest(errBody)
			case "bare":
				return 0, command.Bare(errBody)
			case "panic":
				panic("boom")
			case "nested": // the body itself meets what a guard would say
				return 0, fmt.Errorf("inner: %w", errors.Join(breaker.ErrOpen, isolation.ErrPoolFull, command.ErrTimeout))
			}
			return in, nil
		},
		Hooks: command.Hooks{
			Start:            func(command.Info) error { note("start"); return nil },
			ExecutionStart:   func(command.Info) error { note("executionStart"); return nil },
			ExecutionEmit:    func(_ command.Info, v any) any { note("executionEmit %v", v); return v },
			ExecutionSuccess: func(command.Info) { note("executionSuccess") },
			FallbackStart:    func(command.Info) error { note("fallbackStart"); return nil },
			FallbackEmit:     func(_ command.Info, v any) any { note("fallbackEmit %v", v); return v },
			FallbackError:    func(_ command.Info, err error) error { note("fallbackError"); return err },
			FallbackSuccess:  func(command.Info) { note("fallbackSuccess") },
			Emit:             func(_ command.Info, v any) any { note("emit %v", v); return v },
			Error:            func(_ command.Info, k command.Kind, err error) error { note("error %v", k); return err },
			Success:          func(command.Info) { note("success") },
			Unsubscribe:      func(command.Info) { note("unsubscribe") },
		},
	}
	if s.Fallback {
		def.Fallback = func(context.Context, int, error) (int, error) {
			switch current.Fallback {
			case "error":
				return 0, errors.New("fallback failed")
			case "panic":
				panic("fallback")
			}
			return -1, nil
		}
	}
	if s.Cached {
		def.CacheKey = func(in int) (string, bool) { return fmt.Sprint(in), true }
	}
	c := newCommand(t, def)
	completed := collect(t, command.CompletionStream(r))
	var all []command.Completion
	for n, st := range s.Steps {
		current, hooks = st, nil
		set := s.Settings
		set.Breaker = st.Mode
		if err := r.Update("A", set); err != nil {
			t.Fatal(err)
		}
		ctx, scope := cache.NewScope(context.Background())
		cancel := func() {}
		switch {
		case st.Leave > 0 && st.Deadline:
			ctx, cancel = context.WithTimeout(ctx, time.Duration(st.Leave)*time.Millisecond)
		case st.Leave > 0:
			ctx, cancel = context.WithCancel(ctx)
			time.AfterFunc(time.Duration(st.Leave)*time.Millisecond, cancel)
		}
		call := c.Call(n)
		var out int
		var err error
		switch way {
		case "Execute":
			out, err = call.Execute(ctx)
		case "ToFuture":
			out, err = call.ToFuture(ctx).Get(context.Background())
		case "Observe":
			out, err = call.Observe(ctx).Last(context.Background())
		case "ToObservable":
			out, err = call.ToObservable().Last(ctx)
		}
		done := completed.take()
		if len(done) != 1 || done[0].Events != call.Events() || done[0].Latency != call.ExecutionLatency() {
			t.Fatalf("call %d: %v, %v: completions %+v, want one like this", n, call.Events(), call.ExecutionLatency(), done)
		}
		all = append(all, done...)
		status, _ := r.Status("A")
		seen = append(seen, fmt.Sprintf("call %d: %d, %v; events %v; hooks %s; breaker %v %d/%d; in use %d %d %d %d; log %v",
			n, out, describe(err), call.Events(), strings.Join(hooks, " "), status.Breaker, status.HealthErrors, status.HealthTotal,
			status.Semaphore, status.Fallbacks, status.Concurrent, status.Pool.Active, entries(ctx)))
		cancel()
		scope.Close()
		time.Sleep(time.Duration(st.Pause) * time.Millisecond)
	}
	addsUp(t, r, "A", all)
	status, _ := r.Status("A")
	return append(seen, fmt.Sprintf("counted %v, latencies %d", status.Metrics.Cumulative, status.Metrics.Execution.Count()))
}

// describe is an error without what may differ from run to run.
func describe(err error) string {
	var e *command.Error
	if !errors.As(err, &e) {
		return fmt.Sprint(err)
	}
	return fmt.Sprintf("%v open=%v full=%v timeout=%v fallback=%v body=%v", e.Kind, errors.Is(e.Err, breaker.ErrOpen),
		errors.Is(e.Err, isolation.ErrSemaphoreFull), errors.Is(e.Err, command.ErrTimeout), e.FallbackErr != nil, errors.Is(err, errBody))
}

func entries(ctx context.Context) (all []string) {
	for _, e := range command.LogFrom(ctx).Entries() {
		all = append(all, fmt.Sprint(e.Events))
	}
	return all
}

// TestModel_FourWaysAreOne plays random scripts by each of the four ways: what
// the caller gets, the events, the hooks, the breaker, the permits, the log and
// the counters must be the same, fused or composed; and each call has one
// completion, which tells the same events.
func TestModel_FourWaysAreOne(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := drawScript(rt)
		var want []string
		for _, way := range []string{"Execute", "ToFuture", "Observe", "ToObservable"} {
			var got []string
			synctest.Test(t, func(t *testing.T) { got = s.play(t, way) })
			if want == nil {
				want = got
				continue
			}
			for n := range want {
				if got[n] != want[n] {
					rt.Fatalf("%s differs from Execute at %d\n Execute: %s\n %s: %s", way, n, want[n], way, got[n])
				}
			}
			if !slices.Equal(got, want) {
				rt.Fatalf("%s: %d lines, Execute %d", way, len(got), len(want))
			}
		}
	})
}
