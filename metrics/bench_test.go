package metrics_test

import (
	"testing"
	"time"

	"github.com/quillgo/quill/metrics"
)

// What a successful execution costs, the reading of the clock apart: an
// execution takes a microsecond here, so that a bucket ends at every millionth.
func BenchmarkRecorder_Success(b *testing.B) {
	r := metrics.NewRecorder(metrics.Config{})
	var now time.Duration
	b.ReportAllocs()
	for b.Loop() {
		success(r, now)
		now += time.Microsecond
	}
}

func BenchmarkRecorder_SuccessParallel(b *testing.B) {
	r := metrics.NewRecorder(metrics.Config{})
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for now := time.Duration(0); pb.Next(); now += time.Microsecond {
			success(r, now)
		}
	})
}

func success(r *metrics.Recorder, now time.Duration) {
	r.Started(now)
	now += time.Microsecond
	r.Count(now, metrics.Success, 1)
	r.Latency(now, time.Microsecond, time.Microsecond)
	r.Ended()
}

func BenchmarkRecorder_Count(b *testing.B) {
	r := metrics.NewRecorder(metrics.Config{})
	var now time.Duration
	b.ReportAllocs()
	for b.Loop() {
		r.Count(now, metrics.ShortCircuited, 1)
		now += time.Microsecond
	}
}

func BenchmarkRecorder_LatencyThatDiffers(b *testing.B) {
	r := metrics.NewRecorder(metrics.Config{})
	var now time.Duration
	b.ReportAllocs()
	for b.Loop() {
		r.Latency(now, time.Millisecond, time.Second)
		now += time.Microsecond
	}
}

func BenchmarkRecorder_Snapshot(b *testing.B) {
	r := metrics.NewRecorder(metrics.Config{})
	var now time.Duration
	for ; now < 2*time.Minute; now += time.Second {
		success(r, now)
	}
	b.ReportAllocs()
	for b.Loop() {
		if r.Snapshot(now).Execution.Count() == 0 {
			b.Fatal("empty")
		}
	}
}
