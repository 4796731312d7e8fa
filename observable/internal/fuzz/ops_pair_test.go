package fuzz_test

import (
	"slices"

	"github.com/quillgo/quill/observable"
)

// paired makes an operator of a function on the signals of two streams, which
// are subscribed to in the order in which streams returns them. start makes the
// function for one subscription; i is the stream of a signal. The first end that
// it returns is the end.
func paired(name, args string, build func(o, other stream, x *expr) stream, otherFirst bool, start func(x *expr) func(e event, i int) []event) *op {
	return &op{
		name: name, args: args + "k",
		build: func(r *rig, x *expr, v int) stream { return build(r.up(x, v), r.kid(x, 0, v), x) },
		model: func(m *world, x *expr, v int) cold {
			up, other := m.up(x, v), m.kid(x, 0, v)
			return func(s int64) trace {
				// What a stream that ended the others at the instant of the
				// subscription would have had, nobody sees.
				a, b := up(s), other(s)
				f := start(x)
				var signals []from
				if otherFirst {
					signals = weave(b, a)
					for i := range signals {
						signals[i].i = 1 - signals[i].i
					}
				} else {
					signals = weave(a, b)
				}
				var out trace
				for _, e := range signals {
					for _, made := range f(e.event, e.i) {
						out = append(out, made.moved(e.at))
						if made.ends() {
							return out
						}
					}
				}
				return out
			}
		},
	}
}

// sum is what two items give.
func sum(a, b int) int { return (a*3 + b) % 10 }

var pairOperators = []*op{
	paired("Merge", "", func(o, other stream, _ *expr) stream { return observable.Merge(o, other) }, false, merging),
	paired("MergeDelayError", "", func(o, other stream, _ *expr) stream { return observable.MergeDelayError(o, other) }, false,
		func(*expr) func(event, int) []event {
			var errs []string
			over := 0
			return func(e event, _ int) []event {
				if e.kind == item {
					return one(e)
				}
				if e.kind == failure {
					errs = append(errs, e.err)
				}
				if over++; over == 2 {
					return one(ended(e.at, errs...))
				}
				return nil
			}
		}),
	paired("Zip2", "", func(o, other stream, _ *expr) stream { return observable.Zip2(o, other, sum) }, false,
		func(*expr) func(event, int) []event {
			var queue [2][]int
			var over [2]bool
			return func(e event, i int) []event {
				var out []event
				switch e.kind {
				case failure:
					return one(e)
				case completion:
					over[i] = true
				case item:
					queue[i] = append(queue[i], e.v)
				}
				if len(queue[0]) > 0 && len(queue[1]) > 0 {
					out = append(out, next(e.at, sum(queue[0][0], queue[1][0])))
					queue[0], queue[1] = queue[0][1:], queue[1][1:]
				}
				for i := range queue {
					if over[i] && len(queue[i]) == 0 {
						return append(out, done(e.at))
					}
				}
				return out
			}
		}),
	paired("CombineLatest2", "", func(o, other stream, _ *expr) stream { return observable.CombineLatest2(o, other, sum) }, false,
		func(*expr) func(event, int) []event {
			var latest [2]int
			var has, over [2]bool
			return func(e event, i int) []event {
				switch e.kind {
				case failure:
					return one(e)
				case completion:
					if over[i] = true; !has[i] || over[1-i] {
						return one(e)
					}
					return nil
				}
				if latest[i], has[i] = e.v, true; has[1-i] {
					return one(next(e.at, sum(latest[0], latest[1])))
				}
				return nil
			}
		}),
	paired("WithLatestFrom", "", func(o, other stream, _ *expr) stream { return observable.WithLatestFrom(o, other, sum) }, true,
		func(*expr) func(event, int) []event {
			latest, has := 0, false
			return func(e event, i int) []event {
				switch {
				case e.kind == failure, i == 0 && e.kind == completion:
					return one(e)
				case i == 1 && e.kind == item:
					latest, has = e.v, true
				case i == 0 && has:
					return one(next(e.at, sum(e.v, latest)))
				}
				return nil
			}
		}),
	paired("Amb", "", func(o, other stream, _ *expr) stream { return observable.Amb(o, other) }, false,
		func(*expr) func(event, int) []event {
			winner := -1
			return func(e event, i int) []event {
				if winner < 0 {
					winner = i
				}
				if i == winner {
					return one(e)
				}
				return nil
			}
		}),
	paired("SequenceEqual", "", func(o, other stream, _ *expr) stream {
		return observable.Map(observable.SequenceEqual(o, other, func(a, b int) bool { return a == b }), number)
	}, false,
		func(*expr) func(event, int) []event {
			var all [2][]int
			over := 0
			return func(e event, i int) []event {
				switch e.kind {
				case failure:
					return one(e)
				case completion:
					if over++; over == 2 {
						return []event{next(e.at, number(slices.Equal(all[0], all[1]))), e}
					}
					return nil
				}
				all[i] = append(all[i], e.v)
				if n := min(len(all[0]), len(all[1])); !slices.Equal(all[0][:n], all[1][:n]) {
					return []event{next(e.at, 0), done(e.at)}
				}
				return nil
			}
		}),
	paired("TakeUntilWhen", "", func(o, other stream, _ *expr) stream { return observable.TakeUntilWhen(o, other) }, true,
		func(*expr) func(event, int) []event {
			return func(e event, i int) []event {
				if i == 1 && e.kind == item {
					return one(done(e.at))
				}
				return one(e)
			}
		}),
	paired("SkipUntilWhen", "", func(o, other stream, _ *expr) stream { return observable.SkipUntilWhen(o, other) }, true,
		func(*expr) func(event, int) []event {
			open := false
			return func(e event, i int) []event {
				switch {
				case i == 0 && (open || e.ends()):
					return one(e)
				case i == 1 && !open && e.kind == failure:
					return one(e)
				case i == 1:
					open = true
				}
				return nil
			}
		}),
	paired("SampleWhen", "b", func(o, other stream, x *expr) stream { return observable.SampleWhen(o, other, x.num[0] == 1) }, true,
		func(x *expr) func(event, int) []event {
			var waiting []event
			return func(e event, i int) []event {
				last := waiting
				switch {
				case e.kind == failure:
					return one(e)
				case e.kind == completion && x.num[0] == 0:
					return one(e)
				case e.kind == completion:
					return append(last, e)
				case i == 0:
					waiting = []event{e}
					return nil
				}
				waiting = nil
				return last
			}
		}),
	paired("BufferWhen", "", func(o, other stream, _ *expr) stream { return observable.Map(observable.BufferWhen(o, other), fold) }, true,
		func(*expr) func(event, int) []event {
			var values []int
			return func(e event, i int) []event {
				if e.kind == item && i == 0 {
					values = append(values, e.v)
					return nil
				}
				out := []event{next(e.at, fold(values))}
				values = nil
				switch e.kind {
				case failure:
					return one(e)
				case completion:
					return append(out, e)
				}
				return out
			}
		}),
	// One stream after the other.
	following("Concat", "", func(o, other stream, _ *expr) stream { return observable.Concat(o, other) },
		func(_ *expr, t trace) (trace, bool) {
			e, ok := t.end()
			return t.items(), ok && e.kind == completion
		}),
	following("SwitchIfEmpty", "", func(o, other stream, _ *expr) stream { return o.SwitchIfEmpty(other) },
		func(_ *expr, t trace) (trace, bool) {
			e, ok := t.end()
			return t.items(), ok && e.kind == completion && len(t) == 1
		}),
	following("OnErrorResumeWith", "", func(o, other stream, _ *expr) stream { return observable.OnErrorResumeWith(o, other) },
		func(_ *expr, t trace) (trace, bool) {
			e, ok := t.end()
			return t.items(), ok && e.kind == failure
		}),
	{
		name: "ConcatDelayError", args: "k",
		build: func(r *rig, x *expr, v int) stream { return observable.ConcatDelayError(r.up(x, v), r.kid(x, 0, v)) },
		model: func(m *world, x *expr, v int) cold {
			return func(s int64) trace {
				t := m.up(x, v)(s)
				first, ok := t.end()
				if !ok {
					return t
				}
				then := m.kid(x, 0, v)(first.at)
				out := append(slices.Clone(t.items()), then.items()...)
				last, ok := then.end()
				switch {
				case !ok:
					return out
				case first.kind == failure && last.kind == failure:
					return append(out, failed(last.at, first.err+"\n"+last.err))
				case first.kind == failure:
					return append(out, first.moved(last.at))
				}
				return append(out, last)
			}
		},
	},
	{
		name: "StartWith", args: "nn",
		build: func(r *rig, x *expr, v int) stream { return r.up(x, v).StartWith(x.num...) },
		model: func(m *world, x *expr, v int) cold {
			return func(s int64) trace {
				return append(trace{next(s, x.num[0]), next(s, x.num[1])}, m.up(x, v)(s)...)
			}
		},
	},
	{
		name: "DelaySubscriptionWhen", args: "k",
		build: func(r *rig, x *expr, v int) stream {
			return observable.DelaySubscriptionWhen(r.up(x, v), r.kid(x, 0, v))
		},
		model: func(m *world, x *expr, v int) cold {
			return func(s int64) trace {
				other := m.kid(x, 0, v)(s)
				if len(other) == 0 || other[0].kind == failure {
					return other
				}
				return m.up(x, v)(other[0].at)
			}
		},
	},
}

// merging is what Merge does with the signals of two streams.
func merging(*expr) func(event, int) []event {
	over := 0
	return func(e event, _ int) []event {
		if e.kind != completion {
			return one(e)
		}
		if over++; over == 2 {
			return one(e)
		}
		return nil
	}
}

// following makes an operator that goes on with another stream when the first has
// ended, if cut says so, after what cut returns.
func following(name, args string, build func(o, other stream, x *expr) stream, cut func(x *expr, t trace) (trace, bool)) *op {
	return &op{
		name: name, args: args + "k",
		build: func(r *rig, x *expr, v int) stream { return build(r.up(x, v), r.kid(x, 0, v), x) },
		model: func(m *world, x *expr, v int) cold {
			return func(s int64) trace {
				t := m.up(x, v)(s)
				kept, goes := cut(x, t)
				if !goes {
					return t
				}
				e, _ := t.end()
				return append(slices.Clone(kept), m.kid(x, 0, v)(e.at)...)
			}
		},
	}
}
