package fuzz_test

import (
	"fmt"
	"slices"
	"strings"
)

type kind int

const (
	item kind = iota
	completion
	failure
)

// event is a signal and its instant.
type event struct {
	at   int64
	kind kind
	v    int
	err  string
}

func next(at int64, v int) event        { return event{at: at, v: v} }
func done(at int64) event               { return event{at: at, kind: completion} }
func failed(at int64, err string) event { return event{at: at, kind: failure, err: err} }
func (e event) ends() bool              { return e.kind != item }
func (e event) moved(at int64) event    { e.at = at; return e }
func ended(at int64, errs ...string) event {
	if len(errs) == 0 {
		return done(at)
	}
	return failed(at, strings.Join(errs, "\n"))
}

func (e event) text() string {
	switch e.kind {
	case completion:
		return "|"
	case failure:
		return fmt.Sprintf("#(%s)", e.err)
	}
	return fmt.Sprint(e.v)
}

// trace is what a subscription gets, in order.
type trace []event

func (t trace) String() string {
	var parts []string
	now := int64(-1)
	for _, e := range t {
		if e.at != now {
			parts = append(parts, "@"+at(e.at))
			now = e.at
		}
		parts = append(parts, e.text())
	}
	if len(t) == 0 || !t[len(t)-1].ends() {
		parts = append(parts, "...")
	}
	return strings.Join(parts, " ")
}

// end returns the terminal signal; ok is false if there is none.
func (t trace) end() (e event, ok bool) {
	if n := len(t); n > 0 && t[n-1].ends() {
		return t[n-1], true
	}
	return e, false
}

func (t trace) items() trace {
	if _, ok := t.end(); ok {
		return t[:len(t)-1]
	}
	return t
}

func (t trace) values() []int {
	var all []int
	for _, e := range t.items() {
		all = append(all, e.v)
	}
	return all
}

// cold is a stream: what a subscription at an instant gets.
type cold func(at int64) trace

// world is where models live.
type world struct {
	events int // made so far
}

// tooMuch is what a model panics with that makes more signals than are worth
// comparing.
type tooMuch struct{}

const maxEvents = 3000

func (m *world) stream(x *expr, v int) cold {
	model := x.op.model(m, x, v)
	return func(s int64) trace {
		t := model(s)
		if m.events += len(t) + 1; m.events > maxEvents {
			panic(tooMuch{})
		}
		for i, e := range t {
			if e.at > horizon {
				return slices.Clip(t[:i])
			}
			if e.ends() {
				return slices.Clip(t[:i+1])
			}
		}
		return t
	}
}

func (m *world) up(x *expr, v int) cold     { return m.stream(x.up, v) }
func (m *world) kid(x *expr, i, v int) cold { return m.stream(x.kid[i], v) }

// inner is the function of a FlatMap: it reports a panic as a stream that is
// nil.
func (m *world) inner(x *expr, i int) func(int) cold {
	f := x.project(i)
	return func(v int) (c cold) {
		defer func() {
			if recover() != nil {
				c = nil
			}
		}()
		return m.stream(x.kid[0], f(v))
	}
}

// panicked is the error of a function that panics.
const panicked = "observable: user function panicked: boom"

// each applies a function to each signal of a stream; start makes the
// function for a subscription. What it returns takes the signal's place, at the
// signal's instant; an end among it ends the stream, and so does a panic.
func each(up cold, start func() func(e event) []event) cold {
	return func(s int64) trace {
		f := start()
		var out trace
		for _, e := range up(s) {
			for _, made := range guarded(f, e) {
				out = append(out, made.moved(e.at))
				if made.ends() {
					return out
				}
			}
		}
		return out
	}
}

func guarded(f func(event) []event, e event) (made []event) {
	defer func() {
		switch r := recover(); r {
		case nil:
		case errBoom:
			made = []event{failed(e.at, panicked)}
		default:
			panic(r)
		}
	}()
	return f(e)
}

// from is a signal of one of several streams.
type from struct {
	event
	i int
}

// weave puts the signals of several streams in one order: by instant, and at the
// same instant by stream.
func weave(all ...trace) []from {
	var out []from
	for i, t := range all {
		for _, e := range t {
			out = append(out, from{e, i})
		}
	}
	slices.SortStableFunc(out, func(a, b from) int {
		if a.at != b.at {
			return int(min(max(a.at-b.at, -1), 1))
		}
		return a.i - b.i
	})
	return out
}

// ticks are items at every period from s on.
func ticks(s, first, period int64) trace {
	var out trace
	for t := s + first; t <= horizon; t += period {
		out = append(out, next(t, len(out)))
	}
	return out
}

// fold makes one item of a slice.
func fold(values []int) int {
	h := len(values)
	for _, v := range values {
		h = (h*31 + v + 1) % 9973
	}
	return h
}
