package cache

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"sync"

	"github.com/quillgo/quill/observable"
)

// ErrNoScope is the error of an operation that needs a scope, in a context that
// has none.
var ErrNoScope = errors.New("cache: no request scope in the context (see cache.NewScope)")

// ErrScopeClosed is the error of an operation on a scope after Close, and of
// the flights that Close ended.
var ErrScopeClosed = errors.New("cache: request scope is closed")

// Scope holds what belongs to one request. Its methods may be called
// concurrently.
type Scope struct {
	mu      sync.Mutex
	closed  bool                 // guarded by mu
	vars    map[any]*cell        // guarded by mu; by *Var
	made    []*cell              // guarded by mu; those with a value, in the order in which they got it
	flights map[flightKey]flight // guarded by mu; *Flight[T] for a key of a Space[T]
	cleared []flight             // guarded by mu; those that were on when Clear forgot them
}

// flight is a *Flight of any type.
type flight interface {
	Cancel(err error)
	on() bool
}

type scopeKey struct{}

// NewScope returns a context with a scope of its own, to be closed when the
// request is over. A scope that ctx may have is hidden, not closed.
func NewScope(ctx context.Context) (context.Context, *Scope) {
	s := new(Scope)
	return context.WithValue(ctx, scopeKey{}, s), s
}

// ScopeFrom returns the scope of ctx, or nil.
func ScopeFrom(ctx context.Context) *Scope {
	s, _ := ctx.Value(scopeKey{}).(*Scope)
	return s
}

// Close ends the scope: flights that are still on end with [ErrScopeClosed],
// then the variables are disposed, newest first. It is idempotent. Of user code
// it calls what ends the flights, their sharers' OnError, and the variables'
// dispose functions; it waits for no other: a variable that is being made is
// disposed by who makes it.
func (s *Scope) Close() {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return
	}
	s.closed = true
	flights, made := slices.AppendSeq(s.cleared, maps.Values(s.flights)), s.made
	s.flights, s.cleared, s.vars, s.made = nil, nil, nil, nil
	s.mu.Unlock()
	defer each(made, (*cell).close)
	each(flights, func(f flight) { f.Cancel(ErrScopeClosed) })
}

// each calls f for all, the last one first, also when one of the calls ends this
// goroutine by runtime.Goexit.
func each[E any](all []E, f func(E)) {
	defer func() {
		if len(all) > 0 {
			each(all, f)
		}
	}()
	for len(all) > 0 {
		last := all[len(all)-1]
		all = all[:len(all)-1]
		f(last)
	}
}

// keep notes that c got its value. If the scope was closed meanwhile there is
// nobody to dispose it but the caller.
func (s *Scope) keep(c *cell) {
	s.mu.Lock()
	closed := s.closed
	if !closed {
		s.made = append(s.made, c)
	}
	s.mu.Unlock()
	if closed {
		c.err = ErrScopeClosed
		c.close()
	}
}

// Closed reports whether Close was called.
func (s *Scope) Closed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed
}

// Var is a variable of which each scope has its own value. It is made once, as
// a package's or a registry's variable, and shared.
type Var[T any] struct {
	init func() T
	done func(T)
}

// NewVar returns a variable. init makes its value at the first Get in a scope;
// done, which may be nil, gets the value when the scope closes. init may get
// other variables, which are then disposed after this one, but not, by whatever
// way, the one that it makes: that would wait for itself.
func NewVar[T any](init func() T, done func(T)) *Var[T] {
	if init == nil {
		panic(&observable.ArgumentError{Operator: "cache.NewVar", Argument: "init", Want: "a function"})
	}
	return &Var[T]{init, done}
}

// cell is a variable's value in one scope.
type cell struct {
	once  sync.Once
	value any       // a *T; written under once; nil if init did not return
	err   error     // why there is no value; written under once
	done  func(any) // disposes value
}

// close disposes the value. A done function that panics is logged.
func (c *cell) close() {
	defer func() {
		if r := recover(); r != nil {
			slog.Default().Error("cache: dispose function of a scope variable panicked", "panic", r)
		}
	}()
	c.done(c.value)
}

// Get returns the variable's value in the scope of ctx. The first call makes
// it; others that come meanwhile wait for that, also when ctx ends: ctx only
// tells the scope. The error is [ErrNoScope],
// [ErrScopeClosed], or for all calls the [*observable.PanicError] of an init that
// panicked, or [observable.ErrGoexit] if it ended its goroutine.
func (v *Var[T]) Get(ctx context.Context) (T, error) {
	s := ScopeFrom(ctx)
	if s == nil {
		var zero T
		return zero, ErrNoScope
	}
	return v.In(s)
}

// In is [Var.Get] for a scope at hand.
func (v *Var[T]) In(s *Scope) (T, error) {
	s.mu.Lock()
	c, ok := s.vars[v]
	if !ok {
		if s.closed {
			s.mu.Unlock()
			var zero T
			return zero, ErrScopeClosed
		}
		c = &cell{done: v.dispose}
		if s.vars == nil {
			s.vars = make(map[any]*cell)
		}
		s.vars[v] = c
	}
	s.mu.Unlock()
	c.once.Do(func() {
		if v.make(c); c.err == nil {
			s.keep(c)
		}
	})
	if c.err != nil {
		var zero T
		return zero, c.err
	}
	return *c.value.(*T), nil
}

func (v *Var[T]) make(c *cell) {
	c.err = observable.ErrGoexit // stands if init does not return
	defer func() {
		if r := recover(); r != nil {
			c.err = observable.NewPanicError(r)
		}
	}()
	value := v.init()
	c.value, c.err = &value, nil
}

func (v *Var[T]) dispose(value any) {
	if v.done != nil {
		v.done(*value.(*T))
	}
}
