package fuzz_test

import (
	"slices"

	"github.com/quillgo/quill/observable"
)

// stepwise makes an operator of a function on signals: start makes it for one
// subscription.
func stepwise(name, args string, build func(o stream, x *expr) stream, start func(x *expr) func(event) []event) *op {
	return &op{
		name: name, args: args,
		build: func(r *rig, x *expr, v int) stream { return build(r.up(x, v), x) },
		model: func(m *world, x *expr, v int) cold {
			return each(m.up(x, v), func() func(event) []event { return start(x) })
		},
	}
}

// whole makes an operator of a function on the items of a stream that has
// completed; an error comes alone.
func whole(name, args string, build func(o stream, x *expr) stream, of func(x *expr, values []int) trace) *op {
	return stepwise(name, args, build, func(x *expr) func(event) []event {
		var values []int
		return func(e event) []event {
			switch e.kind {
			case item:
				values = append(values, e.v)
				return nil
			case completion:
				return append(of(x, values), e)
			}
			return one(e)
		}
	})
}

func one(e event) []event { return []event{e} }

// only is a list of items, or none.
func only(values ...int) trace { return burst(values, "")(0).items() }

func less(a, b int) int { return a - b }

var operators = slices.Concat(itemOperators, wholeOperators, timeOperators, pairOperators, innerOperators, nestOperators, endOperators)

var itemOperators = []*op{
	stepwise("Map", "c", func(o stream, x *expr) stream { return observable.Map(o, x.project(0)) }, func(x *expr) func(event) []event {
		return func(e event) []event {
			if e.kind == item {
				e.v = x.project(0)(e.v)
			}
			return one(e)
		}
	}),
	stepwise("Filter", "f", func(o stream, x *expr) stream { return o.Filter(x.keep(0)) }, func(x *expr) func(event) []event {
		return func(e event) []event {
			if e.kind == item && !x.keep(0)(e.v) {
				return nil
			}
			return one(e)
		}
	}),
	{
		name: "Take", args: "n",
		build: func(r *rig, x *expr, v int) stream { return r.up(x, v).Take(x.num[0]) },
		model: func(m *world, x *expr, v int) cold {
			return func(s int64) trace {
				if x.num[0] == 0 {
					return trace{done(s)}
				}
				t := m.up(x, v)(s)
				if n := x.num[0]; len(t.items()) >= n {
					return append(slices.Clone(t[:n]), done(t[n-1].at))
				}
				return t
			}
		},
	},
	stepwise("Skip", "n", func(o stream, x *expr) stream { return o.Skip(x.num[0]) }, func(x *expr) func(event) []event {
		n := 0
		return func(e event) []event {
			if n++; e.kind == item && n <= x.num[0] {
				return nil
			}
			return one(e)
		}
	}),
	stepwise("TakeWhile", "f", func(o stream, x *expr) stream { return o.TakeWhile(x.keep(0)) }, func(x *expr) func(event) []event {
		return func(e event) []event {
			if e.kind == item && !x.keep(0)(e.v) {
				return one(done(e.at))
			}
			return one(e)
		}
	}),
	stepwise("TakeUntil", "f", func(o stream, x *expr) stream { return o.TakeUntil(x.keep(0)) }, func(x *expr) func(event) []event {
		return func(e event) (out []event) {
			defer func() { // also when the function panics: the item came before
				if r := recover(); r != nil {
					out = []event{e, failed(e.at, panicked)}
				}
			}()
			if e.kind == item && x.keep(0)(e.v) {
				return []event{e, done(e.at)}
			}
			return one(e)
		}
	}),
	stepwise("SkipWhile", "f", func(o stream, x *expr) stream { return o.SkipWhile(x.keep(0)) }, func(x *expr) func(event) []event {
		over := false
		return func(e event) []event {
			if over = over || e.ends() || !x.keep(0)(e.v); over {
				return one(e)
			}
			return nil
		}
	}),
	stepwise("SkipLast", "n", func(o stream, x *expr) stream { return observable.SkipLast(o, x.num[0]) }, func(x *expr) func(event) []event {
		var seen []event
		return func(e event) []event {
			if e.ends() {
				return one(e)
			}
			if seen = append(seen, e); len(seen) <= x.num[0] {
				return nil
			}
			return one(seen[len(seen)-1-x.num[0]])
		}
	}),
	stepwise("Scan", "c", func(o stream, x *expr) stream {
		return observable.ScanNoSeed(o, func(acc, v int) int { return x.project(0)(acc + v) })
	}, func(x *expr) func(event) []event {
		acc, first := 0, true
		return func(e event) []event {
			switch {
			case e.ends():
			case first:
				acc, first = e.v, false
			default:
				acc = x.project(0)(acc + e.v)
			}
			return one(next(e.at, acc).or(e))
		}
	}),
	stepwise("Distinct", "", func(o stream, _ *expr) stream { return observable.Distinct(o) }, func(*expr) func(event) []event {
		var seen []int
		return func(e event) []event {
			if e.kind == item && slices.Contains(seen, e.v) {
				return nil
			}
			seen = append(seen, e.v)
			return one(e)
		}
	}),
	stepwise("DistinctUntilChanged", "", func(o stream, _ *expr) stream { return observable.DistinctUntilChanged(o) }, func(*expr) func(event) []event {
		before := -1
		return func(e event) []event {
			if e.kind == item && e.v == before {
				return nil
			}
			before = e.v
			return one(e)
		}
	}),
	stepwise("ElementAt", "n", func(o stream, x *expr) stream { return observable.ElementAt(o, x.num[0]) }, func(x *expr) func(event) []event {
		n := 0
		return func(e event) []event {
			if n++; e.ends() {
				return one(e)
			}
			if n <= x.num[0] {
				return nil
			}
			return []event{e, done(e.at)}
		}
	}),
	stepwise("SingleElement", "", func(o stream, _ *expr) stream { return observable.SingleElement(o) }, func(*expr) func(event) []event {
		var seen []event
		return func(e event) []event {
			switch {
			case e.kind == item && len(seen) == 1:
				return one(failed(e.at, observable.ErrTooMany.Error()))
			case e.kind == item:
				seen = append(seen, e)
				return nil
			case e.kind == completion:
				return append(seen, e)
			}
			return one(e)
		}
	}),
	stepwise("Any", "f", func(o stream, x *expr) stream {
		return observable.Map(observable.Any(o, x.keep(0)), number)
	}, func(x *expr) func(event) []event {
		return func(e event) []event {
			switch {
			case e.kind == item && x.keep(0)(e.v):
				return []event{next(e.at, 1), done(e.at)}
			case e.kind == item:
				return nil
			case e.kind == completion:
				return []event{next(e.at, 0), e}
			}
			return one(e)
		}
	}),
	stepwise("DefaultIfEmpty", "n", func(o stream, x *expr) stream { return o.DefaultIfEmpty(x.num[0]) }, func(x *expr) func(event) []event {
		empty := true
		return func(e event) []event {
			if empty && e.kind == completion {
				return []event{next(e.at, x.num[0]), e}
			}
			empty = false
			return one(e)
		}
	}),
	stepwise("OnErrorReturn", "n", func(o stream, x *expr) stream {
		return o.OnErrorReturn(func(err error) int { return x.num[0] + len(err.Error())%5 })
	}, func(x *expr) func(event) []event {
		return func(e event) []event {
			if e.kind == failure {
				return []event{next(e.at, x.num[0]+len(e.err)%5), done(e.at)}
			}
			return one(e)
		}
	}),
	stepwise("OnErrorComplete", "", func(o stream, _ *expr) stream { return observable.OnErrorComplete(o) }, func(*expr) func(event) []event {
		return func(e event) []event {
			if e.kind == failure {
				return one(done(e.at))
			}
			return one(e)
		}
	}),
	// Signals as items, of which the last is left out, and back.
	stepwise("Materialize.Skip.Dematerialize", "n", func(o stream, x *expr) stream {
		return observable.Dematerialize(observable.Materialize(o).Skip(x.num[0]))
	}, func(x *expr) func(event) []event {
		n := 0
		return func(e event) []event {
			if n++; n <= x.num[0] && e.kind == item {
				return nil
			}
			if n <= x.num[0] {
				return one(done(e.at))
			}
			return one(e)
		}
	}),
}

func number(b bool) int {
	if b {
		return 1
	}
	return 0
}

// or returns e with other's end, if that is one.
func (e event) or(other event) event {
	if other.ends() {
		return other
	}
	return e
}

var wholeOperators = []*op{
	whole("TakeLast", "n", func(o stream, x *expr) stream { return observable.TakeLast(o, x.num[0]) }, func(x *expr, values []int) trace {
		return only(values[max(0, len(values)-x.num[0]):]...)
	}),
	whole("Reduce", "", func(o stream, _ *expr) stream {
		return observable.Reduce(o, func(acc, v int) int { return (acc*2 + v) % 10 })
	}, func(_ *expr, values []int) trace {
		if len(values) == 0 {
			return nil
		}
		acc := values[0]
		for _, v := range values[1:] {
			acc = (acc*2 + v) % 10
		}
		return only(acc)
	}),
	whole("Count", "", func(o stream, _ *expr) stream { return observable.Count(o) }, func(_ *expr, values []int) trace {
		return only(len(values))
	}),
	whole("Sorted", "", func(o stream, _ *expr) stream { return observable.SortedFunc(o, less) }, func(_ *expr, values []int) trace {
		slices.Sort(values)
		return only(values...)
	}),
	whole("LastOr", "n", func(o stream, x *expr) stream { return observable.LastOr(o, x.num[0]) }, func(x *expr, values []int) trace {
		return only(append([]int{x.num[0]}, values...)[len(values)])
	}),
	whole("LastOrError", "", func(o stream, _ *expr) stream { return observable.LastOrError(o) }, func(_ *expr, values []int) trace {
		if len(values) == 0 {
			return trace{failed(0, observable.ErrEmpty.Error())}
		}
		return only(values[len(values)-1])
	}),
	whole("ToList", "", func(o stream, _ *expr) stream { return observable.Map(observable.ToList(o), fold) }, func(_ *expr, values []int) trace {
		return only(fold(values))
	}),
	whole("IgnoreElements", "", func(o stream, _ *expr) stream { return observable.IgnoreElements(o) }, func(*expr, []int) trace { return nil }),
}
