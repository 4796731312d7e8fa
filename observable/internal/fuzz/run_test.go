package fuzz_test

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/quillgo/quill/observable"
	"github.com/quillgo/quill/observable/observabletest"
)

// mode is what is done with a chain.
type mode int

const (
	twice         mode = iota // a second observer, at some time
	disposed                  // disposed at some time
	disposedAt                // disposed inside an item
	shared                    // Share, with a second observer at some time
	sharedLeaving             // the same, and the first one leaves
	cached                    // Cache, with a second observer at some time
	elsewhere                 // subscribed to and observed in tasks
	sinks                     // ToSlice and Seq, of a chain that takes no time
	modes
)

var modeNames = [modes]string{"twice", "disposed", "disposed inside an item", "shared", "shared, the first leaves", "cached", "elsewhere", "sinks"}

// trial is a chain and what is done with it.
type trial struct {
	chain *expr
	mode  mode
	at    int64 // when the second observer comes, or the first leaves
	until int64 // when the first observer leaves
	n     int   // the item
}

// newTrial makes a trial of numbers.
func newTrial(pick func(n int) int) *trial {
	g := &generator{pick: pick}
	t := &trial{mode: mode(pick(int(modes)))}
	switch t.mode {
	case disposedAt:
		t.n = 1 + pick(4)
	case sinks:
		g.still = true
	default:
		t.at = int64(pick(12))*tick + jitter(-1)
		t.until = t.at + int64(pick(6))*tick + jitter(-2)
	}
	t.chain = g.chain(2, 4)
	return t
}

func (t *trial) String() string {
	s := fmt.Sprintf("%v\n%s", t.chain, modeNames[t.mode])
	switch t.mode {
	case twice, disposed, shared, cached:
		s += " at " + at(t.at)
	case sharedLeaving:
		s += fmt.Sprintf(" at %s, until %s", at(t.at), at(t.until))
	case disposedAt:
		s += fmt.Sprintf(", the one with number %d", t.n)
	}
	return s
}

// check runs the trial and the model and says how they differ: "" if they do
// not. ok is false if there is too much to compare.
func (t *trial) check(r *rig) (diff string, ok bool) {
	defer func() {
		if p := recover(); p != nil {
			if _, much := p.(tooMuch); !much {
				panic(p)
			}
			diff, ok = "", false
		}
	}()
	want := (&world{}).stream(t.chain, 0)
	var diffs []error
	compare := func(who string, want trace, got fmt.Stringer) {
		if want.String() != got.String() {
			diffs = append(diffs, fmt.Errorf("%s\n  want %v\n  got  %v", who, want, got))
		}
	}
	t.run(r, want, compare)
	for _, err := range r.reported() {
		var late *observable.UndeliverableError
		if errors.As(err, &late) && t.chain.repeatsErrors() {
			continue
		}
		diffs = append(diffs, fmt.Errorf("the error handler got: %w", err))
	}
	if err := errors.Join(diffs...); err != nil {
		return t.String() + "\n" + err.Error(), true
	}
	return "", true
}

// repeatsErrors reports whether an operator of the chain may be told an error that
// it has no use for: it tells one error to several, or keeps it for the end.
func (x *expr) repeatsErrors() bool {
	for _, part := range []string{"Window", "GroupBy", "PublishBy", "Share", "Replay", "DelayError", "LateError"} {
		if strings.Contains(x.String(), part) {
			return true
		}
	}
	return false
}

// until is the part of a trace that comes before an instant.
func (t trace) until(at int64) trace {
	for i, e := range t {
		if e.at >= at {
			return t[:i]
		}
	}
	return t
}

// since is the part that comes after one.
func (t trace) since(at int64) trace { return t[len(t.until(at)):] }

func (t *trial) run(r *rig, want cold, compare func(who string, want trace, got fmt.Stringer)) {
	// The model goes first: it knows whether the chain is worth running.
	first := want(0)
	switch t.mode {
	case twice:
		second := want(t.at)
		o := r.stream(t.chain, 0)
		a := r.subscribe(o)
		r.to(t.at)
		b := r.subscribe(o)
		a.alone, b.alone = false, false
		r.finish(a, b)
		compare("the first observer", first, a)
		compare("the second observer", second, b)
	case disposed:
		a := r.subscribe(r.stream(t.chain, 0))
		r.to(t.at)
		a.Dispose()
		r.free(a, "after Dispose")
		r.finish(a)
		compare("the observer", first.until(t.at), a)
	case disposedAt:
		if len(first.items()) >= t.n {
			first = first[:t.n]
		}
		a := r.observer()
		a.DisposeAfter(t.n)
		r.stream(t.chain, 0).Subscribe(r.ctx, a.TestObserver)
		r.finish(a)
		compare("the observer", first, a)
	case shared, sharedLeaving:
		o := observable.Share(r.stream(t.chain, 0))
		end, over := first.end()
		over = over && end.at <= t.at
		second := first.since(t.at)
		if over {
			second = want(t.at)
		}
		a := r.subscribe(o)
		r.to(t.at)
		b := r.subscribe(o)
		a.alone = over
		if t.mode == sharedLeaving {
			r.to(t.until)
			a.Dispose()
			first = first.until(t.until)
		}
		r.finish(a, b)
		compare("the first observer", first, a)
		compare("the second observer", second, b)
	case cached:
		o := observable.Cache(r.stream(t.chain, 0))
		var second trace
		for _, e := range first {
			second = append(second, e.moved(max(e.at, t.at)))
		}
		a := r.subscribe(o)
		r.to(t.at)
		b := r.subscribe(o)
		a.alone = false
		r.to(horizon)
		compare("the first observer", first, a)
		compare("the second observer", second, b)
	case elsewhere:
		a := r.subscribe(observable.ObserveOnDelayError(r.stream(t.chain, 0).SubscribeOn(r.time), r.time, 2))
		r.finish(a)
		compare("the observer", first, a)
	case sinks:
		t.sinks(r, first, compare)
	}
}

func (t *trial) sinks(r *rig, first trace, compare func(who string, want trace, got fmt.Stringer)) {
	ctx, cancel := context.WithCancel(r.ctx) // one that is watched
	defer cancel()
	o := r.stream(t.chain, 0)
	end, over := first.end()
	if !over {
		return // it would block
	}
	got := func(values []int, err error) trace {
		out := only(values...)
		if err != nil {
			return append(out, failed(0, err.Error()))
		}
		return append(out, done(0))
	}
	compare("ToSlice", first, got(o.ToSlice(ctx)))
	var values []int
	var err error
	for v, e := range o.Seq(ctx) {
		if err = e; e == nil {
			values = append(values, v)
		}
	}
	compare("Seq", first, got(values, err))
	v, err := o.First(ctx)
	switch items := first.items(); {
	case len(items) > 0:
		compare("First", trace{items[0], done(0)}, got([]int{v}, err))
	case end.kind == failure:
		compare("First", first, got(nil, err))
	default:
		compare("First", trace{failed(0, observable.ErrEmpty.Error())}, got(nil, err))
	}
	r.free(nil, "after the sinks")
}

// recorder is an observer that knows the time.
type recorder struct {
	*observabletest.TestObserver[int]
	signals trace
	// alone: nothing but what the observer looks at is running.
	alone bool
}

func (o *recorder) String() string { return o.signals.String() }

func (r *rig) observer() *recorder {
	o := &recorder{TestObserver: observabletest.NewObserver[int](), alone: true}
	o.Inside.Next = func(v int) { o.signals = append(o.signals, next(r.now(), v)) }
	o.Inside.Error = func(err error) {
		o.signals = append(o.signals, failed(r.now(), err.Error()))
		r.free(o, "when OnError is called")
	}
	o.Inside.Complete = func() {
		o.signals = append(o.signals, done(r.now()))
		r.free(o, "when OnComplete is called")
	}
	return o
}

func (r *rig) subscribe(o stream) *recorder {
	obs := r.observer()
	o.Subscribe(r.ctx, obs.TestObserver)
	return obs
}

// finish goes to the end of time and disposes all.
func (r *rig) finish(all ...*recorder) {
	r.to(horizon)
	for _, o := range all {
		o.Dispose()
	}
	r.to(horizon + 1000*tick)
	for _, o := range all {
		for _, v := range o.Violations() {
			r.report(errors.New(v))
		}
	}
	r.free(nil, "at the end")
	if n := r.taken.Load(); n != 0 {
		r.report(fmt.Errorf("DoFinally: %d calls are missing", n))
	}
}

// free checks that nothing is subscribed to or waiting, if o, unless it is nil, is
// alone (rule C6).
func (r *rig) free(o *recorder, when string) {
	if o != nil && !o.alone {
		return
	}
	if r.active != 0 || r.time.Pending() != 0 {
		r.report(fmt.Errorf("%s %d sources are subscribed and %d tasks wait", when, r.active, r.time.Pending()))
	}
}
