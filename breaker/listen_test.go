package breaker_test

import (
	"bytes"
	"log/slog"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/quillgo/quill/breaker"
)

// states returns where each transition led to, after checking that each begins
// where the one before ended.
func states(t testing.TB, seen []breaker.Transition) []breaker.State {
	t.Helper()
	var to []breaker.State
	at := breaker.Closed
	for _, x := range seen {
		require.Equal(t, at, x.From)
		at = x.To
		to = append(to, at)
	}
	return to
}

func TestB11_TransitionTellsAll(t *testing.T) {
	r := newRig(t)
	late := r.admit()
	r.call(success, failure)
	r.pass(10)
	r.call(failure, failure)
	late.Done(success)
	r.wait()
	r.admitTrial().Done(failure)
	r.wait()
	trial := r.admitTrial()
	r.pass(5)
	trial.Done(success)

	const sleep = 400*time.Millisecond + 1
	at := func(d time.Duration) time.Time { return epoch.Add(d) }
	require.Equal(t, []breaker.Transition{
		{Name: "GetUser", From: breaker.Closed, To: breaker.Open, At: at(10), Generation: 1, Successes: 1, Errors: 3},
		{Name: "GetUser", From: breaker.Open, To: breaker.HalfOpen, At: at(10 + sleep), Generation: 2, Successes: 2, Errors: 3},
		{Name: "GetUser", From: breaker.HalfOpen, To: breaker.Open, At: at(10 + sleep), Generation: 3, Successes: 2, Errors: 4},
		{Name: "GetUser", From: breaker.Open, To: breaker.HalfOpen, At: at(10 + 2*sleep), Generation: 4, Successes: 2, Errors: 4},
		{Name: "GetUser", From: breaker.HalfOpen, To: breaker.Closed, At: at(15 + 2*sleep), Generation: 5, Successes: 3, Errors: 4},
	}, r.seen)
}

// The listener calls whatever there is to call; a lock held would stop it for
// ever, and order would be lost if it were called from within itself.
func TestB11_ListenerMayCallTheBreaker(t *testing.T) {
	r := newRig(t)
	var inside bool
	var seen []breaker.Transition
	stop := r.Listen(func(x breaker.Transition) {
		require.False(t, inside, "one at a time")
		inside = true
		defer func() { inside = false }()
		seen = append(seen, x)
		r.State()
		r.IsOpen()
		r.Allows()
		r.Counts()
		r.NextTrial()
		r.Listen(func(breaker.Transition) {})()
		switch len(seen) {
		case 1: // it has just opened: play the trial at once
			require.NoError(t, r.Update(r.Settings()))
			r.refuse()
			r.wait()
			trial := r.admitTrial()
			trial.Done(failure)
			r.wait()
			trial = r.admitTrial()
			trial.Done(success)
			r.trip()
		default:
			r.refuseOrIgnore()
		}
	})
	defer stop()
	r.trip()
	want := []breaker.State{breaker.Open, breaker.HalfOpen, breaker.Open, breaker.HalfOpen, breaker.Closed, breaker.Open}
	require.Equal(t, want, states(t, seen))
	require.Equal(t, want, states(t, r.seen))
}

func (r *rig) refuseOrIgnore() {
	if p, err := r.Acquire(); err == nil {
		p.Done(ignore)
	}
}

func TestB11_PanicCostsNobodyATransition(t *testing.T) {
	var log bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
	defer slog.SetDefault(before)

	r := newRig(t)
	r.Listen(func(x breaker.Transition) { panic("boom " + x.To.String()) })
	var after []breaker.Transition
	r.Listen(func(x breaker.Transition) { after = append(after, x) })
	r.trip()
	r.wait()
	r.admitTrial().Done(success)
	want := []breaker.State{breaker.Open, breaker.HalfOpen, breaker.Closed}
	require.Equal(t, want, states(t, after))
	require.Equal(t, want, states(t, r.seen))
	require.Contains(t, log.String(), `panic="boom half-open"`)
	require.Contains(t, log.String(), "breaker=GetUser")
	require.Contains(t, log.String(), "listen_test.go", "the stack")
}

// A listener that ends the goroutine ends it, and everybody else is still told.
func TestB11_GoexitCostsNobodyATransition(t *testing.T) {
	r := newRig(t)
	r.Listen(func(x breaker.Transition) {
		if x.To == breaker.Open {
			r.wait()
			r.admitTrial().Done(success)
		}
		runtime.Goexit()
	})
	var after []breaker.Transition
	r.Listen(func(x breaker.Transition) { after = append(after, x) })
	for round := 1; round <= 2; round++ {
		ended, returned := make(chan struct{}), false
		go func() {
			defer close(ended)
			r.call(failure, failure, failure, failure)
			returned = true
		}()
		<-ended
		require.False(t, returned)
		require.Len(t, after, 3*round)
	}
	open, half, closed := breaker.Open, breaker.HalfOpen, breaker.Closed
	require.Equal(t, []breaker.State{open, half, closed, open, half, closed}, states(t, after))
}

func TestListen_StopAndLateListeners(t *testing.T) {
	r := newRig(t)
	var early, late []breaker.Transition
	stop := r.Listen(func(x breaker.Transition) { early = append(early, x) })
	r.trip()
	r.Listen(func(x breaker.Transition) { late = append(late, x) })
	stop()
	stop()
	r.wait()
	r.admitTrial().Done(success)
	require.Len(t, early, 1)
	require.Len(t, late, 2)
	require.Equal(t, breaker.Open, late[0].From)
}

// Stopped while its call was already owed.
func TestListen_StopBeforeDelivery(t *testing.T) {
	r := newRig(t)
	var stop func()
	r.Listen(func(breaker.Transition) { stop() })
	stop = r.Listen(func(breaker.Transition) { t.Error("told after stop") })
	r.trip()
}

// While one goroutine is busy telling, another that changes the state leaves
// its transition behind and goes on.
func TestB11_SlowListenerHoldsUpNobodyElse(t *testing.T) {
	r := newRig(t)
	entered, release := make(chan struct{}), make(chan struct{})
	var seen []breaker.Transition
	r.Listen(func(x breaker.Transition) {
		seen = append(seen, x)
		if x.To == breaker.Open {
			close(entered)
			<-release
		}
	})
	told := make(chan struct{})
	go func() {
		defer close(told)
		r.call(failure, failure, failure, failure)
	}()
	<-entered
	r.wait()
	r.admitTrial().Done(success)
	r.call(success)
	require.Len(t, seen, 1)
	close(release)
	<-told
	require.Equal(t, []breaker.State{breaker.Open, breaker.HalfOpen, breaker.Closed}, states(t, seen))
}
