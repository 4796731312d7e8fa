package command_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/quillgo/quill/cache"
	"github.com/quillgo/quill/command"
	"github.com/quillgo/quill/metrics"
)

// The times of the format, and how long anything may take before it is taken to
// hang.
const (
	awaitLimit  = 4 * time.Second
	eventLinger = 40 * time.Millisecond
	queueLimit  = 300 * time.Millisecond
	lastPause   = 60 * time.Millisecond
	hangLimit   = 10 * time.Minute
)

// player plays one scenario through quill's public API, in a bubble.
type player struct {
	*scenario
	registry *command.Registry
	busy     atomic.Int64  // scripts and asynchronous calls that have not ended
	end      chan struct{} // closed when the steps are over: nobody is held up any more

	// Of the driver's goroutine.
	ctx     context.Context // with the current request context
	scopes  map[string]context.Context
	closed  map[string]string           // the logs of the contexts that were closed
	first   map[string]command.Settings // by command, as its first instance has them
	handles map[string]*handle
	results map[string]map[string]any // by the step's index
	bodies  map[string]int            // how many bodies held a permit, by the step's index
	lines   map[string]*line          // the collapsers, by key

	mu       sync.Mutex
	gates    map[string]chan struct{}         // guarded by mu
	opened   map[string]bool                  // guarded by mu
	allOpen  bool                             // guarded by mu
	notified map[string]map[metrics.Event]int // guarded by mu; by command
	problems []string                         // guarded by mu
	cacheKey *string                          // guarded by mu; of the request that is being made
}

// play plays a scenario in a bubble of its own and returns what was seen, and
// what went wrong with the playing itself.
func play(t *testing.T, s *scenario) (got *record, problems []string) {
	defer func() {
		if r := recover(); r != nil { // the bubble deadlocked
			problems = append(problems, fmt.Sprint(r))
		}
	}()
	synctest.Test(t, func(*testing.T) {
		p := &player{
			scenario: s, end: make(chan struct{}), ctx: context.Background(),
			scopes: map[string]context.Context{}, closed: map[string]string{}, first: map[string]command.Settings{}, handles: map[string]*handle{},
			results: map[string]map[string]any{}, bodies: map[string]int{}, lines: map[string]*line{}, gates: map[string]chan struct{}{}, opened: map[string]bool{},
			notified: map[string]map[metrics.Event]int{},
		}
		defer func() { problems = p.problems }()
		hang := time.AfterFunc(hangLimit, func() {
			p.problem("the scenario hangs")
			p.openAll()
		})
		defer hang.Stop()
		p.guarded("the player", func() { got = p.run() })
	})
	return got, problems
}

func (p *player) problem(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.problems = append(p.problems, fmt.Sprintf(format, args...))
}

// guarded makes the panic of quill, or of the runner, a problem.
func (p *player) guarded(what string, f func()) {
	defer func() {
		if r := recover(); r != nil {
			p.problem("%s panicked: %v", what, r)
		}
	}()
	f()
}

// run plays the steps, and then ends the scenario as the format says.
func (p *player) run() (got *record) {
	p.guarded("the player", func() {
		if !p.prepare() {
			return
		}
		for i := range p.Steps {
			s := &p.Steps[i]
			synctest.Wait()
			problem := p.step(s)
			synctest.Wait()
			if problem != nil {
				p.problem("step %s (%s %s): %v", s.at, s.Op, s.As+s.Handle+s.Key, problem)
				break
			}
		}
	})
	p.openAll()
	close(p.end)
	if !p.until(awaitLimit, func() bool { return p.busy.Load() == 0 }) {
		p.problem("%d bodies or calls did not end", p.busy.Load())
	}
	for _, name := range slices.Sorted(maps.Keys(p.handles)) {
		if h := p.handles[name]; h.future != nil {
			p.until(queueLimit, h.ended)
		}
	}
	time.Sleep(lastPause)
	synctest.Wait()
	got = p.read()
	p.leave()
	return got
}

// prepare makes the registry.
func (p *player) prepare() bool {
	r, err := command.NewRegistry(command.RegistryOptions{Listener: command.Listener{Event: p.event}})
	if err != nil {
		p.problem("%v", err)
		return false
	}
	p.registry = r
	for key, c := range p.Pools {
		if err := r.ConfigurePool(key, c.sizes()); err != nil {
			p.problem("%v", err)
			return false
		}
	}
	return true
}

// leave ends what nobody waits for, so that the bubble can end.
func (p *player) leave() {
	if p.registry == nil {
		return
	}
	for _, h := range p.handles {
		h.unsubscribe()
	}
	for _, ctx := range p.scopes {
		cache.ScopeFrom(ctx).Close()
	}
	p.registry.Close()
}

func (p *player) event(name string, e metrics.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.notified[name] == nil {
		p.notified[name] = map[metrics.Event]int{}
	}
	p.notified[name][e]++
}

// until waits until a condition holds, for no longer than limit, and reports
// whether it does.
func (p *player) until(limit time.Duration, holds func() bool) bool {
	begun := time.Now()
	for {
		synctest.Wait()
		if holds() {
			return true
		}
		if time.Since(begun) >= limit {
			return false
		}
		time.Sleep(time.Millisecond)
	}
}

// gate returns the channel that is closed when the gate is open.
func (p *player) gate(name string) <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.gateLocked(name)
}

func (p *player) gateLocked(name string) chan struct{} {
	g := p.gates[name]
	if g == nil {
		g = make(chan struct{})
		p.gates[name] = g
		if p.allOpen {
			p.openLocked(name)
		}
	}
	return g
}

func (p *player) open(name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.openLocked(name)
}

func (p *player) openLocked(name string) {
	if g := p.gateLocked(name); !p.opened[name] {
		p.opened[name] = true
		close(g)
	}
}

func (p *player) openAll() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.allOpen = true
	for name := range p.gates {
		p.openLocked(name)
	}
}

type contextKey struct{}

// contextName is the name of the request context that ctx carries.
func contextName(ctx context.Context) string {
	name, _ := ctx.Value(contextKey{}).(string)
	return name
}

func (p *player) newContext(name string) {
	ctx, _ := cache.NewScope(context.WithValue(context.Background(), contextKey{}, name))
	p.scopes[name], p.ctx = ctx, ctx
}

// log is the request log of a context, without latencies.
func (p *player) log(ctx context.Context) string {
	l := command.LogFrom(ctx)
	if l == nil {
		return ""
	}
	return latencies.ReplaceAllString(l.String(), "[0ms]")
}
