package observabletest_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/quillgo/quill/observable"
	"github.com/quillgo/quill/observable/observabletest"
)

const ms = time.Millisecond

var errMarbles = errors.New("boom")

func TestMarbles_Operators(t *testing.T) {
	type m = *observabletest.Marbles
	for _, c := range []struct {
		name string
		play func(m m)
	}{
		{"values of a map", func(m m) {
			src := observabletest.Cold(m, "-a-b-|", map[rune]int{'a': 1, 'b': 2})
			twice := observable.Map(src.Observable(), func(v int) int { return 2 * v })
			observabletest.Expect(m, twice, "-x-y-|", map[rune]int{'x': 2, 'y': 4})
			src.ExpectSubscriptions("^----!")
		}},
		{"as documented", func(m m) {
			src := observabletest.Cold[string](m, "-a-b-|", nil)
			observabletest.Expect(m, observable.Delay(src.Observable(), 3*ms, m), "----a-b-|", nil)
			src.ExpectSubscriptions("^----!")
			keys := observabletest.Hot[string](m, "-a-b-----c-|", nil)
			observabletest.Expect(m, observable.Debounce(keys.Observable(), m.Time("---|"), m), "------b----(c|)", nil)
			observabletest.Expect(m, observable.Interval(time.Second, m), "1s 0 999ms 1", nil).During("^ 2s -!")
		}},
		{"digits and letters for themselves", func(m m) {
			observabletest.Expect(m, observabletest.Cold[int](m, "0-9|", nil).Observable(), "0-9|", nil)
			observabletest.Expect(m, observabletest.Cold[string](m, "0-ä|", nil).Observable(), "0-ä|", nil)
		}},
		{"errors", func(m m) {
			observabletest.Expect(m, observabletest.Cold[int](m, "-#", nil).Observable(), "-#", nil)
			observabletest.Expect(m, observabletest.Cold[int](m, "-#", nil, errMarbles).Observable(), "-#", nil, errMarbles)
			observabletest.Expect(m, observabletest.Cold[int](m, "1", nil).Observable().Timeout(3*ms, m),
				"1--#", nil, context.DeadlineExceeded)
			src := observabletest.Cold[int](m, "-#", nil)
			observabletest.Expect(m, src.Observable().OnErrorReturn(func(error) int { return 7 }), "-(7|)", nil)
			src.ExpectSubscriptions("^!")
		}},
		{"empty and never", func(m m) {
			observabletest.Expect(m, observable.Empty[int](), "|", nil)
			observabletest.Expect(m, observable.Never[int](), "", nil)
			observabletest.Expect(m, observable.Never[int](), "---", nil)
		}},
		{"groups take as many frames as characters", func(m m) {
			src := observabletest.Cold[string](m, "-(abc)-d|", nil)
			observabletest.Expect(m, src.Observable(), "- (abc) - d |", nil)
			observabletest.Expect(m, observable.Just("a", "b"), "(ab|)", nil)
			src.ExpectSubscriptions("^-------!")
		}},
		{"time between blanks", func(m m) {
			src := observabletest.Cold[string](m, "a 9ms b 1.5s (c|)", nil)
			observabletest.Expect(m, observable.Delay(src.Observable(), time.Second, m), "1s a 9ms b 1500ms (c|)", nil)
			src.ExpectSubscriptions("^ 1510ms !")
		}},
		{"a cold source plays to each subscriber", func(m m) {
			src := observabletest.Cold[string](m, "-a-|", nil)
			observabletest.Expect(m, src.Observable().Repeat(2), "-a--a-|", nil)
			observabletest.Expect(m, src.Observable(), "----a-|", nil).During("---^")
			src.ExpectSubscriptions("^--!", "---^--!", "---^--!")
		}},
		{"a hot source plays once", func(m m) {
			src := observabletest.Hot[string](m, "a-^-b-c-|", nil)
			observabletest.Expect(m, src.Observable(), "--b-c-|", nil)
			observabletest.Expect(m, src.Observable(), "----c-|", nil).During("---^")
			observabletest.Expect(m, src.Observable(), "--b", nil).During("^--!")
			observabletest.Expect(m, src.Observable(), "--------|", nil).During("--------^")
			src.ExpectSubscriptions("^-----!", "^--!", "---^--!", "--------(^!)")
		}},
		{"what is left of the ^ comes before", func(m m) {
			src := observabletest.Hot[string](m, "ab-^-c|", nil)
			replayed := observable.Replay(src.Observable(), observable.ReplayOptions{Size: 1})
			replayed.Connect(context.Background())
			observabletest.Expect(m, replayed.Observable(), "b-c|", nil)
			delayed := observable.Publish(observable.Delay(src.Observable(), 4*ms, m))
			delayed.Connect(context.Background())
			observabletest.Expect(m, delayed.Observable(), "-ab---c|", nil)
			later := observabletest.Hot[string](m, "--^-d|", nil)
			observabletest.Expect(m, later.Observable(), "--d|", nil)
		}},
		{"subscriptions come before items of the same frame", func(m m) {
			src := observabletest.Hot[string](m, "-a-b-c", nil)
			observabletest.Expect(m, src.Observable(), "-a-b", nil).During("-^---!")
		}},
		{"several sources", func(m m) {
			a, b := observabletest.Hot[string](m, "-a---c-|", nil), observabletest.Cold[string](m, "-b|", nil)
			observabletest.Expect(m, observable.Concat(b.Observable(), a.Observable()), "-b---c-|", nil)
			observabletest.Expect(m, observable.Merge(a.Observable(), observable.Delay(b.Observable(), 2*ms, m)), "-a-b-c-|", nil)
			a.ExpectSubscriptions("^------!", "--^----!")
			b.ExpectSubscriptions("^-!", "^-!")
		}},
		{"never subscribed to", func(m m) {
			src := observabletest.Cold[int](m, "-1", nil)
			observabletest.Expect(m, observable.Concat(observable.Never[int](), src.Observable()), "", nil)
			src.ExpectSubscriptions()
		}},
		{"much that is not drawn", func(m m) {
			silent := observable.Interval(ms, m).Filter(func(int) bool { return false })
			src := observabletest.Cold[int](m, "", nil)
			observabletest.Expect(m, observable.Merge(src.Observable(), silent), "", nil).During("^ 3s !")
			src.ExpectSubscriptions("^ 3s !")
			observabletest.Expect(m, silent, "", nil) // to be disposed in the end
		}},
		{"periods of the scheduler", func(m m) {
			observabletest.Expect(m, observable.Interval(m.Time("--|"), m), "--0-1-2", nil).During("^ 6ms -!")
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := observabletest.NewMarbles(t)
			c.play(m)
			m.Flush()
			assert.Zero(t, m.Pending())
		})
	}
}

func TestMarbles_FrameAndContext(t *testing.T) {
	type key struct{}
	m := observabletest.NewMarbles(t)
	m.Frame = time.Minute
	m.Context = context.WithValue(t.Context(), key{}, "c")
	assert.Equal(t, 3*time.Minute, m.Time("---|"))
	seen := observable.Defer(func(ctx context.Context) observable.Observable[string] {
		return observable.Delay(observable.Just(ctx.Value(key{}).(string)), 2*time.Minute, m)
	})
	observabletest.Expect(m, seen, "--(c|)", nil)
	observabletest.Expect(m, observable.Timer(90*time.Second, m), "90s (0|)", nil)
	m.Flush()
}

// A source that nobody has flushed can be watched by other means.
func TestMarbles_ColdByHand(t *testing.T) {
	m := observabletest.NewMarbles(t)
	o := observabletest.Subscribe(t.Context(), observabletest.Cold[string](m, "a-b|", nil).Observable(), t)
	o.AssertEmpty(t)
	m.Trigger()
	o.AssertValues(t, "a")
	m.AdvanceBy(2 * ms)
	o.AssertValues(t, "a", "b")
	o.AssertNotTerminated(t)
	m.AdvanceBy(ms)
	o.AssertComplete(t)

	o = observabletest.Subscribe(t.Context(), observabletest.Cold[string](m, "-a|", nil).Observable(), t)
	o.Dispose()
	assert.Zero(t, m.Pending())
}

func TestMarbles_InABubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		m := observabletest.NewMarbles(t)
		src := observabletest.Hot[string](m, "a-^-b 1h c|", nil)
		observabletest.Expect(m, observable.Delay(src.Observable(), time.Hour, m), "1h --b 1h c|", nil)
		m.Flush()
		assert.Equal(t, start, time.Now(), "the bubble's time is another one")
		failed := attempt(t, func(tb testing.TB) {
			m := observabletest.NewMarbles(tb)
			observabletest.Expect(m, observable.Just(1), "-(1|)", nil)
			m.Flush()
		})
		assert.Contains(t, failed.text(), "want: -(1|)\n got: (1|)")
	})
}

// played is a drawn source as one that emits while it is subscribed to.
type played struct{ hot bool }

func (p played) Subscribe(ctx context.Context, o observable.Observer[string]) {
	m := observabletest.NewMarbles(new(fakeTB))
	diagram := "-a-b(c|)"
	if p.hot {
		src := observabletest.Hot[string](m, diagram, nil)
		src.Subscribe(ctx, o)
		m.Flush()
		return
	}
	src := observabletest.Cold[string](m, diagram, nil)
	src.Subscribe(ctx, o)
	m.AdvanceBy(time.Hour)
}

func TestMarbles_SourcesKeepTheContract(t *testing.T) {
	for name, src := range map[string]played{"cold": {}, "hot": {hot: true}} {
		observabletest.SourceContract(t, observabletest.Source{
			Name:  name,
			Count: 3,
			Make: func(func()) observable.Observable[any] {
				return observabletest.Erase(observable.NewUnsafe[string](src))
			},
		})
	}
}
