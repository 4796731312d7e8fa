package metrics_test

import (
	"fmt"
	"time"

	"github.com/quillgo/quill/metrics"
)

// A recorder is told what happens, and when, in time since an epoch of the
// caller's choice.
func ExampleRecorder() {
	r := metrics.NewRecorder(metrics.Config{})

	for i := range 3 { // three executions, half a second each, one after the other
		now := time.Duration(i) * time.Second
		r.Started(now)
		now += 500 * time.Millisecond
		r.Count(now, metrics.Success, 1)
		r.Latency(now, 500*time.Millisecond, 500*time.Millisecond)
		r.Ended()
	}
	now := 3 * time.Second
	r.Count(now, metrics.SemaphoreRejected, 1)
	r.Count(now, metrics.FallbackSuccess, 1)

	s := r.Snapshot(now)
	fmt.Println(s.Rolling[metrics.Success], "of", s.Requests(), "went well,", s.ErrorPercentage(), "% did not")
	fmt.Println("at most", s.MaxConcurrency, "at a time,", s.Concurrency, "now")
	fmt.Println("took about", s.Execution.Percentile(50).Round(10*time.Millisecond))

	s = r.Snapshot(time.Hour) // the window has moved on
	fmt.Println(s.Rolling[metrics.Success], s.Cumulative[metrics.Success])
	// Output:
	// 3 of 4 went well, 25 % did not
	// at most 1 at a time, 0 now
	// took about 500ms
	// 0 3
}

// The two latencies of an execution are kept apart where they differ.
func ExampleRecorder_Latency() {
	r := metrics.NewRecorder(metrics.Config{})
	r.Latency(0, 20*time.Microsecond, 20*time.Microsecond)
	r.Latency(0, 10*time.Microsecond, 30*time.Microsecond) // waited before it was admitted

	s := r.Snapshot(0)
	fmt.Println("execution", s.Execution.Percentile(0), "to", s.Execution.Percentile(100), "mean", s.Execution.Mean())
	fmt.Println("total", s.Total.Percentile(0), "to", s.Total.Percentile(100), "mean", s.Total.Mean())
	// Output:
	// execution 10µs to 20µs mean 15µs
	// total 20µs to 30µs mean 25µs
}
