package main

import (
	"fmt"
	"strings"
	"time"
)

// boundsTrials: a burst meets a breaker that is ready to try, and results of
// calls that began before it opened come late.
func boundsTrials(l library) verdict {
	var wrong []string
	for _, part := range []func(library) (string, bool){burst, resultsWhileOpen, resultsDuringTrial} {
		note, played := part(l)
		if !played {
			return notOffered("no breaker")
		}
		if note != "" {
			wrong = append(wrong, note)
		}
	}
	if len(wrong) != 0 {
		return broken("%s", strings.Join(wrong, "; "))
	}
	return kept()
}

func burst(l library) (note string, played bool) {
	const calls = 500
	d := demand{timeout: never, volume: 4, sleep: sleepWindow}
	c, ok := needs[caller](l, d)
	if !ok {
		return "", false
	}
	if !trip(c, d) {
		return "cannot be opened", true
	}
	time.Sleep(sleepWindow + settling)
	w := newCrowd()
	defer w.disperse()
	w.call(c, calls)
	time.Sleep(sleepWindow / 2) // less than until the next trial of those who time them
	if n := w.entered.Load(); n != 1 {
		return fmt.Sprintf("%d of %d calls tried at once", n, calls), true
	}
	return "", true
}

func resultsWhileOpen(l library) (note string, played bool) {
	d := demand{timeout: never, volume: 4, sleep: never}
	c, ok := needs[caller](l, d)
	if !ok {
		return "", false
	}
	old := newCrowd()
	old.call(c, 1)
	settle()
	if !trip(c, d) {
		old.disperse()
		return "cannot be opened", true
	}
	old.disperse()
	settle()
	if admitted(c) {
		return "closed by a success from before it opened", true
	}
	return "", true
}

func resultsDuringTrial(l library) (note string, played bool) {
	const before = 8
	d := demand{timeout: never, volume: 4, sleep: sleepWindow}
	c, ok := needs[caller](l, d)
	if !ok {
		return "", false
	}
	old, trial, more := newCrowd(), newCrowd(), newCrowd()
	old.call(c, before)
	settle()
	if !trip(c, d) {
		old.disperse()
		return "cannot be opened", true
	}
	time.Sleep(sleepWindow + settling)
	trial.call(c, 1)
	time.Sleep(sleepWindow / 6)
	tried := trial.entered.Load()
	old.disperse()
	more.call(c, before)
	time.Sleep(sleepWindow / 6)
	n := more.entered.Load()
	more.disperse()
	trial.disperse()
	switch {
	case tried != 1:
		return "old calls kept the trial from starting", true
	case n != 0:
		return fmt.Sprintf("%d more calls admitted when old results came during the trial", n), true
	}
	return "", true
}

// endsHalfOpen: the trial never returns. Others have to be admitted after a
// while, and their success has to close.
func endsHalfOpen(l library) verdict {
	d := demand{timeout: shortly, volume: 4, sleep: sleepWindow}
	c, ok := needs[caller](l, d)
	if !ok {
		return notOffered("no breaker")
	}
	if !trip(c, d) {
		return broken("cannot be opened")
	}
	time.Sleep(sleepWindow + settling)
	w := newCrowd()
	defer w.disperse()
	w.call(c, 1)
	const calls = 30
	row := 0 // calls admitted one after the other
	for range calls {
		time.Sleep(sleepWindow / 5)
		if admitted(c) {
			row++
		} else {
			row = 0
		}
		if row == 3 {
			return kept()
		}
	}
	return broken("%d of %d calls refused, %v after the trial hung", calls-row, calls, calls*sleepWindow/5)
}
