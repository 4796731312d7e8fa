package command

import (
	"context"
	"errors"
	"fmt"

	"github.com/quillgo/quill/cache"
	"github.com/quillgo/quill/observable"
)

// CollapserScope says which requests may share a batch.
type CollapserScope uint8

// The scopes (HystrixCollapser.Scope).
const (
	// PerRequest collapses what is asked for within one request scope, which the
	// context must have ([cache.NewScope]). It is the default.
	PerRequest CollapserScope = iota
	// Global collapses what is asked for anywhere. A batch runs with the values
	// of the context that its first request came with, of those that are still
	// waited for, and nothing of that is kept longer than the batch.
	Global
)

func (s CollapserScope) String() string { return name(s, "PerRequest", "Global") }

// CollapserSpec defines a collapser: many single requests that become one batch
// command (HystrixCollapser). Name, Map and one of Batch and Create are required.
//
// In is a request's argument: the same argument twice in one batch is one
// request. Out is its answer, Result what the batch command returns for all of
// them.
type CollapserSpec[In comparable, Out, Result any] struct {
	// Name is the collapser's key. Collapsers of one name in one registry share
	// metrics and must have the same Settings; their batches are their own.
	Name string
	// Batch is the command that serves a batch. It gets the arguments in the order
	// in which they were asked for. Its breaker, timeout, isolation and fallback
	// apply to the batch as a whole.
	Batch *Command[[]In, Result]
	// Create makes the execution that serves a batch, instead of Batch
	// (HystrixCollapser.createCommand). An error fails the requests of the batch.
	// It may be called concurrently for different batches, and returns another Call
	// each time.
	Create func(args []In) (*Call[[]In, Result], error)
	// Map gives each request its answer (mapResponseToRequests): [ByPosition],
	// [ByArgument], [ByKey], or a function that calls one of the request's methods.
	// Answers are delivered when it has returned. An error, or a panic, fails the
	// requests that have no answer by then; one that nothing was said to fails with
	// [ErrNoResponse]. The slice is Map's own, and Registry.Shutdown waits for Map.
	Map func(result Result, requests []*Request[In, Out]) error
	// Shard splits a batch: requests with the same shard share a command
	// (shardRequests). Nil means one for all.
	Shard func(arg In) string
	// CacheKey makes answers shared within a request scope, as that of a [Spec]
	// does. It may be called concurrently.
	CacheKey func(arg In) (key string, ok bool)

	Scope    CollapserScope
	Settings CollapserSettings
	// Registry is where the collapser lives. Default: that of Batch, else
	// DefaultRegistry.
	Registry *Registry
}

// Collapser turns single requests into batches. It is immutable, and its
// methods may be called concurrently, any number of times. An idle one has no
// timer and no goroutine; one timer runs while a batch is open.
//
// A request waits until its batch is sent: when Delay has passed since the
// batch's first request, or when the batch is full. Then the batch command runs on
// a goroutine of its own, one for each shard. Who leaves before that takes its
// argument out of the batch, and a batch that all left is never sent; a batch
// that all leave later is cancelled. The observers of a batch's requests are called
// one after the other, so one that blocks holds up those after it.
type Collapser[In comparable, Out any] struct {
	core     *collapserCore
	serve    func(*shard[In, Out]) // runs the batch command and answers
	shardOf  func(In) string
	cacheKey func(In) (string, bool)
	scope    CollapserScope

	global *batcher[In, Out]             // of Global scope
	scoped *cache.Var[*batcher[In, Out]] // of PerRequest scope
}

// NewCollapser makes a collapser and registers its name. The error names the
// field of the spec that is wrong, its value and what would be right; then nothing
// is registered.
func NewCollapser[In comparable, Out, Result any](s CollapserSpec[In, Out, Result]) (*Collapser[In, Out], error) {
	c := &Collapser[In, Out]{shardOf: s.Shard, cacheKey: s.CacheKey, scope: s.Scope}
	m := &mapping[In, Out, Result]{create: creator(s.Batch, s.Create), apply: s.Map}
	c.serve = m.serve
	errs := checkCollapser(s.Name, s.Batch, s.Create, s.Scope)
	if s.Map == nil {
		errs = append(errs, fmt.Errorf("%s is nil, want a function", "Map"))
	}
	return c.register(s.Name, registryOf(s.Registry, s.Batch), s.Settings, errs)
}

// MustNewCollapser is [NewCollapser] that panics with the error, for collapsers
// that are package variables.
func MustNewCollapser[In comparable, Out, Result any](s CollapserSpec[In, Out, Result]) *Collapser[In, Out] {
	c, err := NewCollapser(s)
	if err != nil {
		panic(err)
	}
	return c
}

// creator returns what makes the execution of a batch.
func creator[In, Result any](batch *Command[[]In, Result], create func([]In) (*Call[[]In, Result], error)) func([]In) (*Call[[]In, Result], error) {
	if create != nil {
		return create
	}
	return func(args []In) (*Call[[]In, Result], error) { return batch.Call(args), nil }
}

// registryOf is the registry that a collapser lives in.
func registryOf[In, Result any](r *Registry, batch *Command[[]In, Result]) *Registry {
	switch {
	case r != nil:
		return r
	case batch != nil:
		return batch.core.registry
	}
	return DefaultRegistry
}

// checkCollapser reports what is wrong about what both kinds of spec have.
func checkCollapser[In, Result any](name string, batch *Command[[]In, Result], create func([]In) (*Call[[]In, Result], error), scope CollapserScope) (errs []error) {
	wrong := func(is bool, text string) {
		if is {
			errs = append(errs, errors.New(text))
		}
	}
	wrong(name == "", `Name is "", want a name`)
	wrong(batch == nil && create == nil, "Batch and Create are nil, want one of them")
	wrong(batch != nil && create != nil, "Batch and Create are both set, want one of them")
	wrong(scope > Global, fmt.Sprintf("Scope is %v, want PerRequest or Global", scope))
	return errs
}

// register finishes a collapser of which errs are wrong.
func (c *Collapser[In, Out]) register(name string, r *Registry, set CollapserSettings, errs []error) (*Collapser[In, Out], error) {
	err := errors.Join(errs...)
	if err == nil {
		c.core, err = r.registerCollapser(name, set)
	}
	if err != nil {
		return nil, fmt.Errorf("command: CollapserSpec %q: %w", name, err)
	}
	if c.scope == Global {
		c.global = &batcher[In, Out]{collapser: c}
	} else {
		c.scoped = cache.NewVar(func() *batcher[In, Out] { return &batcher[In, Out]{collapser: c} }, (*batcher[In, Out]).scopeClosed)
	}
	return c, nil
}

// Name returns the collapser's name.
func (c *Collapser[In, Out]) Name() string { return c.core.name }

// Settings returns the settings in force, with every field set.
func (c *Collapser[In, Out]) Settings() CollapserSettings { return *c.core.settings.Load() }

// Status returns how the collapsers of this name are doing.
func (c *Collapser[In, Out]) Status() CollapserStatus { return c.core.status() }

// Execute asks for one answer and waits for it, or until ctx ends, whose cause it
// then returns (HystrixCollapser.execute). The error is the batch command's, that
// of the mapping, or a [*CollapserError]. Of a streaming collapser it wants
// exactly one item: else observable.ErrEmpty or observable.ErrTooMany.
func (c *Collapser[In, Out]) Execute(ctx context.Context, in In) (Out, error) {
	return awaitResult(ctx, func(o *resultObserver[Out]) { c.subscribe(ctx, in, o) })
}

// ToFuture asks for one answer and returns at once (HystrixCollapser.queue). It
// never blocks and never fails: the future tells. The end of ctx is the caller
// leaving, as [Future.Cancel] is.
func (c *Collapser[In, Out]) ToFuture(ctx context.Context, in In) *Future[Out] {
	if c.cacheKey == nil {
		return c.futureInBatch(ctx, in)
	}
	f := new(Future[Out])
	o := &resultObserver[Out]{ctx: ctx, to: f}
	f.execution = o
	c.subscribe(ctx, in, o)
	f.watch(ctx)
	return f
}

// Observe asks now, and returns the answer as a hot stream, replayed to whoever
// subscribes, and when (HystrixCollapser.observe). The request leaves its batch
// when ctx ends, or when the last of its subscribers leaves.
func (c *Collapser[In, Out]) Observe(ctx context.Context, in In) observable.Observable[Out] {
	return c.observe(ctx, in)
}

// ToObservable returns the answer as a cold stream: each subscription is a
// request (HystrixCollapser.toObservable). The subscription's context gives the
// values and the scope.
func (c *Collapser[In, Out]) ToObservable(in In) observable.Observable[Out] {
	return observable.NewUnsafe[Out](&collapserSource[In, Out]{c, in})
}

// ClearCache forgets the answer that ctx's scope has for in: the next request
// goes into a batch. It does nothing for a collapser or an argument without a key.
// The error is cache.ErrNoScope or cache.ErrScopeClosed.
func (c *Collapser[In, Out]) ClearCache(ctx context.Context, in In) error {
	if c.cacheKey == nil {
		return nil
	}
	key, ok := c.cacheKey(in)
	if !ok {
		return nil
	}
	return cache.Clear(ctx, spaceOf[Out](&c.core.spaces, c.core.name).Key(key))
}

// The causes of a [CollapserError], beside cache.ErrNoScope, cache.ErrScopeClosed
// and ErrClosed.
var (
	// ErrNoResponse is the error of a request to which the mapping said nothing.
	ErrNoResponse = errors.New("no response was set for the request")
	// ErrDuplicateArgument is the error of the second request for an argument in a
	// batch, when CollapserSettings.RequestCache is Off.
	ErrDuplicateArgument = errors.New("the argument is in the batch already, and the request cache is off")
	// ErrAnswered is the error of a second answer to a request.
	ErrAnswered = errors.New("the request has been answered already")
)

// CollapserError is what a collapser itself has to say about a request.
// errors.Is and errors.As see the cause.
type CollapserError struct {
	Collapser string
	Arg       any // the request's argument
	Err       error
}

func (e *CollapserError) Error() string {
	return fmt.Sprintf("command: collapser %s, argument %v: %v", e.Collapser, e.Arg, e.Err)
}

func (e *CollapserError) Unwrap() error { return e.Err }

// fails is the collapser's own error about a request.
func (c *Collapser[In, Out]) fails(arg In, err error) error {
	return &CollapserError{Collapser: c.core.name, Arg: arg, Err: err}
}
