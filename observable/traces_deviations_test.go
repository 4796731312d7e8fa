package observable_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A deviation is a rule by which quill differs from RxJava on purpose: which
// cases it is about, in general terms, and what it makes of what was recorded.
// Whatever the change leaves alone is compared.
type deviation struct {
	Name   string        `json:"name"`
	When   deviationWhen `json:"when"`
	Change string        `json:"change"` // in changes
	Fields []string      `json:"fields"` // what of the record it may change
	How    string        `json:"how"`
	Why    string        `json:"why"`
}

// deviationWhen is a condition; what is not said does not count.
type deviationWhen struct {
	Ops       []string         `json:"ops"`       // one of them is in the chain
	Args      map[string][]any `json:"args"`      // one of its arguments, or of any operator's without ops, has one of the values
	Throws    bool             `json:"throws"`    // RxJava refused an argument
	Disposing bool             `json:"disposing"` // an observer leaves
}

// sooner is the rule for windows alone; those who fall under it are counted
// apart.
var sooner = deviation{Name: "a source is disposed sooner than by RxJava", Change: "sooner", Fields: []string{"windows"}}

func loadDeviations(t testing.TB) []deviation {
	text, err := os.ReadFile("testdata/deviations.json")
	require.NoError(t, err)
	var all []deviation
	require.NoError(t, json.Unmarshal(text, &all))
	for _, d := range all {
		require.NotEmpty(t, d.Name)
		require.NotEmpty(t, d.How, d.Name)
		require.NotEmpty(t, d.Why, d.Name)
		require.NotEmpty(t, d.Fields, d.Name)
		require.Contains(t, changes, d.Change, d.Name)
	}
	return append(all, sooner)
}

// fits reports whether the condition holds for a case.
func (w deviationWhen) fits(c *traceCase) bool {
	if w.Throws && c.Expect.Throws == nil {
		return false
	}
	if w.Disposing && !c.disposes() {
		return false
	}
	if w.Ops == nil && w.Args == nil {
		return true
	}
	return slices.ContainsFunc(c.stages(), w.fitsStage)
}

func (w deviationWhen) fitsStage(s traceStage) bool {
	if w.Ops != nil && !slices.Contains(w.Ops, s.Op) {
		return false
	}
	if w.Args == nil {
		return true
	}
	for key, values := range w.Args {
		is := func(v any) bool { return asJSON(v) == asJSON(s.Args.all[key]) }
		if _, has := s.Args.all[key]; has && slices.ContainsFunc(values, is) {
			return true
		}
	}
	return false
}

// disposes reports whether an observer leaves.
func (c *traceCase) disposes() bool {
	for _, s := range c.Subscribers {
		if s.UnsubscribeAt != nil || s.DisposeOnNext != nil {
			return true
		}
	}
	return false
}

// explain compares what a case gave with what was recorded, and looks for as few
// rules as possible that explain what differs.
func explain(rules []deviation, c *traceCase, p *player) verdict {
	if len(p.wrong) > 0 {
		return verdict{diffs: p.wrong}
	}
	diffs := compareRecords(c, c.want(), p.seen)
	if len(diffs) == 0 {
		return verdict{}
	}
	var fitting []deviation
	for _, r := range rules {
		if r.When.fits(c) {
			fitting = append(fitting, r)
		}
	}
	for n := 1; n <= 3; n++ {
		if names := explainWith(fitting, n, c, c.want(), p.seen); names != nil {
			return verdict{rules: names}
		}
	}
	var v verdict
	for _, d := range diffs {
		v.diffs = append(v.diffs, d.text)
	}
	return v
}

// explainWith returns n rules which together explain what differs, or nothing.
func explainWith(rules []deviation, n int, c *traceCase, want, got traceRecord) []string {
	for i, r := range rules {
		changed := r.apply(c, want, got)
		if n > 1 {
			if more := explainWith(rules[i+1:], n-1, c, changed, got); more != nil {
				return append([]string{r.Name}, more...)
			}
		} else if len(compareRecords(c, changed, got)) == 0 {
			return []string{r.Name}
		}
	}
	return nil
}

// apply returns what the rule makes of want, in its fields.
func (d deviation) apply(c *traceCase, want, got traceRecord) traceRecord {
	if (want.Throws != nil || got.Throws != nil) && !slices.Contains(d.Fields, "throws") {
		return want
	}
	changed := changes[d.Change](c, want, got)
	for _, field := range d.Fields {
		switch field {
		case "subscribers":
			want.Subscribers = changed.Subscribers
		case "windows":
			want.Windows = changed.Windows
		case "log":
			want.Log = changed.Log
		case "undeliverable":
			want.Undeliverable = changed.Undeliverable
		case "probes":
			want.Probes = changed.Probes
		case "throws":
			want = changed
		default:
			panic("no field of a record is called " + field)
		}
	}
	return want
}

// foreign is why a case has no meaning in Go: what of RxJava quill does not
// have, by the start of the name of a function, a step or an operator. The list is
// closed: anything else that cannot be played has failed.
var foreign = []struct{ prefix, reason string }{
	{"nullOn3", "Java null as a signal of its own"},
	{"nextNull", "Java null as a signal of its own"},
	{"flow.", "requests of a Flowable"},
	{"unsubscribeOn", "a Dispose never blocks, so nothing moves it to another thread"},
}

// meaningless returns why a case has no meaning in Go, or nothing.
func meaningless(c *traceCase) string {
	var names []string
	for _, s := range c.stages() {
		names = append(names, s.Op)
		for _, v := range s.Args.all {
			if name, ok := v.(string); ok {
				names = append(names, name)
			}
		}
	}
	for _, e := range c.Script {
		names = append(names, e.what())
	}
	for _, f := range foreign {
		if slices.ContainsFunc(names, func(name string) bool { return strings.HasPrefix(name, f.prefix) }) {
			return f.reason
		}
	}
	return ""
}

// summarize prints how many cases fall under each rule, and how many have no
// meaning.
func summarize(rules []deviation, byRule, byReason map[string]int) (deviating int) {
	for _, r := range rules {
		if n := byRule[r.Name]; n > 0 {
			fmt.Printf("%s: %d\n", r.Name, n)
			deviating += n
		}
	}
	var reasons []string
	for _, reason := range slices.Sorted(maps.Keys(byReason)) {
		reasons = append(reasons, fmt.Sprintf("%s (%d)", reason, byReason[reason]))
		deviating += byReason[reason]
	}
	if reasons != nil {
		fmt.Printf("no meaning in Go: %s\n", strings.Join(reasons, ", "))
	}
	return deviating
}
