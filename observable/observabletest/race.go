package observabletest

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/quillgo/quill/observable"
)

// Race looks for what goes wrong when things happen at once. It calls round n
// times; round sets up what it needs, calls race once with the functions that are to
// run at the same time, each on a goroutine of its own, and checks what came of
// it: race returns when all of them have. Some hundred rounds under the race
// detector are usual.
//
//	observabletest.Race(t, 500, func(race func(f, g func(), more ...func())) {
//		s := observable.NewPublishSubject[int]()
//		o := observabletest.Subscribe(t.Context(), s.Observable(), t)
//		race(s.OnComplete, func() { s.OnNext(1) })
//		o.AssertComplete(t)
//	})
//
// The functions are held until each has its goroutine, and then begin together;
// in some rounds one of them is held a little longer, each in its turn. A panic
// in one of them, or a runtime.Goexit, which t.FailNow is, is a tb.Errorf. Race
// stops after the first round in which tb fails, and says which it was.
//
// In a testing/synctest bubble it works in the same way: what the functions leave
// running is in the bubble.
func Race(tb testing.TB, n int, round func(race func(f, g func(), more ...func()))) {
	tb.Helper()
	if n < 1 {
		tb.Fatalf("observabletest: Race runs %d rounds, want at least one", n)
		return
	}
	failed := tb.Failed() // before: then later failures cannot be told from it
	for i := range n {
		called := false
		round(func(f, g func(), more ...func()) {
			tb.Helper()
			called = true
			together(tb, i, append([]func(){f, g}, more...))
		})
		if !called {
			tb.Errorf("observabletest: round %d of Race did not call race", i+1)
			return
		}
		if tb.Failed() && !failed {
			tb.Logf("observabletest: Race failed in round %d of %d", i+1, n)
			return
		}
	}
}

// together runs all functions at once and returns when they have ended.
func together(tb testing.TB, round int, all []func()) {
	tb.Helper()
	var held atomic.Int32 // goroutines that are not there yet
	held.Store(int32(len(all)))
	problems := make([]string, len(all))
	var running sync.WaitGroup
	for k, f := range all {
		running.Go(func() { // ends when f does
			returned := false
			defer func() {
				if r := recover(); r != nil {
					problems[k] = fmt.Sprintf("panicked: %v\n%s", r, debug.Stack())
				} else if !returned {
					problems[k] = fmt.Sprintf("was ended: %v (FailNow is for the test's goroutine)", observable.ErrGoexit)
				}
			}()
			held.Add(-1)
			for held.Load() > 0 {
				runtime.Gosched() // there may be fewer processors than functions
			}
			for range delay(round, k, len(all)) {
				_ = held.Load()
			}
			f()
			returned = true
		})
	}
	running.Wait()
	for k, problem := range problems {
		if problem != "" {
			tb.Errorf("observabletest: function %d of %d in Race %s", k+1, len(all), problem)
		}
	}
}

// delay is for how many turns function k of count is held longer in a round:
// every other round nobody is, and in the others each in its turn is, more from
// time to time.
func delay(round, k, count int) int {
	if round%2 == 0 || round/2%count != k {
		return 0
	}
	return 16 << (round / (2 * count) % 8)
}
