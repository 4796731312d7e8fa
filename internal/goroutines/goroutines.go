// Package goroutines tells tests which goroutines there are.
//
// runtime.NumGoroutine is not for that: it adds up counters that change while it
// reads them, so that it may be off by one either way, counts what the runtime
// has at work (a finalizer), and mixes those of a bubble with all others.
package goroutines

import (
	"bytes"
	"runtime"
	"strings"
)

// Goroutine is one entry of runtime.Stack.
type Goroutine struct {
	ID    string
	Stack string // with its header
}

// All returns every goroutine, beginning with the caller's, all as of one moment.
func All() (all []Goroutine) {
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
		all = append(all, Goroutine{id, stack})
	}
	return all
}

// Count returns how many goroutines there are beside the caller's: in a
// testing/synctest bubble those of the bubble, else those that are in none.
// Foreign ones do not count.
//
// A bubble's goroutine that helps the garbage collector at the moment is in no
// bubble meanwhile: after a synctest.Wait there is none.
func Count() (n int) {
	all := All()
	for _, g := range all[1:] {
		if g.bubble() == all[0].bubble() && !g.Foreign() {
			n++
		}
	}
	return n
}

// Foreign reports whether the goroutine belongs to the runtime or to package
// testing, and not to a test.
func (g Goroutine) Foreign() bool {
	_, creator, ok := strings.Cut(g.Stack, "\ncreated by ")
	return !ok || strings.HasPrefix(creator, "runtime.") || strings.HasPrefix(creator, "testing.") ||
		strings.HasPrefix(creator, "testing/synctest.") || strings.HasPrefix(creator, "os/signal.")
}

// bubble returns the number of the goroutine's bubble, "" for none.
func (g Goroutine) bubble() string {
	header, _, _ := strings.Cut(g.Stack, "\n") // goroutine 7 [select, synctest bubble 2]:
	_, after, _ := strings.Cut(header, "synctest bubble ")
	number, _, _ := strings.Cut(after, "]")
	return number
}
