package command_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// recorded is where the recordings are that come with the package.
const recorded = "testdata/traces"

var traces = flag.String("traces", recorded, "the directory of recordings that TestTraces plays")

// TestTraces plays recorded runs of Netflix Hystrix through the public API, each
// in a bubble and a registry of its own, and compares everything that was
// recorded. Another directory of recordings is played with
//
//	go test ./command -run TestTraces -count=1 -v -args -traces DIR
//
// A scenario that needs several rules is counted for the first of them in
// deviations.json.
func TestTraces(t *testing.T) {
	deviations := loadDeviations(t)
	passed, deviating, failed, byRule := 0, 0, 0, map[int]int{}
	for _, text := range loadTraces(t, *traces) {
		switch v := judgeText(t, deviations, text); {
		case len(v.diffs) > 0:
			failed++
			report(t, v)
		case len(v.needs) > 0:
			deviating++
			byRule[v.needs[0].Rule]++
		default:
			passed++
		}
	}
	for rule := range rules + 1 {
		if n := byRule[rule]; n > 0 {
			fmt.Printf("rule %d: %d\n", rule, n)
		}
	}
	fmt.Printf("traces: %d passed, %d deviating, %d failed\n", passed, deviating, failed)
}

// judgeText judges a scenario as it was recorded.
func judgeText(t *testing.T, deviations []deviation, text json.RawMessage) verdict {
	if _, err := parseScenario(text); err != nil {
		return verdict{name: "a scenario that cannot be played", diffs: []string{err.Error()}}
	}
	return judge(t, deviations, func() *scenario { return mustParse(t, text) })
}

func mustParse(t *testing.T, text json.RawMessage) *scenario {
	s, err := parseScenario(text)
	require.NoError(t, err)
	return s
}

func report(t *testing.T, v verdict) {
	t.Helper()
	var b bytes.Buffer
	for _, d := range v.diffs {
		b.WriteString("\n    " + d)
	}
	t.Errorf("%s:%s", v.name, b.String())
}
