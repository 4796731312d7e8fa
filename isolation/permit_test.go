package isolation_test

import (
	"testing"

	"github.com/quillgo/quill/isolation"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const releasePanic = "isolation: Release of a permit that was not retained"

// TestPermit_GoesBackWithTheLastReference plays short histories of one permit of
// a semaphore. Steps: d Done, a Abandon, + Retain, ! Retain that must fail,
// - Release.
func TestPermit_GoesBackWithTheLastReference(t *testing.T) {
	for _, c := range []struct {
		steps     string
		out       string // after each step: 1 while the permit is out
		abandoned string // after each step: 1 while it counts as abandoned
		total     uint64
	}{
		{steps: "d", out: "0", abandoned: "0"},
		{steps: "ddd", out: "000", abandoned: "000"},
		{steps: "a", out: "0", abandoned: "0"},
		{steps: "ad", out: "00", abandoned: "00"},
		{steps: "da", out: "00", abandoned: "00"},
		{steps: "d!", out: "00", abandoned: "00"},
		{steps: "a!", out: "00", abandoned: "00"},
		{steps: "+-d", out: "110", abandoned: "000"},
		{steps: "+-a", out: "110", abandoned: "000"},
		{steps: "+d-", out: "110", abandoned: "000"},
		{steps: "+dd-!", out: "11100", abandoned: "00000"},
		{steps: "+da-", out: "1110", abandoned: "0000"},
		{steps: "+a-", out: "110", abandoned: "010", total: 1},
		{steps: "+ad-", out: "1110", abandoned: "0110", total: 1},
		{steps: "+aa-!", out: "11100", abandoned: "01100", total: 1},
		{steps: "++a--", out: "11110", abandoned: "00110", total: 1},
		{steps: "+a+--!", out: "111100", abandoned: "011100", total: 1},
		{steps: "+d+-+--!", out: "11111100", abandoned: "00000000"},
	} {
		t.Run(c.steps, func(t *testing.T) {
			s := newSemaphore(t, 1)
			p, err := s.Acquire()
			require.NoError(t, err)
			for i, step := range c.steps {
				switch step {
				case 'd':
					p.Done()
				case 'a':
					p.Abandon()
				case '+':
					require.True(t, p.Retain(), "step %d", i)
				case '!':
					require.False(t, p.Retain(), "step %d", i)
				case '-':
					p.Release()
				}
				assert.Equal(t, int(c.out[i]-'0'), s.InUse(), "out after step %d", i)
				assert.Equal(t, int(c.abandoned[i]-'0'), s.Stats().Abandoned, "abandoned after step %d", i)
			}
			assert.Equal(t, c.total, s.Stats().AbandonedTotal)
		})
	}
}

func TestPermit_ReleaseWithoutRetainPanics(t *testing.T) {
	s := newSemaphore(t, 2)
	p, err := s.Acquire()
	require.NoError(t, err)
	assert.PanicsWithValue(t, releasePanic, p.Release, "the holder's reference is not Release's")
	assert.Equal(t, 1, s.InUse(), "nothing changed")
	p.Done()
	assert.PanicsWithValue(t, releasePanic, p.Release)
	assert.Equal(t, isolation.SemaphoreStats{Limit: 2}, s.Stats())
}

func TestPermit_ZeroHoldsNothing(t *testing.T) {
	var p isolation.Permit
	p.Done()
	p.Abandon()
	assert.False(t, p.Retain())
	assert.PanicsWithValue(t, releasePanic, p.Release)
}
