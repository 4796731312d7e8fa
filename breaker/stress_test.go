package breaker_test

import (
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/quillgo/quill/breaker"
)

const stressCalls = 4000

// legal checks a finished run's transitions: a chain without gaps, generations
// and times that only grow, and no step that the rules do not have.
func legal(t *testing.T, seen []breaker.Transition) {
	t.Helper()
	steps := map[breaker.State][]breaker.State{
		breaker.Closed:   {breaker.Open},
		breaker.Open:     {breaker.HalfOpen},
		breaker.HalfOpen: {breaker.Open, breaker.Closed},
	}
	states(t, seen)
	for i, x := range seen {
		require.Contains(t, steps[x.From], x.To)
		if i > 0 {
			require.Greater(t, x.Generation, seen[i-1].Generation)
			require.False(t, x.At.Before(seen[i-1].At))
		}
	}
}

// With a lease that never ends nothing is ever replaced, so two trials at once
// would both be current.
func TestStress_OneTrial(t *testing.T) {
	r := newRig(t, func(s *breaker.Settings) { s.SleepWindow, s.TrialLease = 20, time.Hour })
	var trials, granted atomic.Int64
	run(8, func() {
		r.pass(time.Duration(rand.IntN(3)))
		p, err := r.Acquire()
		if err != nil {
			return
		}
		trial := p.Trial()
		if trial {
			granted.Add(1)
			if n := trials.Add(1); n != 1 {
				t.Errorf("%d trials at once", n)
			}
			runtime.Gosched()
			trials.Add(-1) // before Done, which lets the next one begin
		}
		o := breaker.Outcome(rand.IntN(4))
		var both sync.WaitGroup
		both.Go(func() { p.Done(o) })
		p.Done(o)
		both.Wait()
	})
	require.Positive(t, granted.Load())
	legal(t, r.seen)
}

// Holders that hang, replacements, late results, changing settings and
// listeners that come and go, all at once. Whoever is granted a trial gets a
// generation of its own, and only what it decides can follow.
func TestStress_Everything(t *testing.T) {
	r := newRig(t, func(s *breaker.Settings) { s.SleepWindow, s.TrialLease, s.Window, s.Buckets = 20, 5, 100, 10 })
	var mu sync.Mutex
	var hung []*breaker.Permit
	run(8, func() {
		r.pass(time.Duration(rand.IntN(3)))
		switch rand.IntN(40) {
		case 0:
			s := r.Settings()
			s.Mode = []breaker.Mode{breaker.Auto, breaker.Auto, breaker.ForcedOpen, breaker.ForcedClosed, breaker.Disabled}[rand.IntN(5)]
			s.SleepWindow = time.Duration(1 + rand.IntN(40))
			if err := r.Update(s); err != nil {
				t.Error(err)
			}
		case 1:
			stop := r.Listen(func(breaker.Transition) { r.refuseOrIgnore() })
			defer stop()
		case 2:
			r.IsOpen()
			r.Allows()
			r.NextTrial()
			if c := r.Counts(); c.ErrorPercent() > 100 {
				t.Error(c)
			}
		}
		p, err := r.Acquire()
		if err != nil {
			return
		}
		o := breaker.Outcome(rand.IntN(4))
		if rand.IntN(10) > 0 {
			p.Done(o)
			return
		}
		mu.Lock()
		hung = append(hung, &p)
		var late *breaker.Permit
		if i := rand.IntN(len(hung)); i < len(hung)-5 {
			late = hung[i]
		}
		mu.Unlock()
		if late != nil {
			late.Done(o)
		}
	})
	legal(t, r.seen)
	require.NotEmpty(t, r.seen)

	// After all that it works as on its first day.
	r.update(mode(breaker.Auto))
	r.pass(time.Hour)
	for r.State() != breaker.Closed {
		r.admit().Done(success)
		r.pass(time.Hour)
	}
	r.trip()
	r.refuse()
}

// Many callers find the sleep window over at the same time.
func TestStress_BurstGetsOneTrial(t *testing.T) {
	for range 200 {
		r := newRig(t)
		r.trip()
		r.wait()
		var trials atomic.Int64
		var wg sync.WaitGroup
		gate := make(chan struct{})
		for range 16 {
			wg.Go(func() {
				<-gate
				if _, err := r.Acquire(); err == nil {
					trials.Add(1)
				}
			})
		}
		close(gate)
		wg.Wait()
		require.Equal(t, int64(1), trials.Load())
	}
}

// Many failures arrive together, and each of them is one too many.
func TestStress_OpensOnce(t *testing.T) {
	for range 300 {
		r := newRig(t)
		var wg sync.WaitGroup
		gate := make(chan struct{})
		for range 16 {
			p := r.admit()
			wg.Go(func() {
				<-gate
				p.Done(failure)
			})
		}
		close(gate)
		wg.Wait()
		require.Equal(t, uint64(1), r.Generation())
		require.Len(t, r.seen, 1)
	}
}

// While time stands still no result is lost.
func TestStress_EveryResultCounts(t *testing.T) {
	r := newRig(t, func(s *breaker.Settings) { s.ErrorPercent = 100 })
	r.call(success)
	run(8, func() {
		p, err := r.Acquire()
		if err != nil {
			t.Error(err)
			return
		}
		p.Done(failure)
	})
	require.Equal(t, breaker.Counts{Successes: 1, Errors: 8 * stressCalls}, r.Counts())
}

func run(goroutines int, call func()) {
	var wg sync.WaitGroup
	for range goroutines {
		wg.Go(func() {
			for range stressCalls {
				call()
			}
		})
	}
	wg.Wait()
}
