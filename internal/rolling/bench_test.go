package rolling_test

import (
	"testing"
	"time"

	"github.com/quillgo/quill/internal/rolling"
)

// One write into the open bucket; now moves on by a microsecond a time, so that
// a bucket ends every million writes.
const benchStep = time.Microsecond

func BenchmarkCounters_Add(b *testing.B) {
	c := rolling.NewCounters(10*time.Second, 10, 18)
	var now time.Duration
	b.ReportAllocs()
	for b.Loop() {
		c.Add(now, 1, 1)
		now += benchStep
	}
}

func BenchmarkCounters_AddParallel(b *testing.B) {
	c := rolling.NewCounters(10*time.Second, 10, 18)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for now := time.Duration(0); pb.Next(); now += benchStep {
			c.Add(now, 1, 1)
		}
	})
}

// The step to the next bucket, a lock and 18 counts put away, at every write.
func BenchmarkCounters_AddNextBucket(b *testing.B) {
	c := rolling.NewCounters(10*time.Second, 10, 18)
	var now time.Duration
	b.ReportAllocs()
	for b.Loop() {
		c.Add(now, 1, 1)
		now += time.Second
	}
}

func BenchmarkCounters_Rolling(b *testing.B) {
	c := rolling.NewCounters(10*time.Second, 10, 18)
	for now := time.Duration(0); now < 20*time.Second; now += time.Second {
		c.Add(now, 1, 1)
	}
	dst := make([]int64, 18)
	b.ReportAllocs()
	for b.Loop() {
		c.Rolling(20*time.Second, dst)
	}
}

func BenchmarkMax_Observe(b *testing.B) {
	m := rolling.NewMax(10*time.Second, 10)
	var now time.Duration
	b.ReportAllocs()
	for b.Loop() {
		m.Observe(now, 5)
		now += benchStep
	}
}

func BenchmarkHistogram_Record(b *testing.B) {
	h := new(rolling.Histogram)
	var d time.Duration
	b.ReportAllocs()
	for b.Loop() {
		h.Record(d)
		d = (d + 12_345) & (1<<26 - 1)
	}
}

func BenchmarkLatency_Record(b *testing.B) {
	l := rolling.NewLatency(time.Minute, 6)
	var now, d time.Duration
	b.ReportAllocs()
	for b.Loop() {
		l.Record(now, d)
		now += benchStep
		d = (d + 12_345) & (1<<26 - 1)
	}
}

func BenchmarkLatency_Snapshot(b *testing.B) {
	l := rolling.NewLatency(time.Minute, 6)
	for now := time.Duration(0); now < 2*time.Minute; now += 10 * time.Second {
		l.Record(now, 5*time.Millisecond)
	}
	b.ReportAllocs()
	for b.Loop() {
		if l.Snapshot(2*time.Minute).Percentile(99) == 0 {
			b.Fatal("empty")
		}
	}
}
