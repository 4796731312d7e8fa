//go:build !race

package hystrix_test

import (
	"runtime"
	"testing"

	"github.com/quillgo/quill/contrib/hystrix"
)

// TestAllocations: what a call costs beyond the functions it is given. Nothing
// may depend on collectors that nobody registered.
func TestAllocations(t *testing.T) {
	hystrix.Flush()
	defer hystrix.Flush()
	name := configured(t, hystrix.CommandConfig{MaxConcurrentRequests: 1000, Timeout: 60_000})
	run, done := func() error { return nil }, make(chan struct{}, 1)
	tells := func() error { done <- struct{}{}; return nil }
	for what, test := range map[string]struct {
		call func()
		most int
	}{
		"Do": {func() { _ = hystrix.Do(name, run, nil) }, 2},
		"Go": {func() { hystrix.Go(name, tells, nil); <-done }, 6}, // two of them the channel
	} {
		const n = 10_000
		for range 1000 {
			test.call()
		}
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		for range n {
			test.call()
		}
		runtime.ReadMemStats(&after)
		if got := int(after.Mallocs - before.Mallocs); got > test.most*n+n/100 {
			t.Errorf("%s: %d calls made %d allocations, want %d each", what, n, got, test.most)
		}
	}
}
