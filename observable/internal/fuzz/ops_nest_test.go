package fuzz_test

import (
	"slices"

	"github.com/quillgo/quill/observable"
)

// mapped makes an operator of a function on a whole list.
func mapped(name, args string, build func(o stream, x *expr) stream, of func(x *expr, t trace) trace) *op {
	return timed(name, args, func(o stream, x *expr, _ *rig) stream { return build(o, x) },
		func(x *expr, _ int64, t trace) trace { return of(x, t) })
}

// chunks cuts the items into lists of n, a new one each step items: each is
// emitted with its last item, or with the completion.
func chunks(t trace, n, step int) trace {
	var out trace
	items, values := t.items(), t.values()
	end, _ := t.end()
	for i := 0; i < len(items); i += step {
		if last := i + n - 1; last < len(items) {
			out = append(out, next(items[last].at, fold(values[i:i+n])))
		} else if end.kind == completion {
			out = append(out, next(end.at, fold(values[i:])))
		}
	}
	return append(out, t[len(items):]...)
}

// pairs is each item but the first with the one before it.
func pairs(t trace) trace {
	var out trace
	for i, e := range t {
		switch {
		case e.ends():
			out = append(out, e)
		case i > 0:
			out = append(out, next(e.at, sum(t[i-1].v, e.v)))
		}
	}
	return out
}

// key is the key function of the groups.
func (x *expr) key(v int) int { return v % (1 + x.num[0]) }

func unchanged(_ *expr, t trace) trace { return t }

// nestOperators make a stream of streams, or share a stream, and make one stream
// of it again.
var nestOperators = []*op{
	mapped("Buffer", "p", func(o stream, x *expr) stream {
		return observable.Map(observable.Buffer(o, x.num[0]), fold)
	}, func(x *expr, t trace) trace { return chunks(t, x.num[0], x.num[0]) }),
	mapped("BufferSkip", "pp", func(o stream, x *expr) stream {
		return observable.Map(observable.BufferSkip(o, x.num[0], x.num[1]), fold)
	}, func(x *expr, t trace) trace { return chunks(t, x.num[0], x.num[1]) }),
	mapped("Window.FlatMap", "p", func(o stream, x *expr) stream {
		return observable.FlatMap(observable.Window(o, x.num[0]), folded, observable.Unlimited)
	}, func(x *expr, t trace) trace { return chunks(t, x.num[0], x.num[0]) }),
	mapped("WindowSkip.FlatMap", "pp", func(o stream, x *expr) stream {
		return observable.FlatMap(observable.WindowSkip(o, x.num[0], x.num[1]), folded, observable.Unlimited)
	}, func(x *expr, t trace) trace { return chunks(t, x.num[0], x.num[1]) }),
	mapped("Window.ConcatAll", "p", func(o stream, x *expr) stream {
		return observable.ConcatAll(observable.Window(o, x.num[0]))
	}, unchanged),
	mapped("WindowSkip.Take", "ppp", func(o stream, x *expr) stream {
		return observable.FlatMap(observable.WindowSkip(o, x.num[0], x.num[1]),
			func(w stream) stream { return w.Take(x.num[2]) }, observable.Unlimited)
	}, func(x *expr, t trace) trace {
		n, step := min(x.num[0], x.num[2]), x.num[1]
		var out trace
		for i, e := range t {
			if e.ends() {
				return append(out, e)
			}
			for begin := 0; begin <= i; begin += step {
				if i < begin+n {
					out = append(out, e)
				}
			}
		}
		return out
	}),
	mapped("GroupBy.FlatMap", "n", func(o stream, x *expr) stream {
		return observable.FlatMap(observable.GroupBy(o, x.key), func(g observable.Grouped[int, int]) stream {
			return observable.Map(folded(g.Observable), func(v int) int { return v + g.Key() })
		}, observable.Unlimited)
	}, func(x *expr, t trace) trace {
		end, ok := t.end()
		if !ok || end.kind == failure {
			return t[len(t.items()):]
		}
		var keys []int
		groups := map[int][]int{}
		for _, v := range t.values() {
			k := x.key(v)
			if groups[k] == nil {
				keys = append(keys, k)
			}
			groups[k] = append(groups[k], v)
		}
		var out trace
		for _, k := range keys {
			out = append(out, next(end.at, fold(groups[k])+k))
		}
		return append(out, end)
	}),
	mapped("GroupBy.Scan", "n", func(o stream, x *expr) stream {
		return observable.FlatMap(observable.GroupBy(o, x.key), func(g observable.Grouped[int, int]) stream {
			return observable.ScanNoSeed(g.Observable, sum)
		}, observable.Unlimited)
	}, func(x *expr, t trace) trace {
		var out trace
		acc := map[int]int{}
		for _, e := range t {
			if !e.ends() {
				before, has := acc[x.key(e.v)]
				k := x.key(e.v)
				if has {
					e.v = sum(before, e.v)
				}
				acc[k] = e.v
			}
			out = append(out, e)
		}
		return out
	}),
	// A group whose observer has left is made anew by the next item.
	mapped("GroupBy.Take", "np", func(o stream, x *expr) stream {
		return observable.FlatMap(observable.GroupBy(o, x.key), func(g observable.Grouped[int, int]) stream {
			return g.Take(x.num[1])
		}, observable.Unlimited)
	}, unchanged),
	mapped("PublishBy.Zip2", "", func(o stream, _ *expr) stream {
		return observable.PublishBy(o, func(shared stream) stream { return observable.Zip2(shared, shared.Skip(1), sum) })
	}, func(_ *expr, t trace) trace { return pairs(t) }),
	mapped("PublishBy.Merge", "", func(o stream, _ *expr) stream {
		return observable.PublishBy(o, func(shared stream) stream {
			return observable.Merge(shared.Filter(func(v int) bool { return v%2 == 0 }), shared.Filter(func(v int) bool { return v%2 != 0 }))
		})
	}, unchanged),
	mapped("PublishBy.Take", "p", func(o stream, x *expr) stream {
		return observable.PublishBy(o, func(shared stream) stream { return shared.Take(x.num[0]) })
	}, func(x *expr, t trace) trace {
		if n := x.num[0]; len(t.items()) >= n {
			return append(slices.Clone(t[:n]), done(t[n-1].at))
		}
		return t
	}),
	mapped("ReplayBy.Concat", "p", func(o stream, x *expr) stream {
		return observable.ReplayBy(o, func(shared stream) stream {
			return observable.Concat(shared, shared.Take(x.num[0]))
		}, observable.ReplayOptions{})
	}, func(x *expr, t trace) trace {
		end, ok := t.end()
		if !ok || end.kind == failure {
			return t
		}
		out := slices.Clone(t.items())
		for _, e := range t[:min(x.num[0], len(t)-1)] {
			out = append(out, e.moved(end.at))
		}
		return append(out, end)
	}),
}
