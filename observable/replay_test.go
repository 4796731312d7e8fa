package observable_test

import (
	"context"
	"runtime"
	"testing"
	"time"
	"weak"

	"github.com/stretchr/testify/require"

	"github.com/quillgo/quill/observable"
	"github.com/quillgo/quill/observable/observabletest"
)

func emit(s observable.Observer[int], from, to int) {
	for i := from; i <= to; i++ {
		s.OnNext(i)
	}
}

func TestReplay_SizeKeepsTheLast(t *testing.T) {
	s := observable.NewReplaySubject[int](observable.ReplayOptions{Size: 3})
	require.Equal(t, 0, s.Size())
	require.Empty(t, s.Values())
	emit(s, 1, 2)
	require.Equal(t, []int{1, 2}, s.Values())
	early := listen(s.Observable())
	early.heard(t, "1 2")
	emit(s, 3, 5)
	require.Equal(t, 3, s.Size())
	require.Equal(t, []int{3, 4, 5}, s.Values())
	late := listen(s.Observable())
	late.heard(t, "3 4 5")
	s.OnNext(6)
	s.OnComplete()
	early.heard(t, "1 2 3 4 5 6 |")
	late.heard(t, "3 4 5 6 |")
	listen(s.Observable()).heard(t, "4 5 6 |")
	require.Equal(t, []int{4, 5, 6}, s.Values())
}

func TestReplay_ValuesIsACopy(t *testing.T) {
	s := observable.NewReplaySubject[int](observable.ReplayOptions{})
	emit(s, 1, 2)
	s.Values()[0] = 9
	require.Equal(t, []int{1, 2}, s.Values())
}

// Item numbers around the ends of the chunks: the first holds one, the second
// eight, the others 64.
func TestReplay_AcrossChunks(t *testing.T) {
	for _, size := range []int{observable.Unlimited, 1, 2, 8, 9, 63, 64, 65, 130} {
		for _, n := range []int{0, 1, 2, 8, 9, 10, 72, 73, 74, 136, 137, 138, 500} {
			s := observable.NewReplaySubject[int](observable.ReplayOptions{Size: size})
			early := listen(s.Observable())
			emit(s, 0, n-1)
			kept := n
			if size > 0 {
				kept = min(n, size)
			}
			require.Equal(t, kept, s.Size())
			late := listen(s.Observable())
			require.Equal(t, s.Values(), append([]int{}, late.all()...))
			require.Len(t, late.all(), kept)
			s.OnNext(n)
			require.Len(t, early.all(), n+1)
			require.Len(t, late.all(), kept+1)
			for i, v := range late.all() {
				require.Equal(t, n-kept+i, v)
			}
		}
	}
}

// An item of age MaxAge is too old, one a nanosecond younger is not.
func TestReplay_MaxAgeIsExact(t *testing.T) {
	clk := observabletest.NewVirtualScheduler()
	s := observable.NewReplaySubject[int](observable.ReplayOptions{MaxAge: time.Second, On: clk})
	s.OnNext(1)
	clk.AdvanceBy(time.Second - 1)
	require.Equal(t, []int{1}, s.Values())
	listen(s.Observable()).heard(t, "1")
	s.OnNext(2)
	clk.AdvanceBy(1)
	require.Equal(t, []int{2}, s.Values())
	require.Equal(t, 1, s.Size())
	listen(s.Observable()).heard(t, "2")
}

func TestReplay_AgeingGoesOnAfterTheEnd(t *testing.T) {
	for _, failing := range []bool{false, true} {
		end := "|"
		clk := observabletest.NewVirtualScheduler()
		s := observable.NewReplaySubject[int](observable.ReplayOptions{MaxAge: 10, On: clk})
		s.OnNext(1)
		clk.AdvanceBy(5)
		s.OnNext(2)
		if failing {
			end = "# boom"
			s.OnError(errSubject)
		} else {
			s.OnComplete()
		}
		listen(s.Observable()).heard(t, "1 2 "+end)
		clk.AdvanceBy(5)
		listen(s.Observable()).heard(t, "2 "+end)
		clk.AdvanceBy(5)
		listen(s.Observable()).heard(t, end)
		require.Equal(t, 0, s.Size())
	}
}

func TestReplay_BothBounds(t *testing.T) {
	clk := observabletest.NewVirtualScheduler()
	s := observable.NewReplaySubject[int](observable.ReplayOptions{Size: 2, MaxAge: 10, On: clk})
	early := listen(s.Observable())
	emit(s, 1, 3)
	require.Equal(t, []int{2, 3}, s.Values())
	clk.AdvanceBy(9)
	s.OnNext(4)
	require.Equal(t, []int{3, 4}, s.Values())
	clk.AdvanceBy(1)
	require.Equal(t, []int{4}, s.Values())
	early.heard(t, "1 2 3 4")
}

// A live observer gets what comes however old it is when its turn comes.
func TestReplay_AgeMattersOnlyToThoseWhoCome(t *testing.T) {
	clk := observabletest.NewVirtualScheduler()
	s := observable.NewReplaySubject[int](observable.ReplayOptions{MaxAge: 10, On: clk})
	slow := &listener[int]{onNext: func(v int) {
		if v == 1 {
			emit(s, 2, 4)
			clk.AdvanceBy(100)
		}
	}}
	s.Subscribe(context.Background(), slow)
	s.OnNext(1)
	slow.heard(t, "1 2 3 4")
	listen(s.Observable()).heard(t, "")
}

func TestReplay_RealClockByDefault(t *testing.T) {
	s := observable.NewReplaySubject[int](observable.ReplayOptions{MaxAge: time.Hour})
	s.OnNext(1)
	require.Equal(t, []int{1}, s.Values())
	s = observable.NewReplaySubject[int](observable.ReplayOptions{MaxAge: -1})
	s.OnNext(1)
	require.Equal(t, []int{1}, s.Values())
}

func TestReplay_RefusesImpossibleOptions(t *testing.T) {
	for name, f := range map[string]func(){
		"subject": func() { observable.NewReplaySubject[int](observable.ReplayOptions{Size: -2}) },
		"replay":  func() { observable.Replay(observable.Just(1), observable.ReplayOptions{Size: -2}) },
		"nil scheduler function": func() {
			observable.NewReplaySubject[int](observable.ReplayOptions{On: observable.SchedulerFunc(nil)})
		},
	} {
		t.Run(name, func(t *testing.T) { refuses(t, f) })
	}
}

// An observer that is stuck in what was stored before it came holds up neither
// the producer nor the others, and misses nothing, though the bound has dropped
// it long ago.
func TestReplay_SlowLateObserverHoldsUpNobody(t *testing.T) {
	for _, size := range []int{0, 1, 70} {
		s := observable.NewReplaySubject[int](observable.ReplayOptions{Size: size})
		quick := listen(s.Observable())
		s.OnNext(0)
		entered, leave := make(chan struct{}), make(chan struct{})
		slow := &listener[int]{onNext: func(v int) {
			if v == 0 {
				close(entered)
				<-leave
			}
		}}
		over := make(chan struct{})
		go func() { // ends when leave is closed
			defer close(over)
			s.Subscribe(context.Background(), slow)
		}()
		<-entered
		emit(s, 1, 300)
		require.Len(t, quick.all(), 301)
		require.True(t, s.HasObservers())
		quick.dispose()
		require.True(t, s.HasObservers(), "the slow one")
		third := listen(s.Observable())
		emit(s, 301, 400)
		s.OnComplete()
		require.Equal(t, 1, third.ends)
		slow.heard(t, "0")
		close(leave)
		<-over
		require.Len(t, slow.all(), 401)
		for i, v := range slow.all() {
			require.Equal(t, i, v)
		}
		require.Equal(t, 1, slow.ends)
		slow.lawful(t)
	}
}

// A live observer that is stuck does not hold up the storage: who comes
// meanwhile is told everything, in time.
func TestReplay_SlowLiveObserverDoesNotHoldUpTheStorage(t *testing.T) {
	s := observable.NewReplaySubject[int](observable.ReplayOptions{Size: 2})
	entered, leave := make(chan struct{}), make(chan struct{})
	slow := &listener[int]{onNext: func(v int) {
		if v == 0 {
			close(entered)
			<-leave
		}
	}}
	s.Subscribe(context.Background(), slow)
	over := make(chan struct{})
	go func() { // ends when leave is closed
		defer close(over)
		s.OnNext(0)
	}()
	<-entered
	emit(s, 1, 100)
	require.Equal(t, []int{99, 100}, s.Values())
	late := listen(s.Observable())
	late.heard(t, "99 100")
	s.OnNext(101)
	s.OnComplete()
	listen(s.Observable()).heard(t, "100 101 |")
	close(leave)
	<-over
	require.Len(t, slow.all(), 102)
	require.Equal(t, 1, slow.ends)
	slow.lawful(t)
	late.heard(t, "99 100 101 |")
}

// Disposal from elsewhere while the stored items are told.
func TestReplay_DisposedWhileReading(t *testing.T) {
	s := observable.NewReplaySubject[int](observable.ReplayOptions{Size: 100})
	emit(s, 1, 100)
	l := new(listener[int])
	l.onNext = func(v int) {
		if v == 50 {
			aside(l.dispose)
			require.False(t, s.HasObservers())
			emit(s, 101, 300)
		}
	}
	s.Subscribe(context.Background(), l)
	require.Len(t, l.all(), 50)
	require.Equal(t, 0, l.ends)
	l.lawful(t)
	require.False(t, s.HasObservers())
}

// tracked is an item whose being held can be seen. It has a pointer so that it
// is allocated alone, not together with others.
type tracked struct {
	n int
	_ *int
}

func collected(p weak.Pointer[tracked]) bool {
	for range 5 {
		runtime.GC()
		if p.Value() == nil {
			return true
		}
	}
	return false
}

// C18: what the bounds drop is not held, whatever chunk it lies in, with and
// without live observers.
func TestReplay_DroppedItemsAreLetGo(t *testing.T) {
	for _, size := range []int{1, 2, 9, 64, 100} {
		s := observable.NewReplaySubject[*tracked](observable.ReplayOptions{Size: size})
		live := 0
		s.Subscribe(context.Background(), observable.Funcs[*tracked]{Next: func(*tracked) { live++ }})
		var items []weak.Pointer[tracked]
		const n = 300
		for i := range n {
			v := &tracked{n: i}
			items = append(items, weak.Make(v))
			s.OnNext(v)
		}
		require.Equal(t, n, live)
		for i, p := range items {
			require.Equal(t, i < n-size, collectedSoon(p, i == 0), "item %d of size %d", i, size)
		}
		runtime.KeepAlive(s)
	}
}

// collectedSoon is collected for many items: one collection serves all.
func collectedSoon(p weak.Pointer[tracked], first bool) bool {
	if first {
		return collected(p)
	}
	return p.Value() == nil
}

func TestReplay_OldItemsAreLetGo(t *testing.T) {
	clk := observabletest.NewVirtualScheduler()
	s := observable.NewReplaySubject[*tracked](observable.ReplayOptions{MaxAge: 10, On: clk})
	p := weak.Make(sendTracked(s, 1, 1))
	s.OnComplete()
	require.False(t, collected(p))
	clk.AdvanceBy(10)
	require.Equal(t, 0, s.Size())
	require.True(t, collected(p))
	runtime.KeepAlive(s)
}

// What a slow observer still has to be told is held for it, and let go when it
// has been told or has left.
func TestReplay_DroppedItemsAreHeldForWhoReadsThem(t *testing.T) {
	for _, leaves := range []bool{false, true} {
		s := observable.NewReplaySubject[*tracked](observable.ReplayOptions{Size: 1})
		s.OnNext(&tracked{})
		l := new(listener[*tracked])
		var p weak.Pointer[tracked]
		told := -1
		l.onNext = func(v *tracked) {
			told = v.n
			l.items = nil
			if v.n == 0 {
				p = weak.Make(sendTracked(s, 1, 200))
				require.False(t, collected(p), "nobody has been told it")
				if leaves {
					l.dispose()
				}
			}
		}
		s.Subscribe(context.Background(), l)
		require.True(t, collected(p))
		require.Equal(t, !leaves, told == 200)
		runtime.KeepAlive(s)
	}
}

// The same for who leaves, or fails, in the middle of them.
func TestReplay_DroppedItemsAreLetGoByWhoLeaves(t *testing.T) {
	for _, how := range []string{"disposes", "panics", "goexit"} {
		s := observable.NewReplaySubject[*tracked](observable.ReplayOptions{Size: 3})
		p := weak.Make(sendTracked(s, 0, 2))
		l := new(listener[*tracked])
		l.onNext = func(*tracked) {
			l.items = nil
			switch how {
			case "disposes":
				l.dispose()
			case "panics":
				panic(errSubject)
			default:
				runtime.Goexit()
			}
		}
		aside(func() { s.Subscribe(context.Background(), l) })
		require.False(t, collected(p))
		sendTracked(s, 3, 5)
		require.True(t, collected(p), how)
		runtime.KeepAlive(s)
	}
	s := observable.NewReplaySubject[*tracked](observable.ReplayOptions{Size: 3})
	p := weak.Make(sendTracked(s, 0, 2))
	l := new(listener[*tracked])
	l.onNext = func(*tracked) {
		l.items = nil
		sendTracked(s, 3, 5)
		l.dispose()
	}
	s.Subscribe(context.Background(), l)
	require.True(t, collected(p), "also when nothing comes any more")
	runtime.KeepAlive(s)
}

// sendTracked tells s the items from a to b and returns the first.
func sendTracked(s observable.Observer[*tracked], a, b int) *tracked {
	first := &tracked{n: a}
	s.OnNext(first)
	for i := a + 1; i <= b; i++ {
		s.OnNext(&tracked{n: i})
	}
	return first
}
