//go:build !race

package breaker_test

import (
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/quillgo/quill/breaker"
)

func TestAlloc_CallsAllocateNothing(t *testing.T) {
	newBreaker := func(m breaker.Mode) *breaker.Breaker {
		b, err := breaker.New(breaker.Options{Name: "GetUser", Settings: breaker.Settings{Mode: m}})
		require.NoError(t, err)
		return b
	}
	call := func(b *breaker.Breaker, o breaker.Outcome) func() {
		return func() {
			p, err := b.Acquire()
			if err == nil {
				p.Done(o)
			}
		}
	}
	tripped := newBreaker(breaker.Auto)
	for tripped.State() == breaker.Closed {
		call(tripped, failure)()
	}
	halfOpen := newBreaker(breaker.Auto)
	for range 20 {
		p, err := halfOpen.AcquireAt(0)
		require.NoError(t, err)
		p.DoneAt(failure, 0)
	}
	_, err := halfOpen.AcquireAt(breaker.DefaultSleepWindow + 1)
	require.NoError(t, err)
	mixed := newBreaker(breaker.Auto)
	for i := range 100 {
		call(mixed, []breaker.Outcome{success, success, failure}[i%3])()
	}
	for name, f := range map[string]func(){
		"success":       call(newBreaker(breaker.Auto), success),
		"success mixed": call(mixed, success),
		"ignore":        call(newBreaker(breaker.Auto), ignore),
		"open":          call(tripped, success),
		"half-open":     call(halfOpen, success),
		"forced open":   call(newBreaker(breaker.ForcedOpen), success),
		"forced closed": call(newBreaker(breaker.ForcedClosed), success),
		"disabled":      call(newBreaker(breaker.Disabled), success),
		"queries": func() {
			mixed.IsOpen()
			mixed.Allows()
			mixed.Counts()
			tripped.NextTrial()
		},
	} {
		require.Zero(t, testing.AllocsPerRun(1000, f), name)
	}
	require.Equal(t, breaker.Open, tripped.State())
	require.Equal(t, breaker.HalfOpen, halfOpen.State())
	require.Equal(t, breaker.Closed, mixed.State())
}

func TestAlloc_UnusedBreakerIsSmall(t *testing.T) {
	const n = 10_000
	all := make([]*breaker.Breaker, n)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for i := range all {
		all[i], _ = breaker.New(breaker.Options{Name: "GetUser"})
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	require.LessOrEqual(t, (after.HeapAlloc-before.HeapAlloc)/n, uint64(300))
	runtime.KeepAlive(all)
}
