package rules_test

import (
	"slices"
	"testing"

	"github.com/quillgo/quill/observable"
	"github.com/quillgo/quill/observable/observabletest"
)

func TestRules_Combine(t *testing.T) {
	for _, op := range combineOperators {
		observabletest.Contract(t, op)
	}
}

// combineEndsFirst is for streams that may end before the one under test has begun.
var combineEndsFirst = map[string]string{
	"C4 dispose before upstream calls OnSubscribe": "the end comes before upstream can be disposed",
	"C12 concurrent subscriptions give the same":   "upstream may or may not have emitted before the end comes",
}

var combineOperators = []observabletest.Operator[token]{
	// zip.go, zip_many.go. What is zipped with a source that comes before it waits
	// in a queue; a synchronous source is used up before the next is subscribed to.
	{Name: "Zip2DelayError first", Hook: observabletest.PerItem, Needs: observabletest.AtEnd, Apply: func(up stream, hook func()) erased {
		return erase(observable.Zip2DelayError(up, observable.FromSlice(tokens(9)), func(a, _ token) token { hook(); return a }))
	}},
	{Name: "Zip2DelayError second", Hook: observabletest.PerItem, Apply: func(up stream, hook func()) erased {
		return erase(observable.Zip2DelayError(fourTokens(), up, func(_, b token) token { hook(); return b }))
	}},
	{Name: "Zip4", Hook: observabletest.PerItem, Apply: func(up stream, hook func()) erased {
		return erase(observable.Zip4(fourTokens(), fourTokens(), fourTokens(), up, func(_, _, _, d token) token { hook(); return d }))
	}},
	{Name: "Zip5", Hook: observabletest.PerItem, Apply: func(up stream, hook func()) erased {
		return erase(observable.Zip5(fourTokens(), fourTokens(), fourTokens(), fourTokens(), up, func(_, _, _, _, e token) token { hook(); return e }))
	}},
	{Name: "Zip6", Hook: observabletest.PerItem, Apply: func(up stream, hook func()) erased {
		return erase(observable.Zip6(fourTokens(), fourTokens(), fourTokens(), fourTokens(), fourTokens(), up,
			func(_, _, _, _, _, f token) token { hook(); return f }))
	}},
	{Name: "ZipSlice", Hook: observabletest.PerItem, Apply: func(up stream, hook func()) erased {
		return erase(observable.ZipSlice([]stream{fourTokens(), up}, func(all []token) token { hook(); return all[1] }))
	}},
	{Name: "ZipSlice of one", Hook: observabletest.PerItem, Apply: func(up stream, hook func()) erased {
		return erase(observable.ZipSlice([]stream{up}, func(all []token) token { hook(); return all[0] }))
	}},
	{Name: "ZipSliceDelayError", Hook: observabletest.PerItem, Apply: func(up stream, hook func()) erased {
		return erase(observable.ZipSliceDelayError([]stream{fourTokens(), up}, func(all []token) token { hook(); return all[1] }))
	}},

	// zip_seq.go
	{Name: "ZipSeq", Hook: observabletest.PerItem, Apply: func(up stream, hook func()) erased {
		return erase(observable.ZipSeq(up, slices.Values(tokens(4)), func(a, _ token) token { hook(); return a }))
	}},
	{Name: "ZipSeq iterator", Hook: observabletest.PerSubscription, Apply: func(up stream, hook func()) erased {
		return erase(observable.ZipSeq(up, func(yield func(int) bool) {
			hook()
			for i := 0; yield(i); i++ {
			}
		}, func(a token, _ int) token { return a }))
	}},

	// latest.go, latest_many.go
	{Name: "CombineLatest2 first", Hook: observabletest.PerItem, Needs: observabletest.AtEnd, Apply: func(up stream, hook func()) erased {
		return erase(observable.CombineLatest2(up, observable.FromSlice(tokens(2)), func(a, _ token) token { hook(); return a }))
	}},
	{Name: "CombineLatest2 second", Hook: observabletest.PerItem, Apply: func(up stream, hook func()) erased {
		return erase(observable.CombineLatest2(observable.FromSlice(tokens(2)), up, func(_, b token) token { hook(); return b }))
	}},
	{Name: "CombineLatest2DelayError", Hook: observabletest.PerItem, Apply: func(up stream, hook func()) erased {
		return erase(observable.CombineLatest2DelayError(observable.FromSlice(tokens(2)), up, func(_, b token) token { hook(); return b }))
	}},
	{Name: "CombineLatest3", Hook: observabletest.PerItem, Apply: func(up stream, hook func()) erased {
		return erase(observable.CombineLatest3(oneToken(), oneToken(), up, func(_, _, c token) token { hook(); return c }))
	}},
	{Name: "CombineLatest4", Hook: observabletest.PerItem, Apply: func(up stream, hook func()) erased {
		return erase(observable.CombineLatest4(oneToken(), oneToken(), oneToken(), up, func(_, _, _, d token) token { hook(); return d }))
	}},
	{Name: "CombineLatest5", Hook: observabletest.PerItem, Apply: func(up stream, hook func()) erased {
		return erase(observable.CombineLatest5(oneToken(), oneToken(), oneToken(), oneToken(), up, func(_, _, _, _, e token) token { hook(); return e }))
	}},
	{Name: "CombineLatest6", Hook: observabletest.PerItem, Apply: func(up stream, hook func()) erased {
		return erase(observable.CombineLatest6(oneToken(), oneToken(), oneToken(), oneToken(), oneToken(), up,
			func(_, _, _, _, _, f token) token { hook(); return f }))
	}},
	{Name: "CombineLatestSlice", Hook: observabletest.PerItem, Apply: func(up stream, hook func()) erased {
		return erase(observable.CombineLatestSlice([]stream{oneToken(), up}, func(all []token) token { hook(); return all[1] }))
	}},
	{Name: "CombineLatestSliceDelayError", Hook: observabletest.PerItem, Apply: func(up stream, hook func()) erased {
		return erase(observable.CombineLatestSliceDelayError([]stream{oneToken(), up}, func(all []token) token { hook(); return all[1] }))
	}},

	// withlatest.go, withlatest_many.go
	{Name: "WithLatestFrom source", Hook: observabletest.PerItem, Apply: func(up stream, hook func()) erased {
		return erase(observable.WithLatestFrom(up, oneToken(), func(v, _ token) token { hook(); return v }))
	}},
	{Name: "WithLatestFrom other", Hook: observabletest.PerItem, Needs: observabletest.AtEnd, Apply: func(up stream, hook func()) erased {
		return erase(observable.WithLatestFrom(observable.FromSlice(tokens(2)), up, func(_, b token) token { hook(); return b }))
	}, Exempt: combineEndsFirst},
	{Name: "WithLatestFrom2", Hook: observabletest.PerItem, Apply: func(up stream, hook func()) erased {
		return erase(observable.WithLatestFrom2(up, oneToken(), oneToken(), func(v, _, _ token) token { hook(); return v }))
	}},
	{Name: "WithLatestFrom3", Hook: observabletest.PerItem, Apply: func(up stream, hook func()) erased {
		return erase(observable.WithLatestFrom3(up, oneToken(), oneToken(), oneToken(), func(v, _, _, _ token) token { hook(); return v }))
	}},
	{Name: "WithLatestFrom4", Hook: observabletest.PerItem, Apply: func(up stream, hook func()) erased {
		return erase(observable.WithLatestFrom4(up, oneToken(), oneToken(), oneToken(), oneToken(), func(v, _, _, _, _ token) token { hook(); return v }))
	}},
	{Name: "WithLatestFromSlice", Hook: observabletest.PerItem, Apply: func(up stream, hook func()) erased {
		return erase(observable.WithLatestFromSlice(up, []stream{oneToken(), oneToken()}, func(v token, _ []token) token { hook(); return v }))
	}},
	{Name: "WithLatestFromSlice other", Needs: observabletest.AtEnd, Apply: func(up stream, _ func()) erased {
		return erase(observable.WithLatestFromSlice(observable.FromSlice(tokens(2)), []stream{oneToken(), up},
			func(v token, _ []token) token { return v }))
	}, Exempt: combineEndsFirst},

	// startwith.go
	{Name: "StartWith", Apply: func(up stream, _ func()) erased { return erase(up.StartWith(tokens(2)...)) },
		Exempt: map[string]string{
			"C5 C6 Take(1) behind stops a synchronous source":     "the first item is not the source's",
			"C5 dispose inside OnNext stops a synchronous source": "the first item is not the source's",
		}},

	// sequenceequal.go
	{Name: "SequenceEqual first", Hook: observabletest.PerItem, Needs: observabletest.AtEnd, Apply: func(up stream, hook func()) erased {
		return erase(observable.SequenceEqual(up, observable.FromSlice(tokens(2)), func(_, _ token) bool { hook(); return true }))
	}},
	{Name: "SequenceEqual second", Hook: observabletest.PerItem, Needs: observabletest.AtEnd, Apply: func(up stream, hook func()) erased {
		return erase(observable.SequenceEqual(observable.FromSlice(tokens(2)), up, func(_, _ token) bool { hook(); return true }))
	}},
	{Name: "SequenceEqual different", Hook: observabletest.PerItem, Apply: func(up stream, hook func()) erased {
		return erase(observable.SequenceEqual(observable.FromSlice(tokens(2)), up, func(_, _ token) bool { hook(); return false }))
	}},

	// join.go, groupjoin.go
	{Name: "Join left", Hook: observabletest.PerItem, Needs: observabletest.AtEnd, Apply: func(up stream, hook func()) erased {
		return erase(observable.Join(up, oneToken(), openWindow, openWindow, func(l, _ token) token { hook(); return l }))
	}},
	{Name: "Join right", Hook: observabletest.PerItem, Apply: func(up stream, hook func()) erased {
		return erase(observable.Join(oneToken(), up, openWindow, openWindow, func(_, r token) token { hook(); return r }))
	}},
	{Name: "Join right, windows", Hook: observabletest.PerItem, Apply: func(up stream, hook func()) erased {
		return erase(observable.Join(oneToken(), up, openWindow, func(token) stream { hook(); return observable.Never[token]() },
			func(_, r token) token { return r }))
	}},
	{Name: "Join end of windows", Needs: observabletest.AtEnd, Apply: func(up stream, _ func()) erased {
		return erase(observable.Join(observable.FromSlice(tokens(2)), oneToken(),
			func(token) stream { return up }, openWindow, func(l, _ token) token { return l }))
	}, Exempt: combineEndsFirst},
	{Name: "GroupJoin left", Hook: observabletest.PerItem, Apply: func(up stream, hook func()) erased {
		return erase(observable.GroupJoin(up, oneToken(), openWindow, openWindow, func(l token, _ stream) token { hook(); return l }))
	}},
	{Name: "GroupJoin right", Needs: observabletest.AtEnd, Apply: func(up stream, _ func()) erased {
		groups := observable.GroupJoin(oneToken(), up, openWindow, openWindow, func(_ token, group stream) stream { return group })
		return erase(observable.FlatMap(groups, func(group stream) stream { return group }, observable.Unlimited))
	}},
}

func oneToken() stream { return observable.FromSlice(tokens(1)) }

// openWindow is the end of a window that does not close.
func openWindow(token) stream { return observable.Never[token]() }

// fourTokens is long enough for every case but the endless ones.
func fourTokens() stream { return observable.FromSlice(tokens(4)) }
