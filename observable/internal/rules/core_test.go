package rules_test

import (
	"context"
	"errors"
	"iter"
	"maps"
	"testing"
	"time"

	"github.com/quillgo/quill/observable"
	"github.com/quillgo/quill/observable/observabletest"
)

type (
	token  = *observabletest.Token
	stream = observable.Observable[token]
	erased = observable.Observable[any]
)

var errBoom = errors.New("boom")

func erase[T any](o observable.Observable[T]) erased { return observabletest.Erase(o) }

func tokens(n int) []token {
	all := make([]token, n)
	for i := range all {
		all[i] = &observabletest.Token{N: 100 + i}
	}
	return all
}

// TestRules_Operators puts every operator through the contract. An operator of
// several streams has an entry for each place that the upstream can have.
func TestRules_Operators(t *testing.T) {
	for _, op := range operators {
		observabletest.Contract(t, op)
	}
}

// TestRules_Sources is the same for every source.
func TestRules_Sources(t *testing.T) {
	for _, src := range sources {
		observabletest.SourceContract(t, src)
	}
}

var operators = []observabletest.Operator[token]{
	// create.go
	{Name: "Defer", Hook: observabletest.PerSubscription, Apply: func(up stream, hook func()) erased {
		return erase(observable.Defer(func(context.Context) stream { hook(); return up }))
	}},

	// shield.go, observable.go
	{Name: "New", Apply: func(up stream, _ func()) erased { return erase(observable.New(up.Source())) }},
	{Name: "NewUnsafe", Apply: func(up stream, _ func()) erased { return erase(observable.NewUnsafe(up.Source())) }},

	// transform.go
	{Name: "Map", Hook: observabletest.PerItem, Apply: func(up stream, hook func()) erased {
		return erase(observable.Map(up, func(v token) token { hook(); return v }))
	}},
	{Name: "MapErr", Hook: observabletest.PerItem, Apply: func(up stream, hook func()) erased {
		return erase(observable.MapErr(up, func(_ context.Context, v token) (token, error) { hook(); return v, nil }))
	}},
	{Name: "MapErr failing", Hook: observabletest.PerItem, Needs: observabletest.AtEnd, Recovers: true, Apply: func(up stream, hook func()) erased {
		return erase(observable.MapErr(up, func(_ context.Context, v token) (token, error) { hook(); return v, errBoom }))
	}, Exempt: map[string]string{
		"C9 a Goexit that passes by fails the stream once":      "it has failed before",
		"C9 a panic below is not put down to the operator":      "nothing gets below it but the error",
		"C19 zero values are items":                             "it fails by design",
		"C20 the context ends while a synchronous source emits": "it has failed before",
	}},
	{Name: "Scan", Hook: observabletest.PerItem, Apply: func(up stream, hook func()) erased {
		return erase(observable.Scan(up, nil, func(_ token, v token) token { hook(); return v }))
	}, Exempt: map[string]string{
		"C5 C6 Take(1) behind stops a synchronous source":     "the first item is the seed",
		"C5 dispose inside OnNext stops a synchronous source": "the first item is the seed",
	}},

	// filter.go
	{Name: "Filter", Hook: observabletest.PerItem, Apply: func(up stream, hook func()) erased {
		return erase(up.Filter(func(token) bool { hook(); return true }))
	}},
	{Name: "Filter dropping", Hook: observabletest.PerItem, Needs: observabletest.AtEnd, Apply: func(up stream, hook func()) erased {
		return erase(up.Filter(func(token) bool { hook(); return false }))
	}},
	{Name: "Take", Apply: func(up stream, _ func()) erased { return erase(up.Take(2)) }},
	{Name: "Take(1)", Apply: func(up stream, _ func()) erased { return erase(up.Take(1)) },
		Exempt: map[string]string{
			"C20 the context ends while a synchronous source emits": "it has completed before",
		}},
	{Name: "TakeUntil", Hook: observabletest.PerItem, Apply: func(up stream, hook func()) erased {
		return erase(up.TakeUntil(func(v token) bool { hook(); return v != nil && v.N == 3 }))
	}},

	// flatten.go
	{Name: "FlatMap scalar", Hook: observabletest.PerItem, Apply: func(up stream, hook func()) erased {
		return erase(observable.FlatMap(up, func(v token) stream { hook(); return observable.Just(v) }, observable.Unlimited))
	}},
	{Name: "FlatMap outer", Hook: observabletest.PerItem, Apply: func(up stream, hook func()) erased {
		return erase(observable.FlatMap(up, func(v token) stream { hook(); return observable.Just(v, v) }, observable.Unlimited))
	}},
	{Name: "FlatMap outer limit 1", Hook: observabletest.PerItem, Apply: func(up stream, hook func()) erased {
		return erase(observable.FlatMap(up, func(v token) stream { hook(); return observable.Just(v, v) }, 1))
	}},
	{Name: "FlatMap inner", Apply: func(up stream, _ func()) erased {
		return erase(observable.FlatMap(observable.Range(0, 2), func(int) stream { return up }, observable.Unlimited))
	}},
	{Name: "FlatMap inner limit 1", Apply: func(up stream, _ func()) erased {
		return erase(observable.FlatMap(observable.Range(0, 2), func(int) stream { return up }, 1))
	}},
	{Name: "Merge", Apply: func(up stream, _ func()) erased {
		return erase(observable.Merge(up, observable.FromSlice(tokens(2))))
	}},

	// concat.go
	{Name: "ConcatMap scalar", Hook: observabletest.PerItem, Apply: func(up stream, hook func()) erased {
		return erase(observable.ConcatMap(up, func(v token) stream { hook(); return observable.Just(v) }))
	}},
	{Name: "ConcatMap outer", Hook: observabletest.PerItem, Apply: func(up stream, hook func()) erased {
		return erase(observable.ConcatMap(up, func(v token) stream { hook(); return observable.Just(v, v) }))
	}},
	{Name: "ConcatMap inner", Apply: func(up stream, _ func()) erased {
		return erase(observable.ConcatMap(observable.Range(0, 2), func(int) stream { return up }))
	}},
	{Name: "Concat", Apply: func(up stream, _ func()) erased {
		return erase(observable.Concat(up, observable.FromSlice(tokens(2))))
	}},

	// combine.go
	// The first source of a Zip is used up and queued before the second one is
	// subscribed to, if it is synchronous.
	{Name: "Zip2 first", Hook: observabletest.PerItem, Needs: observabletest.AtEnd, Apply: func(up stream, hook func()) erased {
		return erase(observable.Zip2(up, observable.FromSlice(tokens(2)), func(a, _ token) token { hook(); return a }))
	}},
	{Name: "Zip2 second", Hook: observabletest.PerItem, Apply: func(up stream, hook func()) erased {
		return erase(observable.Zip2(observable.FromSlice(tokens(4)), up, func(_, b token) token { hook(); return b }))
	}},
	{Name: "Zip3", Hook: observabletest.PerItem, Apply: func(up stream, hook func()) erased {
		return erase(observable.Zip3(observable.FromSlice(tokens(4)), observable.FromSlice(tokens(3)), up,
			func(_, _, b token) token { hook(); return b }))
	}},
	{Name: "Amb first", Apply: func(up stream, _ func()) erased {
		return erase(observable.Amb(up, observable.Never[token]()))
	}},
	{Name: "Amb second", Apply: func(up stream, _ func()) erased {
		return erase(observable.Amb(observable.Never[token](), up))
	}},

	// recover.go
	{Name: "OnErrorResumeNext", Hook: observabletest.PerError, Recovers: true, Apply: func(up stream, hook func()) erased {
		return erase(up.OnErrorResumeNext(func(error) stream { hook(); return observable.FromSlice(tokens(2)) }))
	}},
	{Name: "OnErrorResumeNext second", Apply: func(up stream, _ func()) erased {
		return erase(observable.Error[token](errBoom).OnErrorResumeNext(func(error) stream { return up }))
	}},
	{Name: "OnErrorReturn", Hook: observabletest.PerError, Recovers: true, Apply: func(up stream, hook func()) erased {
		return erase(up.OnErrorReturn(func(error) token { hook(); return nil }))
	}},
	{Name: "Retry", Recovers: true, Apply: func(up stream, _ func()) erased { return erase(up.Retry(2)) }},

	// until.go
	{Name: "TakeUntilWhen source", Apply: func(up stream, _ func()) erased {
		return erase(observable.TakeUntilWhen(up, observable.Never[int]()))
	}},
	{Name: "TakeUntilWhen other", Needs: observabletest.AtEnd, Apply: func(up stream, _ func()) erased {
		return erase(observable.TakeUntilWhen(observable.Never[int](), up))
	}},

	// retrywhen.go
	{Name: "RetryWhen", Hook: observabletest.PerSubscription, Recovers: true, Apply: func(up stream, hook func()) erased {
		return erase(observable.RetryWhen(up, func(errs observable.Observable[error]) observable.Observable[error] {
			hook()
			return errs.Take(2)
		}))
	}},

	// tap.go. What is called after the end, or on Dispose, has nobody left to fail:
	// see tap_test.go.
	{Name: "DoOnNext", Hook: observabletest.PerItem, Apply: func(up stream, hook func()) erased {
		return erase(up.DoOnNext(func(token) { hook() }))
	}},
	{Name: "DoAfterNext", Hook: observabletest.PerItem, Apply: func(up stream, hook func()) erased {
		return erase(up.DoAfterNext(func(token) { hook() }))
	}},
	{Name: "DoOnError", Hook: observabletest.PerError, Apply: func(up stream, hook func()) erased {
		return erase(up.DoOnError(func(error) { hook() }))
	}},
	{Name: "DoOnComplete", Hook: observabletest.PerCompletion, Apply: func(up stream, hook func()) erased {
		return erase(up.DoOnComplete(hook))
	}},
	{Name: "DoOnTerminate", Hook: observabletest.PerError, Apply: func(up stream, hook func()) erased {
		return erase(up.DoOnTerminate(hook))
	}},
	{Name: "DoAfterTerminate", Apply: func(up stream, _ func()) erased { return erase(up.DoAfterTerminate(func() {})) }},
	{Name: "DoOnSubscribe", Hook: observabletest.PerSubscription, Apply: func(up stream, hook func()) erased {
		return erase(up.DoOnSubscribe(func(observable.Disposable) { hook() }))
	}},
	{Name: "DoOnDispose", Apply: func(up stream, _ func()) erased { return erase(up.DoOnDispose(func() {})) }},
	{Name: "DoFinally", Apply: func(up stream, _ func()) erased { return erase(up.DoFinally(func() {})) }},

	// delay.go, timeout.go: time is the bubble's
	{Name: "Delay", Async: true, Needs: observabletest.AtEnd, Apply: func(up stream, _ func()) erased {
		return erase(observable.Delay(up, time.Second))
	}},
	{Name: "Timeout", Apply: func(up stream, _ func()) erased { return erase(up.Timeout(2 * time.Minute)) }},
	{Name: "TimeoutFirst", Apply: func(up stream, _ func()) erased { return erase(observable.TimeoutFirst(up, 2*time.Minute)) }},

	// schedule.go
	{Name: "SubscribeOn", Apply: func(up stream, _ func()) erased { return erase(up.SubscribeOn(observable.Go())) }},
	{Name: "SubscribeOn Current", Apply: func(up stream, _ func()) erased { return erase(up.SubscribeOn(observable.Current())) }},
	{Name: "ObserveOn", Async: true, Apply: func(up stream, _ func()) erased {
		return erase(up.ObserveOn(observable.Go(), observable.Unlimited))
	}},
	{Name: "ObserveOn bounded", Async: true, Apply: func(up stream, _ func()) erased {
		return erase(up.ObserveOn(observable.Go(), 2))
	}},
	{Name: "ObserveOn Current", Async: true, Apply: func(up stream, _ func()) erased {
		return erase(up.ObserveOn(observable.Current(), observable.Unlimited))
	}},

	// share.go
	{Name: "Share", Apply: func(up stream, _ func()) erased { return erase(observable.Share(up)) }, Exempt: oneRun},
	{Name: "Publish RefCount", Apply: func(up stream, _ func()) erased {
		return erase(observable.Publish(up).RefCount(1))
	}, Exempt: oneRun},
	{Name: "Replay RefCount", Apply: func(up stream, _ func()) erased {
		return erase(observable.Replay(up, observable.ReplayOptions{Size: 2}).RefCount(1))
	}, Exempt: with(oneRun, map[string]string{
		"C18 no item is held after the end": "the Disposable of an observer leads to what is replayed",
	})},
	{Name: "Cache", Needs: observabletest.AtEnd, Apply: func(up stream, _ func()) erased { return erase(observable.Cache(up)) },
		Exempt: with(oneRun, runsOn)},
}

// oneRun is what does not hold for streams whose subscribers share one run of
// the source.
var oneRun = map[string]string{
	"C12 concurrent subscriptions give the same": "a late subscriber joins the run that is on",
	"C15 subscribing inside OnNext":              "a late subscriber joins the run that is on",
}

// runsOn is what does not hold for a stream that is stored for those to come.
var runsOn = func() map[string]string {
	exempt := make(map[string]string)
	for _, name := range []string{
		"C4 dispose inside OnSubscribe",
		"C4 dispose before upstream calls OnSubscribe",
		"C4 C7 dispose from another goroutine",
		"C7 dispose gives no signal",
		"C9 a panic below is not put down to the operator",
		"C10 a panic of the observer in OnNext",
		"C10 a Goexit of the observer in OnNext",
		"C18 no item is held after the end",
		"C18 no item is held after Dispose",
		"C20 the context ends while upstream waits",
		"C20 the context ends while a synchronous source emits",
	} {
		exempt[name] = "the source runs on, and is stored, for those to come"
	}
	return exempt
}()

// with returns the exemptions of both.
func with(some, more map[string]string) map[string]string {
	all := maps.Clone(some)
	maps.Copy(all, more)
	return all
}

var sources = []observabletest.Source{
	// create.go
	{Name: "Just", Count: 1, Make: func(func()) erased { return erase(observable.Just(1)) }},
	{Name: "Just several", Count: 3, Make: func(func()) erased { return erase(observable.Just(1, 2, 3)) }},
	{Name: "Empty", Make: func(func()) erased { return erase(observable.Empty[int]()) }},
	{Name: "zero value", Make: func(func()) erased { return erase(observable.Observable[int]{}) }},
	{Name: "Error", Fails: true, Make: func(func()) erased { return erase(observable.Error[int](errBoom)) }},
	{Name: "Never", Open: true, Make: func(func()) erased { return erase(observable.Never[int]()) }},
	{Name: "FromSlice", Count: 3, Make: func(func()) erased { return erase(observable.FromSlice([]int{1, 2, 3})) }},
	{Name: "Range", Count: observabletest.Endless, Make: func(func()) erased {
		return erase(observable.Range(0, observabletest.Endless))
	}},
	{Name: "FromSeq", Count: 3, Hook: observabletest.PerItem, Make: func(hook func()) erased {
		return erase(observable.FromSeq(func(yield func(int) bool) {
			for i := range 3 {
				if hook(); !yield(i) {
					return
				}
			}
		}))
	}},
	{Name: "FromSeq2", Count: 3, Fails: true, Hook: observabletest.PerItem, Make: func(hook func()) erased {
		return erase(observable.FromSeq2(iter.Seq2[int, error](func(yield func(int, error) bool) {
			for i := range 3 {
				if hook(); !yield(i, nil) {
					return
				}
			}
			yield(0, errBoom)
		})))
	}},
	{Name: "FromFunc", Count: 1, Hook: observabletest.PerSubscription, Make: func(hook func()) erased {
		return erase(observable.FromFunc(func(context.Context) (int, error) { hook(); return 1, nil }))
	}},
	{Name: "FromFunc failing", Fails: true, Hook: observabletest.PerSubscription, Make: func(hook func()) erased {
		return erase(observable.FromFunc(func(context.Context) (int, error) { hook(); return 0, errBoom }))
	}},
	{Name: "FromChan", Count: 3, Make: func(func()) erased {
		return erase(observable.Defer(func(context.Context) observable.Observable[int] {
			values := make(chan int, 3)
			for i := range 3 {
				values <- i
			}
			close(values)
			return observable.FromChan(values)
		}))
	}},
	{Name: "FromChan waiting", Open: true, Make: func(func()) erased {
		return erase(observable.Defer(func(context.Context) observable.Observable[int] {
			return observable.FromChan(make(chan int))
		}))
	}},
	{Name: "Create", Count: 3, Hook: observabletest.PerItem, Make: func(hook func()) erased {
		return erase(observable.Create(func(_ context.Context, e *observable.Emitter[int]) error {
			for i := range 3 {
				if hook(); !e.Next(i) {
					return nil
				}
			}
			return nil
		}))
	}},
	{Name: "Create failing", Count: 1, Fails: true, Make: func(func()) erased {
		return erase(observable.Create(func(_ context.Context, e *observable.Emitter[int]) error {
			if !e.Next(1) {
				return nil
			}
			return errBoom
		}))
	}},

	// combine.go, flatten.go, concat.go of nothing
	{Name: "Merge of none", Make: func(func()) erased { return erase(observable.Merge[int]()) }},
	{Name: "Concat of none", Make: func(func()) erased { return erase(observable.Concat[int]()) }},
	{Name: "Amb of none", Make: func(func()) erased { return erase(observable.Amb[int]()) }},
	{Name: "Zip2", Count: 2, Make: func(func()) erased {
		return erase(observable.Zip2(observable.Just(1, 2), observable.Just(3, 4), func(a, b int) int { return a + b }))
	}},
	{Name: "TakeUntilWhen", Count: 3, Make: func(func()) erased {
		return erase(observable.TakeUntilWhen(observable.Just(1, 2, 3), observable.Never[int]()))
	}},
	{Name: "Retry", Count: 3, Fails: true, Make: func(func()) erased {
		return erase(observable.Concat(observable.Just(1), observable.Error[int](errBoom)).Retry(2))
	}},
	{Name: "Merge", Count: 2, Make: func(func()) erased { return erase(observable.Merge(observable.Just(1), observable.Just(2))) }},
	{Name: "Scan", Count: 3, Make: func(func()) erased {
		return erase(observable.Scan(observable.Just(1, 2), 0, func(a, b int) int { return a + b }))
	}},

	// time.go: time is the bubble's
	{Name: "Timer", Count: 1, Async: true, Make: func(func()) erased { return erase(observable.Timer(time.Second)) }},
	{Name: "Interval", Count: observabletest.Endless, Async: true, Make: func(func()) erased {
		return erase(observable.Interval(time.Second))
	}},
	{Name: "IntervalAfter", Count: observabletest.Endless, Async: true, Make: func(func()) erased {
		return erase(observable.IntervalAfter(0, time.Second))
	}},

	// subjects
	{Name: "PublishSubject ended", Make: func(func()) erased { return erase(told(observable.NewPublishSubject[int](), true)) }},
	{Name: "PublishSubject", Open: true, Make: func(func()) erased { return erase(told(observable.NewPublishSubject[int](), false)) }},
	{Name: "BehaviorSubject ended", Make: func(func()) erased { return erase(told(observable.NewBehaviorSubject[int](), true)) }},
	{Name: "BehaviorSubject", Count: 1, Open: true, Make: func(func()) erased {
		return erase(told(observable.NewBehaviorSubject[int](), false))
	}},
	{Name: "ReplaySubject ended", Count: 3, Make: func(func()) erased {
		return erase(told(observable.NewReplaySubject[int](observable.ReplayOptions{}), true))
	}},
	{Name: "ReplaySubject", Count: 2, Open: true, Make: func(func()) erased {
		return erase(told(observable.NewReplaySubject[int](observable.ReplayOptions{Size: 2}), false))
	}},
	{Name: "AsyncSubject ended", Count: 1, Make: func(func()) erased { return erase(told(observable.NewAsyncSubject[int](), true)) }},
	{Name: "AsyncSubject", Open: true, Make: func(func()) erased { return erase(told(observable.NewAsyncSubject[int](), false)) }},
	{Name: "UnicastSubject ended", Count: 3, Make: func(func()) erased {
		return erase(observable.Defer(func(context.Context) observable.Observable[int] {
			return told(observable.NewUnicastSubject[int](observable.UnicastOptions{}), true)
		}))
	}},
	{Name: "UnicastSubject", Count: 3, Open: true, Make: func(func()) erased {
		return erase(observable.Defer(func(context.Context) observable.Observable[int] {
			return told(observable.NewUnicastSubject[int](observable.UnicastOptions{}), false)
		}))
	}},
	{Name: "Publish not connected", Open: true, Make: func(func()) erased {
		return erase(observable.Publish(observable.Just(1)).Observable())
	}},
}

// told is a subject that has been told three items, and its end.
func told(s observable.Subject[int], end bool) observable.Observable[int] {
	for i := range 3 {
		s.OnNext(i)
	}
	if end {
		s.OnComplete()
	}
	return s.Observable()
}
