package observable_test

import (
	"context"
	"runtime"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/quillgo/quill/observable"
)

func unicast(opts observable.UnicastOptions) *observable.UnicastSubject[int] {
	return observable.NewUnicastSubject[int](opts)
}

func TestUnicast_QueuesUntilItsObserverComes(t *testing.T) {
	s := unicast(observable.UnicastOptions{})
	emit(s, 1, 3)
	l := listen(s.Observable())
	l.heard(t, "1 2 3")
	s.OnNext(4)
	l.heard(t, "1 2 3 4")
	s.OnComplete()
	l.heard(t, "1 2 3 4 |")
}

func TestUnicast_ObserverComesAfterTheEnd(t *testing.T) {
	s := unicast(observable.UnicastOptions{})
	emit(s, 1, 2)
	s.OnError(errSubject)
	require.Equal(t, errSubject, s.Err())
	listen(s.Observable()).heard(t, "1 2 # boom")
}

// Nothing that comes after an accepted end gets in before it, also when who told
// the end is held up, the drainer has left meanwhile, and an item would find nobody.
func TestUnicast_NoItemAfterAnAcceptedEnd(t *testing.T) {
	ending, end := make(chan struct{}), make(chan struct{})
	s := unicast(observable.UnicastOptions{OnTerminate: func() { close(ending); <-end }})
	var l listener[int]
	var all sync.WaitGroup
	l.onNext = func(v int) {
		if v == 1 { // there is a drainer now
			all.Go(s.OnComplete)
			<-ending
			s.OnNext(2)
		}
	}
	s.Subscribe(t.Context(), &l)
	s.OnNext(1)
	s.OnNext(3)
	l.heard(t, "1")
	close(end)
	all.Wait()
	l.heard(t, "1 |")
}

func TestUnicast_EagerErrorOvertakes(t *testing.T) {
	s := unicast(observable.UnicastOptions{EagerError: true})
	emit(s, 1, 2)
	s.OnError(errSubject)
	listen(s.Observable()).heard(t, "# boom")

	// the same for items that wait behind the one that is being told
	s = unicast(observable.UnicastOptions{EagerError: true})
	l := &listener[int]{onNext: func(v int) {
		if v == 1 {
			emit(s, 2, 5)
		}
		if v == 3 {
			s.OnError(errSubject)
		}
	}}
	s.Subscribe(context.Background(), l)
	s.OnNext(1)
	l.heard(t, "1 2 3 # boom")

	s = unicast(observable.UnicastOptions{EagerError: true})
	emit(s, 1, 2)
	s.OnComplete()
	listen(s.Observable()).heard(t, "1 2 |")
}

func TestUnicast_SecondObserverIsRefusedForEver(t *testing.T) {
	s := unicast(observable.UnicastOptions{})
	first := listen(s.Observable())
	refused := "# " + observable.ErrSubscribedTwice.Error()
	listen(s.Observable()).heard(t, refused)
	s.OnNext(1)
	first.dispose()
	listen(s.Observable()).heard(t, refused)
	first.heard(t, "1")
}

func TestUnicast_TerminateIsCalledOnce(t *testing.T) {
	for _, how := range []string{"complete", "error", "dispose", "all of them"} {
		t.Run(how, func(t *testing.T) {
			var calls []string
			var l *listener[int]
			s := unicast(observable.UnicastOptions{OnTerminate: func() { calls = append(calls, "terminated after "+l.String()) }})
			l = &listener[int]{onNext: func(v int) {}}
			s.Subscribe(context.Background(), l)
			s.OnNext(1)
			require.Empty(t, calls)
			switch how {
			case "complete":
				s.OnComplete()
			case "error":
				s.OnError(errSubject)
			case "dispose":
				l.dispose()
			default:
				s.OnComplete()
				l.dispose()
				logged(t, func() { s.OnError(errSubject) })
			}
			require.Equal(t, []string{"terminated after 1"}, calls)
		})
	}
}

func TestUnicast_TerminateBeforeAnybodyComes(t *testing.T) {
	n := 0
	s := unicast(observable.UnicastOptions{OnTerminate: func() { n++ }})
	s.OnNext(1)
	s.OnComplete()
	require.Equal(t, 1, n)
	l := listen(s.Observable())
	l.heard(t, "1 |")
	l.dispose()
	require.Equal(t, 1, n)
}

func TestUnicast_TerminateThatFails(t *testing.T) {
	s := unicast(observable.UnicastOptions{OnTerminate: func() { panic(errSubject) }})
	l := listen(s.Observable())
	log := logged(t, s.OnComplete)
	require.Contains(t, log, "boom")
	l.heard(t, "|")

	// a Goexit must not keep the end from being told
	s = unicast(observable.UnicastOptions{OnTerminate: runtime.Goexit})
	l = listen(s.Observable())
	log = logged(t, func() { aside(s.OnComplete) })
	require.Contains(t, log, observable.ErrGoexit.Error())
	l.heard(t, "|")

	var reported error
	ctx := observable.WithErrorHandler(context.Background(), func(err error) { reported = err })
	s = unicast(observable.UnicastOptions{OnTerminate: func() { panic(errSubject) }})
	l = new(listener[int])
	s.Subscribe(ctx, l)
	l.dispose()
	require.ErrorIs(t, reported, errSubject)
}

func TestUnicast_DisposeDropsWhatWaits(t *testing.T) {
	s := unicast(observable.UnicastOptions{})
	emit(s, 1, 5)
	l := new(listener[int])
	l.onNext = func(v int) {
		if v == 2 {
			l.dispose()
		}
	}
	s.Subscribe(context.Background(), l)
	emit(s, 6, 7)
	log := logged(t, func() { s.OnError(errSubject) })
	require.Contains(t, log, "boom", "C8: nobody can be told any more")
	l.heard(t, "1 2")
	require.False(t, s.HasObservers())
	require.False(t, s.Completed())
	require.NoError(t, s.Err())
	var d countingDisposable
	s.OnSubscribe(&d)
	require.True(t, d.Disposed())
}

func TestUnicast_ReentrantItemsWait(t *testing.T) {
	s := unicast(observable.UnicastOptions{})
	l := &listener[int]{onNext: func(v int) {
		if v < 3 {
			s.OnNext(v + 1)
		}
	}}
	s.Subscribe(context.Background(), l)
	s.OnNext(1)
	s.OnComplete()
	l.heard(t, "1 2 3 |")
}

func TestUnicast_PanickingObserver(t *testing.T) {
	s := unicast(observable.UnicastOptions{})
	emit(s, 1, 2)
	bad := &listener[int]{onNext: func(int) { panic(errSubject) }}
	s.Subscribe(context.Background(), bad)
	s.OnNext(3)
	require.Equal(t, []int{1}, bad.all())
	require.ErrorIs(t, bad.err, errSubject)
	bad.lawful(t)
}
