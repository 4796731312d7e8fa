package breaker_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/quillgo/quill/breaker"
)

func TestB9_ForcedOpenRefusesEverybody(t *testing.T) {
	r := newRig(t, mode(breaker.ForcedOpen))
	open := r.refuse()
	require.Zero(t, open.Until, "no time ends it")
	_, ok := open.RetryAfter(epoch)
	require.False(t, ok)
	_, ok = r.NextTrial()
	require.False(t, ok)
	require.True(t, r.IsOpen())
	require.False(t, r.Allows())
	require.Equal(t, breaker.Closed, r.State())
	_, err := r.AcquireAt(time.Hour)
	require.Same(t, open, err)
}

// As recorded: closed before, closed after.
func TestB9_ForcedOpenToggled(t *testing.T) {
	r := newRig(t)
	r.call(success)
	r.update(mode(breaker.ForcedOpen))
	r.refuse()
	require.True(t, r.IsOpen())
	r.update(mode(breaker.Auto))
	r.call(success)
	require.False(t, r.IsOpen())
	require.Equal(t, breaker.Counts{Successes: 2}, r.Counts())
}

// As recorded: an open breaker lets traffic through and is open afterwards; a
// success in between closes nothing.
func TestB9_ForcedClosedOverAnOpenBreaker(t *testing.T) {
	r := newRig(t)
	r.trip()
	own := r.refuse()
	r.update(mode(breaker.ForcedClosed))
	require.False(t, r.IsOpen())
	require.True(t, r.Allows())
	r.call(success, failure)
	require.Equal(t, breaker.Counts{Successes: 1, Errors: 5}, r.Counts(), "counted underneath")
	r.wait()
	require.False(t, r.admit().Trial(), "nobody tries anything where all are admitted")
	r.update(mode(breaker.Auto))
	require.True(t, r.IsOpen())
	require.Equal(t, breaker.Open, r.State())
	r.update(mode(breaker.ForcedOpen))
	r.update(mode(breaker.Auto))
	trial := r.admitTrial()
	require.Same(t, own, r.refuse(), "the opening is the same one")
	trial.Done(success)
	require.Equal(t, breaker.Closed, r.State())
}

func TestB9_ForcedClosedOpensUnderneath(t *testing.T) {
	r := newRig(t, mode(breaker.ForcedClosed))
	r.call(failure, failure, failure, failure, failure)
	require.Equal(t, breaker.Open, r.State())
	require.False(t, r.IsOpen())
	r.update(mode(breaker.Auto))
	require.True(t, r.IsOpen())
	r.refuse()
}

// A failed call of the mode's must not reach a later window.
func TestB9_ForcedClosedPermitOfAnOpenBreaker(t *testing.T) {
	r := newRig(t)
	r.trip()
	r.wait()
	trial := r.admitTrial()
	r.update(mode(breaker.ForcedClosed))
	late := []*breaker.Permit{r.admit(), r.admit(), r.admit(), r.admit(), r.admit()}
	for _, p := range late {
		require.False(t, p.Trial())
	}
	r.update(mode(breaker.Auto))
	late[0].Done(success)
	require.Equal(t, breaker.HalfOpen, r.State(), "it is not the trial")
	trial.Done(success)
	for _, p := range late[1:] {
		p.Done(failure)
	}
	require.Equal(t, breaker.Counts{Successes: 1}, r.Counts())
}

func TestB9_TrialDecidesUnderForcedModes(t *testing.T) {
	for _, m := range []breaker.Mode{breaker.ForcedOpen, breaker.ForcedClosed, breaker.Disabled} {
		for o, want := range map[breaker.Outcome]breaker.State{
			success: breaker.Closed, failure: breaker.Open, ignore: breaker.HalfOpen,
		} {
			r := newRig(t)
			r.trip()
			r.wait()
			trial := r.admitTrial()
			r.update(mode(m))
			trial.Done(o)
			require.Equal(t, want, r.State(), "%v under %v", o, m)
		}
	}
}

// A breaker forced open during a trial gives its own error again afterwards.
func TestB9_RefusalAfterForcedOpenDuringTrial(t *testing.T) {
	r := newRig(t)
	r.trip()
	own := r.refuse()
	r.wait()
	r.admitTrial()
	r.update(mode(breaker.ForcedOpen))
	require.Zero(t, r.refuse().Until)
	r.update(mode(breaker.Auto))
	require.Same(t, own, r.refuse())
}

func TestB9_DisabledCountsNothing(t *testing.T) {
	r := newRig(t, mode(breaker.Disabled))
	r.call(failure, failure, failure, failure, failure, failure)
	require.Zero(t, r.Counts())
	require.False(t, r.IsOpen())
	require.True(t, r.Allows())
	_, err := r.AcquireAt(0)
	require.NoError(t, err)
	late := r.admit()
	r.update(mode(breaker.Auto))
	late.Done(failure)
	r.call(success)
	require.Equal(t, breaker.Counts{Successes: 1}, r.Counts())
}

func TestB9_PermitKeepsItsMeaning(t *testing.T) {
	r := newRig(t)
	r.call(failure, failure, failure)
	p := r.admit()
	r.update(mode(breaker.Disabled))
	p.Done(failure)
	require.Equal(t, breaker.Open, r.State(), "it was admitted to be counted")
	require.False(t, r.IsOpen())
	r.admit()
	r.update(mode(breaker.Auto))
	r.refuse()
}

// As recorded: no call is needed in between.
func TestB10_LoweredVolumeIsSeenAtOnce(t *testing.T) {
	r := newRig(t, func(s *breaker.Settings) { s.RequestVolume = 100 })
	r.call(failure, failure, failure, failure)
	require.False(t, r.IsOpen())
	require.Equal(t, 100, r.Counts().ErrorPercent())
	r.update(func(s *breaker.Settings) { s.RequestVolume = 3 })
	require.True(t, r.IsOpen())
	r.refuse()
}

func TestB10_SleepWindowMovesWhileOpen(t *testing.T) {
	r := newRig(t)
	r.trip()
	before := r.refuse()
	r.update(func(s *breaker.Settings) { s.RequestVolume = 9 })
	require.Same(t, before, r.refuse())
	r.update(func(s *breaker.Settings) { s.SleepWindow = 10 * time.Millisecond })
	require.Equal(t, epoch.Add(10*time.Millisecond+1), r.refuse().Until)
	r.pass(10*time.Millisecond + 1)
	r.update(func(s *breaker.Settings) { s.SleepWindow = time.Minute })
	r.refuse()
	r.update(func(s *breaker.Settings) { s.SleepWindow = 10 * time.Millisecond })
	r.admitTrial()
}

func TestB10_GrantedLeaseStays(t *testing.T) {
	r := newRig(t)
	r.trip()
	r.wait()
	r.admitTrial()
	r.update(func(s *breaker.Settings) { s.TrialLease, s.SleepWindow = time.Hour, time.Hour })
	r.pass(400*time.Millisecond + 1)
	r.admitTrial()
	r.pass(time.Hour)
	r.refuse()
}
