package rolling

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// ratioModel is the definition of a sliding window: every count with the
// number of the bucket it was made in.
type ratioModel struct {
	width   time.Duration
	buckets int64
	open    int64 // the newest bucket seen, if counts is not nil
	counts  map[int64][2]uint64
}

func (m *ratioModel) see(now time.Duration) {
	n := int64(now / m.width)
	if n-m.open >= m.buckets {
		m.counts = nil
	}
	m.open = max(m.open, n)
}

func (m *ratioModel) add(now time.Duration, kind int) {
	m.see(now)
	if m.counts == nil {
		m.counts, m.open = map[int64][2]uint64{}, int64(now/m.width)
	}
	c := m.counts[m.open]
	c[kind]++
	m.counts[m.open] = c
}

func (m *ratioModel) sum(now time.Duration) (successes, errors uint64) {
	m.see(now)
	for n := m.open - m.buckets + 1; n <= m.open; n++ {
		successes += m.counts[n][0]
		errors += m.counts[n][1]
	}
	return successes, errors
}

func TestRatio_AgreesWithModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		buckets := rapid.SampledFrom([]int{1, 2, 3, 7, 8, 20}).Draw(t, "buckets")
		width := time.Duration(rapid.SampledFrom([]int{1, 3, 10}).Draw(t, "width"))
		r := NewRatio(width*time.Duration(buckets), buckets)
		m := &ratioModel{width: width, buckets: int64(buckets)}
		now := time.Duration(0)
		for range rapid.IntRange(1, 300).Draw(t, "steps") {
			switch rapid.IntRange(0, 9).Draw(t, "move") {
			case 0, 1, 2:
				now += time.Duration(rapid.Int64Range(0, int64(width)).Draw(t, "within"))
			case 3:
				now += width * time.Duration(rapid.Int64Range(0, 2*int64(buckets)).Draw(t, "some"))
			case 4:
				now += width * time.Duration(rapid.SampledFrom([]int64{1 << 15, 1 << 16, 3 << 16}).Draw(t, "laps of the tag"))
			}
			then := max(0, now-time.Duration(rapid.Int64Range(0, 2*int64(width)).Draw(t, "late")))
			switch rapid.IntRange(0, 2).Draw(t, "op") {
			case 0:
				r.Success(then)
				m.add(then, 0)
			case 1:
				r.Failure(then)
				m.add(then, 1)
			case 2:
				_, bound := r.Latest()
				s, e := r.Sum(then)
				ws, we := m.sum(then)
				require.Equal(t, [2]uint64{ws, we}, [2]uint64{s, e})
				require.GreaterOrEqual(t, bound, e, "Latest bounds the errors of a later sum")
				ls, le := r.Latest()
				require.Equal(t, [2]uint64{s, e}, [2]uint64{ls, le})
			}
		}
	})
}

// A tag is 15 bits of the bucket number, so after 2^15 buckets it comes round
// again. Nothing counted before may come round with it.
func TestRatio_GapOfAnyLengthLeavesNothing(t *testing.T) {
	for _, buckets := range []int64{1, 15, 16, 20, 31, 32} {
		for gap := buckets; gap <= buckets+70; gap++ {
			for _, laps := range []int64{0, 1 << 15, 1 << 16, 5 << 16} {
				r := NewRatio(time.Duration(buckets)*10, int(buckets))
				for i := range buckets {
					r.Failure(time.Duration(i) * 10)
				}
				now := time.Duration(buckets-1+gap+laps) * 10
				r.Success(now)
				s, e := r.Sum(now)
				require.Equal(t, [2]uint64{1, 0}, [2]uint64{s, e}, "buckets %d gap %d", buckets, gap+laps)
			}
		}
	}
}

// Traffic that touches one slot of the ring only, for more laps than a tag can
// count: the other slots must not keep what was in them at the beginning.
func TestRatio_SparseTrafficLeavesNothing(t *testing.T) {
	const buckets = 20
	r := NewRatio(buckets, buckets)
	for i := range time.Duration(buckets) {
		r.Failure(i)
	}
	step := time.Duration(buckets - 1)
	for now := time.Duration(buckets - 1); now < 1<<15+200; now += step {
		r.Success(now)
		if s, e := r.Sum(now); now > 2*buckets && (s != 2 || e != 0) {
			t.Fatalf("at %d: %d successes, %d errors, want 2 and 0", now, s, e)
		}
	}
}

func TestRatio_OlderNowCountsInTheOpenBucket(t *testing.T) {
	r := NewRatio(30, 3)
	r.Success(25)
	r.Failure(3) // three buckets older
	r.Failure(-7)
	s, e := r.Sum(20)
	require.Equal(t, [2]uint64{1, 2}, [2]uint64{s, e})
	s, e = r.Sum(49)
	require.Equal(t, [2]uint64{1, 2}, [2]uint64{s, e}, "all three are in the bucket of 20 to 29")
	s, e = r.Sum(50)
	require.Equal(t, [2]uint64{0, 0}, [2]uint64{s, e})
}

func TestRatio_ClosedBucketIsFinal(t *testing.T) {
	r := NewRatio(30, 3)
	r.Success(0)
	g := r.ring.Load()
	before := g.slot(0).Load()
	r.Success(10)
	require.False(t, g.slot(0).CompareAndSwap(before, before+1), "a writer that was slow must not reach a closed bucket")
	s, _ := r.Sum(10)
	require.Equal(t, uint64(2), s)
}

// A writer that finds its bucket closed and nobody moving on does so itself.
func TestRatio_WriterHelpsWhoeverClosed(t *testing.T) {
	r := NewRatio(30, 3)
	r.Success(5)
	r.ring.Load().close(0) // by a goroutine that then stops running
	final := r.ring.Load().slot(0).Load()
	r.Success(6)
	s, _ := r.Sum(6)
	require.Equal(t, uint64(2), s)
	require.Equal(t, final, r.ring.Load().slot(0).Load(), "what is closed stays as it is")

	g := r.ring.Load()
	g.close(g.open.Load())
	g.open.Store(retired) // by a goroutine that then stops running
	require.Zero(t, first(r.Latest()))
	r.Failure(7)
	_, e := r.Sum(7)
	require.Equal(t, uint64(1), e)
}

// A goroutine that stopped between closing and opening, for a lap or more,
// must find nothing left to do.
func TestRatio_SlowStepperChangesNothing(t *testing.T) {
	r := NewRatio(30, 3)
	r.Success(5)
	g := r.ring.Load()
	for now := time.Duration(10); now < 200; now += 10 {
		r.Success(now)
	}
	require.Same(t, g, r.ring.Load())
	for n := range g.open.Load() {
		g.step(n)
	}
	s, _ := r.Sum(199)
	require.Equal(t, uint64(3), s)
}

// A writer that held the ring while a gap went by comes back for the next one.
func TestRatio_RetiredRingTakesNothing(t *testing.T) {
	r := NewRatio(30, 3)
	r.Success(5)
	g := r.ring.Load()
	before := g.slot(0).Load()
	r.Sum(1000)
	require.Nil(t, r.ring.Load())
	require.False(t, g.slot(0).CompareAndSwap(before, before+1))
	g.step(0) // nor can anybody open a bucket in it
	require.EqualValues(t, retired, g.open.Load())
}

// Whoever has prepared the next bucket and stopped before opening it has taken
// nothing out of the window, also where the buckets are a power of two.
func TestRatio_PreparedBucketHoldsUpNobody(t *testing.T) {
	r := NewRatio(40, 4)
	for now := time.Duration(0); now < 40; now += 10 {
		r.Success(now)
	}
	g := r.ring.Load()
	n := g.open.Load()
	g.step(n)
	g.open.Store(n)
	s, e, ok := g.sum(n)
	require.True(t, ok)
	require.Equal(t, [2]uint64{4, 0}, [2]uint64{s, e})
}

// Whoever was about to write the remembered sum and stopped holds up nobody.
func TestRatio_SumNeedsNoOtherGoroutine(t *testing.T) {
	r := NewRatio(30, 3)
	r.Failure(5)
	r.Success(15)
	g := r.ring.Load()
	g.stamp.Store(stampBusy)
	s, e := r.Sum(15)
	require.Equal(t, [2]uint64{1, 1}, [2]uint64{s, e})
	s, e = r.Sum(25)
	require.Equal(t, [2]uint64{1, 1}, [2]uint64{s, e})
	require.EqualValues(t, stampBusy, g.stamp.Load(), "only the one who is writing ends that")
}

// What is remembered is one matching pair, however slowly two goroutines read
// and write it: each step begins with a stamp that was read before.
func TestRatio_RememberedSumIsOnePair(t *testing.T) {
	r := NewRatio(30, 3)
	r.Failure(5)
	r.Success(15)
	r.Sum(15)
	g := r.ring.Load()
	slow := g.stamp.Load()
	r.Success(25)
	r.Sum(25)
	now := g.stamp.Load()
	require.Equal(t, g.open.Load()+1, now)

	_, _, ok := g.remembered(slow)
	require.False(t, ok, "read while it was written")
	g.remember(slow, now+1, 100, 100)
	g.remember(now, slow, 100, 100)
	g.stamp.Store(stampBusy)
	g.remember(now, now+1, 100, 100)
	g.stamp.Store(now)
	s, e, ok := g.remembered(now)
	require.True(t, ok)
	require.Equal(t, [2]uint64{1, 1}, [2]uint64{s, e}, "written by one who came too late")

	s, e, ok = g.closed(slow - 1) // an earlier bucket's, by one who is behind
	require.True(t, ok)
	require.Equal(t, [2]uint64{0, 1}, [2]uint64{s, e})
	require.Equal(t, now, g.stamp.Load())
}

func TestRatio_Saturates(t *testing.T) {
	r := NewRatio(10, 1)
	r.Success(0)
	word := r.ring.Load().slot(0)
	word.Store(word.Load() | ratioMax)
	r.Success(1)
	r.Failure(1)
	s, e := r.Sum(1)
	require.Equal(t, [2]uint64{ratioMax, 1}, [2]uint64{s, e})
	word.Store(word.Load() | ratioMax<<ratioBits)
	r.Failure(1)
	s, e = r.Sum(1)
	require.Equal(t, [2]uint64{ratioMax, ratioMax}, [2]uint64{s, e})
}

func TestRatio_ImpossibleWindowPanics(t *testing.T) {
	for _, c := range []struct {
		window  time.Duration
		buckets int
	}{{10, 0}, {10, -1}, {10, 3}, {0, 1}, {-10, 2}, {MaxRatioBuckets + 1, MaxRatioBuckets + 1}} {
		require.PanicsWithValue(t, fmt.Sprintf("rolling: a window of %v cannot have %d buckets", c.window, c.buckets),
			func() { NewRatio(c.window, c.buckets) })
	}
}

// While no time passes out of the window, nothing is lost, however often a
// bucket is closed under somebody's hands, and every pair is whole: each
// goroutine counts an error directly after each success, so at any moment
// successes lead by at most one per goroutine.
func TestRatio_ConcurrentPairsAreWhole(t *testing.T) {
	const writers, rounds, buckets = 4, 8000, MaxRatioBuckets
	r := NewRatio(buckets, buckets)
	var clock atomic.Int64 // stays inside one window
	var wg, readers sync.WaitGroup
	var done atomic.Bool
	for range writers {
		wg.Go(func() {
			for i := range rounds {
				now := time.Duration(clock.Load())
				r.Success(now)
				r.Failure(now)
				if i%8 == 0 && now < buckets-writers-1 {
					clock.Add(1)
				}
			}
		})
	}
	readers.Go(func() {
		for !done.Load() {
			if s, e := r.Sum(time.Duration(clock.Load())); e > s || s-e > writers {
				t.Errorf("torn: %d successes, %d errors", s, e)
				return
			}
		}
	})
	wg.Wait()
	done.Store(true)
	readers.Wait()
	s, e := r.Sum(time.Duration(clock.Load()))
	require.Equal(t, [2]uint64{writers * rounds, writers * rounds}, [2]uint64{s, e})
}

// Every bucket is closed while others are counting in it as fast as they can.
func TestRatio_ConcurrentClosingLosesNothing(t *testing.T) {
	for range 4 {
		closeUnderWriters(t)
	}
}

func closeUnderWriters(t *testing.T) {
	r := NewRatio(MaxRatioBuckets, MaxRatioBuckets)
	r.Success(0)
	var counted atomic.Uint64
	var writing atomic.Int64
	var wg sync.WaitGroup
	var done atomic.Bool
	writing.Add(2)
	for range 2 {
		wg.Go(func() {
			n := uint64(0)
			for ; !done.Load() && n < ratioMax/4; n++ { // saturates nothing
				r.Success(0) // older than the open bucket, so never the one to move on
				if n%64 == 0 {
					runtime.Gosched()
				}
			}
			counted.Add(n)
			writing.Add(-1)
		})
	}
	g := r.ring.Load()
	for n := range int64(MaxRatioBuckets - 1) {
		for writing.Load() > 0 && g.slot(n).Load()&ratioMax < 8 {
			runtime.Gosched()
		}
		g.step(n)
	}
	done.Store(true)
	wg.Wait()
	require.Equal(t, counted.Load()+1, first(r.Latest()))
}

// The buckets change all the time and each holds another number of pairs, so
// that the two halves of different remembered sums never match.
func TestRatio_ConcurrentRemembering(t *testing.T) {
	const rotations = 60_000
	r := NewRatio(3, 3)
	var wg sync.WaitGroup
	var done atomic.Bool
	for range 3 {
		wg.Go(func() {
			for !done.Load() {
				if s, e := r.Latest(); s != e && s != e+1 {
					t.Errorf("torn: %d successes, %d errors", s, e)
					return
				}
			}
		})
	}
	for now := range time.Duration(rotations) {
		for range now % 5 {
			r.Success(now)
			r.Failure(now)
		}
		if now%5 == 0 {
			r.Sum(now) // nothing counted, but the bucket is opened
		}
	}
	done.Store(true)
	wg.Wait()
}

// Time runs through many windows and gaps, every goroutine with a clock of its
// own speed: no sum may ever exceed what has been counted, and after a gap
// everything is gone.
func TestRatio_ConcurrentGaps(t *testing.T) {
	const goroutines, rounds, buckets = 4, 5000, 4
	r := NewRatio(buckets, buckets)
	var clock, counted atomic.Int64
	var wg sync.WaitGroup
	for range goroutines {
		wg.Go(func() {
			for range rounds {
				step := int64(1)
				if rand.IntN(10) == 0 {
					step = rand.Int64N(4 * buckets)
				}
				now := time.Duration(clock.Add(step))
				counted.Add(1)
				r.Failure(now)
				if s, e := r.Sum(now); s != 0 || e > uint64(counted.Load()) {
					t.Errorf("%d successes, %d errors of %d", s, e, counted.Load())
				}
			}
		})
	}
	wg.Wait()
	s, e := r.Sum(time.Duration(clock.Load() + buckets))
	require.Equal(t, [2]uint64{0, 0}, [2]uint64{s, e})
}

func first(a, _ uint64) uint64 { return a }

func BenchmarkRatio(b *testing.B) {
	r := NewRatio(10*time.Second, 20)
	base := 5 * time.Second
	r.Success(base)
	b.Run("Add", func(b *testing.B) {
		for b.Loop() {
			r.Success(base)
		}
	})
	b.Run("Sum", func(b *testing.B) {
		for b.Loop() {
			r.Sum(base)
		}
	})
	b.Run("Latest", func(b *testing.B) {
		for b.Loop() {
			r.Latest()
		}
	})
}
