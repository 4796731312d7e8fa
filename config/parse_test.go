package config_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/quillgo/quill/breaker"
	"github.com/quillgo/quill/command"
	"github.com/quillgo/quill/config"
	"github.com/quillgo/quill/isolation"
)

func TestParse(t *testing.T) {
	got, err := config.Parse([]byte(`{
		"default":  {"timeout": "500ms", "fallback": "Off"},
		"commands": {
			"GetUser": {"isolation": "Semaphore", "timeout": "off", "semaphore": 20, "fallbackSemaphore": "None",
				"requestCache": "WhenScoped", "requestLog": "On", "breaker": "ForcedOpen", "requestVolume": 5},
			"Charge.Card": {"semaphore": "Unlimited"},
			"Nothing": {}
		},
		"defaultPool": {"core": 5},
		"pools": {"Users": {"core": 20, "max": 40, "queue": 100, "rejectAt": "Unlimited"}, "Orders": {"queue": "None"}},
		"defaultCollapser": {"delay": "5ms"},
		"collapsers": {"GetUsers": {"maxRequests": "Unlimited", "requestCache": "Off"}}
	}`))
	require.NoError(t, err)
	require.Equal(t, command.Config{
		Default: command.Settings{Timeout: 500 * time.Millisecond, Fallback: command.Off},
		Commands: map[string]command.Settings{
			"GetUser": {Isolation: command.Semaphore, Timeout: -1, Semaphore: 20, FallbackSemaphore: command.None,
				RequestCache: command.WhenScoped, RequestLog: command.On, Breaker: breaker.ForcedOpen, RequestVolume: 5},
			"Charge.Card": {Semaphore: command.Unlimited},
			"Nothing":     {},
		},
		DefaultPool: isolation.PoolConfig{Core: 5},
		Pools: map[string]isolation.PoolConfig{
			"Users": {Core: 20, Max: 40, Queue: 100, RejectAt: isolation.Unlimited}, "Orders": {Queue: -1},
		},
		DefaultCollapser: command.CollapserSettings{Delay: 5 * time.Millisecond},
		Collapsers:       map[string]command.CollapserSettings{"GetUsers": {MaxRequests: command.Unlimited, RequestCache: command.Off}},
	}, got)
}

// TestParse_Strict: whatever is not meant is an error that names the path, the
// value and what would be right.
func TestParse_Strict(t *testing.T) {
	for _, test := range []struct {
		text string
		want []string
	}{
		{``, []string{"line 1, column 0", "unexpected end"}},
		{`{"commands": {"A": {"timeout": "1s"}}`, []string{"unexpected end"}},
		{"{\n  \"default\": {,}}", []string{"line 2, column 15"}},
		{`{} {}`, []string{"column 4", "after top-level value"}},
		{`{}x`, []string{"after top-level value"}},
		{"{\"commands\": {\"A\xff\": {}}}", []string{"not UTF-8"}},
		{`null`, []string{"the configuration is null, want an object"}},
		{`[]`, []string{"the configuration is a list, want an object"}},
		{`{"comands": {}}`, []string{"comands is not known, perhaps commands is meant"}},
		{`{"servers": {}}`, []string{"servers is not known, want one of default, commands, defaultPool, pools, defaultCollapser, collapsers"}},
		{`{"commands": {"A": {"timeOut": "1s"}}}`, []string{"commands.A.timeOut is not known, perhaps timeout is meant"}},
		{`{"commands": {"A": {"Timeout": "1s"}}}`, []string{"commands.A.Timeout is not known, perhaps timeout"}},
		{`{"commands": {"A": {"timeout": {"ms": 5}}}}`, []string{"commands.A.timeout is an object, want a duration"}},
		{`{"commands": {"A.B": {"timeout": 1}}}`, []string{`commands["A.B"].timeout is 1, want a duration of more than 0 such as "250ms" or "off"`}},
		{`{"commands": {"A": {"timeout": "0s"}}}`, []string{`commands.A.timeout is "0s", want a duration of more than 0`}},
		{`{"commands": {"A": {"timeout": "-1s"}}}`, []string{`commands.A.timeout is "-1s"`}},
		{`{"commands": {"A": {"timeout": "soon"}}}`, []string{`commands.A.timeout is "soon"`}},
		{`{"commands": {"A": {"sleepWindow": "off"}}}`, []string{`commands.A.sleepWindow is "off", want a duration of more than 0 such as "250ms"`}},
		{`{"commands": {"A": {"semaphore": 0}}}`, []string{`commands.A.semaphore is 0, want 1 or more, "Unlimited" or "None"`}},
		{`{"commands": {"A": {"semaphore": -1}}}`, []string{`commands.A.semaphore is -1`}},
		{`{"commands": {"A": {"semaphore": "20"}}}`, []string{`commands.A.semaphore is "20"`}},
		{`{"commands": {"A": {"semaphore": 2.5}}}`, []string{`commands.A.semaphore is 2.5`}},
		{`{"commands": {"A": {"semaphore": 1e2}}}`, []string{`commands.A.semaphore is 1e2`}},
		{`{"commands": {"A": {"semaphore": 3000000000}}}`, []string{`command "A": Settings.Semaphore is 3000000000, want 1 to 2147483647`}},
		{`{"commands": {"A": {"semaphore": 99999999999999999999}}}`, []string{`commands.A.semaphore is 99999999999999999999`}},
		{`{"commands": {"A": {"semaphore": null}}}`, []string{`commands.A.semaphore is null`}},
		{`{"commands": {"A": {"buckets": "Unlimited"}}}`, []string{`commands.A.buckets is "Unlimited", want 1 or more`}},
		{`{"commands": {"A": {"fallback": false}}}`, []string{`commands.A.fallback is false, want "On" or "Off"`}},
		{`{"commands": {"A": {"fallback": "off"}}}`, []string{`commands.A.fallback is "off", want "On" or "Off"`}},
		{`{"commands": {"A": {"requestLog": "WhenScoped"}}}`, []string{`commands.A.requestLog is "WhenScoped", want "On" or "Off"`}},
		{`{"commands": {"A": {"isolation": "THREAD"}}}`, []string{`commands.A.isolation is "THREAD", want "Pool" or "Semaphore"`}},
		{`{"commands": {"A": {"breaker": "Unset"}}}`, []string{`commands.A.breaker is "Unset", want "Auto", "ForcedOpen", "ForcedClosed" or "Disabled"`}},
		{`{"commands": {"A": []}}`, []string{`commands.A is a list, want an object`}},
		{`{"commands": {"": {}}}`, []string{`command "": want a name`}},
		{`{"commands": {"A": {"semaphore": 1, "semaphore": 2}}}`, []string{"commands.A.semaphore is there twice"}},
		{`{"commands": {"A": {}, "\u0041": {}}}`, []string{"commands.A is there twice"}},
		{`{"default": {}, "default": {}}`, []string{"default is there twice"}},
		{`{"commands": {"A": {"errorPercent": 101}}}`, []string{`command "A": Settings.ErrorPercent is 101, want 1 to 100`}},
		{`{"commands": {"A": {"window": "1s", "buckets": 7}}}`, []string{`command "A": Settings.Buckets is 7, want a number that divides Settings.Window (1s)`}},
		{`{"default": {"errorPercent": 101}, "commands": {"A": {}}}`, []string{"default: Settings.ErrorPercent is 101"}},
		{`{"pools": {"P": {"core": 5, "max": 3}}}`, []string{`pool "P": `, "PoolConfig.Max is 3", "Core, which is 5"}},
		{`{"pools": {"P": {"queue": "Unlimited"}}}`, []string{`pools.P.queue is "Unlimited", want 1 or more or "None"`}},
		{`{"collapsers": {"C": {"maxRequests": "None"}}}`, []string{`collapsers.C.maxRequests is "None", want 1 or more or "Unlimited"`}},
		{`{"collapsers": {"C": {"sizeWindow": "1s", "sizeBuckets": 7}}}`, []string{`collapser "C": CollapserSettings.SizeBuckets is 7`}},
	} {
		c, err := config.Parse([]byte(test.text))
		require.Error(t, err, test.text)
		require.Equal(t, command.Config{}, c, "%s: a Config beside the error", test.text)
		for _, want := range test.want {
			require.ErrorContains(t, err, want, test.text)
		}
		for line := range strings.Lines(err.Error()) {
			if strings.HasPrefix(test.text, "{") && strings.Count(line, "config: ") > 1 {
				t.Errorf("%q says more than once that it is of package config", line)
			}
		}
	}
}

// TestParse_AllAtOnce: every mistake is told, in one error.
func TestParse_AllAtOnce(t *testing.T) {
	_, err := config.Parse([]byte(`{"default": {"timeout": 5, "nonsense": 1}, "pools": {"P": {"core": "x"}}}`))
	require.Error(t, err)
	require.Equal(t, 3, len(strings.Split(err.Error(), "\n")), err)
	_, err = config.Parse([]byte(`{"default": {"errorPercent": 500, "buckets": 7, "window": "1s"}, "pools": {"P": {"max": 3}}}`))
	require.Error(t, err)
	require.Equal(t, 3, len(strings.Split(err.Error(), "\n")), err)
}

// TestParse_DeepNesting: what nests without end is refused, not followed.
func TestParse_DeepNesting(t *testing.T) {
	for _, n := range []int{100, 9_000, 50_000} {
		_, err := config.Parse([]byte(`{"default":` + strings.Repeat("[", n) + strings.Repeat("]", n) + "}"))
		require.Error(t, err)
		_, err = config.Parse([]byte(strings.Repeat(`{"default":`, n) + "1" + strings.Repeat("}", n)))
		require.Error(t, err)
	}
}

// sections are the objects of a Config whose fields are leaves, by path.
var sections = map[string]reflect.Type{
	"default":          reflect.TypeFor[command.Settings](),
	"commands.X":       reflect.TypeFor[command.Settings](),
	"defaultPool":      reflect.TypeFor[isolation.PoolConfig](),
	"pools.X":          reflect.TypeFor[isolation.PoolConfig](),
	"defaultCollapser": reflect.TypeFor[command.CollapserSettings](),
	"collapsers.X":     reflect.TypeFor[command.CollapserSettings](),
}

// sectionOf returns the part of a Config at a path of sections.
func sectionOf(c command.Config, path string) reflect.Value {
	name, x, ok := strings.Cut(path, ".")
	v := reflect.ValueOf(c).FieldByName(strings.ToUpper(name[:1]) + name[1:])
	if ok {
		v = v.MapIndex(reflect.ValueOf(x))
	}
	return v
}

// sample is a text for each type of field, and what it means.
func sample(f reflect.StructField) (text string, want any) {
	switch f.Type {
	case reflect.TypeFor[time.Duration]():
		return `"2s"`, 2 * time.Second
	case reflect.TypeFor[int]():
		return `2`, 2
	case reflect.TypeFor[command.Switch]():
		return `"Off"`, command.Off
	case reflect.TypeFor[command.Isolation]():
		return `"Semaphore"`, command.Semaphore
	case reflect.TypeFor[breaker.Mode]():
		return `"Disabled"`, breaker.Disabled
	}
	return "", nil
}

// TestParse_EveryField: each field of each struct can be set by its key, and by
// nothing else.
func TestParse_EveryField(t *testing.T) {
	found := 0
	for path, typ := range sections {
		require.True(t, sectionOf(command.Config{
			Commands: map[string]command.Settings{"X": {}}, Pools: map[string]isolation.PoolConfig{"X": {}}, Collapsers: map[string]command.CollapserSettings{"X": {}},
		}, path).IsValid(), path)
		for _, f := range reflect.VisibleFields(typ) {
			found++
			value, want := sample(f)
			require.NotNil(t, want, "%v.%s has a type that this test does not know", typ, f.Name)
			key := strings.ToLower(f.Name[:1]) + f.Name[1:]
			object := fmt.Sprintf(`{%q: %s}`, key, value)
			switch f.Name { // what has to go with it
			case "RejectAt":
				object = fmt.Sprintf(`{"queue": 3, %q: %s}`, key, value)
			case "Max":
				object = fmt.Sprintf(`{"core": 1, %q: %s}`, key, value)
			}
			text := object
			for _, part := range slicesBackward(strings.Split(path, ".")) {
				text = fmt.Sprintf(`{%q: %s}`, part, text)
			}
			c, err := config.Parse([]byte(text))
			require.NoError(t, err, text)
			require.Equal(t, want, sectionOf(c, path).FieldByIndex(f.Index).Interface(), text)

			var m map[string]any
			require.NoError(t, json.Unmarshal([]byte(text), &m))
			again, err := config.FromMap(m)
			require.NoError(t, err, text)
			require.Equal(t, c, again, text)

			out, err := config.Marshal(c)
			require.NoError(t, err)
			back, err := config.Parse(out)
			require.NoError(t, err, "%s", out)
			require.Equal(t, c, back, "%s", out)
		}
	}
	require.Greater(t, found, 50, "this test no longer finds the fields")
	require.Equal(t, len(sections), reflect.TypeFor[command.Config]().NumField(), "a part of Config that this test does not know")
}

func slicesBackward(s []string) (back []string) {
	for i := range s {
		back = append(back, s[len(s)-1-i])
	}
	return back
}
