package command_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestTracesSubstituted plays the recordings with each of the four entry points
// in place of the one that was recorded: all of them mean the same.
func TestTracesSubstituted(t *testing.T) {
	deviations := loadDeviations(t)
	recordings := loadTraces(t, *traces)
	for _, entry := range []struct {
		api   string
		least int // of the recordings that come with the package
	}{{"execute", 280}, {"queue", 280}, {"observe", 380}, {"toObservable", 380}} {
		same, byRule := 0, 0
		for _, text := range recordings {
			if s, err := parseScenario(text); err != nil || !s.substitute(entry.api) {
				continue // TestTraces reports what cannot be played
			}
			switch v := judge(t, deviations, func() *scenario {
				s := mustParse(t, text)
				s.substitute(entry.api)
				return s
			}); {
			case len(v.diffs) > 0:
				v.name += " with " + entry.api
				report(t, v)
			case len(v.needs) > 0:
				byRule++
			default:
				same++
			}
		}
		fmt.Printf("substituted: %s %d (%d of them by rule)\n", entry.api, same+byRule, byRule)
		if *traces == recorded {
			assert.GreaterOrEqual(t, same+byRule, entry.least, entry.api)
		}
	}
}

// substitute puts another entry point in place of each that the steps call, and
// reports false if the steps do what that cannot: only streams are unsubscribed
// from, and subscribed to twice; only futures are cancelled; functions that give
// one value are not streams; and Observe on the caller's goroutine gives a stream
// when the body has returned.
func (s *scenario) substitute(api string) bool {
	streams := api == "observe" || api == "toObservable"
	keep := map[string]bool{} // handles whose subscription is a step of its own
	for i := range s.Steps {
		st := &s.Steps[i]
		switch {
		case st.Op == "cancel", st.Op == "unsubscribe", st.Op == "reuse":
			return false
		case !streams && st.Cmd != nil && st.Cmd.multi():
			return false
		case st.Op == "subscribe":
			keep[st.Handle] = true
		case st.calls() && !st.subscribes():
			keep[st.As] = true
		case api == "observe" && s.watched(i):
			return false
		}
	}
	if !streams && len(keep) > 0 {
		return false
	}
	var steps []step
	for _, st := range s.Steps {
		if !st.calls() || st.Op == api || keep[st.As] {
			steps = append(steps, st)
			continue
		}
		held := s.blocks(&st)
		st.Op = api
		if api == "execute" && !held {
			st.Async = true
		}
		steps = append(steps, st)
		if held && !s.blocks(&st) {
			steps = append(steps, step{Op: "await", Handle: st.As})
		}
	}
	s.Steps, s.substituted = steps, true
	return true
}

// blocks reports whether a call holds the driver up until its body has ended:
// in Hystrix, and in quill but for queue.
func (s *scenario) blocks(st *step) bool {
	switch {
	case st.Async:
		return false
	case st.Op == "execute":
		return true
	case st.Op == "queue" && s.substituted:
		return false
	}
	return s.isolation(st.Cmd.Key) == "SEMAPHORE" && st.Cmd.RunOn != "worker"
}

// watched reports whether the i-th step subscribes, on a goroutine of its own,
// to a body that runs there, and whether the driver wants to see signals while it
// does.
func (s *scenario) watched(i int) bool {
	st := s.Steps[i]
	if st.Op != "toObservable" || !st.Async {
		return false
	}
	st.Async = false
	if !s.blocks(&st) {
		return false
	}
	gates := st.Cmd.Run.gates()
	if st.Cmd.FallbackOn != "worker" {
		gates = append(gates, st.Cmd.Fallback.gates()...)
	}
	for _, next := range s.Steps[i+1:] {
		switch {
		case next.Op == "openGate" && slices.ContainsFunc(gates, func(g step) bool { return g.Gate == next.Gate }):
			return false
		case (next.Op == "await" || next.Op == "awaitValues") && next.Handle == st.As:
			return len(gates) > 0
		}
	}
	return false
}
