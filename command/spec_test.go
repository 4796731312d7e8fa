package command_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/quillgo/quill/cache"
	"github.com/quillgo/quill/command"
	"github.com/quillgo/quill/isolation"
	"github.com/quillgo/quill/observable"
)

type spec = command.Spec[int, int]

func registry(t testing.TB, o command.RegistryOptions) *command.Registry {
	t.Helper()
	r, err := command.NewRegistry(o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func identity(_ context.Context, in int) (int, error) { return in, nil }

func fallback(context.Context, int, error) (int, error) { return -1, nil }

func stream(_ context.Context, in int) observable.Observable[int] { return observable.Just(in) }

func fallbackStream(context.Context, int, error) observable.Observable[int] {
	return observable.Just(-1)
}

// TestNew_BadInput: the error names the field, its value and what would be
// right, and nothing is registered.
func TestNew_BadInput(t *testing.T) {
	settings := func(s command.Settings) spec { return spec{Name: "Bad", Run: identity, Settings: s} }
	for _, test := range []struct {
		name string
		spec spec
		want []string
	}{
		{"without a name", spec{Run: identity}, []string{"Name", `""`, "want a name"}},
		{"without a body", spec{Name: "Bad"}, []string{"Run and Stream are nil", "want one"}},
		{"with both bodies", spec{Name: "Bad", Run: identity, Stream: stream}, []string{"Run and Stream are both set"}},
		{"a stream with a scalar fallback", spec{Name: "Bad", Stream: stream, Fallback: fallback}, []string{"Fallback is set beside Stream", "FallbackStream"}},
		{"a scalar with a streaming fallback", spec{Name: "Bad", Run: identity, FallbackStream: fallbackStream}, []string{"FallbackStream is set beside Run", "want Fallback"}},
		{"a percentage above 100", settings(command.Settings{ErrorPercent: 101}), []string{"Settings.ErrorPercent is 101", "1 to 100"}},
		{"a negative percentage", settings(command.Settings{ErrorPercent: -1}), []string{"Settings.ErrorPercent is -1"}},
		{"a window that its buckets do not divide", settings(command.Settings{Window: time.Second, Buckets: 7}), []string{"Settings.Buckets is 7", "divides", "1s"}},
		{"a window that the health interval does not divide", settings(command.Settings{HealthInterval: 300 * time.Millisecond}), []string{"Settings.HealthInterval is 300ms", "10s"}},
		{"a negative window", settings(command.Settings{Window: -time.Second}), []string{"Settings.Window is -1s", "more than 0"}},
		{"a latency window that its buckets do not divide", settings(command.Settings{LatencyBuckets: 7}), []string{"Settings.LatencyBuckets is 7"}},
		{"a negative volume", settings(command.Settings{RequestVolume: -3}), []string{"Settings.RequestVolume is -3", "1 or more"}},
		{"a sleep window in the past", settings(command.Settings{SleepWindow: -1}), []string{"Settings.SleepWindow is -1ns"}},
		{"a limit that is none", settings(command.Settings{Semaphore: -7}), []string{"Settings.Semaphore is -7", "Unlimited"}},
		{"a fallback limit that is none", settings(command.Settings{FallbackSemaphore: -7}), []string{"Settings.FallbackSemaphore is -7"}},
		{"an unknown isolation", settings(command.Settings{Isolation: 9}), []string{"Settings.Isolation", "9", "Pool or Semaphore"}},
		{"an unknown switch", settings(command.Settings{Fallback: 9}), []string{"Settings.Fallback", "9", "On or Off"}},
		{"a cache mode for the log", settings(command.Settings{RequestLog: command.WhenScoped}), []string{"Settings.RequestLog is WhenScoped"}},
		{"an unknown breaker mode", settings(command.Settings{Breaker: 77}), []string{"Settings.Breaker", "77"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := registry(t, command.RegistryOptions{})
			test.spec.Registry = r
			c, err := command.New(test.spec)
			if c != nil || err == nil {
				t.Fatalf("New gave %v, %v, want an error", c, err)
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("the error %q does not say %q", err, want)
				}
			}
			if strings.Count(err.Error(), "command: ") != 1 {
				t.Errorf("the error %q says more than once that it is of package command", err)
			}
			if names := r.Commands(); len(names) != 0 {
				t.Errorf("%v is registered after the error", names)
			}
			if _, err := command.New(spec{Name: "Bad", Run: identity, Registry: r}); err != nil {
				t.Errorf("the name is taken after the error: %v", err)
			}
		})
	}
}

// TestNew_SameName: commands of one name share what the first one set up, so a
// second one may not ask for anything else.
func TestNew_SameName(t *testing.T) {
	r := registry(t, command.RegistryOptions{})
	pool, err := isolation.NewPool("mine", isolation.PoolConfig{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	first := spec{Name: "Twice", Group: "G", Run: identity, Registry: r, Settings: command.Settings{Timeout: time.Second}}
	if _, err := command.New(first); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		change func(*spec)
		want   []string
	}{
		{func(s *spec) { s.Settings.Timeout = 2 * time.Second }, []string{"Settings.Timeout is 2s", "1s"}},
		{func(s *spec) { s.Settings.Semaphore = 3 }, []string{"Settings.Semaphore is 3", "0"}},
		{func(s *spec) { s.Group = "H" }, []string{"Group is H", "G"}},
		{func(s *spec) { s.PoolKey = "P" }, []string{"PoolKey is P", "G"}},
		{func(s *spec) { s.SharedPool = pool }, []string{"SharedPool"}},
	} {
		second := first
		test.change(&second)
		_, err := command.New(second)
		if err == nil {
			t.Errorf("%v was accepted", test.want)
			continue
		}
		for _, want := range append(test.want, "Twice") {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("the error %q does not say %q", err, want)
			}
		}
	}
	if _, err := command.New(first); err != nil {
		t.Errorf("the same once more: %v", err)
	}
	// Other types under the name are fine: only the state is shared.
	other := command.Spec[string, string]{Name: "Twice", Group: "G", Registry: r, Settings: first.Settings,
		Run: func(_ context.Context, in string) (string, error) { return in, nil }}
	if _, err := command.New(other); err != nil {
		t.Errorf("other types: %v", err)
	}
}

// TestPoolConfig_BadInput: pools are configured beside commands; their errors
// are as good.
func TestPoolConfig_BadInput(t *testing.T) {
	r := registry(t, command.RegistryOptions{})
	for _, test := range []struct {
		cfg  isolation.PoolConfig
		want []string
	}{
		{isolation.PoolConfig{Queue: 3, RejectAt: 4}, []string{"RejectAt", "4", "Queue", "3"}},
		{isolation.PoolConfig{Core: -2}, []string{"Core", "-2"}},
		{isolation.PoolConfig{Core: 4, Max: 3}, []string{"Max", "3", "4"}},
	} {
		err := r.ConfigurePool("P", test.cfg)
		if err == nil {
			t.Errorf("%+v was accepted", test.cfg)
			continue
		}
		for _, want := range append(test.want, `"P"`) {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("the error %q does not say %q", err, want)
			}
		}
		if r.Pool("P") != nil {
			t.Error("the pool exists after the error")
		}
	}
}

// TestUpdate_BadInput: a refused Update changes nothing.
func TestUpdate_BadInput(t *testing.T) {
	r := registry(t, command.RegistryOptions{})
	c, err := command.New(spec{Name: "Live", Run: identity, Registry: r})
	if err != nil {
		t.Fatal(err)
	}
	before := c.Settings()
	if err := r.Update("Live", command.Settings{ErrorPercent: 200, Timeout: time.Minute}); err == nil || !strings.Contains(err.Error(), "ErrorPercent is 200") {
		t.Errorf("the error is %v, want one that names ErrorPercent and 200", err)
	}
	if c.Settings() != before {
		t.Errorf("the settings are %+v after a refused Update, want %+v", c.Settings(), before)
	}
	if _, err := c.Execute(context.Background(), 1); err != nil {
		t.Fatal(err)
	}
	if err := r.Update("Live", command.Settings{Window: time.Minute}); err == nil || !strings.Contains(err.Error(), "window") {
		t.Errorf("the error is %v, want one that says that windows cannot change", err)
	}
	if err := r.Update("Live", command.Settings{Timeout: 3 * time.Second}); err != nil {
		t.Fatal(err)
	}
	if got := c.Settings().Timeout; got != 3*time.Second {
		t.Errorf("the timeout is %v after the Update, want 3s", got)
	}
	if err := r.Update("Unborn", command.Settings{Semaphore: 3}); err != nil {
		t.Fatal(err)
	}
	unborn, err := command.New(spec{Name: "Unborn", Run: identity, Registry: r, Settings: command.Settings{Semaphore: 5}})
	if err != nil {
		t.Fatal(err)
	}
	if got := unborn.Settings().Semaphore; got != 3 {
		t.Errorf("the semaphore has %d permits, want the registry's 3 before the Spec's 5", got)
	}
}

// TestSettings_Precedence goes through the four layers, field by field.
func TestSettings_Precedence(t *testing.T) {
	r := registry(t, command.RegistryOptions{Settings: command.Settings{Timeout: 20 * time.Second, Semaphore: 20, SleepWindow: 20 * time.Second}})
	c, err := command.New(spec{Name: "Layers", Run: identity, Registry: r, Settings: command.Settings{Timeout: 30 * time.Second, Semaphore: 30}})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Update("Layers", command.Settings{Timeout: 40 * time.Second}); err != nil {
		t.Fatal(err)
	}
	s := c.Settings()
	if s.Timeout != 40*time.Second || s.Semaphore != 30 || s.SleepWindow != 20*time.Second || s.RequestVolume != 20 {
		t.Errorf("the settings are %+v, want the registry's value, the Spec's, the registry's default and Hystrix's", s)
	}
}

// TestExecute_NoScope: a command with a key, outside a scope.
func TestExecute_NoScope(t *testing.T) {
	r := registry(t, command.RegistryOptions{})
	s := spec{Name: "Keyed", Run: identity, Registry: r, CacheKey: func(int) (string, bool) { return "", true }}
	c, err := command.New(s)
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	for name, err := range fourWays(ctx, c, 1) {
		var e *command.Error
		if !errors.Is(err, cache.ErrNoScope) || !errors.As(err, &e) || e.Kind != command.Refused {
			t.Errorf("%s gave %v, want a refusal for cache.ErrNoScope", name, err)
		}
	}
	if got := r.Breaker("Keyed").Counts().Total(); got != 0 {
		t.Errorf("%d results count for health", got)
	}
	if err := r.Update("Keyed", command.Settings{RequestCache: command.WhenScoped}); err != nil {
		t.Fatal(err)
	}
	for name, err := range fourWays(ctx, c, 1) {
		if err != nil {
			t.Errorf("%s gave %v, want no error when the cache is used only where there is a scope", name, err)
		}
	}
}

// fourWays executes c by each entry point.
func fourWays[In, Out any](ctx context.Context, c *command.Command[In, Out], in In) map[string]error {
	_, execute := c.Execute(ctx, in)
	_, future := c.ToFuture(ctx, in).Get(ctx)
	_, observe := c.Observe(ctx, in).Last(ctx)
	_, cold := c.ToObservable(in).Last(ctx)
	return map[string]error{"Execute": execute, "ToFuture": future, "Observe": observe, "ToObservable": cold}
}
