package observable_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"weak"

	"github.com/stretchr/testify/require"

	"github.com/quillgo/quill/observable"
	"github.com/quillgo/quill/observable/observabletest"
)

func TestShare_ConnectsForTheFirstAndDisconnectsForTheLast(t *testing.T) {
	var f faucet
	o := observable.Share(f.observable())
	require.Equal(t, 0, f.count(), "C13")
	a := listen(o)
	b := listen(o)
	require.Equal(t, 1, f.count())
	f.run(0).o.OnNext(1)
	a.dispose()
	f.run(0).o.OnNext(2)
	require.False(t, f.run(0).Disposed())
	b.dispose()
	b.dispose()
	require.True(t, f.run(0).Disposed())
	a.heard(t, "1")
	b.heard(t, "1 2")

	c := listen(o)
	require.Equal(t, 2, f.count())
	f.run(1).o.OnNext(3)
	f.run(1).o.OnComplete()
	c.heard(t, "3 |")
	listen(o)
	require.Equal(t, 3, f.count(), "a new connection after the end")
}

func TestShare_SynchronousSource(t *testing.T) {
	runs := 0
	o := observable.Share(observable.Defer(func(context.Context) observable.Observable[int] {
		runs++
		return observable.Range(1, 1_000_000_000)
	}))

	listen(o.Take(2)).heard(t, "1 2 |")
	listen(o.Take(2)).heard(t, "1 2 |")
	require.Equal(t, 2, runs)

	done := observable.Share(observable.Just(1, 2))
	listen(done).heard(t, "1 2 |")
	listen(done).heard(t, "1 2 |")
}

// Whoever comes while others are still told the end gets a connection of his
// own, so that a repeated subscription is not told the same end for ever.
func TestShare_SubscribedAgainFromInsideTheEnd(t *testing.T) {
	runs := 0
	o := observable.Defer(func(context.Context) observable.Observable[int] {
		runs++
		if runs == 1 {
			return observable.Error[int](errSubject)
		}
		return observable.Just(runs)
	})
	c := observable.Publish(o)
	shared := c.RefCount(2)
	a, b := new(listener[int]), new(listener[int])
	shared.Retry(1).Subscribe(context.Background(), a)
	shared.Retry(1).Subscribe(context.Background(), b)
	a.heard(t, "2 |")
	b.heard(t, "2 |")
	require.Equal(t, 2, runs)
}

func TestShare_FirstObserversCancelDoesNotEndTheConnection(t *testing.T) {
	type key struct{}
	for name, share := range map[string]func(observable.Observable[int]) observable.Observable[int]{
		"share": observable.Share[int],
		"cache": observable.Cache[int],
	} {
		t.Run(name, func(t *testing.T) {
			var f faucet
			o := share(f.observable())
			ctx, cancel := context.WithCancelCause(context.WithValue(context.Background(), key{}, "v"))
			over := make(chan struct{})
			first := &listener[int]{onError: func(error) { close(over) }}
			o.Subscribe(ctx, first)
			second := listen(o)
			require.Equal(t, "v", f.run(0).ctx.Value(key{}), "its values are the connection's")
			cancel(errSubject)
			<-over
			first.heard(t, "# boom")
			require.NoError(t, f.run(0).ctx.Err())
			require.False(t, f.run(0).Disposed())
			f.run(0).o.OnNext(1)
			second.heard(t, "1")
		})
	}
}

func TestRefCount_NeedsNObserversEachTime(t *testing.T) {
	var f faucet
	o := observable.Publish(f.observable()).RefCount(2)
	a := listen(o)
	require.Equal(t, 0, f.count())
	b := listen(o)
	require.Equal(t, 1, f.count())
	a.dispose()
	require.False(t, f.run(0).Disposed())
	c := listen(o) // a third, not a second connection
	require.Equal(t, 1, f.count())
	b.dispose()
	c.dispose()
	require.True(t, f.run(0).Disposed())

	listen(o)
	require.Equal(t, 1, f.count())
	d := listen(o)
	require.Equal(t, 2, f.count())
	f.run(1).o.OnError(errSubject)
	d.heard(t, "# boom")
	listen(o).heard(t, "")
	require.Equal(t, 2, f.count())
}

func TestRefCount_LeavingBeforeTheNthCountsDown(t *testing.T) {
	var f faucet
	o := observable.Publish(f.observable()).RefCount(2)
	listen(o).dispose()
	listen(o)
	require.Equal(t, 0, f.count())
	listen(o)
	require.Equal(t, 1, f.count())
}

func TestRefCount_DisposedInsideOnSubscribe(t *testing.T) {
	var f faucet
	o := observable.Publish(f.observable()).RefCount(1)
	l := &listener[int]{onSubscribe: func(d observable.Disposable) { d.Dispose() }}
	o.Subscribe(context.Background(), l)
	require.Equal(t, 0, f.count(), "nobody is there to connect for")
	listen(o)
	require.Equal(t, 1, f.count())
}

// An observer that fails in OnSubscribe is not counted, whatever its stages say.
func TestRefCount_FailedObserverIsNotCounted(t *testing.T) {
	var f faucet
	o := observable.Publish(f.observable()).RefCount(1)
	st := &strayStage{atOnce: true}
	o.Subscribe(context.Background(), st)
	require.ErrorIs(t, st.final.err, errSubject)
	require.Equal(t, 0, f.count(), "nobody is there to connect for")
}

func TestRefCount_ReplayForgetsWithItsConnection(t *testing.T) {
	for _, how := range []string{"left", "ended"} {
		src := observable.NewPublishSubject[*tracked]()
		c := observable.Replay(observable.Defer(func(context.Context) observable.Observable[*tracked] {
			return src.Observable()
		}), observable.ReplayOptions{})
		o := c.RefCount(1)
		p := func() weak.Pointer[tracked] {
			l := listen(o)
			p := weak.Make(sendTracked(src, 0, 100))
			require.Len(t, listen(o.Take(101)).all(), 101)
			if how == "left" {
				l.dispose()
			} else {
				src.OnComplete()
				listen(c.Observable()).heard(t, "")
			}
			return p
		}()
		require.True(t, collected(p), how)
		runtime.KeepAlive(o)
	}
}

func TestRefCountTime_WaitsBeforeItDisconnects(t *testing.T) {
	clk := observabletest.NewVirtualScheduler()
	var f faucet
	o := observable.Publish(f.observable()).RefCountTime(1, 10, clk)
	a := listen(o)
	a.dispose()
	clk.AdvanceBy(9)
	require.False(t, f.run(0).Disposed())
	b := listen(o)
	require.Equal(t, 0, clk.Pending(), "whoever comes stops the timer")
	f.run(0).o.OnNext(1)
	b.heard(t, "1")
	clk.AdvanceBy(100)
	require.False(t, f.run(0).Disposed())

	b.dispose()
	clk.AdvanceBy(5)
	listen(o).dispose() // the time starts anew
	clk.AdvanceBy(9)
	require.False(t, f.run(0).Disposed())
	clk.AdvanceBy(1)
	require.True(t, f.run(0).Disposed())
	require.Equal(t, 1, f.count())
	listen(o)
	require.Equal(t, 2, f.count())
	require.Equal(t, 0, clk.Pending())
}

func TestRefCountTime_EndMeanwhile(t *testing.T) {
	clk := observabletest.NewVirtualScheduler()
	var f faucet
	o := observable.Publish(f.observable()).RefCountTime(1, 10, clk)
	listen(o).dispose()
	f.run(0).o.OnComplete()
	l := listen(o)
	require.Equal(t, 2, f.count())
	clk.AdvanceBy(100)
	require.False(t, f.run(1).Disposed(), "the old timer is not the new connection's")
	l.heard(t, "")
}

// A scheduler that refuses cannot wait: then there is no grace.
func TestRefCountTime_RefusedGrace(t *testing.T) {
	var f faucet
	o := observable.Publish(f.observable()).RefCountTime(1, time.Second, refusing{})
	listen(o).dispose()
	require.True(t, f.run(0).Disposed())
}

type refusing struct{}

var errRefused = errors.New("full")

func (refusing) Now() time.Time                                             { return time.Time{} }
func (refusing) Worker() observable.Worker                                  { return refusing{} }
func (refusing) Dispose()                                                   {}
func (refusing) Disposed() bool                                             { return false }
func (refusing) Schedule(func()) (observable.Disposable, error)             { return nil, errRefused }
func (refusing) After(time.Duration, func()) (observable.Disposable, error) { return nil, errRefused }
func (refusing) Every(_, _ time.Duration, _ func()) (observable.Disposable, error) {
	return nil, errRefused
}

func TestAutoConnect_NeverDisconnects(t *testing.T) {
	var f faucet
	c := observable.Publish(f.observable())
	o := c.AutoConnect(2)
	a := listen(o)
	require.Equal(t, 0, f.count())
	b := listen(o)
	require.Equal(t, 1, f.count())
	a.dispose()
	b.dispose()
	require.False(t, f.run(0).Disposed())
	late := listen(o)
	f.run(0).o.OnNext(1)
	f.run(0).o.OnComplete()
	late.heard(t, "1 |")
	listen(o).heard(t, "|")
	require.Equal(t, 1, f.count())
}

func TestAutoConnect_ZeroConnectsAtOnce(t *testing.T) {
	var f faucet
	c := observable.Publish(f.observable())
	o := c.AutoConnect(0)
	require.Equal(t, 1, f.count())
	l := listen(o)
	f.run(0).o.OnNext(1)
	c.Connect(context.Background()).Dispose()
	require.True(t, f.run(0).Disposed())
	l.heard(t, "1")
}

func TestCache_SubscribesOnceAndTellsEverything(t *testing.T) {
	runs := 0
	o := observable.Cache(observable.Defer(func(context.Context) observable.Observable[int] {
		runs++
		return observable.Concat(observable.Range(1, 100), observable.Error[int](errSubject))
	}))

	require.Equal(t, 0, runs)
	for range 3 {
		l := listen(o)
		require.Len(t, l.all(), 100)
		require.Equal(t, errSubject, l.err)
	}
	require.Equal(t, 1, runs)
}

func TestCache_GoesOnWithoutObservers(t *testing.T) {
	var f faucet
	o := observable.Cache(f.observable())
	listen(o).dispose()
	require.False(t, f.run(0).Disposed())
	emit(f.run(0).o, 1, 3)
	listen(o).heard(t, "1 2 3")
}

func TestShared_RefuseImpossibleArguments(t *testing.T) {
	c := observable.Publish(observable.Just(1))
	refuses(t, func() { c.RefCount(0) })
	refuses(t, func() { c.RefCountTime(0, time.Second) })
	refuses(t, func() { c.RefCountTime(1, time.Second, observable.Go(), observable.Go()) })
	refuses(t, func() { c.AutoConnect(-1) })
}

// A Goexit of the observer that would have connected must not leave the others
// waiting for ever.
func TestShared_GoexitOfTheObserverThatConnects(t *testing.T) {
	for name, share := range map[string]func(*observable.Connectable[int]) observable.Observable[int]{
		"ref count":    func(c *observable.Connectable[int]) observable.Observable[int] { return c.RefCount(2) },
		"auto connect": func(c *observable.Connectable[int]) observable.Observable[int] { return c.AutoConnect(2) },
	} {
		t.Run(name, func(t *testing.T) {
			var f faucet
			o := share(observable.Publish(f.observable()))
			a := listen(o)
			bad := &listener[int]{onSubscribe: func(observable.Disposable) { runtime.Goexit() }}
			aside(func() { o.Subscribe(context.Background(), bad) })
			require.Equal(t, 1, f.count())
			f.run(0).o.OnNext(1)
			a.heard(t, "1")
			bad.heard(t, "# "+observable.ErrGoexit.Error())
		})
	}
}

// Observers come and go from eight goroutines: each gets an uninterrupted piece
// of one connection, and no connection is left when they are gone.
func TestShareStress_ComingAndGoing(t *testing.T) {
	for _, grace := range []bool{false, true} {
		t.Run(fmt.Sprint("grace ", grace), func(t *testing.T) {
			var live, made atomic.Int32
			src := observable.NewUnsafe[int](counter{&live, &made})
			c := observable.Publish(src)
			o := c.RefCount(1)
			clk := observabletest.NewVirtualScheduler()
			if grace {
				o = c.RefCountTime(1, 5, clk)
			}
			var wg sync.WaitGroup
			for range 8 {
				wg.Go(func() {
					for i := range rounds(300) {
						l := new(listener[int])
						got := make(chan struct{})
						want := 1 + i%5
						l.onNext = func(int) {
							if want--; want == 0 {
								l.dispose()
								close(got)
							}
						}
						o.Subscribe(context.Background(), l)
						<-got
						all := l.all()
						for k := range all[1:] {
							if all[k+1] != all[k]+1 {
								t.Errorf("%v is not in sequence", all)
							}
						}
						if grace && i%3 == 0 {
							clk.AdvanceBy(5)
						}
					}
				})
			}
			wg.Wait()
			clk.AdvanceBy(5)
			for live.Load() != 0 { // the source's goroutines find out that they are disposed
				runtime.Gosched()
			}
			require.Positive(t, made.Load())
		})
	}
}

// counter is a source that counts on a goroutine of its own until it is
// disposed.
type counter struct{ live, made *atomic.Int32 }

func (c counter) Subscribe(_ context.Context, o observable.Observer[int]) {
	c.made.Add(1)
	c.live.Add(1)
	d := new(countingDisposable)
	o.OnSubscribe(d)
	go func() { // ends when d is disposed
		defer c.live.Add(-1)
		for i := 0; !d.Disposed(); i++ {
			o.OnNext(i)
			runtime.Gosched()
		}
	}()
}

// Connections that are made, disposed and reset while observers come: nobody
// gets two ends, nor an item of two connections.
func TestConnectableStress(t *testing.T) {
	for _, replay := range []bool{false, true} {
		for range rounds(50) {
			o := observable.Range(0, 50)
			c := observable.Publish(o)
			if replay {
				c = observable.Replay(o, observable.ReplayOptions{Size: 10})
			}
			var wg sync.WaitGroup
			var mu sync.Mutex
			var all []*listener[int]
			for g := range 4 {
				wg.Go(func() {
					for i := range 10 {
						switch (g + i) % 4 {
						case 0:
							d := c.Connect(context.Background())
							if i%2 == 0 {
								d.Dispose()
							}
						case 1:
							c.Reset()
						default:
							l := listen(c.Observable())
							mu.Lock()
							all = append(all, l)
							mu.Unlock()
						}
					}
				})
			}
			wg.Wait()
			for _, l := range all {
				l.lawful(t)
				got := l.all()
				for k := range got {
					require.Equal(t, got[0]+k, got[k])
				}
			}
		}
	}
}
