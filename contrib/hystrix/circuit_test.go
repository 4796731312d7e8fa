package hystrix_test

import (
	"fmt"
	"log/slog"
	"math"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quillgo/quill/contrib/hystrix"
)

func TestGetCircuit(t *testing.T) {
	bubble(t, func(t *testing.T) {
		first, created, err := hystrix.GetCircuit(t.Name())
		require.NoError(t, err)
		assert.True(t, created)
		assert.Equal(t, t.Name(), first.Name)
		second, created, err := hystrix.GetCircuit(t.Name())
		require.NoError(t, err)
		assert.False(t, created)
		assert.Same(t, first, second)
		require.NoError(t, hystrix.Do("", func() error { return nil }, nil), "a name as any other")
		_, created, _ = hystrix.GetCircuit("")
		assert.False(t, created)
	})
}

// TestGetCircuit_CreatesOnce: of many at once one creates.
func TestGetCircuit_CreatesOnce(t *testing.T) {
	hystrix.Flush()
	defer hystrix.Flush()
	for i := range 100 {
		var wg sync.WaitGroup
		var mu sync.Mutex
		created := 0
		for range 4 {
			wg.Go(func() {
				_, made, _ := hystrix.GetCircuit(fmt.Sprint(t.Name(), i))
				mu.Lock()
				defer mu.Unlock()
				if made {
					created++
				}
			})
		}
		wg.Wait()
		require.Equal(t, 1, created)
	}
}

// TestIsOpen_ChangesNothing: neither asking nor the settings of another name
// open or close anything.
func TestIsOpen_ChangesNothing(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := circuitOf(t, configured(t, hystrix.CommandConfig{RequestVolumeThreshold: 5}))
		for range 4 {
			_ = hystrix.Do(c.Name, func() error { return errBoom }, nil)
		}
		assert.False(t, c.IsOpen())
		assert.False(t, (&hystrix.CircuitBreaker{Name: c.Name}).IsOpen())
		_ = hystrix.Do(c.Name, func() error { return errBoom }, nil)
		assert.True(t, c.IsOpen())
		assert.True(t, (&hystrix.CircuitBreaker{Name: c.Name}).IsOpen(), "one that a program made is that of its name")
		time.Sleep(6 * time.Second)
		for range 10 {
			assert.True(t, c.IsOpen(), "until a call has succeeded")
		}
		assert.NoError(t, hystrix.Do(c.Name, func() error { return nil }, nil), "asking took nobody's trial")
	})
}

// TestByHand: AllowRequest and ReportEvent are a circuit without Do.
func TestByHand(t *testing.T) {
	for _, report := range []struct {
		event string
		opens bool
	}{
		{"failure", true}, {"timeout", true}, {"rejected", true},
		{"success", false}, {"short-circuit", false}, {"context_canceled", false}, {"context_deadline_exceeded", false}, {"?", false},
	} {
		t.Run(report.event, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				c := circuitOf(t, t.Name())
				for range 20 {
					require.True(t, c.AllowRequest())
					require.NoError(t, c.ReportEvent([]string{report.event}, time.Now(), 0))
				}
				assert.Equal(t, report.opens, c.IsOpen())
				assert.Equal(t, !report.opens, c.AllowRequest())
			})
		})
	}
	assert.Error(t, circuitOf(t, t.Name()).ReportEvent(nil, time.Now(), 0))
	hystrix.Flush()
}

// TestByHand_OneTrial: of many who ask an open circuit one is granted in each
// sleep window, and what it reports decides.
func TestByHand_OneTrial(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := circuitOf(t, configured(t, hystrix.CommandConfig{Timeout: 10_000}))
		say := func(what string) { require.NoError(t, c.ReportEvent([]string{what}, time.Now(), 0)) }
		openUp(t, c.Name)
		ask := func() (granted int) {
			for range 50 {
				if c.AllowRequest() {
					granted++
				}
			}
			return granted
		}
		assert.Zero(t, ask())
		say("success") // of a call that began before
		assert.True(t, c.IsOpen())
		time.Sleep(5*time.Second + 1)
		say("success") // the sleep window is over, but nobody has asked
		assert.True(t, c.IsOpen())
		assert.Equal(t, 1, ask())
		say("failure")
		assert.True(t, c.IsOpen())
		assert.Zero(t, ask())
		time.Sleep(5*time.Second + 1)
		assert.Equal(t, 1, ask())
		say("context_canceled") // decides nothing: the next may try
		assert.Equal(t, 1, ask())
		say("success")
		assert.False(t, c.IsOpen())
		assert.Equal(t, 50, ask())
	})
}

// TestByHand_AskingKeepsNobodyOut: who asks and then calls, or does not call at
// all, keeps no call from trying.
func TestByHand_AskingKeepsNobodyOut(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := circuitOf(t, configured(t, hystrix.CommandConfig{Timeout: 60_000}))
		openUp(t, c.Name)
		time.Sleep(5*time.Second + 1)
		require.True(t, c.AllowRequest())
		assert.NoError(t, hystrix.Do(c.Name, func() error { return nil }, nil))
		assert.False(t, c.IsOpen())
	})
}

// TestFlush_OldCircuit: a circuit that was flushed goes on for who has it.
func TestFlush_OldCircuit(t *testing.T) {
	bubble(t, func(t *testing.T) {
		old := circuitOf(t, t.Name())
		openUp(t, t.Name())
		hystrix.Flush()
		assert.True(t, old.IsOpen())
		assert.False(t, circuitOf(t, t.Name()).IsOpen())
		assert.NoError(t, hystrix.Do(t.Name(), func() error { return nil }, nil))
	})
}

func TestSettings(t *testing.T) {
	defer hystrix.Flush()
	name := fmt.Sprint(t.Name(), len(hystrix.GetCircuitSettings())) // new also when the test is run again
	hystrix.ConfigureCommand(name, hystrix.CommandConfig{Timeout: 1, MaxConcurrentRequests: 2, RequestVolumeThreshold: 3, SleepWindow: 4, ErrorPercentThreshold: 5})
	want := hystrix.Settings{Timeout: time.Millisecond, MaxConcurrentRequests: 2, RequestVolumeThreshold: 3, SleepWindow: 4 * time.Millisecond, ErrorPercentThreshold: 5}
	got := hystrix.GetCircuitSettings()
	assert.Equal(t, want, *got[name])
	got[name].Timeout = time.Hour
	delete(got, name)
	assert.Equal(t, want, *hystrix.GetCircuitSettings()[name], "what is returned is a copy")
	hystrix.Flush()
	assert.Equal(t, want, *hystrix.GetCircuitSettings()[name], "settings outlive circuits")

	hystrix.Configure(map[string]hystrix.CommandConfig{name: {}, name + "2": {Timeout: 7}})
	standard := hystrix.Settings{Timeout: time.Second, MaxConcurrentRequests: 10, RequestVolumeThreshold: 20, SleepWindow: 5 * time.Second, ErrorPercentThreshold: 50}
	assert.Equal(t, standard, *hystrix.GetCircuitSettings()[name], "as a whole")
	assert.Equal(t, 7*time.Millisecond, hystrix.GetCircuitSettings()[name+"2"].Timeout)

	assert.NotContains(t, hystrix.GetCircuitSettings(), name+"3")
	circuitOf(t, name+"3")
	assert.Equal(t, standard, *hystrix.GetCircuitSettings()[name+"3"])
}

// TestDefaults: they are read when a name is first used, and no sooner.
func TestDefaults(t *testing.T) {
	name := fmt.Sprint(t.Name(), len(hystrix.GetCircuitSettings())) // new also when the test is run again
	defer func(timeout, places int) {
		hystrix.DefaultTimeout, hystrix.DefaultMaxConcurrent = timeout, places
	}(hystrix.DefaultTimeout, hystrix.DefaultMaxConcurrent)
	bubble(t, func(t *testing.T) {
		hystrix.DefaultTimeout, hystrix.DefaultMaxConcurrent = 20, 1
		begun := time.Now()
		assert.Equal(t, hystrix.ErrTimeout, hystrix.Do(name, func() error { time.Sleep(time.Second); return nil }, nil))
		assert.Equal(t, 20*time.Millisecond, time.Since(begun))
		hystrix.DefaultTimeout = 5000
		assert.Equal(t, hystrix.ErrMaxConcurrency, hystrix.Do(name, func() error { return nil }, nil))
		assert.Equal(t, 20*time.Millisecond, hystrix.GetCircuitSettings()[name].Timeout)
	})
}

// TestImpossibleSettings: they become the nearest that can be.
func TestImpossibleSettings(t *testing.T) {
	bubble(t, func(t *testing.T) {
		name := configured(t, hystrix.CommandConfig{Timeout: math.MinInt, MaxConcurrentRequests: -3, SleepWindow: -1, RequestVolumeThreshold: 1})
		assert.Equal(t, hystrix.ErrTimeout, hystrix.Do(name, func() error { time.Sleep(time.Second); return nil }, nil), "over at once")
		time.Sleep(time.Minute)
		hystrix.ConfigureCommand(name, hystrix.CommandConfig{Timeout: math.MaxInt, MaxConcurrentRequests: -3, SleepWindow: -1})
		assert.NoError(t, hystrix.Do(name, func() error { time.Sleep(time.Hour); return nil }, nil), "tried at once, and not over for years")
		gate := make(chan struct{})
		defer close(gate)
		hystrix.Go(name, func() error { <-gate; return nil }, nil)
		assert.Equal(t, hystrix.ErrMaxConcurrency, hystrix.Do(name, func() error { return nil }, nil), "one place")
	})
}

// lines is a logger that keeps what it was told.
type lines struct {
	mu  sync.Mutex
	all []string
	do  func()
}

func (l *lines) Printf(format string, items ...any) {
	l.mu.Lock()
	l.all = append(l.all, fmt.Sprintf(format, items...))
	l.mu.Unlock()
	if l.do != nil {
		l.do()
	}
}

// TestSetLogger: it is told of changes, may call back, panic and end the
// goroutine it is called on.
func TestSetLogger(t *testing.T) {
	quiet(t)
	defer hystrix.SetLogger(nil)
	bubble(t, func(t *testing.T) {
		for _, does := range []func(){
			nil,
			func() { circuitOf(t, t.Name()).IsOpen(); hystrix.SetLogger(hystrix.DefaultLogger) },
			func() { panic("logger") },
		} {
			hystrix.Flush()
			l := &lines{do: does}
			hystrix.SetLogger(l)
			openUp(t, t.Name())
			require.Len(t, l.all, 1)
			assert.Contains(t, l.all[0], t.Name())
			assert.Contains(t, strings.ToLower(l.all[0]), "open")
		}
		var logged strings.Builder
		slog.SetDefault(slog.New(slog.NewTextHandler(&logged, nil)))
		hystrix.SetLogger(nil)
		hystrix.Flush()
		openUp(t, t.Name())
		hystrix.DefaultLogger.Printf("%v", 1)
		assert.Empty(t, logged.String(), "not even of a panic")

		hystrix.Flush()
		hystrix.SetLogger(&lines{do: runtime.Goexit})
		for range 30 {
			go func() { _ = hystrix.Do(t.Name(), func() error { return errBoom }, nil) }()
			synctest.Wait()
		}
		assert.True(t, circuitOf(t, t.Name()).IsOpen())
	})
}

// TestSetLogger_HostileAtTheClosing: collectors hear of the closing, whatever the
// logger does.
func TestSetLogger_HostileAtTheClosing(t *testing.T) {
	quiet(t)
	defer hystrix.SetLogger(nil)
	c := collected(t)
	bubble(t, func(t *testing.T) {
		openUp(t, t.Name())
		time.Sleep(6 * time.Second)
		hystrix.SetLogger(&lines{do: func() { panic("logger") }})
		require.NoError(t, hystrix.Do(t.Name(), func() error { return nil }, nil))
		synctest.Wait()
		assert.Len(t, c.resets(), 2)
	})
}
