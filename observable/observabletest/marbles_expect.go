package observabletest

import (
	"context"
	"fmt"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/quillgo/quill/observable"
)

// Expectation is what [Expect] was told.
type Expectation struct {
	m     *Marbles
	where string
	from  time.Duration
	to    time.Duration // never, or when to dispose
}

// Expect has Flush subscribe to o, in frame 0, and check that it does what the
// diagram says: exactly these signals at exactly these times, and nothing after
// them. Items are compared by reflect.DeepEqual, the error by errors.Is with
// failure, or [ErrMarble]; items may be nil (see [Marbles]). The subscription
// also checks the protocol, as [TestObserver] does. A stream without an end of
// its own needs a [Expectation.During].
func Expect[T any](m *Marbles, o observable.Observable[T], marbles string, items map[rune]T, failure ...error) *Expectation {
	m.tb.Helper()
	e := &expected[T]{Expectation: Expectation{m: m, where: caller(), to: never}, o: o}
	if !m.open("Expect") {
		return &e.Expectation
	}
	d, l, ok := parseItems(m, "Expect", roleExpected, marbles, items, failure)
	if ok {
		e.want, e.legend = d, l
		m.expects = append(m.expects, e)
	}
	return &e.Expectation
}

// During has the stream subscribed to at '^' and disposed at '!', if there is
// one: "--^---!". The diagram of what is expected begins at frame 0 all the same.
func (e *Expectation) During(subscription string) *Expectation {
	e.m.tb.Helper()
	if !e.m.open("During") {
		return e
	}
	d, ok := e.m.parse(subscription, roleSubscription, nil)
	if !ok {
		return e
	}
	e.from, e.to = d.marks[0].at, never
	if len(d.marks) > 1 {
		e.to = d.marks[1].at
	}
	return e
}

// expected is an expectation about a stream.
type expected[T any] struct {
	Expectation
	o      observable.Observable[T]
	want   diagram
	legend legend[T]
	obs    *TestObserver[T]

	mu  sync.Mutex
	got []signal[T] // guarded by mu
	cut bool        // guarded by mu; disposed, because much more came than wanted
}

// excess is how many signals more than wanted are recorded.
const excess = 20

// prepare schedules the subscription.
func (e *expected[T]) prepare() {
	e.obs = NewObserver[T](e.m.tb)
	e.obs.Inside = observable.Funcs[T]{
		Next:     func(v T) { e.record(signal[T]{value: v}) },
		Error:    func(err error) { e.record(signal[T]{what: '#', err: err}) },
		Complete: func() { e.record(signal[T]{what: '|'}) },
	}
	e.m.schedule(e.m.Worker(), e.from, e.subscribe)
	if e.to != never {
		e.m.schedule(e.m.Worker(), e.to, e.obs.Dispose)
	}
}

// subscribe runs as a task, so a panic would not get out.
func (e *expected[T]) subscribe() {
	defer func() {
		if r := recover(); r != nil {
			e.m.tb.Errorf("%s: a panic came out of Subscribe: %v\n%s", e.where, r, debug.Stack())
		}
	}()
	ctx := e.m.Context
	if ctx == nil {
		ctx = context.Background()
	}
	e.o.Subscribe(ctx, e.obs)
}

func (e *expected[T]) record(s signal[T]) {
	s.at = e.m.Now()
	e.mu.Lock()
	e.got = append(e.got, s)
	e.cut = len(e.got) >= len(e.want.marks)+excess
	cut := e.cut
	e.mu.Unlock()
	if cut {
		e.obs.Dispose()
	}
}

func (e *expected[T]) cleanUp() { e.obs.Dispose() }

func (e *expected[T]) check() {
	e.m.tb.Helper()
	e.mu.Lock()
	defer e.mu.Unlock()
	var got []mark
	var notes []string
	first := -1
	for i, s := range e.got {
		var want mark
		if i < len(e.want.marks) {
			want = e.want.marks[i]
		}
		g := mark{e.m.since(s.at), s.what}
		if s.what == 0 {
			g.what = e.legend.letter(s.value, want.what)
		}
		got = append(got, g)
		if i >= len(e.want.marks) || !e.legend.same(s, want) || g.at != want.at {
			notes = append(notes, e.notes(s, g)...)
			if first < 0 {
				first = i
			}
		}
	}
	if first < 0 && len(e.got) < len(e.want.marks) {
		first = len(e.got)
	}
	if first < 0 {
		return
	}
	e.m.tb.Errorf("%s: the stream did not do as drawn, first at %v\n%s%s%s", e.where, e.firstAt(got, first),
		comparison(e.want.marks, got, e.m.Frame), e.cutText(), strings.Join(notes, ""))
}

// firstAt returns the time of the first difference, signal number i.
func (e *expected[T]) firstAt(got []mark, i int) time.Duration {
	at := never
	if i < len(got) {
		at = got[i].at
	}
	if i < len(e.want.marks) {
		at = min(at, e.want.marks[i].at)
	}
	return at
}

func (e *expected[T]) cutText() string {
	if e.cut {
		return " ... (and more; a stream without an end needs During, with a !)"
	}
	return ""
}

// notes tell what the diagram of what came does not: items without a letter, and
// an error that is another one.
func (e *expected[T]) notes(s signal[T], g mark) []string {
	switch g.what {
	case unlettered:
		return []string{fmt.Sprintf("\n\t? at %v is %v (%T)", g.at, s.value, s.value)}
	case '#':
		return []string{fmt.Sprintf("\n\t# at %v is: %v\n\twanted with # is: %v", g.at, s.err, e.legend.err)}
	}
	return nil
}
