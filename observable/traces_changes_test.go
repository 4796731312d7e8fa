package observable_test

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
)

// changes are what deviations make of what was recorded. A change returns a
// record of its own and leaves want alone; it sees got only to tell how far a
// permission was used.
var changes = map[string]func(c *traceCase, want, got traceRecord) traceRecord{
	"accepted":     acceptedArgument,
	"silence":      silence,
	"sooner":       disposedSooner,
	"noValue":      noValue,
	"notDropped":   notDropped,
	"stoppedFirst": stoppedFirst,
	"reportedOnce": reportedOnce,
	"groupEnds":    groupEnds,

	"stoppedByError": stoppedByError,
}

// acceptedArgument lets quill accept an argument.
func acceptedArgument(_ *traceCase, want, got traceRecord) traceRecord {
	if got.Throws == nil {
		return got
	}
	return want
}

// silence takes out what an observer was told after it had disposed. Windows and
// groups that it has are streams of their own.
func silence(c *traceCase, want, _ traceRecord) traceRecord {
	want.Subscribers = slices.Clone(want.Subscribers)
	for i, s := range c.Subscribers {
		items := 0
		var kept []traceEvent
		for _, e := range want.Subscribers[i] {
			gone := s.DisposeOnNext != nil && items >= *s.DisposeOnNext || s.UnsubscribeAt != nil && e.at() > *s.UnsubscribeAt
			of := partOf(e)
			if of != "" || !gone {
				kept = append(kept, e)
			}
			if of == "" && e.what() == "next" {
				items++
			}
		}
		want.Subscribers[i] = kept
	}
	gone := map[string]bool{}
	var kept []traceEvent
	for _, e := range want.Log {
		var i int
		var what string
		if n, _ := fmt.Sscanf(e.what(), "observer%d.%s", &i, &what); n == 2 {
			who := fmt.Sprint(i)
			if gone[who] {
				continue
			}
			gone[who] = what == "dispose"
		}
		kept = append(kept, e)
	}
	want.Log = kept
	return want
}

// partOf returns what is told of a window or a group that is open, and nothing
// for what the stream itself tells.
func partOf(e traceEvent) string {
	part, ok := e.value().([]any)
	if !ok || len(part) < 3 || part[0] != "window" && part[0] != "group" || part[2] == "open" {
		return ""
	}
	return part[2].(string)
}

// disposedSooner takes over from got the windows of sources that were disposed
// sooner, or before they ended in the same instant, or that were not subscribed
// to only to be disposed at once.
func disposedSooner(_ *traceCase, want, got traceRecord) traceRecord {
	want.Windows = slices.Clone(want.Windows)
	for i, windows := range want.Windows {
		rest := got.Windows[i]
		var taken []traceEvent
		for _, w := range windows {
			switch {
			case len(rest) > 0 && (same(w, rest[0]) || soonerThan(w, rest[0])):
				taken = append(taken, rest[0])
				rest = rest[1:]
			case w[0] == w[1] && w[2] == "dispose":
			default:
				taken = append(taken, w)
			}
		}
		want.Windows[i] = taken
	}
	return want
}

func same(a, b traceEvent) bool { return asJSON([]any(a)) == asJSON([]any(b)) }

// soonerThan reports whether got is want, but ended sooner by being disposed.
func soonerThan(want, got traceEvent) bool {
	if want[0] != got[0] || got[2] != "dispose" {
		return false
	}
	return want[1] == nil || got[1].(int) <= want[1].(int)
}

// noValue takes value out of probes.
func noValue(_ *traceCase, want, _ traceRecord) traceRecord {
	want.Probes = slices.Clone(want.Probes)
	for i, e := range want.Probes {
		if state, ok := e[1].(map[string]any); ok {
			state = maps.Clone(state)
			delete(state, "value")
			want.Probes[i] = traceEvent{e[0], state}
		}
	}
	return want
}

// notDropped takes the reports of dropped items out of the log.
func notDropped(_ *traceCase, want, _ traceRecord) traceRecord {
	want.Log = slices.DeleteFunc(slices.Clone(want.Log), func(e traceEvent) bool {
		return strings.HasPrefix(e.what(), "onDropped(")
	})
	return want
}

// stoppedFirst puts the clean-up of a source before the error that came of it.
func stoppedFirst(_ *traceCase, want, _ traceRecord) traceRecord {
	want.Log = slices.Clone(want.Log)
	for i := 1; i < len(want.Log); i++ {
		if want.Log[i].what() == "create.cancel" && strings.Contains(want.Log[i-1].what(), ".onError(") {
			want.Log[i], want.Log[i-1] = want.Log[i-1], want.Log[i]
		}
	}
	return want
}

// stoppedByError takes out the errors that nobody could be told once an observer
// had been told its own.
func stoppedByError(_ *traceCase, want, _ traceRecord) traceRecord {
	end := math.MaxInt
	for _, told := range want.Subscribers {
		for _, e := range told {
			if e.what() == "error" {
				end = min(end, e.at())
			}
		}
	}
	late := func(e traceEvent) bool { return e.at() >= end }
	want.Undeliverable = slices.DeleteFunc(slices.Clone(want.Undeliverable), late)
	want.Log = slices.DeleteFunc(slices.Clone(want.Log), func(e traceEvent) bool {
		return late(e) && strings.HasPrefix(e.what(), "undeliverable(")
	})
	return want
}

// groupEnds puts the ends of groups that follow each other in one instant in the
// order of got, if they are the same. What operators below make of the groups
// comes in their order, when the source ends.
func groupEnds(c *traceCase, want, got traceRecord) traceRecord {
	ends := map[any]bool{}
	for _, w := range want.Windows[0] {
		ends[w[1]] = true
	}
	swaps := func(e traceEvent) bool {
		of := partOf(e)
		return of == "complete" || of == "error" || c.Then != nil && ends[e[0]] && e.what() == "next"
	}
	want.Subscribers = slices.Clone(want.Subscribers)
	for i, told := range want.Subscribers {
		if i >= len(got.Subscribers) || len(got.Subscribers[i]) != len(told) {
			continue
		}
		told = slices.Clone(told)
		for from := 0; from < len(told); {
			to := from
			for to < len(told) && told[to].at() == told[from].at() && swaps(told[to]) {
				to++
			}
			if sameSet(told[from:to], got.Subscribers[i][from:to]) {
				copy(told[from:to], got.Subscribers[i][from:to])
			}
			from = max(to, from+1)
		}
		want.Subscribers[i] = told
	}
	return want
}

func sameSet(a, b []traceEvent) bool {
	texts := func(events []traceEvent) (all []string) {
		for _, e := range events {
			all = append(all, asJSON([]any(e)))
		}
		slices.Sort(all)
		return all
	}
	return slices.Equal(texts(a), texts(b))
}

// reportedOnce takes out the reports of errors that a subscriber was told in the
// same instant.
func reportedOnce(_ *traceCase, want, _ traceRecord) traceRecord {
	told := map[string]bool{}
	for _, events := range want.Subscribers {
		for _, e := range events {
			if e.what() == "error" {
				told[fmt.Sprintf("%d %v", e.at(), e.value())] = true
			}
		}
	}
	want.Undeliverable = slices.DeleteFunc(slices.Clone(want.Undeliverable), func(e traceEvent) bool {
		return told[fmt.Sprintf("%d %s", e.at(), e.what())]
	})
	want.Log = slices.DeleteFunc(slices.Clone(want.Log), func(e traceEvent) bool {
		text, ok := strings.CutPrefix(e.what(), "undeliverable(")
		return ok && told[fmt.Sprintf("%d %s", e.at(), strings.TrimSuffix(text, ")"))]
	})
	return want
}
