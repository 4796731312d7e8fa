package observabletest_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/quillgo/quill/observable"
	"github.com/quillgo/quill/observable/observabletest"
)

// console stands for a test's t, so that an example can show what fails.
type console struct{ testing.TB }

func (console) Helper()        {}
func (console) Cleanup(func()) {}
func (console) Errorf(format string, args ...any) {
	fmt.Printf(format+"\n", args...)
}

// How do I test what an operator does over time?
//
// The debounced stream is drawn wrong, to show what comes of it. In a test, t is
// the test's.
func ExampleExpect() {
	var t console
	m := observabletest.NewMarbles(t)
	typed := observabletest.Hot[string](m, "-a-b-----c-|", nil)
	settled := observable.Debounce(typed.Observable(), 3*time.Millisecond, m)
	observabletest.Expect(m, settled, "------b---c|", nil)
	typed.ExpectSubscriptions("^----------!")
	m.Flush()
	// Output:
	// example_marbles_test.go:30: the stream did not do as drawn, first at 10ms
	// want: ------b---c|
	//  got: ------b----(c|)
}

// How do I end the subscription to a stream that has no end?
func ExampleExpectation_During() {
	var t console
	m := observabletest.NewMarbles(t)
	m.Frame = time.Second
	ticks := observable.Interval(2*time.Second, m)
	observabletest.Expect(m, ticks, "--0-1", nil).During("^----!")
	m.Flush()
	fmt.Println("pending:", m.Pending())
	// Output: pending: 0
}

// What happens if somebody disposes while an item is on its way?
func ExampleRace() {
	var t *testing.T // the test's
	_ = func() {
		observabletest.Race(t, 500, func(race func(f, g func(), more ...func())) {
			s := observable.NewPublishSubject[int]()
			o := observabletest.Subscribe(t.Context(), s.Observable(), t)
			race(func() { s.OnNext(1) }, o.Dispose)
			o.AssertNotTerminated(t)
		})
	}
}
