package command_test

import (
	"math"
	"slices"
)

// trial is a call that Hystrix admits through an open breaker to see how it
// goes.
type trial struct {
	step, end int // its call, and its end as the driver sees it
	disturbed int // the first caller who was refused while it was on, or -1
	record    *handleRecord
}

// decides reports whether the trial's own result says anything.
func (t *trial) decides() bool {
	return !t.record.had("BAD_REQUEST", "CANCELLED", "SEMAPHORE_REJECTED", "THREAD_POOL_REJECTED")
}

func (t *trial) closes() bool { return t.record.had("SUCCESS") && t.disturbed < 0 }

// limits are the breaker's numbers of a command.
func (s *scenario) limits(key string) (volume, sleepWindow, interval int) {
	c := s.Commands[key]
	volume, sleepWindow, interval = 20, 5000, 500
	if b := c.Breaker; b != nil {
		volume = or(b.RequestVolume, volume)
		sleepWindow = or(b.SleepWindowMs, sleepWindow)
	}
	return volume, sleepWindow, or(c.HealthIntervalMs, interval)
}

func or(n *int, otherwise int) int {
	if n != nil {
		return *n
	}
	return otherwise
}

// call returns what was recorded of the instance that the i-th step made, if
// that is a call of a command with this key.
func (s *scenario) call(i int, key string) (*handleRecord, bool) {
	st := &s.Steps[i]
	if !st.calls() || st.Cmd.Key != key {
		return nil, false
	}
	h := s.Expect.Handles[st.As]
	return h, h != nil
}

// endOf is the step at which the driver knows that the call of the i-th step
// has ended.
func (s *scenario) endOf(i int) int {
	for j := i + 1; j < len(s.Steps); j++ {
		if st := &s.Steps[j]; st.Handle == s.Steps[i].As && (st.Op == "await" || st.Op == "awaitReturned" || st.Op == "unsubscribe") {
			return j
		}
	}
	return i
}

func (st *step) slept() int {
	switch st.Op {
	case "sleep":
		return or(st.Ms, 0)
	case "awaitEvent":
		return int(eventLinger.Milliseconds())
	}
	return 0
}

// trials finds the trials of a breaker that was left to itself.
func (s *scenario) trials(key string) (all []trial) {
	open, slept := false, 0
	_, sleepWindow, _ := s.limits(key)
	for i := range s.Steps {
		st := &s.Steps[i]
		slept += st.slept()
		if st.Op == "awaitState" && st.Key == key && st.Field == "breakerOpen" && st.Equals == "true" && !open {
			open, slept = true, 0
		}
		r, ok := s.call(i, key)
		switch {
		case !ok || r.had("RESPONSE_FROM_CACHE"):
		case r.had("SHORT_CIRCUITED"):
			if !open {
				open, slept = true, 0
			}
		case open && slept >= sleepWindow:
			t := trial{step: i, end: s.endOf(i), disturbed: -1, record: r}
			for k := t.end; k > i; k-- {
				if other, ok := s.call(k, key); ok && other.had("SHORT_CIRCUITED") {
					t.disturbed = k
				}
			}
			all = append(all, t)
			open, slept = !t.closes(), 0
		}
	}
	return all
}

// steers reports whether the recording itself forces a breaker.
func (s *scenario) steers(key string) bool {
	if b := s.Commands[key].Breaker; b != nil && (b.Enabled != nil || b.ForceOpen != nil || b.ForceClosed != nil) {
		return true
	}
	for i := range s.Steps {
		if st := &s.Steps[i]; st.Op == "setProperty" && st.Key == key && st.at != "" {
			return true
		}
	}
	return false
}

func set(key, property string, value any) step {
	return step{Op: "setProperty", Key: key, Property: property, Value: value}
}

// reopened holds a breaker open where Hystrix re-opened it and quill does not.
func (j *judgement) reopened() (changed bool) {
	for key := range j.Commands {
		if j.steers(key) {
			continue
		}
		_, sleepWindow, _ := j.limits(key)
		trials := j.trials(key)
		for k := len(trials) - 1; k >= 0; k-- { // so that steps keep their places
			t := &trials[k]
			at := t.end + 1
			switch {
			case t.disturbed >= 0 && t.record.had("SUCCESS"):
				at = t.disturbed + 1
			case t.decides():
				continue
			}
			for i, slept := at, 0; i < len(j.Steps); i++ {
				if slept += j.Steps[i].slept(); slept >= sleepWindow {
					j.insert(i+1, set(key, "forceOpen", false))
					break
				}
			}
			j.insert(at, set(key, "forceOpen", true))
			changed = true
		}
	}
	if changed {
		j.replay()
	}
	return changed
}

// counted counts the results of a key that Hystrix's breaker saw in a range of
// steps.
func (s *scenario) counted(key string, from, to int) (n int) {
	for i := from; i < to; i++ {
		if r, ok := s.call(i, key); ok && !r.had("RESPONSE_FROM_CACHE") &&
			r.had("SUCCESS", "FAILURE", "TIMEOUT", "THREAD_POOL_REJECTED", "SEMAPHORE_REJECTED") {
			n++
		}
	}
	return n
}

// firstOfWindow holds a breaker closed for a call that quill refuses because it
// counts the success of the trial that closed the breaker.
func (j *judgement) firstOfWindow() bool {
	return j.heldClosed(func(key string, i int) bool {
		volume, _, _ := j.limits(key)
		trials := j.trials(key)
		for k := len(trials) - 1; k >= 0; k-- {
			if t := &trials[k]; t.step < i {
				return t.closes() && j.counted(key, t.step+1, i)+1 == volume
			}
		}
		return false
	})
}

// lag holds a breaker closed for a call that comes so soon after the last
// result that Hystrix has not looked at it yet.
func (j *judgement) lag() bool {
	return j.heldClosed(func(key string, i int) bool {
		_, _, interval := j.limits(key)
		for k, slept := i-1, 0; k >= 0; k-- {
			if slept += j.Steps[k].slept(); slept >= interval {
				return false
			}
			if st := &j.Steps[k]; st.Op == "awaitState" && st.Field == "breakerOpen" {
				return false
			}
			if j.counted(key, k, k+1) > 0 {
				return true
			}
		}
		return false
	})
}

// heldClosed admits the calls that Hystrix admitted and quill refuses, if they
// are explained. The breaker is kept from judging from the result on that opened
// it to the last such call; or else, if it must have opened then because its
// sleep window counts from there, it is forced closed for these calls.
func (j *judgement) heldClosed(explained func(key string, i int) bool) bool {
	before := slices.Clone(j.Steps)
	changed := j.unjudged(explained)
	if !changed || len(j.diffs()) == 0 {
		return changed
	}
	j.Steps = before
	j.replay()
	return j.forcedClosed(explained)
}

func (j *judgement) unjudged(explained func(key string, i int) bool) (changed bool) {
	for off := -1; ; {
		i, key := j.refused()
		if i <= off || j.steers(key) || !explained(key, i) {
			return changed
		}
		volume, _, _ := j.limits(key)
		if off >= 0 {
			j.Steps = slices.Delete(j.Steps, off, off+1)
			i--
		} else {
			opened := i - 1
			for opened > 0 && j.counted(key, opened, opened+1) == 0 {
				opened--
			}
			j.insert(opened, set(key, "requestVolumeThreshold", math.MaxInt32))
			i++
		}
		off = i + 1
		j.insert(off, set(key, "requestVolumeThreshold", volume))
		changed = true
		j.replay()
	}
}

func (j *judgement) forcedClosed(explained func(key string, i int) bool) (changed bool) {
	for last := -1; ; {
		i, key := j.refused()
		if i <= last || j.steers(key) || !explained(key, i) {
			return changed
		}
		j.insert(i+1, set(key, "forceClosed", false))
		j.insert(i, set(key, "forceClosed", true))
		last = i
		changed = true
		j.replay()
	}
}

// refused returns the first call that Hystrix admitted and quill refuses, or -1.
func (j *judgement) refused() (i int, key string) {
	if j.got == nil {
		return -1, ""
	}
	for i := range j.Steps {
		st := &j.Steps[i]
		if !st.calls() {
			continue
		}
		want, got := j.Expect.Handles[st.As], j.got.Handles[st.As]
		if want != nil && !want.had("SHORT_CIRCUITED") && got.had("SHORT_CIRCUITED") {
			return i, st.Cmd.Key
		}
	}
	return -1, ""
}
