package observable_test

import (
	"context"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/quillgo/quill/observable"
	"github.com/quillgo/quill/observable/observabletest"
)

// attempts is a source that emits the number of the attempt and then fails, but
// for the last attempt, which completes.
func attempts(last int) (o observable.Observable[int], made func() int) {
	n := 0
	return observable.Defer(func(context.Context) observable.Observable[int] {
		n++
		if n == last {
			return observable.Just(n)
		}
		return observable.Concat(observable.Just(n), observable.Error[int](errSubject))
	}), func() int { return n }
}

func passOn(errors observable.Observable[error]) observable.Observable[error] { return errors }

func TestRetryWhen_HandlersStreamDecides(t *testing.T) {
	type handler = func(observable.Observable[error]) observable.Observable[int]
	toInt := func(errors observable.Observable[error]) observable.Observable[int] {
		return observable.Map(errors, func(error) int { return 0 })
	}
	for _, c := range []struct {
		name   string
		handle handler
		want   string
		made   int
	}{
		{"each error again", toInt, "1 2 3 |", 3},
		{"completes at once: never subscribed", func(observable.Observable[error]) observable.Observable[int] {
			return observable.Empty[int]()
		}, "|", 0},
		{"fails at once: never subscribed", func(observable.Observable[error]) observable.Observable[int] {
			return observable.Error[int](errSubject)
		}, "# boom", 0},
		{"never answers", func(observable.Observable[error]) observable.Observable[int] {
			return observable.Never[int]()
		}, "1", 1},
		{"gives up", func(errors observable.Observable[error]) observable.Observable[int] {
			return toInt(errors).Take(1)
		}, "1 |", 1},
		{"gives up at the second", func(errors observable.Observable[error]) observable.Observable[int] {
			return toInt(errors).Take(2)
		}, "1 2 |", 2},
		{"fails with the error", func(errors observable.Observable[error]) observable.Observable[int] {
			return observable.FlatMap(errors, observable.Error[int], observable.Unlimited)
		}, "1 # boom", 1},
		{"panics inside its stream", func(errors observable.Observable[error]) observable.Observable[int] {
			return observable.Map(errors, func(error) int { panic("no") })
		}, "1 # observable: user function panicked: no", 1},
		{"panics", func(observable.Observable[error]) observable.Observable[int] {
			panic("no")
		}, "# observable: user function panicked: no", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			o, made := attempts(3)
			listen(observable.RetryWhen(o, c.handle)).heard(t, c.want)
			require.Equal(t, c.made, made())
		})
	}
}

func TestRetryWhen_SubscribedTwiceIsTheSame(t *testing.T) {
	calls := 0
	o := observable.RetryWhen(observable.Error[int](errSubject), func(errors observable.Observable[error]) observable.Observable[error] {
		calls++
		return errors.Take(2)
	})
	listen(o).heard(t, "|")
	listen(o).heard(t, "|")
	require.Equal(t, 2, calls, "C12: handle is called for each subscription")
}

func TestRetryWhen_ItemsWhileTheSourceRunsDoNothing(t *testing.T) {
	source := observable.NewPublishSubject[int]()
	again := observable.NewPublishSubject[int]()
	subscribed := 0
	o := observable.Defer(func(context.Context) observable.Observable[int] {
		subscribed++
		return source.Observable()
	})
	l := listen(observable.RetryWhen(o, func(observable.Observable[error]) observable.Observable[int] {
		return again.Observable()
	}))
	again.OnNext(1)
	again.OnNext(1)
	require.Equal(t, 1, subscribed)
	source.OnNext(1)
	require.True(t, source.HasObservers())
	again.OnComplete()
	require.False(t, source.HasObservers(), "C6")
	l.heard(t, "1 |")
}

func TestRetryWhen_HandlersErrorStopsTheSource(t *testing.T) {
	source := observable.NewPublishSubject[int]()
	again := observable.NewPublishSubject[int]()
	l := listen(observable.RetryWhen(source.Observable(), func(observable.Observable[error]) observable.Observable[int] {
		return again.Observable()
	}))
	source.OnNext(1)
	again.OnError(errSubject)
	require.False(t, source.HasObservers())
	l.heard(t, "1 # boom")
}

func TestRetryWhen_SourcesEndStopsTheHandler(t *testing.T) {
	source := observable.NewPublishSubject[int]()
	again := observable.NewPublishSubject[int]()
	l := listen(observable.RetryWhen(source.Observable(), func(observable.Observable[error]) observable.Observable[int] {
		return again.Observable()
	}))
	source.OnComplete()
	require.False(t, again.HasObservers())
	l.heard(t, "|")
}

func TestRetryWhen_DisposeStopsBoth(t *testing.T) {
	source := observable.NewPublishSubject[int]()
	again := observable.NewPublishSubject[int]()
	l := listen(observable.RetryWhen(source.Observable(), func(observable.Observable[error]) observable.Observable[int] {
		return again.Observable()
	}))
	l.dispose()
	require.False(t, source.HasObservers())
	require.False(t, again.HasObservers())
	require.True(t, l.d.Disposed())
	l.heard(t, "")
}

func TestRetryWhen_NaturalEndIsNotDisposed(t *testing.T) {
	l := listen(observable.RetryWhen(observable.Just(1), passOn))
	l.heard(t, "1 |")
	require.False(t, l.d.Disposed(), "C4")
}

// C16: synchronous source, synchronous handler: a loop.
func TestRetryWhen_ManyAttemptsDoNotDeepenTheStack(t *testing.T) {
	const n = 20_000
	depth := 0
	o, made := attempts(n)
	o = o.Filter(func(int) bool {
		if made()%5000 == 0 {
			depth = max(depth, runtime.Callers(0, make([]uintptr, 1000)))
		}
		return true
	})
	l := listen(observable.RetryWhen(o, passOn))
	require.Len(t, l.all(), n)
	require.Equal(t, 1, l.ends)
	require.Less(t, depth, 100)
}

func TestRetryWhen_Backoff(t *testing.T) {
	clk := observabletest.NewVirtualScheduler()
	o, made := attempts(4)
	l := listen(observable.RetryWhen(o, func(errors observable.Observable[error]) observable.Observable[int] {
		waits := observable.Zip2(errors, observable.Range(1, 2), func(_ error, i int) time.Duration {
			return time.Duration(i) * time.Second
		})
		return observable.FlatMap(waits, func(d time.Duration) observable.Observable[int] {
			return observable.Timer(d, clk)
		}, observable.Unlimited)
	}))
	l.heard(t, "1")
	clk.AdvanceBy(time.Second)
	l.heard(t, "1 2")
	clk.AdvanceBy(2*time.Second - 1)
	require.Equal(t, 2, made())
	clk.AdvanceBy(1)
	l.heard(t, "1 2 3 |")
	require.Equal(t, 0, clk.Pending())
}

func TestRetryWhen_EndedContextStopsTheLoop(t *testing.T) {
	ctx, cancel := context.WithCancelCause(context.Background())
	n := 0
	o := observable.Defer(func(context.Context) observable.Observable[int] {
		if n++; n == 3 {
			cancel(errSubject)
		}
		return observable.Error[int](context.DeadlineExceeded)
	})
	l := new(listener[int])
	observable.RetryWhen(o, passOn).Source().Subscribe(ctx, l) // nobody watches ctx
	l.heard(t, "# boom")
	require.Equal(t, 3, n)
}

func TestRetryWhen_PanicBelowEndsEverything(t *testing.T) {
	o, made := attempts(5)
	bad := &listener[int]{onNext: func(v int) {
		if v == 2 {
			panic(errSubject)
		}
	}}
	observable.RetryWhen(o, passOn).Subscribe(context.Background(), bad)
	require.ErrorIs(t, bad.err, errSubject)
	require.Equal(t, []int{1, 2}, bad.all())
	require.Equal(t, 2, made())
	bad.lawful(t)
}

func TestRetryWhen_GoexitIsTold(t *testing.T) {
	for name, handle := range map[string]func(observable.Observable[error]) observable.Observable[error]{
		"in handle": func(observable.Observable[error]) observable.Observable[error] {
			runtime.Goexit()
			return observable.Empty[error]()
		},
		"in its stream": func(errors observable.Observable[error]) observable.Observable[error] {
			return errors.Filter(func(error) bool { runtime.Goexit(); return true })
		},
	} {
		t.Run(name, func(t *testing.T) {
			l := new(listener[int])
			aside(func() {
				observable.RetryWhen(observable.Error[int](errSubject), handle).Subscribe(context.Background(), l)
			})
			l.heard(t, "# "+observable.ErrGoexit.Error())
		})
	}
}

func TestRetryWhen_RefusesNil(t *testing.T) {
	refuses(t, func() { observable.RetryWhen[int, int](observable.Just(1), nil) })
}
