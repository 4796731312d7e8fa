package rules_test

import (
	"math"
	"testing"
	"time"

	"github.com/quillgo/quill/observable"
	"github.com/quillgo/quill/observable/observabletest"
)

// TestRules_Filter puts the operators that filter, transform and aggregate
// through the contract.
func TestRules_Filter(t *testing.T) {
	for _, op := range filterOperators {
		observabletest.Contract(t, op)
	}
}

// TestRules_FilterSources is the same for those that come down to a source.
func TestRules_FilterSources(t *testing.T) {
	for _, src := range filterSources {
		observabletest.SourceContract(t, src)
	}
}

// failsByDesign is what does not hold for an operator that only fails.
var failsByDesign = map[string]string{
	"C9 a panic below is not put down to the operator":      "nothing gets below it but the error",
	"C9 a Goexit that passes by fails the stream once":      "it has failed before",
	"C19 zero values are items":                             "it fails by design",
	"C20 the context ends while a synchronous source emits": "it has failed before",
}

func hookedItem(v token, hook func()) token {
	hook()
	return v
}

// tokenNumber is a key of v.
func tokenNumber(v token) int {
	if v == nil {
		return -1
	}
	return v.N
}

var filterOperators = []observabletest.Operator[token]{
	// transform.go, cast.go, scan.go
	{Name: "FilterMap", Hook: observabletest.PerItem, Apply: func(up stream, hook func()) erased {
		return erase(observable.FilterMap(up, func(v token) (token, bool) { return hookedItem(v, hook), true }))
	}},
	{Name: "FilterMap dropping", Hook: observabletest.PerItem, Needs: observabletest.AtEnd, Apply: func(up stream, hook func()) erased {
		return erase(observable.FilterMap(up, func(v token) (token, bool) { return hookedItem(v, hook), false }))
	}},
	{Name: "OfType", Apply: func(up stream, _ func()) erased { return erase(observable.OfType[token](up)) }},
	{Name: "Cast", Apply: func(up stream, _ func()) erased { return erase(observable.Cast[any](up)) }},
	{Name: "Cast failing", Needs: observabletest.AtEnd, Recovers: true, Apply: func(up stream, _ func()) erased {
		return erase(observable.Cast[int](up))
	}, Exempt: failsByDesign},
	{Name: "ScanNoSeed", Hook: observabletest.PerItem, Apply: func(up stream, hook func()) erased {
		return erase(observable.ScanNoSeed(up, func(_, v token) token { return hookedItem(v, hook) }))
	}},
	{Name: "ScanWith", Hook: observabletest.PerSubscription, Apply: func(up stream, hook func()) erased {
		return erase(observable.ScanWith(up, func() token { return hookedItem(nil, hook) }, func(_, v token) token { return v }))
	}, Exempt: map[string]string{
		"C5 C6 Take(1) behind stops a synchronous source":     "the first item is the seed",
		"C5 dispose inside OnNext stops a synchronous source": "the first item is the seed",
	}},
	{Name: "Pairwise", Needs: 2, Apply: func(up stream, _ func()) erased { return erase(observable.Pairwise(up)) }},

	// filter.go, takewhile.go, takelast.go, until.go
	{Name: "IgnoreElements", Needs: observabletest.AtEnd, Apply: func(up stream, _ func()) erased {
		return erase(observable.IgnoreElements(up))
	}},
	{Name: "TakeWhile", Hook: observabletest.PerItem, Apply: func(up stream, hook func()) erased {
		return erase(up.TakeWhile(func(v token) bool { hook(); return v == nil || v.N < 2 }))
	}},
	{Name: "TakeLast", Needs: observabletest.AtEnd, Apply: func(up stream, _ func()) erased { return erase(observable.TakeLast(up, 2)) }},
	{Name: "TakeLast(0)", Needs: observabletest.AtEnd, Apply: func(up stream, _ func()) erased { return erase(observable.TakeLast(up, 0)) }},
	{Name: "TakeLastTime", Needs: observabletest.AtEnd, Apply: func(up stream, _ func()) erased {
		return erase(observable.TakeLastTime(up, time.Hour, observable.TakeLastOptions{Count: 2}))
	}},
	{Name: "TakeLastTime delaying errors", Needs: observabletest.AtEnd, Apply: func(up stream, _ func()) erased {
		return erase(observable.TakeLastTime(up, time.Hour, observable.TakeLastOptions{DelayError: true}))
	}},
	{Name: "TakeTime", Apply: func(up stream, _ func()) erased { return erase(observable.TakeTime(up, 2*time.Hour)) }},

	// skip.go, skiplast.go, skipuntil.go
	{Name: "Skip", Needs: 2, Apply: func(up stream, _ func()) erased { return erase(up.Skip(1)) }},
	{Name: "Skip(0)", Apply: func(up stream, _ func()) erased { return erase(up.Skip(0)) }},
	{Name: "SkipWhile", Hook: observabletest.PerItem, Apply: func(up stream, hook func()) erased {
		return erase(up.SkipWhile(func(token) bool { hook(); return false }))
	}},
	{Name: "SkipLast", Needs: 2, Apply: func(up stream, _ func()) erased { return erase(observable.SkipLast(up, 1)) }},
	{Name: "SkipLastTime", Apply: func(up stream, _ func()) erased { return erase(observable.SkipLastTime(up, 0)) }},
	{Name: "SkipLastTime dropping", Needs: observabletest.AtEnd, Apply: func(up stream, _ func()) erased {
		return erase(observable.SkipLastTime(up, time.Hour))
	}},
	{Name: "SkipLastTimeDelayError", Apply: func(up stream, _ func()) erased {
		return erase(observable.SkipLastTimeDelayError(up, 0))
	}},
	{Name: "SkipUntilWhen open", Apply: func(up stream, _ func()) erased {
		return erase(observable.SkipUntilWhen(up, observable.Empty[int]()))
	}},
	{Name: "SkipUntilWhen skipping", Needs: observabletest.AtEnd, Apply: func(up stream, _ func()) erased {
		return erase(observable.SkipUntilWhen(up, observable.Never[int]()))
	}},
	{Name: "SkipUntilWhen other", Async: true, Needs: observabletest.AtEnd, Apply: func(up stream, _ func()) erased {
		return erase(observable.SkipUntilWhen(observable.Timer(30*time.Second), up))
	}},
	{Name: "SkipTime", Needs: observabletest.AtEnd, Apply: func(up stream, _ func()) erased {
		return erase(observable.SkipTime(up, 2*time.Hour))
	}},

	// distinct.go
	{Name: "Distinct", Apply: func(up stream, _ func()) erased { return erase(observable.Distinct(up)) }, Exempt: onlyNew},
	{Name: "DistinctBy", Hook: observabletest.PerItem, Apply: func(up stream, hook func()) erased {
		return erase(observable.DistinctBy(up, func(v token) token { return hookedItem(v, hook) }))
	}, Exempt: onlyNew},
	{Name: "DistinctUntilChanged", Apply: func(up stream, _ func()) erased {
		return erase(observable.DistinctUntilChanged(up))
	}, Exempt: onlyNew},
	{Name: "DistinctUntilChangedBy", Hook: observabletest.PerItem, Apply: func(up stream, hook func()) erased {
		return erase(observable.DistinctUntilChangedBy(up, func(v token) token { return hookedItem(v, hook) }))
	}, Exempt: onlyNew},
	{Name: "DistinctUntilChangedFunc", Hook: observabletest.PerItem, Apply: func(up stream, hook func()) erased {
		return erase(observable.DistinctUntilChangedFunc(up, func(token, token) bool { hook(); return false }))
	}},

	// element.go
	{Name: "ElementAt", Needs: 2, Apply: func(up stream, _ func()) erased { return erase(observable.ElementAt(up, 1)) }},
	{Name: "ElementAtOr", Needs: observabletest.AtEnd, Apply: func(up stream, _ func()) erased {
		return erase(observable.ElementAtOr(up, math.MaxInt, nil))
	}},
	{Name: "ElementAtOrError", Needs: observabletest.AtEnd, Apply: func(up stream, _ func()) erased {
		return erase(observable.ElementAtOrError(up, math.MaxInt))
	}, Exempt: failsByDesign},
	{Name: "FirstElement", Apply: func(up stream, _ func()) erased { return erase(observable.FirstElement(up)) }},
	{Name: "FirstOr", Apply: func(up stream, _ func()) erased { return erase(observable.FirstOr(up, nil)) }},
	{Name: "FirstOrError", Apply: func(up stream, _ func()) erased { return erase(observable.FirstOrError(up)) }},
	{Name: "LastElement", Needs: observabletest.AtEnd, Apply: func(up stream, _ func()) erased {
		return erase(observable.LastElement(up))
	}},
	{Name: "LastOr", Needs: observabletest.AtEnd, Apply: func(up stream, _ func()) erased { return erase(observable.LastOr(up, nil)) }},
	{Name: "LastOrError", Needs: observabletest.AtEnd, Apply: func(up stream, _ func()) erased {
		return erase(observable.LastOrError(up))
	}},
	{Name: "SingleElement", Needs: observabletest.AtEnd, Recovers: true, Apply: func(up stream, _ func()) erased {
		return erase(observable.SingleElement(up))
	}, Exempt: failsByDesign},
	{Name: "SingleOr", Needs: observabletest.AtEnd, Recovers: true, Apply: func(up stream, _ func()) erased {
		return erase(observable.SingleOr(up, nil))
	}, Exempt: failsByDesign},
	{Name: "SingleOrError", Needs: observabletest.AtEnd, Recovers: true, Apply: func(up stream, _ func()) erased {
		return erase(observable.SingleOrError(up))
	}, Exempt: failsByDesign},

	// condition.go
	{Name: "All", Hook: observabletest.PerItem, Needs: observabletest.AtEnd, Apply: func(up stream, hook func()) erased {
		return erase(observable.All(up, func(token) bool { hook(); return true }))
	}},
	{Name: "Any", Hook: observabletest.PerItem, Apply: func(up stream, hook func()) erased {
		return erase(observable.Any(up, func(token) bool { hook(); return true }))
	}},
	{Name: "Contains", Needs: observabletest.AtEnd, Apply: func(up stream, _ func()) erased {
		return erase(observable.Contains(up, &observabletest.Token{}))
	}},
	{Name: "IsEmpty", Apply: func(up stream, _ func()) erased { return erase(observable.IsEmpty(up)) }},
	{Name: "DefaultIfEmpty", Apply: func(up stream, _ func()) erased { return erase(up.DefaultIfEmpty(nil)) }},
	{Name: "DefaultIfEmpty of nothing", Needs: observabletest.AtEnd, Apply: func(up stream, _ func()) erased {
		return erase(observable.IgnoreElements(up).DefaultIfEmpty(nil))
	}},
	{Name: "SwitchIfEmpty", Apply: func(up stream, _ func()) erased {
		return erase(up.SwitchIfEmpty(observable.FromSlice(tokens(2))))
	}},
	{Name: "SwitchIfEmpty of nothing", Needs: observabletest.AtEnd, Apply: func(up stream, _ func()) erased {
		return erase(observable.IgnoreElements(up).SwitchIfEmpty(observable.FromSlice(tokens(2))))
	}},
	{Name: "SwitchIfEmpty other", Apply: func(up stream, _ func()) erased {
		return erase(observable.Empty[token]().SwitchIfEmpty(up))
	}},

	// reduce.go, collect.go, sorted.go
	{Name: "Reduce", Hook: observabletest.PerItem, Needs: observabletest.AtEnd, Apply: func(up stream, hook func()) erased {
		return erase(observable.Reduce(up, func(_, v token) token { return hookedItem(v, hook) }))
	}},
	{Name: "ReduceSeed", Hook: observabletest.PerItem, Needs: observabletest.AtEnd, Apply: func(up stream, hook func()) erased {
		return erase(observable.ReduceSeed(up, nil, func(_, v token) token { return hookedItem(v, hook) }))
	}},
	{Name: "ReduceWith", Hook: observabletest.PerSubscription, Needs: observabletest.AtEnd, Apply: func(up stream, hook func()) erased {
		return erase(observable.ReduceWith(up, func() token { return hookedItem(nil, hook) }, func(_, v token) token { return v }))
	}},
	{Name: "Collect", Hook: observabletest.PerItem, Needs: observabletest.AtEnd, Apply: func(up stream, hook func()) erased {
		return erase(observable.Collect(up, func() map[int]bool { return make(map[int]bool) },
			func(all map[int]bool, v token) { all[tokenNumber(hookedItem(v, hook))] = true }))
	}},
	{Name: "Count", Needs: observabletest.AtEnd, Apply: func(up stream, _ func()) erased { return erase(observable.Count(up)) }},
	{Name: "ToList", Needs: observabletest.AtEnd, Apply: func(up stream, _ func()) erased { return erase(observable.ToList(up)) }},
	{Name: "ToMap", Hook: observabletest.PerItem, Needs: observabletest.AtEnd, Apply: func(up stream, hook func()) erased {
		return erase(observable.ToMap(up, func(v token) int { return tokenNumber(hookedItem(v, hook)) }))
	}},
	{Name: "ToMultimapValue", Hook: observabletest.PerItem, Needs: observabletest.AtEnd, Apply: func(up stream, hook func()) erased {
		return erase(observable.ToMultimapValue(up, tokenNumber, func(v token) token { return hookedItem(v, hook) }))
	}},
	{Name: "SortedFunc", Hook: observabletest.PerCompletion, Needs: observabletest.AtEnd, Apply: func(up stream, hook func()) erased {
		return erase(observable.SortedFunc(up, func(token, token) int { hook(); return 0 }))
	}},
	{Name: "ToSortedListFunc", Hook: observabletest.PerCompletion, Needs: observabletest.AtEnd, Apply: func(up stream, hook func()) erased {
		return erase(observable.ToSortedListFunc(up, func(token, token) int { hook(); return 0 }))
	}},

	// notification.go, stamp.go
	{Name: "Materialize", Recovers: true, Apply: func(up stream, _ func()) erased { return erase(observable.Materialize(up)) }},
	{Name: "Dematerialize", Apply: func(up stream, _ func()) erased {
		return erase(observable.Dematerialize(observable.Materialize(up)))
	}},
	{Name: "Dematerialize failing", Needs: observabletest.AtEnd, Recovers: true, Apply: func(up stream, _ func()) erased {
		return erase(observable.Dematerialize(observable.Map(up, func(token) observable.Notification[token] {
			return observable.Notification[token]{Kind: observable.SignalError, Err: errBoom}
		})))
	}, Exempt: failsByDesign},
	{Name: "Timestamp", Apply: func(up stream, _ func()) erased { return erase(observable.Timestamp(up)) },
		Exempt: map[string]string{"C12 each subscription gives the same": "the times are others"}},
	{Name: "TimeInterval", Apply: func(up stream, _ func()) erased { return erase(observable.TimeInterval(up)) }},
}

// onlyNew is what does not hold for operators that leave out equal items.
var onlyNew = map[string]string{
	"C19 zero values are items": "equal items are left out; TestDistinct_ZeroValues has zero values among others",
}

var filterSources = []observabletest.Source{
	{Name: "ScanWith of Just", Count: 2, Hook: observabletest.PerSubscription, Make: func(hook func()) erased {
		return erase(observable.ScanWith(observable.Just(1), func() int { hook(); return 0 }, add))
	}},
	{Name: "ReduceWith of Just", Count: 1, Hook: observabletest.PerSubscription, Make: func(hook func()) erased {
		return erase(observable.ReduceWith(observable.Just(1), func() int { hook(); return 0 }, add))
	}},
	{Name: "TakeLast of Range", Count: 3, Make: func(func()) erased { return erase(observable.TakeLast(observable.Range(0, 9), 3)) }},
	{Name: "Sorted of Just", Count: 3, Make: func(func()) erased { return erase(observable.Sorted(observable.Just(3, 1, 2))) }},
	{Name: "SwitchIfEmpty of Empty", Count: 3, Make: func(func()) erased {
		return erase(observable.Empty[int]().SwitchIfEmpty(observable.Just(1, 2, 3)))
	}},
	{Name: "FirstOrError of Empty", Fails: true, Make: func(func()) erased {
		return erase(observable.FirstOrError(observable.Empty[int]()))
	}},
	{Name: "TakeTime", Count: 2, Async: true, Make: func(func()) erased {
		return erase(observable.TakeTime(observable.Interval(time.Second), 2500*time.Millisecond))
	}},
	{Name: "SkipTime", Count: observabletest.Endless, Async: true, Make: func(func()) erased {
		return erase(observable.SkipTime(observable.Interval(time.Second), 2500*time.Millisecond))
	}},
}

func add(a, b int) int { return a + b }
