package observable_test

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quillgo/quill/internal/goroutines"
	"github.com/quillgo/quill/observable"
	"github.com/quillgo/quill/observable/observabletest"
)

// tapped puts every Do operator above an observer; each notes its name.
func tapped(c *timed, o observable.Observable[any]) observable.Observable[any] {
	say := func(name string) func() { return func() { c.note("%s", name) } }
	return o.
		DoOnSubscribe(func(observable.Disposable) { c.note("OnSubscribe") }).
		DoOnNext(func(v any) { c.note("OnNext %v", v) }).
		DoAfterNext(func(v any) { c.note("AfterNext %v", v) }).
		DoOnError(func(err error) { c.note("OnError %v", err) }).
		DoOnComplete(say("OnComplete")).
		DoOnTerminate(say("OnTerminate")).
		DoAfterTerminate(say("AfterTerminate")).
		DoOnDispose(say("OnDispose")).
		DoFinally(say("Finally"))
}

func TestDo_CallsComeInOrder(t *testing.T) {
	for name, tc := range map[string]struct {
		events []event
		stop   int // dispose inside this item; -1: never
		want   []string
	}{
		"completion": {
			[]event{{at: 1, v: "a"}, {at: 2}}, -1, []string{
				"0 OnSubscribe", "1 OnNext a", "1 a", "1 AfterNext a",
				"2 OnComplete", "2 OnTerminate", "2 |", "2 Finally", "2 AfterTerminate",
			},
		},
		"error": {
			[]event{{at: 1, err: errBang}}, -1, []string{
				"0 OnSubscribe", "1 OnError bang", "1 OnTerminate", "1 #bang", "1 Finally", "1 AfterTerminate",
			},
		},
		"dispose inside an item": {
			[]event{{at: 1, v: "a"}, {at: 2, v: "b"}, {at: 3}}, 1, []string{
				"0 OnSubscribe", "1 OnNext a", "1 OnDispose", "1 Finally", "1 a", "1 AfterNext a",
			},
		},
		"dispose at once": {
			[]event{{at: 1, v: "a"}}, 0, []string{"0 OnSubscribe", "0 OnDispose", "0 Finally"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := newTimed(t)
			s, o := c.cold(tc.events...)
			obs := timedObserver[any](c).DisposeAfter(tc.stop)
			tapped(c, o).Subscribe(c.ctx, obs)
			c.run(9)
			assert.Equal(t, tc.want, c.all())
			assert.Zero(t, s.active)
			assert.Equal(t, tc.stop >= 0, obs.Upstream().Disposed())
			obs.Upstream().Dispose()
			assert.Equal(t, tc.want, c.all(), "nothing comes after the end")
		})
	}
}

// DoOnDispose runs before the source is disposed, DoFinally after; several of a
// kind run outwards in and inwards out.
func TestDo_OrderOfDispose(t *testing.T) {
	c := newTimed(t)
	source := observable.NewUnsafe[any](&disposeNotes{c: c})
	note := func(name string) func() { return func() { c.note("%s", name) } }
	o := source.DoOnDispose(note("OnDispose above")).DoFinally(note("Finally above")).
		DoOnDispose(note("OnDispose below")).DoFinally(note("Finally below"))
	obs := observabletest.Subscribe(c.ctx, o, t)
	obs.Dispose()
	obs.Upstream().Dispose()
	assert.Equal(t, []string{
		"0 OnDispose below", "0 OnDispose above", "0 source", "0 Finally above", "0 Finally below",
	}, c.all())
}

// disposeNotes is a source that notes when it is disposed.
type disposeNotes struct {
	c        *timed
	disposed bool
}

func (s *disposeNotes) Subscribe(_ context.Context, o observable.Observer[any]) { o.OnSubscribe(s) }
func (s *disposeNotes) Disposed() bool                                          { return s.disposed }

func (s *disposeNotes) Dispose() {
	if !s.disposed {
		s.disposed = true
		s.c.note("source")
	}
}

func TestDo_PanicOfAnItemsFunctionFailsTheStream(t *testing.T) {
	for name, build := range map[string]func(o observable.Observable[int], do func(int)) observable.Observable[int]{
		"DoOnNext":    observable.Observable[int].DoOnNext,
		"DoAfterNext": observable.Observable[int].DoAfterNext,
	} {
		t.Run(name, func(t *testing.T) {
			p := &observabletest.Probe[int]{Item: func(i int) int { return i }, Count: 5}
			obs := observabletest.Subscribe(context.Background(), build(p.Observable(), func(v int) {
				if v == 2 {
					panic(errBang)
				}
			}), t)
			obs.AssertError(t, errBang)
			assert.Equal(t, 3, p.Produced())
			if name == "DoOnNext" {
				obs.AssertValues(t, 0, 1)
			} else {
				obs.AssertValues(t, 0, 1, 2)
			}
		})
	}
}

func TestDo_PanicAtTheEndBecomesTheError(t *testing.T) {
	failing, completing := observable.Error[int](errBang), observable.Just(1)
	errOops := errors.New("oops")
	oops := func() { panic(errOops) }

	obs := observabletest.Subscribe(context.Background(), failing.DoOnError(func(error) { oops() }), t)
	obs.AssertError(t, errBang)
	obs.AssertError(t, errOops)

	obs = observabletest.Subscribe(context.Background(), completing.DoOnComplete(oops), t)
	obs.AssertValues(t, 1)
	obs.AssertError(t, errOops)

	obs = observabletest.Subscribe(context.Background(), failing.DoOnTerminate(oops), t)
	obs.AssertError(t, errBang)
	obs.AssertError(t, errOops)

	calls := 0 // once for the completion, once for the error that this became
	obs = observabletest.Subscribe(context.Background(), completing.DoOnTerminate(func() { calls++; oops() }), t)
	obs.AssertError(t, errOops)
	assert.Equal(t, 2, calls)
}

func TestDo_PanicOfDoOnSubscribe(t *testing.T) {
	c := newTimed(t)
	s, o := c.cold(event{at: 1, v: "a"}, event{at: 2})
	obs := timedObserver[any](c)
	o.DoOnSubscribe(func(observable.Disposable) { panic(errBang) }).Subscribe(c.ctx, obs)
	obs.AssertError(t, errBang)
	assert.Zero(t, s.active)
	c.run(9)
	obs.AssertEmpty(t)

	obs = timedObserver[any](c).DisposeAfter(0)
	o.DoOnSubscribe(func(observable.Disposable) { panic(errBang) }).Subscribe(c.ctx, obs)
	obs.AssertNotTerminated(t)

	obs = observabletest.NewObserver[any](t) // it hears the error once
	obs.Inside.Error = func(error) { runtime.Goexit() }
	returned := make(chan struct{})
	go func() {
		defer close(returned)
		o.DoOnSubscribe(func(observable.Disposable) { panic(errBang) }).Subscribe(c.ctx, obs)
	}()
	<-returned
	obs.AssertError(t, errBang)
}

func TestDo_DoOnSubscribeMayDispose(t *testing.T) {
	p := &observabletest.Probe[int]{Item: func(i int) int { return i }, Count: 5}
	o := p.Observable().DoOnSubscribe(func(d observable.Disposable) { d.Dispose() })
	obs := observabletest.Subscribe(context.Background(), o, t)
	obs.AssertEmpty(t)
	obs.AssertNotTerminated(t)
	assert.Zero(t, p.Produced())
}

// What runs after the end, or on Dispose, cannot change what the observer has
// been told.
func TestDo_PanicAfterTheEndGoesToTheHandler(t *testing.T) {
	oops := func() { panic(errBang) }
	for name, o := range map[string]observable.Observable[int]{
		"DoAfterTerminate":    observable.Just(1).DoAfterTerminate(oops),
		"DoFinally":           observable.Just(1).DoFinally(oops),
		"DoFinally disposed":  observable.Just(1, 2).DoFinally(oops).Take(1),
		"DoOnDispose":         observable.Just(1, 2).DoOnDispose(oops).Take(1),
		"DoFinally of errors": observable.Error[int](errors.New("other")).DoFinally(oops),
	} {
		t.Run(name, func(t *testing.T) {
			c := newTimed(t)
			obs := observabletest.Subscribe(c.ctx, o, t)
			assert.True(t, obs.Terminated())
			require.NotErrorIs(t, obs.Err(), errBang)
			require.Len(t, c.reports, 1)
			require.ErrorIs(t, c.reports[0], errBang)
			c.reports = nil
		})
	}
}

func TestDoFinally_RunsExactlyOnceHoweverItEnds(t *testing.T) {
	endless := observable.Range(0, 1_000_000_000)
	for name, run := range map[string]func(t *testing.T, o func(observable.Observable[int]) observable.Observable[int]){
		"completion": func(t *testing.T, o func(observable.Observable[int]) observable.Observable[int]) {
			observabletest.Subscribe(context.Background(), o(observable.Just(1)), t).AssertComplete(t)
		},
		"error": func(t *testing.T, o func(observable.Observable[int]) observable.Observable[int]) {
			observabletest.Subscribe(context.Background(), o(observable.Error[int](errBang)), t).AssertError(t, errBang)
		},
		"dispose twice": func(t *testing.T, o func(observable.Observable[int]) observable.Observable[int]) {
			obs := observabletest.Subscribe(context.Background(), o(observable.Never[int]()), t)
			obs.Dispose()
			obs.Dispose()
		},
		"dispose inside the end": func(t *testing.T, o func(observable.Observable[int]) observable.Observable[int]) {
			obs := observabletest.NewObserver[int](t)
			obs.Inside.Complete = func() { obs.Upstream().Dispose() }
			o(observable.Just(1)).Subscribe(context.Background(), obs)
		},
		"dispose after the end": func(t *testing.T, o func(observable.Observable[int]) observable.Observable[int]) {
			observabletest.Subscribe(context.Background(), o(observable.Just(1)), t).Dispose()
		},
		"operator below that ends": func(t *testing.T, o func(observable.Observable[int]) observable.Observable[int]) {
			observabletest.Subscribe(context.Background(), o(endless).Take(1), t).AssertComplete(t)
		},
		"panic of the observer": func(t *testing.T, o func(observable.Observable[int]) observable.Observable[int]) {
			obs := observabletest.NewObserver[int](t)
			obs.Inside.Next = func(int) { panic(errBang) }
			o(endless).Subscribe(context.Background(), obs)
		},
		"panic below": func(t *testing.T, o func(observable.Observable[int]) observable.Observable[int]) {
			observabletest.Subscribe(context.Background(), o(endless).Filter(func(int) bool { panic(errBang) }), t).AssertError(t, errBang)
		},
		"panic above": func(t *testing.T, o func(observable.Observable[int]) observable.Observable[int]) {
			observabletest.Subscribe(context.Background(), o(endless.Filter(func(int) bool { panic(errBang) })), t).AssertError(t, errBang)
		},
	} {
		t.Run(name, func(t *testing.T) {
			calls := 0
			run(t, func(o observable.Observable[int]) observable.Observable[int] {
				return o.DoFinally(func() { calls++ })
			})
			assert.Equal(t, 1, calls)
		})
	}
}

func TestDo_Goexit(t *testing.T) {
	for name, o := range map[string]observable.Observable[int]{
		"DoOnNext":      observable.Just(1).DoOnNext(func(int) { runtime.Goexit() }),
		"DoAfterNext":   observable.Just(1).DoAfterNext(func(int) { runtime.Goexit() }),
		"DoOnError":     observable.Error[int](errBang).DoOnError(func(error) { runtime.Goexit() }),
		"DoOnComplete":  observable.Just(1).DoOnComplete(runtime.Goexit),
		"DoOnTerminate": observable.Just(1).DoOnTerminate(runtime.Goexit),
		"DoOnSubscribe": observable.Just(1).DoOnSubscribe(func(observable.Disposable) { runtime.Goexit() }),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newTimed(t)
				obs := observabletest.NewObserver[int](t)
				var seen error // by the stage below
				go o.DoOnError(func(err error) { seen = err }).Subscribe(c.ctx, obs)
				<-obs.Done()
				synctest.Wait()
				obs.AssertError(t, observable.ErrGoexit)
				require.ErrorIs(t, seen, observable.ErrGoexit)
			})
		})
	}
}

func TestDo_StaysSynchronous(t *testing.T) {
	before := goroutines.Count() // of earlier tests some may be about to end
	for v, err := range observable.Range(0, 3).DoOnNext(func(int) {}).DoFinally(func() {}).Seq(context.Background()) {
		require.NoError(t, err)
		assert.Less(t, v, 3)
		assert.LessOrEqual(t, goroutines.Count(), before)
	}
}
