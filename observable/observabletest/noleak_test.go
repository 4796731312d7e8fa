package observabletest_test

import (
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/quillgo/quill/observable"
	"github.com/quillgo/quill/observable/observabletest"
)

func TestNoLeak(t *testing.T) {
	release, gone := make(chan struct{}), make(chan struct{})
	early := make(chan struct{})
	go func() { <-early }() // started before
	leaking := attempt(t, func(tb testing.TB) {
		observabletest.NoLeakWithin(tb, time.Millisecond)
		go func() {
			<-release
			close(gone)
		}()
	})
	close(release)
	close(early)
	<-gone
	assert.Len(t, leaking.errors, 1)
	assert.Contains(t, leaking.text(), "1 goroutines were started and have not ended")
	assert.Contains(t, leaking.text(), "TestNoLeak.func", "whose stack it is")

	// Cleanups that come before end it, and what is about to end may.
	clean := attempt(t, func(tb testing.TB) {
		observabletest.NoLeak(tb)
		stop := make(chan struct{})
		tb.Cleanup(func() { close(stop) })
		go func() {
			<-stop
			for range 100 {
				runtime.Gosched()
			}
		}()
	})
	assert.Empty(t, clean.errors)
}

func TestNoLeak_InABubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		observabletest.NoLeak(t)
		start := time.Now()
		clean := attempt(t, func(tb testing.TB) {
			observabletest.NoLeak(tb)
			o := observabletest.Subscribe(t.Context(), observable.Delay(observable.Just(1), time.Millisecond), t)
			<-o.Done()
			go time.Sleep(500 * time.Millisecond) // it may still end
		})
		assert.Empty(t, clean.errors)
		assert.Less(t, time.Since(start), time.Second)
		release := make(chan struct{})
		leaking := attempt(t, func(tb testing.TB) {
			observabletest.NoLeak(tb)
			go func() { <-release }()
		})
		close(release)
		assert.Contains(t, leaking.text(), "1 goroutines were started")
	})
}

// What a timer starts, or a test of package testing, counts by where it comes
// from.
func TestNoLeak_WhoseGoroutine(t *testing.T) {
	release, running := make(chan struct{}), make(chan struct{})
	leaking := attempt(t, func(tb testing.TB) {
		observabletest.NoLeakWithin(tb, time.Millisecond)
		time.AfterFunc(0, func() {
			close(running)
			<-release
		})
		<-running
	})
	close(release)
	assert.Contains(t, leaking.text(), "created by time.goFunc")

	clean := &fakeTB{TB: t}
	observabletest.NoLeakWithin(clean, time.Millisecond)
	t.Run("sub", func(*testing.T) { // on a goroutine of package testing
		done := make(chan struct{})
		go func() {
			clean.finish()
			close(done)
		}()
		<-done
	})
	assert.Empty(t, clean.errors)
}

func TestNoLeak_AfterAnotherFailure(t *testing.T) {
	release := make(chan struct{})
	defer close(release)
	failed := attempt(t, func(tb testing.TB) {
		observabletest.NoLeak(tb)
		go func() { <-release }()
		tb.Fatalf("something else")
	})
	assert.Equal(t, "something else", failed.text())
}

// Any number of goroutines fits, and the first ten are shown.
func TestNoLeak_Many(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		leaking := attempt(t, func(tb testing.TB) {
			observabletest.NoLeak(tb)
			for range 1000 {
				go func() { <-release }()
			}
		})
		close(release)
		assert.Contains(t, leaking.text(), "1000 goroutines were started")
		assert.Less(t, len(leaking.text()), 10_000)
	})
}
