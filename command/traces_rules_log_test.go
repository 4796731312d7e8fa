package command_test

import (
	"fmt"
	"slices"
	"strings"
)

// logged expects the logs of a run in which entries belong to the context of
// the subscription.
func (j *judgement) logged() bool {
	for name, text := range j.logs(false) {
		if j.Expect.Contexts[name] != text {
			return false // something else is there that the logs do not show
		}
	}
	for name, text := range j.logs(true) {
		if _, ok := j.Expect.Contexts[name]; ok {
			j.Expect.Contexts[name] = text
		}
	}
	return true
}

// logs are the request logs that the recorded events make: by the context in
// which an instance was made, or subscribed to.
func (s *scenario) logs(subscribed bool) map[string]string {
	entries, current := map[string][]string{}, ""
	add := func(st *step) {
		enabled := s.Commands[st.Cmd.Key].RequestLogEnabled
		if r := s.Expect.Handles[st.As]; r != nil && current != "" && (enabled == nil || *enabled) {
			entries[current] = append(entries[current], st.Cmd.Key+r.logEntry())
		}
	}
	for i := range s.Steps {
		st := &s.Steps[i]
		switch {
		case st.Op == "newContext", st.Op == "useContext" && st.Name != nil:
			current = *st.Name
		case st.Op == "useContext", st.Op == "closeContext":
			current = ""
		case st.calls() && (st.subscribes() || st.Op != "toObservable" || !subscribed):
			add(st)
		case st.Op == "subscribe" && subscribed:
			k := slices.IndexFunc(s.Steps[:i], func(made step) bool { return made.As == st.Handle })
			again := slices.ContainsFunc(s.Steps[:i], func(other step) bool { return other.Op == "subscribe" && other.Handle == st.Handle })
			if k >= 0 && s.Steps[k].Op == "toObservable" && !s.Steps[k].subscribes() && !again {
				add(&s.Steps[k])
			}
		}
	}
	logs := map[string]string{}
	for name := range s.Expect.Contexts {
		logs[name] = mergeLog(entries[name])
	}
	return logs
}

// logEntry is how the recorded events look in a log.
func (r *handleRecord) logEntry() string {
	events := slices.Clone(r.Events)
	for i, e := range events {
		switch {
		case e == "EMIT" && r.Emissions > 1:
			events[i] = fmt.Sprintf("EMITx%d", r.Emissions)
		case e == "FALLBACK_EMIT" && r.FallbackEmissions > 1:
			events[i] = fmt.Sprintf("FALLBACK_EMITx%d", r.FallbackEmissions)
		}
	}
	if len(events) == 0 {
		events = []string{"Executed"}
	}
	return "[" + strings.Join(events, ", ") + "][0ms]"
}

func mergeLog(entries []string) string {
	counts, order := map[string]int{}, []string{}
	for _, e := range entries {
		if counts[e]++; counts[e] == 1 {
			order = append(order, e)
		}
	}
	for i, e := range order {
		if counts[e] > 1 {
			order[i] = fmt.Sprintf("%sx%d", e, counts[e])
		}
	}
	return strings.Join(order, ", ")
}
