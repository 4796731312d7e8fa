package breaker_test

import (
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/quillgo/quill/breaker"
)

// guarded makes a call the way the package documentation shows.
func guarded(b *breaker.Breaker, call func() error) error {
	permit, err := b.Acquire()
	if err != nil {
		return err
	}
	defer permit.Done(breaker.Failure)
	err = call()
	permit.Done(b.Classify(err))
	return err
}

// The trial comes back exactly once however it ends, and is never lost: after
// each of these the breaker closes again within one sleep window.
func TestPromise2_TrialIsReleasedHoweverItEnds(t *testing.T) {
	for name, c := range map[string]struct {
		end  func()
		want breaker.State
	}{
		"success": {func() {}, breaker.Closed},
		"panic":   {func() { panic("boom") }, breaker.Open},
		"Goexit":  {runtime.Goexit, breaker.Open},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.trip()
			r.wait()
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				defer func() { _ = recover() }()
				_ = guarded(r.Breaker, func() error { c.end(); return nil })
			}()
			<-ended
			require.Equal(t, c.want, r.State())
			r.wait()
			require.NoError(t, guarded(r.Breaker, func() error { return nil }))
			require.Equal(t, breaker.Closed, r.State())
		})
	}
}

// A thousand calls that panic are a thousand failures.
func TestPromise2_PanicsAreCounted(t *testing.T) {
	r := newRig(t)
	for range 1000 {
		func() {
			defer func() { _ = recover() }()
			_ = guarded(r.Breaker, func() error { panic("boom") })
		}()
	}
	require.Equal(t, breaker.Open, r.State())
	require.Equal(t, breaker.Counts{Errors: 4}, r.Counts())
}

// Eight results of calls from before the opening arrive while the trial is in
// flight: they neither count as the trial's nor make room for another.
func TestPromise3_OnlyTheTrialDecides(t *testing.T) {
	for _, o := range []breaker.Outcome{success, failure, ignore, refused} {
		r := newRig(t)
		var late []*breaker.Permit
		for range 8 {
			late = append(late, r.admit())
		}
		r.trip()
		r.wait()
		trial := r.admitTrial()
		for _, p := range late {
			p.Done(o)
			r.refuse()
			require.Equal(t, breaker.HalfOpen, r.State())
		}
		trial.Done(success)
		require.Equal(t, breaker.Closed, r.State())
		require.Equal(t, breaker.Counts{Successes: 1}, r.Counts())
	}
}

// A trial that never returns does not keep the breaker half-open for ever, and
// neither do any number of them.
func TestPromise4_HalfOpenAlwaysEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, err := breaker.New(breaker.Options{Settings: breaker.Settings{RequestVolume: 1}})
		require.NoError(t, err)
		require.Error(t, guarded(b, func() error { return breaker.ErrOpen }))
		hang := make(chan struct{})
		hung := 0
		for range 5 {
			time.Sleep(breaker.DefaultSleepWindow + 1)
			go func() {
				hung++
				_ = guarded(b, func() error { <-hang; return breaker.ErrOpen })
			}()
			synctest.Wait()
			require.Equal(t, breaker.HalfOpen, b.State())
			require.ErrorIs(t, guarded(b, func() error { return nil }), breaker.ErrOpen)
		}
		require.Equal(t, 5, hung)
		time.Sleep(breaker.DefaultSleepWindow + 1)
		require.NoError(t, guarded(b, func() error { return nil }))
		require.Equal(t, breaker.Closed, b.State())
		close(hang)
		synctest.Wait()
		require.Equal(t, breaker.Closed, b.State(), "and what they say in the end is of the past")
	})
}

// Everything that is user code here, while it runs, sees a breaker that works:
// for others and for itself.
func TestPromise8_UserCodeIsNeverCalledUnderALock(t *testing.T) {
	r := newRig(t)
	everything := func() {
		r.IsOpen()
		r.Counts()
		r.refuseOrIgnore()
		r.Listen(func(breaker.Transition) {})()
		if err := r.Update(r.Settings()); err != nil {
			t.Error(err)
		}
	}
	fromElsewhere := func() {
		done := make(chan struct{})
		go func() {
			defer close(done)
			everything()
		}()
		<-done
		everything()
	}
	called := 0
	r.Listen(func(breaker.Transition) { called++; fromElsewhere() })
	r.update(func(s *breaker.Settings) {
		s.Classify = func(error) breaker.Outcome { called++; fromElsewhere(); return failure }
	})
	for range 4 {
		require.NoError(t, guarded(r.Breaker, func() error { return nil }))
	}
	r.refuse()
	require.Equal(t, 5, called)
}
