package fuzz_test

import (
	"slices"
	"time"

	"github.com/quillgo/quill/observable"
)

// timed makes an operator of a function on a whole list and the instant of the
// subscription.
func timed(name, args string, build func(o stream, x *expr, r *rig) stream, of func(x *expr, s int64, t trace) trace) *op {
	return &op{
		name: name, args: args,
		build: func(r *rig, x *expr, v int) stream { return build(r.up(x, v), x, r) },
		model: func(m *world, x *expr, v int) cold { return func(s int64) trace { return of(x, s, m.up(x, v)(s)) } },
	}
}

// never is later than everything.
const never = int64(1) << 62

// after returns the signal after the i-th one.
func (t trace) after(i int) event {
	if i+1 < len(t) {
		return t[i+1]
	}
	return event{at: never}
}

// late fails with what Timeout fails with.
func late(at int64, d time.Duration) event {
	return failed(at, (&observable.TimeoutError{After: d}).Error())
}

var timeOperators = []*op{
	// An error is passed on at once, but by a task: so that nothing else happens at
	// that instant it comes late already.
	timed("LateError.Delay", "dd", func(o stream, x *expr, r *rig) stream {
		return observable.Delay(o.OnErrorResumeNext(func(err error) stream {
			return observable.DelaySubscription(observable.Error[int](err), x.duration(1), r.time)
		}), x.duration(0), r.time)
	}, func(x *expr, _ int64, t trace) trace {
		var out trace
		end, _ := t.end()
		for _, e := range t {
			due := e.at + x.span(0)
			switch {
			case e.kind == failure:
				out = append(out, e.moved(e.at+x.span(1)))
			case end.kind != failure || due < end.at+x.span(1):
				out = append(out, e.moved(due))
			}
		}
		return out
	}),
	timed("DelayDelayError", "d", func(o stream, x *expr, r *rig) stream { return observable.DelayDelayError(o, x.duration(0), r.time) },
		func(x *expr, _ int64, t trace) trace {
			var out trace
			for _, e := range t {
				out = append(out, e.moved(e.at+x.span(0)))
			}
			return out
		}),
	{
		name: "DelaySubscription", args: "d",
		build: func(r *rig, x *expr, v int) stream {
			return observable.DelaySubscription(r.up(x, v), x.duration(0), r.time)
		},
		model: func(m *world, x *expr, v int) cold {
			return func(s int64) trace {
				if s+x.span(0) > horizon {
					return nil
				}
				return m.up(x, v)(s + x.span(0))
			}
		},
	},
	timed("Debounce", "d", func(o stream, x *expr, r *rig) stream { return observable.Debounce(o, x.duration(0), r.time) },
		func(x *expr, _ int64, t trace) trace {
			var out trace
			for i, e := range t {
				due, then := e.at+x.span(0), t.after(i)
				switch {
				case e.ends():
					out = append(out, e)
				case then.at > due:
					out = append(out, e.moved(due))
				case then.kind == completion:
					out = append(out, e.moved(then.at))
				}
			}
			return out
		}),
	timed("Sample", "db", func(o stream, x *expr, r *rig) stream {
		return observable.Sample(o, x.duration(0), x.num[1] == 1, r.time)
	},
		func(x *expr, s int64, t trace) trace {
			var out, waiting trace
			for _, e := range weave(t, ticks(s, x.span(0), x.span(0))) {
				switch {
				case e.i == 1:
					for _, w := range waiting {
						out = append(out, w.moved(e.at))
					}
					waiting = nil
				case e.kind == item:
					waiting = trace{e.event}
				default:
					if e.kind == completion && x.num[1] == 1 {
						for _, w := range waiting {
							out = append(out, w.moved(e.at))
						}
					}
					return append(out, e.event)
				}
			}
			return out
		}),
	timed("ThrottleFirst", "d", func(o stream, x *expr, r *rig) stream { return observable.ThrottleFirst(o, x.duration(0), r.time) },
		func(x *expr, _ int64, t trace) trace {
			var out trace
			open := int64(0)
			for _, e := range t {
				if e.ends() || e.at >= open {
					out = append(out, e)
					open = e.at + x.span(0)
				}
			}
			return out
		}),
	timed("ThrottleLatest", "db", func(o stream, x *expr, r *rig) stream {
		return observable.ThrottleLatest(o, x.duration(0), x.num[1] == 1, r.time)
	}, func(x *expr, _ int64, t trace) trace {
		var out, waiting trace
		timer := never // when the item that waits may go
		for i, e := range t {
			switch {
			case e.kind == item && timer == never:
				out = append(out, e)
				timer = e.at + x.span(0)
			case e.kind == item:
				waiting = trace{e}
			default:
				if e.kind == completion && x.num[1] == 1 {
					for _, w := range waiting {
						out = append(out, w.moved(e.at))
					}
				}
				return append(out, e)
			}
			for timer < t.after(i).at {
				if len(waiting) == 0 {
					timer = never
					break
				}
				out = append(out, waiting[0].moved(timer))
				waiting = nil
				timer += x.span(0)
			}
		}
		return out
	}),
	timed("Timeout", "d", func(o stream, x *expr, r *rig) stream { return o.Timeout(x.duration(0), r.time) },
		func(x *expr, s int64, t trace) trace {
			for i, e := range append(trace{next(s, 0)}, t...) {
				if due := e.at + x.span(0); !e.ends() && append(trace{e}, t[i:]...).after(0).at > due {
					return append(slices.Clone(t[:i]), late(due, x.duration(0)))
				}
			}
			return t
		}),
	timed("TimeoutFirst", "d", func(o stream, x *expr, r *rig) stream { return observable.TimeoutFirst(o, x.duration(0), r.time) },
		func(x *expr, s int64, t trace) trace {
			if len(t) == 0 || t[0].at > s+x.span(0) {
				return trace{late(s+x.span(0), x.duration(0))}
			}
			return t
		}),
	{
		name: "TimeoutWith", args: "dk",
		build: func(r *rig, x *expr, v int) stream {
			return observable.TimeoutWith(r.up(x, v), x.duration(0), r.kid(x, 0, v), r.time)
		},
		model: func(m *world, x *expr, v int) cold {
			return func(s int64) trace {
				last := s
				var out trace
				for _, e := range append(m.up(x, v)(s), event{at: never}) {
					if due := last + x.span(0); e.at > due {
						if due > horizon {
							return out
						}
						return append(out, m.kid(x, 0, v)(due)...)
					}
					out = append(out, e)
					if last = e.at; e.ends() {
						return out
					}
				}
				return out
			}
		},
	},
	timed("TakeTime", "d", func(o stream, x *expr, r *rig) stream { return observable.TakeTime(o, x.duration(0), r.time) },
		func(x *expr, s int64, t trace) trace {
			var out trace
			for _, e := range t {
				if e.at < s+x.span(0) {
					out = append(out, e)
				}
			}
			return append(out, done(s+x.span(0)))
		}),
	timed("SkipTime", "d", func(o stream, x *expr, r *rig) stream { return observable.SkipTime(o, x.duration(0), r.time) },
		func(x *expr, s int64, t trace) trace {
			var out trace
			for _, e := range t {
				if e.ends() || e.at > s+x.span(0) {
					out = append(out, e)
				}
			}
			return out
		}),
	timed("TakeLastTime", "dn", func(o stream, x *expr, r *rig) stream {
		return observable.TakeLastTime(o, x.duration(0), observable.TakeLastOptions{Count: x.num[1]}, r.time)
	}, func(x *expr, _ int64, t trace) trace {
		end, ok := t.end()
		if !ok {
			return nil
		}
		var out trace
		for _, e := range t.items() {
			if end.kind == completion && e.at > end.at-x.span(0) {
				out = append(out, e.moved(end.at))
			}
		}
		if n := x.num[1]; n > 0 && len(out) > n {
			out = out[len(out)-n:]
		}
		return append(out, end)
	}),
	timed("SkipLastTime", "d", func(o stream, x *expr, r *rig) stream { return observable.SkipLastTime(o, x.duration(0), r.time) },
		func(x *expr, _ int64, t trace) trace {
			var out, waiting trace
			for _, e := range t {
				for e.kind != failure && len(waiting) > 0 && waiting[0].at+x.span(0) < e.at {
					out = append(out, waiting[0].moved(e.at))
					waiting = waiting[1:]
				}
				if e.ends() {
					return append(out, e)
				}
				waiting = append(waiting, e)
			}
			return out
		}),
	timed("BufferTime", "d", func(o stream, x *expr, r *rig) stream {
		return observable.Map(observable.BufferTime(o, x.duration(0), r.time), fold)
	}, func(x *expr, s int64, t trace) trace { return lists(t, x.span(0), s, 0, false) }),
	timed("BufferTimeCount", "dnb", func(o stream, x *expr, r *rig) stream {
		options := observable.BufferOptions{Count: x.num[1], RestartTimer: x.num[2] == 1}
		return observable.Map(observable.BufferTimeCount(o, x.duration(0), options, r.time), fold)
	}, func(x *expr, s int64, t trace) trace { return lists(t, x.span(0), s, x.num[1], x.num[2] == 1) }),
	timed("WindowTimeCount", "dnb", func(o stream, x *expr, r *rig) stream {
		options := observable.WindowOptions{Count: x.num[1], RestartTimer: x.num[2] == 1}
		return observable.FlatMap(observable.WindowTimeCount(o, x.duration(0), options, r.time), folded, observable.Unlimited)
	}, func(x *expr, s int64, t trace) trace { return lists(t, x.span(0), s, x.num[1], x.num[2] == 1) }),
	timed("BufferTimeSkip", "dd", func(o stream, x *expr, r *rig) stream {
		return observable.Map(observable.BufferTimeSkip(o, x.duration(0), x.period(1), r.time), fold)
	}, overlapping),
}

// folded makes one item of a stream.
func folded(o stream) stream { return observable.Map(observable.ToList(o), fold) }

// lists cuts a stream each period and each count items, if count is not 0.
func lists(t trace, period, s int64, count int, restart bool) trace {
	var out trace
	var values []int
	tick := s + period
	cut := func(now int64) {
		out = append(out, next(now, fold(values)))
		values = nil
	}
	for _, e := range append(slices.Clone(t), event{at: horizon + 1, kind: failure}) {
		for ; tick < e.at; tick += period {
			cut(tick)
		}
		switch e.kind {
		case failure:
			return append(out, e)
		case completion:
			cut(e.at)
			return append(out, e)
		}
		if values = append(values, e.v); len(values) == count {
			cut(e.at)
			if restart {
				tick = e.at + period
			}
		}
	}
	return out
}

// overlapping is BufferTimeSkip.
func overlapping(x *expr, s int64, t trace) trace {
	span, skip := x.span(0), int64(x.period(1))
	end, ok := t.end()
	if !ok {
		end = event{at: horizon + 1, kind: failure}
	}
	var out trace
	for begin := s; begin < end.at || begin == s; begin += skip {
		var values []int
		for _, e := range t.items() {
			if e.at >= begin && e.at < begin+span {
				values = append(values, e.v)
			}
		}
		if begin+span < end.at {
			out = append(out, next(begin+span, fold(values)))
		} else if end.kind == completion {
			out = append(out, next(end.at, fold(values)))
		}
	}
	if !ok {
		return out
	}
	return append(out, end)
}
