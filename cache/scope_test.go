package cache_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quillgo/quill/cache"
	"github.com/quillgo/quill/observable"
	"github.com/quillgo/quill/observable/observabletest"
)

func TestScope_None(t *testing.T) {
	ctx := context.Background()
	v := cache.NewVar(func() int { t.Error("init was called"); return 1 }, nil)
	_, err := v.Get(ctx)
	require.ErrorIs(t, err, cache.ErrNoScope)
	assert.Nil(t, cache.ScopeFrom(ctx))
	key := cache.NewSpace[int]("users").Key("")
	assert.ErrorIs(t, cache.Clear(ctx, key), cache.ErrNoScope)
	_, _, fresh, err := cache.Board(nil, key, nil)
	assert.False(t, fresh)
	assert.ErrorIs(t, err, cache.ErrNoScope)
	_, _, ok := cache.Peek(nil, key)
	assert.False(t, ok)
	var r remote
	obs := observabletest.Subscribe(ctx, cache.Shared(r.Observable(), key), t)
	obs.AssertError(t, cache.ErrNoScope)
	assert.Zero(t, r.count())
}

func TestScope_Closed(t *testing.T) {
	ctx, scope := newScope(t)
	v := cache.NewVar(func() int { return 1 }, nil)
	_, err := v.Get(ctx)
	require.NoError(t, err)
	key := cache.NewSpace[int]("users").Key("1")
	observabletest.Subscribe(ctx, cache.Shared(observable.Just(1), key), t).AssertValues(t, 1)
	assert.False(t, scope.Closed())
	scope.Close()
	assert.True(t, scope.Closed())

	_, err = v.Get(ctx)
	require.ErrorIs(t, err, cache.ErrScopeClosed)
	_, err = v.In(scope)
	require.ErrorIs(t, err, cache.ErrScopeClosed)
	assert.ErrorIs(t, cache.Clear(ctx, key), cache.ErrScopeClosed)
	_, _, fresh, err := cache.Board(scope, key, nil)
	assert.False(t, fresh)
	assert.ErrorIs(t, err, cache.ErrScopeClosed)
	_, _, ok := cache.Peek(scope, key)
	assert.False(t, ok)
	var r remote
	obs := observabletest.Subscribe(ctx, cache.Shared(r.Observable(), key), t)
	obs.AssertEmpty(t)
	obs.AssertError(t, cache.ErrScopeClosed)
	assert.Zero(t, r.count())
}

func TestScope_Nested(t *testing.T) {
	var inits []int
	v := cache.NewVar(func() int { inits = append(inits, len(inits)); return len(inits) }, nil)
	outer, outerScope := newScope(t)
	inner, innerScope := cache.NewScope(outer)
	assert.Same(t, outerScope, cache.ScopeFrom(outer))
	assert.Same(t, innerScope, cache.ScopeFrom(inner))

	key := cache.NewSpace[int]("users").Key("1")
	var r remote
	shared := cache.Shared(r.Observable(), key)
	for i, ctx := range []context.Context{outer, inner} {
		got, err := v.Get(ctx)
		require.NoError(t, err)
		assert.Equal(t, i+1, got)
		observabletest.Subscribe(ctx, shared, t)
		assert.Equal(t, i+1, r.count())
	}

	innerScope.Close()
	assert.False(t, outerScope.Closed())
	assert.True(t, r.last().Disposed())
	assert.False(t, r.runs[0].Disposed())
	got, err := v.Get(outer)
	require.NoError(t, err)
	assert.Equal(t, 1, got)
}

func TestVar_ZeroAndNilAreValues(t *testing.T) {
	ctx, scope := newScope(t)
	inits, disposed := 0, 0
	v := cache.NewVar(func() error { inits++; return nil }, func(err error) {
		assert.NoError(t, err)
		disposed++
	})
	for range 2 {
		got, err := v.Get(ctx)
		require.NoError(t, err)
		assert.NoError(t, got)
	}
	scope.Close()
	assert.Equal(t, 1, inits)
	assert.Equal(t, 1, disposed)
}

func TestVar_InitIsNeeded(t *testing.T) {
	defer func() { assert.IsType(t, (*observable.ArgumentError)(nil), recover()) }()
	cache.NewVar[int](nil, nil)
}

func TestVar_InitPanics(t *testing.T) {
	ctx, scope := newScope(t)
	inits := 0
	v := cache.NewVar(func() int { inits++; panic(errBoom) }, func(int) { t.Error("there is nothing to dispose") })
	for range 2 {
		got, err := v.Get(ctx)
		var p *observable.PanicError
		require.ErrorAs(t, err, &p)
		require.ErrorIs(t, err, errBoom)
		assert.Zero(t, got)
	}
	assert.Equal(t, 1, inits)
	scope.Close()
}

func TestVar_InitCallsGoexit(t *testing.T) {
	ctx, scope := newScope(t)
	inits := 0
	v := cache.NewVar(func() int { inits++; runtime.Goexit(); return 1 }, func(int) { t.Error("there is nothing to dispose") })
	var all sync.WaitGroup
	var told atomic.Int32
	for range 5 {
		all.Go(func() {
			_, err := v.Get(ctx) // does not return on the goroutine of the init
			assert.ErrorIs(t, err, observable.ErrGoexit)
			told.Add(1)
		})
	}
	all.Wait()
	assert.EqualValues(t, 4, told.Load())
	_, err := v.Get(ctx)
	require.ErrorIs(t, err, observable.ErrGoexit)
	assert.Equal(t, 1, inits)
	scope.Close()
}

// A variable is newer than those that its init has got: it may need them when
// it is disposed.
func TestVar_InitGetsAnother(t *testing.T) {
	ctx, scope := newScope(t)
	var disposed []string
	dispose := func(name string) { disposed = append(disposed, name) }
	connection := cache.NewVar(func() string { return "connection" }, dispose)
	session := cache.NewVar(func() string {
		c, err := connection.Get(ctx)
		assert.NoError(t, err)
		return "session on " + c
	}, dispose)
	other := cache.NewVar(func() string { return "other" }, dispose)

	for _, v := range []*cache.Var[string]{session, connection, other} {
		_, err := v.Get(ctx)
		require.NoError(t, err)
	}
	scope.Close()
	assert.Equal(t, []string{"other", "session on connection", "connection"}, disposed)
}

func TestVar_InitClosesTheScope(t *testing.T) {
	ctx, scope := newScope(t)
	var disposed []int
	v := cache.NewVar(func() int { scope.Close(); return 7 }, func(i int) { disposed = append(disposed, i) })
	for range 2 {
		_, err := v.Get(ctx)
		require.ErrorIs(t, err, cache.ErrScopeClosed)
	}
	assert.Equal(t, []int{7}, disposed)
}

func TestScope_CloseDoesNotWaitForAnInit(t *testing.T) {
	ctx, scope := newScope(t)
	begun, gate := make(chan struct{}, 2), make(chan struct{})
	wait := func() {
		begun <- struct{}{}
		<-gate
	}
	var disposed atomic.Int32
	v := cache.NewVar(func() int { wait(); return 7 }, func(int) { disposed.Add(1) })
	failing := cache.NewVar(func() int { wait(); panic(errBoom) }, func(int) { disposed.Add(100) })
	var all sync.WaitGroup
	all.Go(func() {
		_, err := v.Get(ctx)
		assert.ErrorIs(t, err, cache.ErrScopeClosed)
	})
	all.Go(func() {
		_, err := failing.Get(ctx)
		assert.ErrorIs(t, err, errBoom)
	})
	<-begun
	<-begun
	scope.Close()
	assert.Zero(t, disposed.Load())
	close(gate)
	all.Wait()
	assert.EqualValues(t, 1, disposed.Load())
}

// misbehaving disposes three variables, the middle one in a bad way, and
// returns those that were.
func misbehaving(t *testing.T, bad func(ctx context.Context)) (disposed []int) {
	ctx, scope := newScope(t)
	flight := new(remote)
	shared := observabletest.Subscribe(ctx, cache.Shared(flight.Observable(), cache.NewSpace[int]("").Key("")), t)
	for i := range 3 {
		v := cache.NewVar(func() int { return i }, func(i int) {
			disposed = append(disposed, i)
			if i == 1 {
				bad(ctx)
			}
		})
		_, err := v.Get(ctx)
		require.NoError(t, err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		scope.Close()
	}()
	<-done
	shared.AssertError(t, cache.ErrScopeClosed)
	return disposed
}

func TestScope_DisposePanics(t *testing.T) {
	before := slog.Default()
	defer slog.SetDefault(before)
	var log bytes.Buffer
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))

	assert.Equal(t, []int{2, 1, 0}, misbehaving(t, func(context.Context) { panic(errBoom) }))
	assert.Contains(t, log.String(), "boom")
}

func TestScope_DisposeCallsGoexit(t *testing.T) {
	assert.Equal(t, []int{2, 1, 0}, misbehaving(t, func(context.Context) { runtime.Goexit() }))
}

func TestScope_DisposeCallsBack(t *testing.T) {
	assert.Equal(t, []int{2, 1, 0}, misbehaving(t, func(ctx context.Context) {
		cache.ScopeFrom(ctx).Close()
		_, err := cache.NewVar(func() int { return 0 }, nil).Get(ctx)
		assert.ErrorIs(t, err, cache.ErrScopeClosed)
	}))
}

// Whatever comes first: each value that was made is disposed once, and nobody
// gets one that was not made.
func TestScope_CloseWhileOthersGet(t *testing.T) {
	for range 200 {
		ctx, scope := cache.NewScope(context.Background())
		var made, disposed [3]atomic.Int32
		var vars [3]*cache.Var[int]
		for i := range vars {
			vars[i] = cache.NewVar(func() int { made[i].Add(1); return i }, func(int) { disposed[i].Add(1) })
		}
		var all sync.WaitGroup
		for i := range 6 {
			all.Go(func() {
				got, err := vars[i%3].Get(ctx)
				if err != nil {
					assert.ErrorIs(t, err, cache.ErrScopeClosed)
				} else {
					assert.Equal(t, i%3, got)
				}
			})
		}
		for range 2 {
			all.Go(scope.Close)
		}
		all.Wait()
		for i := range vars {
			assert.LessOrEqual(t, made[i].Load(), int32(1))
			assert.Equal(t, made[i].Load(), disposed[i].Load(), fmt.Sprint("variable ", i))
		}
	}
}
