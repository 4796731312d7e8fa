package observable_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// A difference is what does not match in one field of a case's record.
type difference struct {
	field string // subscribers, windows, log, undeliverable, probes, throws
	text  string
}

// compareRecords returns what differs between what was recorded and what quill gave.
func compareRecords(c *traceCase, want, got traceRecord) (all []difference) {
	differ := func(field string, want, got any) {
		if w, g := canonical(want), canonical(got); w != g {
			all = append(all, difference{field, fmt.Sprintf("%s\n        want %s\n         got %s", field, w, g)})
		}
	}
	if want.Throws != nil || got.Throws != nil {
		if want.Throws == nil || got.Throws == nil || !refusal(want.Throws[0]) {
			differ("throws", want.Throws, got.Throws)
		}
		return all
	}
	if len(want.Subscribers) != len(got.Subscribers) {
		differ("subscribers", len(want.Subscribers), len(got.Subscribers))
		return all
	}
	for i := range want.Subscribers {
		differ("subscribers", plain(want.Subscribers[i]), got.Subscribers[i])
	}
	for i := range want.Windows {
		differ("windows", want.Windows[i], got.Windows[i])
	}
	if c.Log {
		differ("log", spelled(want.Log), spelled(got.Log))
	}
	differ("undeliverable", want.Undeliverable, got.Undeliverable)
	differ("probes", want.Probes, got.Probes)
	differ("stepThrows", want.StepThrows, got.StepThrows)
	return all
}

// refusal reports whether class is how RxJava refuses an argument; quill has one
// error for all of them.
func refusal(class string) bool {
	return class == "!IllegalArgumentException" || class == "!IndexOutOfBoundsException"
}

// plain leaves out the texts of RxJava's own errors, which are a fourth element.
func plain(events []traceEvent) (all []traceEvent) {
	for _, e := range events {
		all = append(all, e[:min(len(e), 3)])
	}
	return all
}

// spelled is a log without what depends on how Java writes a value.
func spelled(log []traceEvent) (all []traceEvent) {
	for _, e := range log {
		all = append(all, traceEvent{e[0], strings.NewReplacer(`"`, "", ", ", ",").Replace(e.what())})
	}
	return all
}

// canonical is v as JSON, one event on each line; nothing is an empty list.
func canonical(v any) string {
	events, ok := v.([]traceEvent)
	if !ok {
		return asJSON(v)
	}
	var lines []string
	for _, e := range events {
		lines = append(lines, asJSON([]any(e)))
	}
	return strings.Join(lines, " ")
}

func asJSON(v any) string {
	text, err := json.Marshal(recordable(v))
	if err != nil {
		return fmt.Sprintf("%#v", v)
	}
	return string(text)
}

// recordable is v as recordings have it: a map is the list of its pairs, sorted
// by their text.
func recordable(v any) any {
	r := reflect.ValueOf(v)
	switch r.Kind() {
	case reflect.Slice:
		all := make([]any, r.Len())
		for i := range all {
			all[i] = recordable(r.Index(i).Interface())
		}
		return all
	case reflect.Map:
		if r.Type().Key().Kind() == reflect.String { // a probe
			return v
		}
		pairs := []any{}
		for _, k := range r.MapKeys() {
			pairs = append(pairs, []any{recordable(k.Interface()), recordable(r.MapIndex(k).Interface())})
		}
		slices.SortFunc(pairs, func(a, b any) int { return strings.Compare(asJSON(a), asJSON(b)) })
		return pairs
	}
	return v
}
