package rolling_test

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/quillgo/quill/contrib/hystrix/rolling"
)

func TestNumber(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sum, most := rolling.NewNumber(), rolling.NewNumber()
		assert.Zero(t, sum.Sum(time.Now()))
		for second := range 15 {
			sum.Increment(2)
			sum.Increment(0)
			sum.Increment(float64(second))
			most.UpdateMax(float64(second))
			most.UpdateMax(1)
			time.Sleep(time.Second)
		}
		now := time.Now().Add(-time.Second) // of the last that was written
		assert.Equal(t, 10*2.0+5+6+7+8+9+10+11+12+13+14, sum.Sum(now), "ten seconds")
		assert.Equal(t, sum.Sum(now)/10, sum.Avg(now))
		assert.Equal(t, 14.0, most.Max(now))
		assert.Len(t, sum.Buckets, 10, "older ones are dropped")
		time.Sleep(5 * time.Second)
		assert.Equal(t, 4*2.0+11+12+13+14, sum.Sum(time.Now()))
		time.Sleep(time.Minute)
		assert.Zero(t, sum.Sum(time.Now()))
		assert.Zero(t, most.Max(time.Now()))
	})
}

// TestNumber_Buckets: the map belongs to whoever holds the mutex.
func TestNumber_Buckets(t *testing.T) {
	n := rolling.NewNumber()
	n.Increment(1)
	n.Mutex.Lock()
	clear(n.Buckets)
	n.Mutex.Unlock()
	n.Increment(1)
	assert.Equal(t, 1.0, n.Sum(time.Now()))
}

func TestTiming(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := rolling.NewTiming()
		assert.Zero(t, r.Mean())
		assert.Zero(t, r.Percentile(50))
		assert.Empty(t, r.SortedDurations())
		time.Sleep(time.Second)
		for i := range 100 {
			r.Add(time.Duration(100-i) * time.Second)
		}
		got := r.SortedDurations()
		assert.Len(t, got, 100)
		assert.IsNonDecreasing(t, got)
		got[0] = time.Hour
		assert.EqualValues(t, 1000, r.Percentile(0), "the slice is the caller's")
		assert.EqualValues(t, 1000, r.Percentile(-5))
		assert.EqualValues(t, 50_000, r.Percentile(50))
		assert.EqualValues(t, 99_000, r.Percentile(98.5))
		assert.EqualValues(t, 100_000, r.Percentile(100))
		assert.EqualValues(t, 100_000, r.Percentile(1000))
		assert.EqualValues(t, 50_500, r.Mean(), "which nanoseconds in 32 bits could not hold")

		r.Add(time.Hour)
		assert.Len(t, r.SortedDurations(), 100, "at most a second old")
		time.Sleep(time.Second)
		assert.Len(t, r.SortedDurations(), 101)
		time.Sleep(59 * time.Second)
		assert.Empty(t, r.SortedDurations())
		r.Add(time.Second)
		assert.Len(t, r.Buckets, 1, "older ones are dropped")
	})
}

// TestConcurrent is for the race detector: SortedDurations is read while others
// write.
func TestConcurrent(t *testing.T) {
	n, r := rolling.NewNumber(), rolling.NewTiming()
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for i := range 500 {
				n.Increment(1)
				n.UpdateMax(0)
				r.Add(time.Duration(i))
				_ = n.Sum(time.Now()) + n.Max(time.Now())
				for i := range r.SortedDurations() {
					r.SortedDurations()[i]++
				}
				_ = r.Mean() + r.Percentile(99)
			}
		})
	}
	wg.Wait()
	assert.Equal(t, 2000.0, n.Sum(time.Now()))
}
