package observable_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/quillgo/quill/observable"
	"github.com/quillgo/quill/observable/observabletest"
)

// watched is a context that could end, does not, and counts who waits for it.
type watched struct {
	context.Context
	done    chan struct{}
	mu      sync.Mutex
	waiting int // guarded by mu
	most    int // guarded by mu
}

func (w *watched) Done() <-chan struct{} { return w.done }

// AfterFunc is what package context uses if a context has it.
func (w *watched) AfterFunc(func()) func() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.waiting++
	w.most = max(w.most, w.waiting)
	var once sync.Once
	return func() (stopped bool) {
		once.Do(func() {
			w.mu.Lock()
			w.waiting--
			w.mu.Unlock()
			stopped = true
		})
		return stopped
	}
}

// The context is watched once per chain, and let go of at every kind of end.
func TestContext_IsWatchedOnce(t *testing.T) {
	chain := func(p *observabletest.Probe[int]) observable.Observable[int] {
		o := observable.Map(p.Observable(), func(v int) int { return v }).Filter(func(int) bool { return true })
		return observable.Merge(o, observable.Concat(o, o)).Retry(1)
	}
	for name, run := range map[string]func(ctx context.Context, o *observabletest.TestObserver[int]){
		"completion": func(ctx context.Context, o *observabletest.TestObserver[int]) { chain(count(2)).Subscribe(ctx, o) },
		"error": func(ctx context.Context, o *observabletest.TestObserver[int]) {
			p := count(2)
			p.Err = errBoom
			chain(p).Subscribe(ctx, o)
		},
		"dispose inside OnNext": func(ctx context.Context, o *observabletest.TestObserver[int]) {
			chain(count(2)).Subscribe(ctx, o.DisposeAfter(1))
		},
		"dispose inside OnSubscribe": func(ctx context.Context, o *observabletest.TestObserver[int]) {
			chain(count(2)).Subscribe(ctx, o.DisposeAfter(0))
		},
		"dispose": func(ctx context.Context, o *observabletest.TestObserver[int]) {
			observable.Never[int]().Subscribe(ctx, o)
			o.Dispose()
		},
		"early end": func(ctx context.Context, o *observabletest.TestObserver[int]) {
			chain(count(2)).Take(1).Subscribe(ctx, o)
		},
		"panic of the observer": func(ctx context.Context, o *observabletest.TestObserver[int]) {
			o.Inside.Next = func(int) { panic("bang") }
			chain(count(2)).Subscribe(ctx, o)
		},
	} {
		ctx := &watched{Context: context.Background(), done: make(chan struct{})}
		run(ctx, observabletest.NewObserver[int](t))
		if ctx.most != 1 || ctx.waiting != 0 {
			t.Errorf("%s: watched %d times at once, %d left", name, ctx.most, ctx.waiting)
		}
	}
	observable.Just(1).Subscribe(context.WithoutCancel(t.Context()), observabletest.NewObserver[int](t))
}

func TestContext_AlreadyEnded(t *testing.T) {
	ctx, got := reports(t)
	ended, cancel := context.WithCancelCause(ctx)
	cancel(errBoom)
	p := count(1)
	o := observabletest.Subscribe(ended, p.Observable(), t)
	o.AssertError(t, errBoom)
	o = observabletest.NewObserver[int](t).DisposeAfter(0) // it must not be told the end then
	p.Observable().Subscribe(ended, o)
	o.AssertNotTerminated(t)
	o = observabletest.NewObserver[int](t)
	o.Inside.Subscribe = func(observable.Disposable) { panic(errInMap) }
	p.Observable().Subscribe(ended, o)
	o.AssertError(t, errInMap)
	if p.Subscriptions() != 0 {
		t.Errorf("%d subscriptions", p.Subscriptions())
	}
	wantReports(t, got())
}

// The end of the context is told in its turn, after the signal that is being
// delivered (rule C2), and not at all once the observer has disposed (rule C4).
func TestContext_EndsWhileASignalIsDelivered(t *testing.T) {
	for _, c := range []struct {
		name   string
		inside func(o *observabletest.TestObserver[int])
		told   bool
	}{
		{"and goes on", func(*observabletest.TestObserver[int]) {}, true},
		{"and is disposed", func(o *observabletest.TestObserver[int]) { o.Upstream().Dispose() }, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancelCause(context.Background())
				p := count(observabletest.Endless)
				o := observabletest.NewObserver[int](t)
				o.Inside.Next = func(int) {
					cancel(errBoom)
					time.Sleep(time.Second) // the end has come meanwhile
					c.inside(o)
				}
				p.Observable().Subscribe(ctx, o)
				time.Sleep(time.Second)
				o.AssertValues(t, 0)
				if c.told {
					o.AssertError(t, errBoom)
				} else {
					o.AssertNotTerminated(t)
				}
				if o.Upstream().Disposed() == c.told {
					t.Errorf("Disposed is %v", o.Upstream().Disposed())
				}
			})
		})
	}
}

// An error by which a source says that the context has ended is the end of the
// context, whoever notices first.
func TestContext_CauseIsToldOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, got := reports(t)
		ctx, cancel := context.WithCancelCause(ctx)
		o := observabletest.NewObserver[int](t)
		go observable.FromFunc(func(ctx context.Context) (int, error) {
			<-ctx.Done()
			return 0, ctx.Err()
		}).Subscribe(ctx, o)
		synctest.Wait()
		cancel(errBoom)
		synctest.Wait()
		o.AssertError(t, errBoom)
		wantReports(t, got())
		if errors.Is(o.Err(), context.Canceled) {
			t.Errorf("error %v", o.Err())
		}
	})
}

func TestContext_Deadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		o := observabletest.Subscribe(ctx, observable.Never[int](), t)
		start := time.Now()
		<-o.Done()
		o.AssertError(t, context.DeadlineExceeded)
		if time.Since(start) != time.Minute {
			t.Errorf("after %v", time.Since(start))
		}
	})
}

// A blocking end that stops by itself, at the item at which its context ends,
// does not wait for anybody to tell it so.
func TestContext_EndsWhereTheSinkStops(t *testing.T) {
	stopped := errors.New("stopped")
	o := observable.Range(0, 100)
	for name, sink := range map[string]func(ctx context.Context, cancel func()) error{
		"ForEach": func(ctx context.Context, cancel func()) error {
			return o.ForEach(ctx, func(int) error { cancel(); return stopped })
		},
		"ForEach that panics": func(ctx context.Context, cancel func()) error {
			return o.ForEach(ctx, func(int) error { cancel(); panic(stopped) })
		},
		"Seq that is left": func(ctx context.Context, cancel func()) error {
			for range o.Seq(ctx) {
				cancel()
				break
			}
			return stopped
		},
		"Seq whose body panics": func(ctx context.Context, cancel func()) (err error) {
			defer func() { err, _ = recover().(error) }()
			for range o.Seq(ctx) {
				cancel()
				panic(stopped)
			}
			return nil
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			err := sink(ctx, func() { cancel(); synctest.Wait() }) // the end has come, and waits for its turn
			if !errors.Is(err, stopped) {
				t.Errorf("%s: %v, want %v", name, err, stopped)
			}
		})
	}
}
