package observable_test

import (
	"errors"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quillgo/quill/observable"
)

var errPoolFull = errors.New("pool is full")

// fullPool refuses while full is set, and else runs each task on a goroutine.
type fullPool struct{ full atomic.Bool }

func (p *fullPool) submit(task func()) error {
	if p.full.Load() {
		return errPoolFull
	}
	go task()
	return nil
}

func onRefusal(w observable.Worker, f func(error)) {
	w.(interface{ OnRefusal(func(error)) }).OnRefusal(f)
}

func mayWait(w observable.Worker) bool {
	m, ok := w.(interface{ MayWait() bool })
	return !ok || m.MayWait()
}

func TestSchedulerFunc_RefusalIsAnErrorAndTheTaskNeverRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pool, got := new(fullPool), new(taskNotes)
		w := observable.SchedulerFunc(pool.submit).Worker()
		onRefusal(w, func(error) { got.add("told late") })
		pool.full.Store(true)
		d, err := w.Schedule(func() { got.add("refused") })
		require.ErrorIs(t, err, errPoolFull)
		assert.Nil(t, d)
		_, err = w.Every(0, time.Second, func() { got.add("refused") })
		require.ErrorIs(t, err, errPoolFull)

		pool.full.Store(false)
		_, err = w.Schedule(func() { got.add("accepted") })
		require.NoError(t, err)
		time.Sleep(time.Minute)
		synctest.Wait()
		assert.Equal(t, []string{"accepted"}, got.all())
	})
}

func TestSchedulerFunc_RefusalWhenDueGoesToOnRefusal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pool, got := new(fullPool), new(taskNotes)
		w := observable.SchedulerFunc(pool.submit).Worker()
		onRefusal(w, func(err error) { got.add("%v", err) })
		_, err := w.Every(time.Second, time.Second, func() { got.add("run") })
		require.NoError(t, err)
		pool.full.Store(true)
		time.Sleep(2500 * time.Millisecond)
		pool.full.Store(false)
		time.Sleep(time.Second)
		synctest.Wait()
		assert.Equal(t, []string{"pool is full", "pool is full", "run"}, got.all())
		w.Dispose()
	})
}

func TestSchedulerFunc_RefusalWhenDueIsLoggedIfNobodyAsked(t *testing.T) {
	log := captureLog(t)
	synctest.Test(t, func(t *testing.T) {
		pool := new(fullPool)
		w := observable.SchedulerFunc(pool.submit).Worker()
		_, err := w.After(time.Second, func() { t.Error("the task has run") })
		require.NoError(t, err)
		pool.full.Store(true)
		time.Sleep(time.Minute)
		synctest.Wait()
	})
	assert.Contains(t, log(), errPoolFull.Error())
}

// A second task that was accepted because the first is being submitted must
// not be forgotten when the pool then refuses.
func TestSchedulerFunc_RefusalReachesThoseWhoCameMeanwhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entered, gate := make(chan struct{}), make(chan struct{})
		w := observable.SchedulerFunc(func(func()) error {
			close(entered)
			<-gate
			return errPoolFull
		}).Worker()
		got := new(taskNotes)
		onRefusal(w, func(err error) { got.add("told: %v", err) })
		go func() {
			_, err := w.Schedule(func() { got.add("first") })
			got.add("refused: %v", err)
		}()
		<-entered
		_, err := w.Schedule(func() { got.add("second") })
		require.NoError(t, err)
		close(gate)
		synctest.Wait()
		assert.ElementsMatch(t, []string{"told: pool is full", "refused: pool is full"}, got.all())
	})
}

func TestSchedulerFunc_PanicOfTheFunctionIsARefusal(t *testing.T) {
	w := observable.SchedulerFunc(func(func()) error { panic("no pool") }).Worker()
	_, err := w.Schedule(func() { t.Error("the task has run") })
	var p *observable.PanicError
	require.ErrorAs(t, err, &p)
	assert.Equal(t, "no pool", p.Value)
}

func TestSchedulerFunc_PoolThatRunsTooOftenDoesNoHarm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		got := new(taskNotes)
		refuse := false
		w := observable.SchedulerFunc(func(run func()) error {
			go run()
			go run()
			if refuse {
				return errPoolFull
			}
			return nil
		}).Worker()
		inside := 0 // not guarded: the race detector is part of the test
		task := func() {
			inside++
			runtime.Gosched()
			assert.Equal(t, 1, inside)
			inside--
			got.add("run")
		}
		for range 100 {
			_, err := w.Schedule(task)
			require.NoError(t, err)
		}
		synctest.Wait()
		assert.Len(t, got.all(), 100)
		refuse = true
		for range 100 {
			_, _ = w.Schedule(task) // refused or not, according to which came first
			synctest.Wait()
		}
	})
}

func TestSchedulerFunc_HasOnePlaceForAllThatIsDue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		submitted := 0
		w := observable.SchedulerFunc(func(run func()) error {
			submitted++
			go run()
			return nil
		}).Worker()
		got := new(taskNotes)
		_, err := w.Schedule(func() {
			for range 10 {
				_, _ = w.Schedule(func() { got.add("run") })
			}
		})
		require.NoError(t, err)
		synctest.Wait()
		assert.Len(t, got.all(), 10)
		assert.Equal(t, 1, submitted)
	})
}

func TestWorker_MayWaitOnlyWhereItsTasksAreBoundToRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		assert.True(t, mayWait(observable.Go().Worker()))
		assert.False(t, mayWait(observable.Current().Worker()))

		var held func()
		w := observable.SchedulerFunc(func(run func()) error { held = run; return nil }).Worker()
		gate := make(chan struct{})
		_, err := w.Schedule(func() { <-gate })
		require.NoError(t, err)
		assert.False(t, mayWait(w), "the pool has not begun")
		go held()
		synctest.Wait()
		assert.True(t, mayWait(w), "the pool runs it")
		close(gate)
		synctest.Wait()
		assert.False(t, mayWait(w), "it has ended")
	})
}
