package observabletest_test

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"

	"github.com/quillgo/quill/observable"
	"github.com/quillgo/quill/observable/observabletest"
)

// gate lets somebody through once; the broken one looks first and closes then.
type gate struct{ closed atomic.Bool }

func (g *gate) pass() bool { return g.closed.CompareAndSwap(false, true) }

func (g *gate) brokenPass() bool {
	open := !g.closed.Load()
	runtime.Gosched()
	g.closed.Store(true)
	return open
}

// passages races for a fresh gate.
func passages(tb testing.TB, n int, pass func(*gate) bool) {
	observabletest.Race(tb, n, func(race func(f, g func(), more ...func())) {
		var g gate
		var through atomic.Int32
		try := func() {
			if pass(&g) {
				through.Add(1)
			}
		}
		race(try, try, try)
		if got := through.Load(); got != 1 {
			tb.Errorf("%d came through", got)
		}
	})
}

func TestRace(t *testing.T) {
	passages(t, 300, (*gate).pass)
	broken := attempt(t, func(tb testing.TB) { passages(tb, 300, (*gate).brokenPass) })
	assert.Contains(t, broken.text(), " came through")
	assert.Len(t, broken.errors, 1, "it ends with the first round that fails")
	if assert.Len(t, broken.logs, 1) {
		assert.Regexp(t, `Race failed in round \d+ of 300`, broken.logs[0])
	}
}

func TestRace_InABubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		passages(t, 50, (*gate).pass)
		broken := attempt(t, func(tb testing.TB) { passages(tb, 300, (*gate).brokenPass) })
		assert.Contains(t, broken.text(), " came through")
	})
}

func TestRace_Subject(t *testing.T) {
	observabletest.Race(t, 100, func(race func(f, g func(), more ...func())) {
		s := observable.NewPublishSubject[int]()
		o := observabletest.Subscribe(t.Context(), s.Observable(), t)
		race(s.OnComplete, func() { s.OnNext(1) })
		o.AssertComplete(t)
	})
}

// All functions are there before the first one begins, and race returns when
// the last one has ended.
func TestRace_AllAtOnce(t *testing.T) {
	rounds := 0
	observabletest.Race(t, 20, func(race func(f, g func(), more ...func())) {
		rounds++
		var met sync.WaitGroup // blocks for ever, unless all run at the same time
		var left atomic.Int32
		met.Add(4)
		f := func() {
			met.Done()
			met.Wait()
			left.Add(1)
		}
		race(f, f, f, f)
		assert.EqualValues(t, 4, left.Load())
	})
	assert.Equal(t, 20, rounds)
}

func TestRace_Failures(t *testing.T) {
	nothing := func() {}
	for _, c := range []struct {
		name string
		n    int
		play func(tb testing.TB, race func(f, g func(), more ...func()))
		want string
	}{
		{"a panic", 5, func(_ testing.TB, race func(f, g func(), more ...func())) {
			race(nothing, nothing, func() { panic("oops") })
		}, "function 3 of 3 in Race panicked: oops"},
		{"a Goexit", 5, func(_ testing.TB, race func(f, g func(), more ...func())) {
			race(runtime.Goexit, nothing)
		}, "function 1 of 2 in Race was ended"},
		{"no race", 5, func(testing.TB, func(f, g func(), more ...func())) {}, "round 1 of Race did not call race"},
		{"no rounds", 0, func(testing.TB, func(f, g func(), more ...func())) {}, "Race runs 0 rounds, want at least one"},
	} {
		t.Run(c.name, func(t *testing.T) {
			failed := attempt(t, func(tb testing.TB) {
				observabletest.Race(tb, c.n, func(race func(f, g func(), more ...func())) { c.play(tb, race) })
			})
			assert.Contains(t, failed.text(), c.want)
			assert.Len(t, failed.errors, 1)
		})
	}
}

// After an earlier failure nobody can tell which round fails: all of them run.
func TestRace_GoesOnAfterAnEarlierFailure(t *testing.T) {
	rounds := 0
	failed := attempt(t, func(tb testing.TB) {
		tb.Errorf("earlier")
		observabletest.Race(tb, 5, func(race func(f, g func(), more ...func())) {
			rounds++
			race(func() {}, func() {})
		})
	})
	assert.Equal(t, 5, rounds)
	assert.Len(t, failed.errors, 1)
}
