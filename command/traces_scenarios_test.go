package command_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// scenarios is where the hand-written scenarios are: what the format and the
// rules describe, and no recording that comes with the package has.
const scenarios = "testdata/scenarios"

// TestScenarios plays the hand-written scenarios. Their first tag says which rule
// they need, or "none".
func TestScenarios(t *testing.T) {
	deviations := loadDeviations(t)
	for _, text := range loadTraces(t, scenarios) {
		s := mustParse(t, text)
		v := judgeText(t, deviations, text)
		require.Empty(t, v.diffs, s.Name)
		rule := "none"
		if len(v.needs) > 0 {
			rule = fmt.Sprintf("rule %d", v.needs[0].Rule)
		}
		require.Equal(t, s.Tags[0], rule, s.Name)
	}
}

// TestDeviations_AreAllNeeded sees that no rule is listed that explains nothing.
func TestDeviations_AreAllNeeded(t *testing.T) {
	deviations := loadDeviations(t)
	needed := map[string]bool{}
	for _, text := range append(loadTraces(t, recorded), loadTraces(t, scenarios)...) {
		for _, d := range judgeText(t, deviations, text).needs {
			needed[d.Name] = true
		}
	}
	for _, d := range deviations {
		require.True(t, needed[d.Name], "rule %d, %s", d.Rule, d.Name)
	}
}

// TestPlay_NothingIsSilent: what goes wrong with the playing fails a scenario.
func TestPlay_NothingIsSilent(t *testing.T) {
	const call = `{"op": "execute", "as": "h", "cmd": {"key": "A", "run": [{"wait": "g"}]}}`
	for _, c := range []struct{ steps, want string }{
		{`{"op": "awaitState", "key": "A", "field": "concurrent", "equals": "1"}`, "concurrent did not become 1"},
		{`{"op": "toObservable", "as": "h", "subscribe": false, "cmd": {"key": "A"}}, {"op": "awaitEvent", "handle": "h", "event": "EMIT"}`, "EMIT did not come"},
		{`{"op": "toObservable", "as": "h", "subscribe": false, "cmd": {"key": "A"}}, {"op": "awaitStarted", "handle": "h"}`, "the start did not come"},
		{`{"op": "await", "handle": "h"}`, "unknown handle"},
		{`{"op": "dance"}`, "unknown operation"},
		{`{"op": "useContext", "name": "c"}`, "there is no context"},
		{strings.Replace(call, `"run"`, `"cacheKey": "k", "run"`, 1) + `, {"op": "setProperty", "key": "A", "property": "color", "value": 1}`, "color"},
		{call, "the scenario hangs"},
	} {
		text := fmt.Sprintf(`{"name": "s", "commands": {"A": {"isolation": "SEMAPHORE", "timeoutEnabled": false}}, "expect": {}, "steps": [%s]}`, c.steps)
		_, problems := play(t, mustParse(t, json.RawMessage(text)))
		require.Contains(t, strings.Join(problems, "\n"), c.want, c.steps)
	}
	for _, text := range []string{
		`{"name": "s", "commands": {}, "expect": {}, "steps": [{"op": "sleep", "ns": 5}]}`,
		`{"name": "s", "expect": {}, "commands": {"A": {"isolated": true}}}`,
		`{"name": "s", "expect": {}}`,
		`{"name": "s", "commands": {}}`,
		`{"commands": {}, "expect": {}}`,
	} {
		_, err := parseScenario(json.RawMessage(text))
		require.Error(t, err, text)
	}
}

// TestCompare_SeesEveryField changes each part of recorded expectations, one at
// a time: all are noticed but those that are translations.
func TestCompare_SeesEveryField(t *testing.T) {
	all := loadTraces(t, recorded)
	for i := 0; i < len(all); i += 31 {
		s := mustParse(t, all[i])
		before := mustParse(t, all[i]).Expect
		var tree map[string]any
		require.NoError(t, decode(all[i], &tree))
		change(tree["expect"], "expect", func(at string) {
			text, err := json.Marshal(tree)
			require.NoError(t, err)
			changed, err := parseScenario(text)
			if err != nil {
				return // no longer a recording: it was noticed
			}
			noticed := len(compare(changed, before)) > 0
			require.Equal(t, !translated(at), noticed, "%s: %s", s.Name, at)
		})
	}
}

// translated reports whether a field has no meaning in quill, as the format
// says: that of a message depends on whose error it is.
func translated(at string) bool {
	for _, end := range []string{
		".threwAt", ".interrupted", ".kind",
		"RUNTIME.message", "OTHER.message", "TIMEOUT.message", "POOL_REJECTED.message", "NO_FALLBACK.message",
		"CANCELLED.message", "ILLEGAL_STATE.message",
	} {
		if strings.HasSuffix(at, end) {
			return true
		}
	}
	return false
}

// change calls f with each leaf of a tree changed in turn.
func change(node any, at string, f func(at string)) {
	leaf := func(at string, v any, set func(any)) {
		switch v := v.(type) {
		case map[string]any, []any:
			change(v, at, f)
		case bool:
			set(!v)
			f(at)
		case string:
			set(v + "!")
			f(at)
		default:
			set(json.Number("4711"))
			f(at)
		}
		set(v)
	}
	switch node := node.(type) {
	case map[string]any:
		for key, v := range node {
			name := key
			if category, ok := node["category"]; ok {
				name = fmt.Sprint(category) + "." + key
			}
			leaf(at+"."+name, v, func(v any) { node[key] = v })
		}
	case []any:
		for i, v := range node {
			leaf(fmt.Sprintf("%s.%d", at, i), v, func(v any) { node[i] = v })
		}
	}
}
