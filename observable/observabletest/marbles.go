package observabletest

import (
	"context"
	"errors"
	"math"
	"testing"
	"time"

	"github.com/quillgo/quill/observable"
)

// ErrMarble is what '#' in a diagram stands for, unless another error is given
// with it.
var ErrMarble = errors.New("observabletest: the error of a marble diagram")

// Marbles is a test of streams drawn as marble diagrams, as RxJS's marble tests
// have them. It is a scheduler, too: streams that need time are given it.
//
//	m := observabletest.NewMarbles(t)
//	src := observabletest.Cold[string](m, "-a-b-|", nil)
//	observabletest.Expect(m, observable.Delay(src.Observable(), 3*time.Millisecond, m), "----a-b-|", nil)
//	src.ExpectSubscriptions("^----!")
//	m.Flush()
//
// A diagram is read from left to right; it begins at frame 0, and each character
// but a blank takes one frame, a millisecond:
//
//   - '-' is a frame in which nothing happens,
//   - a letter, a digit or any other character that means nothing else is an
//     item,
//   - '|' is the completion and '#' the error,
//   - '(ab|)' is several signals in the frame of the '('; the group takes as many
//     frames as it has characters, so that diagrams under each other line up,
//   - ' 10ms ' between blanks is that much time, in time.ParseDuration's form,
//   - blanks mean nothing,
//   - '^' is the subscription: in the diagram of a [Hot] source it marks frame 0
//     and what is left of it happens before; diagrams of subscriptions, such as
//     "--^---!", consist of it and the '!' of the end, by Dispose or by itself,
//   - '?' stands for items without a letter in failures, and is not for use.
//
// The items of a diagram are given by a map. Without one, nil, letters stand for
// themselves if items are strings, and digits if they are ints.
//
// A diagram with a mistake in it ends the test by tb.Fatalf with the column and
// what would be right. What a stream did otherwise than expected is a tb.Errorf
// in Flush, with the diagram of what came under the one of what was wanted.
//
// What happens in the same frame is ordered: subscriptions and disposals of
// Expect, then items of hot sources, then what was scheduled meanwhile, in the
// order of scheduling.
//
// A Marbles is made, used and flushed on one goroutine; no time but its own
// passes, so it works in testing/synctest bubbles and outside. What streams do
// on other goroutines, without the scheduler, is not in its time.
type Marbles struct {
	*VirtualScheduler
	// Frame is the length of a frame, a millisecond if not set. It must be set
	// before the first diagram.
	Frame time.Duration
	// Context is that of the subscriptions of [Expect]; nil is
	// context.Background. It must be set before Flush.
	Context context.Context

	tb      testing.TB
	began   bool
	origin  time.Time          // of frame 0
	prefix  time.Duration      // the longest part of a hot source before frame 0
	length  time.Duration      // the longest diagram, from frame 0
	hot     []func(m *Marbles) // schedule the signals of a hot source
	expects []expectation
}

// expectation is what Flush works through.
type expectation interface {
	prepare()
	check()
	cleanUp()
}

// NewMarbles returns a test without diagrams on a new scheduler. If expectations
// were not flushed when tb ends, that is an error of tb.
func NewMarbles(tb testing.TB) *Marbles {
	m := &Marbles{VirtualScheduler: NewVirtualScheduler(), Frame: time.Millisecond, tb: tb}
	m.origin = m.Now()
	tb.Cleanup(func() {
		if !m.began && len(m.hot)+len(m.expects) > 0 && !tb.Failed() && !tb.Skipped() {
			tb.Errorf("observabletest: the marbles were not played: Flush was not called")
		}
	})
	return m
}

// Time returns the time of the '|' in a diagram of nothing else: "---|" is three
// frames.
func (m *Marbles) Time(marbles string) time.Duration {
	m.tb.Helper()
	d, ok := m.parse(marbles, roleTime, nil)
	if !ok {
		return 0
	}
	return d.marks[0].at
}

// stragglers is for how many due times Flush goes on after the longest diagram.
const stragglers = 1000

// Flush plays the diagrams and checks what was expected. It moves the time to
// the end of the longest diagram, and further as long as tasks wait, but not for
// ever. Then it disposes what Expect has subscribed. It is called once.
func (m *Marbles) Flush() {
	m.tb.Helper()
	if !m.open("Flush") {
		return
	}
	m.began = true
	m.origin = m.Now().Add(m.prefix)
	for _, e := range m.expects {
		e.prepare()
	}
	for _, begin := range m.hot {
		begin(m)
	}
	m.AdvanceTo(m.origin.Add(m.length))
	for range stragglers {
		due, ok := m.next()
		if !ok {
			break
		}
		m.AdvanceTo(due)
	}
	for _, e := range m.expects {
		e.check()
	}
	for _, e := range m.expects {
		e.cleanUp()
	}
}

// open reports whether Flush is still to come, and else ends the test.
func (m *Marbles) open(call string) bool {
	m.tb.Helper()
	if m.began {
		m.tb.Fatalf("observabletest: %s after Flush: a Marbles is played once, make another one", call)
	}
	return !m.began
}

// parse reads a diagram, or ends the test. known tells which characters are
// items; nil is none.
func (m *Marbles) parse(marbles string, as role, known func(rune) error) (diagram, bool) {
	m.tb.Helper()
	if m.Frame <= 0 {
		m.tb.Fatalf("observabletest: Marbles.Frame is %v, want a positive duration", m.Frame)
		return diagram{}, false
	}
	d, bad := parseMarbles(marbles, m.Frame, as, known)
	if bad != nil {
		m.tb.Fatalf("observabletest: %v", bad)
		return diagram{}, false
	}
	if as != roleTime {
		m.length = max(m.length, d.length)
	}
	return d, true
}

// schedule has f run at a time of the diagrams, once Flush has set frame 0.
func (m *Marbles) schedule(w observable.Worker, at time.Duration, f func()) {
	_, _ = w.After(m.origin.Add(at).Sub(m.Now()), f) // it refuses nothing
}

// since returns t as a time of the diagrams.
func (m *Marbles) since(t time.Time) time.Duration { return t.Sub(m.origin) }

// never is the time of what does not happen.
const never = time.Duration(math.MaxInt64)

// next returns when the next task is due.
func (s *VirtualScheduler) next() (due time.Time, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.tasks) == 0 {
		return time.Time{}, false
	}
	return s.tasks[0].due, true
}
