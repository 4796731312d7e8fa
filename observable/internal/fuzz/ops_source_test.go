package fuzz_test

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/quillgo/quill/observable"
)

var sources = []*op{
	{
		name: "Script", args: "s",
		build: func(r *rig, x *expr, v int) stream { return observable.New(&scriptSource{r, x, v}) },
		model: func(_ *world, x *expr, v int) cold { return func(s int64) trace { return x.script(s, v) } },
	},
	{
		name: "FromSlice", args: "n",
		build: func(_ *rig, x *expr, v int) stream { return observable.FromSlice(x.row(v)) },
		model: func(_ *world, x *expr, v int) cold { return burst(x.row(v), "") },
	},
	{
		name:  "Just",
		build: func(_ *rig, _ *expr, v int) stream { return observable.Just(v) },
		model: func(_ *world, _ *expr, v int) cold { return burst([]int{v}, "") },
	},
	{
		name:  "Empty",
		build: func(*rig, *expr, int) stream { return observable.Empty[int]() },
		model: func(*world, *expr, int) cold { return burst(nil, "") },
	},
	{
		name:  "Error",
		build: func(*rig, *expr, int) stream { return observable.Error[int](errBoom) },
		model: func(*world, *expr, int) cold { return burst(nil, "boom") },
	},
	{
		name:  "Never",
		build: func(*rig, *expr, int) stream { return observable.Never[int]() },
		model: func(*world, *expr, int) cold { return func(int64) trace { return nil } },
	},
	{
		name: "Range", args: "n",
		build: func(_ *rig, x *expr, v int) stream { return observable.Range(v, x.num[0]) },
		model: func(_ *world, x *expr, v int) cold {
			var values []int
			for i := range x.num[0] {
				values = append(values, v+i)
			}
			return burst(values, "")
		},
	},
	{
		name: "FromSeq2", args: "nb", // then fails or not
		build: func(_ *rig, x *expr, v int) stream {
			return observable.FromSeq2(func(yield func(int, error) bool) {
				for _, w := range x.row(v) {
					if !yield(w, nil) {
						return
					}
				}
				if x.num[1] == 1 {
					yield(0, errBoom)
				}
			})
		},
		model: func(_ *world, x *expr, v int) cold { return burst(x.row(v), x.boom(1)) },
	},
	{
		name: "Create", args: "nb",
		build: func(_ *rig, x *expr, v int) stream {
			return observable.Create(func(_ context.Context, e *observable.Emitter[int]) error {
				for _, w := range x.row(v) {
					if !e.Next(w) {
						return nil
					}
				}
				if x.num[1] == 1 {
					return errBoom
				}
				return nil
			})
		},
		model: func(_ *world, x *expr, v int) cold { return burst(x.row(v), x.boom(1)) },
	},
	{
		name: "Generate", args: "nb",
		build: func(_ *rig, x *expr, v int) stream {
			row := x.row(v)
			return observable.Generate(func() int { return 0 }, func(i int, g *observable.Generator[int]) int {
				switch {
				case i < len(row):
					g.Next(row[i])
				case x.num[1] == 1:
					g.Error(errBoom)
				default:
					g.Complete()
				}
				return i + 1
			}, nil)
		},
		model: func(_ *world, x *expr, v int) cold { return burst(x.row(v), x.boom(1)) },
	},
	{
		name: "Timer", args: "d",
		build: func(r *rig, x *expr, _ int) stream { return observable.Timer(x.duration(0), r.time) },
		model: func(_ *world, x *expr, _ int) cold {
			return func(s int64) trace { return trace{next(s+x.span(0), 0), done(s + x.span(0))} }
		},
	},
	{
		name: "Interval", args: "d",
		build: func(r *rig, x *expr, _ int) stream { return observable.Interval(x.period(0), r.time) },
		model: func(_ *world, x *expr, _ int) cold {
			return func(s int64) trace { p := int64(x.period(0)); return ticks(s, p, p) }
		},
	},
	{
		name: "IntervalRange", args: "ndd",
		build: func(r *rig, x *expr, v int) stream {
			return observable.IntervalRange(v, x.num[0], x.duration(1), x.period(2), r.time)
		},
		model: func(_ *world, x *expr, v int) cold {
			return func(s int64) trace {
				if x.num[0] == 0 {
					return trace{done(s + x.span(1))}
				}
				var out trace
				now := s + x.span(1)
				for i := range x.num[0] {
					out = append(out, next(now, v+i))
					if i+1 < x.num[0] {
						now += int64(x.period(2))
					}
				}
				return append(out, done(now))
			}
		},
	},
}

// period is a duration of a tick at least, for what goes on for ever.
func (x *expr) period(i int) time.Duration { return x.duration(i) + time.Duration(tick) }

// row is a list of items whose number is the first argument.
func (x *expr) row(v int) []int {
	var all []int
	for i := range x.num[0] {
		all = append(all, (v+i*x.id)%10)
	}
	return all
}

// boom is the error of a source whose i-th argument says whether it fails.
func (x *expr) boom(i int) string {
	if x.num[i] == 1 {
		return "boom"
	}
	return ""
}

// burst emits everything at once.
func burst(values []int, err string) cold {
	return func(s int64) trace {
		var out trace
		for _, v := range values {
			out = append(out, next(s, v))
		}
		if err != "" {
			return append(out, failed(s, err))
		}
		return append(out, done(s))
	}
}

// script gives the script's signals their instants, for a subscription at s.
func (x *expr) script(s int64, v int) trace {
	var out trace
	now := s
	for i, e := range x.list {
		if e.gap > 0 {
			now += int64(e.gap)*tick + jitter(int64(x.id), s, int64(v), int64(i))
		}
		e.at = now
		if e.kind == item {
			e.v = (e.v + v) % 10
		}
		out = append(out, e.event)
	}
	return out
}

// scriptSource emits a script, and keeps account of who is subscribed.
type scriptSource struct {
	r *rig
	x *expr
	v int
}

type scriptRun struct {
	r      *rig
	worker observable.Worker
	over   atomic.Bool // ended or disposed
	gone   atomic.Bool // disposed
}

func (s *scriptRun) stop() {
	if !s.over.Swap(true) {
		s.r.active--
		s.worker.Dispose()
	}
}

func (s *scriptRun) Dispose()       { s.gone.Store(true); s.stop() }
func (s *scriptRun) Disposed() bool { return s.gone.Load() }

func (s *scriptSource) Subscribe(_ context.Context, o observable.Observer[int]) {
	run := &scriptRun{r: s.r, worker: s.r.time.Worker()}
	s.r.active++
	o.OnSubscribe(run)
	s.emit(run, o, s.x.script(s.r.now(), s.v))
}

// emit emits what is due and schedules the rest.
func (s *scriptSource) emit(run *scriptRun, o observable.Observer[int], rest trace) {
	for ; len(rest) > 0 && !run.over.Load(); rest = rest[1:] {
		e := rest[0]
		if wait := e.at - s.r.now(); wait > 0 {
			rest := rest
			if _, err := run.worker.After(time.Duration(wait), func() { s.emit(run, o, rest) }); err != nil {
				panic(err)
			}
			return
		}
		switch e.kind {
		case item:
			o.OnNext(e.v)
		case completion:
			run.stop()
			o.OnComplete()
		case failure:
			run.stop()
			o.OnError(errors.New(e.err))
		}
	}
}
