package breaker

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// Between a caller's finding that the breaker must open and its getting the
// lock, the breaker may have been opened, tried and closed, or given other
// settings. What counts is what holds under the lock.
func TestChange_JudgesAgainUnderTheLock(t *testing.T) {
	b, err := New(Options{Settings: Settings{RequestVolume: 1}})
	require.NoError(t, err)
	b.open(0)
	require.Equal(t, Closed, b.State(), "not over the limit any more")
	require.Nil(t, b.grant(1), "nothing to try any more")
	b.report(&Permit{breaker: b, phase: b.phase.Load()}, Failure, 1)
	require.Equal(t, Open, b.State())
	require.Nil(t, b.grant(1), "the sleep window has begun again")
	b.open(2)
	require.Equal(t, uint64(1), b.Generation(), "open already")
}
