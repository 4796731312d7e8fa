package hystrix_test

import (
	"context"
	"fmt"
	"runtime"
	"strconv"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quillgo/quill/contrib/hystrix"
	"github.com/quillgo/quill/internal/goroutines"
)

func goexit(context.Context) error { runtime.Goexit(); return nil }

// What hystrix-go gets wrong and is right here, one test each.

// TestLimitHoldsForHungRuns: a run that outlives its timeout keeps its place.
func TestLimitHoldsForHungRuns(t *testing.T) {
	bubble(t, func(t *testing.T) {
		name := configured(t, hystrix.CommandConfig{Timeout: 10, MaxConcurrentRequests: 5, RequestVolumeThreshold: 1000})
		gate := make(chan struct{})
		var alive, most atomic.Int64
		run := func() error {
			most.Store(max(most.Load(), alive.Add(1)))
			<-gate
			alive.Add(-1)
			return nil
		}
		outcomes := map[error]int{}
		for range 60 {
			outcomes[hystrix.Do(name, run, nil)]++
		}
		assert.Equal(t, map[error]int{hystrix.ErrTimeout: 5, hystrix.ErrMaxConcurrency: 55}, outcomes)
		assert.EqualValues(t, 5, most.Load())
		close(gate)
		synctest.Wait()
		assert.NoError(t, hystrix.Do(name, func() error { return nil }, nil), "the places are back")
	})
}

// TestSerialCallerIsNeverRefused: the place is back before the caller is told,
// also of a failure, and before the fallback begins.
func TestSerialCallerIsNeverRefused(t *testing.T) {
	hystrix.Flush()
	defer hystrix.Flush()
	name := configured(t, hystrix.CommandConfig{MaxConcurrentRequests: 1, ErrorPercentThreshold: 101, Timeout: 60_000})
	for range 2000 {
		require.NoError(t, hystrix.Do(name, func() error { return nil }, nil))
		require.Equal(t, errBoom, hystrix.Do(name, func() error { return errBoom }, nil))
		require.NoError(t, hystrix.Do(name, func() error { return errBoom }, func(error) error {
			return hystrix.Do(name, func() error { return nil }, nil)
		}))
		require.Equal(t, errBoom, <-hystrix.Go(name, func() error { return errBoom }, nil))
	}
}

// TestFallbacksAreNotLimited: as many run at a time as are due, as in hystrix-go.
func TestFallbacksAreNotLimited(t *testing.T) {
	bubble(t, func(t *testing.T) {
		name := configured(t, hystrix.CommandConfig{MaxConcurrentRequests: 1, ErrorPercentThreshold: 101})
		gate := make(chan struct{})
		var running atomic.Int64
		for range 200 {
			hystrix.Go(name, func() error { return errBoom }, func(error) error { running.Add(1); <-gate; return nil })
			synctest.Wait()
		}
		assert.EqualValues(t, 200, running.Load())
		close(gate)
	})
}

// TestContextThatEndsOnReturn: a caller that cancels once it has its result
// starts no fallback.
func TestContextThatEndsOnReturn(t *testing.T) {
	hystrix.Flush()
	defer hystrix.Flush()
	for range 5000 {
		ctx, cancel := context.WithCancel(t.Context())
		require.NoError(t, hystrix.DoC(ctx, t.Name(), returns(nil), func(context.Context, error) error {
			t.Error("a fallback, after a success")
			return nil
		}))
		cancel()
	}
}

// TestFlushLeavesNothing: no goroutine is left, neither of circuits nor of calls,
// which the end of the bubble would not forgive, and calls that are on end as they
// would have.
func TestFlushLeavesNothing(t *testing.T) {
	bubble(t, func(t *testing.T) {
		for range 50 {
			for i := range 10 {
				require.NoError(t, hystrix.Do(t.Name()+strconv.Itoa(i), func() error { return nil }, nil))
			}
			hystrix.Flush()
		}
		gate := make(chan struct{})
		errs := hystrix.Go(t.Name(), func() error { <-gate; return errBoom }, nil)
		old := circuitOf(t, t.Name())
		hystrix.Flush()
		close(gate)
		assert.Equal(t, errBoom, <-errs)
		fresh, created, _ := hystrix.GetCircuit(t.Name())
		assert.True(t, created)
		assert.NotSame(t, old, fresh)
	})
}

// TestOneGoroutineForACall: run's own, with Do and with Go.
func TestOneGoroutineForACall(t *testing.T) {
	bubble(t, func(t *testing.T) {
		name := configured(t, hystrix.CommandConfig{MaxConcurrentRequests: 100})
		gate := make(chan struct{})
		synctest.Wait() // for those that are about to end
		before := goroutines.Count()
		for range 50 {
			hystrix.Go(name, func() error { <-gate; return nil }, nil)
		}
		synctest.Wait()
		assert.Equal(t, 50, goroutines.Count()-before)
		close(gate)
	})
}

// TestLimitChangesAtOnce: more places, and fewer, for a circuit in use.
func TestLimitChangesAtOnce(t *testing.T) {
	bubble(t, func(t *testing.T) {
		name := configured(t, hystrix.CommandConfig{MaxConcurrentRequests: 1, Timeout: 60_000})
		gate := make(chan struct{})
		started := 0
		fill := func() (refused error) {
			for {
				errs := hystrix.Go(name, func() error { <-gate; return nil }, nil)
				synctest.Wait()
				select {
				case err := <-errs:
					return err
				default:
					started++
				}
			}
		}
		assert.Equal(t, hystrix.ErrMaxConcurrency, fill())
		assert.Equal(t, 1, started)
		hystrix.ConfigureCommand(name, hystrix.CommandConfig{MaxConcurrentRequests: 5, Timeout: 60_000})
		assert.Equal(t, hystrix.ErrMaxConcurrency, fill())
		assert.Equal(t, 5, started)
		hystrix.ConfigureCommand(name, hystrix.CommandConfig{MaxConcurrentRequests: 2, Timeout: 60_000})
		gate <- struct{}{}
		synctest.Wait()
		assert.Equal(t, hystrix.ErrMaxConcurrency, fill(), "four are left of two")
		assert.Equal(t, 5, started)
		close(gate)
	})
}

// TestLateSuccessDoesNotClose: only a call that began after the sleep window
// closes an open circuit.
func TestLateSuccessDoesNotClose(t *testing.T) {
	bubble(t, func(t *testing.T) {
		name := configured(t, hystrix.CommandConfig{SleepWindow: 60_000, Timeout: 600_000, RequestVolumeThreshold: 5})
		gate := make(chan struct{})
		late := make(chan error, 1)
		go func() { late <- hystrix.Do(name, func() error { <-gate; return nil }, nil) }()
		synctest.Wait()
		openUp(t, name)
		time.Sleep(20 * time.Millisecond)
		close(gate)
		require.NoError(t, <-late)
		synctest.Wait()
		assert.True(t, circuitOf(t, name).IsOpen())
		assert.Equal(t, hystrix.ErrCircuitOpen, hystrix.Do(name, func() error { return nil }, nil))
		time.Sleep(time.Minute)
		assert.NoError(t, hystrix.Do(name, func() error { return nil }, nil))
		assert.False(t, circuitOf(t, name).IsOpen())
	})
}

// TestTrial: one call at a time tries an open circuit; a failure keeps it open
// for another sleep window.
func TestTrial(t *testing.T) {
	bubble(t, func(t *testing.T) {
		name := configured(t, hystrix.CommandConfig{SleepWindow: 1000, RequestVolumeThreshold: 5})
		openUp(t, name)
		time.Sleep(time.Second + 1)
		gate := make(chan struct{})
		first := hystrix.Go(name, func() error { <-gate; return errBoom }, nil)
		synctest.Wait()
		assert.Equal(t, hystrix.ErrCircuitOpen, hystrix.Do(name, func() error { return nil }, nil))
		time.Sleep(500 * time.Millisecond)
		close(gate)
		assert.Equal(t, errBoom, <-first)
		time.Sleep(900 * time.Millisecond) // of the new window, which began with the failure
		assert.Equal(t, hystrix.ErrCircuitOpen, hystrix.Do(name, func() error { return nil }, nil))
		time.Sleep(200 * time.Millisecond)
		assert.NoError(t, hystrix.Do(name, func() error { return nil }, nil))
		assert.False(t, circuitOf(t, name).IsOpen())
	})
}

// TestOpens: where the line is: the volume, and the share of errors, which is
// not rounded.
func TestOpens(t *testing.T) {
	for _, test := range []struct {
		failures, successes int
		config              hystrix.CommandConfig
		open                bool
	}{
		{19, 0, hystrix.CommandConfig{}, false},
		{20, 0, hystrix.CommandConfig{}, true},
		{10, 10, hystrix.CommandConfig{}, true},
		{9, 11, hystrix.CommandConfig{}, false},
		{99, 101, hystrix.CommandConfig{}, false}, // 49.5 %
		{500, 0, hystrix.CommandConfig{ErrorPercentThreshold: 101}, false},
		{500, 0, hystrix.CommandConfig{RequestVolumeThreshold: -1}, false},
		{1, 99, hystrix.CommandConfig{ErrorPercentThreshold: -5, RequestVolumeThreshold: 100}, true},
	} {
		t.Run(fmt.Sprint(test), func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				name := configured(t, test.config)
				for range test.successes {
					require.NoError(t, hystrix.Do(name, func() error { return nil }, nil))
				}
				for range test.failures {
					require.Equal(t, errBoom, hystrix.Do(name, func() error { return errBoom }, nil))
				}
				assert.Equal(t, test.open, circuitOf(t, name).IsOpen())
			})
		})
	}
}

// TestWhatCounts: refusals and timeouts are errors; contexts that end are none,
// neither the caller's nor one that run tells of.
func TestWhatCounts(t *testing.T) {
	bubble(t, func(t *testing.T) {
		name := configured(t, hystrix.CommandConfig{MaxConcurrentRequests: 1, Timeout: 10})
		cancelled, cancel := context.WithCancel(t.Context())
		cancel()
		for range 30 {
			assert.Equal(t, context.Canceled, hystrix.DoC(cancelled, name, returns(nil), nil))
			assert.Equal(t, context.Canceled, hystrix.Do(name, func() error { return context.Canceled }, nil))
			assert.Equal(t, context.DeadlineExceeded, hystrix.Do(name, func() error { return context.DeadlineExceeded }, nil))
			served := 0
			assert.NoError(t, hystrix.Do(name, func() error { return context.Canceled }, func(cause error) error {
				served++
				assert.Equal(t, context.Canceled, cause)
				return nil
			}))
			assert.Equal(t, 1, served)
		}
		assert.False(t, circuitOf(t, name).IsOpen())
		gate := make(chan struct{})
		defer close(gate)
		assert.Equal(t, hystrix.ErrTimeout, hystrix.Do(name, func() error { <-gate; return nil }, nil))
		for range 18 {
			assert.Equal(t, hystrix.ErrMaxConcurrency, hystrix.Do(name, func() error { return nil }, nil))
		}
		assert.False(t, circuitOf(t, name).IsOpen())
		assert.Equal(t, hystrix.ErrMaxConcurrency, hystrix.Do(name, func() error { return nil }, nil))
		assert.True(t, circuitOf(t, name).IsOpen(), "the twentieth error")
	})
}

// TestCallersDeadlineCounts: that a caller's deadline passes while run works is
// an error of the backend's; that the caller cancels is not.
func TestCallersDeadlineCounts(t *testing.T) {
	bubble(t, func(t *testing.T) {
		name := configured(t, hystrix.CommandConfig{MaxConcurrentRequests: 20})
		for range 20 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
			assert.Equal(t, context.DeadlineExceeded, hystrix.DoC(ctx, name, func(context.Context) error { time.Sleep(time.Minute); return nil }, nil))
			cancel()
		}
		assert.True(t, circuitOf(t, t.Name()).IsOpen())
	})
}

// TestEndedContextRunsNothing: with a context that has ended run is not called.
func TestEndedContextRunsNothing(t *testing.T) {
	bubble(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		run := func(context.Context) error { t.Error("run was called"); return nil }
		assert.Equal(t, context.Canceled, hystrix.DoC(ctx, t.Name(), run, nil))
		assert.Equal(t, context.Canceled, settled(hystrix.GoC(ctx, t.Name(), run, nil)))
	})
}
