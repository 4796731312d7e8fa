package fuzz_test

import (
	"context"

	"github.com/quillgo/quill/observable"
)

// again makes an operator that subscribes to its source more than once: wait
// says, for the k-th end, from 1, how long after it, or that this is the end.
func again(name, args string, build func(o stream, x *expr, r *rig) stream, wait func(x *expr, e event, k int) (int64, bool)) *op {
	return &op{
		name: name, args: args,
		build: func(r *rig, x *expr, v int) stream { return build(r.up(x, v), x, r) },
		model: func(m *world, x *expr, v int) cold {
			return func(s int64) trace {
				var out trace
				for k := 1; s <= horizon; k++ {
					t := m.up(x, v)(s)
					end, ok := t.end()
					out = append(out, t.items()...)
					if !ok {
						break
					}
					d, goes := wait(x, end, k)
					if !goes {
						return append(out, end)
					}
					s = end.at + d
				}
				return out
			}
		},
	}
}

var endOperators = []*op{
	again("Retry", "n", func(o stream, x *expr, _ *rig) stream { return o.Retry(x.num[0]) },
		func(x *expr, e event, k int) (int64, bool) { return 0, e.kind == failure && k <= x.num[0] }),
	again("RetryIf", "n", func(o stream, x *expr, _ *rig) stream {
		return observable.RetryIf(o, x.num[0], func(err error) bool { return err.Error() != "e2" })
	}, func(x *expr, e event, k int) (int64, bool) {
		return 0, e.kind == failure && e.err != "e2" && k <= x.num[0]
	}),
	again("Repeat", "p", func(o stream, x *expr, _ *rig) stream { return o.Repeat(x.num[0]) },
		func(x *expr, e event, k int) (int64, bool) { return 0, e.kind == completion && k < x.num[0] }),
	again("RetryWhen", "d", func(o stream, x *expr, r *rig) stream {
		return observable.RetryWhen(o, func(errs observable.Observable[error]) stream {
			return observable.Delay(observable.Map(errs, func(error) int { return 0 }), x.period(0), r.time)
		})
	}, func(x *expr, e event, _ int) (int64, bool) { return int64(x.period(0)), e.kind == failure }),
	again("RetryWhen.Backoff", "dn", func(o stream, x *expr, r *rig) stream {
		return observable.RetryWhen(o, observable.Backoff{Initial: x.duration(0), Attempts: 1 + x.num[1], On: r.time}.Handler())
	}, func(x *expr, e event, k int) (int64, bool) {
		return x.span(0) << (k - 1), e.kind == failure && k <= 1+x.num[1]
	}),
	again("RepeatWhen", "d", func(o stream, x *expr, r *rig) stream {
		return observable.RepeatWhen(o, func(ends stream) stream { return observable.Delay(ends, x.period(0), r.time) })
	}, func(x *expr, e event, _ int) (int64, bool) { return int64(x.period(0)), e.kind == completion }),
	following("OnErrorResumeNext", "", func(o, other stream, _ *expr) stream {
		return o.OnErrorResumeNext(func(error) stream { return other })
	}, func(_ *expr, t trace) (trace, bool) {
		e, ok := t.end()
		return t.items(), ok && e.kind == failure
	}),
	// The rest changes nothing, but is told what happens.
	{
		name: "Using",
		build: func(r *rig, x *expr, v int) stream {
			return observable.Using(func(context.Context) (int, error) { r.active++; return v, nil },
				func(v int) stream { return r.up(x, v) },
				func(int) error { r.active--; return nil })
		},
		model: func(m *world, x *expr, v int) cold { return m.up(x, v) },
	},
	{
		name: "DoFinally",
		build: func(r *rig, x *expr, v int) stream {
			return r.up(x, v).DoOnSubscribe(func(observable.Disposable) { r.taken.Add(1) }).DoFinally(func() { r.taken.Add(-1) })
		},
		model: func(m *world, x *expr, v int) cold { return m.up(x, v) },
	},
	{
		name: "Defer",
		build: func(r *rig, x *expr, v int) stream {
			return observable.Defer(func(context.Context) stream { return r.up(x, v) })
		},
		model: func(m *world, x *expr, v int) cold { return m.up(x, v) },
	},
	{
		name: "Serialize.New",
		build: func(r *rig, x *expr, v int) stream {
			return observable.Serialize(observable.New(r.up(x, v).Source()))
		},
		model: func(m *world, x *expr, v int) cold { return m.up(x, v) },
	},
	// A connection for each turn, in a stream that is made anew for each observer:
	// the model has no shared state.
	again("Share.Repeat", "p", func(o stream, x *expr, _ *rig) stream {
		return observable.Defer(func(context.Context) stream { return observable.Share(o).Repeat(x.num[0]) })
	}, func(x *expr, e event, k int) (int64, bool) { return 0, e.kind == completion && k < x.num[0] }),
	again("Replay.RefCount.Retry", "p", func(o stream, x *expr, _ *rig) stream {
		return observable.Defer(func(context.Context) stream {
			return observable.Replay(o, observable.ReplayOptions{}).RefCount(1).Retry(x.num[0])
		})
	}, func(x *expr, e event, k int) (int64, bool) { return 0, e.kind == failure && k <= x.num[0] }),
}
