package command_test

import (
	"slices"
	"strings"
)

// gates are those that a script waits for.
func (s script) gates() (steps []step) {
	for i := range s {
		if gate := s[i].Wait; gate != nil {
			steps = append(steps, step{Op: "openGate", Gate: *gate})
		}
	}
	return steps
}

// fused reports whether the i-th step is an execution on the caller's goroutine
// that has no timer.
func (s *scenario) fused(i int) bool {
	st := &s.Steps[i]
	if st.Op != "execute" || st.Cmd.multi() || s.isolation(st.Cmd.Key) != "SEMAPHORE" {
		return false
	}
	cache := s.Commands[st.Cmd.Key].RequestCacheEnabled
	return st.Cmd.CacheKey == nil || cache != nil && !*cache
}

// fusedTimeout lets a body return late where Hystrix's timer goes first.
func (j *judgement) fusedTimeout() (changed bool) {
	for i := range slices.Backward(j.Steps) {
		if !j.fused(i) || !j.Expect.Handles[j.Steps[i].As].had("TIMEOUT") {
			continue
		}
		at := i + 1
		for at < len(j.Steps) && (j.Steps[at].calls() || j.Steps[at].Op == "awaitStarted" || j.Steps[at].Op == "sleep") {
			at++
		}
		timeout := or(j.Commands[j.Steps[i].Cmd.Key].TimeoutMs, 1000)
		j.insert(at, append([]step{{Op: "sleep", Ms: &timeout}}, j.Steps[i].Cmd.Run.gates()...)...)
		changed = true
	}
	if changed {
		j.replay()
	}
	return changed
}

// permits makes the permits in use the bodies that run.
func (j *judgement) permits() (changed bool) {
	for i := range j.Steps {
		st := &j.Steps[i]
		if st.Op == "awaitState" && st.Field == "execPermits" && j.isolation(st.Key) == "SEMAPHORE" && len(j.problems) > 0 {
			none := 0
			*st = step{Op: "sleep", Ms: &none, at: st.at}
			changed = true
		}
	}
	if changed {
		j.replay()
	}
	for i := range j.Steps {
		st := &j.Steps[i]
		if st.Op == "state" && slices.Contains(st.Fields, "execPermits") && j.isolation(st.Key) == "SEMAPHORE" && j.got != nil {
			if bodies, ok := j.got.bodies[st.at]; ok {
				j.Expect.Steps[st.at]["execPermits"] = bodies
				changed = true
			}
		}
	}
	return changed
}

// outlived ends the bodies that nobody waits for any more before a call that
// they keep out.
func (j *judgement) outlived() (changed bool) {
	for range len(j.Steps) {
		i := slices.IndexFunc(j.Steps, func(st step) bool {
			return st.calls() && j.got != nil && j.got.Handles[st.As].had("SEMAPHORE_REJECTED") &&
				j.Expect.Handles[st.As] != nil && !j.Expect.Handles[st.As].had("SEMAPHORE_REJECTED")
		})
		if i < 0 {
			break
		}
		var open []step
		for k := range i {
			if r, ok := j.call(k, j.Steps[i].Cmd.Key); ok && r.had("TIMEOUT", "CANCELLED") {
				open = append(open, j.Steps[k].Cmd.Run.gates()...)
			}
		}
		if len(open) == 0 {
			break
		}
		j.insert(i, open...)
		changed = true
		j.replay()
	}
	return changed
}

// lastLeaves has the other subscribers of an observed stream leave as well.
func (j *judgement) lastLeaves() (changed bool) {
	for i := range slices.Backward(j.Steps) {
		if j.Steps[i].Op != "unsubscribe" {
			continue
		}
		var others []step
		for _, name := range j.sharers(j.Steps[i].Handle, i) {
			if name != j.Steps[i].Handle {
				others = append(others, step{Op: "unsubscribe", Handle: name})
			}
		}
		if len(others) > 0 {
			j.insert(i+1, others...)
			changed = true
		}
	}
	if changed {
		j.replay()
	}
	return changed
}

// sharers are the handles that subscribe to the same observed stream as one of
// them, before the i-th step.
func (s *scenario) sharers(of string, i int) (names []string) {
	stream := s.creator(of)
	for k := range i {
		st := &s.Steps[k]
		switch {
		case st.As == stream && st.calls():
			if st.Op != "observe" {
				return nil
			}
			if st.subscribes() {
				names = append(names, st.As)
			}
		case st.Op == "subscribe" && st.Handle == stream && st.As == "":
			names = append(names, stream)
		case st.Op == "subscribe" && st.Handle == stream:
			names = append(names, st.As)
		}
	}
	return names
}

// creator is the handle of the step that made the instance of a handle.
func (s *scenario) creator(handle string) string {
	for i := range s.Steps {
		if st := &s.Steps[i]; st.As == handle && (st.Op == "subscribe" || st.Op == "reuse") {
			return s.creator(st.Handle)
		}
	}
	return handle
}

// abandoned expects what a run gives in which the abandoned entry was cleared.
func (j *judgement) abandoned() bool {
	first, hung := -1, []string{}
	for i := range j.Steps {
		st := &j.Steps[i]
		if !st.calls() {
			continue
		}
		r := j.Expect.Handles[st.As]
		left := slices.ContainsFunc(j.Steps, func(other step) bool { return other.Op == "unsubscribe" && other.Handle == st.As })
		if r.had("RESPONSE_FROM_CACHE") && !r.had("CANCELLED") && r.Terminal == nil && !left {
			if first < 0 {
				first = i
			}
			hung = append(hung, st.As)
		}
	}
	if first < 0 {
		return false
	}
	twin := &judgement{t: j.t, scenario: j.copied()}
	twin.Steps = slices.Clone(j.Steps)
	twin.insert(first, step{Op: "clearCache", Key: j.Steps[first].Cmd.Key, CacheKey: j.Steps[first].Cmd.CacheKey})
	if twin.replay(); len(twin.problems) > 0 {
		return false
	}
	for _, name := range hung {
		j.Expect.Handles[name] = twin.got.Handles[name]
	}
	j.Expect.Commands, j.Expect.Contexts = twin.got.Commands, twin.got.Contexts
	return true
}

// interrupted expects the error of a body that noticed its end where quill's
// hooks saw it, if they did.
func (j *judgement) interrupted() (changed bool) {
	for i := range j.Steps {
		st := &j.Steps[i]
		if !st.calls() || !st.Cmd.Run.interruptible() || j.got == nil || j.got.Handles[st.As] == nil {
			continue
		}
		want, got := j.Expect.Handles[st.As], j.got.Handles[st.As]
		if at := slices.IndexFunc(got.Hooks, interrupted); want.had("TIMEOUT", "CANCELLED") && at >= 0 {
			hooks := slices.DeleteFunc(slices.Clone(want.Hooks), func(entry string) bool {
				return strings.HasPrefix(entry, "executionError ") && !st.Cmd.Run.says(entry)
			})
			want.Hooks = slices.Insert(hooks, min(at, len(hooks)), got.Hooks[at])
			changed = true
		}
	}
	return changed
}

// says reports whether a hook's entry is an error that the script makes.
func (s script) says(entry string) bool {
	return slices.ContainsFunc(s, func(a action) bool {
		err := a.failure()
		return err != nil && entry == "executionError "+viewError(err).brief()
	})
}

// interrupted reports whether a hook's entry is the error of a body that
// noticed the end of its context.
func interrupted(entry string) bool {
	return strings.HasPrefix(entry, "executionError ") &&
		(strings.HasSuffix(entry, " INTERRUPTED") || strings.Contains(entry, " CANCELLED:"))
}

// keptCause expects the original error below that of a rejected fallback.
func (j *judgement) keptCause() (changed bool) {
	for name, h := range j.Expect.Handles {
		if h.Terminal == nil || h.Terminal.Error == nil || h.Terminal.Error.FailureType != "REJECTED_SEMAPHORE_FALLBACK" {
			continue
		}
		if made := j.Expect.Handles[j.creator(name)]; made != nil {
			h.Terminal.Error.Cause = made.ExecutionError
			h.Terminal.Error.FallbackError = &errorRecord{Category: "FALLBACK_REJECTED"}
			changed = true
		}
	}
	return changed
}
