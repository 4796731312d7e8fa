package breaker_test

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/quillgo/quill/breaker"
)

// model is the rules B1 to B10 written down as plainly as possible, for one
// goroutine.
type model struct {
	settings     breaker.Settings
	state        breaker.State
	generation   uint64
	since, until time.Duration
	window       int // number of the window in force
	results      []result
	transitions  []breaker.Transition
}

type result struct {
	window int
	at     time.Duration
	error  bool
}

// ticket is what the model knows of a permit.
type ticket struct {
	counts     bool // not of a disabled breaker
	done       bool
	trial      bool
	generation uint64 // of a trial
	window     int
}

func (m *model) counts(now time.Duration) (c breaker.Counts) {
	width := m.settings.Window / time.Duration(m.settings.Buckets)
	for _, r := range m.results {
		switch {
		case r.window != m.window || r.at/width <= now/width-time.Duration(m.settings.Buckets):
		case r.error:
			c.Errors++
		default:
			c.Successes++
		}
	}
	return c
}

func (m *model) over(now time.Duration) bool {
	c := m.counts(now)
	return c.Total() >= uint64(m.settings.RequestVolume) && c.ErrorPercent() >= m.settings.ErrorPercent
}

func (m *model) to(s breaker.State, now time.Duration) {
	m.generation++
	if s != m.state {
		c := m.counts(now)
		m.transitions = append(m.transitions, breaker.Transition{
			Name: "GetUser", From: m.state, To: s, At: epoch.Add(now), Generation: m.generation,
			Successes: c.Successes, Errors: c.Errors,
		})
	}
	m.state, m.since = s, now
	if s == breaker.Open {
		m.until = now + m.settings.SleepWindow
	}
}

func (m *model) acquire(now time.Duration) (ticket, bool) {
	switch m.settings.Mode {
	case breaker.Disabled:
		return ticket{}, true
	case breaker.ForcedOpen:
		return ticket{}, false
	}
	if m.state == breaker.Closed && m.over(now) {
		m.to(breaker.Open, now)
	}
	if m.state == breaker.Closed || m.settings.Mode == breaker.ForcedClosed {
		return ticket{counts: true, window: m.window}, true
	}
	if now <= m.until {
		return ticket{}, false
	}
	m.to(breaker.HalfOpen, now)
	lease := m.settings.TrialLease
	if lease == 0 {
		lease = m.settings.SleepWindow
	}
	m.until = now + lease
	return ticket{counts: true, window: m.window, trial: true, generation: m.generation}, true
}

func (m *model) done(k *ticket, o breaker.Outcome, now time.Duration) {
	if k.done || !k.counts {
		return
	}
	k.done = true
	if o != ignore {
		m.results = append(m.results, result{window: k.window, at: now, error: o != success})
	}
	switch {
	case k.trial && k.generation != m.generation:
	case k.trial && o == success:
		m.to(breaker.Closed, now)
		m.window++
		m.results = append(m.results, result{window: m.window, at: now})
	case k.trial && o == failure:
		m.to(breaker.Open, now)
	case k.trial:
		m.to(breaker.HalfOpen, now)
		m.until = math.MinInt64
	case o != ignore && o != success && m.state == breaker.Closed && k.window == m.window && m.over(now):
		m.to(breaker.Open, now)
	}
}

func (m *model) update(s breaker.Settings) {
	m.settings = s
	if m.state == breaker.Open {
		m.until = m.since + s.SleepWindow
	}
}

func (m *model) allows(now time.Duration) bool {
	switch m.settings.Mode {
	case breaker.ForcedOpen:
		return false
	case breaker.ForcedClosed, breaker.Disabled:
		return true
	}
	return m.state == breaker.Closed && !m.over(now) || m.state != breaker.Closed && now > m.until
}

func (m *model) isOpen(now time.Duration) bool {
	switch m.settings.Mode {
	case breaker.ForcedOpen:
		return true
	case breaker.ForcedClosed, breaker.Disabled:
		return false
	}
	return m.state != breaker.Closed || m.over(now)
}

// play makes n random moves on a breaker and on the model, and compares all
// that can be seen after each. pick returns a number from 0 to n-1.
func play(t testing.TB, n int, pick func(n int, what string) int) {
	r := newRig(t, func(s *breaker.Settings) {
		s.RequestVolume = 1 + pick(6, "volume")
		s.ErrorPercent = []int{1, 33, 50, 100}[pick(4, "percent")]
		s.SleepWindow, s.Window, s.Buckets = 40, 50, 5
		s.TrialLease = time.Duration(pick(2, "lease") * 15)
	})
	m := &model{settings: r.Settings()}
	var permits []*breaker.Permit
	var tickets []*ticket
	for range n {
		at := r.clock.Now()
		now := at.Sub(epoch)
		move := ""
		switch pick(9, "move") {
		case 0, 1, 2:
			p, err := r.Acquire()
			k, ok := m.acquire(now)
			move = fmt.Sprintf("acquire: %v, trial %v", err, p.Trial())
			require.Equal(t, ok, err == nil, move)
			require.Equal(t, k.trial, p.Trial(), move)
			if err != nil {
				require.ErrorIs(t, err, breaker.ErrOpen)
				break
			}
			permits, tickets = append(permits, &p), append(tickets, &k)
		case 3, 4, 5:
			if len(permits) == 0 {
				break
			}
			i := pick(len(permits), "permit")
			o := breaker.Outcome(pick(4, "outcome"))
			move = fmt.Sprintf("done %d: %v", i, o)
			permits[i].Done(o)
			m.done(tickets[i], o, now)
		case 6, 7:
			d := time.Duration([]int{1, 2, 5, 9, 10, 15, 16, 40, 41, 49, 50, 60, 1 << 16 * 10}[pick(13, "pass")])
			move = fmt.Sprintf("pass %d", d)
			r.pass(d)
		case 8:
			s := r.Settings()
			// Auto is likelier, or little would happen.
			s.Mode = []breaker.Mode{breaker.Auto, breaker.Auto, breaker.Auto, breaker.ForcedOpen, breaker.ForcedClosed, breaker.Disabled}[pick(6, "mode")]
			s.SleepWindow = time.Duration([]int{40, 40, 7}[pick(3, "sleep")])
			s.RequestVolume = 1 + pick(6, "volume")
			move = fmt.Sprintf("update %+v", s)
			require.NoError(t, r.Update(s))
			m.update(s)
		}
		now = r.clock.Now().Sub(epoch)
		require.Equal(t, m.state.String(), r.State().String(), move)
		require.Equal(t, m.generation, r.Generation(), move)
		require.Equal(t, m.counts(now), r.Counts(), move)
		require.Equal(t, m.allows(now), r.Allows(), move)
		require.Equal(t, m.isOpen(now), r.IsOpen(), move)
		require.Equal(t, m.transitions, r.seen, move)
		next, ok := r.NextTrial()
		require.Equal(t, m.state != breaker.Closed && m.settings.Mode == breaker.Auto, ok, move)
		if want := epoch.Add(m.until + 1); ok && m.until >= 0 {
			require.Equal(t, want, next, move)
		} else if ok {
			require.Equal(t, epoch.Add(m.since), next, move)
		}
	}
}

// rapidT lets a rig live in a rapid check, where a failure is something to
// shrink first.
type rapidT struct {
	testing.TB
	rapid *rapid.T
}

func (t rapidT) Errorf(format string, args ...any) { t.rapid.Errorf(format, args...) }
func (t rapidT) FailNow()                          { t.rapid.FailNow() }

func TestModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		play(rapidT{TB: t, rapid: rt}, rapid.IntRange(1, 200).Draw(rt, "moves"), func(n int, what string) int {
			return rapid.IntRange(0, n-1).Draw(rt, what)
		})
	})
}

func FuzzModel(f *testing.F) {
	f.Add([]byte{3, 2, 0, 0, 0, 0, 0, 3, 0, 2, 3, 1, 2, 3, 2, 2, 3, 3, 2, 6, 8, 0, 3, 4, 1})
	f.Add([]byte("the quick brown fox jumps over the lazy dog"))
	f.Fuzz(func(t *testing.T, data []byte) {
		play(t, min(len(data)/2, 300), func(n int, _ string) int {
			if len(data) == 0 {
				return 0
			}
			b := data[0]
			data = data[1:]
			return int(b) % n
		})
	})
}
