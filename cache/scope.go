package cache

import (
	"context"
	"errors"
	"log/slog"
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
	closed  bool              // guarded by mu
	vars    map[any]*cell     // guarded by mu; by *Var
	made    []*cell           // guarded by mu; in the order in which they were made
	flights map[flightKey]any // guarded by mu; *Flight[T] for a key of a Space[T]
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
// then the variables are disposed, newest first. It is idempotent, and does not
// wait for user code other than the variables' dispose functions.
func (s *Scope) Close() {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return
	}
	s.closed = true
	flights, made := s.flights, s.made
	s.flights, s.vars, s.made = nil, nil, nil
	s.mu.Unlock()
	for _, f := range flights {
		f.(interface{ Cancel(error) }).Cancel(ErrScopeClosed)
	}
	for i := len(made) - 1; i >= 0; i-- {
		made[i].close()
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
// done, which may be nil, gets the value when the scope closes.
func NewVar[T any](init func() T, done func(T)) *Var[T] {
	if init == nil {
		panic(&observable.ArgumentError{Operator: "cache.NewVar", Argument: "init", Want: "a function"})
	}
	return &Var[T]{init, done}
}

// cell is a variable's value in one scope.
type cell struct {
	once  sync.Once
	value any       // a *T; written under once; nil if init panicked or never ran
	err   error     // why there is no value; written under once
	done  func(any) // disposes value
}

// close disposes the value. A done function that panics is logged; the others
// still run.
func (c *cell) close() {
	defer func() {
		if r := recover(); r != nil {
			slog.Default().Error("cache: dispose function of a scope variable panicked", "panic", r)
		}
	}()
	c.once.Do(func() { c.err = ErrScopeClosed })
	if c.value != nil {
		c.done(c.value)
	}
}

// Get returns the variable's value in the scope of ctx. The first call makes
// it; others that come meanwhile wait for that. The error is [ErrNoScope],
// [ErrScopeClosed], or for all calls the [*observable.PanicError] of an init that
// panicked.
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
		s.made = append(s.made, c)
	}
	s.mu.Unlock()
	c.once.Do(func() { v.make(c) })
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
