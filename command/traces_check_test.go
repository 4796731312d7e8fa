package command_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// compare returns every difference between what was recorded and what was
// seen, other than the format's translations.
func compare(s *scenario, got *record) (diffs []string) {
	if got == nil {
		return []string{"nothing was seen"}
	}
	c := &comparison{}
	want := s.Expect
	for _, i := range keys(want.Steps, got.Steps) {
		c.stepResult("steps."+i, want.Steps[i], got.Steps[i])
	}
	for _, name := range keys(want.Handles, got.Handles) {
		c.handle("handles."+name, want.Handles[name], got.Handles[name])
	}
	for _, key := range keys(want.Commands, got.Commands) {
		c.equal("commands."+key, want.Commands[key], got.Commands[key])
	}
	for _, name := range keys(want.Contexts, got.Contexts) {
		c.equal("contexts."+name, want.Contexts[name], got.Contexts[name])
	}
	c.batches(want.Batches, got.Batches)
	c.equal("mapperCalls", want.MapperCalls, got.MapperCalls)
	c.equal("commandsCreated", want.CommandsCreated, got.CommandsCreated)
	return c.diffs
}

// keys returns the keys of both maps, sorted.
func keys[V any](a, b map[string]V) []string {
	all := maps.Clone(a)
	if all == nil {
		all = map[string]V{}
	}
	maps.Copy(all, b)
	return slices.Sorted(maps.Keys(all))
}

// comparison collects differences.
type comparison struct{ diffs []string }

func (c *comparison) differ(at string, want, got any) {
	c.diffs = append(c.diffs, fmt.Sprintf("%s: want %s, got %s", at, show(want), show(got)))
}

func show(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(text)
}

func (c *comparison) equal(at string, want, got any) {
	if !reflect.DeepEqual(want, got) {
		c.differ(at, want, got)
	}
}

// list compares lists of which nil and empty are the same.
func list[E any](c *comparison, at string, want, got []E) {
	if len(want) > 0 || len(got) > 0 {
		c.equal(at, want, got)
	}
}

func (c *comparison) handle(at string, want, got *handleRecord) {
	if want == nil || got == nil {
		c.differ(at, want, got)
		return
	}
	list(c, at+".values", want.Values, got.Values)
	c.terminal(at+".terminal", want.Terminal, got.Terminal)
	if want.Events == nil {
		return
	}
	list(c, at+".events", want.Events, got.Events)
	c.equal(at+".emissions", want.Emissions, got.Emissions)
	c.equal(at+".fallbackEmissions", want.FallbackEmissions, got.FallbackEmissions)
	list(c, at+".flags", want.Flags, got.Flags)
	c.brief(at+".failedExecutionError", want.FailedExecutionError, got.FailedExecutionError)
	c.brief(at+".executionError", want.ExecutionError, got.ExecutionError)
	c.equal(at+".runs", want.Runs, got.Runs)
	c.equal(at+".fallbackRuns", want.FallbackRuns, got.FallbackRuns)
	c.context(at+".runContext", want.RunContext, got.RunContext)
	c.context(at+".fallbackContext", want.FallbackContext, got.FallbackContext)
	c.hooks(at+".hooks", want.Hooks, got.Hooks)
}

// context compares the names of request contexts. Hystrix loses the context on
// threads that it does not know, quill does not (a translation).
func (c *comparison) context(at, want, got string) {
	if want != "" {
		c.equal(at, want, got)
	}
}

// hooks compares the entries in order. What a body says that noticed the end of
// its context is a platform's text (a translation), and when it does is up to it.
func (c *comparison) hooks(at string, want, got []string) {
	if i := slices.IndexFunc(got, interrupted); i >= 0 && len(want) == len(got) {
		rest := slices.Delete(slices.Clone(got), i, i+1)
		for k := range want {
			if strings.HasPrefix(want[k], "executionError ") && slices.Equal(slices.Delete(slices.Clone(want), k, k+1), rest) {
				return
			}
		}
	}
	list(c, at, want, got)
}

func (c *comparison) terminal(at string, want, got *terminalRecord) {
	if want == nil || got == nil {
		if want != nil || got != nil {
			c.differ(at, want, got)
		}
		return
	}
	c.equal(at+".complete", want.Complete, got.Complete)
	c.failure(at+".error", unwrappedByCollapser(want.Error), unwrapped(want.Error, got.Error))
}

// unwrapped is got as the entry point that was recorded would have given it: in
// Hystrix execute unwraps what the others do not, and wraps what they give as it
// is; in quill all give the same error (a translation).
func unwrapped(want, got *errorRecord) *errorRecord {
	if want == nil || got == nil || want.Category == got.Category || got.Cause == nil {
		return got
	}
	switch {
	case want.Category == "NOT_WRAPPED" && got.Category == "BAD_REQUEST":
		return got.Cause
	case want.Category == "ILLEGAL_STATE" && got.Category == "RUNTIME":
		return got.Cause
	}
	return got
}

// failure compares errors and their causes. Of messages only the user's own are
// compared, and those by which the format tells platform errors apart.
func (c *comparison) failure(at string, want, got *errorRecord) {
	if want == nil || got == nil {
		if want != nil || got != nil {
			c.differ(at, want, got)
		}
		return
	}
	same := want.Category == got.Category && want.FailureType == got.FailureType
	switch want.Category {
	case "USER", "BAD_REQUEST", "NOT_WRAPPED", "PANIC":
		same = same && want.Message == got.Message
	default:
		same = same && (want.Message == got.Message || want.Message == "" || !slices.ContainsFunc(platform, func(p platformError) bool {
			return p.view.Message == want.Message
		}))
	}
	if !same {
		c.differ(at, want, got)
		return
	}
	c.failure(at+".cause", want.Cause, got.Cause)
	c.failure(at+".fallbackError", want.FallbackError, got.FallbackError)
}

// brief compares errors of which the recording may leave out the cause.
func (c *comparison) brief(at string, want, got *errorRecord) {
	if want != nil && got != nil && want.Cause == nil {
		e := *got
		e.Cause = nil
		got = &e
	}
	c.failure(at, want, got)
}

// stepResult compares the result of a step, field by field.
func (c *comparison) stepResult(at string, want, got map[string]any) {
	if want == nil || got == nil {
		if want != nil || got != nil {
			c.differ(at, want, got)
		}
		return
	}
	for _, field := range keys(want, got) {
		w, g := want[field], got[field]
		if e, ok := g.(*errorRecord); ok {
			c.brief(at+"."+field, asError(w), e)
			continue
		}
		if empty(w) && empty(g) {
			continue
		}
		if show(w) != show(g) {
			c.differ(at+"."+field, w, g)
		}
	}
}

// empty reports whether a field is what an absent one is.
func empty(v any) bool {
	switch show(v) {
	case "null", "0", "[]":
		return true
	}
	return false
}

func asError(v any) *errorRecord {
	if v == nil {
		return nil
	}
	var e errorRecord
	if err := json.Unmarshal([]byte(show(v)), &e); err != nil {
		return &errorRecord{Category: err.Error()}
	}
	return &e
}
