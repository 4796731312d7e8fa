package main

import (
	"fmt"
	"strings"
	"time"
)

// boundsBodies: a backend hangs, and calls keep coming. Sixty come, five at a
// time, each wave after the timeout of the one before.
func boundsBodies(l library) verdict {
	const limit, waves = 5, 12
	c, ok := needs[caller](l, demand{limit: limit, timeout: shortly})
	if !ok {
		return notOffered("no bulkhead")
	}
	w := newCrowd()
	defer w.disperse()
	for range waves {
		w.call(c, limit)
		time.Sleep(2 * shortly)
	}
	settle()
	if n := w.most.Load(); n > limit {
		return broken("%d bodies alive, limit %d", n, limit)
	}
	return kept()
}

// releasesOnce: bodies end in every way there is, and then the bulkhead has room
// for as many as before and no more; and a trial that ended in that way is
// followed by another.
func releasesOnce(l library) verdict {
	var wrong []string
	played := false
	for _, e := range bodyEnds() {
		if note, ok := permitsBack(l, e); ok {
			played = true
			if note != "" {
				wrong = append(wrong, note)
				continue
			}
		}
		if note, ok := trialBack(l, e); ok {
			played = true
			if note != "" {
				wrong = append(wrong, note)
			}
		}
	}
	switch {
	case !played:
		return notOffered("")
	case len(wrong) != 0:
		return broken("%s", strings.Join(wrong, "; "))
	}
	return kept()
}

func permitsBack(l library, e bodyEnd) (note string, played bool) {
	const limit = 3
	c, ok := needs[caller](l, demand{limit: limit, timeout: shortly})
	if !ok {
		return "", false
	}
	for range limit {
		if !e.once(c) {
			return e.name + ": the caller is never told", true
		}
	}
	settle()
	w := newCrowd()
	defer w.disperse()
	w.call(c, limit)
	for range 20 { // the next has to come before these time out
		if w.entered.Load() == limit {
			break
		}
		time.Sleep(shortly / 40)
	}
	w.call(c, 1)
	settle()
	switch n := w.entered.Load(); {
	case n < limit:
		return fmt.Sprintf("%s: %d of %d permits back", e.name, n, limit), true
	case w.most.Load() > limit:
		return fmt.Sprintf("%s: %d permits of %d", e.name, n, limit), true
	}
	return "", true
}

// trialBack plays a trial that ends like e, and up to twenty healthy calls after
// it, of which one has to be admitted.
func trialBack(l library, e bodyEnd) (note string, played bool) {
	d := demand{timeout: shortly, volume: 4, sleep: sleepWindow}
	c, ok := needs[caller](l, d)
	if !ok {
		return "", false
	}
	if !trip(c, d) {
		return e.name + ": cannot be opened", true
	}
	time.Sleep(sleepWindow + settling)
	if !e.once(c) {
		return e.name + " of the trial: the caller is never told", true
	}
	const calls = 20
	for range calls {
		time.Sleep(sleepWindow / 5)
		if admitted(c) {
			return "", true
		}
	}
	return fmt.Sprintf("%s of the trial: %d of %d calls refused", e.name, calls, calls), true
}
