package breaker_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/quillgo/quill/breaker"
)

func newBench(b *testing.B, outcomes ...breaker.Outcome) *breaker.Breaker {
	br, err := breaker.New(breaker.Options{Name: "GetUser", Settings: breaker.Settings{SleepWindow: time.Hour}})
	require.NoError(b, err)
	for _, o := range outcomes {
		p, err := br.Acquire()
		require.NoError(b, err)
		p.Done(o)
	}
	b.ReportAllocs()
	return br
}

func times(n int, o breaker.Outcome) []breaker.Outcome {
	return slices.Repeat([]breaker.Outcome{o}, n)
}

// One call that succeeds: no clock for Acquire, one reading for Done.
func BenchmarkClosed(b *testing.B) {
	br := newBench(b)
	for b.Loop() {
		p, err := br.Acquire()
		if err != nil {
			b.Fatal(err)
		}
		p.Done(success)
	}
}

// The same where the caller has the time already.
func BenchmarkClosedAt(b *testing.B) {
	br := newBench(b)
	for b.Loop() {
		p, err := br.AcquireAt(time.Second)
		if err != nil {
			b.Fatal(err)
		}
		p.DoneAt(success, time.Second)
	}
}

// Enough errors in the window to be judged at each acquire.
func BenchmarkClosedWithErrors(b *testing.B) {
	br := newBench(b, append(times(30, success), times(20, failure)...)...)
	for b.Loop() {
		p, err := br.Acquire()
		if err != nil {
			b.Fatal(err)
		}
		p.Done(success)
	}
}

func BenchmarkClosedParallel(b *testing.B) {
	br := newBench(b)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			p, err := br.Acquire()
			if err != nil {
				b.Error(err)
				return
			}
			p.Done(success)
		}
	})
}

func BenchmarkOpen(b *testing.B) {
	br := newBench(b, times(20, failure)...)
	for b.Loop() {
		if _, err := br.Acquire(); err == nil {
			b.Fatal("admitted")
		}
	}
}

func BenchmarkOpenAt(b *testing.B) {
	br := newBench(b, times(20, failure)...)
	for b.Loop() {
		if _, err := br.AcquireAt(time.Second); err == nil {
			b.Fatal("admitted")
		}
	}
}
