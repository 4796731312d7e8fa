package breaker_test

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/benbjohnson/clock"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/quillgo/quill/breaker"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// handClock is a clock that is moved by hand. Only the two methods that a
// breaker needs work, so that a test notices any other use.
type handClock struct {
	clock.Clock
	now atomic.Int64
}

var epoch = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func (c *handClock) Now() time.Time                  { return epoch.Add(time.Duration(c.now.Load())) }
func (c *handClock) Since(t time.Time) time.Duration { return c.Now().Sub(t) }

// rig is a breaker with a clock in the test's hand. It opens after 4 failures.
type rig struct {
	*breaker.Breaker
	t     testing.TB
	clock *handClock
	seen  []breaker.Transition
}

func newRig(t testing.TB, change ...func(*breaker.Settings)) *rig {
	t.Helper()
	r := &rig{t: t, clock: new(handClock)}
	s := breaker.Settings{
		RequestVolume: 4,
		ErrorPercent:  50,
		SleepWindow:   400 * time.Millisecond,
		Window:        time.Second,
		Buckets:       10,
	}
	for _, f := range change {
		f(&s)
	}
	b, err := breaker.New(breaker.Options{
		Name:     "GetUser",
		Settings: s,
		Clock:    r.clock,
		OnChange: func(x breaker.Transition) { r.seen = append(r.seen, x) },
	})
	require.NoError(t, err)
	r.Breaker = b
	return r
}

func (r *rig) pass(d time.Duration) { r.clock.now.Add(int64(d)) }

// admit acquires a permit that must be given.
func (r *rig) admit() *breaker.Permit {
	r.t.Helper()
	p, err := r.Acquire()
	require.NoError(r.t, err)
	return &p
}

// admitTrial acquires a permit that must be the trial's.
func (r *rig) admitTrial() *breaker.Permit {
	r.t.Helper()
	p := r.admit()
	require.True(r.t, p.Trial())
	return p
}

func (r *rig) refuse() *breaker.OpenError {
	r.t.Helper()
	p, err := r.Acquire()
	require.ErrorIs(r.t, err, breaker.ErrOpen)
	p.Done(breaker.Failure) // of no permit: must count nowhere
	var open *breaker.OpenError
	require.ErrorAs(r.t, err, &open)
	return open
}

// call makes calls that end at once.
func (r *rig) call(outcomes ...breaker.Outcome) {
	r.t.Helper()
	for _, o := range outcomes {
		r.admit().Done(o)
	}
}

func (r *rig) trip() {
	r.t.Helper()
	for r.State() == breaker.Closed {
		r.call(breaker.Failure)
	}
	require.Equal(r.t, breaker.Open, r.State())
}

// wait lets the sleep window pass.
func (r *rig) wait() { r.pass(r.Settings().SleepWindow + 1) }

func (r *rig) update(f func(*breaker.Settings)) {
	r.t.Helper()
	s := r.Settings()
	f(&s)
	require.NoError(r.t, r.Update(s))
}

func mode(m breaker.Mode) func(*breaker.Settings) {
	return func(s *breaker.Settings) { s.Mode = m }
}
