package command_test

import (
	"slices"
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
	for _, b := range j.got.Batches {
		if j.isFull(b) && !slices.ContainsFunc(j.Expect.Batches, func(w batchRecord) bool { return slices.Equal(w.Args, b.Args) }) {
			j.sentInTime(b)
			changed = true
		}
	}
	return changed
}

// sentInTime expects a batch that the recording ends before.
func (j *judgement) sentInTime(b batchRecord) {
	j.Expect.Batches = append(j.Expect.Batches, b)
	j.Expect.MapperCalls++
	j.Expect.CommandsCreated++
	j.Expect.Contexts = j.got.Contexts
	for i := range j.Steps {
		st := &j.Steps[i]
		if st.Op != "submit" || !slices.Contains(b.Args, text(st.Arg)) {
			continue
		}
		if h := j.Expect.Handles[st.As]; h != nil && h.Terminal == nil && len(h.Values) == 0 {
			j.Expect.Handles[st.As] = j.got.Handles[st.As]
			for k := range j.Steps {
				if w := &j.Steps[k]; w.Op == "await" && w.ExpectPending && w.Handle == st.As {
					j.Expect.Steps[w.at] = j.got.Steps[w.at]
				}
			}
		}
	}
}

func (s *scenario) isFull(b batchRecord) bool {
	for _, c := range s.Collapsers {
		if c.MaxRequests != nil && *c.MaxRequests == b.Collapsed {
			return true
		}
	}
	return false
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
	for i, want := range j.Expect.Batches {
		for _, got := range j.got.Batches {
			if slices.Equal(want.Args, got.Args) && slices.Contains(got.Events, "CANCELLED") && !slices.Contains(want.Events, "CANCELLED") && j.allLeft(got.Args) {
				if slices.Contains(want.Events, "SUCCESS") || slices.Contains(want.Events, "FALLBACK_SUCCESS") {
					j.Expect.MapperCalls--
				}
				j.Expect.Batches[i].Events = []string{"CANCELLED", "COLLAPSED"}
				j.Expect.Contexts = j.got.Contexts
				changed = true
			}
		}
	}
	return changed
}

// allLeft reports whether all requests for these arguments were unsubscribed.
func (s *scenario) allLeft(args []string) bool {
	for i := range s.Steps {
		st := &s.Steps[i]
		left := slices.ContainsFunc(s.Steps, func(other step) bool { return other.Op == "unsubscribe" && other.Handle == st.As })
		if st.Op == "submit" && slices.Contains(args, text(st.Arg)) && !left {
			return false
		}
	}
	return true
}

// batchContext expects a global batch in the context of its own first request.
func (j *judgement) batchContext() (changed bool) {
	if j.got == nil {
		return false
	}
	for i, want := range j.Expect.Batches {
		for _, got := range j.got.Batches {
			if slices.Equal(want.Args, got.Args) && want.RunContext != got.RunContext && j.global() && j.submittedIn(got.RunContext, got.Args) {
				j.Expect.Batches[i].RunContext = got.RunContext
				j.Expect.Contexts = j.got.Contexts
				changed = true
			}
		}
	}
	return changed
}

func (s *scenario) global() bool {
	for _, c := range s.Collapsers {
		if c.Scope == "GLOBAL" {
			return true
		}
	}
	return false
}

// submittedIn reports whether the first request for one of the arguments was made
// in the context.
func (s *scenario) submittedIn(context string, args []string) bool {
	current := ""
	for i := range s.Steps {
		st := &s.Steps[i]
		switch {
		case st.Op == "newContext":
			current = *st.Name
		case st.Op == "useContext" && st.Name != nil:
			current = *st.Name
		case st.Op == "useContext", st.Op == "closeContext":
			current = ""
		case st.Op == "submit" && slices.Contains(args, text(st.Arg)):
			return current == context
		}
	}
	return false
}
