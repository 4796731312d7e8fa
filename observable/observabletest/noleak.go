package observabletest

import (
	"strings"
	"testing"
	"time"

	"github.com/quillgo/quill/internal/goroutines"
)

// NoLeak checks when tb ends that the goroutines that were started since are
// gone, and fails tb with their stacks if not. Call it first, so that it comes
// after every other tb.Cleanup. A goroutine that is about to end gets a second;
// in a testing/synctest bubble a second of the bubble's time, which takes none.
//
//	func TestTicker(t *testing.T) {
//		observabletest.NoLeak(t)
//		...
//	}
//
// It cannot tell what started a goroutine: tests that run in parallel to others
// need a check after all of them instead, in TestMain (go.uber.org/goleak has
// one). Nothing is checked if tb has failed anyhow: what stopped half-way leaves
// things behind.
func NoLeak(tb testing.TB) {
	tb.Helper()
	noLeak(tb, time.Second)
}

// noLeak is NoLeak that waits about as long as patience, all in all.
func noLeak(tb testing.TB, patience time.Duration) {
	tb.Helper()
	before := make(map[string]bool)
	for _, g := range goroutines.All() {
		before[g.ID] = true
	}
	tb.Cleanup(func() {
		tb.Helper()
		if tb.Failed() || tb.Skipped() {
			return
		}
		leaked := startedSince(before)
		for wait := time.Microsecond; len(leaked) > 0 && wait < patience; wait *= 2 {
			time.Sleep(wait)
			leaked = startedSince(before)
		}
		if len(leaked) > 0 {
			tb.Errorf("observabletest: %d goroutines were started and have not ended:\n\n%s",
				len(leaked), strings.Join(stacks(leaked), "\n\n"))
		}
	})
}

// shownStacks is how many stacks NoLeak prints.
const shownStacks = 10

func stacks(all []goroutines.Goroutine) []string {
	var s []string
	for _, g := range all[:min(len(all), shownStacks)] {
		s = append(s, g.Stack)
	}
	return s
}

func startedSince(before map[string]bool) (since []goroutines.Goroutine) {
	for _, g := range goroutines.All()[1:] { // the first one is the caller's
		if !before[g.ID] && !g.Foreign() {
			since = append(since, g)
		}
	}
	return since
}
