package observable_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quillgo/quill/observable"
)

func TestCurrent_RunsInsideTheCallAndQueuesWhatIsNested(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, got, start := observable.Current().Worker(), new(taskNotes), time.Now()
		_, err := w.After(time.Second, func() {
			_, err := w.Schedule(func() { got.add("nested after %v", time.Since(start)) })
			assert.NoError(t, err)
			_, err = w.After(time.Second, func() { got.add("nested and timed after %v", time.Since(start)) })
			assert.NoError(t, err)
			got.add("outer after %v", time.Since(start))
		})
		require.NoError(t, err)
		got.add("returned after %v", time.Since(start))
		assert.Equal(t, []string{
			"outer after 1s", "nested after 1s", "nested and timed after 2s", "returned after 2s",
		}, got.all())
	})
}

// Rule C16: tasks that schedule the next one do not use up the stack.
func TestCurrent_IsALoop(t *testing.T) {
	w := observable.Current().Worker()
	n := 0
	var again func()
	again = func() {
		if n++; n < 1_000_000 {
			_, _ = w.Schedule(again)
		}
	}
	_, err := w.Schedule(again)
	require.NoError(t, err)
	assert.Equal(t, 1_000_000, n)
}

func TestCurrent_DisposeWakesTheSleeper(t *testing.T) {
	for name, wake := range map[string]func(w observable.Worker, d observable.Disposable){
		"worker": func(w observable.Worker, _ observable.Disposable) { w.Dispose() },
		"task":   func(_ observable.Worker, d observable.Disposable) { d.Dispose() },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, start := observable.Current().Worker(), time.Now()
				returned := make(chan time.Duration, 1)
				var timed observable.Disposable
				go func() {
					_, err := w.Schedule(func() {
						timed, _ = w.After(time.Hour, func() { t.Error("the task has run") })
					})
					assert.NoError(t, err)
					returned <- time.Since(start)
				}()
				synctest.Wait()
				time.Sleep(time.Second)
				wake(w, timed)
				assert.Equal(t, time.Second, <-returned)
			})
		})
	}
}

func TestCurrent_SleeperRunsWhatOthersSchedule(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, got, start := observable.Current().Worker(), new(taskNotes), time.Now()
		go func() {
			_, _ = w.After(time.Hour, func() { got.add("slept for %v", time.Since(start)) })
			got.add("returned")
		}()
		synctest.Wait()
		_, err := w.After(time.Second, func() { got.add("came in after %v", time.Since(start)) })
		require.NoError(t, err)
		assert.Empty(t, got.all(), "it is the sleeper's to run")
		time.Sleep(time.Second)
		synctest.Wait()
		assert.Equal(t, []string{"came in after 1s"}, got.all())
		time.Sleep(time.Hour)
		synctest.Wait()
		assert.Equal(t, []string{"came in after 1s", "slept for 1h0m0s", "returned"}, got.all())
	})
}
