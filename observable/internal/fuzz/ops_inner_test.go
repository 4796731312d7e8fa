package fuzz_test

import (
	"slices"

	"github.com/quillgo/quill/observable"
)

// flat simulates FlatMap and ConcatMap for one subscription.
type flat struct {
	project func(int) cold // nil for a panic
	limit   int            // or Unlimited
	lazy    bool           // project is called when an item's turn comes
	delay   bool           // errors wait for the end
	// boundary is delay for errors of the outer stream only, which wait for the
	// end of the inner one.
	boundary bool

	out    trace
	active []trace
	queue  []func(now int64)
	on     int // inner streams that have not ended
	over   bool
	errs   []string
	ended  bool
}

func (f *flat) run(outer trace) trace {
	for !f.ended {
		i := -1 // of the active stream with the next signal
		for j, t := range f.active {
			if len(t) > 0 && (i < 0 || t[0].at < f.active[i][0].at) {
				i = j
			}
		}
		switch {
		case i >= 0 && (len(outer) == 0 || f.active[i][0].at <= outer[0].at):
			e := f.active[i][0]
			f.active[i] = f.active[i][1:]
			f.inner(e)
		case len(outer) > 0:
			e := outer[0]
			outer = outer[1:]
			if !f.over { // else the outer stream was stopped
				f.outer(e)
			}
		default:
			return f.out
		}
	}
	return f.out
}

func (f *flat) outer(e event) {
	switch e.kind {
	case item:
		f.take(e)
	case failure:
		f.fails(e.at, e.err)
	case completion:
		f.over = true
		f.check(e.at)
	}
}

// fails takes in an error of the outer stream.
func (f *flat) fails(now int64, err string) {
	f.errs = append(f.errs, err)
	f.over = true
	switch {
	case f.delay:
		f.check(now)
	case f.boundary && f.on > 0:
		f.queue = nil
	default:
		f.end(now)
	}
}

func (f *flat) take(e event) {
	if f.lazy {
		f.start(e.at, func(now int64) {
			if c := f.project(e.v); c == nil {
				f.errs = append(f.errs, panicked)
				f.end(now)
			} else {
				f.subscribe(c, now)
			}
		})
		return
	}
	c := f.project(e.v)
	if c == nil {
		f.fails(e.at, panicked)
		return
	}
	f.start(e.at, func(now int64) { f.subscribe(c, now) })
}

func (f *flat) start(now int64, begin func(int64)) {
	if f.limit != observable.Unlimited && f.on == f.limit {
		f.queue = append(f.queue, begin)
		return
	}
	begin(now)
}

// subscribe emits what comes at once and keeps the rest.
func (f *flat) subscribe(c cold, now int64) {
	f.on++
	t := c(now)
	for len(t) > 0 && t[0].at == now && !f.ended {
		e := t[0]
		t = t[1:]
		f.inner(e)
	}
	f.active = append(f.active, t)
}

// inner takes in a signal of an inner stream.
func (f *flat) inner(e event) {
	switch {
	case f.ended:
		return
	case e.kind == item:
		f.out = append(f.out, e)
		return
	case e.kind == failure:
		f.errs = append(f.errs, e.err)
		if !f.delay {
			f.end(e.at)
			return
		}
	}
	f.on--
	if len(f.queue) > 0 {
		begin := f.queue[0]
		f.queue = f.queue[1:]
		begin(e.at)
	}
	f.check(e.at)
}

func (f *flat) check(now int64) {
	if !f.ended && f.over && f.on == 0 && len(f.queue) == 0 {
		f.end(now)
	}
}

func (f *flat) end(now int64) {
	if !f.ended {
		f.ended = true
		f.out = append(f.out, ended(now, f.errs...))
	}
}

// flattening makes an operator that flat simulates.
func flattening(name, args string, build func(o stream, inner func(int) stream, x *expr) stream, simulate func(x *expr) *flat) *op {
	return &op{
		name: name, args: args + "ck",
		build: func(r *rig, x *expr, v int) stream { return build(r.up(x, v), r.inner(x, len(args)), x) },
		model: func(m *world, x *expr, v int) cold {
			return func(s int64) trace {
				f := simulate(x)
				f.project = m.inner(x, len(args))
				return f.run(m.up(x, v)(s))
			}
		},
	}
}

// switching simulates SwitchMap.
func switching(outer trace, project func(int) cold, delay bool) trace {
	var out, current trace
	var errs []string
	over, on := false, false
	signals := func(until int64) (end *event) { // of the current stream
		for len(current) > 0 && current[0].at <= until {
			e := current[0]
			current = current[1:]
			if e.kind == item {
				out = append(out, e)
				continue
			}
			on = false
			if e.kind == failure {
				errs = append(errs, e.err)
			}
			if e.kind == failure && !delay || over {
				return &e
			}
		}
		return nil
	}
	for _, e := range append(slices.Clone(outer), event{at: never}) {
		if end := signals(e.at); end != nil {
			return append(out, ended(end.at, errs...))
		}
		if e.at == never {
			return out
		}
		if e.kind == item {
			current, on = nil, false
			if c := project(e.v); c != nil {
				current, on = c(e.at), true
				continue
			}
			e = failed(e.at, panicked)
		}
		if over = true; e.kind == failure {
			errs = append(errs, e.err)
		}
		if e.kind == failure && !delay || !on {
			return append(out, ended(e.at, errs...))
		}
		if end := signals(never - 1); end != nil {
			return append(out, ended(end.at, errs...))
		}
		return out
	}
	return out
}

var innerOperators = []*op{
	flattening("FlatMap", "l", func(o stream, inner func(int) stream, x *expr) stream {
		return observable.FlatMap(o, inner, x.limit(0))
	}, func(x *expr) *flat { return &flat{limit: x.limit(0)} }),
	flattening("FlatMapDelayError", "l", func(o stream, inner func(int) stream, x *expr) stream {
		return observable.FlatMapDelayError(o, inner, x.limit(0))
	}, func(x *expr) *flat { return &flat{limit: x.limit(0), delay: true} }),
	flattening("ConcatMap", "", func(o stream, inner func(int) stream, _ *expr) stream {
		return observable.ConcatMap(o, inner)
	}, func(*expr) *flat { return &flat{limit: 1, lazy: true} }),
	flattening("ConcatMapDelayError", "b", func(o stream, inner func(int) stream, x *expr) stream {
		return observable.ConcatMapDelayError(o, inner, x.num[0] == 1)
	}, func(x *expr) *flat {
		return &flat{limit: 1, lazy: true, delay: x.num[0] == 1, boundary: x.num[0] == 0}
	}),
	{
		name: "ConcatMapEager", args: "lck",
		build: func(r *rig, x *expr, v int) stream {
			return observable.ConcatMapEager(r.up(x, v), r.inner(x, 1), x.limit(0))
		},
		model: func(m *world, x *expr, v int) cold {
			return func(s int64) trace {
				g := &eager{limit: x.limit(0), project: m.inner(x, 1)}
				return g.run(m.up(x, v)(s))
			}
		},
	},
	{
		name: "SwitchMap", args: "ck",
		build: func(r *rig, x *expr, v int) stream { return observable.SwitchMap(r.up(x, v), r.inner(x, 0)) },
		model: func(m *world, x *expr, v int) cold {
			return func(s int64) trace { return switching(m.up(x, v)(s), m.inner(x, 0), false) }
		},
	},
	{
		name: "SwitchMapDelayError", args: "ck",
		build: func(r *rig, x *expr, v int) stream { return observable.SwitchMapDelayError(r.up(x, v), r.inner(x, 0)) },
		model: func(m *world, x *expr, v int) cold {
			return func(s int64) trace { return switching(m.up(x, v)(s), m.inner(x, 0), true) }
		},
	},
	{
		name: "DelayWhen", args: "ck",
		build: func(r *rig, x *expr, v int) stream { return observable.DelayWhen(r.up(x, v), r.inner(x, 0)) },
		model: func(m *world, x *expr, v int) cold {
			return func(s int64) trace {
				// An item that waits is an inner stream of one item.
				f := &flat{limit: observable.Unlimited}
				inner := m.inner(x, 0)
				f.project = func(v int) cold {
					when := inner(v)
					if when == nil {
						return nil
					}
					return func(s int64) trace {
						t := when(s)
						if len(t) == 0 || t[0].kind == failure {
							return t
						}
						return trace{next(t[0].at, v), done(t[0].at)}
					}
				}
				return f.run(m.up(x, v)(s))
			}
		},
	},
	{
		name: "DebounceWhen", args: "ck",
		build: func(r *rig, x *expr, v int) stream { return observable.DebounceWhen(r.up(x, v), r.inner(x, 0)) },
		model: func(m *world, x *expr, v int) cold {
			return func(s int64) trace {
				t := m.up(x, v)(s)
				var out trace
				for i, e := range t {
					if e.ends() {
						return append(out, e)
					}
					when := m.inner(x, 0)(e.v)
					if when == nil {
						return append(out, failed(e.at, panicked))
					}
					signals, then := when(e.at), t.after(i)
					switch {
					case len(signals) > 0 && (signals[0].at < then.at || signals[0].at == e.at):
						if signals[0].kind == failure {
							return append(out, signals[0])
						}
						out = append(out, e.moved(signals[0].at))
					case then.kind == completion:
						out = append(out, e.moved(then.at))
					}
				}
				return out
			}
		},
	},
}
