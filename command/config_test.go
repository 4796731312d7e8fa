package command_test

import (
	"context"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/quillgo/quill/breaker"
	"github.com/quillgo/quill/command"
	"github.com/quillgo/quill/isolation"
)

// use registers a command A, and executes it once so that it has all its parts.
func use(t testing.TB, r *command.Registry, s spec) *command.Command[int, int] {
	t.Helper()
	s.Registry = r
	if s.Run == nil {
		s.Run = identity
	}
	c, err := command.New(s)
	require.NoError(t, err)
	_, err = c.Execute(context.Background(), 1)
	require.NoError(t, err)
	return c
}

// TestConfigure_Precedence goes through the layers, field by field, before and
// after the first use, and back again when they go.
func TestConfigure_Precedence(t *testing.T) {
	r := registry(t, command.RegistryOptions{Settings: command.Settings{
		RequestVolume: 20, SleepWindow: 20 * time.Second, ErrorPercent: 20, Semaphore: 20, FallbackSemaphore: 20}})
	full := command.Config{
		Default:  command.Settings{SleepWindow: 30 * time.Second, ErrorPercent: 30, Semaphore: 30, FallbackSemaphore: 30},
		Commands: map[string]command.Settings{"A": {Semaphore: 50, FallbackSemaphore: 50}},
	}
	require.NoError(t, r.Configure(full))
	require.NoError(t, r.Update("A", command.Settings{FallbackSemaphore: 60}))
	c, err := command.New(spec{Name: "A", Registry: r, Run: identity, Settings: command.Settings{ErrorPercent: 40, Semaphore: 40, FallbackSemaphore: 40}})
	require.NoError(t, err)
	check := func(volume, sleep, percent, semaphore, fallbacks int) {
		t.Helper()
		s := c.Settings()
		require.Equal(t, []int{volume, sleep, percent, semaphore, fallbacks},
			[]int{s.RequestVolume, int(s.SleepWindow / time.Second), s.ErrorPercent, s.Semaphore, s.FallbackSemaphore})
	}
	for range 2 {
		check(20, 30, 40, 50, 60)
		require.NoError(t, r.Configure(command.Config{Default: full.Default}))
		check(20, 30, 40, 40, 60)
		require.NoError(t, r.Configure(command.Config{}))
		check(20, 20, 40, 40, 60)
		require.NoError(t, r.Update("A", command.Settings{}))
		check(20, 20, 40, 40, 40)
		require.NoError(t, r.Configure(full))
		check(20, 30, 40, 50, 50)
		require.NoError(t, r.Update("A", command.Settings{FallbackSemaphore: 60}))
		_, err = c.Execute(context.Background(), 1)
		require.NoError(t, err)
	}
	other := use(t, r, spec{Name: "B"})
	require.Equal(t, 30*time.Second, other.Settings().SleepWindow)
}

// TestConfigure_Parts: what commands share has the new values too, not only what
// Settings shows.
func TestConfigure_Parts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := registry(t, command.RegistryOptions{})
		c := use(t, r, spec{Name: "A", Settings: command.Settings{Isolation: command.Semaphore}})
		require.NoError(t, r.Configure(command.Config{Commands: map[string]command.Settings{"A": {Breaker: breaker.ForcedOpen}}}))
		_, err := c.Execute(t.Context(), 1)
		require.ErrorIs(t, err, breaker.ErrOpen)
		require.NoError(t, r.Configure(command.Config{Commands: map[string]command.Settings{"A": {Semaphore: command.None}}}))
		_, err = c.Execute(t.Context(), 1)
		require.ErrorIs(t, err, isolation.ErrSemaphoreFull)
		require.NoError(t, r.Configure(command.Config{Default: command.Settings{Isolation: command.Pool}}))
		require.Equal(t, command.Semaphore, c.Settings().Isolation)
		_, err = c.Execute(t.Context(), 1)
		require.NoError(t, err)
	})
}

// TestConfigure_AllOrNothing: an error names everything that is wrong, once, and
// nothing has changed.
func TestConfigure_AllOrNothing(t *testing.T) {
	r := registry(t, command.RegistryOptions{})
	a, b := use(t, r, spec{Name: "A"}), use(t, r, spec{Name: "B", Settings: command.Settings{Window: 7 * time.Second, Buckets: 7, HealthInterval: time.Second}})
	_, err := command.New(spec{Name: "Unused", Registry: r, Run: identity})
	require.NoError(t, err)
	good := command.Config{
		Default: command.Settings{Timeout: 5 * time.Second},
		Pools:   map[string]isolation.PoolConfig{"A": {Core: 3}, "Later": {Core: 4}},
	}
	require.NoError(t, r.Configure(good))
	for _, test := range []struct {
		config command.Config
		want   []string
	}{
		{command.Config{Default: command.Settings{ErrorPercent: 101}}, []string{"default: Settings.ErrorPercent is 101, want 1 to 100"}},
		{command.Config{Default: command.Settings{ErrorPercent: 101}, Commands: map[string]command.Settings{"A": {RequestVolume: -1}}},
			[]string{"default: Settings.ErrorPercent is 101", `command "A": Settings.RequestVolume is -1, want 1 or more`}},
		{command.Config{Commands: map[string]command.Settings{"A": {ErrorPercent: 101, RequestVolume: -1}, "Later": {Fallback: 9}, "": {}}},
			[]string{`command "": want a name`, `command "A": Settings.RequestVolume is -1`, `command "A": Settings.ErrorPercent is 101`, `command "Later": Settings.Fallback is command.Switch(9)`}},
		{command.Config{Commands: map[string]command.Settings{"A": {Window: time.Minute}}}, []string{`command "A": Settings.Window is 1m0s, want 10s: windows cannot change`}},
		{command.Config{Commands: map[string]command.Settings{"Later": {Window: time.Second, Buckets: 7}}}, []string{`command "Later": Settings.Buckets is 7, want a number that divides Settings.Window (1s)`}},
		{command.Config{Commands: map[string]command.Settings{"Unused": {Buckets: 7}}}, []string{`command "Unused": Settings.Buckets is 7, want a number that divides Settings.Window (10s)`}},
		{command.Config{Pools: map[string]isolation.PoolConfig{"A": {Core: 5, Max: 3}, "Later": {RejectAt: 7}, "": {}}},
			[]string{`pool "": want a name`, `pool "A": isolation: PoolConfig.Max is 3`, `pool "Later": isolation: PoolConfig.RejectAt is 7`}},
		{command.Config{DefaultPool: isolation.PoolConfig{Core: -1}}, []string{"default pool: isolation: PoolConfig.Core is -1"}},
		{command.Config{DefaultPool: isolation.PoolConfig{Max: 20}, Pools: map[string]isolation.PoolConfig{"Later": {Core: 30}}},
			[]string{`pool "Later": isolation: PoolConfig.Max is 20, less than Core, which is 30`}},
		{command.Config{DefaultCollapser: command.CollapserSettings{Delay: -1}}, []string{"default collapser: CollapserSettings.Delay is -1ns"}},
		{command.Config{Collapsers: map[string]command.CollapserSettings{"C": {MaxRequests: -7}, "": {}}},
			[]string{`collapser "": want a name`, `collapser "C": CollapserSettings.MaxRequests is -7`}},
	} {
		// Everything but what is wrong would be a change.
		test.config.Default.Timeout = 9 * time.Second
		if test.config.Commands == nil {
			test.config.Commands = map[string]command.Settings{}
		}
		test.config.Commands["B"] = command.Settings{Semaphore: 9}
		err := r.Configure(test.config)
		require.Error(t, err)
		for _, want := range test.want {
			require.ErrorContains(t, err, want)
		}
		require.Len(t, strings.Split(err.Error(), "\n"), len(test.want), "said more than once: %v", err)
		require.Equal(t, []time.Duration{5 * time.Second, 5 * time.Second}, []time.Duration{a.Settings().Timeout, b.Settings().Timeout})
		require.Equal(t, 10, b.Settings().Semaphore)
		require.Equal(t, 3, r.Pool("A").Config().Core)
	}
	later := use(t, r, spec{Name: "Later"})
	require.Equal(t, 5*time.Second, later.Settings().Timeout)
	require.Equal(t, 4, r.Pool("Later").Config().Core)
}

// TestConfig_Validate: what can be for some program is no error: a name that
// nobody has yet may get a Spec to which it fits.
func TestConfig_Validate(t *testing.T) {
	for _, s := range []command.Settings{
		{Buckets: 7}, {HealthInterval: 300 * time.Millisecond}, {Buckets: 7, HealthInterval: 300 * time.Millisecond},
		{Window: 7 * time.Second}, {Window: time.Nanosecond}, {LatencyBuckets: 7}, {LatencyWindow: 7 * time.Second}, {Buckets: 4096},
	} {
		c := command.Config{Commands: map[string]command.Settings{"Later": s}, Default: s}
		require.NoError(t, c.Validate(), "%+v", s)
		r := registry(t, command.RegistryOptions{})
		require.NoError(t, r.Configure(command.Config{Commands: c.Commands}), "%+v", s)
	}
	for _, s := range []command.Settings{
		{Buckets: 4097}, {Buckets: -1}, {HealthInterval: -1}, {Window: -1}, {Window: time.Second, HealthInterval: 300 * time.Millisecond},
		{Window: 10 * time.Second, HealthInterval: time.Millisecond}, {LatencyWindow: time.Second, LatencyBuckets: 7},
	} {
		require.Error(t, command.Config{Default: s}.Validate(), "%+v", s)
		require.Error(t, command.Config{Commands: map[string]command.Settings{"Later": s}}.Validate(), "%+v", s)
	}
	for _, s := range []command.CollapserSettings{{Buckets: 7}, {SizeBuckets: 7}, {Window: 7 * time.Second}} {
		require.NoError(t, command.Config{DefaultCollapser: s, Collapsers: map[string]command.CollapserSettings{"C": s}}.Validate())
	}
}

// TestConfigure_Pools: sizes by hand, of the key, of the default.
func TestConfigure_Pools(t *testing.T) {
	r := registry(t, command.RegistryOptions{})
	use(t, r, spec{Name: "A"})
	sizes := func(key string) isolation.PoolConfig { return r.Pool(key).Config() }
	require.NoError(t, r.Configure(command.Config{
		DefaultPool: isolation.PoolConfig{Core: 5, Queue: 100, RejectAt: 80},
		Pools:       map[string]isolation.PoolConfig{"A": {Core: 7}, "NoQueue": {Queue: -1}, "ByHand": {Core: 8, Max: 9}},
	}))
	require.Equal(t, isolation.PoolConfig{Core: 7, Max: 7, Queue: 100, RejectAt: 80}, sizes("A"))
	require.Nil(t, r.Pool("NoQueue"), "made before it is used")
	use(t, r, spec{Name: "B", PoolKey: "NoQueue"})
	require.Equal(t, isolation.PoolConfig{Core: 5, Max: 5}, sizes("NoQueue"))
	use(t, r, spec{Name: "C"})
	require.Equal(t, isolation.PoolConfig{Core: 5, Max: 5, Queue: 100, RejectAt: 80}, sizes("C"))
	require.NoError(t, r.ConfigurePool("ByHand", isolation.PoolConfig{Core: 3, Queue: 10, RejectAt: 10}))
	require.Equal(t, isolation.PoolConfig{Core: 3, Max: 9, Queue: 10, RejectAt: 10}, sizes("ByHand"))

	// By hand on the pool itself: stays until the config says something else.
	require.NoError(t, r.Pool("C").Update(isolation.PoolConfig{Core: 2}))
	require.NoError(t, r.Configure(command.Config{
		DefaultPool: isolation.PoolConfig{Core: 5, Queue: 100, RejectAt: 80},
		Pools:       map[string]isolation.PoolConfig{"ByHand": {Core: 8, Max: 12}},
	}))
	require.Equal(t, isolation.PoolConfig{Core: 2, Max: 2}, sizes("C"))
	require.Equal(t, isolation.PoolConfig{Core: 3, Max: 12, Queue: 10, RejectAt: 10}, sizes("ByHand"))

	require.NoError(t, r.Configure(command.Config{}))
	require.Equal(t, isolation.PoolConfig{Core: 10, Max: 10}, sizes("A"))
	require.Equal(t, isolation.PoolConfig{Core: 10, Max: 10}, sizes("C"))
	require.Equal(t, isolation.PoolConfig{Core: 3, Max: 3, Queue: 10, RejectAt: 10}, sizes("ByHand"))

	err := r.ConfigurePool("A", isolation.PoolConfig{Core: 5, Max: 3})
	require.ErrorContains(t, err, `ConfigurePool("A")`)
	require.NoError(t, r.Configure(command.Config{Pools: map[string]isolation.PoolConfig{"A": {Core: 4}}}))
	require.Equal(t, isolation.PoolConfig{Core: 4, Max: 4}, sizes("A"), "a refused ConfigurePool has left something")

	r.Pool("A").Close() // who closes a pool does not take the settings of the others away
	require.NoError(t, r.Configure(command.Config{Pools: map[string]isolation.PoolConfig{"A": {Core: 6}, "C": {Core: 6}}}))
	require.Equal(t, 6, sizes("C").Core)
}

// TestConfigure_Closed: a closed registry is not configured.
func TestConfigure_Closed(t *testing.T) {
	r := registry(t, command.RegistryOptions{})
	c := use(t, r, spec{Name: "A"})
	r.Close()
	require.ErrorIs(t, r.Configure(command.Config{Default: command.Settings{Timeout: time.Minute}}), command.ErrClosed)
	require.Equal(t, time.Second, c.Settings().Timeout)
	_, err := r.Follow(&source{}, nil)
	require.ErrorIs(t, err, command.ErrClosed)
}

// TestConfigure_IsNotShared: who changes the maps later changes nothing.
func TestConfigure_IsNotShared(t *testing.T) {
	r := registry(t, command.RegistryOptions{})
	c := command.Config{Commands: map[string]command.Settings{"A": {Semaphore: 3}}, Pools: map[string]isolation.PoolConfig{"A": {Core: 3}}}
	require.NoError(t, r.Configure(c))
	c.Commands["A"], c.Pools["A"] = command.Settings{Semaphore: -9}, isolation.PoolConfig{Core: -9}
	a := use(t, r, spec{Name: "A"})
	require.Equal(t, 3, a.Settings().Semaphore)
	require.Equal(t, 3, r.Pool("A").Config().Core)
}

// TestConfigure_WhileNamesCome: commands that are registered, and used for the
// first time, while settings change end with the last ones, in all their parts.
func TestConfigure_WhileNamesCome(t *testing.T) {
	const names, last = 40, 50
	for range 5 {
		r := registry(t, command.RegistryOptions{})
		var all sync.WaitGroup
		all.Go(func() {
			for k := 1; k <= last; k++ {
				c := command.Config{DefaultPool: isolation.PoolConfig{Core: k}, Commands: map[string]command.Settings{}}
				for n := range names {
					c.Commands["N"+strconv.Itoa(n)] = command.Settings{Semaphore: k, RequestVolume: k}
				}
				if err := r.Configure(c); err != nil {
					t.Error(err)
				}
			}
		})
		for n := range names {
			all.Go(func() {
				c := command.MustNew(spec{Name: "N" + strconv.Itoa(n), Registry: r, Run: identity})
				if _, err := c.Execute(t.Context(), 1); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		for n := range names {
			name := "N" + strconv.Itoa(n)
			s, ok := r.Status(name)
			require.True(t, ok)
			require.Equal(t, last, s.Settings.Semaphore, name)
			require.Equal(t, last, r.Pool(name).Config().Core, name)
			require.NoError(t, r.Update(name, command.Settings{Isolation: command.Semaphore}))
		}
		require.NoError(t, r.Shutdown(t.Context()))
	}
}
