package observable_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/quillgo/quill/observable"
	"github.com/quillgo/quill/observable/observabletest"
)

// replayModel is a ReplaySubject as a plain list.
type replayModel struct {
	size   int           // 0: unbounded
	maxAge time.Duration // 0: unbounded
	now    time.Duration
	items  []int
	stamps []time.Duration
	ended  bool
	err    error
	guests []*modelGuest
}

// modelGuest is an observer of the subject and what the model says it is told.
type modelGuest struct {
	*listener[int]
	from int // first item
	upTo int // disposes in its OnNext at this many items; 0: never
	// more is told the subject from inside its more-th OnNext
	nested, more int
	left         bool // disposed from outside
	leftAt       int  // the items there were then
}

// first is the number of the first item that an observer who comes now is told.
func (m *replayModel) first() int {
	i := 0
	if m.size > 0 {
		i = max(0, len(m.items)-m.size)
	}
	for m.maxAge > 0 && i < len(m.items) && m.stamps[i] <= m.now-m.maxAge {
		i++
	}
	return i
}

func (m *replayModel) next(v int) {
	if !m.ended {
		m.items = append(m.items, v)
		m.stamps = append(m.stamps, m.now)
	}
}

// told returns what g has been told when nothing is under way.
func (m *replayModel) told(g *modelGuest) (items []int, ends int) {
	upTo := len(m.items)
	if g.left {
		upTo = g.leftAt
	}
	items = m.items[min(g.from, upTo):upTo]
	if g.upTo > 0 && len(items) >= g.upTo {
		return items[:g.upTo], 0
	}
	if m.ended && !g.left {
		ends = 1
	}
	return items, ends
}

// gone reports whether g is no observer any more.
func (m *replayModel) gone(g *modelGuest) bool {
	items, _ := m.told(g)
	return g.left || m.ended || g.upTo > 0 && len(items) == g.upTo
}

func TestReplayModel_AgreesWithAList(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		clk := observabletest.NewVirtualScheduler()
		m := &replayModel{
			size:   rapid.SampledFrom([]int{0, 0, 1, 2, 7, 9, 64, 100}).Draw(t, "size"),
			maxAge: time.Duration(rapid.SampledFrom([]int{0, 0, 1, 5, 20}).Draw(t, "maxAge")),
		}
		s := observable.NewReplaySubject[int](observable.ReplayOptions{Size: m.size, MaxAge: m.maxAge, On: clk})
		tell := func() {
			v := len(m.items)
			m.next(v)
			s.OnNext(v)
		}
		t.Repeat(map[string]func(*rapid.T){
			"next": func(*rapid.T) { tell() },
			"burst": func(t *rapid.T) {
				for range rapid.IntRange(2, 150).Draw(t, "n") {
					tell()
				}
			},
			"age": func(t *rapid.T) {
				d := time.Duration(rapid.IntRange(1, 10).Draw(t, "d"))
				m.now += d
				clk.AdvanceBy(d)
			},
			"subscribe": func(t *rapid.T) {
				g := &modelGuest{listener: new(listener[int]), from: m.first()}
				if rapid.Bool().Draw(t, "leaves") {
					g.upTo = rapid.IntRange(1, 100).Draw(t, "upTo")
				}
				if rapid.Bool().Draw(t, "nests") {
					g.more = rapid.IntRange(1, 30).Draw(t, "at")
					g.nested = rapid.IntRange(1, 150).Draw(t, "more")
				}
				seen := 0
				g.onNext = func(int) {
					seen++
					if seen == g.more { // bounds drop what g itself still has to be told
						for range g.nested {
							tell()
						}
					}
					if seen == g.upTo {
						g.dispose()
					}
				}
				m.guests = append(m.guests, g)
				s.Subscribe(context.Background(), g.listener)
			},
			"dispose": func(t *rapid.T) {
				if len(m.guests) == 0 {
					return
				}
				g := rapid.SampledFrom(m.guests).Draw(t, "guest")
				if !m.gone(g) {
					g.left, g.leftAt = true, len(m.items)
				}
				g.dispose()
			},
			"end": func(t *rapid.T) {
				if m.ended || rapid.IntRange(0, 3).Draw(t, "really") > 0 {
					return
				}
				m.ended = true
				if rapid.Bool().Draw(t, "fails") {
					m.err = errSubject
					s.OnError(errSubject)
				} else {
					s.OnComplete()
				}
			},
			"": func(t *rapid.T) {
				observers := 0
				for i, g := range m.guests {
					items, ends := m.told(g)
					require.Equal(t, append([]int(nil), items...), g.all(), "guest %d", i)
					require.Equal(t, ends, g.ends, "guest %d", i)
					if ends > 0 {
						require.Equal(t, m.err, g.err)
					}
					require.Empty(t, g.broken)
					if !m.gone(g) {
						observers++
					}
				}
				require.Equal(t, observers > 0, s.HasObservers())
				require.Equal(t, append([]int{}, m.items[m.first():]...), s.Values())
				require.Equal(t, len(m.items)-m.first(), s.Size())
				require.Equal(t, m.ended && m.err == nil, s.Completed())
				require.Equal(t, m.err, s.Err())
				m.guests = slices.DeleteFunc(m.guests, func(g *modelGuest) bool { return m.gone(g) && len(m.guests) > 5 })
			},
		})
	})
}
