package goroutines_test

import (
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/quillgo/quill/internal/goroutines"
)

// waiting starts n goroutines and returns a function that lets them end and waits
// until none is left.
func waiting(n int) (end func()) {
	gate, before := make(chan struct{}), goroutines.Count()
	for range n {
		go func() { <-gate }()
	}
	return func() {
		close(gate)
		for goroutines.Count() > before {
			runtime.Gosched()
		}
	}
}

func TestCount(t *testing.T) {
	before := goroutines.Count()
	end := waiting(3)
	assert.Equal(t, before+3, goroutines.Count())
	synctest.Test(t, func(t *testing.T) {
		assert.Zero(t, goroutines.Count(), "those outside the bubble do not count")
		endInside := waiting(2)
		synctest.Wait()
		assert.Equal(t, 2, goroutines.Count())
		timer := time.AfterFunc(time.Hour, func() {})
		assert.Equal(t, 2, goroutines.Count(), "a timer is none")
		timer.Stop()
		inside := make(chan int)
		go func() { inside <- goroutines.Count() }()
		assert.Equal(t, 2, <-inside, "the caller's own does not count, nor the test's")
		endInside()
	})
	assert.Equal(t, before+3, goroutines.Count())
	end()
	assert.Equal(t, before, goroutines.Count())
}

// Two bubbles at once are told apart.
func TestCount_OtherBubbles(t *testing.T) {
	for _, name := range []string{"one", "another"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				for n := range 200 {
					end := waiting(n % 7)
					synctest.Wait()
					if now := goroutines.Count(); now != n%7 {
						t.Errorf("%d goroutines, want %d", now, n%7)
					}
					end()
				}
			})
		})
	}
}

func TestAll(t *testing.T) {
	end := waiting(200) // more than fits the first buffer
	defer end()
	ids := map[string]bool{}
	ours := 0
	for n, g := range goroutines.All() {
		assert.NotEmpty(t, g.ID)
		assert.False(t, ids[g.ID], "twice: %s", g.ID)
		ids[g.ID] = true
		if n == 0 {
			assert.Contains(t, g.Stack, "TestAll", "the caller's is the first")
			assert.True(t, g.Foreign(), "package testing made it")
		} else if !g.Foreign() {
			ours++
			assert.Contains(t, g.Stack, "goroutines_test.waiting")
		}
	}
	assert.Equal(t, 200, ours)
}
