package observable_test

import (
	"context"
	"runtime"
	"sync"
	"testing"
	"weak"

	"github.com/stretchr/testify/require"

	"github.com/quillgo/quill/observable"
	"github.com/quillgo/quill/observable/observabletest"
)

// faucet is a hot source that counts its subscriptions and lets a test turn it
// on and off.
type faucet struct {
	mu   sync.Mutex
	runs []*faucetRun
}

type faucetRun struct {
	countingDisposable
	ctx context.Context
	o   observable.Observer[int]
}

func (f *faucet) Subscribe(ctx context.Context, o observable.Observer[int]) {
	r := &faucetRun{ctx: ctx, o: o}
	f.mu.Lock()
	f.runs = append(f.runs, r)
	f.mu.Unlock()
	o.OnSubscribe(r)
}

func (f *faucet) observable() observable.Observable[int] { return observable.NewUnsafe[int](f) }

// run returns the k-th subscription; the last one for -1.
func (f *faucet) run(k int) *faucetRun {
	f.mu.Lock()
	defer f.mu.Unlock()
	if k < 0 {
		k += len(f.runs)
	}
	return f.runs[k]
}

func (f *faucet) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.runs)
}

func TestConnectable_SubscribingDoesNotConnect(t *testing.T) {
	var f faucet
	c := observable.Publish(f.observable())
	a, b := listen(c.Observable()), listen(c.Observable())
	require.Equal(t, 0, f.count())
	conn := c.Connect(context.Background())
	require.Equal(t, 1, f.count())
	require.Same(t, conn, c.Connect(context.Background()), "while it lives there is one connection")
	require.Equal(t, 1, f.count())
	f.run(0).o.OnNext(1)
	late := listen(c.Observable())
	f.run(0).o.OnNext(2)
	f.run(0).o.OnComplete()
	a.heard(t, "1 2 |")
	b.heard(t, "1 2 |")
	late.heard(t, "2 |")
	require.False(t, conn.Disposed(), "C4")
}

func TestConnectable_StaysEndedUntilReset(t *testing.T) {
	for _, c := range []struct {
		name       string
		share      func(observable.Observable[int]) *observable.Connectable[int]
		late, lack string
	}{
		{"publish", observable.Publish[int], "|", ""},
		{"replay", func(o observable.Observable[int]) *observable.Connectable[int] {
			return observable.Replay(o, observable.ReplayOptions{Size: 1})
		}, "2 |", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			var f faucet
			shared := c.share(f.observable())
			shared.Connect(context.Background())
			shared.Reset() // does nothing: it runs
			f.run(0).o.OnNext(1)
			f.run(0).o.OnNext(2)
			f.run(0).o.OnComplete()
			listen(shared.Observable()).heard(t, c.late)
			listen(shared.Observable()).heard(t, c.late)
			require.Equal(t, 1, f.count())

			shared.Reset()
			l := listen(shared.Observable())
			l.heard(t, "")
			shared.Connect(context.Background())
			require.Equal(t, 2, f.count())
			f.run(1).o.OnNext(7)
			l.heard(t, "7")
		})
	}
}

func TestConnectable_ConnectAfterTheEndIsAFreshConnection(t *testing.T) {
	var f faucet
	shared := observable.Replay(f.observable(), observable.ReplayOptions{})
	first := shared.Connect(context.Background())
	f.run(0).o.OnNext(1)
	f.run(0).o.OnError(errSubject)
	listen(shared.Observable()).heard(t, "1 # boom")
	require.NotSame(t, first, shared.Connect(context.Background()))
	l := listen(shared.Observable())
	l.heard(t, "")
	f.run(1).o.OnNext(2)
	l.heard(t, "2")
}

func TestConnectable_DisposingDropsObserversWithoutASignal(t *testing.T) {
	for _, replay := range []bool{false, true} {
		var f faucet
		shared := observable.Publish(f.observable())
		if replay {
			shared = observable.Replay(f.observable(), observable.ReplayOptions{})
		}
		conn := shared.Connect(context.Background())
		l := listen(shared.Observable())
		f.run(0).o.OnNext(1)
		conn.Dispose()
		conn.Dispose()
		require.True(t, conn.Disposed())
		require.True(t, f.run(0).Disposed())
		require.False(t, l.d.Disposed(), "C4: nobody below disposed")
		f.run(0).o.OnNext(2) // one in flight
		var reported []error
		ctx := observable.WithErrorHandler(context.Background(), func(err error) { reported = append(reported, err) })
		l.heard(t, "1")
		l.dispose()

		fresh := listen(shared.Observable())
		second := shared.Connect(ctx)
		f.run(1).o.OnNext(3)
		fresh.heard(t, "3")
		second.Dispose()
		f.run(1).o.OnError(errSubject)
		fresh.heard(t, "3")
		require.Len(t, reported, 1, "C8")
	}
}

// The observers that have not been told the item yet do not get it either.
func TestConnectable_DisposedInsideOnNext(t *testing.T) {
	for _, replay := range []bool{false, true} {
		o := observable.Range(1, 1_000_000_000)
		shared := observable.Publish(o)
		if replay {
			shared = observable.Replay(o, observable.ReplayOptions{Size: 1})
		}
		a := &listener[int]{onNext: func(v int) {
			if v == 3 {
				shared.Connect(context.Background()).Dispose()
			}
		}}
		shared.Observable().Subscribe(context.Background(), a)
		b := listen(shared.Observable())
		shared.Connect(context.Background())
		a.heard(t, "1 2 3")
		b.heard(t, "1 2")
	}
}

func TestConnectable_DisposedWhileAnObserverReads(t *testing.T) {
	var f faucet
	shared := observable.Replay(f.observable(), observable.ReplayOptions{Size: 10})
	conn := shared.Connect(context.Background())
	emit(f.run(0).o, 1, 10)
	l := &listener[int]{onNext: func(v int) {
		if v == 4 {
			conn.Dispose()
		}
	}}
	shared.Observable().Subscribe(context.Background(), l)
	l.heard(t, "1 2 3 4")
}

func TestConnectable_DisposedWhileAnObserverComes(t *testing.T) {
	for _, replay := range []bool{false, true} {
		var f faucet
		shared := observable.Publish(f.observable())
		if replay {
			shared = observable.Replay(f.observable(), observable.ReplayOptions{})
		}
		conn := shared.Connect(context.Background())
		l := &listener[int]{onSubscribe: func(observable.Disposable) { conn.Dispose() }}
		shared.Observable().Subscribe(context.Background(), l)
		f.run(0).o.OnNext(1) // one in flight
		f.run(0).o.OnComplete()
		l.heard(t, "")
	}
}

func TestConnectable_SynchronousSourceEndsBeforeConnectReturns(t *testing.T) {
	shared := observable.Publish(observable.Just(1, 2))
	l := listen(shared.Observable())
	conn := shared.Connect(context.Background())
	l.heard(t, "1 2 |")
	require.False(t, conn.Disposed())
	conn.Dispose()
	listen(shared.Observable()).heard(t, "")
}

func TestConnectable_ContextIsTheConnections(t *testing.T) {
	var f faucet
	type key struct{}
	shared := observable.Publish(f.observable())
	l := listen(shared.Observable())
	over := make(chan struct{})
	l.onError = func(error) { close(over) }
	ctx, cancel := context.WithCancelCause(context.WithValue(context.Background(), key{}, "v"))
	shared.Connect(ctx)
	require.Equal(t, "v", f.run(0).ctx.Value(key{}))
	cancel(errSubject)
	<-over
	l.heard(t, "# boom")
	require.True(t, f.run(0).Disposed())
}

func TestConnectable_ObserversContextIsTheirOwn(t *testing.T) {
	var f faucet
	shared := observable.Publish(f.observable())
	shared.Connect(context.Background())
	ctx, cancel := context.WithCancelCause(context.Background())
	over := make(chan struct{})
	l := &listener[int]{onError: func(error) { close(over) }}
	shared.Observable().Subscribe(ctx, l)
	cancel(errSubject)
	<-over
	l.heard(t, "# boom")
	require.False(t, f.run(0).Disposed())
}

func TestConnectable_PanickingSourceFailsItsObservers(t *testing.T) {
	o := observable.Map(observable.Just(1, 2), func(v int) int {
		if v == 2 {
			panic(errSubject)
		}
		return v
	})
	shared := observable.Replay(o, observable.ReplayOptions{})
	shared.Connect(context.Background())
	l := listen(shared.Observable())
	require.ErrorIs(t, l.err, errSubject)
	require.Equal(t, []int{1}, l.all())
}

// A Goexit of one observer ends the source's goroutine: the others are told so.
func TestConnectable_GoexitOfAnObserver(t *testing.T) {
	shared := observable.Publish(observable.Range(1, 5))
	bad := &listener[int]{onNext: func(v int) {
		if v == 2 {
			runtime.Goexit()
		}
	}}
	shared.Observable().Subscribe(context.Background(), bad)
	last := listen(shared.Observable())
	aside(func() { shared.Connect(context.Background()) })
	gone := "1 2 # " + observable.ErrGoexit.Error()
	bad.heard(t, gone)
	last.heard(t, gone)
}

func TestConnectable_EmptySource(t *testing.T) {
	shared := observable.Publish(observable.Observable[int]{})
	l := listen(shared.Observable())
	shared.Connect(context.Background())
	l.heard(t, "|")
}

func TestConnectable_ReplayKeepsTimeOfItsConnection(t *testing.T) {
	clk := observabletest.NewVirtualScheduler()
	var f faucet
	shared := observable.Replay(f.observable(), observable.ReplayOptions{MaxAge: 10, On: clk})
	clk.AdvanceBy(100)
	shared.Connect(context.Background())
	f.run(0).o.OnNext(1)
	clk.AdvanceBy(9)
	listen(shared.Observable()).heard(t, "1")
	clk.AdvanceBy(1)
	listen(shared.Observable()).heard(t, "")
}

// C18: the items of a connection that was disposed are let go, though somebody
// still has its Disposable.
func TestConnectable_DisposedConnectionHoldsNothing(t *testing.T) {
	src := observable.NewPublishSubject[*tracked]()
	shared := observable.Replay(src.Observable(), observable.ReplayOptions{})
	conn := shared.Connect(context.Background())
	l := listen(shared.Observable())
	p := weak.Make(sendTracked(src, 0, 100))
	l.items = nil
	require.False(t, collected(p))
	conn.Dispose()
	require.True(t, collected(p))
	runtime.KeepAlive(conn)
	runtime.KeepAlive(l)
	runtime.KeepAlive(shared)
}
