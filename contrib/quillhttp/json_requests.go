package quillhttp

import (
	"encoding/json"
	"slices"

	"github.com/quillgo/quill/command"
	"github.com/quillgo/quill/metrics"
)

// requestEvents is the message about one kind of execution within a request:
// those of one command that had the same events.
type requestEvents struct {
	Name      string            `json:"name"`
	Events    []json.RawMessage `json:"events"`           // "SUCCESS", or {"name":"EMIT","count":3} for several
	Latencies []int64           `json:"latencies"`        // ms of each, -1 for none
	Cached    int               `json:"cached,omitempty"` // how many more were served from the request cache

	kind command.Entry // what the executions have in common
}

// countedEvent is an event that happened several times.
type countedEvent struct {
	Name  string `json:"name"`
	Count int    `json:"count"`
}

const served metrics.Events = 1 << metrics.ResponseFromCache

// newRequestEvents merges the executions of a request that are alike, in order of
// beginning. One that was served from the request cache is added to the Cached of
// the execution that it shares; a log does not say which one that is, so it is the
// first that is like it, else the first of its command.
func newRequestEvents(entries []command.Entry) []*requestEvents {
	all := []*requestEvents{} // "[]" for none
	find := func(same func(command.Entry) bool) *requestEvents {
		i := slices.IndexFunc(all, func(r *requestEvents) bool { return same(r.kind) })
		if i < 0 {
			return nil
		}
		return all[i]
	}
	for _, e := range entries {
		if e.Events&served != 0 {
			continue
		}
		latency := e.Latency
		e.Latency = 0
		r := find(func(kind command.Entry) bool { return kind == e })
		if r == nil {
			r = &requestEvents{Name: e.Command, Events: eventList(e), kind: e}
			all = append(all, r)
		}
		ms := int64(-1)
		if latency >= 0 {
			ms = latency.Milliseconds()
		}
		r.Latencies = append(r.Latencies, ms)
	}
	for _, e := range entries {
		if e.Events&served == 0 {
			continue
		}
		e.Events, e.Latency = e.Events&^served, 0
		r := find(func(kind command.Entry) bool { return kind == e })
		if r == nil {
			r = find(func(kind command.Entry) bool { return kind.Command == e.Command })
		}
		if r != nil {
			r.Cached++
		}
	}
	return all
}

func eventList(e command.Entry) []json.RawMessage {
	list := []json.RawMessage{}
	for event := range e.Events.All() {
		n := 1
		switch event {
		case metrics.Collapsed:
			continue // Hystrix tells it in a field of its own
		case metrics.Emit:
			n = e.Emits
		case metrics.FallbackEmit:
			n = e.FallbackEmits
		}
		var message any = event.String()
		if n > 1 {
			message = countedEvent{event.String(), n}
		}
		list = append(list, encodeOne(message))
	}
	return list
}
