package observabletest_test

import (
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/quillgo/quill/observable"
	"github.com/quillgo/quill/observable/observabletest"
)

var _ observable.Scheduler = (*observabletest.VirtualScheduler)(nil)

func TestVirtualScheduler_TimeStandsStillUntilItIsMoved(t *testing.T) {
	v := observabletest.NewVirtualScheduler()
	start := v.Now()
	assert.Equal(t, time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC), start)
	v.AdvanceBy(time.Hour)
	assert.Equal(t, start.Add(time.Hour), v.Now())
	v.AdvanceTo(start.Add(2 * time.Hour))
	assert.Equal(t, start.Add(2*time.Hour), v.Now())
	v.AdvanceTo(start)
	v.AdvanceBy(-time.Hour)
	v.Trigger()
	assert.Equal(t, start.Add(2*time.Hour), v.Now(), "it never goes back")
}

func TestVirtualScheduler_RunsWhatIsDueAtItsTime(t *testing.T) {
	v := observabletest.NewVirtualScheduler()
	w, start := v.Worker(), v.Now()
	var got []string
	note := func(name string) func() {
		return func() { got = append(got, fmt.Sprint(v.Now().Sub(start), " ", name)) }
	}
	accepted(t)(w.After(2*time.Second, note("b")))
	accepted(t)(w.After(time.Second, func() {
		note("a")()
		accepted(t)(w.After(500*time.Millisecond, note("nested")))
		accepted(t)(w.After(time.Second, note("c"))) // after b, which was there before
		accepted(t)(w.Schedule(note("at once")))
	}))
	accepted(t)(w.After(3*time.Second, note("d")))
	assert.Equal(t, 3, v.Pending())
	v.AdvanceBy(2 * time.Second)
	assert.Equal(t, []string{"1s a", "1s at once", "1.5s nested", "2s b", "2s c"}, got)
	assert.Equal(t, 1, v.Pending())
}

func TestVirtualScheduler_TriggerRunsWhatIsDueNow(t *testing.T) {
	v := observabletest.NewVirtualScheduler()
	n := 0
	accepted(t)(v.Worker().Schedule(func() { n++ }))
	accepted(t)(v.Worker().After(time.Nanosecond, func() { n += 100 }))
	assert.Zero(t, n, "nothing runs by itself")
	v.Trigger()
	assert.Equal(t, 1, n)
	v.AdvanceTo(v.Now().Add(-time.Hour))
	assert.Equal(t, 1, n)
}

func TestVirtualScheduler_MoveInsideAMoveExtendsIt(t *testing.T) {
	v := observabletest.NewVirtualScheduler()
	w, start := v.Worker(), v.Now()
	var got []string
	inside := false
	accepted(t)(w.After(time.Second, func() {
		inside = true
		v.AdvanceBy(10 * time.Second)
		got = append(got, fmt.Sprint("outer ", v.Now().Sub(start)))
		inside = false
	}))
	accepted(t)(w.After(5*time.Second, func() {
		assert.False(t, inside)
		got = append(got, fmt.Sprint("inner ", v.Now().Sub(start)))
	}))
	v.AdvanceBy(time.Second)
	assert.Equal(t, []string{"outer 1s", "inner 5s"}, got)
	assert.Equal(t, start.Add(11*time.Second), v.Now())
}

func TestVirtualScheduler_GoexitEndsTheMoveAndNoMore(t *testing.T) {
	v := observabletest.NewVirtualScheduler()
	w, start := v.Worker(), v.Now()
	accepted(t)(w.Every(time.Second, time.Second, runtime.Goexit))
	done := make(chan struct{})
	go func() {
		defer close(done)
		v.AdvanceBy(time.Minute)
	}()
	<-done
	assert.Equal(t, start.Add(time.Second), v.Now())
	assert.Equal(t, 1, v.Pending(), "the next run")
	w.Dispose()
	assert.Zero(t, v.Pending())
	v.Trigger()
	assert.Equal(t, start.Add(time.Second), v.Now(), "the old goal is forgotten")
	v.AdvanceBy(time.Second)
	assert.Equal(t, start.Add(2*time.Second), v.Now())
}

func TestVirtualScheduler_SeveralGoroutines(t *testing.T) {
	v := observabletest.NewVirtualScheduler()
	w := v.Worker()
	n := 0 // not guarded: the race detector is part of the test
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for i := range 200 {
				d, err := w.After(time.Duration(i%5)*time.Second, func() { n++ })
				assert.NoError(t, err)
				if i%10 == 9 {
					d.Dispose()
				}
				if i%20 == 0 {
					v.AdvanceBy(time.Second)
				}
			}
		})
	}
	all.Wait()
	v.AdvanceBy(time.Minute)
	assert.Zero(t, v.Pending())
	ran := 0
	accepted(t)(w.Schedule(func() { ran = n }))
	v.Trigger()
	assert.LessOrEqual(t, ran, 1600)
	assert.GreaterOrEqual(t, ran, 1440)
}

// Against a naive model: a list that is searched for the earliest task.
func TestVirtualScheduler_Model(t *testing.T) {
	type planned struct {
		name   string
		due    time.Duration
		period time.Duration
		worker int
		d      observable.Disposable
	}
	rapid.Check(t, func(t *rapid.T) {
		v := observabletest.NewVirtualScheduler()
		start := v.Now()
		workers := []observable.Worker{v.Worker(), v.Worker()}
		var now time.Duration
		var model []*planned // in order of scheduling
		var got, want []string
		made := 0
		t.Repeat(map[string]func(*rapid.T){
			"schedule": func(t *rapid.T) {
				made++
				p := &planned{
					name:   fmt.Sprint(made),
					due:    now + time.Duration(rapid.IntRange(0, 5).Draw(t, "after")),
					worker: rapid.IntRange(0, 1).Draw(t, "worker"),
				}
				run := func() { got = append(got, fmt.Sprintf("%s@%d", p.name, v.Now().Sub(start))) }
				w := workers[p.worker]
				var err error
				if rapid.Bool().Draw(t, "periodic") {
					p.period = time.Duration(rapid.IntRange(1, 4).Draw(t, "period"))
					p.d, err = w.Every(p.due-now, p.period, run)
				} else {
					p.d, err = w.After(p.due-now, run)
				}
				require.NoError(t, err)
				if !w.Disposed() {
					model = append(model, p)
				}
			},
			"cancel": func(t *rapid.T) {
				if len(model) == 0 {
					return
				}
				i := rapid.IntRange(0, len(model)-1).Draw(t, "which")
				model[i].d.Dispose()
				model = append(model[:i:i], model[i+1:]...)
			},
			"dispose": func(t *rapid.T) {
				if rapid.IntRange(0, 9).Draw(t, "rarely") > 0 {
					return
				}
				i := rapid.IntRange(0, 1).Draw(t, "worker")
				workers[i].Dispose()
				var rest []*planned
				for _, p := range model {
					if p.worker != i {
						rest = append(rest, p)
					}
				}
				model = rest
				workers[i] = v.Worker()
			},
			"advance": func(t *rapid.T) {
				goal := now + time.Duration(rapid.IntRange(0, 7).Draw(t, "by"))
				for {
					next := -1
					for i, p := range model {
						if p.due <= goal && (next < 0 || p.due < model[next].due) {
							next = i
						}
					}
					if next < 0 {
						break
					}
					p := model[next]
					want = append(want, fmt.Sprintf("%s@%d", p.name, p.due))
					model = append(model[:next:next], model[next+1:]...)
					if p.period > 0 {
						p.due += p.period
						model = append(model, p)
					}
				}
				now = goal
				v.AdvanceTo(start.Add(goal))
			},
			"": func(t *rapid.T) {
				require.Equal(t, strings.Join(want, " "), strings.Join(got, " "))
				require.Equal(t, len(model), v.Pending())
				require.Equal(t, now, v.Now().Sub(start))
			},
		})
	})
}

// accepted fails the test if the scheduler refused.
func accepted(t *testing.T) func(observable.Disposable, error) {
	return func(_ observable.Disposable, err error) {
		t.Helper()
		require.NoError(t, err)
	}
}
