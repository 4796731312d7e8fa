package observable_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	"weak"

	"github.com/benbjohnson/clock"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quillgo/quill/internal/goroutines"
	"github.com/quillgo/quill/observable"
	"github.com/quillgo/quill/observable/observabletest"
)

// onePlacePool is a pool with room for one task at a time and an endless queue.
func onePlacePool() observable.SchedulerFunc {
	var mu sync.Mutex
	var queue []func()
	busy := false
	return func(task func()) error {
		mu.Lock()
		defer mu.Unlock()
		queue = append(queue, task)
		if busy {
			return nil
		}
		busy = true
		var serve func()
		serve = func() {
			for {
				mu.Lock()
				if len(queue) == 0 {
					busy = false
					mu.Unlock()
					return
				}
				next := queue[0]
				queue = queue[1:]
				mu.Unlock()
				returned := false
				func() {
					defer func() {
						if !returned {
							go serve() // a Goexit has ended this goroutine
						}
					}()
					next()
					returned = true
				}()
			}
		}
		go serve()
		return nil
	}
}

// withSchedulers runs test in a bubble for each scheduler. advance lets that
// much of the scheduler's time pass.
func withSchedulers(t *testing.T, test func(t *testing.T, s observable.Scheduler, advance func(time.Duration))) {
	t.Helper()
	sleep := func(d time.Duration) {
		time.Sleep(d)
		synctest.Wait()
	}
	plain := func(s observable.Scheduler) func() (observable.Scheduler, func(time.Duration)) {
		return func() (observable.Scheduler, func(time.Duration)) { return s, sleep }
	}
	for name, scheduler := range map[string]func() (observable.Scheduler, func(time.Duration)){
		"Go":             plain(observable.Go()),
		"Current":        plain(observable.Current()),
		"ClockScheduler": plain(observable.ClockScheduler(nil)),
		"ClockScheduler real clock": func() (observable.Scheduler, func(time.Duration)) {
			return observable.ClockScheduler(clock.New()), sleep
		},
		"ClockScheduler mock": func() (observable.Scheduler, func(time.Duration)) {
			mock := clock.NewMock()
			mock.Set(time.Date(2026, time.May, 1, 12, 0, 0, 0, time.UTC))
			return observable.ClockScheduler(mock), func(d time.Duration) {
				for range d / time.Millisecond {
					synctest.Wait()
					mock.Add(time.Millisecond)
				}
				synctest.Wait()
			}
		},
		"SchedulerFunc":               plain(observable.SchedulerFunc(func(task func()) error { go task(); return nil })),
		"SchedulerFunc in the caller": plain(observable.SchedulerFunc(func(task func()) error { task(); return nil })),
		"SchedulerFunc one place": func() (observable.Scheduler, func(time.Duration)) {
			return onePlacePool(), sleep
		},
		"VirtualScheduler": func() (observable.Scheduler, func(time.Duration)) {
			v := observabletest.NewVirtualScheduler()
			return v, v.AdvanceBy
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, advance := scheduler()
				test(t, s, advance)
			})
		})
	}
}

// inTask runs f as a task of w, so that what f schedules does not begin before
// f has returned. Scheduling may wait, so it has a goroutine of its own.
func inTask(t *testing.T, w observable.Worker, advance func(time.Duration), f func()) {
	t.Helper()
	go func() {
		_, err := w.Schedule(f)
		assert.NoError(t, err)
	}()
	synctest.Wait()
	advance(0)
}

// taskNotes are what tasks of one test have to say, from any goroutine.
type taskNotes struct {
	mu    sync.Mutex
	lines []string
}

func (n *taskNotes) add(format string, args ...any) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.lines = append(n.lines, fmt.Sprintf(format, args...))
}

func (n *taskNotes) all() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.lines)
}

// captureLog replaces the default logger until the end of the test and returns
// what it was told.
func captureLog(t *testing.T) func() string {
	var mu sync.Mutex
	var out bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(logWriter(func(p []byte) (int, error) {
		mu.Lock()
		defer mu.Unlock()
		return out.Write(p)
	}), nil)))
	t.Cleanup(func() { slog.SetDefault(before) })
	return func() string {
		mu.Lock()
		defer mu.Unlock()
		return out.String()
	}
}

type logWriter func(p []byte) (int, error)

func (f logWriter) Write(p []byte) (int, error) { return f(p) }

func TestWorker_OrderIsDueTimeThenScheduling(t *testing.T) {
	withSchedulers(t, func(t *testing.T, s observable.Scheduler, advance func(time.Duration)) {
		w, got, start := s.Worker(), new(taskNotes), s.Now()
		note := func(name string) func() {
			return func() { got.add("%v %s", s.Now().Sub(start), name) }
		}
		inTask(t, w, advance, func() {
			note("root")()
			for name, d := range map[string]time.Duration{"30": 30, "20": 20} {
				_, err := w.After(d*time.Millisecond, note(name))
				assert.NoError(t, err)
			}
			for _, name := range []string{"10a", "10b", "10c"} {
				_, err := w.After(10*time.Millisecond, note(name))
				assert.NoError(t, err)
			}
			for _, name := range []string{"a", "b"} {
				_, err := w.Schedule(note(name))
				assert.NoError(t, err)
			}
			_, err := w.After(-time.Hour, note("c"))
			assert.NoError(t, err)
			_, err = w.After(math.MaxInt64, note("never"))
			assert.NoError(t, err)
		})
		advance(50 * time.Millisecond)
		assert.Equal(t, []string{
			"0s root", "0s a", "0s b", "0s c",
			"10ms 10a", "10ms 10b", "10ms 10c", "20ms 20", "30ms 30",
		}, got.all())
		w.Dispose()
	})
}

func TestWorker_TasksNeverOverlapAndSeeEachOther(t *testing.T) {
	withSchedulers(t, func(t *testing.T, s observable.Scheduler, advance func(time.Duration)) {
		w := s.Worker()
		total := 0 // not guarded: the race detector is part of the test
		inside := 0
		var producers sync.WaitGroup
		for i := range 8 {
			producers.Go(func() {
				for range 100 {
					_, err := w.After(time.Duration(i%3)*time.Millisecond, func() {
						inside++
						runtime.Gosched()
						assert.Equal(t, 1, inside)
						inside--
						total++
					})
					assert.NoError(t, err)
				}
			})
		}
		producers.Wait()
		advance(10 * time.Millisecond)
		done := make(chan int, 1)
		_, err := w.Schedule(func() { done <- total })
		require.NoError(t, err)
		advance(time.Millisecond)
		assert.Equal(t, 800, <-done)
	})
}

func TestWorker_DisposeOfATaskCancelsItAlone(t *testing.T) {
	withSchedulers(t, func(t *testing.T, s observable.Scheduler, advance func(time.Duration)) {
		w, got := s.Worker(), new(taskNotes)
		inTask(t, w, advance, func() {
			first, _ := w.After(10*time.Millisecond, func() { got.add("first") })
			_, _ = w.After(10*time.Millisecond, func() { got.add("second") })
			every, _ := w.Every(5*time.Millisecond, 5*time.Millisecond, func() { got.add("every") })
			_, _ = w.After(12*time.Millisecond, every.Dispose)
			var itself observable.Disposable
			itself, _ = w.Every(time.Millisecond, time.Millisecond, func() {
				got.add("itself")
				itself.Dispose()
			})
			assert.False(t, first.Disposed())
			first.Dispose()
			first.Dispose()
			assert.True(t, first.Disposed())
			assert.False(t, every.Disposed())
		})
		advance(30 * time.Millisecond)
		assert.Equal(t, []string{"itself", "every", "second", "every"}, got.all())
		assert.False(t, w.Disposed())
	})
}

func TestWorker_DisposeCancelsWhatHasNotBegun(t *testing.T) {
	withSchedulers(t, func(t *testing.T, s observable.Scheduler, advance func(time.Duration)) {
		w, got := s.Worker(), new(taskNotes)
		inTask(t, w, advance, func() {
			_, _ = w.Schedule(func() { got.add("later") })
			timed, _ := w.After(time.Millisecond, func() { got.add("timed") })
			_, _ = w.Every(0, time.Millisecond, func() { got.add("every") })
			w.Dispose()
			w.Dispose()
			got.add("running")
			assert.True(t, timed.Disposed())
		})
		assert.True(t, w.Disposed())
		for _, schedule := range []func() (observable.Disposable, error){
			func() (observable.Disposable, error) { return w.Schedule(func() { got.add("late") }) },
			func() (observable.Disposable, error) {
				return w.Every(time.Millisecond, time.Millisecond, func() { got.add("late") })
			},
		} {
			d, err := schedule()
			require.NoError(t, err)
			assert.True(t, d.Disposed())
			d.Dispose()
		}
		advance(10 * time.Millisecond)
		assert.Equal(t, []string{"running"}, got.all())
	})
}

func TestWorker_EveryIsFixedRateAndLeavesNothingOut(t *testing.T) {
	withSchedulers(t, func(t *testing.T, s observable.Scheduler, advance func(time.Duration)) {
		if _, virtual := s.(*observabletest.VirtualScheduler); virtual {
			return // its tasks take no time
		}
		w, got, start := s.Worker(), new(taskNotes), s.Now()
		go func() { // Current keeps its caller
			n := 0
			_, err := w.Every(5*time.Millisecond, 10*time.Millisecond, func() {
				n++
				got.add("%v", s.Now().Sub(start))
				if n == 1 {
					for s.Now().Sub(start) < 33*time.Millisecond {
						time.Sleep(time.Millisecond)
					}
				}
			})
			assert.NoError(t, err)
		}()
		advance(50 * time.Millisecond)
		w.Dispose()
		// Due at 5, 15, 25, 35 and 45; the first takes until 33.
		assert.Equal(t, []string{"5ms", "33ms", "33ms", "35ms", "45ms"}, got.all())
	})
}

func TestWorker_SurvivesATaskThatPanics(t *testing.T) {
	log := captureLog(t)
	withSchedulers(t, func(t *testing.T, s observable.Scheduler, advance func(time.Duration)) {
		w, got := s.Worker(), new(taskNotes)
		inTask(t, w, advance, func() {
			_, _ = w.After(time.Millisecond, func() { panic("one") })
			_, _ = w.After(time.Millisecond, func() { got.add("after a panic") })
			n := 0
			_, _ = w.Every(5*time.Millisecond, 5*time.Millisecond, func() {
				if n++; n == 1 {
					panic(errors.New("two"))
				}
				got.add("every")
				w.Dispose()
			})
		})
		advance(20 * time.Millisecond)
		assert.Equal(t, []string{"after a panic", "every"}, got.all())
	})
	assert.Equal(t, 9, strings.Count(log(), "panicked: one"), log())
	assert.Equal(t, 9, strings.Count(log(), "panicked: two"), log())
}

func TestWorker_SurvivesATaskThatCallsGoexit(t *testing.T) {
	withSchedulers(t, func(t *testing.T, s observable.Scheduler, advance func(time.Duration)) {
		move := func(d time.Duration) { // a virtual move ends with the goroutine
			done := make(chan struct{})
			go func() {
				defer close(done)
				advance(d)
			}()
			<-done
			synctest.Wait()
		}
		w, got := s.Worker(), new(taskNotes)
		inTask(t, w, advance, func() {
			_, _ = w.After(time.Millisecond, runtime.Goexit)
			_, _ = w.After(time.Millisecond, func() { got.add("after a Goexit") })
			n := 0
			_, _ = w.Every(5*time.Millisecond, 5*time.Millisecond, func() {
				if n++; n == 1 {
					runtime.Goexit()
				}
				got.add("every")
				w.Dispose()
			})
		})
		for range 4 {
			move(5 * time.Millisecond)
		}
		assert.Equal(t, []string{"after a Goexit", "every"}, got.all())
	})
}

func TestWorker_RefusesImpossibleArguments(t *testing.T) {
	withSchedulers(t, func(t *testing.T, s observable.Scheduler, _ func(time.Duration)) {
		w := s.Worker()
		for name, call := range map[string]func(){
			"task":   func() { _, _ = w.Schedule(nil) },
			"period": func() { _, _ = w.Every(0, 0, func() {}) },
		} {
			var refused *observable.ArgumentError
			func() {
				defer func() { refused, _ = recover().(*observable.ArgumentError) }()
				call()
			}()
			require.NotNil(t, refused, name)
			assert.Equal(t, name, refused.Argument)
		}
	})
}

func TestGo_WaitingTaskCostsNoGoroutine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := observable.Go().Worker()
		_, err := w.Every(time.Second, time.Second, func() {})
		require.NoError(t, err)
		time.Sleep(3500 * time.Millisecond)
		synctest.Wait()
		assert.Zero(t, goroutines.Count())
		w.Dispose()
	})
}

func TestWorker_HoldsNothingOfACancelledTask(t *testing.T) {
	for name, cancel := range map[string]func(w observable.Worker, d observable.Disposable){
		"task":   func(_ observable.Worker, d observable.Disposable) { d.Dispose() },
		"worker": func(w observable.Worker, _ observable.Disposable) { w.Dispose() },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				v := observabletest.NewVirtualScheduler()
				for _, s := range []observable.Scheduler{observable.Go(), v} {
					w := s.Worker()
					captured := new([64]int)
					held := weak.Make(captured)
					d, err := w.After(time.Hour, func() { captured[0]++ })
					require.NoError(t, err)
					cancel(w, d)
					runtime.GC()
					assert.Nil(t, held.Value())
					runtime.KeepAlive(w)
					runtime.KeepAlive(d)
				}
				assert.Zero(t, v.Pending())
			})
		})
	}
}

// A timer that is left behind keeps the worker, and all it refers to, until it
// comes.
func TestWorker_LeavesNoTimerBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, cancel := range []func(w observable.Worker, d observable.Disposable){
			func(_ observable.Worker, d observable.Disposable) { d.Dispose() },
			func(w observable.Worker, _ observable.Disposable) { w.Dispose() },
		} {
			mock := clock.NewMock()
			before := mock.Now()
			w := observable.ClockScheduler(mock).Worker()
			d, err := w.After(time.Hour, func() {})
			require.NoError(t, err)
			cancel(w, d)
			assert.Equal(t, before, mock.WaitForAllTimers())
		}
	})
}

func TestClockScheduler_TakesTimeFromTheMock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mock := clock.NewMock()
		start := time.Date(2026, time.May, 1, 12, 0, 0, 0, time.UTC)
		mock.Set(start)
		s := observable.ClockScheduler(mock)
		assert.Equal(t, start, s.Now())
		w, got := s.Worker(), new(taskNotes)
		_, err := w.After(time.Hour, func() { got.add("%v", s.Now().Sub(start)) })
		require.NoError(t, err)
		_, err = w.After(time.Minute, func() { got.add("%v", s.Now().Sub(start)) })
		require.NoError(t, err)
		time.Sleep(2 * time.Hour)
		assert.Empty(t, got.all())
		mock.Add(time.Minute)
		synctest.Wait()
		assert.Equal(t, []string{"1m0s"}, got.all())
		mock.Add(59 * time.Minute)
		synctest.Wait()
		assert.Equal(t, []string{"1m0s", "1h0m0s"}, got.all())
	})
}
