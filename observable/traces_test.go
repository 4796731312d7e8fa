package observable_test

import (
	commandline "flag"
	"fmt"
	"log/slog"
	"maps"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"time"
)

// recorded is where the recordings are that come with the package.
const recorded = "testdata/traces"

var (
	traces = commandline.String("traces", recorded, "the directory of recordings that TestTraces plays")
	only   = commandline.String("only", "", "play the cases alone whose name matches this")
)

// TestTraces plays recorded runs of RxJava through the public API under virtual
// time and compares everything that was recorded. Another directory of
// recordings, and single cases of it, are played with
//
//	go test ./observable -run TestTraces -count=1 -v -args -traces DIR -only REGEXP
//
// A case that needs several rules is counted for the first of them in
// deviations.json.
func TestTraces(t *testing.T) {
	name, err := regexp.Compile(*only)
	if err != nil {
		t.Fatal(err)
	}
	logger := slog.Default()
	defer slog.SetDefault(logger)
	rules := loadDeviations(t)
	table := builders()
	unread, used := map[string]bool{}, map[string]bool{}
	passed, failed := 0, 0
	byRule, byReason, unbuilt := map[string]int{}, map[string]int{}, map[string]int{}
	for _, c := range loadTraces(t, *traces) {
		if !name.MatchString(c.Name) {
			continue
		}
		if reason := meaningless(c); reason != "" {
			byReason[reason]++
			continue
		}
		v := judge(rules, table, c, patience, unread)
		switch {
		case v.unbuilt != "":
			unbuilt[v.unbuilt]++
			failed++
		case len(v.diffs) > 0:
			failed++
			t.Errorf("%s:\n    %s", c.Name, strings.Join(v.diffs, "\n    "))
		case v.rules != nil:
			t.Logf("%s: %s", c.Name, strings.Join(v.rules, ", "))
			byRule[v.rules[0]]++
			for _, rule := range v.rules {
				used[rule] = true
			}
		default:
			passed++
		}
	}
	if *only == "" && *traces == recorded {
		for _, arg := range slices.Sorted(maps.Keys(unread)) {
			if unread[arg] {
				t.Errorf("an argument that no builder looks at: %s", arg)
			}
		}
		for _, r := range rules {
			if !used[r.Name] {
				t.Errorf("a rule that no case needs: %s", r.Name)
			}
		}
	}
	deviating := summarize(rules, byRule, byReason)
	for _, op := range slices.Sorted(maps.Keys(unbuilt)) {
		t.Errorf("not built: %s (%d cases)", op, unbuilt[op])
	}
	fmt.Printf("traces: %d passed, %d deviating, %d failed\n", passed, deviating, failed)
}

// A verdict is what is to be said of a case.
type verdict struct {
	unbuilt string // the operator without a builder
	diffs   []string
	rules   []string // the deviations that explain what differs
}

// patience is how long a case may take on the wall clock before it is given up.
// It takes less than a millisecond.
const patience = 20 * time.Second

// judge plays a case. One that does not come back is given up.
func judge(rules []deviation, table map[string]builder, c *traceCase, patience time.Duration, unread map[string]bool) verdict {
	done := make(chan verdict, 1)
	go func() { // ends with the case
		var v verdict
		defer func() { done <- v }()
		defer func() {
			switch r := recover().(type) {
			case nil:
			case notBuilt:
				v = verdict{unbuilt: string(r)}
			default:
				v = verdict{diffs: []string{fmt.Sprintf("the runner panicked: %v\n%s", r, debug.Stack())}}
			}
		}()
		v = verdict{diffs: []string{"it ended its goroutine"}}
		p := newPlayer(c)
		p.unread = unread
		slog.SetDefault(slog.New(p))
		p.play(table)
		v = explain(rules, c, p)
	}()
	select {
	case v := <-done:
		return v
	case <-time.After(patience):
		return verdict{diffs: []string{"it hangs"}}
	}
}
