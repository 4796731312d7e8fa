package cache_test

import (
	"context"
	"errors"
	"fmt"
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

func TestShared_Arguments(t *testing.T) {
	defer func() { assert.IsType(t, (*observable.ArgumentError)(nil), recover()) }()
	cache.Shared(observable.Just(1), cache.Key[int]{})
}

// Many who come at once share one execution, and so does who comes after its end
// (S2).
func TestShared_ConcurrentSubscribers(t *testing.T) {
	for range 50 {
		ctx, scope := cache.NewScope(context.Background())
		var runs atomic.Int32
		shared := cache.Shared(observable.FromFunc(func(context.Context) (int32, error) {
			runtime.Gosched()
			return runs.Add(1), nil
		}), cache.NewSpace[int32]("").Key("k"))
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				v, err := shared.Single(ctx)
				assert.NoError(t, err)
				assert.EqualValues(t, 1, v)
			})
		}
		all.Wait()
		observabletest.Subscribe(ctx, shared, t).AssertValues(t, 1)
		assert.EqualValues(t, 1, runs.Load())
		scope.Close()
	}
}

// Errors are cached as results are.
func TestShared_ErrorIsCached(t *testing.T) {
	ctx, _ := newScope(t)
	runs := 0
	shared := cache.Shared(observable.FromFunc(func(context.Context) (int, error) { runs++; return 0, errBoom }), cache.NewSpace[int]("").Key("k"))
	for range 3 {
		observabletest.Subscribe(ctx, shared, t).AssertError(t, errBoom)
	}
	assert.Equal(t, 1, runs)
}

// "" is a key. Neither keys nor spaces nor scopes share.
func TestShared_Identity(t *testing.T) {
	one, two := cache.NewSpace[int]("same name"), cache.NewSpace[int]("same name")
	first, _ := newScope(t)
	second, _ := newScope(t)
	runs := 0
	up := observable.FromFunc(func(context.Context) (int, error) { runs++; return runs, nil })
	for range 2 { // the second time everything is there
		want := 0
		for _, ctx := range []context.Context{first, second} {
			for _, key := range []cache.Key[int]{one.Key(""), one.Key("k"), two.Key(""), two.Key("k")} {
				want++
				observabletest.Subscribe(ctx, cache.Shared(up, key), t).AssertValues(t, want)
			}
		}
	}
	assert.Equal(t, 8, runs)
}

// Clear makes the next call run anew. Who shares the old flight keeps it, until
// the scope closes.
func TestShared_Clear(t *testing.T) {
	ctx, scope := newScope(t)
	key := cache.NewSpace[int]("").Key("k")
	require.NoError(t, cache.Clear(ctx, key), "there is nothing yet")
	var r remote
	shared := cache.Shared(r.Observable(), key)
	var sharers []*observabletest.TestObserver[int]
	for i := range 4 {
		sharers = append(sharers, observabletest.Subscribe(ctx, shared, t))
		require.Equal(t, i+1, r.count())
		require.NoError(t, cache.Clear(ctx, key))
		require.NoError(t, cache.Clear(ctx, key))
	}
	r.runs[0].OnNext(10)
	r.runs[0].OnComplete()
	sharers[0].AssertValues(t, 10)
	sharers[0].AssertComplete(t)
	sharers[1].Dispose()
	assert.True(t, r.runs[1].Disposed())
	_, _, ok := cache.Peek(scope, key)
	assert.False(t, ok)
	current := observabletest.Subscribe(ctx, shared, t)

	scope.Close()
	for i, run := range r.runs {
		assert.Equal(t, i > 0, run.Disposed(), "run %d", i)
	}
	for _, o := range []*observabletest.TestObserver[int]{sharers[2], sharers[3], current} {
		o.AssertError(t, cache.ErrScopeClosed)
	}
	sharers[1].AssertNotTerminated(t)
}

// An ended flight that is cleared is not held for the sake of Close.
func TestShared_ClearAfterTheEnd(t *testing.T) {
	ctx, _ := newScope(t)
	key := cache.NewSpace[int]("").Key("k")
	runs := 0
	shared := cache.Shared(observable.FromFunc(func(context.Context) (int, error) { runs++; return runs, nil }), key)
	for want := 1; want < 4; want++ {
		for range 2 {
			observabletest.Subscribe(ctx, shared, t).AssertValues(t, want)
		}
		require.NoError(t, cache.Clear(ctx, key))
	}
}

// When all have left, the next call replaces the flight (S4).
func TestShared_LeftByAll(t *testing.T) {
	ctx, _ := newScope(t)
	var r remote
	shared := cache.Shared(r.Observable(), cache.NewSpace[int]("").Key("k"))
	for i := range 3 {
		leader, follower := observabletest.Subscribe(ctx, shared, t), observabletest.Subscribe(ctx, shared, t)
		require.Equal(t, i+1, r.count())
		r.last().OnNext(i)
		leader.Dispose()
		assert.False(t, r.last().Disposed())
		follower.AssertValues(t, i)
		follower.Dispose()
		assert.EqualValues(t, 1, r.last().disposed.Load())
	}
}

// Whoever comes while the last one leaves gets the old flight alive, or a new
// one, never one that dies.
func TestShared_JoinWhileTheLastLeaves(t *testing.T) {
	for range 300 {
		ctx, scope := cache.NewScope(context.Background())
		var r remote
		shared := cache.Shared(r.Observable(), cache.NewSpace[int]("").Key("k"))
		leaver := observabletest.Subscribe(ctx, shared, t)
		var joiners [2]*observabletest.TestObserver[int]
		var all sync.WaitGroup
		all.Go(leaver.Dispose)
		for i := range joiners {
			all.Go(func() { joiners[i] = observabletest.Subscribe(ctx, shared, t) })
		}
		all.Wait()
		require.LessOrEqual(t, r.count(), 2)
		require.False(t, r.last().Disposed())
		r.last().OnNext(7)
		r.last().OnComplete()
		for _, o := range joiners {
			o.AssertValues(t, 7)
			o.AssertComplete(t)
		}
		scope.Close()
	}
}

// The execution has the values of who started it, and outlives them (S5).
func TestShared_Context(t *testing.T) {
	type key struct{}
	scoped, _ := newScope(t)
	var r remote
	shared := cache.Shared(r.Observable(), cache.NewSpace[int]("").Key("k"))
	ctx, cancel := context.WithCancel(observable.WithHold(context.WithValue(scoped, key{}, "here"), hold{t}))
	leader := observabletest.Subscribe(ctx, shared, t)
	follower := observabletest.Subscribe(scoped, shared, t)
	assert.Equal(t, "here", r.last().ctx.Value(key{}))
	assert.Same(t, cache.ScopeFrom(scoped), cache.ScopeFrom(r.last().ctx))
	assert.Nil(t, observable.HoldFrom(r.last().ctx))
	assert.Nil(t, r.last().ctx.Done())
	cancel()
	<-leader.Done()
	leader.AssertError(t, context.Canceled)
	assert.NoError(t, r.last().ctx.Err())
	r.last().OnNext(1)
	r.last().OnComplete()
	follower.AssertValues(t, 1)
	follower.AssertComplete(t)
}

// A leader that leaves inside OnSubscribe, by whatever way, leaves those who
// joined meanwhile with a flight that starts.
func TestShared_LeaderLeavesBeforeTheStart(t *testing.T) {
	for name, leave := range map[string]func(d observable.Disposable){
		"dispose": func(d observable.Disposable) { d.Dispose() },
		"panic":   func(observable.Disposable) { panic(errBoom) },
		"Goexit":  func(observable.Disposable) { runtime.Goexit() },
	} {
		t.Run(name, func(t *testing.T) {
			ctx, _ := newScope(t)
			shared := cache.Shared(observable.Just(1), cache.NewSpace[int]("").Key("k"))
			leader, follower := observer(t), observer(t)
			leader.Inside.Subscribe = func(d observable.Disposable) {
				shared.Subscribe(ctx, follower)
				leave(d)
			}
			assert.Nil(t, alone(func() { shared.Subscribe(ctx, leader) }))
			leader.AssertEmpty(t)
			follower.AssertValues(t, 1)
			follower.AssertComplete(t)
		})
	}
}

// Peek finds what ended with at most one item.
func TestPeek(t *testing.T) {
	ctx, scope := newScope(t)
	space := cache.NewSpace[int]("")
	var r remote
	subscribe := func(key string, end func(o observable.Observer[int])) {
		shared := cache.Shared(r.Observable(), space.Key(key))
		observabletest.Subscribe(ctx, shared, t)
		_, _, ok := cache.Peek(scope, space.Key(key))
		assert.False(t, ok, "while it is on")
		end(r.last())
	}
	subscribe("one", func(o observable.Observer[int]) { o.OnNext(1); o.OnComplete() })
	subscribe("failed", func(o observable.Observer[int]) { o.OnError(errBoom) })
	subscribe("two", func(o observable.Observer[int]) { o.OnNext(1); o.OnNext(2); o.OnComplete() })

	f, o, ok := cache.Peek(scope, space.Key("one"))
	assert.True(t, ok)
	assert.Equal(t, cache.Outcome[int]{Value: 1, Items: 1}, o)
	same, _, fresh, err := cache.Board(scope, space.Key("one"), nil)
	require.NoError(t, err)
	assert.False(t, fresh)
	assert.Same(t, f, same)
	_, o, ok = cache.Peek(scope, space.Key("failed"))
	assert.True(t, ok)
	assert.Equal(t, cache.Outcome[int]{Err: errBoom}, o)
	for _, key := range []string{"two", "none"} {
		_, _, ok = cache.Peek(scope, space.Key(key))
		assert.False(t, ok, key)
	}
	assert.Zero(t, testing.AllocsPerRun(10, func() { _, _, _ = cache.Peek(scope, space.Key("one")) }))
}

// No lock is held while user code or an observer runs: they may all come back
// (S6).
func TestShared_CallsBack(t *testing.T) {
	ctx, scope := newScope(t)
	key := cache.NewSpace[int]("").Key("k")
	var r remote
	shared := cache.Shared(r.Observable(), key)
	calls := 0
	back := func() {
		calls++
		observabletest.Subscribe(ctx, shared, t).Dispose()
		assert.True(t, errors.Is(cache.Clear(ctx, key), cache.ErrScopeClosed) == scope.Closed())
		cache.Peek(scope, key)
	}
	o := observer(t)
	o.Inside.Subscribe = func(observable.Disposable) { back() }
	o.Inside.Next = func(int) { back() }
	o.Inside.Error = func(error) { back(); scope.Close() }
	shared.Subscribe(ctx, o)
	r.runs[0].onDispose = back
	r.runs[0].OnNext(1)
	scope.Close()
	o.AssertError(t, cache.ErrScopeClosed)
	assert.Equal(t, 4, calls)
}

// However Close meets those who come and go: everybody is told, each execution
// that has not ended is disposed, and none is left.
func TestShared_CloseWhileOthersCome(t *testing.T) {
	for range 200 {
		ctx, scope := cache.NewScope(context.Background())
		space := cache.NewSpace[int]("")
		var r remote
		var all sync.WaitGroup
		var told [6]*observabletest.TestObserver[int]
		for i := range told {
			all.Go(func() {
				key := space.Key(fmt.Sprint(i % 2))
				told[i] = observabletest.Subscribe(ctx, cache.Shared(r.Observable(), key), t)
				if i%3 == 0 {
					_ = cache.Clear(ctx, key)
				}
			})
		}
		all.Go(scope.Close)
		all.Wait()
		for _, o := range told {
			o.AssertError(t, cache.ErrScopeClosed)
		}
		for _, run := range r.runs {
			assert.EqualValues(t, 1, run.disposed.Load())
		}
	}
}

// An execution whose Dispose panics does not keep Close from the others.
func TestShared_CloseGoesOn(t *testing.T) {
	ctx, scope := cache.NewScope(context.Background())
	var r remote
	var told []*observabletest.TestObserver[int]
	for i := range 3 {
		told = append(told, observabletest.Subscribe(ctx, cache.Shared(r.Observable(), cache.NewSpace[int]("").Key("")), t))
		r.runs[i].onDispose = func() { panic(errBoom) }
	}
	done := 0
	_, err := cache.NewVar(func() int { return 1 }, func(int) { done++ }).Get(ctx)
	require.NoError(t, err)
	assert.Equal(t, errBoom, alone(scope.Close))
	for i, o := range told {
		o.AssertError(t, cache.ErrScopeClosed)
		assert.True(t, r.runs[i].Disposed())
	}
	assert.Equal(t, 1, done)
}

// within is a stream whose subscriptions have a scope of their own stream's.
type within struct {
	scope context.Context
	up    observable.Source[*observabletest.Token]
}

// scoped has the values of one context, and the scope of another.
type scoped struct {
	context.Context
	scope context.Context
}

func (s scoped) Value(key any) any {
	if v := s.scope.Value(key); v != nil {
		return v
	}
	return s.Context.Value(key)
}

func (w within) Subscribe(ctx context.Context, o observable.Observer[*observabletest.Token]) {
	w.up.Subscribe(scoped{ctx, w.scope}, o)
}

func TestShared_Contract(t *testing.T) {
	stored := "it is stored for those to come"
	observabletest.Contract(t, observabletest.Operator[*observabletest.Token]{
		Name: "Shared",
		Apply: func(up observable.Observable[*observabletest.Token], _ func()) observable.Observable[any] {
			ctx, _ := cache.NewScope(context.Background())
			shared := cache.Shared(up, cache.NewSpace[*observabletest.Token]("").Key("k"))
			return observabletest.Erase(observable.NewUnsafe[*observabletest.Token](within{ctx, shared.Source()}))
		},
		Exempt: map[string]string{
			"C18 no item is held after the end": stored,
			"C18 no item is held after Dispose": stored,
		},
	})
}
