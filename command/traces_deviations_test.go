package command_test

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

// rules is how many the architecture has.
const rules = 15

// deviation is a way in which quill differs from Hystrix on purpose, by a rule
// of the architecture. It says which scenarios it may concern, and has a change,
// a method of judgement, that finds out from the structure of the scenario
// whether it does, and then edits the script or the expectation. Everything is
// compared after that.
type deviation struct {
	Rule   int       `json:"rule"`
	Name   string    `json:"name"`
	When   condition `json:"when"`
	Change string    `json:"change"`
	Fields []string  `json:"fields"` // of the expectation, that the change may edit
	How    string    `json:"how"`
	Why    string    `json:"why"`
}

// condition is what a scenario must have; an empty field asks for nothing.
type condition struct {
	Ops           []string `json:"ops"`           // all of these
	Recorded      []string `json:"recorded"`      // one of these events, of some instance
	Reads         []string `json:"reads"`         // one of these fields, by state or awaitState
	Isolation     string   `json:"isolation"`     // of some command
	FailureType   string   `json:"failureType"`   // of some error
	Interruptible bool     `json:"interruptible"` // a script that ends when it is interrupted
}

func (c *condition) holds(s *scenario) bool {
	ops, reads, interruptible := map[string]bool{}, false, false
	for i := range s.Steps {
		st := &s.Steps[i]
		ops[st.Op] = true
		for _, field := range append(st.Fields, st.Field) {
			reads = reads || slices.Contains(c.Reads, field)
		}
		interruptible = interruptible || st.Cmd != nil && st.Cmd.Run.interruptible()
	}
	events, failure := false, false
	for _, h := range s.Expect.Handles {
		events = events || h.had(c.Recorded...)
		failure = failure || h.Terminal != nil && h.Terminal.Error != nil && h.Terminal.Error.FailureType == c.FailureType
	}
	isolation := false
	for key := range s.Commands {
		isolation = isolation || s.isolation(key) == c.Isolation
	}
	return !slices.ContainsFunc(c.Ops, func(op string) bool { return !ops[op] }) &&
		(c.Recorded == nil || events) && (c.Reads == nil || reads) && (c.Isolation == "" || isolation) &&
		(c.FailureType == "" || failure) && (!c.Interruptible || interruptible)
}

func (h *handleRecord) had(events ...string) bool {
	return h != nil && slices.ContainsFunc(h.Events, func(e string) bool { return slices.Contains(events, e) })
}

func (s script) interruptible() bool {
	return slices.ContainsFunc(s, func(a action) bool { return a.OnInterrupt == "fail" })
}

func (s *scenario) isolation(key string) string {
	if i := s.Commands[key].Isolation; i != nil {
		return *i
	}
	if s.multi(key) {
		return "SEMAPHORE"
	}
	return "THREAD"
}

// changes are the changes that deviations can name. Each reports whether it
// changed anything, and plays anew what it edited the script of.
var changes = map[string]func(*judgement) bool{
	"abandoned":      (*judgement).abandoned,
	"batchCancelled": (*judgement).batchCancelled,
	"batchContext":   (*judgement).batchContext,
	"firstOfWindow":  (*judgement).firstOfWindow,
	"fullAtOnce":     (*judgement).fullAtOnce,
	"fusedTimeout":   (*judgement).fusedTimeout,
	"interrupted":    (*judgement).interrupted,
	"keptCause":      (*judgement).keptCause,
	"lag":            (*judgement).lag,
	"lastLeaves":     (*judgement).lastLeaves,
	"logged":         (*judgement).logged,
	"outlived":       (*judgement).outlived,
	"permits":        (*judgement).permits,
	"reopened":       (*judgement).reopened,
}

func loadDeviations(t testing.TB) (all []deviation) {
	text, err := os.ReadFile("testdata/deviations.json")
	require.NoError(t, err)
	require.NoError(t, decodeStrictly(text, &all))
	for _, d := range all {
		require.Contains(t, changes, d.Change, d.Name)
		require.True(t, d.Rule >= 1 && d.Rule <= rules && d.Name != "" && d.How != "" && d.Why != "", "%+v", d)
	}
	return all
}

// verdict is what became of a scenario.
type verdict struct {
	name  string
	needs []deviation // without any one of these there is a difference
	diffs []string    // empty unless it failed
}

// judge plays a scenario, which fresh returns anew each time, as often as it
// takes to find out whether quill does the same, or differs by rules only.
func judge(t *testing.T, deviations []deviation, fresh func() *scenario) verdict {
	first := &judgement{t: t, scenario: fresh()}
	first.replay()
	v := verdict{name: first.Name, diffs: first.diffs()}
	if len(v.diffs) == 0 {
		return v
	}
	all := deviating(t, deviations, fresh)
	if v.diffs = all.diffs(); len(v.diffs) > 0 {
		return v
	}
	for i := range all.used {
		without := slices.Delete(slices.Clone(all.used), i, i+1)
		if len(deviating(t, without, fresh).diffs()) > 0 {
			v.needs = append(v.needs, all.used[i])
		}
	}
	if len(v.needs) == 0 {
		v.diffs = []string{"it differs, and no rule is needed to explain it"}
	}
	return v
}

// deviating plays a scenario with deviations.
func deviating(t *testing.T, deviations []deviation, fresh func() *scenario) *judgement {
	j := &judgement{t: t, scenario: fresh()}
	j.replay()
	for _, d := range deviations {
		if !d.When.holds(j.scenario) {
			continue
		}
		before := j.expectation()
		if changes[d.Change](j) {
			j.used = append(j.used, d)
			j.onlyIn(&d, before)
		}
	}
	return j
}

// judgement is a scenario with deviations in it, and what quill made of it.
type judgement struct {
	*scenario
	t        *testing.T
	got      *record
	problems []string
	used     []deviation // that changed something
}

func (j *judgement) replay() { j.got, j.problems = play(j.t, j.copied()) }

func (j *judgement) diffs() []string {
	return append(slices.Clone(j.problems), compare(j.scenario, j.got)...)
}

// copied is the scenario for one playing, which setProperty may change.
func (j *judgement) copied() *scenario {
	s := *j.scenario
	s.Commands = maps.Clone(j.Commands)
	return &s
}

func (j *judgement) expectation() *record {
	text, err := json.Marshal(j.Expect)
	require.NoError(j.t, err)
	var r record
	require.NoError(j.t, decode(text, &r))
	return &r
}

// onlyIn checks that a deviation changed the expectation in its fields only.
func (j *judgement) onlyIn(d *deviation, before *record) {
	for _, diff := range compare(j.scenario, before) {
		field, _, _ := strings.Cut(diff, ":")
		at := strings.Split(field, ".")
		if !slices.ContainsFunc(d.Fields, func(f string) bool { return within(at, strings.Split(f, ".")) }) {
			j.problems = append(j.problems, fmt.Sprintf("rule %d (%s) must not change %s", d.Rule, d.Name, diff))
		}
	}
}

// within reports whether a path begins as pattern says, where "*" is any name.
func within(path, pattern []string) bool {
	for i, name := range pattern {
		if i >= len(path) || name != "*" && name != path[i] {
			return false
		}
	}
	return true
}

// insert puts steps before the i-th.
func (s *scenario) insert(i int, steps ...step) { s.Steps = slices.Insert(s.Steps, i, steps...) }
