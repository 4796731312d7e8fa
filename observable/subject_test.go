package observable_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"weak"

	"github.com/stretchr/testify/require"

	"github.com/quillgo/quill/observable"
)

var errSubject = errors.New("boom")

// listener records what it is told, and that the rules C1 to C3 are kept. Its
// functions, where set, are called from inside the signal.
type listener[T any] struct {
	onSubscribe func(observable.Disposable)
	onNext      func(v T)
	onError     func(error)
	onComplete  func()

	inside atomic.Int32 // signals that are being delivered

	mu     sync.Mutex
	d      observable.Disposable
	items  []T
	err    error
	ends   int
	broken []string // rules
}

func (l *listener[T]) enter(signal string) func() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.inside.Add(1) != 1 {
		l.broken = append(l.broken, "C2: "+signal+" overlaps another signal")
	}
	if l.ends > 0 {
		l.broken = append(l.broken, "C3: "+signal+" after the end")
	}
	if l.d == nil && signal != "OnSubscribe" {
		l.broken = append(l.broken, "C1: "+signal+" before OnSubscribe")
	}
	return func() { l.inside.Add(-1) }
}

func (l *listener[T]) OnSubscribe(d observable.Disposable) {
	defer l.enter("OnSubscribe")()
	l.mu.Lock()
	if l.d != nil {
		l.broken = append(l.broken, "C1: OnSubscribe twice")
	}
	l.d = d
	l.mu.Unlock()
	if l.onSubscribe != nil {
		l.onSubscribe(d)
	}
}

func (l *listener[T]) OnNext(v T) {
	defer l.enter("OnNext")()
	l.mu.Lock()
	l.items = append(l.items, v)
	l.mu.Unlock()
	if l.onNext != nil {
		l.onNext(v)
	}
}

func (l *listener[T]) OnError(err error) {
	defer l.enter("OnError")()
	l.mu.Lock()
	l.ends++
	l.err = err
	l.mu.Unlock()
	if l.onError != nil {
		l.onError(err)
	}
}

func (l *listener[T]) OnComplete() {
	defer l.enter("OnComplete")()
	l.mu.Lock()
	l.ends++
	l.mu.Unlock()
	if l.onComplete != nil {
		l.onComplete()
	}
}

// dispose stops the subscription.
func (l *listener[T]) dispose() {
	l.mu.Lock()
	d := l.d
	l.mu.Unlock()
	d.Dispose()
}

// String writes the signals as they came: "1 2 |" and "1 2 # boom".
func (l *listener[T]) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var b strings.Builder
	for _, v := range l.items {
		fmt.Fprintf(&b, "%v ", v)
	}
	if l.ends > 0 {
		if l.err != nil {
			fmt.Fprintf(&b, "# %v", l.err)
		} else {
			b.WriteByte('|')
		}
	}
	return strings.TrimSpace(b.String())
}

func (l *listener[T]) all() []T {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.items)
}

// heard checks the signals, and the rules.
func (l *listener[T]) heard(t *testing.T, want string) {
	t.Helper()
	require.Equal(t, want, l.String())
	l.lawful(t)
}

func (l *listener[T]) lawful(t *testing.T) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	require.Empty(t, l.broken)
}

// listen subscribes a new listener.
func listen[T any](o observable.Observable[T]) *listener[T] {
	l := new(listener[T])
	o.Subscribe(context.Background(), l)
	return l
}

// logged returns what was written to slog.Default while f ran.
func logged(t *testing.T, f func()) string {
	t.Helper()
	var b bytes.Buffer
	old := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&b, nil)))
	defer slog.SetDefault(old)
	f()
	return b.String()
}

// aside runs f on a goroutine of its own, which f may end, and waits for it.
func aside(f func()) {
	over := make(chan struct{})
	go func() { // ends with f
		defer close(over)
		f()
	}()
	<-over
}

// refuses checks that f panics with an ArgumentError.
func refuses(t *testing.T, f func()) {
	t.Helper()
	defer func() {
		t.Helper()
		_, ok := recover().(*observable.ArgumentError)
		require.True(t, ok)
	}()
	f()
}

// subjectKind is a row of the tables that hold for every kind of subject. The
// observers of the figures come before any item, between 1 and 2, and after the
// end.
type subjectKind struct {
	name string
	make func() observable.Subject[int]
	// what is told of 1 2 |, and of 1 2 #
	first, second, late    string
	firstE, secondE, lateE string
	single, postponed      bool
}

var subjectKinds = []subjectKind{
	{
		name: "publish", make: func() observable.Subject[int] { return observable.NewPublishSubject[int]() },
		first: "1 2 |", second: "2 |", late: "|",
		firstE: "1 2 # boom", secondE: "2 # boom", lateE: "# boom",
	},
	{
		name: "behavior", make: func() observable.Subject[int] { return observable.NewBehaviorSubject[int]() },
		first: "1 2 |", second: "1 2 |", late: "|",
		firstE: "1 2 # boom", secondE: "1 2 # boom", lateE: "# boom",
	},
	{
		name: "behavior of 0", make: func() observable.Subject[int] { return observable.NewBehaviorSubjectOf(0) },
		first: "0 1 2 |", second: "1 2 |", late: "|",
		firstE: "0 1 2 # boom", secondE: "1 2 # boom", lateE: "# boom",
	},
	{
		name: "replay", make: func() observable.Subject[int] {
			return observable.NewReplaySubject[int](observable.ReplayOptions{})
		},
		first: "1 2 |", second: "1 2 |", late: "1 2 |",
		firstE: "1 2 # boom", secondE: "1 2 # boom", lateE: "1 2 # boom",
	},
	{
		name: "replay of one", make: func() observable.Subject[int] {
			return observable.NewReplaySubject[int](observable.ReplayOptions{Size: 1})
		},
		first: "1 2 |", second: "1 2 |", late: "2 |",
		firstE: "1 2 # boom", secondE: "1 2 # boom", lateE: "2 # boom",
	},
	{
		name: "async", make: func() observable.Subject[int] { return observable.NewAsyncSubject[int]() },
		first: "2 |", second: "2 |", late: "2 |",
		firstE: "# boom", secondE: "# boom", lateE: "# boom", postponed: true,
	},
	{
		name: "unicast", make: func() observable.Subject[int] {
			return observable.NewUnicastSubject[int](observable.UnicastOptions{})
		},
		first:  "1 2 |",
		firstE: "1 2 # boom", single: true,
	},
}

// forSubjects runs f for every kind of subject that keep, if not nil, keeps.
func forSubjects(t *testing.T, keep func(subjectKind) bool, f func(t *testing.T, k subjectKind)) {
	for _, k := range subjectKinds {
		if keep == nil || keep(k) {
			t.Run(k.name, func(t *testing.T) { f(t, k) })
		}
	}
}

// live keeps the kinds that tell items to several observers as they come.
func live(k subjectKind) bool { return !k.postponed && !k.single }

func TestSubject_TellsWhatItsKindSays(t *testing.T) {
	forSubjects(t, nil, func(t *testing.T, k subjectKind) {
		for _, failing := range []bool{false, true} {
			s := k.make()
			require.False(t, s.HasObservers())
			first := listen(s.Observable())
			s.OnNext(1)
			var second *listener[int]
			if !k.single {
				second = listen(s.Observable())
			}
			require.True(t, s.HasObservers())
			s.OnNext(2)
			require.False(t, s.Completed())
			require.NoError(t, s.Err())

			want := [3]string{k.first, k.second, k.late}
			if failing {
				want = [3]string{k.firstE, k.secondE, k.lateE}
				s.OnError(errSubject)
				require.Equal(t, errSubject, s.Err())
			} else {
				s.OnComplete()
				require.NoError(t, s.Err())
			}
			require.Equal(t, !failing, s.Completed())
			require.False(t, s.HasObservers())
			first.heard(t, want[0])
			if k.single {
				listen(s.Observable()).heard(t, "# "+observable.ErrSubscribedTwice.Error())
				continue
			}
			second.heard(t, want[1])
			listen(s.Observable()).heard(t, want[2])
		}
	})
}

func TestSubject_EndIsForGood(t *testing.T) {
	forSubjects(t, nil, func(t *testing.T, k subjectKind) {
		s := k.make()
		first := listen(s.Observable())
		s.OnNext(1)
		s.OnNext(2)
		s.OnComplete()
		log := logged(t, func() {
			s.OnNext(3)
			s.OnComplete()
			s.OnError(errSubject)
		})
		require.Equal(t, 1, strings.Count(log, errSubject.Error()), "C8: the late error is reported: %s", log)
		first.heard(t, k.first)
		require.True(t, s.Completed())
		require.NoError(t, s.Err())
		if !k.single {
			listen(s.Observable()).heard(t, k.late)
		}
	})
}

func TestSubject_OnSubscribeDisposesAfterTheEnd(t *testing.T) {
	forSubjects(t, nil, func(t *testing.T, k subjectKind) {
		s := k.make()
		var before, after countingDisposable
		s.OnSubscribe(&before)
		s.OnComplete()
		s.OnSubscribe(&after)
		require.False(t, before.Disposed())
		require.True(t, after.Disposed())
	})
}

// countingDisposable counts its disposals.
type countingDisposable struct{ n atomic.Int32 }

func (d *countingDisposable) Dispose()       { d.n.Add(1) }
func (d *countingDisposable) Disposed() bool { return d.n.Load() > 0 }

func TestSubject_ObservesAStream(t *testing.T) {
	forSubjects(t, nil, func(t *testing.T, k subjectKind) {
		s := k.make()
		l := listen(s.Observable())
		observable.Just(1, 2).Subscribe(context.Background(), s)
		l.heard(t, k.first)
	})
}

func TestSubject_NilIsAnItem(t *testing.T) {
	s := observable.NewBehaviorSubjectOf[any](nil)
	l := listen(s.Observable())
	s.OnNext(nil)
	v, ok := s.Value()
	require.True(t, ok)
	require.Nil(t, v)
	s.OnComplete()
	l.heard(t, "<nil> <nil> |")

	a := observable.NewAsyncSubject[error]()
	a.OnNext(nil)
	a.OnComplete()
	listen(a.Observable()).heard(t, "<nil> |")
}

func TestSubject_NilErrorIsAnErrorNevertheless(t *testing.T) {
	forSubjects(t, nil, func(t *testing.T, k subjectKind) {
		s := k.make()
		l := listen(s.Observable())
		s.OnError(nil)
		var p *observable.ProtocolError
		require.ErrorAs(t, s.Err(), &p)
		require.Equal(t, 1, l.ends)
		require.ErrorAs(t, l.err, &p)
	})
}

func TestSubject_TellsInOrderOfSubscription(t *testing.T) {
	forSubjects(t, live, func(t *testing.T, k subjectKind) {
		s := k.make()
		var order []int
		gone := make([]*listener[int], 0, 10)
		for i := range 10 {
			l := &listener[int]{onNext: func(v int) {
				if v == 1 {
					order = append(order, i)
				}
			}}
			gone = append(gone, l)
			s.Subscribe(context.Background(), l)
		}
		for _, i := range []int{0, 4, 9} {
			gone[i].dispose()
		}
		s.OnNext(1)
		require.Equal(t, []int{1, 2, 3, 5, 6, 7, 8}, order)
	})
}

func TestSubject_DisposedObserverIsToldNothingMore(t *testing.T) {
	forSubjects(t, nil, func(t *testing.T, k subjectKind) {
		s := k.make()
		l := &listener[int]{onSubscribe: func(d observable.Disposable) { d.Dispose() }}
		s.Subscribe(context.Background(), l)
		require.False(t, s.HasObservers())
		s.OnNext(1)
		s.OnComplete()
		l.heard(t, "")
		require.True(t, l.d.Disposed())

		late := &listener[int]{onSubscribe: func(d observable.Disposable) { d.Dispose() }}
		if !k.single {
			s.Subscribe(context.Background(), late)
			late.heard(t, "")
		}
	})
}

func TestSubject_DisposeInsideOnNext(t *testing.T) {
	forSubjects(t, live, func(t *testing.T, k subjectKind) {
		s := k.make()
		var a, b listener[int]
		a.onNext = func(v int) {
			if v == 1 {
				a.dispose()
				b.dispose() // not told yet: its flag keeps the item out
			}
		}
		s.Subscribe(context.Background(), &a)
		s.Subscribe(context.Background(), &b)
		a.items, b.items = nil, nil // but for what was there before
		s.OnNext(1)
		s.OnNext(2)
		s.OnComplete()
		a.heard(t, "1")
		b.heard(t, "")
		require.False(t, s.HasObservers())
	})
}

func TestSubject_NaturalEndIsNotDisposed(t *testing.T) {
	forSubjects(t, nil, func(t *testing.T, k subjectKind) {
		s := k.make()
		l := listen(s.Observable())
		s.OnComplete()
		require.False(t, l.d.Disposed(), "C4")
		l.d.Dispose()
		l.d.Dispose()
		require.True(t, l.d.Disposed())
	})
}

func TestSubject_OnNextFromInsideOnNextComesAfter(t *testing.T) {
	forSubjects(t, live, func(t *testing.T, k subjectKind) {
		s := k.make()
		a := &listener[int]{onNext: func(v int) {
			switch v {
			case 1:
				s.OnNext(10)
				s.OnNext(11)
			case 10:
				s.OnNext(20)
			}
		}}
		s.Subscribe(context.Background(), a)
		b := listen(s.Observable())
		a.items, b.items = nil, nil
		s.OnNext(1)
		a.heard(t, "1 10 11 20")
		b.heard(t, "1 10 11 20")
	})
}

func TestSubject_EndFromInsideOnNextComesAfter(t *testing.T) {
	forSubjects(t, live, func(t *testing.T, k subjectKind) {
		for _, end := range []string{"|", "# boom"} {
			s := k.make()
			a := &listener[int]{onNext: func(v int) {
				if v == 1 {
					s.OnNext(2)
					if end == "|" {
						s.OnComplete()
					} else {
						s.OnError(errSubject)
					}
					s.OnNext(3)
				}
			}}
			s.Subscribe(context.Background(), a)
			b := listen(s.Observable())
			a.items, b.items = nil, nil
			s.OnNext(1)
			a.heard(t, "1 2 "+end)
			b.heard(t, "1 2 "+end)
		}
	})
}

func TestSubject_SubscribeFromInsideOnNext(t *testing.T) {
	want := map[string]string{"publish": "2 3 |", "behavior": "1 2 3 |", "behavior of 0": "1 2 3 |",
		"replay": "1 2 3 |", "replay of one": "1 2 3 |"}
	forSubjects(t, live, func(t *testing.T, k subjectKind) {
		s := k.make()
		inner := new(listener[int])
		a := &listener[int]{onNext: func(v int) {
			if v == 1 {
				s.Subscribe(context.Background(), inner)
				s.OnNext(2)
			}
		}}
		s.Subscribe(context.Background(), a)
		s.OnNext(1)
		s.OnNext(3)
		s.OnComplete()
		inner.heard(t, want[k.name])
		a.lawful(t)
	})
}

func TestSubject_SubscribeFromInsideTheEnd(t *testing.T) {
	forSubjects(t, func(k subjectKind) bool { return !k.single }, func(t *testing.T, k subjectKind) {
		s := k.make()
		inner := new(listener[int])
		a := &listener[int]{onComplete: func() { s.Subscribe(context.Background(), inner) }}
		s.Subscribe(context.Background(), a)
		s.OnNext(1)
		s.OnNext(2)
		s.OnComplete()
		inner.heard(t, k.late)
	})
}

func TestSubject_PanickingObserverIsFailedAlone(t *testing.T) {
	forSubjects(t, live, func(t *testing.T, k subjectKind) {
		s := k.make()
		first := listen(s.Observable())
		bad := &listener[int]{onNext: func(v int) {
			if v == 2 {
				panic(errSubject)
			}
		}}
		s.Subscribe(context.Background(), bad)
		last := listen(s.Observable())
		first.items, last.items, bad.items = nil, nil, nil
		s.OnNext(1)
		s.OnNext(2)
		s.OnNext(3)
		first.heard(t, "1 2 3")
		last.heard(t, "1 2 3")
		require.Equal(t, []int{1, 2}, bad.items)
		require.Equal(t, 1, bad.ends)
		require.ErrorIs(t, bad.err, errSubject)
		var p *observable.PanicError
		require.ErrorAs(t, bad.err, &p, "C10")
		require.True(t, bad.d.Disposed())
	})
}

func TestSubject_PanicBelowAnOperatorIsTheOperatorsError(t *testing.T) {
	forSubjects(t, live, func(t *testing.T, k subjectKind) {
		s := k.make()
		mapped := observable.Map(s.Observable(), func(v int) int {
			if v == 2 {
				panic(errSubject)
			}
			return 10 * v
		})
		a := listen(mapped.OnErrorReturn(func(error) int { return -1 }))
		b := listen(s.Observable())
		a.items, b.items = nil, nil
		s.OnNext(1)
		s.OnNext(2)
		s.OnNext(3)
		a.heard(t, "10 -1 |")
		b.heard(t, "1 2 3")
	})
}

func TestSubject_PanicInTheEndGoesToTheErrorHandler(t *testing.T) {
	forSubjects(t, func(k subjectKind) bool { return !k.single }, func(t *testing.T, k subjectKind) {
		for _, failing := range []bool{false, true} {
			s := k.make()
			var reported []error
			ctx := observable.WithErrorHandler(context.Background(), func(err error) { reported = append(reported, err) })
			bad := &listener[int]{
				onError:    func(error) { panic("again") },
				onComplete: func() { panic("again") },
			}
			s.Subscribe(ctx, bad)
			last := listen(s.Observable())
			if failing {
				s.OnError(errSubject)
			} else {
				s.OnComplete()
			}
			require.Equal(t, 1, bad.ends, "C10")
			require.Equal(t, 1, last.ends)
			require.Len(t, reported, 1)
			var p *observable.PanicError
			require.ErrorAs(t, reported[0], &p)
		}
	})
}

func TestSubject_PanicInOnSubscribe(t *testing.T) {
	forSubjects(t, nil, func(t *testing.T, k subjectKind) {
		s := k.make()
		bad := &listener[int]{onSubscribe: func(observable.Disposable) { panic(errSubject) }}
		s.Subscribe(context.Background(), bad)
		require.ErrorIs(t, bad.err, errSubject)
		require.False(t, s.HasObservers())
	})
}

// A Goexit in an observer ends the goroutine that tells; what waits behind it
// must be told all the same, and the subject must not stay busy for ever.
func TestSubject_GoexitDoesNotStopTheOthers(t *testing.T) {
	forSubjects(t, live, func(t *testing.T, k subjectKind) {
		s := k.make()
		leaver := func(at int) *listener[int] {
			return &listener[int]{onNext: func(v int) {
				if v == at {
					runtime.Goexit()
				}
			}}
		}
		a := &listener[int]{onNext: func(v int) {
			if v == 1 {
				s.OnNext(2)
				s.OnNext(3)
			}
		}}
		b, c, d := leaver(1), leaver(1), leaver(3)
		e := new(listener[int])
		for _, l := range []*listener[int]{a, b, c, d, e} {
			s.Subscribe(context.Background(), l)
			l.items = nil
		}
		passed := false
		aside(func() {
			s.OnNext(1)
			passed = true
		})
		require.False(t, passed, "the goroutine ends")
		s.OnNext(4)
		s.OnComplete()
		a.heard(t, "1 2 3 4 |")
		b.heard(t, "1 # "+observable.ErrGoexit.Error())
		c.heard(t, "1 # "+observable.ErrGoexit.Error())
		d.heard(t, "1 2 3 # "+observable.ErrGoexit.Error())
		e.heard(t, "1 2 3 4 |")
	})
}

func TestSubject_GoexitWhileAnObserverIsFailed(t *testing.T) {
	forSubjects(t, live, func(t *testing.T, k subjectKind) {
		s := k.make()
		bad := &listener[int]{onNext: func(v int) {
			if v == 1 {
				panic(errSubject)
			}
		}, onError: func(error) { runtime.Goexit() }}
		s.Subscribe(context.Background(), bad)
		last := listen(s.Observable())
		last.items = nil
		aside(func() { s.OnNext(1) })
		s.OnNext(2)
		s.OnComplete()
		last.heard(t, "1 2 |")
		require.ErrorIs(t, bad.err, errSubject)
	})
}

func TestSubject_GoexitInTheEnd(t *testing.T) {
	forSubjects(t, func(k subjectKind) bool { return !k.single }, func(t *testing.T, k subjectKind) {
		s := k.make()
		bad := &listener[int]{onComplete: runtime.Goexit}
		s.Subscribe(context.Background(), bad)
		last := listen(s.Observable())
		last.items = nil
		aside(s.OnComplete)
		last.heard(t, "|")
		bad.lawful(t)
	})
}

func TestSubject_GoexitOfALateObserver(t *testing.T) {
	forSubjects(t, func(k subjectKind) bool { return k.name == "replay" || k.single }, func(t *testing.T, k subjectKind) {
		s := k.make()
		s.OnNext(1)
		s.OnNext(2)
		bad := &listener[int]{onNext: func(int) { runtime.Goexit() }}
		aside(func() { s.Subscribe(context.Background(), bad) })
		require.False(t, s.HasObservers())
		s.OnNext(3)
		s.OnComplete()
		bad.heard(t, "1 # "+observable.ErrGoexit.Error())
	})
}

// An operator's observer is blamed through foreign stages whose handle leads
// nowhere: the observer has to leave nevertheless.
func TestSubject_FailedObserverLeavesWhateverItsStagesSay(t *testing.T) {
	forSubjects(t, live, func(t *testing.T, k subjectKind) {
		s := k.make()
		st := &strayStage{}
		s.Subscribe(context.Background(), st)
		aside(func() { s.OnNext(1) })
		require.False(t, s.HasObservers())
		require.ErrorIs(t, st.final.err, errSubject)
	})
}

// strayStage hands down a Disposable that has nothing to do with its upstream.
type strayStage struct {
	d      countingDisposable
	final  listener[int]
	atOnce bool // it panics in OnSubscribe
}

func (s *strayStage) OnSubscribe(observable.Disposable) {
	s.final.OnSubscribe(&s.d)
	if s.atOnce {
		panic(errSubject)
	}
}

func (s *strayStage) OnNext(v int) {
	if v == 1 {
		panic(errSubject)
	}
}
func (s *strayStage) OnError(err error)                         { s.final.OnError(err) }
func (s *strayStage) OnComplete()                               { s.final.OnComplete() }
func (s *strayStage) Blame() (bool, observable.Disposable, any) { return true, &s.d, &s.final }

func TestSubject_ContextEndsTheSubscriptionAlone(t *testing.T) {
	forSubjects(t, nil, func(t *testing.T, k subjectKind) {
		s := k.make()
		ctx, cancel := context.WithCancelCause(context.Background())
		over := make(chan struct{})
		l := &listener[int]{onError: func(error) { close(over) }}
		s.Observable().Subscribe(ctx, l)
		l.items = nil
		cancel(errSubject)
		<-over
		l.heard(t, "# boom")
		require.False(t, s.HasObservers())
	})
}

// C18: who has left, or been told the end, is held neither by the subject nor
// by those who came before and after.
func TestSubject_HoldsNoObserverThatIsGone(t *testing.T) {
	forSubjects(t, nil, func(t *testing.T, k subjectKind) {
		for _, how := range []string{"disposed", "ended"} {
			s := k.make()
			var before, after *listener[int]
			if !k.single {
				before = listen(s.Observable())
			}
			p := func() weak.Pointer[listener[int]] {
				l := listen(s.Observable())
				if !k.single {
					after = listen(s.Observable())
				}
				s.OnNext(1)
				if how == "disposed" {
					l.dispose()
				}
				return weak.Make(l)
			}()
			if how == "ended" {
				s.OnComplete()
			}
			for range 5 {
				runtime.GC()
			}
			require.Nil(t, p.Value(), how)
			runtime.KeepAlive(s)
			runtime.KeepAlive(before)
			runtime.KeepAlive(after)
		}
	})
}

// C18: items that waited are let go when they have been told, and at once when
// their only observer disposes.
func TestSubject_ItemsThatWaitedAreLetGo(t *testing.T) {
	var p weak.Pointer[tracked]
	for _, s := range []observable.Subject[*tracked]{
		observable.NewPublishSubject[*tracked](),
		observable.NewBehaviorSubject[*tracked](),
	} {
		s.Subscribe(context.Background(), observable.Funcs[*tracked]{Next: func(v *tracked) {
			if v.n == 0 {
				p = weak.Make(sendTracked(s, 1, 10))
				require.False(t, collected(p))
			}
		}})
		s.OnNext(&tracked{})
		require.True(t, collected(p))
		runtime.KeepAlive(s)
	}

	unicast := observable.NewUnicastSubject[*tracked](observable.UnicastOptions{})
	l := new(listener[*tracked])
	l.onNext = func(*tracked) {
		l.items = nil
		p = weak.Make(sendTracked(unicast, 1, 10))
		require.False(t, collected(p))
		l.dispose()
		require.True(t, collected(p), "the observer is still inside OnNext")
	}
	unicast.Subscribe(context.Background(), l)
	unicast.OnNext(&tracked{})
	runtime.KeepAlive(unicast)
}
