package rules_test

import (
	"iter"
	"testing"

	"github.com/quillgo/quill/observable"
	"github.com/quillgo/quill/observable/observabletest"
)

// TestRules_Inner puts the operators of inner streams through the contract, each
// with upstream as the source and as an inner stream.
func TestRules_Inner(t *testing.T) {
	for _, op := range innerOperators {
		observabletest.Contract(t, op)
	}
}

func twice(v token) stream { return observable.Just(v, v) }

// inPlace is upstream as the inner stream of two items.
func inPlace(up stream) observable.Observable[stream] { return observable.Just(up, up) }

const unlimited = observable.Unlimited

// flattening is an entry for each of upstream's places: the source of project,
// with and without scalars, and the inner stream.
func flattening(name string, flatten func(o stream, project func(token) stream) stream, all func(observable.Observable[stream]) stream) []observabletest.Operator[token] {
	return []observabletest.Operator[token]{
		{Name: name + " scalar", Hook: observabletest.PerItem, Apply: func(up stream, hook func()) erased {
			return erase(flatten(up, func(v token) stream { hook(); return observable.Just(v) }))
		}},
		{Name: name + " outer", Hook: observabletest.PerItem, Apply: func(up stream, hook func()) erased {
			return erase(flatten(up, func(v token) stream { hook(); return twice(v) }))
		}},
		{Name: name + " inner", Apply: func(up stream, _ func()) erased { return erase(all(inPlace(up))) }},
	}
}

// eager is flattening for what lets inner streams run before their turn.
func eager(name string, flatten func(o stream, project func(token) stream) stream, all func(observable.Observable[stream]) stream) []observabletest.Operator[token] {
	ops := flattening(name, flatten, all)
	ops[2].Needs = observabletest.AtEnd // a synchronous inner stream is queued first
	return ops
}

var innerOperators = func() (all []observabletest.Operator[token]) {
	for _, some := range [][]observabletest.Operator[token]{
		flattening("FlatMapDelayError", func(o stream, project func(token) stream) stream {
			return observable.FlatMapDelayError(o, project, unlimited)
		}, func(o observable.Observable[stream]) stream { return observable.MergeAllDelayError(o, unlimited) }),
		flattening("FlatMapDelayError limit 1", func(o stream, project func(token) stream) stream {
			return observable.FlatMapDelayError(o, project, 1)
		}, func(o observable.Observable[stream]) stream { return observable.MergeAllDelayError(o, 1) }),
		flattening("FlatMap limit 1", func(o stream, project func(token) stream) stream {
			return observable.FlatMap(o, project, 1)
		}, func(o observable.Observable[stream]) stream { return observable.MergeAll(o, 1) }),
		flattening("ConcatMapDelayError end", func(o stream, project func(token) stream) stream {
			return observable.ConcatMapDelayError(o, project, true)
		}, func(o observable.Observable[stream]) stream { return observable.ConcatAllDelayError(o, true) }),
		flattening("ConcatMapDelayError boundary", func(o stream, project func(token) stream) stream {
			return observable.ConcatMapDelayError(o, project, false)
		}, func(o observable.Observable[stream]) stream { return observable.ConcatAllDelayError(o, false) }),
		flattening("ConcatAll", observable.ConcatMap[token, token], observable.ConcatAll[token]),
		flattening("SwitchMap", observable.SwitchMap[token, token], observable.SwitchOnNext[token]),
		flattening("SwitchMapDelayError", observable.SwitchMapDelayError[token, token], observable.SwitchOnNextDelayError[token]),
		eager("ConcatMapEager", func(o stream, project func(token) stream) stream {
			return observable.ConcatMapEager(o, project, unlimited)
		}, func(o observable.Observable[stream]) stream { return observable.ConcatEagerAll(o, unlimited) }),
		eager("ConcatMapEager limit 1", func(o stream, project func(token) stream) stream {
			return observable.ConcatMapEager(o, project, 1)
		}, func(o observable.Observable[stream]) stream { return observable.ConcatEagerAll(o, 1) }),
		eager("ConcatMapEagerDelayError end", func(o stream, project func(token) stream) stream {
			return observable.ConcatMapEagerDelayError(o, project, unlimited, true)
		}, func(o observable.Observable[stream]) stream {
			return observable.ConcatEagerAllDelayError(o, unlimited, true)
		}),
		eager("ConcatMapEagerDelayError boundary", func(o stream, project func(token) stream) stream {
			return observable.ConcatMapEagerDelayError(o, project, unlimited, false)
		}, func(o observable.Observable[stream]) stream {
			return observable.ConcatEagerAllDelayError(o, unlimited, false)
		}),
	} {
		all = append(all, some...)
	}
	return append(all, []observabletest.Operator[token]{
		{Name: "MergeDelayError", Apply: func(up stream, _ func()) erased {
			return erase(observable.MergeDelayError(up, observable.FromSlice(tokens(2))))
		}},
		{Name: "MergeLimit", Apply: func(up stream, _ func()) erased {
			return erase(observable.MergeLimit(1, up, observable.FromSlice(tokens(2))))
		}},
		{Name: "MergeLimitDelayError", Apply: func(up stream, _ func()) erased {
			return erase(observable.MergeLimitDelayError(1, up, observable.FromSlice(tokens(2))))
		}},
		{Name: "ConcatDelayError", Apply: func(up stream, _ func()) erased {
			return erase(observable.ConcatDelayError(up, observable.FromSlice(tokens(2))))
		}},
		{Name: "ConcatEager", Needs: observabletest.AtEnd, Apply: func(up stream, _ func()) erased {
			return erase(observable.ConcatEager(up, observable.FromSlice(tokens(2))))
		}},
		{Name: "ConcatEager second", Needs: observabletest.AtEnd, Apply: func(up stream, _ func()) erased {
			return erase(observable.ConcatEager(observable.Just(tokens(1)...), up))
		}},
		{Name: "ConcatEagerLimit", Needs: observabletest.AtEnd, Apply: func(up stream, _ func()) erased {
			return erase(observable.ConcatEagerLimit(1, up, observable.FromSlice(tokens(2))))
		}},
		{Name: "ConcatEagerDelayError", Needs: observabletest.AtEnd, Apply: func(up stream, _ func()) erased {
			return erase(observable.ConcatEagerDelayError(up, observable.FromSlice(tokens(2))))
		}},
		{Name: "ConcatEagerLimitDelayError", Needs: observabletest.AtEnd, Apply: func(up stream, _ func()) erased {
			return erase(observable.ConcatEagerLimitDelayError(1, up, observable.FromSlice(tokens(2))))
		}},
		{Name: "FlatMapSeq", Hook: observabletest.PerItem, Apply: func(up stream, hook func()) erased {
			return erase(observable.FlatMapSeq(up, func(v token) iter.Seq[token] {
				return func(yield func(token) bool) {
					if hook(); yield(v) {
						yield(v)
					}
				}
			}))
		}},
		{Name: "ConcatMapSeq", Hook: observabletest.PerItem, Apply: func(up stream, hook func()) erased {
			return erase(observable.ConcatMapSeq(up, func(v token) iter.Seq[token] {
				hook()
				return func(yield func(token) bool) { yield(v) }
			}))
		}},
		{Name: "FlatMapCombine outer", Hook: observabletest.PerItem, Apply: func(up stream, hook func()) erased {
			return erase(observable.FlatMapCombine(up, twice, func(v, _ token) token { hook(); return v }, unlimited))
		}},
		{Name: "FlatMapCombine inner", Hook: observabletest.PerItem, Apply: func(up stream, hook func()) erased {
			return erase(observable.FlatMapCombine(observable.Range(0, 2), func(int) stream { return up },
				func(_ int, v token) token { hook(); return v }, unlimited))
		}},
		{Name: "FlatMapCombineDelayError", Hook: observabletest.PerItem, Apply: func(up stream, hook func()) erased {
			return erase(observable.FlatMapCombineDelayError(up, func(v token) stream { hook(); return twice(v) },
				func(v, _ token) token { return v }, unlimited))
		}},
		{Name: "FlatMapNotifications item", Hook: observabletest.PerItem, Recovers: true, Apply: func(up stream, hook func()) erased {
			return erase(observable.FlatMapNotifications(up, func(v token) stream { hook(); return twice(v) },
				func(error) stream { return observable.FromSlice(tokens(2)) }, observable.Empty[token], unlimited))
		}},
		{Name: "FlatMapNotifications error", Hook: observabletest.PerError, Recovers: true, Apply: func(up stream, hook func()) erased {
			return erase(observable.FlatMapNotifications(up, twice,
				func(error) stream { hook(); return observable.FromSlice(tokens(2)) }, observable.Empty[token], unlimited))
		}},
		{Name: "FlatMapNotifications completion", Hook: observabletest.PerCompletion, Recovers: true, Apply: func(up stream, hook func()) erased {
			return erase(observable.FlatMapNotifications(up, twice, observable.Error[token],
				func() stream { hook(); return observable.FromSlice(tokens(2)) }, unlimited))
		}},
	}...)
}()
