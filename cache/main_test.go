package cache_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"go.uber.org/goleak"

	"github.com/quillgo/quill/cache"
	"github.com/quillgo/quill/observable"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var errBoom = errors.New("boom")

// newScope returns a context with a scope that the test's end closes.
func newScope(t testing.TB) (context.Context, *cache.Scope) {
	ctx, scope := cache.NewScope(context.Background())
	t.Cleanup(scope.Close)
	return ctx, scope
}

// remote is a stream whose executions the test plays by hand.
type remote struct {
	mu   sync.Mutex
	runs []*execution // guarded by mu
}

// execution is one subscription to a remote. It is its own Disposable, and goes
// on after Dispose if the test wants it to.
type execution struct {
	observable.Observer[int]
	ctx      context.Context
	disposed atomic.Int32 // calls of Dispose
	// onDispose, if not nil, is called by Dispose.
	onDispose func()
}

func (r *remote) Observable() observable.Observable[int] { return observable.NewUnsafe[int](r) }

func (r *remote) Subscribe(ctx context.Context, o observable.Observer[int]) {
	e := &execution{Observer: o, ctx: ctx}
	r.mu.Lock()
	r.runs = append(r.runs, e)
	r.mu.Unlock()
	o.OnSubscribe(e)
}

// count returns how many executions there have been.
func (r *remote) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.runs)
}

// last returns the newest execution.
func (r *remote) last() *execution {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.runs[len(r.runs)-1]
}

func (e *execution) Dispose() {
	e.disposed.Add(1)
	if e.onDispose != nil {
		e.onDispose()
	}
}

func (e *execution) Disposed() bool { return e.disposed.Load() > 0 }
