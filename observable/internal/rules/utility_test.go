package rules_test

import (
	"context"
	"testing"

	"github.com/quillgo/quill/observable"
	"github.com/quillgo/quill/observable/observabletest"
)

// TestRules_Utility puts the operators that recover, repeat, watch, share, free
// and drop through the contract.
func TestRules_Utility(t *testing.T) {
	for _, op := range utilityOperators {
		observabletest.Contract(t, op)
	}
}

// TestRules_UtilitySources is the same for sources with a function.
func TestRules_UtilitySources(t *testing.T) {
	for _, src := range utilitySources {
		observabletest.SourceContract(t, src)
	}
}

func twoTokens() stream { return observable.FromSlice(tokens(2)) }

func acquired(context.Context) (int, error) { return 1, nil }
func releasing(int) error                   { return nil }

// busyDrops is what does not hold for an operator that drops what comes while its
// observer is busy.
var busyDrops = map[string]string{
	"C15 subscribing inside OnNext": "the outer observer is busy with the inner subscription",
}

var utilityOperators = []observabletest.Operator[token]{
	// recover.go
	{Name: "OnErrorResumeWith", Recovers: true, Apply: func(up stream, _ func()) erased {
		return erase(observable.OnErrorResumeWith(up, twoTokens()))
	}},
	{Name: "OnErrorResumeWith second", Apply: func(up stream, _ func()) erased {
		return erase(observable.OnErrorResumeWith(observable.Error[token](errBoom), up))
	}},
	{Name: "OnErrorReturnItem", Recovers: true, Apply: func(up stream, _ func()) erased {
		return erase(observable.OnErrorReturnItem(up, nil))
	}},
	{Name: "OnErrorComplete", Recovers: true, Apply: func(up stream, _ func()) erased {
		return erase(observable.OnErrorComplete(up))
	}},
	{Name: "OnErrorComplete when", Hook: observabletest.PerError, Apply: func(up stream, hook func()) erased {
		return erase(observable.OnErrorComplete(up, func(error) bool { hook(); return false }))
	}},

	// retry.go, repeat.go, repeatwhen.go
	{Name: "RetryIf", Hook: observabletest.PerError, Apply: func(up stream, hook func()) erased {
		return erase(observable.RetryIf(up, 2, func(error) bool { hook(); return false }))
	}},
	{Name: "RetryBy", Hook: observabletest.PerError, Recovers: true, Apply: func(up stream, hook func()) erased {
		return erase(observable.RetryBy(up, func(failures int, _ error) bool { hook(); return failures < 3 }))
	}},
	{Name: "RetryUntil", Hook: observabletest.PerError, Apply: func(up stream, hook func()) erased {
		return erase(observable.RetryUntil(up, func() bool { hook(); return true }))
	}},
	{Name: "Repeat", Apply: func(up stream, _ func()) erased { return erase(up.Repeat(2)) }},
	{Name: "RepeatUntil", Hook: observabletest.PerCompletion, Apply: func(up stream, hook func()) erased {
		return erase(observable.RepeatUntil(up, func() bool { hook(); return true }))
	}},
	{Name: "RepeatWhen", Hook: observabletest.PerSubscription, Apply: func(up stream, hook func()) erased {
		return erase(observable.RepeatWhen(up, func(completions observable.Observable[int]) observable.Observable[int] {
			hook()
			return completions.Take(2)
		}))
	}},

	// tap.go
	{Name: "DoOnEach", Hook: observabletest.PerItem, Apply: func(up stream, hook func()) erased {
		return erase(observable.DoOnEach(up, func(n observable.Notification[token]) {
			if n.Kind == observable.SignalNext {
				hook()
			}
		}))
	}},
	{Name: "DoOnLifecycle", Hook: observabletest.PerSubscription, Apply: func(up stream, hook func()) erased {
		return erase(observable.DoOnLifecycle(up, func(observable.Disposable) { hook() }, func() {}))
	}},

	// using.go, serialize.go, schedule_observe.go
	{Name: "Using", Hook: observabletest.PerSubscription, Apply: func(up stream, hook func()) erased {
		return erase(observable.Using(acquired, func(int) stream { hook(); return up }, releasing))
	}},
	{Name: "UsingLazy", Hook: observabletest.PerSubscription, Apply: func(up stream, hook func()) erased {
		return erase(observable.UsingLazy(acquired, func(int) stream { hook(); return up }, releasing))
	}},
	{Name: "Serialize", Apply: func(up stream, _ func()) erased { return erase(observable.Serialize(up)) }},
	{Name: "ObserveOnDelayError", Async: true, Apply: func(up stream, _ func()) erased {
		return erase(observable.ObserveOnDelayError(up, observable.Go(), observable.Unlimited))
	}},

	// multicast.go
	{Name: "PublishBy", Hook: observabletest.PerSubscription, Apply: func(up stream, hook func()) erased {
		return erase(observable.PublishBy(up, func(shared stream) stream { hook(); return shared }))
	}},
	{Name: "ReplayBy", Hook: observabletest.PerSubscription, Apply: func(up stream, hook func()) erased {
		return erase(observable.ReplayBy(up, func(shared stream) stream { hook(); return shared }, observable.ReplayOptions{Size: 2}))
	}},

	// groupby.go
	{Name: "GroupByValueDelayError", Hook: observabletest.PerItem, Apply: func(up stream, hook func()) erased {
		return grouped2(observable.GroupByValueDelayError(up, parity, func(v token) token { return hookedItem(v, hook) }))
	}, Exempt: stillOpen},

	// math.go, collect.go, sorted.go
	{Name: "Sum", Needs: observabletest.AtEnd, Apply: func(up stream, _ func()) erased {
		return erase(observable.Sum(observable.Map(up, tokenNumber)))
	}},
	{Name: "Average", Needs: observabletest.AtEnd, Apply: func(up stream, _ func()) erased {
		return erase(observable.Average(observable.Map(up, tokenNumber)))
	}},
	{Name: "Min", Needs: observabletest.AtEnd, Apply: func(up stream, _ func()) erased {
		return erase(observable.Min(observable.Map(up, tokenNumber)))
	}},
	{Name: "Max", Needs: observabletest.AtEnd, Apply: func(up stream, _ func()) erased {
		return erase(observable.Max(observable.Map(up, tokenNumber)))
	}},
	{Name: "ToMapValue", Hook: observabletest.PerItem, Needs: observabletest.AtEnd, Apply: func(up stream, hook func()) erased {
		return erase(observable.ToMapValue(up, tokenNumber, func(v token) token { return hookedItem(v, hook) }))
	}},
	{Name: "ToMultimap", Hook: observabletest.PerItem, Needs: observabletest.AtEnd, Apply: func(up stream, hook func()) erased {
		return erase(observable.ToMultimap(up, func(v token) int { hook(); return tokenNumber(v) }))
	}},
	{Name: "ToSortedList", Needs: observabletest.AtEnd, Apply: func(up stream, _ func()) erased {
		return erase(observable.ToSortedList(observable.Map(up, tokenNumber)))
	}},

	// overflow.go, overflow_dropped.go
	{Name: "OnBackpressureBuffer", Async: true, Apply: func(up stream, _ func()) erased {
		return erase(observable.OnBackpressureBuffer(up, 1000, observable.OverflowError))
	}},
	{Name: "OnBackpressureBuffer overflowing", Async: true, Recovers: true, Apply: func(up stream, _ func()) erased {
		return erase(observable.OnBackpressureBuffer(up, 1, observable.OverflowError))
	}, Exempt: busyDrops},
	{Name: "OnBackpressureBuffer dropping the oldest", Async: true, Apply: func(up stream, _ func()) erased {
		return erase(observable.OnBackpressureBuffer(up, 1, observable.OverflowDropOldest))
	}, Exempt: busyDrops},
	{Name: "OnBackpressureDrop", Async: true, Apply: func(up stream, _ func()) erased {
		return erase(observable.OnBackpressureDrop(up))
	}, Exempt: busyDrops},
	{Name: "OnBackpressureLatest", Async: true, Apply: func(up stream, _ func()) erased {
		return erase(observable.OnBackpressureLatest(up))
	}, Exempt: busyDrops},
	{Name: "OnBackpressureBufferFunc overflowing", Async: true, Recovers: true, Apply: func(up stream, _ func()) erased {
		return erase(observable.OnBackpressureBufferFunc(up, 1, observable.OverflowError, func(token) {}))
	}, Exempt: busyDrops},
	{Name: "OnBackpressureBufferFunc", Async: true, Apply: func(up stream, _ func()) erased {
		return erase(observable.OnBackpressureBufferFunc(up, 1, observable.OverflowDropLatest, func(token) {}))
	}, Exempt: busyDrops},
	{Name: "OnBackpressureDropFunc", Async: true, Apply: func(up stream, _ func()) erased {
		return erase(observable.OnBackpressureDropFunc(up, func(token) {}))
	}, Exempt: busyDrops},
	{Name: "OnBackpressureLatestFunc", Async: true, Apply: func(up stream, _ func()) erased {
		return erase(observable.OnBackpressureLatestFunc(up, func(token) {}))
	}, Exempt: busyDrops},
}

var utilitySources = []observabletest.Source{
	// create_func.go
	{Name: "FromAction", Hook: observabletest.PerSubscription, Make: func(hook func()) erased {
		return erase(observable.FromAction[int](func(context.Context) error { hook(); return nil }))
	}},
	{Name: "FromAction failing", Fails: true, Hook: observabletest.PerSubscription, Make: func(hook func()) erased {
		return erase(observable.FromAction[int](func(context.Context) error { hook(); return errBoom }))
	}},

	// generate.go
	{Name: "Generate", Count: 3, Hook: observabletest.PerItem, Make: func(hook func()) erased {
		return erase(observable.Generate(func() int { return 1 }, func(n int, g *observable.Generator[int]) int {
			hook()
			g.Next(n)
			if n == 3 {
				g.Complete()
			}
			return n + 1
		}, func(int) {}))
	}},
	{Name: "Generate endless", Count: observabletest.Endless, Make: func(func()) erased {
		return erase(observable.Generate(func() int { return 1 }, func(n int, g *observable.Generator[int]) int {
			g.Next(n)
			return n + 1
		}, nil))
	}},
	{Name: "Generate failing", Fails: true, Hook: observabletest.PerSubscription, Make: func(hook func()) erased {
		return erase(observable.Generate(func() int { hook(); return 1 }, func(n int, g *observable.Generator[int]) int {
			g.Error(errBoom)
			return n
		}, nil))
	}},
}
