package breaker_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/quillgo/quill/breaker"
)

func TestSettings_Defaults(t *testing.T) {
	b, err := breaker.New(breaker.Options{})
	require.NoError(t, err)
	require.Equal(t, breaker.Settings{
		Mode:          breaker.Auto,
		RequestVolume: 20,
		ErrorPercent:  50,
		SleepWindow:   5 * time.Second,
		Window:        10 * time.Second,
		Buckets:       20,
	}, b.Settings())
	require.NoError(t, b.Update(b.Settings()))
	require.NoError(t, b.Update(breaker.Settings{}))
	require.Equal(t, "", b.Name())
}

func TestSettings_Validate(t *testing.T) {
	require.NoError(t, breaker.Settings{}.Validate())
	for _, c := range []struct {
		settings breaker.Settings
		want     string
	}{
		{breaker.Settings{Mode: 9}, "breaker: Settings.Mode is Mode(9), want Auto, ForcedOpen, ForcedClosed or Disabled"},
		{breaker.Settings{RequestVolume: -1}, "breaker: Settings.RequestVolume is -1, want 1 or more"},
		{breaker.Settings{ErrorPercent: 101}, "breaker: Settings.ErrorPercent is 101, want 1 to 100"},
		{breaker.Settings{ErrorPercent: -5}, "breaker: Settings.ErrorPercent is -5, want 1 to 100"},
		{breaker.Settings{SleepWindow: -time.Second}, "breaker: Settings.SleepWindow is -1s, want more than 0"},
		{breaker.Settings{TrialLease: -1}, "breaker: Settings.TrialLease is -1ns, want more than 0, or 0 for SleepWindow"},
		{breaker.Settings{Window: -1}, "breaker: Settings.Window is -1ns, want more than 0"},
		{breaker.Settings{Buckets: -1}, "breaker: Settings.Buckets is -1, want 1 to 4096"},
		{breaker.Settings{Buckets: 5000}, "breaker: Settings.Buckets is 5000, want 1 to 4096"},
		{breaker.Settings{Buckets: 7}, "breaker: Settings.Window is 10s, want a multiple of its 7 Buckets"},
		{breaker.Settings{Window: 30}, "breaker: Settings.Window is 30ns, want a multiple of its 20 Buckets"},
		{
			breaker.Settings{ErrorPercent: 150, RequestVolume: -20},
			"breaker: Settings.RequestVolume is -20, want 1 or more\nbreaker: Settings.ErrorPercent is 150, want 1 to 100",
		},
	} {
		require.EqualError(t, c.settings.Validate(), c.want)
		_, err := breaker.New(breaker.Options{Settings: c.settings})
		require.EqualError(t, err, c.want)
	}
}

func TestUpdate_RefusesAndChangesNothing(t *testing.T) {
	r := newRig(t)
	before := r.Settings()
	for _, c := range []struct {
		settings breaker.Settings
		want     string
	}{
		{breaker.Settings{ErrorPercent: 101, Mode: breaker.Disabled}, "breaker: Settings.ErrorPercent is 101, want 1 to 100"},
		{breaker.Settings{Window: 2 * time.Second}, "breaker: Settings.Window is 2s, want 1s: it is fixed by New"},
		{breaker.Settings{Buckets: 20}, "breaker: Settings.Buckets is 20, want 10: it is fixed by New"},
	} {
		require.EqualError(t, r.Update(c.settings), c.want)
		require.Equal(t, before, r.Settings())
	}
	require.NoError(t, r.Update(breaker.Settings{ErrorPercent: 60}))
	after := r.Settings()
	require.Equal(t, 60, after.ErrorPercent)
	require.Equal(t, breaker.DefaultRequestVolume, after.RequestVolume, "zero is the default, not what it was")
	require.Equal(t, time.Second, after.Window)
}

func TestSettings_HugeValues(t *testing.T) {
	r := newRig(t, func(s *breaker.Settings) {
		s.SleepWindow, s.TrialLease, s.RequestVolume = math.MaxInt64, math.MaxInt64, 1
	})
	r.pass(time.Hour)
	r.trip()
	require.True(t, r.refuse().Until.After(epoch.AddDate(200, 0, 0)))
	r.update(func(s *breaker.Settings) { s.RequestVolume = math.MaxInt })
	r.update(mode(breaker.ForcedClosed))
	r.call(failure)
}

func TestClassify(t *testing.T) {
	b, err := breaker.New(breaker.Options{})
	require.NoError(t, err)
	boom := errors.New("boom")
	require.Equal(t, success, b.Classify(nil))
	require.Equal(t, failure, b.Classify(boom))
	require.Equal(t, failure, b.Classify(context.DeadlineExceeded))
	require.Equal(t, ignore, b.Classify(fmt.Errorf("get: %w", context.Canceled)))
	require.Equal(t, failure, b.Classify(breaker.ErrOpen), "a call that met an open breaker failed")

	require.NoError(t, b.Update(breaker.Settings{Classify: func(err error) breaker.Outcome {
		if errors.Is(err, boom) {
			return ignore
		}
		return breaker.DefaultClassify(err)
	}}))
	require.Equal(t, ignore, b.Classify(boom))
	require.Equal(t, success, b.Classify(nil))
}

func TestOpenError(t *testing.T) {
	r := newRig(t)
	r.trip()
	open := r.refuse()
	require.EqualError(t, open, `breaker: circuit open: "GetUser"`)
	require.EqualError(t, &breaker.OpenError{}, "breaker: circuit open")
	wait, ok := open.RetryAfter(epoch.Add(100 * time.Millisecond))
	require.True(t, ok)
	require.Equal(t, 300*time.Millisecond+1, wait)
	wait, ok = open.RetryAfter(epoch.Add(time.Hour))
	require.True(t, ok)
	require.Zero(t, wait)
}

func TestStrings(t *testing.T) {
	require.Equal(t, "closed open half-open State(3)",
		fmt.Sprint(breaker.Closed, " ", breaker.Open, " ", breaker.HalfOpen, " ", breaker.State(3)))
	require.Equal(t, "unset auto forced-open forced-closed disabled Mode(5)",
		fmt.Sprint(breaker.Unset, " ", breaker.Auto, " ", breaker.ForcedOpen, " ", breaker.ForcedClosed, " ", breaker.Disabled, " ", breaker.Mode(5)))
	require.Equal(t, "ignore success failure refused Outcome(4)",
		fmt.Sprint(ignore, " ", success, " ", failure, " ", refused, " ", breaker.Outcome(4)))
}

func TestOptions_Epoch(t *testing.T) {
	c := new(handClock)
	_, err := breaker.New(breaker.Options{Clock: c, Epoch: epoch.Add(time.Minute)})
	require.EqualError(t, err, "breaker: Options.Epoch is 1m0s in the future, want the present or the past")

	b, err := breaker.New(breaker.Options{Clock: c, Epoch: epoch.Add(-time.Minute), Settings: breaker.Settings{RequestVolume: 1}})
	require.NoError(t, err)
	p, err := b.Acquire()
	require.NoError(t, err)
	p.DoneAt(failure, time.Minute)
	at, ok := b.NextTrial()
	require.True(t, ok)
	require.Equal(t, epoch.Add(5*time.Second+1), at)
}

// A date as epoch has no monotonic reading; what the breaker hands out has.
func TestOptions_EpochWithoutMonotonicReading(t *testing.T) {
	date := time.Now().Add(-time.Hour).Round(0)
	b, err := breaker.New(breaker.Options{Epoch: date, Settings: breaker.Settings{RequestVolume: 1}})
	require.NoError(t, err)
	p, err := b.Acquire()
	require.NoError(t, err)
	p.DoneAt(failure, time.Hour)
	at, ok := b.NextTrial()
	require.True(t, ok)
	require.Contains(t, at.String(), " m=", "a step of the wall clock must not matter")
	require.True(t, at.Round(0).Equal(date.Add(time.Hour+5*time.Second+1)))
}
