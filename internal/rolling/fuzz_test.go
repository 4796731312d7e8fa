package rolling_test

import (
	"encoding/binary"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/quillgo/quill/internal/rolling"
)

// FuzzDistribution records any durations, eight bytes each, in two windows, and
// compares what the merged distribution tells with the sorted durations.
func FuzzDistribution(f *testing.F) {
	f.Add([]byte{}, uint32(50_000), 50.0)
	f.Add([]byte("\x10\x27\x00\x00\x00\x00\x00\x00"), uint32(1), 0.0)
	f.Add([]byte("\x01\x00\x00\x00\x00\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff"), uint32(99_900), math.NaN())
	f.Add([]byte("12345678abcdefgh\x00\xe1\xf5\x05\x00\x00\x00\x00"), uint32(0), math.Inf(1))
	f.Fuzz(func(t *testing.T, data []byte, thousandths uint32, p float64) {
		one, other := rolling.NewLatency(time.Minute, 6), rolling.NewLatency(time.Minute, 6)
		var sorted []time.Duration
		for ; len(data) >= 8; data = data[8:] {
			d := time.Duration(binary.LittleEndian.Uint64(data))
			sorted = append(sorted, d)
			one.Record(0, d)
			one, other = other, one
		}
		slices.Sort(sorted)
		s := one.Snapshot(0).Merge(other.Snapshot(0))
		requireDistribution(t, sorted, s)
		requirePercentile(t, sorted, s, int64(thousandths%100_001))

		got := s.Percentile(p)
		require.GreaterOrEqual(t, got, s.Percentile(0))
		require.LessOrEqual(t, got, s.Percentile(100))
		switch {
		case math.IsNaN(p) || p <= 0:
			require.Equal(t, s.Percentile(0), got)
		case p >= 100:
			require.Equal(t, s.Percentile(100), got)
		}
	})
}
