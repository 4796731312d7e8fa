package command_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing/synctest"

	"github.com/quillgo/quill/command"
	"github.com/quillgo/quill/observable"
)

// instance is one command object of a scenario: a command with functions of its
// own, under the name it shares, and the one call of it.
type instance struct {
	p       *player
	spec    *body
	command *command.Command[struct{}, any]
	call    *command.Call[struct{}, any]

	run, fallback part

	mu    sync.Mutex
	hooks []string // guarded by mu
}

func (p *player) newInstance(b *body) (*instance, error) {
	n := &instance{p: p, spec: b}
	n.run = part{p: p, script: b.Run, worker: b.RunOn == "worker"}
	n.fallback = part{p: p, script: b.Fallback, worker: b.FallbackOn == "worker"}
	c := p.Commands[b.Key]
	s := command.Spec[struct{}, any]{
		Name: b.Key, Group: c.Group, PoolKey: c.PoolKey, Registry: p.registry,
		Settings: p.settings(b.Key), Hooks: n.hooked(),
	}
	if s.Group == "" {
		s.Group = "G"
	}
	if b.CacheKey != nil {
		s.CacheKey = func(struct{}) (string, bool) { return *b.CacheKey, true }
	}
	if b.multi() {
		s.Stream = func(ctx context.Context, _ struct{}) observable.Observable[any] { return n.run.stream(ctx) }
	} else {
		s.Run = func(ctx context.Context, _ struct{}) (any, error) { return n.run.single(ctx) }
	}
	switch {
	case b.Fallback == nil:
	case b.multi():
		s.FallbackStream = func(ctx context.Context, _ struct{}, _ error) observable.Observable[any] {
			return n.fallback.stream(ctx)
		}
	default:
		s.Fallback = func(ctx context.Context, _ struct{}, _ error) (any, error) { return n.fallback.single(ctx) }
	}
	var err error
	if n.command, err = command.New(s); err != nil {
		return nil, err
	}
	n.call = n.command.Call(struct{}{})
	return n, nil
}

func (n *instance) hook(entry string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.hooks = append(n.hooks, entry)
}

// hooked notes what the hooks see.
func (n *instance) hooked() command.Hooks {
	start := func(name string) func(command.Info) error {
		return func(command.Info) error { n.hook(name); return nil }
	}
	tell := func(name string) func(command.Info) { return func(command.Info) { n.hook(name) } }
	emit := func(name string) func(command.Info, any) any {
		return func(_ command.Info, v any) any { n.hook(name + " " + text(v)); return v }
	}
	fail := func(name string) func(command.Info, error) error {
		return func(_ command.Info, err error) error { n.hook(name + " " + viewError(err).brief()); return err }
	}
	return command.Hooks{
		Start: start("start"), ThreadStart: start("threadStart"), ThreadComplete: tell("threadComplete"),
		ExecutionStart: start("executionStart"), ExecutionEmit: emit("executionEmit"),
		ExecutionError: fail("executionError"), ExecutionSuccess: tell("executionSuccess"),
		FallbackStart: start("fallbackStart"), FallbackEmit: emit("fallbackEmit"),
		FallbackError: fail("fallbackError"), FallbackSuccess: tell("fallbackSuccess"),
		Emit: emit("emit"), Success: tell("success"), CacheHit: tell("cacheHit"), Unsubscribe: tell("unsubscribe"),
		Error: func(_ command.Info, k command.Kind, err error) error {
			n.hook("error " + failureType(k, err) + " " + viewError(err).brief())
			return err
		},
	}
}

// handle is what a step calls one execution, or one subscriber, by.
type handle struct {
	p        *player
	instance *instance
	api      string
	creator  bool // the step made the instance
	stream   observable.Observable[any]

	mu       sync.Mutex
	future   *command.Future[any]  // guarded by mu
	up       observable.Disposable // guarded by mu; the subscriber's
	values   []any                 // guarded by mu
	terminal *terminalRecord       // guarded by mu
	returned bool                  // guarded by mu; the call has
}

func (p *player) handle(name string, n *instance, api string) *handle {
	h := &handle{p: p, instance: n, api: api}
	p.handles[name] = h
	return h
}

// attach takes the stream that an entry point gave, and subscribes to it if the
// step says so.
func (h *handle) attach(ctx context.Context, s *step, o observable.Observable[any]) {
	h.stream = o
	if s.subscribes() {
		h.subscribe(ctx)
	}
}

func (h *handle) subscribe(ctx context.Context) { h.stream.Subscribe(ctx, h) }

// OnSubscribe implements observable.Observer.
func (h *handle) OnSubscribe(d observable.Disposable) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.up = d
}

// OnNext implements observable.Observer.
func (h *handle) OnNext(v any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.values = append(h.values, v)
	if h.terminal != nil {
		h.p.problem("an item came after the end: %v", v)
	}
}

// OnError implements observable.Observer.
func (h *handle) OnError(err error) { h.finish(&terminalRecord{Error: viewError(err)}) }

// OnComplete implements observable.Observer.
func (h *handle) OnComplete() { h.finish(&terminalRecord{Complete: true}) }

func (h *handle) finish(t *terminalRecord) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.terminal != nil {
		h.p.problem("an end came after the end: %+v", t)
	}
	h.terminal = t
}

// result takes what a blocking call returned.
func (h *handle) result(v any, err error) {
	if err != nil {
		h.OnError(err)
		return
	}
	h.OnNext(v)
	h.OnComplete()
}

func (h *handle) setFuture(f *command.Future[any]) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.future = f
}

func (h *handle) setReturned() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.returned = true
}

func (h *handle) hasReturned() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.returned
}

func (h *handle) count() int {
	h.ended() // fetches a future's
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.values)
}

// ended reports whether the terminal signal has come. A future's is fetched by
// whoever waits for it.
func (h *handle) ended() bool {
	h.mu.Lock()
	f, over := h.future, h.terminal != nil
	h.mu.Unlock()
	if over || f == nil {
		return over
	}
	select {
	case <-f.Done():
		h.result(f.Get(context.Background()))
		return true
	default:
		return false
	}
}

func (h *handle) unsubscribe() {
	h.mu.Lock()
	up := h.up
	h.mu.Unlock()
	if up != nil {
		up.Dispose()
	}
}

// cancel cancels a future, and tells what Hystrix's would say.
func (h *handle) cancel() map[string]any {
	h.mu.Lock()
	f := h.future
	h.mu.Unlock()
	if f == nil {
		return map[string]any{"error": "not a future"}
	}
	result := map[string]any{"returned": f.Cancel(), "isCancelled": false, "isDone": false}
	synctest.Wait()
	select {
	case <-f.Done():
		_, err := f.Get(context.Background())
		result["isCancelled"], result["isDone"] = errors.Is(err, context.Canceled), true
	default:
	}
	return result
}

func (h *handle) seen() ([]any, *terminalRecord) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.values), h.terminal
}
