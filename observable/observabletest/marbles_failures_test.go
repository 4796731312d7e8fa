package observabletest_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quillgo/quill/observable"
	"github.com/quillgo/quill/observable/observabletest"
)

type marbles = *observabletest.Marbles

// failsWith plays marbles that must not come out as expected, and checks what is
// said of it.
func failsWith(t *testing.T, play func(m marbles), want ...string) {
	t.Helper()
	failed := attempt(t, func(tb testing.TB) {
		m := observabletest.NewMarbles(tb)
		play(m)
		m.Flush()
	})
	require.NotEmpty(t, failed.errors, "nothing failed")
	assert.False(t, failed.fatal)
	for _, text := range want {
		assert.Contains(t, failed.text(), text)
	}
}

func TestMarbles_CatchWhatIsNotAsDrawn(t *testing.T) {
	source := func(m marbles, diagram string) observable.Observable[string] {
		return observabletest.Cold[string](m, diagram, nil).Observable()
	}
	for _, c := range []struct {
		name string
		play func(m marbles)
		want []string
	}{
		{"another item", func(m marbles) { observabletest.Expect(m, source(m, "-a-b-|"), "-a-c-|", nil) },
			[]string{"marbles_failures_test.go:", "first at 3ms", "want: -a-c-|\n got: -a-b-|"}},
		{"an item too late", func(m marbles) { observabletest.Expect(m, source(m, "-a--b|"), "-a-b-|", nil) },
			[]string{"first at 3ms", "want: -a-b-|\n got: -a--b|"}},
		{"an item too many", func(m marbles) { observabletest.Expect(m, source(m, "-a-b-|"), "-a---|", nil) },
			[]string{"first at 3ms", "want: -a---|\n got: -a-b-|"}},
		{"an item in frame 0 too many", func(m marbles) { observabletest.Expect(m, source(m, "a"), "", nil) },
			[]string{"first at 0s", "want: (nothing)\n got: a"}},
		{"an item missing", func(m marbles) { observabletest.Expect(m, source(m, "-a"), "-a-b", nil) },
			[]string{"first at 3ms", "want: -a-b\n got: -a"}},
		{"nothing", func(m marbles) { observabletest.Expect(m, source(m, "--"), "-a", nil) },
			[]string{"want: -a\n got: (nothing)"}},
		{"order within a frame", func(m marbles) { observabletest.Expect(m, source(m, "(ab)"), "(ba)", nil) },
			[]string{"want: (ba)\n got: (ab)"}},
		{"no completion", func(m marbles) { observabletest.Expect(m, source(m, "-a"), "-a|", nil) },
			[]string{"want: -a|\n got: -a"}},
		{"completion", func(m marbles) { observabletest.Expect(m, source(m, "-a|"), "-a", nil) },
			[]string{"want: -a\n got: -a|"}},
		{"completion long after the diagram", func(m marbles) { observabletest.Expect(m, source(m, "-a 2h |"), "-a", nil) },
			[]string{"want: -a\n got: -a 2h0m0s |"}},
		{"an error instead of completion", func(m marbles) { observabletest.Expect(m, source(m, "-#"), "-|", nil) },
			[]string{"want: -|\n got: -#", "# at 1ms is: observabletest: the error"}},
		{"another error", func(m marbles) { observabletest.Expect(m, source(m, "-#"), "-#", nil, errMarbles) },
			[]string{"want: -#\n got: -#", "# at 1ms is: observabletest: the error", "wanted with # is: boom"}},
		{"an item without a letter", func(m marbles) {
			n := observabletest.Cold(m, "-a-b", map[rune]int{'a': 1, 'b': 42}).Observable()
			observabletest.Expect(m, n, "-a-b", map[rune]int{'a': 1, 'b': 2})
		}, []string{"want: -a-b\n got: -a-?", "? at 3ms is 42 (int)"}},
		{"an item of another type", func(m marbles) {
			observabletest.Expect(m, observable.Just[any](int64(1)), "(a|)", map[rune]any{'a': 1})
		}, []string{"got: (?|)", "? at 0s is 1 (int64)"}},
		{"a group that no diagram has room for", func(m marbles) {
			// c would be in column 3, where the group still is.
			o := observable.Merge(source(m, "-(ab)"), source(m, "--c|"))
			observabletest.Expect(m, o, "-a-b-c|", nil)
		}, []string{"want: -a-b-c|\n got: 1ms:ab 2ms:c"}},
		{"a stream without an end", func(m marbles) {
			observabletest.Expect(m, observable.Interval(time.Millisecond, m), "-0-", nil)
		}, []string{"want: -0\n got: -0123456789??????????? ... (and more; a stream without an end needs During"}},
		{"an item after it was disposed", func(m marbles) {
			observabletest.Expect(m, observable.NewUnsafe[string](deaf{m}), "-a-", nil).During("^-!")
		}, []string{"want: -a\n got: -aaa"}},
		{"a stream that was not yet subscribed to", func(m marbles) {
			observabletest.Expect(m, source(m, "a|"), "a|", nil).During("-^")
		}, []string{"want: a|\n got: -a|"}},
		{"a protocol violation", func(m marbles) {
			bad := &observabletest.BadSource[string]{Values: []string{"a"}, Twice: true}
			observabletest.Expect(m, observable.NewUnsafe[string](bad), "(a|)", nil)
		}, []string{"protocol violation: C1"}},
		{"a panic out of Subscribe", func(m marbles) {
			bad := &observabletest.BadSource[string]{Panic: "oops"}
			observabletest.Expect(m, observable.NewUnsafe[string](bad), "", nil)
		}, []string{"a panic came out of Subscribe: oops"}},
		{"a subscription that ended later", func(m marbles) {
			src := observabletest.Cold[string](m, "-a-|", nil)
			observabletest.Expect(m, src.Observable(), "-a-|", nil)
			src.ExpectSubscriptions("^-!")
		}, []string{`the source "-a-|" was not subscribed to as drawn: 1 times, want 1`, "want: ^-!\n got: ^--!"}},
		{"a subscription that did not end", func(m marbles) {
			src := observabletest.Hot[string](m, "-a", nil)
			observabletest.Expect(m, src.Observable(), "-a", nil)
			src.ExpectSubscriptions("^-!")
		}, []string{"want: ^-!\n got: ^"}},
		{"a subscription that ended", func(m marbles) {
			src := observabletest.Hot[string](m, "-a-b", nil)
			observabletest.Expect(m, src.Observable().Take(1), "-(a|)", nil)
			src.ExpectSubscriptions("^")
		}, []string{"want: ^\n got: ^!"}},
		{"a subscription too many", func(m marbles) {
			src := observabletest.Cold[string](m, "|", nil)
			observabletest.Expect(m, src.Observable().Repeat(2), "|", nil)
			src.ExpectSubscriptions("(^!)")
		}, []string{"as drawn: 2 times, want 1", "want: (^!)\n got: (^!)\nwant: (nothing)\n got: (^!)"}},
		{"a subscription missing", func(m marbles) {
			observabletest.Hot[string](m, "|", nil).ExpectSubscriptions("^")
		}, []string{"as drawn: 0 times, want 1", "want: ^\n got: (nothing)"}},
	} {
		t.Run(c.name, func(t *testing.T) { failsWith(t, c.play, c.want...) })
	}
}

// deaf emits an item per frame, whatever is disposed.
type deaf struct{ m marbles }

func (d deaf) Subscribe(_ context.Context, o observable.Observer[string]) {
	o.OnSubscribe(observabletest.Subscribe(context.Background(), observable.Never[int]()).Upstream())
	w := d.m.Worker()
	for i := range 3 {
		_, _ = w.After(time.Duration(i+1)*ms, func() { o.OnNext("a") })
	}
}

func TestMarbles_BadDiagrams(t *testing.T) {
	cold := func(m marbles, d string) { observabletest.Cold(m, d, map[rune]int{'a': 1, 'b': 2}) }
	hot := func(m marbles, d string) { observabletest.Hot(m, d, map[rune]int{'a': 1, 'b': 2}) }
	expect := func(m marbles, d string) { observabletest.Expect(m, observable.Just("a"), d, nil) }
	during := func(m marbles, d string) { observabletest.Expect(m, observable.Just("a"), "(a|)", nil).During(d) }
	subscribed := func(m marbles, d string) { observabletest.Cold[int](m, "|", nil).ExpectSubscriptions("^", d) }
	lasts := func(m marbles, d string) { m.Time(d) }
	for _, c := range []struct {
		parse   func(m marbles, d string)
		diagram string
		column  int
		want    []string // in the text
	}{
		{cold, "-a-x", 4, []string{"'x' is not an item, they are 'a', 'b'", "add it to the map"}},
		{cold, "-10ms-a", 2, []string{"'1' is not an item", `a time is written between blanks, as in "- 10ms -"`}},
		{cold, "-a-|-b", 6, []string{"'b' after the end in column 4", "leave one of them out"}},
		{cold, "-#|", 3, []string{"'|' after the end in column 2"}},
		{cold, "-a-^-b", 4, []string{"a cold source begins when it is subscribed to", "leave the ^ out, or make the source with Hot"}},
		{cold, "-a-!", 4, []string{"! ends a subscription, not a stream", "use | or # here"}},
		{cold, "-(ab", 2, []string{"the group is not closed", "end it with )"}},
		{cold, "-ab)", 4, []string{"no group is open", "begin it with ("}},
		{cold, "-(a(b))", 4, []string{"a group inside a group"}},
		{cold, "-()-", 2, []string{"the group is empty", "write --"}},
		{cold, "-(a-b)", 4, []string{"time cannot pass inside a group"}},
		{cold, "-(a 1s b)", 5, []string{"time cannot pass inside a group", "close the group with )"}},
		{cold, "-?", 2, []string{"? cannot be an item", "use another letter"}},
		{cold, "a 400000h 500000h b", 11, []string{"the diagram is too long", "it may take 876000h"}},
		{cold, "ü\n\tä-", 1, []string{"'ü' is not an item", "\n\tü  ä-\n\t^"}},
		{hot, "-a-^-^b", 6, []string{"a second ^, after the one in column 4"}},
		{hot, "-(a^b)", 4, []string{"the ^ of a hot source is frame 0", "put it before or after the group"}},
		{expect, "-ab^", 4, []string{"when to subscribe is not part of what is expected", "During("}},
		{expect, "a-!", 3, []string{"! ends a subscription", "During("}},
		{during, "--a", 3, []string{"'a' in the diagram of a subscription", "it has one ^ and at most one !"}},
		{during, "-!^", 2, []string{"! before the ^", "begin the subscription with ^"}},
		{during, "-^-!-!", 6, []string{"'!' after the end in column 4"}},
		{during, "^-^", 3, []string{"a second ^"}},
		{during, "", 1, []string{"the subscription does not begin", `as in "--^---!"`}},
		{subscribed, "---", 4, []string{"the subscription does not begin"}},
		{subscribed, "^-|", 3, []string{"'|' in the diagram of a subscription"}},
		{lasts, "--a|", 3, []string{"'a' in the diagram of a time"}},
		{lasts, "--#", 3, []string{"'#' in the diagram of a time"}},
		{lasts, "(|)", 1, []string{"'(' in the diagram of a time"}},
		{lasts, "---", 4, []string{"the time has no end", `as in "---|"`}},
		{lasts, "-|-|", 4, []string{"'|' after the end in column 2"}},
	} {
		t.Run(c.diagram, func(t *testing.T) {
			reached := false
			failed := attempt(t, func(tb testing.TB) {
				m := observabletest.NewMarbles(tb)
				c.parse(m, c.diagram)
				reached = true
			})
			assert.True(t, failed.fatal)
			assert.False(t, reached, "it goes on")
			require.Len(t, failed.errors, 1)
			for _, text := range append(c.want, "marbles \"") {
				assert.Contains(t, failed.text(), text)
			}
			lines := strings.Split(failed.text(), "\n")
			assert.Contains(t, lines[0], fmt.Sprintf("\", column %d: ", c.column))
			assert.Equal(t, c.column, len(lines[len(lines)-1])-len("\t"), "the place of the caret")
		})
	}
}

func TestMarbles_Misuse(t *testing.T) {
	one := func(m marbles) { observabletest.Expect(m, observable.Just(1), "(1|)", nil) }
	type any3 struct{ A, B, C int }
	for _, c := range []struct {
		name string
		play func(m marbles)
		want string
	}{
		{"Flush forgotten", one, "the marbles were not played: Flush was not called"},
		{"Flush forgotten for a hot source", func(m marbles) { observabletest.Hot[int](m, "1", nil) }, "Flush was not called"},
		{"Flush twice", func(m marbles) { m.Flush(); m.Flush() }, "Flush after Flush"},
		{"Cold after Flush", func(m marbles) { m.Flush(); observabletest.Cold[int](m, "1", nil) }, "Cold after Flush"},
		{"Hot after Flush", func(m marbles) { m.Flush(); observabletest.Hot[int](m, "1", nil) }, "Hot after Flush"},
		{"Expect after Flush", func(m marbles) { m.Flush(); one(m) }, "Expect after Flush"},
		{"During after Flush", func(m marbles) {
			e := observabletest.Expect(m, observable.Just(1), "(1|)", nil)
			m.Flush()
			e.During("^")
		}, "During after Flush"},
		{"ExpectSubscriptions after Flush", func(m marbles) {
			src := observabletest.Cold[int](m, "1", nil)
			m.Flush()
			src.ExpectSubscriptions()
		}, "ExpectSubscriptions after Flush"},
		{"no map", func(m marbles) { observabletest.Cold[any3](m, "-a", nil) },
			"'a' has no item of type observabletest_test.any3, there is no map"},
		{"no digit", func(m marbles) { observabletest.Cold[int](m, "-a", nil) }, "without a map they are the digits"},
		{"an empty map", func(m marbles) { observabletest.Cold(m, "-a", map[rune]any3{}) }, "'a' is not an item, they are none"},
		{"two errors", func(m marbles) { observabletest.Cold[int](m, "-#", nil, errMarbles, errMarbles) }, `Cold("-#"): 2 errors`},
		{"a nil error", func(m marbles) { observabletest.Expect(m, observable.Just(1), "-#", nil, nil) }, `Expect("-#"): 1 errors`},
		{"no frame", func(m marbles) { m.Frame = 0; m.Time("|") }, "Marbles.Frame is 0s, want a positive duration"},
	} {
		t.Run(c.name, func(t *testing.T) {
			failed := attempt(t, func(tb testing.TB) { c.play(observabletest.NewMarbles(tb)) })
			assert.Contains(t, failed.text(), c.want)
			assert.Len(t, failed.errors, 1)
		})
	}
}

// Who fails or skips before Flush has said what there is to say.
func TestMarbles_NotFlushedAfterAnotherFailure(t *testing.T) {
	failed := attempt(t, func(tb testing.TB) {
		observabletest.Expect(observabletest.NewMarbles(tb), observable.Just(1), "(1|)", nil)
		tb.Fatalf("something else")
	})
	assert.Equal(t, "something else", failed.text())
	f := &fakeTB{TB: t, skipped: true}
	f.run(func() { observabletest.Expect(observabletest.NewMarbles(f), observable.Just(1), "(1|)", nil) })
	assert.Empty(t, f.errors)
}

// What a user function does to the test's goroutine comes through.
func TestMarbles_FailNowInside(t *testing.T) {
	reached := false
	failed := attempt(t, func(tb testing.TB) {
		m := observabletest.NewMarbles(tb)
		src := observabletest.Cold[int](m, "-1-2|", nil).Observable()
		o := src.DoOnNext(func(int) { runtime.Goexit() })
		observabletest.Expect(m, o, "-1-2|", nil)
		m.Flush()
		reached = true
	})
	assert.False(t, reached)
	assert.Empty(t, failed.errors)
}

func TestMarbles_ErrorsAreComparedByIs(t *testing.T) {
	m := observabletest.NewMarbles(t)
	wrapped := observabletest.Cold[int](m, "-#", nil, errors.Join(errMarbles, context.Canceled))
	observabletest.Expect(m, wrapped.Observable(), "-#", nil, errMarbles)
	m.Flush()
}
