// Package breaker is a circuit breaker: it stops calling what keeps failing,
// and finds out with a single trial call when to begin again.
//
//	permit, err := b.Acquire()
//	if err != nil {
//		return err // errors.Is(err, breaker.ErrOpen)
//	}
//	defer permit.Done(breaker.Failure) // a panic is a failure; the first Done counts
//	err = call()
//	permit.Done(b.Classify(err))
//	return err
//
// It follows the breaker of Netflix Hystrix (HystrixCircuitBreaker on its main
// line) where these rules do not say otherwise. Tests and comments cite them.
//
//   - B1. State, the time it began, the counts it judges by and the settings in
//     force are one immutable value behind one atomic pointer: nobody ever sees
//     half a change.
//   - B2. A closed breaker is judged whenever an error is recorded and at each
//     acquire: it opens when the window, the open bucket included, holds at
//     least RequestVolume results and errors*100/total, truncated, is at least
//     ErrorPercent. No sampler, no delay. The call that finds it so is refused.
//   - B3. An open breaker refuses until more than SleepWindow has passed since
//     it opened (strictly more, as in Hystrix, to the nanosecond). The next
//     acquire then gets the trial, and everybody else is refused until the
//     trial is decided.
//   - B4. The trial's Success closes, its Failure opens for a fresh SleepWindow.
//     Ignore and Refused decide nothing: the very next acquire gets a new trial.
//   - B5. A trial has a lease. When more than TrialLease has passed without a
//     result the next acquire gets a replacement, and the old holder decides
//     nothing any more. A late result that comes before any replacement still
//     decides.
//   - B6. Only the permit of the trial under way decides. Results of calls that
//     began before the breaker opened are counted in the window that is on its
//     way out, and change nothing else, whenever they arrive.
//   - B7. Closing begins a new window whose first entry is the Success that
//     closed.
//   - B8. A call that was refused here never counts.
//   - B9. ForcedOpen refuses everybody, ForcedClosed admits everybody, and
//     underneath results go on being counted, trials decided, a closed breaker
//     opened: that state is in force again when the mode is Auto. Disabled
//     admits everybody and counts nothing of it. A permit from before a change
//     of mode keeps its meaning.
//   - B10. Settings change as a whole and at once; a changed SleepWindow moves
//     the end of one that is running. A lease already granted stays.
//   - B11. Listeners are told of every change of state, in order, one at a time,
//     with no lock held.
//   - B12. Time is monotonic and is read, never waited for: no goroutine and no
//     timer. The present is whatever the caller says it is.
package breaker
