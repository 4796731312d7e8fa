package config_test

import (
	"bytes"
	"maps"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/quillgo/quill/breaker"
	"github.com/quillgo/quill/command"
	"github.com/quillgo/quill/config"
	"github.com/quillgo/quill/isolation"
)

// TestFromMap_Types: libraries decode into types of their own.
func TestFromMap_Types(t *testing.T) {
	type text string
	duration := 2 * time.Second
	for _, section := range []any{
		map[string]any{"timeout": "2s", "semaphore": 7},
		map[any]any{"timeout": text("2s"), "semaphore": int64(7)},
		map[text]any{"timeout": &duration, "semaphore": uint8(7)},
		map[string]any{"timeout": duration, "semaphore": 7.0},
		map[string]string{"timeout": "2s", "semaphore": "7"},
	} {
		c, err := config.FromMap(map[string]any{"commands": map[string]any{"A": section}})
		require.NoError(t, err, "%v", section)
		require.Equal(t, command.Settings{Timeout: duration, Semaphore: 7}, c.Commands["A"])
	}
	c, err := config.FromMap(nil)
	require.NoError(t, err)
	require.Equal(t, command.Config{}, c)
}

func TestFromMap_Strict(t *testing.T) {
	for value, want := range map[any]string{
		7.5:                    "is 7.5",
		math.NaN():             "is NaN",
		math.Inf(1):            "is +Inf",
		1e300:                  "is 1e+300",
		uint64(math.MaxUint64): "is 18446744073709551615",
		time.Duration(7):       "is 7ns",
		true:                   "is true",
		"":                     `is ""`,
		"seven":                `is "seven"`,
		"0":                    `is "0"`,
		struct{ N int }{7}:     "is {7}",
		(*int)(nil):            "is null",
		[1]int{7}:              "is a list",
		complex(7, 0):          "is (7+0i)",
	} {
		_, err := config.FromMap(map[string]any{"commands": map[string]any{"A": map[string]any{"semaphore": value}}})
		require.ErrorContains(t, err, "commands.A.semaphore "+want)
		require.ErrorContains(t, err, `want 1 or more, "Unlimited" or "None"`)
	}
	_, err := config.FromMap(map[string]any{"commands": map[any]any{7: map[string]any{}}})
	require.ErrorContains(t, err, "commands has the key 7, want strings as keys")
	_, err = config.FromMap(map[string]any{"commands": map[string]any{"A": nil}})
	require.ErrorContains(t, err, "commands.A is null, want an object")
	_, err = config.FromMap(map[string]any{"default": map[string]any{"sleepWindow": time.Duration(-1)}})
	require.ErrorContains(t, err, "default.sleepWindow is -1ns")
}

// TestFromMap_IsNotKept: the map is read, not kept.
func TestFromMap_IsNotKept(t *testing.T) {
	m := map[string]any{"semaphore": 7}
	c, err := config.FromMap(map[string]any{"commands": map[string]any{"A": m}})
	require.NoError(t, err)
	m["semaphore"] = 8
	require.Equal(t, 7, c.Commands["A"].Semaphore)
}

func TestMarshal_Refuses(t *testing.T) {
	for _, c := range []command.Config{
		{Default: command.Settings{Fallback: 9}},
		{Default: command.Settings{Fallback: command.WhenScoped}},
		{Commands: map[string]command.Settings{"": {}}},
		{Pools: map[string]isolation.PoolConfig{"P": {Core: -1}}},
	} {
		_, err := config.Marshal(c)
		require.Error(t, err, "%+v", c)
	}
}

// anyConfig draws a Config that can be.
func anyConfig(t *rapid.T) command.Config {
	names := rapid.SampledFrom([]string{"A", "b.c", `"q"`, "ü", "default", "a b"})
	millis := func(name string, off bool) time.Duration {
		d := time.Duration(rapid.IntRange(0, 50).Draw(t, name)) * 1000 * time.Microsecond
		if off && rapid.Bool().Draw(t, name+" off") {
			return -1
		}
		return d
	}
	number := func(name string, words ...int) int {
		if len(words) > 0 && rapid.Bool().Draw(t, name+" is a word") {
			return rapid.SampledFrom(words).Draw(t, name)
		}
		return rapid.IntRange(0, 100).Draw(t, name)
	}
	toggle := func(name string, most command.Switch) command.Switch {
		return command.Switch(rapid.IntRange(0, int(most)).Draw(t, name))
	}
	settings := func() command.Settings {
		s := command.Settings{
			Isolation: command.Isolation(rapid.IntRange(0, 2).Draw(t, "isolation")), Timeout: millis("timeout", true),
			Semaphore: number("semaphore", command.Unlimited, command.None), FallbackSemaphore: number("fallbacks", command.Unlimited, command.None),
			Fallback: toggle("fallback", command.Off), RequestCache: toggle("cache", command.WhenScoped), RequestLog: toggle("log", command.Off),
			Breaker:       breaker.Mode(rapid.IntRange(0, int(breaker.Disabled)).Draw(t, "mode")),
			RequestVolume: number("volume"), ErrorPercent: number("percent"), SleepWindow: millis("sleep", false),
		}
		if rapid.Bool().Draw(t, "windows") {
			s.Buckets, s.HealthInterval = 1+number("buckets"), time.Second
			s.Window = time.Duration(s.Buckets) * time.Second
		}
		return s
	}
	pool := func() (p isolation.PoolConfig) {
		if rapid.Bool().Draw(t, "empty pool") {
			return p
		}
		p.Core = 1 + number("core")
		p.Max = p.Core + number("max")
		p.RejectAt = isolation.Unlimited
		if p.Queue = number("queue", -1); p.Queue > 0 && rapid.Bool().Draw(t, "threshold") {
			p.RejectAt = rapid.IntRange(1, p.Queue).Draw(t, "rejectAt")
		}
		return p
	}
	collapser := func() command.CollapserSettings {
		return command.CollapserSettings{Delay: millis("delay", false), MaxRequests: number("most", command.Unlimited), RequestCache: toggle("cache", command.WhenScoped)}
	}
	c := command.Config{Default: settings(), DefaultPool: pool(), DefaultCollapser: collapser()}
	c.Commands = rapid.MapOf(names, rapid.Custom(func(*rapid.T) command.Settings { return settings() })).Draw(t, "commands")
	c.Pools = map[string]isolation.PoolConfig{}
	for name := range rapid.MapOf(names, rapid.Bool()).Draw(t, "pools") {
		p := pool()
		if p == (isolation.PoolConfig{}) || p.Queue == 0 {
			p = isolation.PoolConfig{Core: 3, Max: 5, Queue: -1} // complete: the default's values may not fit
		}
		c.Pools[name] = p
	}
	c.Collapsers = rapid.MapOf(names, rapid.Custom(func(*rapid.T) command.CollapserSettings { return collapser() })).Draw(t, "collapsers")
	return c
}

// normal is c with nil for empty maps.
func normal(c command.Config) command.Config {
	if len(c.Commands) == 0 {
		c.Commands = nil
	}
	if len(c.Pools) == 0 {
		c.Pools = nil
	}
	if len(c.Collapsers) == 0 {
		c.Collapsers = nil
	}
	return c
}

// TestMarshal_RoundTrip: what can be, can be written and read again.
func TestMarshal_RoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := anyConfig(t)
		before := maps.Clone(c.Commands)
		text, err := config.Marshal(c)
		if err != nil {
			t.Fatalf("%+v: %v", c, err)
		}
		back, err := config.Parse(text)
		if err != nil {
			t.Fatalf("%s\n%v", text, err)
		}
		require.Equal(t, normal(c), normal(back), "%s", text)
		require.Equal(t, before, c.Commands)
	})
}

// FuzzParse: no text does anything but be refused or be read; what was read is
// written and read again as the same, and two writings are the same text.
func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"default": {"timeout": "500ms"}, "commands": {"A": {"semaphore": "None", "breaker": "Auto"}}, "pools": {"P": {"queue": 3}}}`))
	f.Add([]byte(`{"commands": {"A": {}, "A": {}}}`))
	f.Add([]byte(`{"collapsers": {"": {"delay": "1e3s"}}} []`))
	f.Add([]byte(`{"defaultPool": {"core": 1E2, "rejectAt": "Unlimited"}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		c, err := config.Parse(text)
		if err != nil {
			require.Equal(t, command.Config{}, c)
			return
		}
		out, err := config.Marshal(c)
		require.NoError(t, err)
		back, err := config.Parse(out)
		require.NoError(t, err, "%s", out)
		require.Equal(t, normal(c), normal(back))
		again, err := config.Marshal(back)
		require.NoError(t, err)
		require.True(t, bytes.Equal(out, again), "%s\n%s", out, again)
	})
}
