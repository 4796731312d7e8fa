package isolation_test

import (
	"math"
	"testing"

	"github.com/quillgo/quill/isolation"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func newSemaphore(t testing.TB, limit int) *isolation.Semaphore {
	t.Helper()
	s, err := isolation.NewSemaphore("S", limit)
	require.NoError(t, err)
	return s
}

// acquired takes permits until one is refused, n at most.
func acquired(s *isolation.Semaphore, n int) (got int) {
	for got < n && s.TryAcquire() {
		got++
	}
	return got
}

func TestSemaphore_AdmitsAsManyAsItsLimit(t *testing.T) {
	for _, c := range []struct{ limit, want int }{
		{1, 1}, {2, 2}, {10, 10}, {math.MaxInt32, 50}, {isolation.Unlimited, 50}, {isolation.None, 0},
	} {
		s := newSemaphore(t, c.limit)
		assert.Equal(t, c.limit, s.Limit())
		assert.Equal(t, c.want, acquired(s, 50), "limit %d", c.limit)
		assert.Equal(t, c.want, s.InUse())
		for range c.want {
			s.Release()
		}
		assert.Zero(t, s.InUse())
		assert.Equal(t, c.limit, s.Limit())
	}
}

func TestSemaphore_LimitMustBeSaid(t *testing.T) {
	tooMany := math.MaxInt32
	tooMany++ // at run time: where an int is small, it becomes negative
	for _, limit := range []int{0, -3, math.MinInt, tooMany} {
		_, err := isolation.NewSemaphore("S", limit)
		assert.Error(t, err, "limit %d", limit)
	}
	s := newSemaphore(t, 3)
	err := s.SetLimit(0)
	assert.EqualError(t, err, `isolation: limit of semaphore "S" is 0: want 1 to 2147483647, Unlimited (-1) or None (-2)`)
	assert.Equal(t, 3, s.Limit(), "a wrong limit changes nothing")
}

func TestSemaphore_ShrinkAdmitsNobodyUntilDrained(t *testing.T) {
	s := newSemaphore(t, 5)
	require.Equal(t, 5, acquired(s, 5))
	require.NoError(t, s.SetLimit(2))
	for inUse := 5; inUse > 2; inUse-- {
		assert.False(t, s.TryAcquire(), "%d in use", inUse)
		s.Release()
	}
	assert.False(t, s.TryAcquire(), "as many as the new limit")
	s.Release()
	assert.True(t, s.TryAcquire())
	assert.False(t, s.TryAcquire())
	assert.Equal(t, isolation.SemaphoreStats{Limit: 2, InUse: 2, Rejected: 5}, s.Stats())
}

func TestSemaphore_GrowthAdmitsAtOnce(t *testing.T) {
	s := newSemaphore(t, 1)
	require.Equal(t, 1, acquired(s, 9))
	require.NoError(t, s.SetLimit(3))
	assert.Equal(t, 2, acquired(s, 9))
	require.NoError(t, s.SetLimit(isolation.Unlimited))
	assert.Equal(t, 9, acquired(s, 9))
	require.NoError(t, s.SetLimit(isolation.None))
	assert.Zero(t, acquired(s, 9))
	assert.Equal(t, 12, s.InUse())
}

func TestSemaphore_ReleaseOfNothingPanics(t *testing.T) {
	s := newSemaphore(t, 1)
	assert.PanicsWithValue(t, "isolation: Release of a semaphore of which no permit is out", s.Release)
	assert.Equal(t, isolation.SemaphoreStats{Limit: 1}, s.Stats())
	assert.Equal(t, 1, acquired(s, 2), "no permit was invented")
}

func TestSemaphore_RefusalNamesTheSemaphore(t *testing.T) {
	s := newSemaphore(t, isolation.None)
	p, err := s.Acquire()
	assert.Nil(t, p)
	require.ErrorIs(t, err, isolation.ErrSemaphoreFull)
	assert.EqualError(t, err, `isolation: semaphore full: "S"`)
	assert.Same(t, s.Refusal(), err, "one value for all refusals")
	assert.Equal(t, "S", s.Name())
	assert.EqualValues(t, 1, s.Stats().Rejected)

	nameless, err := isolation.NewSemaphore("", isolation.None)
	require.NoError(t, err)
	assert.Equal(t, isolation.ErrSemaphoreFull, nameless.Refusal())
}

func TestSemaphore_AcquireHoldsUntilTheLastReference(t *testing.T) {
	s := newSemaphore(t, 1)
	p, err := s.Acquire()
	require.NoError(t, err)
	require.True(t, p.Retain())
	p.Abandon()
	assert.False(t, s.TryAcquire())
	assert.Equal(t, isolation.SemaphoreStats{Limit: 1, InUse: 1, Abandoned: 1, AbandonedTotal: 1, Rejected: 1}, s.Stats())
	p.Release()
	assert.Equal(t, isolation.SemaphoreStats{Limit: 1, AbandonedTotal: 1, Rejected: 1}, s.Stats())
}
