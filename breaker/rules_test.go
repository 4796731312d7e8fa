package breaker_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/quillgo/quill/breaker"
)

const (
	ignore  = breaker.Ignore
	success = breaker.Success
	failure = breaker.Failure
	refused = breaker.Refused
)

// The patterns that real Hystrix was recorded with: volume 4, and whether the
// breaker was found open after them.
func TestB2_Trips(t *testing.T) {
	for _, c := range []struct {
		pattern string
		percent int
		open    bool
	}{
		{"fsfs", 50, true},
		{"ssff", 50, true},
		{"sssf", 50, false},
		{"fff", 50, false},
		{"ffs", 50, false},
		{"ssss", 50, false},
		{"sfffs", 50, true},
		{"ffbbbff", 50, true},
		{"bbbbff", 50, false},
		{"rrrr", 50, true},
		{"sssssfff", 50, false},
		{"sfff", 75, true},
		{"sfff", 76, false},
		{"ffff", 100, true},
		{"sfff", 100, false},
		{"sssf", 1, true},
		{"sssf", 25, true},
		{"ssfssf", 33, true},
		{"ssfssf", 34, false},
	} {
		t.Run(fmt.Sprint(c.pattern, "/", c.percent), func(t *testing.T) {
			r := newRig(t, func(s *breaker.Settings) { s.ErrorPercent = c.percent })
			permits := make([]breaker.Permit, len(c.pattern)) // all begin before the first ends
			for i := range permits {
				permits[i], _ = r.Acquire()
			}
			for i, o := range c.pattern {
				permits[i].Done(map[rune]breaker.Outcome{'s': success, 'f': failure, 'b': ignore, 'r': refused}[o])
			}
			require.Equal(t, c.open, r.IsOpen())
			require.Equal(t, !c.open, r.Allows())
			if c.open {
				r.refuse()
				require.Equal(t, breaker.Open, r.State())
			} else {
				r.admit()
				require.Equal(t, breaker.Closed, r.State())
			}
		})
	}
}

func TestB2_OpensWithTheFailureThatIsOneTooMany(t *testing.T) {
	r := newRig(t)
	r.call(success, failure, success)
	require.Equal(t, breaker.Closed, r.State())
	r.call(failure)
	require.Equal(t, breaker.Open, r.State())
}

// A success can complete the volume: the next acquire finds the breaker over
// its limit, opens it and is refused. Queries find it so but open nothing.
func TestB2_SuccessCompletesVolume(t *testing.T) {
	r := newRig(t)
	r.call(failure, failure, success, success)
	require.True(t, r.IsOpen())
	require.False(t, r.Allows())
	require.Equal(t, breaker.Closed, r.State())
	r.pass(50 * time.Millisecond)
	open := r.refuse()
	require.Equal(t, breaker.Open, r.State())
	require.Equal(t, epoch.Add(450*time.Millisecond+1), open.Until, "it sleeps from when it was found")
}

// Time can move successes out of the window.
func TestB2_TimeMovesSuccessesOut(t *testing.T) {
	r := newRig(t)
	r.call(success, success, success, success, success)
	r.pass(500 * time.Millisecond)
	r.call(failure, failure, failure, failure)
	require.Equal(t, breaker.Counts{Successes: 5, Errors: 4}, r.Counts())
	r.pass(500*time.Millisecond - 1)
	require.True(t, r.Allows())
	r.pass(1)
	require.Equal(t, breaker.Counts{Errors: 4}, r.Counts())
	r.refuse()
	require.Equal(t, breaker.Open, r.State())
}

func TestB2_OldFailuresLeave(t *testing.T) {
	r := newRig(t)
	r.call(failure, failure, failure)
	r.pass(time.Second)
	r.call(failure, failure, failure)
	require.False(t, r.IsOpen())
	require.Equal(t, breaker.Counts{Errors: 3}, r.Counts())
}

func TestB3_SleepWindowIsExact(t *testing.T) {
	r := newRig(t)
	r.pass(123)
	r.trip()
	open := r.refuse()
	require.Equal(t, epoch.Add(123+400*time.Millisecond+1), open.Until)
	next, ok := r.NextTrial()
	require.True(t, ok)
	require.Equal(t, open.Until, next)

	r.pass(400 * time.Millisecond)
	require.False(t, r.Allows())
	require.Same(t, open, r.refuse(), "one error value per opening")
	r.pass(1)
	require.True(t, r.Allows())
	require.Equal(t, breaker.Open, r.State(), "asking takes nothing")
	r.admitTrial()
	require.Equal(t, breaker.HalfOpen, r.State())
	require.True(t, r.IsOpen())
	require.False(t, r.Allows())
	require.Same(t, open, r.refuse(), "during the trial too")
}

// The same edge with package time, in nanoseconds.
func TestB3_SleepWindowIsExactInRealTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, err := breaker.New(breaker.Options{Settings: breaker.Settings{RequestVolume: 1}})
		require.NoError(t, err)
		p, err := b.Acquire()
		require.NoError(t, err)
		p.Done(failure)
		time.Sleep(breaker.DefaultSleepWindow)
		_, err = b.Acquire()
		var open *breaker.OpenError
		require.ErrorAs(t, err, &open)
		wait, ok := open.RetryAfter(time.Now())
		require.True(t, ok)
		require.Equal(t, time.Duration(1), wait)
		time.Sleep(time.Until(open.Until))
		p, err = b.Acquire()
		require.NoError(t, err)
		require.True(t, p.Trial())
	})
}

func TestB4_TrialSuccessCloses(t *testing.T) {
	r := newRig(t)
	r.trip()
	r.wait()
	r.admitTrial().Done(success)
	require.Equal(t, breaker.Closed, r.State())
	require.False(t, r.IsOpen())
	require.False(t, r.admit().Trial())
}

func TestB4_TrialFailureReopensForAFreshSleepWindow(t *testing.T) {
	r := newRig(t)
	r.trip()
	first := r.refuse()
	r.wait()
	trial := r.admitTrial()
	r.pass(100 * time.Millisecond)
	trial.Done(failure)
	require.Equal(t, breaker.Open, r.State())
	second := r.refuse()
	require.Equal(t, first.Until.Add(500*time.Millisecond+1), second.Until)
	r.pass(400 * time.Millisecond)
	r.refuse()
	r.pass(1)
	r.admitTrial()
}

// Cancelled, bad request, refused by a bulkhead: the next caller tries at once.
func TestB4_UndecidedTrialIsHandedOn(t *testing.T) {
	for _, o := range []breaker.Outcome{ignore, refused, breaker.Outcome(77)} {
		t.Run(o.String(), func(t *testing.T) {
			r := newRig(t)
			r.trip()
			r.wait()
			errors := r.Counts().Errors
			trial := r.admitTrial()
			r.refuse()
			r.pass(10)
			trial.Done(o)
			require.Equal(t, breaker.HalfOpen, r.State())
			require.True(t, r.Allows())
			at, ok := r.NextTrial()
			require.True(t, ok)
			require.Equal(t, r.clock.Now(), at)
			if o == refused {
				errors++
			}
			require.Equal(t, errors, r.Counts().Errors)

			p, err := r.AcquireAt(0) // even for a caller whose clock is behind
			require.NoError(t, err)
			require.True(t, p.Trial())
			r.refuse()
			p.Done(success)
			require.Equal(t, breaker.Closed, r.State())
			require.Len(t, r.seen, 3, "handing on is no change of state")
		})
	}
}

func TestB5_HungTrialIsReplaced(t *testing.T) {
	for _, late := range []breaker.Outcome{success, failure, ignore, refused} {
		t.Run(late.String(), func(t *testing.T) {
			r := newRig(t, func(s *breaker.Settings) { s.TrialLease = 50 * time.Millisecond })
			r.trip()
			r.wait()
			hung := r.admitTrial()
			at, ok := r.NextTrial()
			require.True(t, ok)
			require.Equal(t, r.clock.Now().Add(50*time.Millisecond+1), at)
			r.pass(50 * time.Millisecond)
			r.refuse()
			r.pass(1)
			require.True(t, r.Allows())
			replacement := r.admitTrial()

			hung.Done(late)
			require.Equal(t, breaker.HalfOpen, r.State(), "the old holder decides nothing")
			r.refuse()
			replacement.Done(success)
			require.Equal(t, breaker.Closed, r.State())
			require.Equal(t, breaker.Counts{Successes: 1}, r.Counts())
		})
	}
}

func TestB5_LeaseIsTheSleepWindowByDefault(t *testing.T) {
	r := newRig(t)
	r.trip()
	r.wait()
	r.admitTrial()
	r.pass(400 * time.Millisecond)
	r.refuse()
	r.pass(1)
	r.admitTrial()
}

func TestB5_LateTrialDecidesUntilReplaced(t *testing.T) {
	r := newRig(t)
	r.trip()
	r.wait()
	trial := r.admitTrial()
	r.pass(time.Hour)
	trial.Done(success)
	require.Equal(t, breaker.Closed, r.State())
}

// Real Hystrix 1.5.18 and others close here.
func TestB6_LateSuccessDoesNotClose(t *testing.T) {
	r := newRig(t)
	late, later := r.admit(), r.admit()
	r.trip()
	late.Done(success)
	require.Equal(t, breaker.Open, r.State())
	r.wait()
	trial := r.admitTrial()
	later.Done(success)
	require.Equal(t, breaker.HalfOpen, r.State())
	r.refuse()
	trial.Done(failure)
	require.Equal(t, breaker.Open, r.State())
}

// Real Hystrix moves a half-open breaker to open here, whoever fails.
func TestB6_LateFailureDoesNotReopen(t *testing.T) {
	for _, o := range []breaker.Outcome{failure, refused, ignore} {
		r := newRig(t)
		late := []*breaker.Permit{r.admit(), r.admit(), r.admit(), r.admit(), r.admit(), r.admit()}
		r.trip()
		r.wait()
		trial := r.admitTrial()
		late[0].Done(o)
		require.Equal(t, breaker.HalfOpen, r.State())
		trial.Done(success)
		for _, p := range late[1:] {
			p.Done(o)
		}
		require.Equal(t, breaker.Closed, r.State(), "failures of an earlier phase")
		require.Equal(t, breaker.Counts{Successes: 1}, r.Counts())
	}
}

// A success has put the breaker over its limit, which the next acquire will
// find. A failure of an earlier phase must not find it first.
func TestB6_LateFailureDoesNotJudge(t *testing.T) {
	r := newRig(t)
	late := r.admit()
	r.trip()
	r.wait()
	r.admitTrial().Done(success)
	r.call(failure, failure, success)
	require.True(t, r.IsOpen())
	late.Done(failure)
	require.Equal(t, breaker.Closed, r.State())
	r.refuse()
	require.Equal(t, breaker.Open, r.State())
}

func TestB6_LateResultsShowWhileOpen(t *testing.T) {
	r := newRig(t)
	late := r.admit()
	r.trip()
	late.Done(success)
	require.Equal(t, breaker.Counts{Successes: 1, Errors: 4}, r.Counts())
}

func TestB6_GenerationTellsEveryTrial(t *testing.T) {
	r := newRig(t)
	var generations []uint64
	note := func() { generations = append(generations, r.Generation()) }
	note()
	r.trip()
	note()
	r.wait()
	p := r.admitTrial()
	note()
	p.Done(ignore)
	note()
	r.admitTrial()
	note()
	r.wait()
	p = r.admitTrial()
	note()
	r.update(mode(breaker.ForcedClosed))
	note()
	p.Done(success)
	note()
	require.Equal(t, []uint64{0, 1, 2, 3, 4, 5, 5, 6}, generations)
}

func TestB7_ClosingSuccessIsTheFirstOfTheNewWindow(t *testing.T) {
	r := newRig(t)
	r.trip()
	r.wait()
	r.admitTrial().Done(success)
	require.Equal(t, breaker.Counts{Successes: 1}, r.Counts())
	r.pass(350 * time.Millisecond)
	r.call(failure, failure)
	require.Equal(t, breaker.Counts{Successes: 1, Errors: 2}, r.Counts())
	require.Equal(t, 66, r.Counts().ErrorPercent())
	require.False(t, r.IsOpen())
	r.call(failure)
	require.Equal(t, breaker.Open, r.State(), "1 success and 3 errors are 4 results")
}

func TestB8_RefusedCallsNeverCount(t *testing.T) {
	r := newRig(t)
	r.trip()
	before := r.Counts()
	for range 100 {
		r.refuse()
	}
	require.Equal(t, before, r.Counts())
	r.wait()
	trial := r.admitTrial()
	for range 100 {
		r.refuse()
	}
	trial.Done(success)
	require.Equal(t, breaker.Closed, r.State(), "they do not disturb the trial either")
}

func TestPermit_FirstDoneCounts(t *testing.T) {
	r := newRig(t)
	p := r.admit()
	p.Done(success)
	for range 10 {
		p.Done(failure)
		p.DoneAt(failure, 0)
	}
	require.Equal(t, breaker.Counts{Successes: 1}, r.Counts())

	q := r.admit()
	q.Done(ignore)
	q.Done(failure)
	require.Equal(t, breaker.Counts{Successes: 1}, r.Counts(), "Ignore is an answer too")

	var zero breaker.Permit
	zero.Done(failure)
	zero.DoneAt(failure, 0)
	require.False(t, zero.Trial())
}

func TestAt_CountsFromEpoch(t *testing.T) {
	r := newRig(t)
	for range 4 {
		p, err := r.AcquireAt(100 * time.Millisecond)
		require.NoError(t, err)
		p.DoneAt(failure, 200*time.Millisecond)
	}
	_, err := r.AcquireAt(600 * time.Millisecond)
	var open *breaker.OpenError
	require.ErrorAs(t, err, &open)
	require.Equal(t, epoch.Add(600*time.Millisecond+1), open.Until)
	p, err := r.AcquireAt(600*time.Millisecond + 1)
	require.NoError(t, err)
	require.True(t, p.Trial())
}

// Two goroutines read the clock and act in the other order.
func TestTime_SlightlyBackwardsIsHarmless(t *testing.T) {
	r := newRig(t)
	r.pass(500 * time.Millisecond)
	r.trip()
	r.wait()
	p, err := r.AcquireAt(901 * time.Millisecond)
	require.NoError(t, err)
	p.DoneAt(failure, 899*time.Millisecond)
	require.Equal(t, breaker.Open, r.State())
	at, _ := r.NextTrial()
	require.Equal(t, epoch.Add(1301*time.Millisecond+1), at, "no phase begins before the one it follows")
}
