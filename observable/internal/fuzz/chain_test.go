package fuzz_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/quillgo/quill/observable"
	"github.com/quillgo/quill/observable/observabletest"
)

type stream = observable.Observable[int]

// op is an operator, or a source: the real one and its model. Both make it of
// the expression x for the item v: that of the outer stream if x is an inner
// one, else 0.
type op struct {
	name string
	// args has a letter for each argument:
	//	n  a number from 0
	//	p  a positive number
	//	l  a limit: 1, 2 or none
	//	d  a duration
	//	b  a boolean
	//	f  a predicate, which may panic
	//	c  a function from items to items, which may panic
	//	k  a stream
	//	s  the signals of a script
	args  string
	build builder
	model func(m *world, x *expr, v int) cold
}

// builder makes the real stream.
type builder func(r *rig, x *expr, v int) stream

// expr is an operator with its arguments.
type expr struct {
	op   *op
	id   int   // unlike any other of the chain
	up   *expr // nil for a source
	num  []int // the number of each argument that is one
	kid  []*expr
	list []step // of a script
}

// step is a signal of a script.
type step struct {
	gap int // ticks after the one before; 0 is the same call
	event
}

// tick is the unit of durations. It leaves so much room for what makes instants
// differ that they do.
const (
	tick    = int64(time.Hour)
	horizon = 24 * tick // where every run ends
)

// jitter is what tells instants apart: more than nothing, less than a tick.
func jitter(of ...int64) int64 {
	var h uint64 = 0x9e3779b97f4a7c15
	for _, v := range of {
		h += uint64(v) + 0x9e3779b97f4a7c15
		h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
		h = (h ^ h>>27) * 0x94d049bb133111eb
		h ^= h >> 31
	}
	return 1 + int64(h%uint64(tick-1))
}

// span returns the i-th argument as a duration.
func (x *expr) span(i int) int64 { return int64(x.num[i])*tick + jitter(int64(x.id), int64(i)) }

func (x *expr) duration(i int) time.Duration { return time.Duration(x.span(i)) }

// limit returns the i-th argument as a number of inner streams.
func (x *expr) limit(i int) int {
	if x.num[i] == 0 {
		return observable.Unlimited
	}
	return x.num[i]
}

// errBoom is what functions panic with.
var errBoom = errors.New("boom")

// keep is the i-th argument as a predicate.
func (x *expr) keep(i int) func(int) bool {
	n := x.num[i]
	return func(v int) bool {
		if n >= 12 && v%4 == n%4 {
			panic(errBoom)
		}
		return v%(2+n%3) == n/3%2
	}
}

// project is the i-th argument as a function.
func (x *expr) project(i int) func(int) int {
	n := x.num[i]
	return func(v int) int {
		if n >= 8 && v%4 == n%4 {
			panic(errBoom)
		}
		return (v*(1+n%3) + n) % 10
	}
}

func (x *expr) String() string {
	var parts []string
	if x.up != nil {
		parts = append(parts, x.up.String())
	}
	i, kid := 0, 0
	for _, letter := range x.op.args {
		part := ""
		switch letter {
		case 'k':
			part = x.kid[kid].String()
			kid++
		case 's':
			part = script(x.list)
		default:
			part = x.argument(letter, i)
			i++
		}
		parts = append(parts, part)
	}
	return x.op.name + "(" + strings.Join(parts, ", ") + ")"
}

func (x *expr) argument(letter rune, i int) string {
	n := x.num[i]
	switch letter {
	case 'd':
		return at(x.span(i))
	case 'b':
		return fmt.Sprint(n == 1)
	case 'l':
		if n == 0 {
			return "Unlimited"
		}
	case 'f':
		s := fmt.Sprintf("v%%%d == %d", 2+n%3, n/3%2)
		if n >= 12 {
			s = fmt.Sprintf("v%%4 == %d ? panic : ", n%4) + s
		}
		return s
	case 'c':
		s := fmt.Sprintf("(v*%d+%d)%%10", 1+n%3, n)
		if n >= 8 {
			s = fmt.Sprintf("v%%4 == %d ? panic : ", n%4) + s
		}
		return s
	}
	return fmt.Sprint(n)
}

// script writes a list of signals: items, with the ticks before them.
func script(list []step) string {
	var parts []string
	for _, s := range list {
		text := s.text()
		if s.gap > 0 {
			text = fmt.Sprintf("+%dh %s", s.gap, text)
		}
		parts = append(parts, text)
	}
	return `"` + strings.Join(parts, " ") + `"`
}

// at writes an instant, in ticks.
func at(t int64) string { return fmt.Sprintf("%.4gh", float64(t)/float64(tick)) }

// rig is what a real chain runs on.
type rig struct {
	ctx   context.Context
	time  *observabletest.VirtualScheduler
	start time.Time
	// wrong has operators that are not what they should be.
	wrong map[string]builder

	mu      sync.Mutex
	reports []error      // guarded by mu; what the error handler got, and what is wrong otherwise
	active  int          // subscriptions to sources that have neither ended nor been disposed
	taken   atomic.Int32 // resources that have not been given back; a sink may return before
}

func newRig() *rig {
	r := &rig{time: observabletest.NewVirtualScheduler()}
	r.start = r.time.Now()
	r.ctx = observable.WithErrorHandler(context.Background(), r.report)
	return r
}

func (r *rig) report(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.reports = append(r.reports, err)
}

func (r *rig) reported() []error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.reports)
}

func (r *rig) now() int64 { return int64(r.time.Now().Sub(r.start)) }

// to moves the time to t.
func (r *rig) to(t int64) { r.time.AdvanceTo(r.start.Add(time.Duration(t))) }

func (r *rig) stream(x *expr, v int) stream {
	build := x.op.build
	if wrong := r.wrong[x.op.name]; wrong != nil {
		build = wrong
	}
	return build(r, x, v)
}

// up is the stream above x.
func (r *rig) up(x *expr, v int) stream { return r.stream(x.up, v) }

// kid is a stream that is an argument of x.
func (r *rig) kid(x *expr, i, v int) stream { return r.stream(x.kid[i], v) }

// inner is the last argument of x as the function of a FlatMap.
func (r *rig) inner(x *expr, i int) func(int) stream {
	f := x.project(i)
	return func(v int) stream { return r.stream(x.kid[0], f(v)) }
}
