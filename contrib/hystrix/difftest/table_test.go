package difftest_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var errBoom = errors.New("boom")

func returns(err error) run               { return func(context.Context) error { return err } }
func serves(context.Context, error) error { return nil }
func fails(context.Context, error) error  { return errors.New("no memory") }

// scenario is a line of the table.
type scenario struct {
	name string
	play func(p *play)
	// difference is the title of the entry of docs/from-hystrix-go.md that says
	// why ours is not the same; the lines are in intended.
	difference string
}

// each plays f once without a fallback, once with one that serves, once with one
// that fails.
func each(f func(p *play, with string, serve fallback)) func(*play) {
	return func(p *play) {
		f(p, "no fallback", nil)
		f(p, "fallback serves", serves)
		f(p, "fallback fails", fails)
	}
}

// roomy is a limit that even the original's late tickets do not reach.
const roomy = 1000

var scenarios = []scenario{
	{name: "success", play: each(func(p *play, with string, serve fallback) {
		p.configure(p.name, 5000, roomy, 20, 5000, 50)
		p.call(with, p.doC(p.ctx, p.name, returns(nil), serve))
	})},
	{name: "failure", play: each(func(p *play, with string, serve fallback) {
		p.configure(p.name, 5000, roomy, 20, 5000, 50)
		p.call(with, p.doC(p.ctx, p.name, returns(errBoom), serve))
	})},
	{name: "own circuit error", play: each(func(p *play, with string, serve fallback) {
		p.configure(p.name, 5000, roomy, 20, 5000, 50)
		p.call(with, p.doC(p.ctx, p.name, returns(p.mine("mine")), serve))
	})},
	{name: "go", play: func(p *play) {
		p.configure(p.name, 5000, roomy, 20, 5000, 50)
		errs := p.gos(p.name, func() error { return nil }, nil)
		p.told()
		p.nothing(errs)
		errs = p.gos(p.name, func() error { return errBoom }, func(cause error) error { p.note("cause: %v", cause); return nil })
		p.told()
		p.nothing(errs)
		p.call("fails", p.first(p.gos(p.name, func() error { return errBoom }, nil)))
		p.call("both fail", p.first(p.gos(p.name, func() error { return errBoom }, func(error) error { return errors.New("no memory") })))
		p.note("capacity: %d", cap(errs))
	}},
	{name: "open", play: each(func(p *play, with string, serve fallback) {
		p.configure(p.name, 5000, roomy, 5, 600_000, 50)
		if with == "no fallback" {
			for range 5 {
				p.call("fails", p.do(p.name, func() error { return errBoom }, nil))
			}
		}
		p.open(true)
		p.call(with, p.doC(p.ctx, p.name, returns(nil), serve))
		p.call(with, p.doC(p.ctx, p.name, returns(errBoom), serve))
	})},
	{name: "not enough to judge", play: func(p *play) {
		p.configure(p.name, 5000, roomy, 5, 600_000, 50)
		for range 4 {
			p.call("fails", p.do(p.name, func() error { return errBoom }, nil))
		}
		p.open(false)
	}},
	{name: "below the percentage", play: func(p *play) {
		p.configure(p.name, 5000, roomy, 5, 600_000, 50)
		for i := range 30 {
			p.call("call", p.doC(p.ctx, p.name, returns([]error{errBoom, nil, nil}[i%3]), nil))
		}
		p.open(false)
	}},
	{name: "closes", play: func(p *play) {
		p.configure(p.name, 5000, roomy, 5, -1, 50) // try at once
		for range 5 {
			p.call("fails", p.do(p.name, func() error { return errBoom }, nil))
		}
		p.open(true)
		p.call("tries and fails", p.do(p.name, func() error { return errBoom }, nil))
		p.open(true)
		p.call("tries", p.do(p.name, func() error { return nil }, nil))
		p.open(false)
		p.call("fails", p.do(p.name, func() error { return errBoom }, nil))
		p.open(false)
	}},
	{name: "full", play: func(p *play) {
		p.configure(p.name, 600_000, 2, 20, 5000, 50)
		begun := make(chan struct{})
		var started []chan error
		for range 2 {
			started = append(started, p.gos(p.name, func() error { begun <- struct{}{}; <-p.gate; return nil }, nil))
			<-begun
		}
		p.call("refused", p.do(p.name, func() error { return nil }, nil))
		p.call("refused", p.do(p.name, func() error { return nil }, func(error) error { return nil }))
		for _, errs := range started {
			p.nothing(errs)
		}
	}},
	{name: "by hand", play: func(p *play) {
		p.configure(p.name, 5000, roomy, 5, -1, 50)
		c, created := p.circuit(p.name)
		p.note("created: %v", created)
		_, created = p.circuit(p.name)
		p.note("created: %v", created)
		say := func(events ...string) {
			p.note("%v: %v", events, c.ReportEvent(events, time.Now().Add(-time.Second), time.Millisecond))
			p.told()
		}
		for range 5 {
			p.note("allowed: %v", c.AllowRequest())
			say("failure", "fallback-failure")
		}
		p.open(true)
		p.note("allowed: %v", c.AllowRequest())
		say("success")
		p.open(false)
		say("timeout", "fallback-success")
		say("rejected")
		say("short-circuit")
		say("context_canceled")
		say("context_deadline_exceeded")
		say("something else", "and more")
		p.note("empty: %v", c.ReportEvent(nil, time.Now(), 0) != nil)
	}},
	{name: "flush", play: func(p *play) {
		p.configure(p.name, 5000, roomy, 5, 600_000, 50)
		for range 5 {
			p.call("fails", p.do(p.name, func() error { return errBoom }, nil))
		}
		p.open(true)
		p.flush()
		p.hear() // at once or soon: ours does not wait for a collector that is being told something
		_, created := p.circuit(p.name)
		p.note("created: %v", created)
		p.call("works", p.do(p.name, func() error { return nil }, nil))
		p.note("%s", p.settings(p.name))
	}},
	{name: "settings", play: func(p *play) {
		p.circuit(p.name)
		p.note("%s", p.settings(p.name))
		p.configure(p.name, 1, 2, 3, 4, 5)
		p.note("%s", p.settings(p.name))
		p.configure(p.name, -1, 2, -3, -4, 500)
		p.note("%s", p.settings(p.name))
		p.configure(p.name, 0, 0, 0, 0, 0)
		p.note("%s", p.settings(p.name))
	}},
	{name: "never opens", play: func(p *play) {
		p.configure(p.name, 5000, roomy, 5, 600_000, 101)
		for range 20 {
			p.call("fails", p.do(p.name, func() error { return errBoom }, nil))
		}
		p.open(false)
		p.configure(p.name, 5000, roomy, -1, 600_000, 50)
		p.call("fails", p.do(p.name, func() error { return errBoom }, nil))
		p.open(false)
	}},
	{name: "run tells of a context", play: each(func(p *play, with string, serve fallback) {
		p.configure(p.name, 5000, roomy, 5, 5000, 50)
		for range 5 {
			p.call(with, p.do(p.name, func() error { return context.Canceled }, plainly(serve)))
			p.call(with, p.do(p.name, func() error { return context.DeadlineExceeded }, plainly(serve)))
		}
		p.open(false)
		p.call(with, p.do(p.name, func() error { return fmt.Errorf("wrapped: %w", context.Canceled) }, plainly(serve)))
	})},

	// What follows differs on purpose.
	{name: "timeout", difference: "a run that was left behind has a duration", play: each(func(p *play, with string, serve fallback) {
		p.configure(p.name, 10, roomy, 20, 5000, 50)
		p.call(with, p.doC(p.ctx, p.name, p.hang, serve))
	})},
	{name: "caller cancels", difference: "a run that was left behind has a duration", play: each(func(p *play, with string, serve fallback) {
		p.configure(p.name, 600_000, roomy, 20, 5000, 50)
		ctx, cancel := context.WithCancel(p.ctx)
		p.call(with, p.doC(ctx, p.name, func(ctx context.Context) error { cancel(); return p.hang(ctx) }, serve))
	})},
	{name: "caller's deadline", difference: "a run that was left behind has a duration", play: each(func(p *play, with string, serve fallback) {
		p.configure(p.name, 600_000, roomy, 20, 5000, 50)
		ctx, cancel := context.WithTimeout(p.ctx, 10*time.Millisecond)
		defer cancel()
		p.call(with, p.doC(ctx, p.name, p.hang, serve))
	})},
	{name: "run returns the circuit's errors", difference: "a refusal that run met is run's failure", play: each(func(p *play, with string, serve fallback) {
		p.configure(p.name, 5000, roomy, 200, 5000, 50)
		for _, message := range []string{"timeout", "circuit open", "max concurrency"} {
			p.call(with, p.doC(p.ctx, p.name, returns(p.mine(message)), serve))
		}
	})},
	{name: "places of hung runs", difference: "a run keeps its place until it returns", play: func(p *play) {
		p.configure(p.name, 10, 2, 200, 5000, 50)
		for range 4 {
			p.note("%s", p.describe(p.doC(p.ctx, p.name, p.hang, nil)))
		}
	}},
	{name: "more places", difference: "settings apply at once", play: func(p *play) {
		p.configure(p.name, 600_000, 1, 200, 5000, 50)
		begun := make(chan struct{})
		works := func() error { begun <- struct{}{}; <-p.gate; return nil }
		p.gos(p.name, works, nil)
		<-begun
		p.configure(p.name, 600_000, 2, 200, 5000, 50)
		select {
		case err := <-p.gos(p.name, works, nil):
			p.note("%s", p.describe(err))
		case <-begun:
			p.note("works")
		}
	}},
	{name: "run's context", difference: "run's context ends with the timeout", play: func(p *play) {
		p.configure(p.name, 10, roomy, 200, 5000, 50)
		seen := make(chan bool, 1)
		release := make(chan struct{})
		err := p.doC(p.ctx, p.name, func(ctx context.Context) error { <-release; seen <- ctx.Err() != nil; return nil }, nil)
		close(release)
		p.note("%s, ended: %v", p.describe(err), <-seen)
	}},
	{name: "success by hand on an open circuit", difference: "a late success closes nothing", play: func(p *play) {
		p.configure(p.name, 5000, roomy, 5, 600_000, 50)
		for range 5 {
			p.call("fails", p.do(p.name, func() error { return errBoom }, nil))
		}
		p.open(true)
		c, _ := p.circuit(p.name)
		p.note("%v", c.ReportEvent([]string{"success"}, time.Now(), 0))
		p.told()
		p.note("open: %v", c.IsOpen())
	}},
	{name: "the share of errors", difference: "the share of errors is not rounded up", play: func(p *play) {
		p.configure(p.name, 5000, roomy, 200, 600_000, 50)
		for i := range 200 {
			p.call("call", p.doC(p.ctx, p.name, returns([]error{errBoom, nil}[min(i/99, 1)]), nil))
		}
		c, _ := p.circuit(p.name)
		for begun := time.Now(); p.library.name == "original" && !c.IsOpen() && time.Since(begun) < 10*time.Second; {
			continue // its figures come late
		}
		p.note("open: %v", c.IsOpen())
	}},
	{name: "a context that has ended", difference: "with an ended context run is not called", play: func(p *play) {
		p.configure(p.name, 5000, roomy, 20, 5000, 50)
		ctx, cancel := context.WithCancel(p.ctx)
		cancel()
		calls := 0
		for range 200 {
			called := make(chan struct{}, 1)
			if err := p.doC(ctx, p.name, func(context.Context) error { called <- struct{}{}; <-p.gate; return nil }, nil); err == nil {
				continue
			}
			select {
			case <-called:
				calls++
			case <-time.After(100 * time.Microsecond):
			}
			if calls > 0 {
				break
			}
		}
		p.note("called: %v", calls > 0)
	}},
}

func plainly(serve fallback) func(error) error {
	if serve == nil {
		return nil
	}
	return func(cause error) error { return serve(context.Background(), cause) }
}

// TestTable plays every scenario through both libraries. The lines that they
// note are the same, or, where a difference is intended, differ as it says.
func TestTable(t *testing.T) {
	register()
	page, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "from-hystrix-go.md"))
	require.NoError(t, err)
	for i, s := range scenarios {
		t.Run(s.name, func(t *testing.T) {
			var lines [2][]string
			for j, l := range libraries() {
				p := &play{library: l, t: t, ctx: t.Context(), name: fmt.Sprintf("scenario %d %d", i, runs()), gate: make(chan struct{})}
				s.play(p)
				close(p.gate)
				lines[j] = p.lines
			}
			assert.NotEmpty(t, lines[0])
			if s.difference == "" {
				assert.Equal(t, lines[0], lines[1])
				return
			}
			assert.Contains(t, strings.ToLower(string(page)), "- **"+s.difference+".**")
			if !assert.NotEqual(t, lines[0], lines[1], "it is not different: %s", s.difference) {
				return
			}
			assert.Equal(t, intended[s.name], differences(lines[0], lines[1]), "%s", s.difference)
		})
	}
}

var count int

func runs() int { count++; return count }

// differences lists the lines that are not the same, the original's first.
func differences(theirs, ours []string) (all []string) {
	for i := range max(len(theirs), len(ours)) {
		at := func(lines []string) string {
			if i < len(lines) {
				return lines[i]
			}
			return "(nothing)"
		}
		if at(theirs) != at(ours) {
			all = append(all, at(theirs)+" -> "+at(ours))
		}
	}
	return all
}
