package observabletest

import (
	"bytes"
	"runtime"
	"strings"
	"testing"
	"time"
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
	for _, g := range allGoroutines() {
		before[g.id] = true
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

func stacks(all []goroutine) []string {
	var s []string
	for _, g := range all[:min(len(all), shownStacks)] {
		s = append(s, g.stack)
	}
	return s
}

// goroutine is one entry of runtime.Stack.
type goroutine struct{ id, stack string }

// foreign reports whether the goroutine belongs to the runtime or to package
// testing, and not to a test.
func (g goroutine) foreign() bool {
	_, creator, ok := strings.Cut(g.stack, "\ncreated by ")
	return !ok || strings.HasPrefix(creator, "runtime.") || strings.HasPrefix(creator, "testing.") ||
		strings.HasPrefix(creator, "testing/synctest.") || strings.HasPrefix(creator, "os/signal.")
}

func startedSince(before map[string]bool) (since []goroutine) {
	for _, g := range allGoroutines()[1:] { // the first one is the caller's
		if !before[g.id] && !g.foreign() {
			since = append(since, g)
		}
	}
	return since
}

// allGoroutines returns every goroutine, beginning with the caller's.
func allGoroutines() (all []goroutine) {
	buf := make([]byte, 64<<10)
	for {
		n := runtime.Stack(buf, true)
		if n < len(buf) {
			buf = buf[:n]
			break
		}
		buf = make([]byte, 2*len(buf))
	}
	for text := range bytes.SplitSeq(bytes.TrimSpace(buf), []byte("\n\n")) {
		stack := string(text)
		id, _, _ := strings.Cut(strings.TrimPrefix(stack, "goroutine "), " ")
		all = append(all, goroutine{id, stack})
	}
	return all
}
