package command_test

import (
	"cmp"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// fullAtOnce expects batches that are exactly full to be sent when they are.
func (j *judgement) fullAtOnce() (changed bool) {
	if j.got == nil {
		return false
	}
	full := 0
	for _, b := range j.got.Batches {
		if j.isFull(b) {
			full++
		}
	}
	for i := range j.Steps {
		st := &j.Steps[i]
		if st.Op != "batchCount" || j.got.Steps[st.at] == nil {
			continue
		}
		want, got := count(j.Expect.Steps[st.at]["batches"]), count(j.got.Steps[st.at]["batches"])
		if want < got && got-want <= full {
			j.Expect.Steps[st.at]["batches"] = got
			changed = true
		}
	}
	recorded := slices.Clone(j.Expect.Batches)
	for _, b := range j.got.Batches {
		sent := slices.ContainsFunc(recorded, func(w batchRecord) bool { return slices.Equal(w.Args, b.Args) })
		if j.isFull(b) && !sent && j.sentInTime(b.Args) {
			changed = true
		}
	}
	j.relog(recorded)
	return changed
}

// sentInTime expects a batch that the recording ends before. It knows no other
// outcome than that of a batch command without a script.
func (j *judgement) sentInTime(args []string) bool {
	c, ok := j.collapserOf(args)
	if !ok || len(c.BatchRun) > 0 || c.CreateCommand != "" || c.Map["throw"] != "" {
		return false
	}
	j.Expect.Batches = append(j.Expect.Batches, batchRecord{
		Args: args, Collapsed: len(args), Events: []string{"SUCCESS", "COLLAPSED"}, RunContext: j.submittedIn(args),
	})
	j.Expect.MapperCalls++
	j.Expect.CommandsCreated++
	for i := range j.Steps {
		st := &j.Steps[i]
		if st.Op != "submit" || !slices.Contains(args, text(st.Arg)) || cmp.Or(c.Map[text(st.Arg)], c.Map["default"], "respond") != "respond" {
			continue
		}
		if h := j.Expect.Handles[st.As]; h != nil && h.Terminal == nil && len(h.Values) == 0 && !j.left(st.As) {
			j.Expect.Handles[st.As] = &handleRecord{Values: []any{"r" + text(st.Arg)}, Terminal: &terminalRecord{Complete: true}}
			for k := range j.Steps {
				if w := &j.Steps[k]; k > i && w.Op == "await" && w.ExpectPending && w.Handle == st.As {
					j.Expect.Steps[w.at] = map[string]any{"pending": false}
				}
			}
		}
	}
	return true
}

// isFull reports whether a batch has as many requests as its collapser allows.
func (s *scenario) isFull(b batchRecord) bool {
	c, ok := s.collapserOf(b.Args)
	return ok && c.MaxRequests != nil && *c.MaxRequests == b.Collapsed
}

// collapserOf is the collapser that all of the arguments were given to.
func (s *scenario) collapserOf(args []string) (c collapserConfig, ok bool) {
	for _, key := range slices.Sorted(maps.Keys(s.Collapsers)) {
		if !slices.ContainsFunc(args, func(arg string) bool {
			return !slices.ContainsFunc(s.Steps, func(st step) bool {
				return st.Op == "submit" && st.Collapser == key && text(st.Arg) == arg
			})
		}) {
			return s.Collapsers[key], true
		}
	}
	return c, false
}

func count(v any) int {
	var n int
	if err := decode([]byte(show(v)), &n); err != nil {
		return -1
	}
	return n
}

// batchCancelled expects batches that all left to be cancelled.
func (j *judgement) batchCancelled() (changed bool) {
	if j.got == nil {
		return false
	}
	recorded := slices.Clone(j.Expect.Batches)
	for i, want := range recorded {
		for _, got := range j.got.Batches {
			if slices.Equal(want.Args, got.Args) && slices.Contains(got.Events, "CANCELLED") && !slices.Contains(want.Events, "CANCELLED") && j.allLeft(got.Args) {
				if slices.Contains(want.Events, "SUCCESS") || slices.Contains(want.Events, "FALLBACK_SUCCESS") {
					j.Expect.MapperCalls--
				}
				j.Expect.Batches[i].Events = []string{"CANCELLED", "COLLAPSED"}
				changed = true
				break
			}
		}
	}
	j.relog(recorded)
	return changed
}

// allLeft reports whether all requests for these arguments were unsubscribed or
// cancelled.
func (s *scenario) allLeft(args []string) bool {
	return !slices.ContainsFunc(s.Steps, func(st step) bool {
		return st.Op == "submit" && slices.Contains(args, text(st.Arg)) && !s.left(st.As)
	})
}

func (s *scenario) left(handle string) bool {
	return slices.ContainsFunc(s.Steps, func(st step) bool {
		return (st.Op == "unsubscribe" || st.Op == "cancel") && st.Handle == handle
	})
}

// batchContext expects a global batch in the context of its own first request.
func (j *judgement) batchContext() (changed bool) {
	if j.got == nil {
		return false
	}
	recorded := slices.Clone(j.Expect.Batches)
	for i, want := range recorded {
		c, ok := j.collapserOf(want.Args)
		if first := j.submittedIn(want.Args); ok && c.Scope == "GLOBAL" && want.RunContext != "" && want.RunContext != first {
			j.Expect.Batches[i].RunContext = first
			changed = true
		}
	}
	j.relog(recorded)
	return changed
}

// submittedIn is the context in which the first request for one of the arguments
// was made.
func (s *scenario) submittedIn(args []string) string {
	current := ""
	for i := range s.Steps {
		st := &s.Steps[i]
		switch {
		case st.Op == "newContext", st.Op == "useContext" && st.Name != nil:
			current = *st.Name
		case st.Op == "useContext", st.Op == "closeContext":
			current = ""
		case st.Op == "submit" && slices.Contains(args, text(st.Arg)):
			return current
		}
	}
	return ""
}

// relog expects the logs of the expected batches, if those of the recorded ones
// are what the recorded batches make: else something else is there that the
// batches do not show.
func (j *judgement) relog(recorded []batchRecord) {
	before, known := j.batchLogs(recorded)
	after, stillKnown := j.batchLogs(j.Expect.Batches)
	if !known || !stillKnown {
		return
	}
	for name, text := range j.Expect.Contexts {
		if !slices.Equal(logEntries(text), logEntries(before[name])) {
			return
		}
	}
	for name := range j.Expect.Contexts {
		j.Expect.Contexts[name] = after[name]
		if got := j.got.Contexts[name]; slices.Equal(logEntries(got), logEntries(after[name])) {
			j.Expect.Contexts[name] = got // batches have no order
		}
	}
}

// batchLogs are the logs that batches make, by context, if it is known where they
// ran, and if no context was closed before its batches had ended.
func (s *scenario) batchLogs(batches []batchRecord) (logs map[string]string, known bool) {
	entries := map[string][]string{}
	for _, b := range batches {
		c, ok := s.collapserOf(b.Args)
		if !ok || b.RunContext == "" {
			return nil, false
		}
		entries[b.RunContext] = append(entries[b.RunContext], c.name()+"["+strings.Join(b.Events, ", ")+"][0ms]")
	}
	logs = map[string]string{}
	for name, all := range entries {
		logs[name] = mergeLog(all)
	}
	return logs, !slices.ContainsFunc(s.Steps, func(st step) bool { return st.Op == "closeContext" })
}

var logEntryPattern = regexp.MustCompile(`[^\[\], ]+\[[^\]]*\]\[0ms\](x\d+)?`)

// logEntries are the entries of a log, sorted.
func logEntries(log string) []string {
	return slices.Sorted(slices.Values(logEntryPattern.FindAllString(log, -1)))
}
