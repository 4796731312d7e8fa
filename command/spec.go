package command

import (
	"context"
	"errors"
	"fmt"

	"github.com/quillgo/quill/isolation"
	"github.com/quillgo/quill/observable"
)

// Spec defines a command. Name and one of Run and Stream are required.
type Spec[In, Out any] struct {
	// Name is the command's key: commands of one name in one registry share
	// their breaker, semaphores and metrics, and must have the same Settings,
	// Group, PoolKey and SharedPool; their functions and types may differ.
	Name string
	// Group names commands that belong together: on dashboards, and, unless
	// PoolKey or SharedPool says otherwise, in one pool. Default Name.
	Group string

	// Run is the body: one value. It may be called concurrently. Its context
	// ends as soon as nobody waits for the result. A panic is a failure.
	Run func(ctx context.Context, in In) (Out, error)
	// Stream is the body of a streaming command, instead of Run.
	Stream func(ctx context.Context, in In) observable.Observable[Out]
	// Fallback serves when the body did not, for a command with Run. cause says
	// why: what the body returned, ErrTimeout, a *breaker.OpenError, the error of
	// a full bulkhead, or a *observable.PanicError. Its context is the caller's,
	// which alone bounds its time; Settings.FallbackSemaphore bounds how many run.
	Fallback func(ctx context.Context, in In, cause error) (Out, error)
	// FallbackStream is the fallback of a command with Stream. What the body
	// emitted before it failed stays emitted.
	FallbackStream func(ctx context.Context, in In, cause error) observable.Observable[Out]

	// CacheKey makes results shared within a request scope under the key it
	// returns ("" is a key). ok false means not to share this one. It may be called
	// concurrently. With a key the context must have a scope ([cache.NewScope]),
	// unless Settings.RequestCache is WhenScoped.
	CacheKey func(in In) (key string, ok bool)
	// Discard gets the result of a body that came when nobody waited for it any
	// more: a value to be closed, or an error, unless that only says that the
	// body's context ended. It is called on the body's goroutine, and may be
	// called concurrently.
	Discard func(value Out, err error)

	Settings Settings
	Hooks    Hooks
	// Registry is where the command lives. Default DefaultRegistry.
	Registry *Registry
	// PoolKey names the pool that the command runs in. Default Group.
	PoolKey string
	// SharedPool is a pool made by hand, instead of the registry's.
	SharedPool *isolation.Pool
}

// Command is a protected call: breaker, bulkhead, timeout, fallback, cache. It
// is immutable, and its methods may be called concurrently, any number of times.
type Command[In, Out any] struct {
	core           *core
	run            func(context.Context, In) (Out, error)
	stream         func(context.Context, In) observable.Observable[Out]
	fallback       func(context.Context, In, error) (Out, error)
	fallbackStream func(context.Context, In, error) observable.Observable[Out]
	cacheKey       func(In) (string, bool)
	discard        func(Out, error)
	hooks          []*Hooks // outermost first; nil without hooks
}

// New makes a command and registers its name. Making it starts nothing, and an
// idle command costs less than 1 KB. The error names the field of the Spec that
// is wrong, its value and what would be right; then nothing is registered.
func New[In, Out any](s Spec[In, Out]) (*Command[In, Out], error) {
	if s.Stream != nil {
		return build(s, Semaphore)
	}
	return build(s, Pool)
}

// build is New with the isolation that is meant if nobody says which.
func build[In, Out any](s Spec[In, Out], kind Isolation) (*Command[In, Out], error) {
	if err := s.check(); err != nil {
		return nil, fmt.Errorf("command: Spec %q: %w", s.Name, err)
	}
	r := s.Registry
	if r == nil {
		r = DefaultRegistry
	}
	fill(&s.Group, s.Name)
	fill(&s.PoolKey, s.Group)
	core, err := r.register(s.Name, s.Group, s.PoolKey, s.Settings, kind, s.SharedPool)
	if err != nil {
		return nil, fmt.Errorf("command: Spec %q: %w", s.Name, err)
	}
	c := &Command[In, Out]{
		core: core, run: s.Run, stream: s.Stream, fallback: s.Fallback, fallbackStream: s.FallbackStream,
		cacheKey: s.CacheKey, discard: s.Discard,
	}
	if r.hooks != nil {
		c.hooks = append(c.hooks, r.hooks)
	}
	if s.Hooks.any() {
		own := s.Hooks
		c.hooks = append(c.hooks, &own)
	}
	return c, nil
}

// check reports what is wrong about the Spec's functions and names.
func (s *Spec[In, Out]) check() error {
	var errs []error
	wrong := func(is bool, text string) {
		if is {
			errs = append(errs, errors.New(text))
		}
	}
	wrong(s.Name == "", `Name is "", want a name`)
	wrong(s.Run == nil && s.Stream == nil, "Run and Stream are nil, want one of them")
	wrong(s.Run != nil && s.Stream != nil, "Run and Stream are both set, want one of them")
	wrong(s.Run != nil && s.FallbackStream != nil, "FallbackStream is set beside Run, want Fallback")
	wrong(s.Stream != nil && s.Fallback != nil, "Fallback is set beside Stream, want FallbackStream")
	wrong(s.SharedPool != nil && s.PoolKey != "", fmt.Sprintf("PoolKey is %q beside a SharedPool, want one of them", s.PoolKey))
	return errors.Join(errs...)
}

// MustNew is [New] that panics with the error, for commands that are package
// variables.
func MustNew[In, Out any](s Spec[In, Out]) *Command[In, Out] {
	c, err := New(s)
	if err != nil {
		panic(err)
	}
	return c
}

// Func makes a command of a function, with default settings, in the default
// registry. Like [MustNew] it panics if the name is taken by a command with
// other settings.
func Func[In, Out any](name string, run func(ctx context.Context, in In) (Out, error)) *Command[In, Out] {
	return MustNew(Spec[In, Out]{Name: name, Run: run})
}

// Do executes run once as the command of that name in the default registry, with
// its settings and state, for callers who share results by capture. fallback may
// be nil. The error is that of [Command.Execute], or of [New].
//
// A name that nobody has registered before gets Semaphore isolation: run and
// fallback then never overlap, nor does run outlive Do, so that both may write to
// what they captured. Where the name has Pool isolation run may still be running
// when fallback starts and when Do returns.
func Do(ctx context.Context, name string, run func(ctx context.Context) error, fallback func(ctx context.Context, cause error) error) error {
	if run == nil {
		return fmt.Errorf("command: Do %q: run is nil, want a function", name)
	}
	s := Spec[struct{}, struct{}]{Name: name, Run: func(ctx context.Context, _ struct{}) (struct{}, error) {
		return struct{}{}, run(ctx)
	}}
	if fallback != nil {
		s.Fallback = func(ctx context.Context, _ struct{}, cause error) (struct{}, error) {
			return struct{}{}, fallback(ctx, cause)
		}
	}
	c, err := doCommand(s)
	if err != nil {
		return err
	}
	_, err = c.Execute(ctx, struct{}{})
	return err
}

// doCommand is New for a name that may be registered with settings of its own,
// which Do then uses.
func doCommand(s Spec[struct{}, struct{}]) (*Command[struct{}, struct{}], error) {
	r := DefaultRegistry
	r.mu.Lock()
	core, ok := r.cores[s.Name]
	r.mu.Unlock()
	if !ok {
		return build(s, Semaphore)
	}
	return &Command[struct{}, struct{}]{core: core, run: s.Run, fallback: s.Fallback}, nil
}

// Name returns the command's name.
func (c *Command[In, Out]) Name() string { return c.core.name }

// Group returns the command's group.
func (c *Command[In, Out]) Group() string { return c.core.group }

// Registry returns the registry that the command lives in.
func (c *Command[In, Out]) Registry() *Registry { return c.core.registry }

// Settings returns the settings in force, with every field set.
func (c *Command[In, Out]) Settings() Settings { return c.core.settings.Load().Settings }
