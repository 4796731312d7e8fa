package difftest_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	original "github.com/afex/hystrix-go/hystrix"
	originalCollector "github.com/afex/hystrix-go/hystrix/metric_collector"
	"github.com/stretchr/testify/require"

	shim "github.com/quillgo/quill/contrib/hystrix"
	shimCollector "github.com/quillgo/quill/contrib/hystrix/metric_collector"
)

type (
	run      = func(context.Context) error
	fallback = func(context.Context, error) error
)

// library is one of the two, in the shape that the table uses.
type library struct {
	name string
	do   func(name string, run func() error, fallback func(error) error) error
	doC  func(ctx context.Context, name string, run run, fallback fallback) error
	gos  func(name string, run func() error, fallback func(error) error) chan error
	goC  func(ctx context.Context, name string, run run, fallback fallback) chan error

	configure  func(name string, timeout, limit, volume, sleep, percent int)
	settings   func(name string) string
	circuit    func(name string) (c circuit, created bool)
	flush      func()
	sentinels  map[error]string
	mine       func(message string) error
	collecting *feeds
}

type circuit interface {
	IsOpen() bool
	AllowRequest() bool
	ReportEvent(eventTypes []string, start time.Time, runDuration time.Duration) error
}

func libraries() []*library {
	return []*library{
		{
			name: "original",
			do:   func(n string, r func() error, f func(error) error) error { return original.Do(n, r, f) },
			doC:  func(ctx context.Context, n string, r run, f fallback) error { return original.DoC(ctx, n, r, f) },
			gos:  func(n string, r func() error, f func(error) error) chan error { return original.Go(n, r, f) },
			goC:  func(ctx context.Context, n string, r run, f fallback) chan error { return original.GoC(ctx, n, r, f) },
			configure: func(n string, timeout, limit, volume, sleep, percent int) {
				original.ConfigureCommand(n, original.CommandConfig{Timeout: timeout, MaxConcurrentRequests: limit,
					RequestVolumeThreshold: volume, SleepWindow: sleep, ErrorPercentThreshold: percent})
			},
			settings: func(n string) string { return fmt.Sprintf("%+v", *original.GetCircuitSettings()[n]) },
			circuit: func(n string) (circuit, bool) {
				c, created, err := original.GetCircuit(n)
				if err != nil {
					panic(err)
				}
				return c, created
			},
			flush:      original.Flush,
			mine:       func(m string) error { return original.CircuitError{Message: m} },
			sentinels:  map[error]string{original.ErrTimeout: "ErrTimeout", original.ErrCircuitOpen: "ErrCircuitOpen", original.ErrMaxConcurrency: "ErrMaxConcurrency"},
			collecting: originalFeeds,
		},
		{
			name: "shim",
			do:   func(n string, r func() error, f func(error) error) error { return shim.Do(n, r, f) },
			doC:  func(ctx context.Context, n string, r run, f fallback) error { return shim.DoC(ctx, n, r, f) },
			gos:  func(n string, r func() error, f func(error) error) chan error { return shim.Go(n, r, f) },
			goC:  func(ctx context.Context, n string, r run, f fallback) chan error { return shim.GoC(ctx, n, r, f) },
			configure: func(n string, timeout, limit, volume, sleep, percent int) {
				shim.ConfigureCommand(n, shim.CommandConfig{Timeout: timeout, MaxConcurrentRequests: limit,
					RequestVolumeThreshold: volume, SleepWindow: sleep, ErrorPercentThreshold: percent})
			},
			settings: func(n string) string { return fmt.Sprintf("%+v", *shim.GetCircuitSettings()[n]) },
			circuit: func(n string) (circuit, bool) {
				c, created, err := shim.GetCircuit(n)
				if err != nil {
					panic(err)
				}
				return c, created
			},
			flush:      shim.Flush,
			mine:       func(m string) error { return shim.CircuitError{Message: m} },
			sentinels:  map[error]string{shim.ErrTimeout: "ErrTimeout", shim.ErrCircuitOpen: "ErrCircuitOpen", shim.ErrMaxConcurrency: "ErrMaxConcurrency"},
			collecting: shimFeeds,
		},
	}
}

// feeds are the collectors of one library, by circuit: what they are told comes
// through a channel, as text.
type feeds struct {
	mu  sync.Mutex
	all map[string]chan string
}

func (f *feeds) of(name string) chan string {
	f.mu.Lock()
	defer f.mu.Unlock()
	c, ok := f.all[name]
	if !ok {
		c = make(chan string, 10_000)
		f.all[name] = c
	}
	return c
}

var (
	originalFeeds = &feeds{all: map[string]chan string{}}
	shimFeeds     = &feeds{all: map[string]chan string{}}
	registerOnce  sync.Once
)

// register has both libraries feed.
func register() {
	registerOnce.Do(func() {
		originalCollector.Registry.Register(func(name string) originalCollector.MetricCollector {
			return &toOriginal{originalFeeds.of(name)}
		})
		shimCollector.Registry.Register(func(name string) shimCollector.MetricCollector {
			return &toShim{shimFeeds.of(name)}
		})
	})
}

type toOriginal struct{ c chan string }

func (o *toOriginal) Update(r originalCollector.MetricResult) { o.c <- fields(r) }
func (o *toOriginal) Reset()                                  { o.c <- "reset" }

type toShim struct{ c chan string }

func (s *toShim) Update(r shimCollector.MetricResult) {
	o := originalCollector.MetricResult(r) // the same fields in the same order
	s.c <- fields(o)
}
func (s *toShim) Reset() { s.c <- "reset" }

// fields writes a result: its counts, and which of its durations there are.
func fields(r originalCollector.MetricResult) string {
	var all []string
	for _, f := range []struct {
		name  string
		value float64
	}{
		{"attempts", r.Attempts}, {"errors", r.Errors}, {"successes", r.Successes}, {"failures", r.Failures}, {"rejects", r.Rejects},
		{"shortCircuits", r.ShortCircuits}, {"timeouts", r.Timeouts}, {"fallbackSuccesses", r.FallbackSuccesses},
		{"fallbackFailures", r.FallbackFailures}, {"canceled", r.ContextCanceled}, {"exceeded", r.ContextDeadlineExceeded},
		{"inUse", r.ConcurrencyInUse},
	} {
		if f.value != 0 {
			all = append(all, fmt.Sprintf("%s=%v", f.name, f.value))
		}
	}
	if r.TotalDuration > 0 {
		all = append(all, "total")
	}
	if r.RunDuration > 0 {
		all = append(all, "run")
	}
	return strings.Join(all, " ")
}

// play is one scenario played through one library.
type play struct {
	*library
	t     *testing.T
	ctx   context.Context
	name  string        // of its circuit
	gate  chan struct{} // closed at the end
	lines []string      // what happened
}

func (p *play) note(format string, args ...any) {
	p.lines = append(p.lines, fmt.Sprintf(format, args...))
}

// hang is a run that goes on until the end of the scenario.
func (p *play) hang(context.Context) error { <-p.gate; return nil }

// hear notes what the collector is told next.
func (p *play) hear() (line string) {
	select {
	case line = <-p.collecting.of(p.name):
	case <-time.After(10 * time.Second):
		require.Fail(p.t, "the collector was not told", "%s after %q", p.library.name, p.lines)
	}
	p.note("  told: %s", line)
	return line
}

// told notes what the collector is told next, up to and with a result.
func (p *play) told() {
	for p.hear() == "reset" {
		continue
	}
}

// call notes what a call gives, and what the collector is told of it.
func (p *play) call(what string, err error) {
	p.note("%s: %s", what, p.describe(err))
	p.told()
}

func (p *play) describe(err error) string {
	if err == nil {
		return "nil"
	}
	if name, ok := p.sentinels[err]; ok { // compared with ==
		return name
	}
	return fmt.Sprintf("%q", err.Error())
}

// open checks whether the circuit is open. The original's figures come late.
func (p *play) open(want bool) {
	c, _ := p.circuit(p.name)
	for begun := time.Now(); c.IsOpen() != want; {
		if time.Since(begun) > 10*time.Second {
			require.Fail(p.t, "the state of the circuit", "%s: want open %v after %q", p.library.name, want, p.lines)
		}
	}
	p.note("open: %v", want)
}

// first waits for the first error of Go.
func (p *play) first(errs chan error) error {
	select {
	case err := <-errs:
		return err
	case <-time.After(10 * time.Second):
		require.Fail(p.t, "no error came", "%s after %q", p.library.name, p.lines)
		return nil
	}
}

// nothing notes that nothing has come through Go's channel, nor was it closed.
func (p *play) nothing(errs chan error) {
	select {
	case err, open := <-errs:
		p.note("came: %v %v", err, open)
	default:
		p.note("nothing came")
	}
}
